//! Large answers that clients have not read yet, over all of them.
//!
//! Each counts by itself, also where several wait for the same: a socket's library copies what it writes. One that has waited for long
//! makes room for others, so that nobody keeps everybody else from their documents by not reading.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::hub::close;
use crate::outbox::{End, Outbox};

/// Smaller ones are bounded well enough by what may wait for each client.
const LARGE: usize = 64 << 10;

/// What may be unread at a time, and what is.
#[derive(Debug)]
pub(crate) struct Unread {
    most: usize,
    patience: Duration,
    bytes: Arc<AtomicUsize>,
    /// In the order they came.
    waiting: VecDeque<Waiting>,
}

/// An answer, and whom it waits for.
#[derive(Debug)]
struct Waiting {
    since: Instant,
    counted: Weak<Counted>,
    outbox: Weak<Outbox>,
}

/// A large answer that counts until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the count"]
pub(crate) struct Hold(#[expect(dead_code, reason = "counts as long as it is here")] Arc<Counted>);

#[derive(Debug)]
struct Counted {
    bytes: AtomicUsize,
    all: Arc<AtomicUsize>,
}

/// Too much waits, and nothing of it for long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Unread {
    /// Nothing yet.
    pub(crate) fn new(most: usize, patience: Duration) -> Self {
        Self { most, patience, bytes: Arc::default(), waiting: VecDeque::new() }
    }

    /// Counts an answer for a client, if it is large. Where there is no room those are sent away that have had theirs for longest.
    ///
    /// # Errors
    /// If those who had theirs for long enough do not have enough.
    pub(crate) fn hold(
        &mut self,
        bytes: usize,
        outbox: &Arc<Outbox>,
        now: Instant,
    ) -> Result<Option<Hold>, Full> {
        if bytes < LARGE {
            return Ok(None);
        }
        self.waiting.retain(|waiting| waiting.counted.strong_count() > 0);
        if !self.has_room(bytes, self.overdue(now)) {
            return Err(Full);
        }
        while !self.has_room(bytes, 0) {
            let Some(oldest) = self.waiting.pop_front() else { break };
            oldest.send_away();
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let counted = Arc::new(Counted { bytes: bytes.into(), all: Arc::clone(&self.bytes) });
        let (held, outbox) = (Arc::downgrade(&counted), Arc::downgrade(outbox));
        self.waiting.push_back(Waiting { since: now, counted: held, outbox });
        Ok(Some(Hold(counted)))
    }

    /// Whether so much more may wait without so much of what does. One may be larger than the bound.
    fn has_room(&self, bytes: usize, without: usize) -> bool {
        let rest = self.bytes.load(Ordering::Relaxed).saturating_sub(without);
        rest == 0 || rest + bytes <= self.most
    }

    /// Bytes that have waited for long enough.
    fn overdue(&self, now: Instant) -> usize {
        let overdue = self.waiting.iter().take_while(|w| w.since + self.patience <= now);
        let counted = overdue.filter_map(|waiting| waiting.counted.upgrade());
        counted.map(|counted| counted.bytes.load(Ordering::Relaxed)).sum()
    }
}

impl Waiting {
    /// What is on its way out counts no more: it is gone before anything that came since may be sent away itself.
    fn send_away(&self) {
        if let Some(counted) = self.counted.upgrade() {
            counted.release();
        }
        if let Some(outbox) = self.outbox.upgrade() {
            tracing::warn!("a client that does not read its answer makes room for others");
            outbox.end_now(End::Close { code: close::TRY_LATER, reason: close::BUSY.to_owned() });
        }
    }
}

impl Counted {
    fn release(&self) {
        self.all.fetch_sub(self.bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Next;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(1_000))
    }

    fn is_sent_away(outbox: &Outbox) -> bool {
        matches!(outbox.take(), Some(Next::End(End::Close { code: 1013, .. })))
    }

    #[test]
    fn each_counts_by_itself_until_it_was_read_and_small_ones_do_not() {
        let (mut unread, now) = (Unread::new(3 * LARGE, PATIENCE), Instant::now());
        let (one, other) = (outbox(), outbox());
        let first = unread.hold(2 * LARGE, &one, now);
        assert!(matches!(first, Ok(Some(_))));
        assert!(matches!(unread.hold(2 * LARGE, &other, now), Err(Full)));
        assert!(matches!(unread.hold(LARGE - 1, &other, now), Ok(None)));
        drop(first);
        let alone = unread.hold(9 * LARGE, &other, now);
        assert!(matches!(alone, Ok(Some(_))), "one may be larger than the bound");
        assert!(matches!(unread.hold(LARGE, &one, now), Err(Full)));
    }

    #[test]
    fn as_many_as_are_needed_make_room_those_first_who_had_theirs_for_longest() {
        let (mut unread, now) = (Unread::new(3 * LARGE, PATIENCE), Instant::now());
        let outboxes: [_; 3] = std::array::from_fn(|_| outbox());
        let second = Duration::from_secs(1);
        let times = [now, now + second, now + 2 * second];
        let holds: Vec<_> =
            outboxes.iter().zip(times).map(|(outbox, at)| unread.hold(LARGE, outbox, at)).collect();
        assert!(holds.iter().all(Result::is_ok));
        let newcomer = outbox();
        let early = unread.hold(2 * LARGE, &newcomer, now + PATIENCE);
        assert!(matches!(early, Err(Full)), "one of them is not enough");
        let late = unread.hold(2 * LARGE, &newcomer, now + PATIENCE + 2 * second);
        assert!(matches!(late, Ok(Some(_))));
        assert_eq!(outboxes.map(|outbox| is_sent_away(&outbox)), [true, true, false]);
        drop(holds);
        assert_eq!(unread.bytes.load(Ordering::Relaxed), 2 * LARGE, "each is released once");
    }
}
