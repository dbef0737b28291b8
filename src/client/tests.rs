//! Rooms that are left and entered again, over a disk that does what it is asked when the test says so.

use super::*;
use crate::config::{PathMode, PersistenceMode};
use crate::doc::RootKind;
use crate::io::{RecordKey, StorageReply, StorageTask};

struct Rig {
    client: Client,
    now: Instant,
    tasks: VecDeque<(TaskId, StorageTask)>,
    rows: Vec<Vec<u8>>,
}

impl Rig {
    fn new(persistence: PersistenceMode) -> Self {
        let config = Config { persistence, ..Config::default() };
        let (tasks, rows) = (VecDeque::new(), Vec::new());
        Self { client: Client::new(config, 1), now: Instant::default(), tasks, rows }
    }

    fn enter(&mut self) -> RoomId {
        let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
        let options =
            RoomOptions { roots, presence: None, connect: false, mode: PathMode::default() };
        let room = self.client.enter_room(self.now, "room", options).unwrap();
        self.collect();
        room
    }

    fn leave(&mut self, room: RoomId) {
        self.client.leave_room(self.now, room).unwrap();
        self.collect();
    }

    fn write(&mut self, room: RoomId, text: &str) {
        let ty = "r/text".parse().unwrap();
        let edit = Edit::TextInsert { ty, index: 0, text: text.into(), attributes: None };
        self.client.edit(self.now, room, edit).unwrap();
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.client.poll_output() {
            if let Output::Storage(id, task) = output {
                self.tasks.push_back((id, task));
            }
        }
    }

    /// Does the oldest task; whether there was one.
    fn step(&mut self) -> bool {
        let Some((id, task)) = self.tasks.pop_front() else { return false };
        let reply = match task {
            StorageTask::Load { .. } => {
                let rows = self.rows.iter().cloned().enumerate();
                StorageReply::Loaded(
                    rows.map(|(at, row)| (RecordKey(at as u64 + 1), row)).collect(),
                )
            }
            StorageTask::Append { records, .. } => {
                let first = self.rows.len() as u64 + 1;
                self.rows.extend(records);
                StorageReply::Written((first..=self.rows.len() as u64).map(RecordKey).collect())
            }
            StorageTask::Close { .. } => StorageReply::Closed,
            other => panic!("{other:?}"),
        };
        self.client.handle_input(self.now, Input::Storage(id, Ok(reply)));
        self.collect();
        true
    }

    fn text(&self, room: RoomId) -> String {
        let shown = self.client.doc(room).unwrap().read();
        shown.get("text").map(ToString::to_string).unwrap_or_default()
    }
}

#[test]
fn a_room_that_is_entered_again_shows_what_was_still_being_written() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    let first = rig.enter();
    rig.step();
    rig.write(first, "a");
    rig.write(first, "b");
    rig.leave(first);
    let second = rig.enter();
    while rig.step() {}
    assert_eq!(rig.text(second), "\"ba\"");
}

#[test]
fn it_waits_for_all_that_were_left_and_for_no_other() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    let first = rig.enter();
    rig.step();
    rig.write(first, "a");
    rig.leave(first);
    let second = rig.enter();
    rig.leave(second);
    let third = rig.enter();
    assert_eq!(rig.tasks.len(), 1, "{:?}", rig.tasks);
    assert!(rig.client.room(second).is_err(), "it had nothing to write");
    while rig.step() {}
    let fourth = rig.enter();
    while rig.step() {}
    for room in [third, fourth] {
        assert_eq!(rig.text(room), "\"a\"");
    }
}

#[test]
fn without_a_disk_it_is_there_at_once() {
    let mut rig = Rig::new(PersistenceMode::Memory);
    let first = rig.enter();
    rig.leave(first);
    let second = rig.enter();
    rig.write(second, "a");
    assert_eq!(rig.text(second), "\"a\"");
}
