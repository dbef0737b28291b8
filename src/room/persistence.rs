//! Load, append, compact: the log of one room as storage tasks, one at a time.
//!
//! The log is append-only and ordered. A record is numbered when it is queued; `committed` says up to
//! which number everything is in the database, and frames wait behind it (commit before send).
//! Compaction appends a snapshot and deletes what *earlier, verified* snapshots contain, so that the
//! last generation stays until its successor has been read back and decoded.

mod log;
pub mod record;

use crate::config::StorageConfig;
use crate::io::{RecordKey, StorageError, StorageReply, StorageTask};
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};
use log::Log;
use record::{Record, RecordKind};

/// Most records of one transaction.
const MAX_BATCH: usize = 1_024;
/// Longest wait before a failed transaction is tried again.
const MAX_RETRY: u64 = 60_000;
/// Longest wait for the answer to a task.
const MAX_PATIENCE: u64 = 300_000;

/// Number of a queued record; later ones are larger.
pub type Seq = u64;

/// The log of one room.
#[derive(Debug)]
pub struct Persistence {
    config: StorageConfig,
    database: String,
    boot: u64,
    phase: Phase,
    queue: Vec<Record>,
    queued: Seq,
    committed: Seq,
    log: Log,
    /// Last key of the log when it was read, `None` before; 0 once that log may be another one.
    loaded: Option<u64>,
    closing: bool,
    patience: Patience,
}

/// How long a task may take.
#[derive(Debug)]
struct Patience {
    millis: u64,
    /// When the one that is under way is given up.
    until: Option<Instant>,
}

/// What the database is doing for us.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// There is no log: memory only.
    Off,
    /// Not asked yet.
    New,
    /// Reading everything, for the first time or again.
    Loading { after: Option<Trouble> },
    /// Nothing.
    Idle,
    /// Appending so many records of the queue.
    Appending { count: usize, bytes: usize },
    /// Reading the last snapshot back.
    Verifying,
    /// Writing a snapshot that covers these keys.
    Compacting { covers: OrderedMap<RecordKey, u64>, bytes: usize },
    /// The last transaction failed. What it would have written is in the document.
    Failing { trouble: Trouble, retry_at: Instant },
    /// Writing the whole document after a failure.
    Recovering { upto: Seq, after: Trouble, bytes: usize },
    /// Closing the database.
    Closing,
    /// Closed.
    Closed,
}

/// What the last attempt met, and how long the next one waits for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trouble {
    error: StorageError,
    wait: u64,
}

/// What an answered task means.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that was stored, in order; keys of damaged records are only counted.
    Loaded(Loaded),
    /// More is committed than before, or the log works again.
    Progress,
    /// A snapshot was read back: decode it and call [`Persistence::handle_verified`].
    Verify(Option<Record>),
    /// The database failed; edits live in memory until it works again.
    Failed(StorageError),
    /// It fails as it did: the app knows.
    StillFailing,
    /// The database is closed.
    Closed,
    /// A snapshot replaced what was there.
    Compacted,
    /// Nothing to do.
    Nothing,
}

/// What a load found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Readable records, in order.
    pub records: Vec<(RecordKey, Record)>,
    /// Damaged records, which stay where they are.
    pub damaged: usize,
}

impl Persistence {
    /// A log in `database`, or none.
    pub fn new(config: StorageConfig, database: Option<String>, boot: u64) -> Self {
        let phase = if database.is_some() { Phase::New } else { Phase::Off };
        Self {
            config,
            database: database.unwrap_or_default(),
            boot,
            phase,
            queue: Vec::new(),
            queued: 0,
            committed: 0,
            log: Log::default(),
            loaded: None,
            closing: false,
            patience: Patience { millis: config.storage_timeout, until: None },
        }
    }

    /// Queues a record and returns its number.
    pub fn append(&mut self, kind: RecordKind, payload: Vec<u8>) -> Seq {
        self.queued += 1;
        match self.phase {
            Phase::Off | Phase::Closed => self.committed = self.queued,
            // The document has it; the snapshot after the failure will too, or behind the log that is read late.
            Phase::Failing { .. } | Phase::Loading { .. } => {}
            _ => {
                let record = self.record(kind, payload);
                self.queue.push(record);
            }
        }
        self.queued
    }

    fn record(&self, kind: RecordKind, payload: Vec<u8>) -> Record {
        Record { kind, boot: self.boot, loaded: self.loaded.unwrap_or_default(), payload }
    }

    /// Number of the last queued record.
    pub fn queued(&self) -> Seq {
        self.queued
    }

    /// Up to which number frames may leave: what is in the database, or everything where there is none.
    pub fn released(&self) -> Seq {
        if self.is_working() { self.committed } else { self.queued }
    }

    /// Whether every queued record is in the database.
    pub fn is_saved(&self) -> bool {
        self.is_working() && self.committed == self.queued
    }

    /// Whether there is a log at all and it takes records.
    pub fn is_working(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Off
                | Phase::Loading { after: Some(_) }
                | Phase::Failing { .. }
                | Phase::Recovering { .. }
                | Phase::Closed
        )
    }

    /// Whether nothing is under way and nothing will be.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed) || (self.closing && self.phase == Phase::Off)
    }

    /// Flushes what is queued, then closes the database.
    pub fn close(&mut self) {
        self.closing = true;
        if matches!(self.phase, Phase::New | Phase::Failing { .. }) {
            self.phase = Phase::Closed;
        }
    }

    /// When a failed transaction is tried again.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        match self.phase {
            Phase::Failing { retry_at, .. } => {
                Some(Deadline { at: retry_at, reason: "retry storage" })
            }
            _ => self.patience.until.map(|at| Deadline { at, reason: "give up on storage" }),
        }
    }

    /// A task begins now, and is given up in time.
    pub fn handle_begun(&mut self, now: Instant) {
        self.patience.until = Some(now + self.patience.millis);
    }

    /// Gives up on a task that has taken too long; what it does all the same does no harm, since the document has it.
    /// After a sleep it has its time again.
    pub fn handle_timeout(&mut self, now: Instant, slept: bool) -> Outcome {
        if self.patience.until.is_none_or(|at| at > now) {
            return Outcome::Nothing;
        }
        if slept {
            self.handle_begun(now);
            return Outcome::Nothing;
        }
        self.patience =
            Patience { millis: (self.patience.millis * 2).min(MAX_PATIENCE), until: None };
        let phase = std::mem::replace(&mut self.phase, Phase::Idle);
        self.on_failure(now, &phase, StorageError::TimedOut)
    }

    /// Name of the database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether a failed transaction is due to be tried again: answer with [`recover`](Self::recover).
    pub fn wants_recovery(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Failing { retry_at, .. } if retry_at <= now)
    }

    /// Tries again after a failure: reads the log if that is still to be done, else writes the whole
    /// document: a snapshot, and what it lacks.
    pub fn recover(&mut self, records: Vec<(RecordKind, Vec<u8>)>) -> Option<StorageTask> {
        let Phase::Failing { trouble, .. } = self.phase else { return None };
        if self.loaded.is_none() {
            self.phase = Phase::Loading { after: Some(trouble) };
            return Some(StorageTask::Load { database: self.database.clone() });
        }
        let encode = |(kind, payload)| self.record(kind, payload).encode();
        let records: Vec<Vec<u8>> = records.into_iter().map(encode).collect();
        self.queue.clear();
        let bytes = records.first().map_or(0, Vec::len);
        self.phase = Phase::Recovering { upto: self.queued, after: trouble, bytes };
        Some(StorageTask::Append { database: self.database.clone(), records })
    }

    /// Begins to read the log, if that was not done yet.
    pub fn load(&mut self) -> Option<StorageTask> {
        let new = self.phase == Phase::New;
        new.then(|| {
            self.phase = Phase::Loading { after: None };
            StorageTask::Load { database: self.database.clone() }
        })
    }

    /// The next task, if the last one was answered.
    pub fn poll_task(&mut self) -> Option<StorageTask> {
        let database = self.database.clone();
        match self.phase {
            Phase::Idle if !self.queue.is_empty() => {
                let count = self.queue.len().min(MAX_BATCH);
                let records: Vec<Vec<u8>> =
                    self.queue.iter().take(count).map(Record::encode).collect();
                self.phase = Phase::Appending { count, bytes: records.iter().map(Vec::len).sum() };
                Some(StorageTask::Append { database, records })
            }
            Phase::Idle if self.closing => {
                self.phase = Phase::Closing;
                Some(StorageTask::Close { database })
            }
            _ => None,
        }
    }

    /// Whether the log has grown enough and nothing is under way.
    pub fn wants_compaction(&self) -> bool {
        let floor = self.log.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes);
        let many = self.log.recent.len() >= self.log.failed_at + self.config.compact_records;
        let bytes = self.log.recent_bytes + self.log.stray_bytes;
        let large = bytes >= self.config.compact_bytes.max(floor);
        self.phase == Phase::Idle && self.queue.is_empty() && !self.closing && (many || large)
    }

    /// Reads the last snapshot back, if that is still to be done before a new one may replace it; behind a lost database,
    /// first of all what is there.
    pub fn verify(&mut self) -> Option<StorageTask> {
        if self.log.stray_bytes > 0 {
            self.phase = Phase::Verifying;
            return Some(StorageTask::Load { database: self.database.clone() });
        }
        let snapshot = self.log.snapshot.as_ref().filter(|snapshot| !snapshot.verified)?;
        self.phase = Phase::Verifying;
        Some(StorageTask::Read { database: self.database.clone(), key: snapshot.key })
    }

    /// The verdict on a snapshot that was read back. A bad one covers nothing, and is left where it is. If this run wrote it
    /// the next one holds all that it held, and it goes then: a log of bad ones would fill the disk.
    pub fn handle_verified(&mut self, good: bool) {
        let Some(mut snapshot) = self.log.snapshot.take() else { return };
        if good {
            snapshot.verified = true;
            self.log.superseded.extend(std::mem::take(&mut snapshot.covers));
            self.log.snapshot = Some(snapshot);
        } else {
            self.log.recent.extend(snapshot.covers);
            if self.loaded.is_some_and(|loaded| snapshot.key.0 > loaded) {
                self.log.superseded.insert(snapshot.key, self.boot);
            }
        }
    }

    /// Writes a snapshot and deletes what verified ones contain.
    pub fn compact(&mut self, (kind, snapshot): (RecordKind, Vec<u8>)) -> StorageTask {
        let record = self.record(kind, snapshot).encode();
        let covers = self.log.recent.clone();
        let remove = self.log.superseded.keys().copied().collect();
        self.phase = Phase::Compacting { covers, bytes: record.len() };
        StorageTask::Replace { database: self.database.clone(), record, remove }
    }

    /// Takes the answer to a task.
    pub fn handle_reply(
        &mut self,
        now: Instant,
        reply: Result<StorageReply, StorageError>,
    ) -> Outcome {
        self.patience.until = None;
        if reply.is_ok() {
            self.patience.millis = self.config.storage_timeout;
        }
        let phase = std::mem::replace(&mut self.phase, Phase::Idle);
        match (phase, reply) {
            (Phase::Loading { .. }, Ok(StorageReply::Loaded(stored))) => {
                Outcome::Loaded(self.on_loaded(stored))
            }
            (Phase::Appending { count, bytes }, Ok(StorageReply::Written(keys))) => {
                self.on_appended(count, bytes, keys);
                Outcome::Progress
            }
            (Phase::Verifying, Ok(StorageReply::Record(bytes))) => {
                Outcome::Verify(bytes.and_then(|bytes| Record::decode(&bytes).ok()))
            }
            (Phase::Verifying, Ok(StorageReply::Loaded(stored))) => {
                self.log.find_again(self.boot, &stored);
                Outcome::Nothing
            }
            (Phase::Compacting { covers, bytes }, Ok(StorageReply::Written(keys))) => {
                self.on_compacted(covers, bytes, &keys);
                Outcome::Compacted
            }
            (Phase::Recovering { upto, bytes, .. }, Ok(StorageReply::Written(keys))) => {
                self.on_recovered(upto, bytes, &keys);
                Outcome::Progress
            }
            (Phase::Closing, _) => {
                self.phase = Phase::Closed;
                Outcome::Closed
            }
            (Phase::Compacting { .. } | Phase::Verifying, Err(error))
                if error.may_pass() && error != StorageError::Closed =>
            {
                self.on_compaction_failed()
            }
            (phase, Err(error)) => self.on_failure(now, &phase, error),
            (phase, Ok(_)) => {
                self.phase = phase;
                Outcome::Nothing
            }
        }
    }

    /// A database was closed under us. A task that is under way tells by itself.
    pub fn handle_lost(&mut self, now: Instant, database: &str) -> Outcome {
        match self.phase {
            Phase::Idle if self.database == database => {
                self.on_failure(now, &Phase::Idle, StorageError::Closed)
            }
            Phase::Failing { .. } if self.database == database => {
                self.forget_log(0);
                Outcome::Nothing
            }
            _ => Outcome::Nothing,
        }
    }

    fn forget_log(&mut self, on_their_way: usize) {
        self.log.forget(on_their_way);
        self.loaded = self.loaded.map(|_| 0);
    }

    fn on_loaded(&mut self, stored: Vec<(RecordKey, Vec<u8>)>) -> Loaded {
        self.loaded = Some(stored.last().map_or(0, |(key, _)| key.0));
        let mut loaded = Loaded::default();
        for (key, bytes) in stored {
            match Record::decode(&bytes) {
                Ok(record) => {
                    self.log.track(key, &record, bytes.len());
                    loaded.records.push((key, record));
                }
                Err(_) => loaded.damaged += 1,
            }
        }
        loaded
    }

    fn on_appended(&mut self, count: usize, bytes: usize, keys: Vec<RecordKey>) {
        self.queue.drain(..count.min(self.queue.len()));
        self.committed = self.queued - self.queue.len() as Seq;
        self.log.recent.extend(keys.into_iter().map(|key| (key, self.boot)));
        self.log.recent_bytes += bytes;
    }

    fn on_compacted(
        &mut self,
        covers: OrderedMap<RecordKey, u64>,
        bytes: usize,
        keys: &[RecordKey],
    ) {
        self.log.superseded.clear();
        self.log.recent.retain(|key, _| covers.get(key).is_none());
        self.log.replace_snapshot(self.boot, keys, bytes, covers);
    }

    fn on_recovered(&mut self, upto: Seq, bytes: usize, keys: &[RecordKey]) {
        self.committed = upto;
        let covers = std::mem::take(&mut self.log.recent);
        self.log.replace_snapshot(self.boot, keys, bytes, covers);
        self.log.recent.extend(keys.iter().skip(1).map(|key| (*key, self.boot)));
    }

    /// Compaction is housekeeping: nothing is lost when it fails, unless the database went away. It is tried again when the
    /// log has grown as much again.
    fn on_compaction_failed(&mut self) -> Outcome {
        self.log.failed_at = self.log.recent.len();
        self.log.recent_bytes = 0;
        self.log.stray_bytes = self.log.stray_bytes.min(1);
        Outcome::Nothing
    }

    fn on_failure(&mut self, now: Instant, phase: &Phase, error: StorageError) -> Outcome {
        let before = match phase {
            Phase::Recovering { after, .. } => Some(*after),
            Phase::Loading { after } => *after,
            _ => None,
        };
        let wait =
            before.map_or(self.config.storage_retry, |before| (before.wait * 2).min(MAX_RETRY));
        self.queue.clear();
        // What was let go of may be cleared before it is opened again, and nobody would be told.
        if matches!(error, StorageError::Closed | StorageError::TimedOut) {
            self.forget_log(match phase {
                Phase::Appending { bytes, .. }
                | Phase::Compacting { bytes, .. }
                | Phase::Recovering { bytes, .. } => *bytes,
                _ => 0,
            });
        }
        self.phase = match error {
            _ if self.closing => Phase::Closed,
            // A log that could not be read may hold more than we have: never write over it blindly,
            // but appending a snapshot to it is safe.
            _ if !error.may_pass() => Phase::Off,
            _ => Phase::Failing { trouble: Trouble { error, wait }, retry_at: now + wait },
        };
        if self.phase == Phase::Off {
            self.committed = self.queued;
        }
        match before.is_some_and(|before| before.error == error) {
            true => Outcome::StillFailing,
            false => Outcome::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests;
