//! Logs that could not be read when the room was entered.

use super::*;

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
fn an_edit_made_while_a_log_is_read_late_leaves_once_that_has_the_whole_document() {
    let mut rig = online_without_its_log();
    rig.type_text("told to be in memory only ");
    rig.wait(1_000);
    rig.sent.clear();
    rig.type_text("to be saved first ");
    rig.answer(StorageReply::Loaded(Vec::new()));
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (0, Durability::Saving));
    rig.commit();
    assert!(!rig.updates_sent().is_empty());
    assert_eq!(rig.sync().local, Durability::Saved);
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
