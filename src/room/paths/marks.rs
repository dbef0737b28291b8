//! What a peer has confirmed. A mark goes behind what was sent; the peer answers when all before it is integrated and
//! committed. Marks hold nothing but a number, so neither end has to remember what the other has counted.

use crate::time::Instant;

/// Wait before a mark, so that typing costs a few a second and not one a key.
const MARK_WAIT: u64 = 200;

/// The marks of one path, both ways.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Ours have higher numbers.
    base: u64,
    /// Number of our last one.
    sent: u64,
    /// Number of the last one that was answered.
    done: u64,
    /// When the next is due; there is something behind the last one.
    due: Option<Instant>,
    /// Their last one, if it still is to be answered.
    owed: Option<u64>,
}

impl Marks {
    /// Of a path that just began; `base` is random, of up to 52 bits: what is still on its way from an earlier path of the same
    /// number says nothing of this one.
    pub(super) fn new(base: u64) -> Self {
        Self { base, sent: base, done: base, ..Self::default() }
    }

    /// Something was sent.
    pub(super) fn note_content(&mut self, now: Instant) {
        self.due.get_or_insert(now + MARK_WAIT);
    }

    /// The handshake's diff was sent: it is confirmed at once.
    pub(super) fn note_diff(&mut self, now: Instant) {
        self.due = Some(now);
    }

    /// When a mark is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The number of the mark to send now, if one is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<u64> {
        self.due.filter(|at| *at <= now)?;
        Some(self.next())
    }

    /// The number of a mark to send in the place of one that may be lost.
    pub(super) fn next(&mut self) -> u64 {
        self.due = None;
        self.sent += 1;
        self.sent
    }

    /// Whether a mark is unanswered.
    pub(super) fn is_open(&self) -> bool {
        self.done < self.sent
    }

    /// Whether everything that was sent is confirmed.
    pub(super) fn is_done(&self) -> bool {
        self.due.is_none() && self.sent > self.base && !self.is_open()
    }

    /// They confirmed. What was not asked for on this path was on an earlier one.
    pub(super) fn handle_done(&mut self, number: u64) {
        if number <= self.sent {
            self.done = self.done.max(number);
        }
    }

    /// They want to know. A peer that began anew counts from elsewhere.
    pub(super) fn handle_mark(&mut self, number: u64) {
        self.owed = Some(number);
    }

    /// Their mark that is to be answered, if there is one.
    pub(super) fn owed(&self) -> Option<u64> {
        self.owed
    }

    /// It is answered.
    pub(super) fn pay(&mut self) {
        self.owed = None;
    }

    /// The peer has forgotten everything: it confirms anew, and what it wanted confirmed it will want again.
    pub(super) fn restart(&mut self, now: Instant) {
        self.due = Some(now);
        self.owed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn nothing_is_confirmed_before_the_last_mark_is_answered() {
        let mut marks = Marks::new(40);
        assert!(!marks.is_done(), "nothing was ever confirmed");
        marks.note_content(at(0));
        marks.note_content(at(150));
        assert_eq!((marks.take_due(at(199)), marks.take_due(at(200))), (None, Some(41)));
        marks.note_content(at(210));
        marks.handle_done(41);
        assert!(!marks.is_done(), "more was sent behind the mark");
        assert_eq!(marks.take_due(at(410)), Some(42));
        marks.handle_done(42);
        assert!(marks.is_done());
    }

    #[test]
    fn marks_of_another_path_confirm_nothing() {
        let mut marks = Marks::new(40);
        marks.note_diff(at(0));
        assert_eq!(marks.take_due(at(0)), Some(41));
        for number in [0, 1, 40, 42, u64::MAX] {
            marks.handle_done(number);
            assert!(!marks.is_done(), "{number}");
        }
        marks.handle_done(41);
        assert!(marks.is_done());
    }

    #[test]
    fn of_several_unanswered_marks_the_last_is_answered() {
        let mut marks = Marks::new(0);
        marks.handle_mark(4);
        marks.handle_mark(3);
        assert_eq!(marks.owed(), Some(3));
        marks.pay();
        assert_eq!(marks.owed(), None);
    }
}
