//! Logs that could not be read when the room was entered.

use super::compaction::Stored;
use super::footing::greeting;
use super::*;
use crate::event::Obstacle;
use crate::protocol::standing::Access;
use crate::room::persistence::record::{Record, RecordKind};

#[test]
fn a_log_that_is_read_late_gets_the_whole_document() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.tasks.pop_front();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Blocked)));
    rig.type_text("abc");
    assert_eq!((rig.tasks.len(), rig.sync().local), (0, Durability::Unavailable));
    rig.wait(1_000);
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Load { .. })));
    rig.answer(StorageReply::Loaded(Vec::new()));
    assert_eq!(rig.sync().local, Durability::Saving);
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() else {
        panic!("no append")
    };
    rig.commit();
    assert_eq!(rig.sync().local, Durability::Saved);
    let mut reopened = Rig::new(PersistenceMode::IndexedDb);
    let rows = records.into_iter().enumerate().map(|(i, bytes)| (RecordKey(i as u64 + 1), bytes));
    reopened.answer(StorageReply::Loaded(rows.collect()));
    assert_eq!(reopened.room.doc.read().get("text"), Some(&"abc".into()));
}

#[test]
fn what_a_late_log_brings_back_to_a_server_that_forgot_it_is_pending_and_sent() {
    let mut author = Rig::online();
    author.type_text("abc");
    let mut log = Vec::new();
    while let Some(StorageTask::Append { records, .. }) = author.tasks.front().cloned() {
        log.extend(records);
        author.commit();
        for update in author.updates_sent() {
            author.receive(encode::update(&update));
        }
        author.sent.clear();
    }
    assert_eq!(author.sync().pending, 0);

    let mut rig = online_without_its_log();
    rig.wait(1_000);
    rig.sent.clear();
    let rows = log.into_iter().enumerate().map(|(at, bytes)| (RecordKey(at as u64 + 1), bytes));
    rig.answer(StorageReply::Loaded(rows.collect()));
    rig.commit();
    let sent = rig.updates_sent().len();
    assert_eq!((rig.sync().status, rig.sync().pending, sent), (SyncStatus::Synchronizing, 3, 1));
}

#[test]
fn an_edit_made_while_a_log_is_read_late_is_told_to_be_in_memory_and_leaves() {
    let mut rig = online_without_its_log();
    rig.wait(1_000);
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Load { .. })));
    rig.sent.clear();
    rig.type_text("told to be in memory only ");
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (1, Durability::Unavailable));
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.sent.clear();
    rig.type_text("to be saved first ");
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (0, Durability::Saving));
    for _ in 0..2 {
        rig.commit();
    }
    // What the server had not returned when the log was read, and the edit behind it.
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (2, Durability::Saved));
}

#[test]
fn what_was_edited_while_a_log_is_read_late_is_written_also_if_the_room_was_left_meanwhile() {
    let mut rig = online_without_its_log();
    rig.wait(1_000);
    rig.type_text("abc");
    rig.run(Room::leave);
    rig.answer(StorageReply::Loaded(Vec::new()));
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() else {
        panic!("it is lost: {:?}", rig.tasks)
    };
    rig.commit();
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Close { .. })), "{:?}", rig.tasks);
    let mut reopened = Rig::seeded(PersistenceMode::IndexedDb, 9);
    let rows = records.into_iter().enumerate().map(|(i, bytes)| (RecordKey(i as u64 + 1), bytes));
    reopened.answer(StorageReply::Loaded(rows.collect()));
    assert_eq!(reopened.room.doc.read().get("text"), Some(&"abc".into()));
    assert_eq!(reopened.sync().pending, 3, "the server may lack it");
}

#[test]
fn a_room_that_is_left_before_its_log_was_read_writes_nothing() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.run(Room::leave);
    rig.answer(StorageReply::Loaded(epoch_5_log()));
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Close { .. })), "{:?}", rig.tasks);
}

#[test]
fn a_late_log_of_another_epoch_than_the_servers_is_not_pushed_before_the_app_decides() {
    let mut rig = online_without_its_log();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    rig.wait(1_000);
    rig.sent.clear();
    rig.answer(StorageReply::Loaded(epoch_5_log()));
    rig.commit();
    assert_eq!(rig.updates_sent(), Vec::<Vec<u8>>::new());
    assert_eq!(
        (rig.sync().status, rig.sync().obstacle),
        (SyncStatus::Rejected, Some(Obstacle::Epoch))
    );
    assert_eq!(rig.room.connection.status().status, Status::Connected);
    rig.merge();
    rig.commit();
    assert_eq!((rig.updates_sent().len(), rig.sync().obstacle), (1, None));
}

#[test]
fn the_epoch_of_a_late_log_is_told_also_where_edits_were_not_taken_for_another_reason() {
    let mut rig = online_without_its_log();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Read));
    rig.type_text("mine");
    rig.wait(1_000);
    rig.answer(StorageReply::Loaded(epoch_5_log()));
    rig.commit();
    assert_eq!(rig.problems(), [ErrorCode::Quota, ErrorCode::Rejected, ErrorCode::Epoch]);
}

#[test]
fn a_late_log_of_another_epoch_is_told_on_the_next_link_if_there_is_none() {
    let mut rig = online_without_its_log();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    rig.wait(1_000);
    let id = rig.socket.unwrap();
    let closed = SocketInput::Closed { code: 1012, reason: String::new(), clean: true };
    rig.run(|room, cx| room.handle_socket(cx, id, closed));
    rig.answer(StorageReply::Loaded(epoch_5_log()));
    rig.commit();
    rig.wait(5_000);
    rig.open();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    assert_eq!(rig.sync().obstacle, Some(Obstacle::Epoch));
}

#[test]
fn a_late_log_of_which_the_server_lacks_nothing_belongs_to_the_servers_epoch() {
    let (theirs, update) = other("abc");
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.tasks.pop_front();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Quota)));
    rig.open();
    rig.receive(greeting(&theirs.encode_state_vector(), 6, Access::Write));
    rig.receive(encode::sync_step_2(&update));
    rig.wait(1_000);
    rig.answer(StorageReply::Loaded(epoch_5_log()));
    rig.commit();
    assert_eq!((rig.sync().status, rig.sync().obstacle), (SyncStatus::Synchronized, None));
}

/// What another run had from a server of epoch 5.
fn epoch_5_log() -> Stored {
    let record = |kind, payload| Record { kind, boot: 7, loaded: 0, payload }.encode();
    let remote = record(RecordKind::Remote, other("abc").1);
    vec![(RecordKey(1), remote), (RecordKey(2), record(RecordKind::Epoch, vec![5]))]
}

/// A room whose log was full when it was entered, with a server that has nothing.
fn online_without_its_log() -> Rig {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.tasks.pop_front();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Quota)));
    rig.open();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig
}
