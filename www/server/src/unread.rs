//! Large answers that clients have not read yet, over all of them.
//!
//! Each counts by itself, also where several wait for the same: a socket's library copies what it writes. One that has waited for longer
//! than a slow line takes for it makes room for others, so that nobody keeps everybody else from their documents by not reading. Not sooner:
//! an answer is one frame, and who is ended in the middle of it begins anew.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::hub::close;
use crate::outbox::{End, Outbox};

/// Smaller ones are bounded well enough by what may wait for each client.
pub(crate) const LARGE: usize = 64 << 10;

/// However large it is: who reads slowly on purpose holds the others up no longer.
const LONGEST: Duration = Duration::from_secs(300);

/// What may be unread at a time, and what is.
#[derive(Debug)]
pub(crate) struct Unread {
    most: usize,
    patience: Patience,
    bytes: Arc<AtomicUsize>,
    /// In the order they came.
    waiting: VecDeque<Waiting>,
}

/// How long a client has a large answer for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// However small it is.
    pub(crate) least: Duration,
    /// Bytes in a second on top of that.
    pub(crate) pace: usize,
}

/// An answer, and whom it waits for.
#[derive(Debug)]
struct Waiting {
    /// From when on it makes room for others.
    overdue_at: Instant,
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

/// Too much waits, and too little of it for long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Unread {
    /// Nothing yet.
    pub(crate) fn new(most: usize, patience: Patience) -> Self {
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
            let overdue = self.waiting.iter().position(|waiting| waiting.overdue_at <= now);
            let Some(oldest) = overdue.and_then(|index| self.waiting.remove(index)) else { break };
            oldest.send_away();
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let counted = Arc::new(Counted { bytes: bytes.into(), all: Arc::clone(&self.bytes) });
        let (held, outbox) = (Arc::downgrade(&counted), Arc::downgrade(outbox));
        let overdue_at = now + self.patience.with(bytes);
        self.waiting.push_back(Waiting { overdue_at, counted: held, outbox });
        Ok(Some(Hold(counted)))
    }

    /// Whether so much more may wait without so much of what does. One may be larger than the bound.
    fn has_room(&self, bytes: usize, without: usize) -> bool {
        let rest = self.bytes.load(Ordering::Relaxed).saturating_sub(without);
        rest == 0 || rest + bytes <= self.most
    }

    /// Bytes that have waited for long enough.
    fn overdue(&self, now: Instant) -> usize {
        let overdue = self.waiting.iter().filter(|waiting| waiting.overdue_at <= now);
        let counted = overdue.filter_map(|waiting| waiting.counted.upgrade());
        counted.map(|counted| counted.bytes.load(Ordering::Relaxed)).sum()
    }
}

impl Patience {
    fn with(self, bytes: usize) -> Duration {
        let seconds = u64::try_from(bytes / self.pace.max(1)).unwrap_or(u64::MAX);
        self.least + Duration::from_secs(seconds).min(LONGEST)
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

    const SECOND: Duration = Duration::from_secs(1);
    /// Of an answer of `LARGE`, which takes nothing on top.
    const PATIENCE: Duration = Duration::from_secs(10);

    fn unread(most: usize) -> Unread {
        Unread::new(most, Patience { least: PATIENCE, pace: 2 * LARGE })
    }

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(1_000))
    }

    fn is_sent_away(outbox: &Outbox) -> bool {
        matches!(outbox.take(), Some(Next::End(End::Close { code: 1013, .. })))
    }

    #[test]
    fn each_counts_by_itself_until_it_was_read_and_small_ones_do_not() {
        let (mut unread, now) = (unread(3 * LARGE), Instant::now());
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
        let (mut unread, now) = (unread(3 * LARGE), Instant::now());
        let outboxes: [_; 3] = std::array::from_fn(|_| outbox());
        let times = [now, now + SECOND, now + 2 * SECOND];
        let holds: Vec<_> =
            outboxes.iter().zip(times).map(|(outbox, at)| unread.hold(LARGE, outbox, at)).collect();
        assert!(holds.iter().all(Result::is_ok));
        let newcomer = outbox();
        let early = unread.hold(2 * LARGE, &newcomer, now + PATIENCE);
        assert!(matches!(early, Err(Full)), "one of them is not enough");
        let late = unread.hold(2 * LARGE, &newcomer, now + PATIENCE + 2 * SECOND);
        assert!(matches!(late, Ok(Some(_))));
        assert_eq!(outboxes.map(|outbox| is_sent_away(&outbox)), [true, true, false]);
        drop(holds);
        assert_eq!(unread.bytes.load(Ordering::Relaxed), 2 * LARGE, "each is released once");
    }

    #[test]
    fn the_largest_makes_room_too_in_the_end() {
        let bytes = 1 << 30;
        let (mut unread, start) = (unread(bytes), Instant::now());
        let (slow, asker) = (outbox(), outbox());
        let _held = unread.hold(bytes, &slow, start).expect("nothing waits");
        let late = start + PATIENCE + LONGEST;
        assert!(matches!(unread.hold(LARGE, &asker, late - SECOND), Err(Full)));
        assert!(matches!(unread.hold(LARGE, &asker, late), Ok(Some(_))));
        assert!(is_sent_away(&slow));
    }

    #[test]
    fn who_reads_steadily_gets_a_large_one_however_often_others_ask_meanwhile() {
        let bytes = 40 * LARGE;
        let (mut unread, start) = (unread(bytes), Instant::now());
        let (reader, asker) = (outbox(), outbox());
        let mut hold = unread.hold(bytes, &reader, start).expect("nothing waits");
        // It takes three times as long as a small one may.
        for second in 1..30 {
            let asked = unread.hold(bytes, &asker, start + second * SECOND);
            assert!(matches!(asked, Err(Full)), "after {second} s");
        }
        assert!(!is_sent_away(&reader));
        hold.take();
        assert!(matches!(unread.hold(bytes, &asker, start + 3 * PATIENCE), Ok(Some(_))));

        // It ends all the same, and who came later with less before it.
        let (mut unread, slow, small) = (tests::unread(bytes), outbox(), outbox());
        let holds = [(LARGE * 39, &slow), (LARGE, &small)]
            .map(|(bytes, outbox)| unread.hold(bytes, outbox, start).expect("room"));
        assert!(matches!(unread.hold(LARGE, &asker, start + PATIENCE), Ok(Some(_))));
        assert_eq!([&slow, &small].map(|outbox| is_sent_away(outbox)), [false, true]);
        assert!(matches!(unread.hold(bytes - LARGE, &asker, start + 3 * PATIENCE), Ok(Some(_))));
        assert!(is_sent_away(&slow));
        drop(holds);
    }
}
