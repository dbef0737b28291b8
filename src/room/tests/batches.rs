//! Batches in a room: one record, one frame, told at the end.

use super::*;

#[test]
fn a_batch_is_one_record_and_one_frame() {
    let mut rig = Rig::online();
    rig.run(|room, _| room.begin_batch(Intent::Own)).unwrap();
    rig.type_text("c");
    rig.type_text("b");
    rig.type_text("a");
    assert!(rig.tasks.is_empty());
    rig.run(|room, cx| room.end_batch(cx));
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front() else { panic!("no append") };
    assert_eq!(records.len(), 1);
    rig.commit();
    let updates = rig.updates_sent();
    assert_eq!(updates.len(), 1);
    let mut copy =
        Doc::new(5, &OrderedMap::from([("text".into(), RootKind::Text)]), Limits::default());
    copy.apply(&updates[0], Origin::Remote).unwrap();
    assert_eq!(copy.read().get("text"), Some(&"abc".into()));
}

#[test]
fn how_many_edits_wait_is_told_at_the_beginning_of_a_batch_and_at_its_end() {
    let mut rig = Rig::online();
    rig.run(|room, _| room.begin_batch(Intent::Own)).unwrap();
    let told =
        |rig: &Rig| rig.events.iter().filter(|event| matches!(event, EventKind::Sync(_))).count();
    let before = told(&rig);
    for _ in 0..100 {
        rig.type_text("a");
    }
    assert_eq!((told(&rig) - before, rig.sync().status), (1, SyncStatus::Synchronizing));
    rig.run(|room, cx| room.end_batch(cx));
    assert_eq!((rig.sync().pending, rig.sync().local), (100, Durability::Saving));
}
