//! How often a peer is asked and answered: each answer is a diff of the whole document.

use crate::room::audit::Audit;
use crate::time::{Deadline, Instant};

/// Least time between two questions or two answers on one path.
const LEAST: u64 = 1_000;
/// First and longest wait before an unanswered question is asked again.
const AGAIN: (u64, u64) = (2_500, 60_000);

/// The pace of one path.
#[derive(Debug)]
pub(super) struct Pace {
    asked_at: Option<Instant>,
    /// When a question that came too soon is asked.
    ask_at: Option<Instant>,
    /// When what may be lost is asked again.
    again_at: Option<Instant>,
    wait: u64,
    answered_at: Option<Instant>,
    /// State vector of a question that came too soon.
    owed: Option<Vec<u8>>,
    compared_at: Option<Instant>,
    audit: Audit,
}

/// What is due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// Ask what we lack.
    pub(super) ask: bool,
    /// Ask again whatever is unanswered.
    pub(super) again: bool,
    /// Answer this state vector.
    pub(super) answer: Option<Vec<u8>>,
    /// Compare what both have.
    pub(super) check: bool,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            asked_at: None,
            ask_at: None,
            again_at: None,
            wait: AGAIN.0,
            answered_at: None,
            owed: None,
            compared_at: None,
            audit: Audit::new(now),
        }
    }

    /// Content went or came.
    pub(super) fn note_traffic(&mut self, now: Instant) {
        self.audit.handle_traffic(now);
    }

    /// Whether to ask now; if that is too soon, it is due later.
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        let next = self.asked_at.map_or(now, |at| at + LEAST);
        if next > now {
            self.ask_at = Some(next);
            return false;
        }
        (self.asked_at, self.ask_at) = (Some(now), None);
        true
    }

    /// Something was asked that may be lost: asks again, ever more seldom.
    pub(super) fn expect(&mut self, now: Instant) {
        if self.again_at.is_none() {
            self.again_at = Some(now + self.wait);
            self.wait = (self.wait * 2).min(AGAIN.1);
        }
    }

    /// Everything that was asked is answered.
    pub(super) fn handle_answered(&mut self) {
        self.again_at = None;
        self.wait = AGAIN.0;
    }

    /// They answered: a question that came too soon is answered too.
    pub(super) fn handle_reply(&mut self) {
        self.ask_at = None;
    }

    /// The vector to answer now; if that is too soon, the last one is due later.
    pub(super) fn answer<'a>(&mut self, now: Instant, vector: &'a [u8]) -> Option<&'a [u8]> {
        if self.answered_at.is_some_and(|at| now.since(at) < LEAST) {
            self.owed = Some(vector.to_vec());
            return None;
        }
        self.answered_at = Some(now);
        Some(vector)
    }

    /// A question is not answered for now.
    pub(super) fn put_off(&mut self, vector: &[u8]) {
        (self.owed, self.answered_at) = (Some(vector.to_vec()), None);
    }

    /// The question that was.
    pub(super) fn take_put_off(&mut self) -> Option<Vec<u8>> {
        self.owed.take_if(|_| self.answered_at.is_none())
    }

    /// Whether digests may be compared now: that costs a walk through all deletions.
    pub(super) fn compare(&mut self, now: Instant) -> bool {
        let may = self.compared_at.is_none_or(|at| now.since(at) >= LEAST);
        if may {
            self.compared_at = Some(now);
        }
        may
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        let ask = self.ask_at.map(|at| Deadline { at, reason: "ask a peer" });
        let again = self.again_at.map(|at| Deadline { at, reason: "ask a peer again" });
        let answer = self.answer_at().map(|at| Deadline { at, reason: "answer a peer" });
        let audit = Some(self.audit.poll_timeout());
        [ask, again, answer, audit].into_iter().fold(None, Deadline::earliest)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Due {
        let ask = self.ask_at.take_if(|at| *at <= now).is_some();
        let again = self.again_at.take_if(|at| *at <= now).is_some();
        let due = self.answer_at().is_some_and(|at| at <= now);
        let answer = if due { self.owed.take() } else { None };
        if answer.is_some() {
            self.answered_at = Some(now);
        }
        Due { ask, again, answer, check: self.audit.handle_timeout(now) }
    }

    fn answer_at(&self) -> Option<Instant> {
        self.owed.as_ref()?;
        self.answered_at.map(|at| at + LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_peer_that_asks_all_the_time_gets_one_answer_a_second() {
        let mut pace = Pace::new(at(0));
        let mut answers = 0;
        for millis in (0..5_000).step_by(10) {
            answers += usize::from(pace.answer(at(millis), &[1]).is_some());
            answers += usize::from(pace.handle_timeout(at(millis)).answer.is_some());
        }
        assert_eq!(answers, 5);
    }

    #[test]
    fn of_the_questions_that_came_too_soon_the_last_is_answered() {
        let mut pace = Pace::new(at(0));
        assert!(pace.answer(at(0), &[1]).is_some());
        assert!(pace.answer(at(1), &[2]).is_none() && pace.answer(at(2), &[3]).is_none());
        assert_eq!(pace.handle_timeout(at(1_000)).answer, Some(vec![3]));
        assert_eq!(pace.handle_timeout(at(2_000)).answer, None);
    }

    #[test]
    fn what_is_not_answered_is_asked_again_more_and_more_seldom() {
        let mut pace = Pace::new(at(0));
        let mut asked = Vec::new();
        pace.ask(at(0));
        pace.expect(at(0));
        for millis in (0..200_000).step_by(500) {
            if pace.handle_timeout(at(millis)).again {
                asked.push(millis);
                pace.ask(at(millis));
                pace.expect(at(millis));
            }
        }
        assert_eq!(asked, [2_500, 7_500, 17_500, 37_500, 77_500, 137_500, 197_500]);
    }

    #[test]
    fn questions_keep_their_distance() {
        let mut pace = Pace::new(at(0));
        assert!(pace.ask(at(0)) && !pace.ask(at(10)) && !pace.ask(at(999)));
        assert!(!pace.handle_timeout(at(999)).ask && pace.handle_timeout(at(1_000)).ask);
        assert!(pace.ask(at(1_000)));
    }
}
