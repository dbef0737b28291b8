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

/// Of each `E_STORAGE` that was told, whether it may pass.
fn storage_problems(rig: &Rig) -> Vec<bool> {
    let problem = |event: &EventKind| match event {
        EventKind::Error(problem) if problem.code == ErrorCode::Storage => Some(problem.retryable),
        _ => None,
    };
    rig.events.iter().filter_map(problem).collect()
}
