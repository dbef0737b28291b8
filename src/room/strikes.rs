//! What a counterpart did wrong, and what one side lacks because of the other's limits.

use crate::doc::DocHost;
use crate::time::Instant;

/// Malformed frames in this time end the link.
const WINDOW: u64 = 60_000;
/// How many of them.
const MOST: usize = 3;

/// Bytes of refused updates that are kept, to see whether their content comes in another way.
const MAX_REFUSED: usize = 64 * 1_024;

/// The record of one counterpart.
#[derive(Debug)]
pub(super) struct Strikes {
    malformed: Vec<Instant>,
    /// Frames beyond this are not sent.
    send_limit: usize,
    largest_sent: usize,
    /// Something of this link's was refused, here or there: the two sides differ until the next one.
    differs: bool,
    /// Updates that we refused. What hung on content deleted at the other side is no type here and refused, and
    /// is taken as a gap once the deletion is known.
    refused: Vec<Vec<u8>>,
}

impl Strikes {
    pub(super) fn new(send_limit: usize) -> Self {
        Self {
            malformed: Vec::new(),
            send_limit,
            largest_sent: 0,
            differs: false,
            refused: Vec::new(),
        }
    }

    /// Whether one side refused something of the other on this link.
    pub(super) fn lacks(&self) -> bool {
        self.differs || !self.refused.is_empty()
    }

    /// The document refused something of the other's. The content of a well-formed update may yet come in another way.
    pub(super) fn note_refused(&mut self, doc: &impl DocHost, update: Option<&[u8]>) {
        let kept: usize = self.refused.iter().map(Vec::len).sum();
        match update.filter(|update| doc.knows(update).is_ok()) {
            Some(update) if kept + update.len() <= MAX_REFUSED => {
                self.refused.push(update.to_vec())
            }
            _ => self.differs = true,
        }
    }

    /// Forgets refused updates whose content came in another way.
    pub(super) fn review(&mut self, doc: &impl DocHost) {
        self.refused.retain(|update| !matches!(doc.knows(update), Ok(true)));
    }

    /// One more thing it did wrong; `true` if that was the last straw.
    pub(super) fn strike(&mut self, now: Instant) -> bool {
        self.malformed.retain(|at| now.since(*at) < WINDOW);
        self.malformed.push(now);
        self.malformed.len() >= MOST
    }

    /// A new link: what was refused is offered again.
    pub(super) fn handle_link_up(&mut self) {
        self.differs = false;
        self.refused.clear();
        self.largest_sent = 0;
    }

    pub(super) fn note_sent(&mut self, size: usize) {
        self.largest_sent = self.largest_sent.max(size);
    }

    /// The counterpart refused the largest frame as too large. Returned are its size and the limit from now on: how much less
    /// it takes is found in a few steps.
    pub(super) fn note_too_large(&mut self) -> (usize, usize) {
        self.send_limit = (self.largest_sent / 4).clamp(1_024, self.send_limit.max(1_024));
        (self.largest_sent, self.send_limit)
    }

    /// Whether a frame may go; else the limit.
    pub(super) fn admit(&self, size: usize) -> Result<(), usize> {
        if size <= self.send_limit { Ok(()) } else { Err(self.send_limit) }
    }

    /// Something was kept from the counterpart: the two sides differ until the next link.
    pub(super) fn note_withheld(&mut self) {
        self.differs = true;
    }
}
