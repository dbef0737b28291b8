//! How much a document has grown since its last snapshot, and whether it is worth the next.

use rejoin::time::Instant;

use super::super::{HubConfig, Record, RecordKey};

/// Snapshot bytes for which one more record may wait: to apply a record costs about as much as to write so many.
const BYTES_A_RECORD: usize = 512;
/// Least wait between two looks at whether a document is full, in milliseconds: each writes all of it.
const LOOK_INTERVAL: u64 = 60_000;

/// What was stored since the last snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Growth {
    /// Whether something was refused since the document seemed full, though some of it may have been deleted.
    is_doubted: bool,
    records: usize,
    bytes: usize,
    snapshot: usize,
    /// When it was last looked whether a full document is still full, and whether a large one has become full.
    doubted: Option<Instant>,
    measured: Option<Instant>,
}

impl Growth {
    /// That of a document that is read from these.
    pub(super) fn of(records: &[Record]) -> Self {
        let mut growth = Self::default();
        for Record { key, update } in records {
            match key {
                RecordKey::Snapshot => growth.snapshot = update.len(),
                RecordKey::Update(_) => growth.add(update.len()),
            }
        }
        growth
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.records += 1;
        self.bytes += bytes;
    }

    /// A snapshot of so many bytes stands for all of it.
    pub(super) fn compacted(&mut self, now: Instant, snapshot: usize, config: &HubConfig) {
        let measured = if self.may_be_full(config) { Some(now) } else { self.measured };
        *self = Self { snapshot, doubted: self.doubted, measured, ..Self::default() };
    }

    /// Of a document that seems full some may have been deleted. To find out writes all of it: not at every letter that is refused.
    pub(super) fn doubt(&mut self, now: Instant) {
        if self.records > 0 && is_time(self.doubted, now) {
            self.doubted = Some(now);
            self.is_doubted = true;
        }
    }

    /// Whether a snapshot is to be written.
    pub(super) fn is_due(&self, now: Instant, config: &HubConfig) -> bool {
        let outweighs = self.bytes >= config.compact_bytes.max(self.snapshot);
        // Small updates of a large document: reading them again is cheaper than writing all of it.
        let many = config.compact_records.max(self.snapshot / BYTES_A_RECORD);
        self.is_doubted
            || self.records >= many
            || (self.records > 1 && outweighs)
            // What is written and deleted again and again seems to grow each time.
            || (self.may_be_full(config) && is_time(self.measured, now))
    }

    /// Bytes of the document, at most.
    pub(super) fn size(&self) -> usize {
        self.snapshot + self.bytes
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.records == 0 && self.snapshot == 0
    }

    /// Whether the document would be too large if nothing of what came since the snapshot was deleted again.
    fn may_be_full(&self, config: &HubConfig) -> bool {
        let margin = config.max_document / 16;
        self.bytes > margin && self.snapshot + self.bytes > config.max_document
    }

    /// Whether the document takes nothing more: as its snapshot is, or as it may have become while the next one is on its way.
    pub(super) fn is_full(&self, config: &HubConfig) -> bool {
        let margin = config.max_document / 16;
        self.snapshot > config.max_document
            || self.snapshot + self.bytes > config.max_document + 2 * margin
    }
}

fn is_time(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|at| now.since(at) >= LOOK_INTERVAL)
}
