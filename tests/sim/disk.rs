//! A host's database: transactions take time, complete in order, and a crash forgets those under way.

use std::collections::{BTreeMap, VecDeque};

use fastrand::Rng;
use rejoin::io::{RecordKey, StorageError, StorageReply, StorageTask, TaskId};

/// Storage of one host. It outlives crashes.
#[derive(Debug, Default)]
pub struct Disk {
    rows: BTreeMap<RecordKey, Vec<u8>>,
    last_key: u64,
    under_way: VecDeque<(TaskId, StorageTask)>,
    free_at: u64,
    /// Every transaction fails with this.
    pub failing: Option<StorageError>,
}

impl Disk {
    /// Begins a transaction; says when it will be done.
    pub fn begin(&mut self, rng: &mut Rng, now: u64, id: TaskId, task: StorageTask) -> u64 {
        self.under_way.push_back((id, task));
        let slow = rng.u32(0..20) == 0;
        let takes = if slow { rng.u64(50..400) } else { rng.u64(1..12) };
        self.free_at = self.free_at.max(now) + takes;
        self.free_at
    }

    /// Completes the oldest transaction.
    pub fn complete(&mut self) -> Option<(TaskId, Result<StorageReply, StorageError>)> {
        let (id, task) = self.under_way.pop_front()?;
        if let Some(error) = self.failing {
            return Some((id, Err(error)));
        }
        Some((id, Ok(self.apply(task))))
    }

    /// The host dies: of what is under way, the older part may have reached the disk.
    pub fn crash(&mut self, rng: &mut Rng) {
        let lucky = rng.usize(0..=self.under_way.len());
        for (_, task) in self.under_way.drain(..).take(lucky).collect::<Vec<_>>() {
            if self.failing.is_none() && !matches!(task, StorageTask::Load { .. }) {
                self.apply(task);
            }
        }
        self.free_at = 0;
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

    fn put(&mut self, bytes: Vec<u8>) -> RecordKey {
        self.last_key += 1;
        let key = RecordKey(self.last_key);
        self.rows.insert(key, bytes);
        key
    }
}
