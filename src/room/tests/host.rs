//! A room around a document of another make.

use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{GetString, ReadTxn, StateVector, Text, Transact, Update};

use super::*;
use crate::doc::preflight::Preflight;
use crate::doc::{Applied, Content, DocHost, UpdateError};

/// A document of the engine alone: no gate, no index, no holds.
struct Plain {
    doc: yrs::Doc,
    content: Content,
}

impl Plain {
    fn new(client_id: u64) -> Self {
        let doc = yrs::Doc::with_client_id(client_id);
        doc.get_or_insert_text("text");
        Self { doc, content: Content::default() }
    }

    fn text(&self) -> String {
        let text = self.doc.get_or_insert_text("text");
        text.get_string(&self.doc.transact())
    }

    fn read(update: &[u8]) -> Result<Content, UpdateError> {
        let read = Preflight::parse(update, &Limits::default())?;
        Ok(Content { inserts: read.inserts(), deletes: read.deletes() })
    }
}

impl DocHost for Plain {
    fn client_id(&self) -> u64 {
        self.doc.client_id().get()
    }
    fn rotate_client_id(&mut self, _: u64) {}
    fn state_vector(&self) -> StateVector {
        self.doc.transact().state_vector()
    }
    fn encode_state_vector(&self) -> Vec<u8> {
        self.state_vector().encode_v1()
    }
    fn diff(&self, vector: &[u8]) -> Result<Vec<u8>, UpdateError> {
        let broken = |error: yrs::encoding::read::Error| UpdateError::Engine(error.to_string());
        let known = StateVector::decode_v1(vector).map_err(broken)?;
        Ok(self.doc.transact().encode_diff_v1(&known))
    }
    fn encode_state(&self) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(&StateVector::default())
    }
    fn apply(&mut self, update: &[u8], _: Origin) -> Result<Applied, UpdateError> {
        let content = Self::read(update)?;
        let decoded = Update::decode_v1(update).unwrap();
        self.doc.transact_mut().apply_update(decoded).unwrap();
        self.content.merge(&content);
        let news = Integrated {
            update: update.to_vec(),
            content: content.clone(),
            ..Integrated::default()
        };
        Ok(Applied { content, integrated: vec![news], ..Applied::default() })
    }
    fn knows(&self, update: &[u8]) -> Result<bool, UpdateError> {
        let mut news = Self::read(update)?;
        news.subtract(&self.content);
        Ok(news.is_empty())
    }
    fn content(&self) -> Content {
        self.content.clone()
    }
    fn held(&self) -> usize {
        0
    }
    fn holds_from(&self, _: Origin) -> bool {
        false
    }
    fn forget_held(&mut self, _: Origin) {}
    fn hash(&self) -> u64 {
        self.encode_state().iter().fold(7, |hash, byte| hash * 31 % 65_521 + u64::from(*byte))
    }
    fn limits(&self) -> Limits {
        Limits::default()
    }
    fn is_broken(&self) -> bool {
        false
    }
}

#[test]
fn a_document_of_another_make_is_synced_stored_and_acknowledged() {
    let config = Config { url: Some("ws://s".into()), ..Config::default() };
    let options = RoomOptions { connect: true, ..RoomOptions::default() };
    let (mut rng, mut last_id) = (Rng::with_seed(3), 0);
    let mut cx = Context { now: Instant::default(), rng: &mut rng, last_id: &mut last_id };
    let mut room = Room::with_doc(&config, "room", options, Plain::new(5), &mut cx).unwrap();
    room.start(&mut cx);
    assert_eq!(room.client_id(), 5);
    room.handle_storage(&mut cx, Ok(StorageReply::Loaded(Vec::new())));
    let socket = SocketId(*cx.last_id);
    let open = SocketInput::Opened { protocol: String::new() };
    room.handle_socket(&mut cx, socket, open);
    let mut frame = |room: &mut Room<Plain>, bytes| {
        room.handle_socket(&mut cx, socket, SocketInput::Frame(bytes));
    };
    let (_, theirs) = other("theirs ");
    frame(&mut room, encode::sync_step_1(EMPTY_VECTOR));
    frame(&mut room, encode::sync_step_2(&theirs));
    assert_eq!(room.doc.text(), "theirs ");
    assert_eq!(room.connection.status().status, Status::Connected);

    // Whoever holds the document edits it, and hands the room the update.
    let ours = yrs::Doc::with_client_id(9);
    ours.get_or_insert_text("text").insert(&mut ours.transact_mut(), 0, "ours");
    let update = ours.transact().encode_diff_v1(&StateVector::default());
    room.apply_update(&mut cx, &update).unwrap();
    assert_eq!(
        room.last_sync.map(|sync| (sync.status, sync.pending)),
        Some((SyncStatus::Synchronizing, 4))
    );
    let stored =
        |output: &RoomOutput| matches!(output, RoomOutput::Storage(StorageTask::Append { .. }));
    assert!(room.outputs.iter().any(stored), "not stored: {:?}", room.outputs);
    let keys = vec![RecordKey(1), RecordKey(2)];
    room.handle_storage(&mut cx, Ok(StorageReply::Written(keys)));
    room.handle_socket(&mut cx, socket, SocketInput::Frame(encode::update(&update)));
    assert_eq!(room.last_sync.map(|sync| sync.pending), Some(0));
}
