//! Asking a live link whether anything was lost on it. Servers and relays drop frames in silence, and
//! what no later update depends on would never be missed.

use crate::time::{Deadline, Instant};

/// Quiet time after the last update before the server is asked.
const QUIET: u64 = 10_000;
/// Under constant traffic the server is asked this often all the same.
const BUSY: u64 = 60_000;
/// First and longest wait between questions on a link where nothing happens.
const IDLE: (u64, u64) = (60_000, 600_000);

/// When the server is asked what we lack, on one link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Audit {
    asked_at: Instant,
    at: Instant,
    wait: u64,
}

impl Audit {
    /// A link whose handshake began now.
    pub(super) fn new(now: Instant) -> Self {
        Self { asked_at: now, at: now + QUIET, wait: IDLE.0 }
    }

    /// An update went or came.
    pub(super) fn handle_traffic(&mut self, now: Instant) {
        self.at = (now + QUIET).min((self.asked_at + BUSY).max(now));
        self.wait = IDLE.0;
    }

    /// When to ask.
    pub(super) fn poll_timeout(self) -> Deadline {
        Deadline { at: self.at, reason: "audit" }
    }

    /// Time has passed; `true` when the server is to be asked now.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let due = self.at <= now;
        if due {
            self.asked_at = now;
            self.at = now + self.wait;
            self.wait = (self.wait * 2).min(IDLE.1);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions(until: u64, traffic: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut audit = Audit::new(Instant::default());
        let mut asked = Vec::new();
        for second in 1..=until {
            let now = Instant::from_millis(second * 1_000);
            if audit.handle_timeout(now) {
                asked.push(second);
            }
            if traffic(second) {
                audit.handle_traffic(now);
            }
        }
        asked
    }

    #[test]
    fn a_silent_link_is_asked_more_and_more_seldom() {
        assert_eq!(questions(2_000, |_| false), [10, 70, 190, 430, 910, 1_510]);
    }

    #[test]
    fn ten_quiet_seconds_after_an_update_the_server_is_asked() {
        assert_eq!(questions(60, |second| second == 30), [10, 40]);
    }

    #[test]
    fn constant_traffic_does_not_put_the_question_off_for_ever() {
        assert_eq!(questions(200, |_| true), [60, 120, 180]);
    }
}
