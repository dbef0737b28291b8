//! What the log knows of the database: which records a snapshot stands for, and which may go.

use super::record::Record;
use crate::io::RecordKey;
use crate::ordered::OrderedMap;

/// What is known of the stored records.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Records since the last snapshot.
    pub(super) recent: OrderedMap<RecordKey, u64>,
    /// Their bytes.
    pub(super) recent_bytes: usize,
    /// How many there were when the last attempt to replace them failed.
    pub(super) failed_at: usize,
    /// The newest snapshot.
    pub(super) snapshot: Option<Snapshot>,
    /// Records that a verified snapshot contains.
    pub(super) superseded: OrderedMap<RecordKey, u64>,
}

#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) key: RecordKey,
    /// Which run wrote it.
    boot: u64,
    pub(super) bytes: usize,
    /// Whether it was read back and decoded.
    pub(super) verified: bool,
    /// Records it contains, with the run that wrote each.
    pub(super) covers: OrderedMap<RecordKey, u64>,
}

impl Log {
    /// A record was read.
    pub(super) fn track(&mut self, key: RecordKey, record: &Record, bytes: usize) {
        if record.kind.is_snapshot() {
            // Another tab may have appended what the writer of this snapshot never saw, and replaced what this one covered.
            let mut before = std::mem::take(&mut self.recent);
            before.extend(self.snapshot.take().map(Snapshot::replaced).unwrap_or_default());
            let (covers, rest): (OrderedMap<_, _>, OrderedMap<_, _>) =
                before.into_iter().partition(|(key, boot)| record.knew(key.0, *boot));
            self.recent = rest;
            self.replace_snapshot(record.boot, &[key], bytes, covers);
        } else {
            self.recent.insert(key, record.boot);
            self.recent_bytes += bytes;
        }
    }

    /// There is a newer snapshot.
    pub(super) fn replace_snapshot(
        &mut self,
        boot: u64,
        keys: &[RecordKey],
        bytes: usize,
        covers: OrderedMap<RecordKey, u64>,
    ) {
        self.recent_bytes = 0;
        self.failed_at = 0;
        let Some(key) = keys.first().copied() else { return };
        let mut all = self.snapshot.take().map(Snapshot::replaced).unwrap_or_default();
        all.extend(covers);
        self.snapshot = Some(Snapshot { key, boot, bytes, verified: false, covers: all });
    }
}

impl Snapshot {
    /// What a later one stands for, if it knew this one: this one, and all that it stood for.
    fn replaced(mut self) -> OrderedMap<RecordKey, u64> {
        self.covers.insert(self.key, self.boot);
        self.covers
    }
}
