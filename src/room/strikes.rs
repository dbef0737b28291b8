//! What a counterpart did wrong, and what one side lacks because of the other's limits.

use crate::time::Instant;

/// Malformed frames in this time end the link.
const WINDOW: u64 = 60_000;
/// How many of them.
const MOST: usize = 3;

/// The record of one counterpart.
#[derive(Debug)]
pub(super) struct Strikes {
    malformed: Vec<Instant>,
    /// Frames beyond this are not sent.
    send_limit: usize,
    largest_sent: usize,
    /// An update of this link's was refused, here or there: the two sides differ.
    refused: bool,
}

impl Strikes {
    pub(super) fn new(send_limit: usize) -> Self {
        Self { malformed: Vec::new(), send_limit, largest_sent: 0, refused: false }
    }

    /// Whether one side refused something of the other on this link.
    pub(super) fn lacks(&self) -> bool {
        self.refused
    }

    /// One side refused something of the other.
    pub(super) fn note_refused(&mut self) {
        self.refused = true;
    }

    /// One more thing it did wrong; `true` if that was the last straw.
    pub(super) fn strike(&mut self, now: Instant) -> bool {
        self.malformed.retain(|at| now.since(*at) < WINDOW);
        self.malformed.push(now);
        self.malformed.len() >= MOST
    }

    /// A new link: what was refused is offered again.
    pub(super) fn handle_link_up(&mut self) {
        self.refused = false;
        self.largest_sent = 0;
    }

    pub(super) fn note_sent(&mut self, size: usize) {
        self.largest_sent = self.largest_sent.max(size);
    }

    /// The counterpart refused the largest frame as too large, which is returned; none of its size is sent again.
    pub(super) fn note_too_large(&mut self) -> usize {
        self.send_limit = self.largest_sent.saturating_sub(1).max(1_024);
        self.largest_sent
    }

    /// Whether a frame may go; else the limit, and the two sides differ from now on.
    pub(super) fn admit(&mut self, size: usize) -> Result<(), usize> {
        if size <= self.send_limit {
            return Ok(());
        }
        self.refused = true;
        Err(self.send_limit)
    }
}
