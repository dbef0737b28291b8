//! A host's database: transactions take time, complete in order, and a crash forgets those under way.

use std::collections::{BTreeMap, VecDeque};

use fastrand::Rng;
use rejoin::io::{RecordKey, StorageError, StorageReply, StorageTask, TaskId};
use rejoin::room::persistence::record::{Record, RecordKind};

/// Storage of one host. It outlives crashes.
#[derive(Debug, Default)]
pub struct Disk {
    rows: BTreeMap<RecordKey, Vec<u8>>,
    last_key: u64,
    under_way: VecDeque<(TaskId, StorageTask)>,
    free_at: u64,
    /// The open database is of no use any more; whoever tries it learns so.
    closed: bool,
    /// A page has it open, and hears when it is cleared.
    open: bool,
    /// Nothing completes or fails, unless the connection is lost.
    pub hangs: bool,
    /// Every transaction takes long.
    pub slow: bool,
    /// Of what is under way in a crash any part may reach the disk, for the mutation proof.
    pub unordered: bool,
    /// Every transaction fails with this.
    pub failing: Option<StorageError>,
}

impl Disk {
    /// Begins a transaction; says when it will be done.
    pub fn begin(&mut self, rng: &mut Rng, now: u64, id: TaskId, task: StorageTask) -> u64 {
        self.under_way.push_back((id, task));
        self.open = true;
        let slow = rng.u32(0..20) == 0 || self.slow;
        let takes = if slow { rng.u64(50..400) } else { rng.u64(1..12) };
        self.free_at = self.free_at.max(now) + takes;
        self.free_at
    }

    /// Completes the oldest transaction.
    pub fn complete(&mut self) -> Option<(TaskId, Result<StorageReply, StorageError>)> {
        if self.hangs && !self.closed {
            return None;
        }
        let (id, task) = self.under_way.pop_front()?;
        if std::mem::take(&mut self.closed) {
            return Some((id, Err(StorageError::Closed)));
        }
        if let Some(error) = self.failing {
            return Some((id, Err(error)));
        }
        Some((id, Ok(self.apply(task))))
    }

    /// Whether a page that opens it now reads what is there.
    pub fn is_readable(&self) -> bool {
        self.failing.is_none() && !self.hangs
    }

    /// How many transactions are.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// The page lets go of it: what is under way may come to the disk all the same, before anything that follows.
    pub fn let_go(&mut self, rng: &mut Rng) {
        self.crash(rng);
    }

    /// The host dies: of what is under way, the older part may have reached the disk.
    pub fn crash(&mut self, rng: &mut Rng) {
        let lucky = rng.usize(0..=self.under_way.len());
        for (at, (_, mut task)) in std::mem::take(&mut self.under_way).into_iter().enumerate() {
            if let StorageTask::Append { records, .. } = &mut task
                && self.unordered
            {
                records.retain(|_| rng.bool());
            }
            if (at < lucky || self.unordered)
                && !self.closed
                && self.failing.is_none()
                && !matches!(task, StorageTask::Load { .. })
            {
                self.apply(task);
            }
        }
        self.free_at = 0;
        self.closed = false;
        self.open = false;
    }

    fn apply(&mut self, task: StorageTask) -> StorageReply {
        match task {
            StorageTask::Load { .. } => {
                StorageReply::Loaded(self.rows.clone().into_iter().collect())
            }
            StorageTask::Append { records, .. } => {
                StorageReply::Written(records.into_iter().map(|bytes| self.put(bytes)).collect())
            }
            StorageTask::Read { key, .. } => StorageReply::Record(self.rows.get(&key).cloned()),
            StorageTask::Replace { record, remove, .. } => {
                let key = self.put(record);
                for key in remove {
                    self.rows.remove(&key);
                }
                StorageReply::Written(vec![key])
            }
            StorageTask::Close { .. } => StorageReply::Closed,
        }
    }

    /// Everything is deleted, under the open database. `true` if that is to be told: a task that is under way tells it itself.
    pub fn evict(&mut self) -> bool {
        self.clear();
        self.closed = !self.under_way.is_empty();
        !self.closed && self.open
    }

    /// Everything is deleted while nobody has it open; a new database begins with the first key.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.last_key = 0;
    }

    /// It has this update and nothing else.
    pub fn hold(&mut self, update: Vec<u8>) {
        self.rows.clear();
        let record = Record { kind: RecordKind::Remote, boot: 0, loaded: 0, payload: update };
        self.put(record.encode());
    }

    /// A bit of a record flips; `false` if there is none.
    pub fn rot(&mut self, rng: &mut Rng) -> bool {
        let at = rng.usize(0..self.rows.len().max(1));
        let Some(bytes) = self.rows.values_mut().nth(at) else { return false };
        let bit = rng.usize(0..bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        true
    }

    fn put(&mut self, bytes: Vec<u8>) -> RecordKey {
        self.last_key += 1;
        let key = RecordKey(self.last_key);
        self.rows.insert(key, bytes);
        key
    }
}
