//! Messages between the app, the log and the link.

use super::*;
use crate::event::{MessageEvent, SyncStatus};
use crate::protocol::messages::{Hello, Reply, Request};

/// Rows of a database.
type Rows = Vec<(RecordKey, Vec<u8>)>;

impl Rig {
    /// Sends a message; returns its id.
    fn write(&mut self, data: &str) -> String {
        self.run(|room, cx| room.send_message(cx, 0, data.into())).unwrap()
    }

    /// Does what the database is asked for, in `rows`.
    fn store(&mut self, rows: &mut Rows) {
        while let Some(task) = self.tasks.pop_front() {
            let mut put = |bytes: Vec<u8>| {
                let key = RecordKey(rows.last().map_or(1, |(key, _)| key.0 + 1));
                rows.push((key, bytes));
                key
            };
            let reply = match task {
                StorageTask::Load { .. } => StorageReply::Loaded(rows.clone()),
                StorageTask::Append { records, .. } => {
                    StorageReply::Written(records.into_iter().map(put).collect())
                }
                StorageTask::Read { key, .. } => {
                    let found = rows.iter().find(|(at, _)| *at == key);
                    StorageReply::Record(found.map(|(_, bytes)| bytes.clone()))
                }
                StorageTask::Replace { record, remove, .. } => {
                    let key = put(record);
                    rows.retain(|(key, _)| !remove.contains(key));
                    StorageReply::Written(vec![key])
                }
                StorageTask::Close { .. } => StorageReply::Closed,
            };
            self.run(|room, cx| room.handle_storage(cx, Ok(reply)));
        }
    }

    /// Another run, on these rows.
    fn run_number(run: u64, rows: &mut Rows) -> Self {
        let mut rig = Self::seeded(PersistenceMode::IndexedDb, run);
        rig.store(rows);
        rig
    }

    /// The server answers the handshake and, if it was asked, the subscription.
    fn greet(&mut self) {
        self.open();
        self.receive(encode::sync_step_1(EMPTY_VECTOR));
        self.receive(encode::sync_step_2(EMPTY_UPDATE));
        let request = self.requests().iter().rev().find_map(|request| match request {
            Asked::Subscribe(request) => Some(*request),
            Asked::Publish { .. } => None,
        });
        if let Some(request) = request {
            let hello =
                Hello { request, epoch: 5, next: 1, max_bytes: 1 << 20, ..Hello::default() };
            self.receive(Reply::Hello(hello).encode());
        }
    }

    fn requests(&self) -> Vec<Asked> {
        let mut found = Vec::new();
        for frame in &self.sent {
            let messages = decode(frame, &FrameLimits::default()).unwrap();
            for message in messages {
                let Message::Messages(payload) = message else { continue };
                found.extend(match Request::decode(payload).unwrap().unwrap() {
                    Request::Subscribe(subscribe) => Some(Asked::Subscribe(subscribe.request)),
                    Request::Publish { n, id, data, .. } => {
                        Some(Asked::Publish { n, id: id.into(), data: data.into() })
                    }
                    _ => None,
                });
            }
        }
        found
    }

    /// What was published, as `(number on the link, id, data)`.
    fn published(&self) -> Vec<(u64, String, String)> {
        let published = |asked| match asked {
            Asked::Publish { n, id, data } => Some((n, id, data)),
            Asked::Subscribe(_) => None,
        };
        self.requests().into_iter().filter_map(published).collect()
    }

    fn restored(&self) -> Vec<String> {
        let restored = |event: &EventKind| match event {
            EventKind::Messages(MessageEvent::Restored(messages)) => Some(messages.clone()),
            _ => None,
        };
        let messages = self.events.iter().filter_map(restored).flatten();
        messages.map(|message| message.id).collect()
    }
}

enum Asked {
    Subscribe(u64),
    Publish { n: u64, id: String, data: String },
}

#[test]
fn a_room_without_messages_sends_nothing_of_our_own() {
    let mut rig = Rig::online();
    rig.type_text("a");
    rig.commit();
    rig.wait(60_000);
    assert!(rig.requests().is_empty());
}

#[test]
fn nobody_sees_a_message_before_it_is_committed() {
    let mut rig = Rig::online();
    rig.run(|room, cx| room.subscribe_messages(cx));
    rig.greet();
    let id = rig.write("1");
    assert!(rig.published().is_empty());
    assert_eq!((rig.sync().pending, rig.sync().local), (1, Durability::Saving));
    rig.commit();
    assert_eq!(rig.published(), [(1, id, "1".into())]);
    assert_eq!((rig.sync().pending, rig.sync().local), (1, Durability::Saved));
    assert_eq!(rig.sync().status, SyncStatus::Synchronizing);
    rig.receive(Reply::Ack { n: 1, seq: 1 }.encode());
    assert_eq!((rig.sync().pending, rig.sync().status), (0, SyncStatus::Synchronized));
}

#[test]
fn a_message_written_offline_survives_the_tab_and_is_gone_once_acknowledged() {
    let mut rows = Rows::new();
    let mut rig = Rig::run_number(1, &mut rows);
    let ids = [rig.write("1"), rig.write("2")];
    rig.store(&mut rows);

    let mut second = Rig::run_number(2, &mut rows);
    assert_eq!((second.restored(), second.sync().pending), (ids.to_vec(), 2));
    second.greet();
    let [first, other] = ids.clone();
    let expected = [(1, first.clone(), "1".to_owned()), (2, other.clone(), "2".to_owned())];
    assert_eq!(second.published(), expected);
    second.receive(Reply::Ack { n: 1, seq: 1 }.encode());
    second.store(&mut rows);

    let mut third = Rig::run_number(3, &mut rows);
    assert_eq!(third.restored(), [other]);
    let new = third.write("3");
    assert!(!ids.contains(&new), "each run has ids of its own");
}

#[test]
fn what_is_acknowledged_while_the_disk_does_not_answer_is_not_sent_by_the_next_run() {
    let mut rows = Rows::new();
    let mut first = Rig::run_number(1, &mut rows);
    let ids = [first.write("1"), first.write("2")];
    first.store(&mut rows);

    let mut second = Rig::run_number(2, &mut rows);
    second.greet();
    second.type_text("x");
    for _ in 0..30 {
        second.wait(1_000);
        second.receive(encode::sync_step_2(EMPTY_UPDATE));
    }
    second.receive(Reply::Ack { n: 1, seq: 1 }.encode());
    assert_eq!((second.restored(), second.problems()), (ids.to_vec(), vec![ErrorCode::Storage]));
    second.wait(1_000);
    second.store(&mut rows);
    assert_eq!(second.sync().local, Durability::Saved);
    let [done, waits] = ids;
    assert_eq!(Rig::run_number(3, &mut rows).restored(), std::slice::from_ref(&waits));

    // Snapshots delete what was written behind the disk's failure, but not the message.
    for _ in 0..3 * 520 {
        second.type_text("x");
        second.store(&mut rows);
    }
    assert!(rows.len() < 1_200, "{} rows", rows.len());
    let restored = Rig::run_number(4, &mut rows).restored();
    assert_eq!((restored.contains(&done), restored.contains(&waits)), (false, true));
}

#[test]
fn compaction_keeps_the_messages_that_wait_and_forgets_the_others() {
    let mut rows = Rows::new();
    let mut rig = Rig::run_number(4, &mut rows);
    rig.greet();
    let (done, waits) = (rig.write("1"), rig.write("2"));
    rig.store(&mut rows);
    rig.run(|room, cx| room.subscribe_messages(cx));
    rig.greet();
    rig.receive(Reply::Ack { n: 1, seq: 1 }.encode());
    // Twice: a snapshot deletes what the one before it, read back, contains.
    for _ in 0..2 {
        for _ in 0..510 {
            rig.type_text("x");
            rig.store(&mut rows);
        }
    }
    assert!(rows.len() < 1_020, "{} rows", rows.len());
    let mut reopened = Rig::run_number(5, &mut rows);
    assert_eq!((reopened.restored(), reopened.problems()), (vec![waits.clone()], vec![]));
    assert_ne!(done, waits);
    reopened.wait(10);
    assert_eq!(reopened.room.doc.read().get("text"), Some(&"x".repeat(1_020).into()));
}

#[test]
fn a_message_that_is_damaged_on_disk_is_told_and_the_others_are_kept() {
    let mut rows = Rows::new();
    let mut rig = Rig::run_number(6, &mut rows);
    let ids = [rig.write("1"), rig.write("2"), rig.write("3")];
    rig.store(&mut rows);
    let last = rows[1].1.len() - 1;
    rows[1].1[last] ^= 1;
    let reopened = Rig::run_number(7, &mut rows);
    let [first, _, third] = ids;
    assert_eq!(reopened.restored(), [first, third]);
    assert_eq!(reopened.problems(), [ErrorCode::StorageCorrupt]);
}

#[test]
fn two_tabs_on_one_log_do_not_lose_each_others_messages() {
    let mut rows = Rows::new();
    let (mut one, mut two) = (Rig::run_number(8, &mut rows), Rig::run_number(9, &mut rows));
    let first = one.write("1");
    one.store(&mut rows);
    let second = two.write("2");
    two.store(&mut rows);
    for _ in 0..510 {
        two.type_text("x");
        two.store(&mut rows);
    }
    let reopened = Rig::run_number(10, &mut rows);
    let mut restored = reopened.restored();
    restored.sort();
    let mut expected = vec![first, second];
    expected.sort();
    assert_eq!(restored, expected);
}

#[test]
fn a_server_that_breaks_the_dialect_is_told_and_left_after_three_times_and_nothing_is_lost() {
    let mut rig = Rig::online();
    rig.write("1");
    rig.commit();
    rig.greet();
    for garbage in [Reply::Ack { n: 9, seq: 9 }.encode(), vec![120, 1, 17]] {
        rig.receive(garbage);
    }
    assert_eq!(rig.problems(), [ErrorCode::Protocol; 2]);
    assert!(rig.room.connection.is_online());
    rig.receive(Reply::Ack { n: 8, seq: 1 }.encode());
    assert!(!rig.room.connection.is_online());
    assert_eq!((rig.sync().pending, rig.sync().local), (1, Durability::Saved));
}

#[test]
fn a_silent_server_is_probed_when_it_does_not_acknowledge() {
    let mut rig = Rig::online();
    rig.write("1");
    rig.commit();
    rig.greet();
    rig.sent.clear();
    rig.wait(1_000);
    assert_eq!(rig.published().len(), 1, "sent again");
    let probes = rig.sent.iter().filter(|frame| frame.starts_with(&[0, 0])).count();
    assert_eq!(probes, 1, "and asked whether it lives");
}
