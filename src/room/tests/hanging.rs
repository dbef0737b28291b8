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
    assert!(rig.events.iter().any(|event| matches!(
        event,
        EventKind::Error(problem) if problem.code == ErrorCode::Storage
    )));
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
