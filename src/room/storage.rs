//! The room and its log: load first, commit before send, compact what is verified.

use yrs::IdSet;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;

use super::messaging::{Stored, decode_ids, decode_messages};
use super::persistence::record::{Record, RecordKind};
use super::persistence::{Loaded, Outcome};
use super::{Phase, Room, RoomOutput};
use crate::config::PathMode;
use crate::connection::Context;
use crate::doc::{Applied, Content, Doc, DocHost, Origin, UpdateError};
use crate::error::ErrorCode;
use crate::event::{ChangeOrigin, EventKind, Problem};
use crate::io::{RecordKey, StorageError, StorageReply, StorageTask};
use crate::ordered::OrderedMap;
use crate::protocol::Reader;
use crate::protocol::writer::write_buffer;
use crate::time::Instant;

impl<D: DocHost> Room<D> {
    /// Loads, or is ready at once where there is no log. Harmless when it has begun.
    pub fn start(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.phase, Phase::Loading { .. }) {
            return;
        }
        match self.persistence.load() {
            Some(task) => self.begin(cx.now, task),
            None if self.persistence.is_working() => {}
            None => self.become_ready(cx),
        }
        self.settle(cx);
    }

    /// Takes the answer to the room's storage task.
    pub fn handle_storage(
        &mut self,
        cx: &mut Context<'_>,
        reply: Result<StorageReply, StorageError>,
    ) {
        match self.persistence.handle_reply(cx.now, reply) {
            Outcome::Loaded(loaded) => self.on_loaded(cx, loaded),
            Outcome::Failed(error) => self.on_storage_failed(cx, error),
            Outcome::Verify(record) => self.on_read_back(record),
            Outcome::Compacted => self.log_aside(),
            Outcome::StillFailing | Outcome::Progress | Outcome::Closed | Outcome::Nothing => {}
        }
        self.settle(cx);
    }

    /// The browser closed a database. If it is the room's, what was saved may not be any more: everything is written anew.
    pub fn handle_storage_lost(&mut self, cx: &mut Context<'_>, database: &str) {
        if let Outcome::Failed(error) = self.persistence.handle_lost(cx.now, database) {
            self.on_storage_failed(cx, error);
            self.settle(cx);
        }
    }

    pub(super) fn drain_storage(&mut self, now: Instant) {
        while let Some(task) = self.persistence.poll_task() {
            self.begin(now, task);
        }
        // A snapshot lacks what waits, and stands for the records that hold it.
        if self.persistence.wants_compaction()
            && self.doc.held_here().is_empty()
            && self.batch.is_none()
        {
            let verify = self.persistence.verify();
            let task = verify.unwrap_or_else(|| self.persistence.compact(self.snapshot()));
            self.begin(now, task);
        }
    }

    fn begin(&mut self, now: Instant, task: StorageTask) {
        self.persistence.handle_begun(now);
        self.outputs.push_back(RoomOutput::Storage(task));
    }

    pub(super) fn on_storage_timeout(&mut self, cx: &mut Context<'_>, slept: bool) {
        let outcome = self.persistence.handle_timeout(cx.now, slept);
        if !matches!(outcome, Outcome::Nothing) {
            let database = self.persistence.database().to_owned();
            self.outputs.push_back(RoomOutput::AbandonStorage(database));
        }
        if let Outcome::Failed(error) = outcome {
            self.on_storage_failed(cx, error);
        }
        if self.persistence.wants_recovery(cx.now) {
            let records = std::iter::once(self.snapshot()).chain(self.held_records());
            if let Some(task) = self.persistence.recover(records.collect()) {
                self.log_aside();
                self.begin(cx.now, task);
            }
        }
    }

    /// Tells the log what the server lacks now, so that a restart knows.
    pub(super) fn log_acknowledgement(&mut self) {
        let payload = encode_content(self.outbox.content());
        self.persistence.append(RecordKind::Acknowledgement, payload);
    }

    /// The whole document behind what the server lacks of it, and the messages that wait.
    fn snapshot(&self) -> (RecordKind, Vec<u8>) {
        let mut payload = encode_content(self.outbox.content());
        let mut kind = RecordKind::Snapshot;
        let messages = self.encode_queue();
        if !messages.is_empty() {
            kind = RecordKind::SnapshotWithMessages;
            write_buffer(&mut payload, &messages);
        }
        payload.extend_from_slice(&self.doc.encode_state());
        (kind, payload)
    }

    /// What waits is in no snapshot, which stands for everything before it: it follows anew.
    fn held_records(&self) -> Vec<(RecordKind, Vec<u8>)> {
        self.doc.held_here().into_iter().map(|update| (RecordKind::Local, update)).collect()
    }

    fn append_held(&mut self) {
        for (kind, update) in self.held_records() {
            self.persistence.append(kind, update);
        }
    }

    /// What follows each snapshot: the epoch, and which messages of earlier runs are done. Behind a failure it may not know
    /// their records, and would leave them waiting.
    fn log_aside(&mut self) {
        self.log_epoch();
        self.log_done(self.messages.restored_and_done());
    }

    fn on_loaded(&mut self, cx: &mut Context<'_>, loaded: Loaded) {
        let agreed = self.session.link().map(|_| self.doc.content());
        let replayed = self.replay(cx, &loaded.records);
        self.outbox.record(&replayed.unacknowledged);
        // Whatever a log that is read late adds to what was agreed on, the server lacks: it may have gone back.
        if let Some(agreed) = agreed {
            let mut late = self.doc.content();
            late.subtract(&agreed);
            self.outbox.record(&late);
        }
        self.messages.restore(replayed.messages);
        self.restore_epoch(replayed.epoch);
        let lost = loaded.damaged + replayed.refused;
        if lost > 0 {
            let message = format!(
                "{lost} of {} stored records are damaged and were set aside; what the server has comes back from there",
                loaded.records.len() + loaded.damaged
            );
            self.tell_problem(Problem::new(ErrorCode::StorageCorrupt, message));
        }
        // What came while the log could not be read is in the document only, also where the app has left since.
        if self.phase == Phase::Ready || self.persistence.queued() > 0 {
            let (kind, snapshot) = self.snapshot();
            self.persistence.append(kind, snapshot);
            self.append_held();
            self.log_epoch();
        }
        if self.session.may_stream() {
            self.push_unasked(cx);
        }
        self.check_paths(cx.now);
        self.become_ready(cx);
    }

    /// Applies the stored records.
    fn replay(&mut self, cx: &mut Context<'_>, records: &[(RecordKey, Record)]) -> Replayed {
        let mut pending: Vec<(u64, u64, Content)> = Vec::new();
        let mut messages = Vec::new();
        let (mut epoch, mut refused) = (0, 0);
        let base = self.apply_last_snapshot(cx, records);
        for (key, record) in records {
            let parts = split(record).filter(|_| replay_messages(&mut messages, key.0, record));
            let Some((content, update)) = parts else {
                refused += 1;
                continue;
            };
            let known = base.is_some_and(|(at, base)| key <= at && base.knew(key.0, record.boot));
            let applied = match update {
                Some(update) if !known => {
                    self.apply_stored(cx, update).map(|applied| applied.content)
                }
                _ => Ok(Content::default()),
            };
            refused += usize::from(applied.is_err());
            match record.kind {
                RecordKind::Local => {
                    pending.push((key.0, record.boot, applied.unwrap_or_default()))
                }
                RecordKind::Remote | RecordKind::Message | RecordKind::MessagesDone => {}
                RecordKind::Epoch => {
                    epoch = Reader::new(&record.payload).var_uint().unwrap_or(epoch);
                }
                RecordKind::Acknowledgement
                | RecordKind::Snapshot
                | RecordKind::SnapshotWithMessages => {
                    pending.retain(|(key, boot, _)| !record.knew(*key, *boot));
                    pending.push((key.0, record.boot, content));
                }
            }
        }
        let mut unacknowledged = Content::default();
        for (_, _, content) in &pending {
            unacknowledged.merge(content);
        }
        let messages = messages.into_iter().map(|(_, _, message)| message).collect();
        Replayed { unacknowledged, messages, epoch, refused }
    }

    /// Starts from the newest snapshot that can be read; the records it knew need not be applied.
    fn apply_last_snapshot<'a>(
        &mut self,
        cx: &mut Context<'_>,
        records: &'a [(RecordKey, Record)],
    ) -> Option<&'a (RecordKey, Record)> {
        records.iter().rev().find(|(_, record)| {
            record.kind.is_snapshot()
                && split(record).and_then(|(_, update)| update).is_some_and(|update| {
                    self.apply_stored(cx, update).is_ok_and(|applied| !applied.held)
                })
        })
    }

    /// Applies a stored update; a log that is read late changes a document that is already shown.
    fn apply_stored(
        &mut self,
        cx: &mut Context<'_>,
        update: &[u8],
    ) -> Result<Applied, UpdateError> {
        let applied = self.apply_or_rotate(cx, update, Origin::Storage)?;
        if self.phase == Phase::Ready {
            for integrated in &applied.integrated {
                let changes = integrated.changes.clone();
                self.tell_changes(ChangeOrigin::Storage, changes, &integrated.update);
            }
        }
        Ok(applied)
    }

    fn become_ready(&mut self, cx: &mut Context<'_>) {
        let Phase::Loading { connect } = self.phase else { return };
        self.phase = Phase::Ready;
        self.outputs.push_back(RoomOutput::Event(EventKind::Ready));
        if connect && self.paths.mode() != PathMode::PeersOnly {
            self.connection.connect(cx);
        }
    }

    /// Edits go on in memory, and to the server; the app is told, and the log is tried again where that may help.
    fn on_storage_failed(&mut self, cx: &mut Context<'_>, error: StorageError) {
        let code = match error {
            StorageError::Quota => ErrorCode::Quota,
            StorageError::Blocked => ErrorCode::IdbBlocked,
            _ => ErrorCode::Storage,
        };
        let message = format!("{error}; edits are kept in memory only");
        self.tell_problem(Problem { code, message, retryable: error.may_pass() });
        self.become_ready(cx);
    }

    /// A snapshot that was read back must decode to a document that lacks nothing ours has lost since.
    fn on_read_back(&mut self, record: Option<Record>) {
        let good = record.is_some_and(|record| {
            split(&record)
                .and_then(|(_, update)| update)
                .is_some_and(|update| Self::is_update(update) && self.contains_snapshot(update))
        });
        self.persistence.handle_verified(good);
    }

    fn contains_snapshot(&self, update: &[u8]) -> bool {
        let mut copy = Doc::new(0, &OrderedMap::new(), self.doc.limits());
        copy.apply(update, Origin::Storage).is_ok_and(|applied| !applied.held)
    }
}

/// What the log says.
struct Replayed {
    /// What the server had not returned.
    unacknowledged: Content,
    /// Messages it had not acknowledged.
    messages: Vec<Stored>,
    /// The epoch that the document belongs to, 0 for none.
    epoch: u64,
    /// Records that could not be used.
    refused: usize,
}

/// Follows the messages that wait through a record; `false` if it cannot be read.
fn replay_messages(waiting: &mut Vec<(u64, u64, Stored)>, key: u64, record: &Record) -> bool {
    let added = match record.kind {
        RecordKind::Message => decode_messages(&record.payload),
        RecordKind::MessagesDone => {
            let Some(ids) = decode_ids(&record.payload) else { return false };
            waiting.retain(|(_, _, (id, ..))| !ids.contains(&id.as_str()));
            return true;
        }
        RecordKind::Snapshot | RecordKind::SnapshotWithMessages => {
            let Some(messages) = snapshot_messages(record) else { return false };
            waiting.retain(|(key, boot, _)| !record.knew(*key, *boot));
            Some(messages)
        }
        RecordKind::Local
        | RecordKind::Remote
        | RecordKind::Acknowledgement
        | RecordKind::Epoch => return true,
    };
    let readable = added.is_some();
    waiting.extend(added.into_iter().flatten().map(|message| (key, record.boot, message)));
    readable
}

fn snapshot_messages(record: &Record) -> Option<Vec<Stored>> {
    if record.kind == RecordKind::Snapshot {
        return Some(Vec::new());
    }
    let mut reader = Reader::new(&record.payload);
    reader.buffer().ok()?;
    reader.buffer().ok()?;
    decode_messages(reader.buffer().ok()?)
}

/// Two id sets, each behind its length.
fn encode_content(content: &Content) -> Vec<u8> {
    let mut out = Vec::new();
    write_buffer(&mut out, &content.inserts.encode_v1());
    write_buffer(&mut out, &content.deletes.encode_v1());
    out
}

/// A record's unacknowledged content and its update, as far as its kind has them.
fn split(record: &Record) -> Option<(Content, Option<&[u8]>)> {
    match record.kind {
        RecordKind::Local | RecordKind::Remote => Some((Content::default(), Some(&record.payload))),
        RecordKind::Message | RecordKind::MessagesDone | RecordKind::Epoch => {
            Some((Content::default(), None))
        }
        RecordKind::Acknowledgement | RecordKind::Snapshot | RecordKind::SnapshotWithMessages => {
            let mut reader = Reader::new(&record.payload);
            let inserts = IdSet::decode_v1(reader.buffer().ok()?).ok()?;
            let deletes = IdSet::decode_v1(reader.buffer().ok()?).ok()?;
            if record.kind == RecordKind::SnapshotWithMessages {
                reader.buffer().ok()?;
            }
            let rest = record.payload.get(reader.offset()..)?;
            let update = record.kind.is_snapshot().then_some(rest);
            Some((Content { inserts, deletes }, update))
        }
    }
}
