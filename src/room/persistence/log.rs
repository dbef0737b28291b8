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
    /// Bytes of what this run wrote into databases that it lost: they may be there still.
    pub(super) stray_bytes: usize,
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

    /// The database was lost with so many bytes on their way to it. The next one may be new and hand out the same keys again,
    /// to others' records too.
    pub(super) fn forget(&mut self, on_their_way: usize) {
        let written = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes);
        let stray_bytes = self.stray_bytes + self.recent_bytes + written + on_their_way;
        *self = Self { stray_bytes, ..Self::default() };
    }

    /// What is there of this run, and so in its document: it stayed there when it was lost, or was written since.
    pub(super) fn find_again(&mut self, boot: u64, stored: &[(RecordKey, Vec<u8>)]) {
        *self = Self::default();
        let mut all = 0;
        for (key, bytes) in stored {
            if let Some(record) = Record::decode(bytes).ok().filter(|record| record.boot == boot) {
                self.track(*key, &record, bytes.len());
                all += bytes.len();
            }
        }
        self.recent_bytes = all - self.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes);
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
