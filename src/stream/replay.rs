//! What a server sends again after a reconnect, by its ids.

use std::collections::VecDeque;

use super::parser::Message;

/// Most ids remembered.
const REMEMBERED: usize = 256;
/// Longest id remembered, in bytes.
const LONGEST: usize = 256;

/// Remembers the latest ids and drops, at the start of an answer, the events that have them.
///
/// A server may send one id with several events, and the same event twice on purpose: only what it repeats after a
/// reconnect, before anything new, is a replay.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    seen: VecDeque<String>,
    expected: bool,
}

impl Replay {
    /// A new answer begins.
    pub fn begin(&mut self) {
        self.expected = !self.seen.is_empty();
    }

    /// Begins anew with nothing seen but `id`.
    pub fn reset(&mut self, id: &str) {
        *self = Self::default();
        self.remember(id);
    }

    /// Whether the app has not had this event yet.
    pub fn admits(&mut self, message: &Message) -> bool {
        if !message.own_id || message.id.is_empty() {
            return true;
        }
        if self.expected && self.seen.contains(&message.id) {
            return false;
        }
        self.expected = false;
        self.remember(&message.id);
        true
    }

    fn remember(&mut self, id: &str) {
        if id.is_empty() || id.len() > LONGEST || self.seen.back().is_some_and(|last| last == id) {
            return;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        let own_id = !id.is_empty();
        Message { event: "message".into(), data: "x".into(), id: id.into(), own_id }
    }

    fn admitted(replay: &mut Replay, ids: &[&str]) -> Vec<String> {
        let admitted = ids.iter().filter(|id| replay.admits(&message(id)));
        admitted.map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn what_comes_again_after_a_reconnect_is_dropped_until_something_new_comes() {
        let mut replay = Replay::default();
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1", "2", "", "3"]), ["1", "2", "", "3"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["2", "3", "4", "3"]), ["4", "3"]);
    }

    #[test]
    fn one_id_for_many_events_is_no_replay() {
        let mut replay = Replay::default();
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1", "1", "1"]), ["1", "1", "1"]);
    }

    #[test]
    fn the_id_the_app_began_with_has_been_seen() {
        let mut replay = Replay::default();
        replay.reset("7");
        replay.begin();
        assert_eq!(admitted(&mut replay, &["7", "8"]), ["8"]);
    }

    #[test]
    fn only_so_many_and_so_long_ids_are_kept() {
        let mut replay = Replay::default();
        replay.begin();
        let long = "x".repeat(LONGEST + 1);
        assert!(replay.admits(&message(&long)));
        for id in 0..10_000 {
            assert!(replay.admits(&message(&id.to_string())));
        }
        assert_eq!(replay.seen.len(), REMEMBERED);
        assert!(!replay.seen.contains(&long));
    }
}
