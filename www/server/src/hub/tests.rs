//! The hub against a disk that commits when told to, and clients that are plain yrs documents.

mod barrier;
mod conduct;
mod life;
mod messages;
mod people;
mod prints;
mod properties;
mod questions;
mod signaling;
mod standing;
mod sync;

use std::collections::{BTreeMap, VecDeque};

use rejoin::doc::Origin;
use rejoin::protocol::{AwarenessEntry, FrameLimits, Message, decode, encode};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    ClientID, Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, Transact, Update,
};

use super::*;

pub(super) const ROOM: &str = "demo";

/// A hub, its disk and what its members got.
pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) now: u64,
    pub(super) disk: Disk,
    pub(super) got: BTreeMap<MemberId, Vec<Vec<u8>>>,
    pub(super) closed: BTreeMap<MemberId, (u16, String)>,
    pub(super) cut: Vec<MemberId>,
    pub(super) probed: Vec<MemberId>,
    pub(super) notices: Vec<Notice>,
}

/// A disk that does one task when told to.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) records: BTreeMap<RoomName, Vec<Record>>,
    pub(super) messages: BTreeMap<u64, Vec<u8>>,
    pub(super) epoch: u64,
    pub(super) tasks: VecDeque<HubOutput>,
    pub(super) set_aside: Vec<RecordKey>,
    pub(super) broken: bool,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(HubConfig::default())
    }

    pub(super) fn with(config: HubConfig) -> Self {
        Self {
            hub: Hub::new(config),
            now: 1_000,
            disk: Disk::default(),
            got: BTreeMap::new(),
            closed: BTreeMap::new(),
            cut: Vec::new(),
            probed: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// One input and a complete drain; the disk waits.
    pub(super) fn input(&mut self, input: HubInput) {
        self.hub.handle_input(Instant::from_millis(self.now), input);
        while let Some(output) = self.hub.poll_output() {
            match output {
                HubOutput::Send { member, frame } => {
                    self.got.entry(member).or_default().push(frame.to_vec());
                }
                HubOutput::Probe { member } => self.probed.push(member),
                HubOutput::Close { member, code, reason } => {
                    self.closed.insert(member, (code, reason));
                }
                HubOutput::Cut { member } => self.cut.push(member),
                HubOutput::Notice(notice) => self.notices.push(notice),
                task => self.disk.tasks.push_back(task),
            }
        }
    }

    /// Does the oldest task of the disk; says whether there was one.
    pub(super) fn disk_step(&mut self) -> bool {
        let Some(task) = self.disk.tasks.pop_front() else { return false };
        if let Some(answer) = self.disk.perform(task) {
            self.input(answer);
        }
        true
    }

    /// Lets the disk finish.
    pub(super) fn settle(&mut self) {
        while self.disk_step() {}
    }

    /// Lets time pass, with every deadline met on its way.
    pub(super) fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some(deadline) = self.hub.poll_timeout() {
            if deadline.at.as_millis() > end {
                break;
            }
            self.now = self.now.max(deadline.at.as_millis());
            self.input(HubInput::Timeout);
            self.settle();
        }
        self.now = end;
    }

    pub(super) fn join(&mut self, member: u64) -> MemberId {
        self.join_as(member, Permission::Write)
    }

    pub(super) fn join_as(&mut self, member: u64, permission: Permission) -> MemberId {
        let member = MemberId(member);
        self.input(HubInput::Join { member, room: RoomName::from(ROOM), permission });
        self.settle();
        member
    }

    pub(super) fn frame(&mut self, member: MemberId, frame: Vec<u8>) {
        self.input(HubInput::Frame { member, bytes: frame.into() });
    }

    /// A frame, and the disk finishes.
    pub(super) fn say(&mut self, member: MemberId, frame: Vec<u8>) {
        self.frame(member, frame);
        self.settle();
    }

    /// Takes what a member got since the last time.
    pub(super) fn take(&mut self, member: MemberId) -> Vec<Vec<u8>> {
        self.got.remove(&member).unwrap_or_default()
    }

    /// What the disk has of the room.
    pub(super) fn stored(&self) -> Doc {
        let doc = Doc::new();
        for record in self.disk.records.get(ROOM).into_iter().flatten() {
            apply(&doc, &record.update);
        }
        doc
    }
}

impl Disk {
    fn perform(&mut self, task: HubOutput) -> Option<HubInput> {
        let failed = || StoreFailure("the disk is full".to_owned());
        match task {
            HubOutput::Load { room, ticket } => {
                let records = self.records.get(&room).cloned().unwrap_or_default();
                let result = if self.broken { Err(failed()) } else { Ok(records) };
                let messages = self.messages.clone().into_iter().collect();
                let messages = StoredMessages { epoch: self.epoch, messages };
                Some(HubInput::Loaded { room, ticket, result, messages })
            }
            HubOutput::Store { room, ticket, .. } if self.broken => {
                Some(HubInput::Stored { room, ticket, result: Err(failed()) })
            }
            HubOutput::Store { room, ticket, updates, messages, first } => {
                self.messages.extend(messages);
                self.messages.retain(|seq, _| *seq >= first);
                let records = self.records.entry(room.clone()).or_default();
                for update in updates {
                    let key = RecordKey::Update(records.len() as u64 + 1);
                    records.push(Record { key, update });
                }
                Some(HubInput::Stored { room, ticket, result: Ok(()) })
            }
            HubOutput::Compact { room, ticket, snapshot, content } => {
                let mut doc = new_doc();
                let read =
                    doc.apply(&snapshot, Origin::Storage).is_ok() && doc.content() == content;
                let result = if read && !self.broken { Ok(()) } else { Err(failed()) };
                if result.is_ok() {
                    let record = Record { key: RecordKey::Snapshot, update: snapshot };
                    self.records.insert(room.clone(), vec![record]);
                }
                Some(HubInput::Compacted { room, ticket, result })
            }
            HubOutput::SetAside { room, key } => {
                self.records.entry(room).or_default().retain(|record| record.key != key);
                self.set_aside.push(key);
                None
            }
            _ => None,
        }
    }
}

/// A document of a client that types.
pub(super) fn client(id: u64) -> Doc {
    Doc::with_options(Options {
        client_id: ClientID::new(id),
        offset_kind: OffsetKind::Utf16,
        ..Options::default()
    })
}

/// Types at a place; gives the update.
pub(super) fn type_at(doc: &Doc, index: u32, text: &str) -> Vec<u8> {
    let root = doc.get_or_insert_text("text");
    let mut transaction = doc.transact_mut();
    root.insert(&mut transaction, index, text);
    transaction.encode_update_v1()
}

/// Deletes; gives the update.
pub(super) fn delete_at(doc: &Doc, index: u32, length: u32) -> Vec<u8> {
    let root = doc.get_or_insert_text("text");
    let mut transaction = doc.transact_mut();
    root.remove_range(&mut transaction, index, length);
    transaction.encode_update_v1()
}

pub(super) fn apply(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("the server sends what can be read");
    doc.transact_mut().apply_update(update).expect("and applied");
}

pub(super) fn text_of(doc: &Doc) -> String {
    doc.get_or_insert_text("text").get_string(&doc.transact())
}

pub(super) fn state_vector(doc: &Doc) -> Vec<u8> {
    doc.transact().state_vector().encode_v1()
}

pub(super) fn diff(doc: &Doc, state_vector: &[u8]) -> Vec<u8> {
    let state_vector = StateVector::decode_v1(state_vector).expect("a state vector");
    doc.transact().encode_state_as_update_v1(&state_vector)
}

pub(super) fn messages(frame: &[u8]) -> Vec<Message<'_>> {
    decode(frame, &FrameLimits::default()).expect("the server sends what can be read")
}

/// Updates and answers among frames, in order.
pub(super) fn updates(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let messages = frames.iter().flat_map(|frame| messages(frame));
    let updates = messages.filter_map(|message| match message {
        Message::Update(update) | Message::SyncStep2(update) => Some(update.to_vec()),
        _ => None,
    });
    updates.collect()
}

/// Presence entries among frames, in order.
pub(super) fn people(frames: &[Vec<u8>]) -> Vec<AwarenessEntry> {
    let messages = frames.iter().flat_map(|frame| messages(frame));
    let entries = messages.filter_map(|message| match message {
        Message::Awareness(entries) => Some(entries),
        _ => None,
    });
    entries.flatten().collect()
}

pub(super) fn here(client: u64, clock: u32, state: &str) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: Some(state.to_owned()) }
}

pub(super) fn gone(client: u64, clock: u32) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: None }
}

pub(super) fn announce(entry: AwarenessEntry) -> Vec<u8> {
    encode::awareness(&[entry])
}
