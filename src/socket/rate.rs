//! A sliding window: at most so many messages in any so many milliseconds.

use std::collections::VecDeque;

use crate::time::Instant;

/// Largest window kept, in messages.
const MOST: usize = 10_000;

/// What an app allows itself to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Messages.
    pub count: usize,
    /// Window in milliseconds.
    pub per: u64,
    /// Whether what is over the limit is refused; else it waits its turn.
    pub rejects: bool,
}

/// When the last messages went.
#[derive(Clone, Debug)]
pub struct Window {
    limit: RateLimit,
    sent: VecDeque<Instant>,
}

impl Window {
    /// An empty window.
    pub fn new(limit: RateLimit) -> Self {
        let limit = RateLimit { count: limit.count.clamp(1, MOST), ..limit };
        Self { limit, sent: VecDeque::new() }
    }

    /// The limit it keeps.
    pub fn limit(&self) -> RateLimit {
        self.limit
    }

    /// When a full window has room again.
    pub fn opens_at(&self) -> Option<Instant> {
        if self.sent.len() < self.limit.count {
            return None;
        }
        self.sent.front().map(|first| *first + self.limit.per)
    }

    /// Whether the next message has to wait.
    pub fn is_full(&self, now: Instant) -> bool {
        self.opens_at().is_some_and(|at| at > now)
    }

    /// A message goes.
    pub fn take(&mut self, now: Instant) {
        if self.sent.len() >= self.limit.count {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_ever_holds_more_than_the_limit() {
        let limit = RateLimit { count: 5, per: 1_000, rejects: false };
        let mut window = Window::new(limit);
        let mut rng = fastrand::Rng::with_seed(1);
        let mut now = Instant::default();
        let mut sent = Vec::new();
        for _ in 0..2_000 {
            now = now + rng.u64(0..120);
            if !window.is_full(now) {
                window.take(now);
                sent.push(now);
            }
        }
        assert!(sent.len() > 300, "{}", sent.len());
        for six in sent.windows(6) {
            assert!(six[5].since(six[0]) >= 1_000, "{six:?}");
        }
    }

    #[test]
    fn the_next_turn_comes_when_the_oldest_leaves_the_window() {
        let limit = RateLimit { count: 2, per: 100, rejects: false };
        let mut window = Window::new(limit);
        for at in [0, 30] {
            assert!(!window.is_full(Instant::from_millis(at)));
            window.take(Instant::from_millis(at));
        }
        assert!(window.is_full(Instant::from_millis(99)));
        assert_eq!(window.opens_at(), Some(Instant::from_millis(100)));
        assert!(!window.is_full(Instant::from_millis(100)));
    }
}
