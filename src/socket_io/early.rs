//! Events that come before the namespace counts as joined.

use super::decoder::Whole;
use super::packet::Fault;

/// Most events that are kept.
const MOST: usize = 4_096;

/// What waits for the namespace to be joined.
#[derive(Debug)]
pub(super) struct Early {
    events: Vec<Whole>,
    size: usize,
    limit: usize,
}

impl Early {
    /// Keeps events of at most `limit` bytes in all.
    pub(super) fn new(limit: usize) -> Self {
        Self { events: Vec::new(), size: 0, limit }
    }

    /// Keeps one more.
    pub(super) fn push(&mut self, event: Whole) -> Result<(), Fault> {
        let text = event.packet.data.as_ref().map_or(0, String::len);
        let bytes: usize = event.attachments.iter().map(Vec::len).sum();
        self.size = self.size.saturating_add(text).saturating_add(bytes);
        if self.events.len() >= MOST || self.size > self.limit {
            return Err(Fault("too many before the namespace was joined"));
        }
        self.events.push(event);
        Ok(())
    }

    /// Takes all, in order.
    pub(super) fn take(&mut self) -> Vec<Whole> {
        self.size = 0;
        std::mem::take(&mut self.events)
    }

    /// Forgets all: their link is gone.
    pub(super) fn reset(&mut self) {
        self.take();
    }
}
