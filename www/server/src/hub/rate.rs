//! Bounds on how often something may happen.

use std::collections::VecDeque;

use rejoin::time::Instant;

/// Lets an average of one event an interval through, and a burst of some (GCRA).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    interval: u64,
    slack: u64,
    paid_until: Instant,
}

impl Pace {
    /// `per_second` on average, and as many at once.
    pub(crate) fn per_second(per_second: u64) -> Self {
        let interval = 1_000 / per_second.clamp(1, 1_000);
        Self { interval, slack: interval * per_second, paid_until: Instant::default() }
    }

    /// Takes one, if one is to be had.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let start = self.paid_until.max(now);
        let free = start.since(now) < self.slack;
        if free {
            self.paid_until = start + self.interval;
        }
        free
    }

    /// When the next one is to be had.
    pub(crate) fn ready_at(&self) -> Instant {
        Instant::from_millis((self.paid_until.as_millis() + 1).saturating_sub(self.slack))
    }
}

/// Counts offences within a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Strikes(VecDeque<Instant>);

impl Strikes {
    /// Adds one; says how many fell within the window.
    pub(super) fn add(&mut self, now: Instant, window: u64) -> usize {
        while self.0.front().is_some_and(|at| now.since(*at) >= window) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_and_then_one_an_interval() {
        let mut pace = Pace::per_second(20);
        let burst = (0..100).filter(|_| pace.take(at(5_000))).count();
        assert_eq!(burst, 20);
        assert!(!pace.take(at(5_000)));
        let ready = pace.ready_at();
        assert!(ready > at(5_000) && ready <= at(5_051), "{ready:?}");
        assert!(pace.take(ready));
        assert!(!pace.take(ready));
    }

    #[test]
    fn ten_seconds_of_flood_let_ten_seconds_worth_through() {
        let mut pace = Pace::per_second(20);
        let passed = (0..10_000).filter(|millis| pace.take(at(*millis))).count();
        assert!((200..=221).contains(&passed), "{passed}");
    }

    #[test]
    fn strikes_outside_the_window_are_forgotten() {
        let mut strikes = Strikes::default();
        assert_eq!(strikes.add(at(0), 60_000), 1);
        assert_eq!(strikes.add(at(1), 60_000), 2);
        assert_eq!(strikes.add(at(60_000), 60_000), 2);
        assert_eq!(strikes.add(at(200_000), 60_000), 1);
    }
}
