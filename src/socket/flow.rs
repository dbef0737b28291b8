//! How much the browser still has to send: measured when it may be much, polled only while it is.

use crate::time::Instant;

/// First and longest wait between two measurements of a full socket.
const POLL: (u64, u64) = (25, 250);

/// An upper bound of what one socket has not sent yet, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    high: u64,
    low: u64,
    bound: u64,
    level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// There is room.
    Open,
    /// There may be none: a measurement is under way.
    Asked,
    /// There is none until a measurement finds less than the low mark.
    Full { poll_at: Instant, wait: u64 },
}

impl Flow {
    /// Holds back above `high` bytes until there are `low`.
    pub fn new(high: u64, low: u64) -> Self {
        Self { high, low: low.min(high), bound: 0, level: Level::Open }
    }

    /// A new socket has sent nothing.
    pub fn reset(&mut self) {
        self.bound = 0;
        self.level = Level::Open;
    }

    /// At most this much is unsent.
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// Whether more may be handed to the socket.
    pub fn is_open(&self) -> bool {
        self.level == Level::Open
    }

    /// Something was handed to the socket; `true` if a measurement is wanted now.
    pub fn add(&mut self, bytes: usize) -> bool {
        self.bound = self.bound.saturating_add(bytes as u64);
        let full = self.level == Level::Open && self.bound >= self.high;
        if full {
            self.level = Level::Asked;
        }
        full
    }

    /// A measurement came in.
    pub fn measured(&mut self, now: Instant, bytes: u64) {
        self.bound = bytes;
        self.level = match self.level {
            Level::Open => Level::Open,
            Level::Asked if bytes < self.high => Level::Open,
            Level::Asked => Level::Full { poll_at: now + POLL.0, wait: POLL.0 },
            Level::Full { .. } if bytes <= self.low => Level::Open,
            Level::Full { wait, .. } => {
                let wait = (wait * 2).min(POLL.1);
                Level::Full { poll_at: now + wait, wait }
            }
        };
    }

    /// When to measure again.
    pub fn deadline(&self) -> Option<Instant> {
        match self.level {
            Level::Full { poll_at, .. } => Some(poll_at),
            Level::Open | Level::Asked => None,
        }
    }

    /// Time has passed; `true` if a measurement is wanted now.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        match &mut self.level {
            Level::Full { poll_at, wait } if *poll_at <= now => {
                // Should no answer come, ask again.
                *poll_at = now + *wait;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_socket_that_sends_as_fast_as_it_gets_is_measured_once_per_high_mark_and_never_polled() {
        let mut flow = Flow::new(1_000, 250);
        let mut measured = 0;
        for _ in 0..1_000 {
            if flow.add(10) {
                measured += 1;
                flow.measured(at(0), 0);
            }
            assert!(flow.is_open());
            assert_eq!(flow.deadline(), None);
        }
        assert_eq!(measured, 10);
    }

    #[test]
    fn a_full_socket_is_polled_ever_more_rarely_and_opens_at_the_low_mark() {
        let mut flow = Flow::new(1_000, 250);
        assert!(flow.add(2_000));
        flow.measured(at(0), 2_000);
        let mut waits = Vec::new();
        let mut now = 0;
        for left in [1_900, 1_800, 1_700, 900, 251] {
            let due = flow.deadline().expect("a poll");
            waits.push(due.as_millis() - now);
            now = due.as_millis();
            assert!(flow.handle_timeout(due));
            flow.measured(due, left);
            assert!(!flow.is_open(), "{left}");
        }
        assert_eq!(waits, [25, 50, 100, 200, 250]);
        flow.measured(at(now), 250);
        assert!(flow.is_open());
    }

    #[test]
    fn a_measurement_that_finds_room_opens_at_once() {
        let mut flow = Flow::new(1_000, 250);
        assert!(flow.add(5_000));
        assert!(!flow.is_open());
        flow.measured(at(0), 999);
        assert!(flow.is_open());
        assert_eq!(flow.bound(), 999);
    }
}
