//! What waits to go up: one request under way, sent again until it is answered, numbered so that nothing counts twice.

use std::collections::VecDeque;

use fastrand::Rng;

use super::body::{Body, Item};
use super::wait::{MAX_FAILURES, wait};
use crate::io::FetchId;
use crate::time::Instant;

/// Bytes of frames that share a request, unless a single one is larger.
const BATCH: usize = 256 << 10;
/// How long a request may take, besides what its bytes take over the slowest line.
const PATIENCE: u64 = 15_000;
/// Bytes that the slowest line takes up in a millisecond.
const SLOWEST: u64 = 4;
/// Bytes that came down after which the server is told without being asked.
const ACKNOWLEDGE: usize = 256 << 10;

/// What goes up.
#[derive(Debug, Default)]
pub(super) struct Up {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Frames the server has confirmed.
    confirmed: u64,
    flight: Option<Flight>,
    failures: u32,
    retry_at: Option<Instant>,
    /// The server wants a sign of life, or to know what came.
    answer: bool,
    unacknowledged: usize,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    fetch: FetchId,
    frames: usize,
    bytes: u64,
    since: Instant,
}

impl Flight {
    fn late_at(&self) -> Instant {
        self.since + PATIENCE + self.bytes / SLOWEST
    }
}

impl Up {
    /// Bytes that have not gone up, if the line is as slow as it may be.
    pub(super) fn left(&self, now: Instant) -> u64 {
        let gone = self
            .flight
            .map_or(0, |flight| flight.bytes.min(now.since(flight.since).saturating_mul(SLOWEST)));
        (self.bytes as u64).saturating_sub(gone)
    }

    pub(super) fn push(&mut self, frame: Vec<u8>) {
        self.bytes += frame.len();
        self.waiting.push_back(frame);
    }

    /// The server is to hear of us even if there is nothing to send.
    pub(super) fn answer(&mut self) {
        self.answer = true;
    }

    /// So many bytes came down.
    pub(super) fn note_received(&mut self, bytes: usize) {
        self.unacknowledged += bytes;
        self.answer |= self.unacknowledged >= ACKNOWLEDGE;
    }

    /// Begins a request if one is due; the body of it.
    pub(super) fn begin(&mut self, now: Instant, fetch: FetchId, received: u64) -> Option<Vec<u8>> {
        let due = self.retry_at.is_none_or(|at| at <= now);
        if self.flight.is_some() || !due || (self.waiting.is_empty() && !self.answer) {
            return None;
        }
        let frames = self.batch();
        let bytes = self.waiting.iter().take(frames).map(|frame| frame.len() as u64).sum();
        self.flight = Some(Flight { fetch, frames, bytes, since: now });
        self.retry_at = None;
        self.answer = false;
        self.unacknowledged = 0;
        let items = self.waiting.iter().take(frames).map(|frame| Item::Frame(frame)).collect();
        Some(Body { received, first: self.confirmed + 1, items }.encode())
    }

    /// The last request: all that waits, if there is room for it, and the farewell.
    pub(super) fn finish(&mut self, received: u64, code: u16, reason: &str) -> Vec<u8> {
        let mut items: Vec<_> =
            self.waiting.iter().take(self.batch()).map(|frame| Item::Frame(frame)).collect();
        items.push(Item::Close { code, reason });
        Body { received, first: self.confirmed + 1, items }.encode()
    }

    /// The request under way, if any.
    pub(super) fn flight(&self) -> Option<FetchId> {
        self.flight.map(|flight| flight.fetch)
    }

    /// The request under way was answered well.
    pub(super) fn confirm(&mut self) {
        let Some(flight) = self.flight.take() else { return };
        for frame in self.waiting.drain(..flight.frames.min(self.waiting.len())) {
            self.bytes = self.bytes.saturating_sub(frame.len());
        }
        self.confirmed += flight.frames as u64;
        self.failures = 0;
    }

    /// The request under way failed, and nobody knows whether it arrived: it goes again. `false`: too often.
    pub(super) fn retry(&mut self, now: Instant, rng: &mut Rng) -> bool {
        self.flight = None;
        self.answer = true;
        self.failures += 1;
        self.retry_at = Some(now + wait(rng, self.failures));
        self.failures < MAX_FAILURES
    }

    /// Whether a first try was under way then, and still is. A second one is let be: a line on which streams break off again and
    /// again may still take up something large.
    pub(super) fn is_doubtful(&self, lost_at: Instant) -> bool {
        self.failures == 0 && self.flight.is_some_and(|flight| flight.since <= lost_at)
    }

    /// Whether the request under way takes too long.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.flight.is_some_and(|flight| now >= flight.late_at())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.flight.map(|flight| flight.late_at()).or(self.retry_at)
    }

    fn batch(&self) -> usize {
        let mut bytes = 0;
        let fits = self.waiting.iter().take_while(|frame| {
            bytes += frame.len();
            bytes <= BATCH
        });
        fits.count().max(usize::from(!self.waiting.is_empty()))
    }
}
