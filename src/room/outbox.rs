//! What the server has not returned yet. There is no queue of frames: the log and the state vector
//! are the queue, and an edit counts as synced only when its content came back.

use yrs::{IdSet, StateVector};

use crate::doc::Content;
use crate::time::{Deadline, Instant};

/// Longest wait between two questions to a server that does not return an edit.
const MAX_PATIENCE: u64 = 15_000;

/// Edits of this replica that the server has not returned.
#[derive(Debug)]
pub struct Outbox {
    unacknowledged: Content,
    patience: u64,
    ask: Option<Ask>,
}

/// What to do about edits that did not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing.
    None,
    /// Ask the server whether it has them.
    Ask,
    /// Send them again and ask.
    Push,
}

/// When the server is asked about edits that were sent and did not come back.
#[derive(Clone, Copy, Debug)]
struct Ask {
    at: Instant,
    asked: u32,
}

impl Outbox {
    /// An empty outbox that asks after `patience` milliseconds without an echo.
    pub fn new(patience: u64) -> Self {
        Self { unacknowledged: Content::default(), patience, ask: None }
    }

    /// Adds an edit.
    pub fn record(&mut self, content: &Content) {
        self.unacknowledged.merge(content);
    }

    /// Replaces everything: what the log says after a restart.
    pub fn restore(&mut self, unacknowledged: Content) {
        self.unacknowledged = unacknowledged;
    }

    /// Removes what the server returned; `true` if it was something of ours.
    pub fn acknowledge(&mut self, returned: &Content) -> bool {
        let before = self.pending();
        self.unacknowledged.subtract(returned);
        let progress = self.pending() < before;
        if self.unacknowledged.is_empty() {
            self.ask = None;
        } else if progress && let Some(ask) = &mut self.ask {
            ask.asked = 0;
        }
        progress
    }

    /// Compares all inserts with the server's own account of what it has integrated. A server that
    /// went back to an older state makes synced edits unsynced again.
    pub fn compare(&mut self, ours: &StateVector, theirs: &StateVector) {
        let lacking = ours.iter().filter_map(|(client, clock)| {
            let known = theirs.get(client).min(*clock);
            (known < *clock).then(|| (*client, std::iter::once(known..*clock)))
        });
        self.unacknowledged.inserts = IdSet::from_iter(lacking);
    }

    /// Compares all deletions with the server's whole delete set.
    pub fn compare_deletes(&mut self, ours: &IdSet, theirs: &IdSet) {
        self.unacknowledged.deletes = ours.diff(theirs);
    }

    /// Everything unacknowledged.
    pub fn content(&self) -> &Content {
        &self.unacknowledged
    }

    /// Whether the server has returned everything.
    pub fn is_empty(&self) -> bool {
        self.unacknowledged.is_empty()
    }

    /// Inserted and deleted units the server has not returned.
    pub fn pending(&self) -> u64 {
        self.unacknowledged.units()
    }

    /// Our state vector as if we lacked everything unacknowledged: the answer to it holds our own
    /// structs exactly if the server has them.
    pub fn probe_vector(&self, ours: StateVector) -> StateVector {
        let mut vector = ours;
        for (client, ranges) in self.unacknowledged.inserts.iter() {
            if let Some(first) = ranges.iter().map(|range| range.start).min() {
                vector.set_min(*client, first);
            }
        }
        vector.iter().filter(|(_, clock)| **clock > 0).map(|(id, clock)| (*id, *clock)).collect()
    }

    /// Everything is on its way to a server that has answered: expect it back after so many milliseconds.
    pub fn expect(&mut self, now: Instant, patience: u64) {
        if self.is_empty() {
            return;
        }
        let at = now + patience;
        let ask = self.ask.get_or_insert(Ask { at, asked: 0 });
        // The wait may be one of a time in which nothing came back.
        if ask.asked == 0 {
            ask.at = ask.at.min(at);
        }
    }

    /// The link is gone: nothing can be asked.
    pub fn handle_link_down(&mut self) {
        self.ask = None;
    }

    /// When the server is to be asked.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.ask.map(|ask| Deadline { at: ask.at, reason: "ask for acknowledgement" })
    }

    /// Time has passed. A server that returned nothing is asked first; one that still has not is sent
    /// everything again, since relays and servers drop frames in silence.
    pub fn handle_timeout(&mut self, now: Instant) -> Remedy {
        let Some(ask) = self.ask.filter(|ask| ask.at <= now) else { return Remedy::None };
        if self.is_empty() {
            self.ask = None;
            return Remedy::None;
        }
        let wait = self.patience.saturating_mul(1 << ask.asked.min(8)).min(MAX_PATIENCE);
        self.ask = Some(Ask { at: now + wait, asked: ask.asked.saturating_add(1) });
        if ask.asked == 0 { Remedy::Ask } else { Remedy::Push }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::{ClientID, ID};

    fn inserts(client: u64, clock: u32, len: u32) -> Content {
        let mut content = Content::default();
        content.inserts.insert(ID::new(ClientID::new(client), clock), len);
        content
    }

    fn vector(entries: &[(u64, u32)]) -> StateVector {
        entries.iter().map(|(client, clock)| (ClientID::new(*client), *clock)).collect()
    }

    #[test]
    fn an_edit_is_pending_until_its_content_comes_back() {
        let mut outbox = Outbox::new(1_000);
        outbox.record(&inserts(1, 0, 5));
        assert!(!outbox.acknowledge(&inserts(2, 0, 9)));
        assert!(outbox.acknowledge(&inserts(1, 0, 3)));
        assert_eq!(outbox.pending(), 2);
        outbox.acknowledge(&inserts(1, 3, 2));
        assert!(outbox.is_empty());
    }

    #[test]
    fn the_probe_leaves_out_what_is_unacknowledged_and_only_that() {
        let mut outbox = Outbox::new(1_000);
        outbox.record(&inserts(1, 4, 2));
        let probe = outbox.probe_vector(vector(&[(1, 6), (2, 9)]));
        assert_eq!(probe, vector(&[(1, 4), (2, 9)]));
    }

    #[test]
    fn a_server_that_went_back_makes_synced_edits_pending_again() {
        let mut outbox = Outbox::new(1_000);
        outbox.compare(&vector(&[(1, 6), (2, 9)]), &vector(&[(1, 2), (2, 12)]));
        assert_eq!(outbox.pending(), 4);
        assert_eq!(outbox.content().inserts, inserts(1, 2, 4).inserts);
    }

    #[test]
    fn the_server_is_asked_after_a_second_then_more_and_more_seldom() {
        let mut outbox = Outbox::new(1_000);
        outbox.record(&inserts(1, 0, 1));
        outbox.expect(Instant::from_millis(0), 1_000);
        let mut asked = Vec::new();
        for millis in (0..40_000).step_by(100) {
            match outbox.handle_timeout(Instant::from_millis(millis)) {
                Remedy::None => {}
                Remedy::Ask => asked.push(("ask", millis)),
                Remedy::Push => asked.push(("push", millis)),
            }
        }
        let pushes = [2_000, 4_000, 8_000, 16_000, 31_000].map(|millis| ("push", millis));
        assert_eq!(asked.first(), Some(&("ask", 1_000)));
        assert_eq!(asked.get(1..), Some(&pushes[..]));
        outbox.acknowledge(&inserts(1, 0, 1));
        assert_eq!(outbox.poll_timeout(), None);
    }

    #[test]
    fn a_server_that_returns_something_again_is_soon_asked_about_the_next_edit() {
        let mut outbox = Outbox::new(1_000);
        outbox.record(&inserts(1, 0, 2));
        outbox.expect(Instant::from_millis(0), 1_000);
        for turn in 1..10 {
            outbox.handle_timeout(Instant::from_millis(20_000 * turn));
        }
        let waited = outbox.poll_timeout().map(|deadline| deadline.at);
        outbox.acknowledge(&inserts(1, 0, 1));
        let now = Instant::from_millis(181_000);
        assert!(waited > Some(now + 5_000), "{waited:?}");
        outbox.expect(now, 1_000);
        assert_eq!(outbox.poll_timeout().map(|deadline| deadline.at), Some(now + 1_000));
    }
}
