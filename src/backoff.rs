//! Wait between attempts: exponential, with full jitter that survives the cap.
//!
//! The first retry is spread too, so that ten thousand clients of a server that restarts do not
//! come back in the same tenth of a second.

use fastrand::Rng;

/// Least wait of every retry but the first.
const FLOOR: u64 = 250;
/// Bounds of the wait after a wake event. Not 0: `online` fires before the network carries.
const WAKE: (u64, u64) = (100, 500);
/// Longest wait a server may ask for.
const MAX_HINT: u64 = 300_000;

/// How attempts are spread. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct BackoffPolicy {
    /// The first retry waits at most this long; the base of the exponential is half of it.
    pub initial_delay: u64,
    /// No retry waits longer, unless the page is hidden or the server asked for it.
    pub max_delay: u64,
    /// The same while the page is hidden.
    pub max_hidden_delay: u64,
    /// Growth from one retry to the next.
    pub factor: f64,
    /// How the wait is spread.
    pub jitter: Jitter,
    /// Retries in a row after which the connection fails; `None`: never.
    pub max_attempts: Option<u32>,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self {
            initial_delay: 2_000,
            max_delay: 20_000,
            max_hidden_delay: 120_000,
            factor: 2.0,
            jitter: Jitter::Full,
            max_attempts: None,
        }
    }
}

/// How a wait is spread below its ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Anywhere between the floor and the ceiling.
    Full,
    /// In the upper half.
    Equal,
    /// At the ceiling. Only for tests: it synchronises clients.
    None,
}

/// What the last failure says about the next wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    None,
    /// The server restarts (close 1012): spread the first wave wider.
    Restart,
    /// The server is overloaded (close 1013, HTTP 429, 503): start further up.
    Overload,
    /// The server asked for this wait in milliseconds.
    After(u64),
}

/// Counts attempts and draws waits.
#[derive(Clone, Debug)]
pub struct Backoff {
    policy: BackoffPolicy,
    attempt: u32,
    /// How far waits have grown: ahead of the attempts once a server said that it is overloaded.
    growth: u32,
}

impl Backoff {
    /// Starts before the first attempt.
    pub fn new(policy: BackoffPolicy) -> Self {
        Self { policy, attempt: 0, growth: 0 }
    }

    /// Failed attempts since the link was last proven.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Forgets the failures. Only for a link that was up for a while and answered.
    pub fn reset(&mut self) {
        (self.attempt, self.growth) = (0, 0);
    }

    /// Wait before the next attempt, `None` when the policy's attempts are used up.
    pub fn next(&mut self, rng: &mut Rng, hint: Hint, hidden: bool) -> Option<u64> {
        if self.policy.max_attempts.is_some_and(|max| self.attempt >= max) {
            return None;
        }
        if hint == Hint::Overload {
            self.growth = self.growth.max(3);
        }
        let wait = self.draw(rng, hint, hidden);
        self.attempt = self.attempt.saturating_add(1);
        self.growth = self.growth.saturating_add(1);
        Some(wait)
    }

    /// Wait after a wake event.
    pub fn wake(rng: &mut Rng) -> u64 {
        rng.u64(WAKE.0..=WAKE.1)
    }

    /// A wait that a server asked for, kept within bounds and spread upwards.
    pub fn asked(rng: &mut Rng, wait: u64) -> u64 {
        let wait = wait.clamp(FLOOR, MAX_HINT);
        wait + rng.u64(0..=wait / 2)
    }

    fn draw(&self, rng: &mut Rng, hint: Hint, hidden: bool) -> u64 {
        match hint {
            Hint::After(wait) => Self::asked(rng, wait),
            Hint::Restart if self.growth == 0 => rng.u64(0..=5_000),
            _ if self.growth == 0 => self.spread(rng, 0, self.policy.initial_delay),
            _ => self.spread(rng, FLOOR, self.ceiling(hidden)),
        }
    }

    fn ceiling(&self, hidden: bool) -> u64 {
        let base = self.policy.initial_delay as f64 / 2.0;
        let grown = base * self.policy.factor.max(1.0).powi(self.growth.min(64) as i32);
        let cap = if hidden { self.policy.max_hidden_delay } else { self.policy.max_delay };
        (grown as u64).min(cap).max(FLOOR)
    }

    fn spread(&self, rng: &mut Rng, floor: u64, ceiling: u64) -> u64 {
        let ceiling = ceiling.max(floor);
        match self.policy.jitter {
            Jitter::Full => rng.u64(floor..=ceiling),
            Jitter::Equal => rng.u64((ceiling / 2).max(floor)..=ceiling),
            Jitter::None => ceiling,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(seed: u64, hint: Hint, count: usize) -> Vec<u64> {
        let mut rng = Rng::with_seed(seed);
        let mut backoff = Backoff::new(BackoffPolicy::default());
        (0..count).filter_map(|_| backoff.next(&mut rng, hint, false)).collect()
    }

    #[test]
    fn the_first_retry_is_spread_over_two_seconds_and_later_ones_stay_under_the_cap() {
        for seed in 0..500 {
            let waits = waits(seed, Hint::None, 12);
            assert!(waits.first().is_some_and(|first| *first <= 2_000));
            assert!(waits.iter().skip(1).all(|wait| (250..=20_000).contains(wait)));
        }
    }

    #[test]
    fn jitter_survives_the_cap() {
        let late: Vec<u64> =
            (0..200).filter_map(|seed| waits(seed, Hint::None, 12).last().copied()).collect();
        let (low, high) = (late.iter().min().copied(), late.iter().max().copied());
        assert!(low.is_some_and(|low| low < 3_000) && high.is_some_and(|high| high > 17_000));
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        assert_eq!(waits(7, Hint::None, 20), waits(7, Hint::None, 20));
        assert_ne!(waits(7, Hint::None, 20), waits(8, Hint::None, 20));
    }

    #[test]
    fn a_servers_wish_is_kept_within_bounds_and_spread_upwards() {
        for seed in 0..100 {
            assert!(
                waits(seed, Hint::After(8_000), 1).iter().all(|w| (8_000..=12_000).contains(w))
            );
            assert!(waits(seed, Hint::After(0), 1).iter().all(|w| (250..=375).contains(w)));
            assert!(waits(seed, Hint::After(u64::MAX), 1).iter().all(|w| *w <= 450_000));
        }
    }

    #[test]
    fn an_overloaded_server_is_left_alone_for_longer() {
        let sum: u64 = (0..200).flat_map(|seed| waits(seed, Hint::Overload, 1)).sum();
        assert!(sum / 200 > 3_000);
    }

    #[test]
    fn an_overloaded_server_uses_up_no_more_attempts_than_another() {
        let policy = BackoffPolicy { max_attempts: Some(3), ..BackoffPolicy::default() };
        let (mut backoff, mut rng) = (Backoff::new(policy), Rng::with_seed(1));
        let count = (0..9).map_while(|_| backoff.next(&mut rng, Hint::Overload, false)).count();
        assert_eq!((count, backoff.attempt()), (3, 3));
    }

    #[test]
    fn attempts_end_only_where_the_policy_says_so() {
        let policy = BackoffPolicy { max_attempts: Some(2), ..BackoffPolicy::default() };
        let mut backoff = Backoff::new(policy);
        let mut rng = Rng::with_seed(1);
        assert!(backoff.next(&mut rng, Hint::None, false).is_some());
        assert!(backoff.next(&mut rng, Hint::None, false).is_some());
        assert_eq!(backoff.next(&mut rng, Hint::None, false), None);
    }
}
