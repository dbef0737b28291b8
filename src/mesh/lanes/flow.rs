//! How many bytes of files may be under way: so many that what is urgent waits little behind them.
//!
//! All channels of a connection share one congestion window, which grows until something on the way is full, and what has been
//! handed to the browser cannot be overtaken. That bytes take longer than they need to tells of a queue sooner (LEDBAT,
//! RFC 6817 §2.4): here from the hand-over to word that the other page has taken them, its own queue of tasks included.

use std::collections::VecDeque;

use crate::mesh::lane::WINDOW;
use crate::time::Instant;

/// Least that is under way: twice what the other side waits for before it says what it took.
const LEAST: u32 = 64 << 10;
/// What is under way before anything is known of the link.
const FIRST: u32 = 128 << 10;

/// The files of one connection.
#[derive(Debug)]
pub(super) struct Flow {
    /// Bytes that may be under way.
    window: u32,
    in_flight: u32,
    /// When what is under way was handed to the browser.
    sent: VecDeque<Sent>,
    /// What it takes without a queue: the shortest so far, in milliseconds.
    base: Option<u64>,
}

#[derive(Debug)]
struct Sent {
    at: Instant,
    bytes: u32,
}

impl Flow {
    /// Nothing is under way.
    pub(super) fn new() -> Self {
        Self { window: FIRST, in_flight: 0, sent: VecDeque::new(), base: None }
    }

    /// Whether more may be sent.
    pub(super) fn permits(&self) -> bool {
        self.in_flight < self.window
    }

    /// Bytes were handed to the browser.
    pub(super) fn handle_sent(&mut self, now: Instant, bytes: u32) {
        self.in_flight = self.in_flight.saturating_add(bytes);
        self.sent.push_back(Sent { at: now, bytes });
    }

    /// The other side has taken so many bytes; a queue of up to `target` milliseconds is borne.
    pub(super) fn handle_taken(&mut self, now: Instant, bytes: u32, target: u64) {
        let limiting = self.in_flight >= self.window / 2;
        self.in_flight = self.in_flight.saturating_sub(bytes);
        let Some(delay) = self.delay(now, bytes) else { return };
        let base = self.base.map_or(delay, |base| base.min(delay));
        self.base = Some(base);
        if delay - base > target {
            self.window = self.window.saturating_sub(bytes / 2).max(LEAST);
            // Then the queue is not of our making: the way has become longer.
            if self.window == LEAST {
                self.base = Some(delay);
            }
        } else if limiting {
            self.window = self.window.saturating_add(bytes / 2).min(WINDOW);
        }
    }

    /// How long the last of these bytes took.
    fn delay(&mut self, now: Instant, bytes: u32) -> Option<u64> {
        let (mut left, mut delay) = (bytes, None);
        while let Some(first) = self.sent.front_mut()
            && left > 0
        {
            let part = left.min(first.bytes);
            left -= part;
            first.bytes -= part;
            delay = Some(now.since(first.at));
            if first.bytes == 0 {
                self.sent.pop_front();
            }
        }
        delay
    }
}

impl Default for Flow {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: u64 = 40;
    const PIECE: u32 = 16 << 10;

    /// A way that takes so many milliseconds and carries so many bytes in each of them.
    struct Way {
        flow: Flow,
        now: u64,
        latency: u64,
        rate: u32,
        /// When each piece that is under way will have been taken.
        arrivals: VecDeque<u64>,
        /// When it has carried all of them, in microseconds.
        free_at: u64,
    }

    impl Way {
        fn new(latency: u64, rate: u32) -> Self {
            let (flow, arrivals) = (Flow::new(), VecDeque::new());
            Self { flow, now: 0, latency, rate, arrivals, free_at: 0 }
        }

        /// Sends whatever may be sent for a while; how many bytes went through, and the longest that one waited in a queue.
        fn run(&mut self, millis: u64) -> (u64, u64) {
            let (mut taken, mut longest) = (0, 0);
            for _ in 0..millis {
                self.now += 1;
                while self.arrivals.front().is_some_and(|at| *at <= self.now) {
                    self.arrivals.pop_front();
                    self.flow.handle_taken(Instant::from_millis(self.now), PIECE, TARGET);
                    taken += u64::from(PIECE);
                }
                while self.flow.permits() {
                    self.flow.handle_sent(Instant::from_millis(self.now), PIECE);
                    let begins = self.free_at.max(self.now * 1_000);
                    self.free_at = begins + u64::from(PIECE) * 1_000 / u64::from(self.rate);
                    let carried = self.free_at.div_ceil(1_000);
                    self.arrivals.push_back(carried + self.latency);
                    longest = longest.max(carried - self.now);
                }
            }
            (taken, longest)
        }
    }

    #[test]
    fn the_queue_stays_short_and_the_way_is_used() {
        for (latency, rate) in [(0, 2_000), (5, 20_000), (40, 5_000), (150, 2_000)] {
            let mut way = Way::new(latency, rate);
            way.run(20_000);
            let (taken, longest) = way.run(20_000);
            assert!(longest <= 2 * TARGET + 50, "{longest} ms at {rate} after {latency}");
            let share = taken as f64 / f64::from(rate) / 20_000.0;
            assert!((0.7..=1.001).contains(&share), "{share} of {rate} after {latency}");
        }
    }

    #[test]
    fn a_way_that_becomes_slow_or_long_is_noticed_and_used_again() {
        let mut way = Way::new(5, 20_000);
        way.run(10_000);
        (way.latency, way.rate) = (100, 2_000);
        way.run(10_000);
        let (taken, longest) = way.run(10_000);
        assert!(longest <= 2 * TARGET + 50, "{longest} ms");
        assert!(taken > 10_000 * 1_000, "{taken} bytes");
    }

    #[test]
    fn a_sender_that_pauses_begins_no_faster_than_it_was() {
        let mut flow = Flow::new();
        for millis in 0..1_000 {
            flow.handle_sent(Instant::from_millis(millis), PIECE);
            flow.handle_taken(Instant::from_millis(millis), PIECE, TARGET);
        }
        assert_eq!(flow.window, FIRST);
    }
}
