//! I6: attempts, bytes, held updates and work have bounds, whatever happens.

use std::collections::{BTreeMap, VecDeque};

/// Most connection attempts and requests of one host within a minute.
const ATTEMPTS: usize = 90;
/// Most happenings of the whole world within a virtual second: more is a loop that does nothing.
const STEPS: u64 = 4_000;
/// Most bytes a host sends per run: a handful of edits is a few kilobytes, and every link begins with a diff.
const BYTES: u64 = 4 << 20;
/// Most updates a host holds.
pub const HELD: usize = 1_000;

/// What was spent so far.
#[derive(Debug, Default)]
pub struct Bounds {
    attempts: BTreeMap<usize, VecDeque<u64>>,
    /// Most connections a host asked for within 20 seconds.
    pub busiest: usize,
    /// Hosts whose links say nothing more, and since when.
    silent: BTreeMap<usize, u64>,
    /// How long each of them took to give its link up.
    pub noticed: Vec<u64>,
    bytes: BTreeMap<usize, u64>,
    second: u64,
    steps: u64,
}

impl Bounds {
    /// A host asks for a connection.
    pub fn attempt(&mut self, now: u64, host: usize) -> Option<String> {
        let attempts = self.attempts.entry(host).or_default();
        attempts.push_back(now);
        while attempts.front().is_some_and(|at| now - at > 60_000) {
            attempts.pop_front();
        }
        let lately = attempts.iter().filter(|at| now - **at <= 20_000).count();
        self.busiest = self.busiest.max(lately);
        let count = attempts.len();
        (count > ATTEMPTS).then(|| format!("I6: host {host} tried {count} times in a minute"))
    }

    /// Nothing passes a host's links any more, and nobody is told.
    pub fn silence(&mut self, now: u64, host: usize) {
        self.silent.insert(host, now);
    }

    /// A host gives its link up.
    pub fn give_up(&mut self, now: u64, host: usize) {
        self.noticed.extend(self.silent.remove(&host).map(|since| now - since));
    }

    /// How many connections a host asked for within the last minute, as of the latest.
    pub fn asked(&self, host: usize) -> usize {
        self.attempts.get(&host).map_or(0, VecDeque::len)
    }

    /// A host sends something.
    pub fn sent(&mut self, host: usize, bytes: usize) -> Option<String> {
        let sum = self.bytes.entry(host).or_default();
        *sum += bytes as u64;
        (*sum > BYTES).then(|| format!("I6: host {host} sent {sum} bytes"))
    }

    /// Something happens.
    pub fn step(&mut self, now: u64) -> Option<String> {
        if now / 1_000 != self.second {
            (self.second, self.steps) = (now / 1_000, 0);
        }
        self.steps += 1;
        (self.steps > STEPS).then(|| format!("I6: {STEPS} happenings in second {}", self.second))
    }
}
