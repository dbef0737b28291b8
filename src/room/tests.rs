use fastrand::Rng;

use super::*;
use crate::doc::{Prelim, RootKind, TypeId};
use crate::event::{Durability, Status, SyncStatus};
use crate::io::{RecordKey, StorageError, StorageReply};
use crate::ordered::OrderedMap;
use crate::protocol::{FrameLimits, Message, decode, encode};
use crate::time::Instant;

mod batches;
mod compaction;
mod footing;
mod hanging;
mod held;
mod host;
mod late_log;
mod messages;
mod paths;
mod refused;
mod signal;
mod slow_line;
mod tapped;
mod too_large;
mod undo;
mod verdicts;

const EMPTY_VECTOR: &[u8] = &[0];
const EMPTY_UPDATE: &[u8] = &[0, 0];

/// A room whose network and disk are played by the test.
struct Rig {
    room: Room,
    rng: Rng,
    last_id: u32,
    now: u64,
    last_key: u64,
    /// Frames sent since the last look.
    sent: Vec<Vec<u8>>,
    /// How many frames had been sent when the browser was asked what it has not sent yet.
    measured: Vec<usize>,
    tasks: VecDeque<StorageTask>,
    events: Vec<EventKind>,
    socket: Option<SocketId>,
}

fn options(mode: PathMode) -> RoomOptions {
    let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
    RoomOptions { roots, presence: Some("{}".into()), connect: true, mode }
}

impl Rig {
    fn new(persistence: PersistenceMode) -> Self {
        Self::seeded(persistence, 3)
    }

    fn seeded(persistence: PersistenceMode, seed: u64) -> Self {
        Self::with_mode(persistence, seed, PathMode::default())
    }

    fn with_mode(persistence: PersistenceMode, seed: u64, mode: PathMode) -> Self {
        let config = Config { url: Some("ws://s".into()), persistence, ..Config::default() };
        Self::with_config(&config, seed, mode)
    }

    fn with_config(config: &Config, seed: u64, mode: PathMode) -> Self {
        Self::with_options(config, seed, options(mode))
    }

    fn with_options(config: &Config, seed: u64, options: RoomOptions) -> Self {
        let (mut rng, mut last_id) = (Rng::with_seed(seed), 0);
        let mut cx = Context { now: Instant::default(), rng: &mut rng, last_id: &mut last_id };
        let room = Room::new(config, "room", options, &mut cx).unwrap();
        let mut rig = Self {
            room,
            rng,
            last_id,
            now: 0,
            last_key: 0,
            sent: Vec::new(),
            measured: Vec::new(),
            tasks: VecDeque::new(),
            events: Vec::new(),
            socket: None,
        };
        rig.run(Room::start);
        rig
    }

    /// A room on a disk that is loaded, online, with the handshake behind it.
    fn online() -> Self {
        Self::new(PersistenceMode::IndexedDb).into_online()
    }

    fn into_online(self) -> Self {
        let mut rig = self;
        rig.answer(StorageReply::Loaded(Vec::new()));
        rig.open();
        rig.receive(encode::sync_step_1(EMPTY_VECTOR));
        rig.receive(encode::sync_step_2(EMPTY_UPDATE));
        assert_eq!(rig.room.connection.status().status, Status::Connected);
        rig.sent.clear();
        rig
    }

    fn run<T>(&mut self, step: impl FnOnce(&mut Room, &mut Context<'_>) -> T) -> T {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let value = step(&mut self.room, &mut cx);
        self.drain();
        value
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                RoomOutput::Socket(id, SocketOutput::Open { .. }) => self.socket = Some(id),
                RoomOutput::Socket(_, SocketOutput::Send(frame)) => self.sent.push(frame),
                RoomOutput::Socket(_, SocketOutput::Measure) => self.measured.push(self.sent.len()),
                RoomOutput::Socket(..) => {}
                RoomOutput::AbandonStorage(_) => self.tasks.clear(),
                RoomOutput::Storage(task) => self.tasks.push_back(task),
                RoomOutput::Event(event) => self.events.push(event),
            }
        }
    }

    fn open(&mut self) {
        let id = self.socket.expect("a socket");
        self.run(|room, cx| {
            room.handle_socket(cx, id, SocketInput::Opened { protocol: String::new() })
        });
    }

    fn receive(&mut self, frame: Vec<u8>) {
        let id = self.socket.expect("a socket");
        self.run(|room, cx| room.handle_socket(cx, id, SocketInput::Frame(frame)));
    }

    fn receive_relayed(&mut self, frame: Vec<u8>) {
        let socket = self.socket.unwrap();
        self.run(|room, cx| room.handle_socket(cx, socket, SocketInput::Relayed(frame)));
    }

    fn answer(&mut self, reply: StorageReply) {
        assert!(self.tasks.pop_front().is_some(), "no task to answer");
        self.run(|room, cx| room.handle_storage(cx, Ok(reply)));
    }

    /// Completes the append that is under way.
    fn commit(&mut self) {
        let Some(StorageTask::Append { records, .. }) = self.tasks.front() else {
            panic!("no append: {:?}", self.tasks)
        };
        let first = self.last_key + 1;
        self.last_key += records.len() as u64;
        self.answer(StorageReply::Written((first..=self.last_key).map(RecordKey).collect()));
    }

    fn type_text(&mut self, text: &str) {
        let ty: TypeId = "r/text".parse().unwrap();
        let edit = Edit::TextInsert { ty, index: 0, text: text.into(), attributes: None };
        self.run(|room, cx| room.edit(cx, edit)).unwrap();
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.run(|room, cx| room.handle_timeout(cx));
    }

    fn updates_sent(&self) -> Vec<Vec<u8>> {
        let mut updates = Vec::new();
        for frame in &self.sent {
            for message in decode(frame, &FrameLimits::default()).unwrap() {
                if let Message::Update(update) | Message::SyncStep2(update) = message {
                    updates.push(update.to_vec());
                }
            }
        }
        updates
    }

    fn sync(&self) -> SyncState {
        self.room.last_sync.expect("a sync state")
    }

    fn problems(&self) -> Vec<ErrorCode> {
        let codes = self.events.iter().filter_map(|event| match event {
            EventKind::Error(problem) => Some(problem.code),
            _ => None,
        });
        codes.collect()
    }
}

/// Another replica, to make updates with.
fn other(text: &str) -> (Doc, Vec<u8>) {
    let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
    let mut doc = Doc::new(77, &roots, Limits::default());
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 0, text: text.into(), attributes: None };
    let update = doc.edit(edit).unwrap().update;
    (doc, update)
}

#[test]
fn the_log_is_read_before_anything_is_sent_or_edited() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    assert!(rig.socket.is_none());
    let ty: TypeId = "r/text".parse().unwrap();
    let refused = rig.run(|room, cx| room.edit(cx, Edit::TextDelete { ty, index: 0, length: 0 }));
    assert_eq!(refused.map_err(|misuse| misuse.code), Err(ErrorCode::NotReady));
    rig.answer(StorageReply::Loaded(Vec::new()));
    assert!(rig.socket.is_some() && rig.events.contains(&EventKind::Ready));
}

#[test]
fn nobody_sees_an_edit_before_it_is_committed() {
    let mut rig = Rig::online();
    rig.type_text("a");
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (0, Durability::Saving));
    rig.commit();
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (1, Durability::Saved));
    assert_eq!((rig.sync().status, rig.sync().pending), (SyncStatus::Synchronizing, 1));
}

#[test]
fn the_handshakes_diff_waits_for_the_commit_too() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.open();
    rig.type_text("a");
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    assert_eq!(rig.updates_sent().len(), 0);
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn an_edit_is_synced_when_the_server_returns_it_and_not_before() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    let update = rig.updates_sent().remove(0);
    rig.receive(encode::update(&other("x").1));
    assert_eq!(rig.sync().pending, 3);
    rig.receive(encode::update(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (0, SyncStatus::Synchronized));
}

#[test]
fn what_another_tab_says_is_shown_and_acknowledges_nothing() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    let update = rig.updates_sent().remove(0);
    rig.receive_relayed(encode::update(&update));
    rig.receive_relayed(encode::sync_step_2(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (3, SyncStatus::Synchronizing));
    rig.events.clear();
    rig.receive_relayed(encode::update(&other("x").1));
    assert!(rig.events.iter().any(|event| matches!(event, EventKind::Doc { .. })));
    rig.receive(encode::update(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (0, SyncStatus::Synchronized));
}

#[test]
fn what_another_tab_says_is_no_sign_of_the_servers_life() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    rig.wait(1_000);
    for _ in 0..7 {
        rig.wait(1_000);
        rig.receive_relayed(encode::update(&other("x").1));
    }
    rig.wait(1_000);
    assert_eq!(rig.room.connection.status().status, Status::Reconnecting);
}

#[test]
fn a_server_that_never_echoes_is_asked_and_then_sent_everything_again() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    rig.sent.clear();
    rig.wait(1_000);
    assert_eq!(rig.sent.len(), 1);
    let messages = decode(&rig.sent[0], &FrameLimits::default()).unwrap();
    assert_eq!(messages, [Message::SyncStep1(EMPTY_VECTOR)], "our own clock left out");
    rig.sent.clear();
    rig.wait(1_000);
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn a_link_on_which_nothing_answers_an_edit_is_given_up_after_seconds() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    rig.wait(1_000);
    rig.wait(7_999);
    assert_eq!(rig.room.connection.status().status, Status::Connected);
    rig.wait(1);
    assert_eq!(rig.room.connection.status().status, Status::Reconnecting);
    assert_eq!(rig.sync().pending, 3);
}

#[test]
fn a_large_edit_may_take_its_time_on_a_slow_line() {
    let mut rig = Rig::online();
    rig.type_text(&"x".repeat(100_000));
    rig.commit();
    rig.wait(1_000);
    rig.wait(9_000);
    assert_eq!(rig.room.connection.status().status, Status::Connected);
}

#[test]
fn a_link_that_dies_after_an_answer_without_the_edit_is_doubted_with_the_next_question() {
    let mut rig = Rig::online();
    rig.type_text("a");
    rig.commit();
    rig.wait(1_000);
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    let (asked, mut waited) = (rig.now, 0);
    while rig.room.connection.is_online() {
        assert!(waited < 60_000, "it was never given up");
        rig.wait(250);
        waited = rig.now - asked;
    }
    assert!((8_000..=11_000).contains(&waited), "after {waited} ms");
}

#[test]
fn a_server_that_never_asks_is_pushed_to_unasked() {
    let mut rig = Rig::new(PersistenceMode::Memory);
    rig.type_text("offline");
    rig.open();
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    assert_eq!(rig.updates_sent().len(), 0);
    rig.wait(250);
    assert_eq!(rig.updates_sent().len(), 1);
    assert_eq!(rig.room.connection.status().status, Status::Connected);
}

#[test]
fn a_server_that_lost_its_disk_makes_synced_edits_pending_and_gets_them_again() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    let update = rig.updates_sent().remove(0);
    rig.receive(encode::update(&update));
    assert_eq!(rig.sync().status, SyncStatus::Synchronized);
    let id = rig.socket.unwrap();
    let closed = SocketInput::Closed { code: 1012, reason: String::new(), clean: true };
    rig.run(|room, cx| room.handle_socket(cx, id, closed));
    rig.wait(5_000);
    rig.commit();
    rig.open();
    rig.sent.clear();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    assert_eq!((rig.updates_sent().len(), rig.sync().pending), (1, 3));
}

#[test]
fn an_update_with_a_hole_is_held_shown_as_such_and_asked_for() {
    let mut rig = Rig::online();
    let (mut doc, first) = other("a");
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 1, text: "b".into(), attributes: None };
    let second = doc.edit(edit).unwrap().update;
    rig.receive(encode::update(&second));
    assert_eq!((rig.sync().held, rig.sync().status), (1, SyncStatus::Synchronizing));
    rig.sent.clear();
    rig.wait(1_500);
    assert_eq!(rig.sent.len(), 1);
    rig.receive(encode::sync_step_2(&first));
    assert_eq!(rig.sync().held, 0);
    assert_eq!(rig.room.doc.read().get("text"), Some(&"ab".into()));
}

#[test]
fn an_edit_that_changes_nothing_leaves_no_trace() {
    let mut rig = Rig::online();
    rig.type_text("");
    let ty: TypeId = "r/text".parse().unwrap();
    let nothing = Edit::TextDelete { ty, index: 0, length: 0 };
    rig.run(|room, cx| room.edit(cx, nothing)).unwrap();
    assert!(rig.tasks.is_empty() && rig.sent.is_empty());
    assert_eq!(rig.sync().local, Durability::Saved);
}

#[test]
fn a_restart_shows_what_was_saved_and_what_the_server_lacks() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() else {
        panic!("no append")
    };
    let mut reopened = Rig::new(PersistenceMode::IndexedDb);
    let rows = records.into_iter().enumerate().map(|(i, bytes)| (RecordKey(i as u64 + 1), bytes));
    reopened.answer(StorageReply::Loaded(rows.collect()));
    assert_eq!(reopened.room.doc.read().get("text"), Some(&"abc".into()));
    assert_eq!((reopened.sync().pending, reopened.sync().local), (3, Durability::Saved));
    assert_ne!(reopened.room.client_id(), 0);
}

#[test]
fn a_full_disk_is_told_and_the_server_still_gets_the_edit() {
    let mut rig = Rig::online();
    rig.type_text("a");
    rig.tasks.pop_front();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Quota)));
    assert_eq!(rig.problems(), [ErrorCode::Quota]);
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (1, Durability::Unavailable));
}

#[test]
fn malformed_frames_are_dropped_and_the_third_ends_the_link() {
    let mut rig = Rig::online();
    for _ in 0..2 {
        rig.receive(vec![0, 2, 200]);
    }
    assert_eq!(rig.problems(), [ErrorCode::Protocol; 2]);
    assert!(rig.room.connection.is_online());
    rig.receive(vec![0, 1]);
    assert!(!rig.room.connection.is_online());
}

#[test]
fn many_questions_in_one_frame_get_one_answer() {
    let mut rig = Rig::online();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR).repeat(200));
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn leaving_says_goodbye_writes_what_is_queued_and_closes() {
    let mut rig = Rig::online();
    rig.type_text("a");
    rig.run(|room, cx| room.leave(cx));
    let Message::Awareness(entries) =
        decode(rig.sent.last().unwrap(), &FrameLimits::default()).unwrap().remove(0)
    else {
        panic!("no goodbye")
    };
    assert_eq!(entries[0].state, None);
    rig.commit();
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Close { .. })));
    rig.answer(StorageReply::Closed);
    assert!(rig.room.is_gone());
}

#[test]
fn a_nested_value_travels_like_any_other() {
    let roots = OrderedMap::from([("list".to_owned(), RootKind::List)]);
    let mut doc = Doc::new(9, &roots, Limits::default());
    let value = Prelim::Map(OrderedMap::from([("k".to_owned(), Prelim::Text("t".into()))]));
    let edit = Edit::ListInsert { ty: "r/list".parse().unwrap(), index: 0, values: vec![value] };
    let update = doc.edit(edit).unwrap().update;
    let mut rig = Rig::online();
    rig.receive(encode::update(&update));
    assert_eq!(rig.room.doc.content().units(), doc.content().units());
}

#[test]
fn odd_names_become_safe_paths() {
    assert_eq!(url_path("team 1/plan"), "team%201/plan");
    assert_eq!(url_path("日?#%"), "%E6%97%A5%3F%23%25");
}

#[test]
fn a_document_that_broke_lets_go_of_the_link_and_asks_to_be_replaced() {
    let mut rig = Rig::online();
    let (_, update) = other("x");
    rig.room.doc.break_for_test();
    rig.receive(encode::update(&update));
    assert!(rig.events.contains(&EventKind::Broken), "{:?}", rig.events);
    assert_eq!(rig.room.connection.status().status, Status::Disconnected);
    assert!(rig.problems().is_empty(), "the server is not to blame: {:?}", rig.problems());
    rig.events.clear();
    let ty: TypeId = "r/text".parse().unwrap();
    let refused = rig.run(|room, cx| room.edit(cx, Edit::TextDelete { ty, index: 0, length: 0 }));
    assert_eq!(refused.map_err(|misuse| misuse.code), Err(ErrorCode::Internal));
    assert!(rig.events.contains(&EventKind::Broken));
}
