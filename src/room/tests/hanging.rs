//! Databases that neither answer nor fail.

use super::*;

#[test]
fn a_room_whose_log_is_never_read_opens_in_memory_and_saves_all_once_it_is() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.wait(29_999);
    assert!(!rig.events.contains(&EventKind::Ready));
    rig.wait(1);
    assert!(rig.tasks.is_empty(), "what was under way is abandoned");
    assert!(rig.events.contains(&EventKind::Ready));
    assert_eq!(storage_problems(&rig), [true], "it is tried again, and the app is told so");
    rig.type_text("abc");
    assert_eq!(rig.sync().local, Durability::Unavailable);
    rig.wait(1_000);
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.commit();
    assert_eq!(rig.sync().local, Durability::Saved);
}

#[test]
fn an_edit_whose_commit_is_never_told_is_said_to_be_in_memory_and_written_again() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.type_text("abc");
    for _ in 0..30 {
        assert_eq!(rig.sync().local, Durability::Saving);
        rig.wait(1_000);
    }
    assert_eq!(rig.sync().local, Durability::Unavailable);
    assert!(rig.tasks.is_empty(), "what was under way is abandoned");
    rig.wait(1_000);
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Append { .. })));
    rig.commit();
    assert_eq!(rig.sync().local, Durability::Saved);
}

#[test]
fn a_device_without_a_database_is_told_once_and_never_asked_again() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.tasks.pop_front();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Unavailable)));
    rig.wait(120_000);
    assert!(rig.tasks.is_empty());
    assert_eq!(storage_problems(&rig), [false]);
}

#[test]
fn while_a_log_that_hung_is_read_again_edits_leave_and_are_said_to_be_in_memory() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.wait(30_000);
    rig.open();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.wait(1_000);
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Load { .. })));
    rig.sent.clear();
    rig.type_text("abc");
    assert_eq!((rig.updates_sent().len(), rig.sync().local), (1, Durability::Unavailable));
    rig.answer(StorageReply::Loaded(Vec::new()));
    assert_eq!(rig.sync().local, Durability::Saving);
    rig.type_text("d");
    assert_eq!(rig.updates_sent().len(), 1, "it can be saved, and is first");
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 2);
}

#[test]
fn a_log_that_stays_blocked_is_tried_less_and_less_often_and_told_once() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    let mut tried = Vec::new();
    for _ in 0..200 {
        if rig.refuse_load(StorageError::Blocked) {
            tried.push(rig.now / 1_000);
        }
        rig.wait(1_000);
    }
    assert_eq!(tried, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    assert_eq!(rig.problems(), [ErrorCode::IdbBlocked]);
}

#[test]
fn what_fails_otherwise_or_again_after_it_worked_is_told_again() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    for error in [StorageError::Blocked, StorageError::Blocked, StorageError::Quota] {
        assert!(rig.refuse_load(error));
        rig.wait(4_000);
    }
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.tasks.clear();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Quota)));
    assert_eq!(rig.problems(), [ErrorCode::IdbBlocked, ErrorCode::Quota, ErrorCode::Quota]);
}

impl Rig {
    /// Fails the reading of the log, if that is under way.
    fn refuse_load(&mut self, error: StorageError) -> bool {
        let loads = matches!(self.tasks.pop_front(), Some(StorageTask::Load { .. }));
        if loads {
            self.run(|room, cx| room.handle_storage(cx, Err(error)));
        }
        loads
    }
}

/// Of each `E_STORAGE` that was told, whether it may pass.
fn storage_problems(rig: &Rig) -> Vec<bool> {
    let problem = |event: &EventKind| match event {
        EventKind::Error(problem) if problem.code == ErrorCode::Storage => Some(problem.retryable),
        _ => None,
    };
    rig.events.iter().filter_map(problem).collect()
}
