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

/// `list` of client 9 holds a subdocument with the guid `d` and the options `{a: 1}`.
const SUBDOCUMENT: &[u8] = b"\x01\x01\x09\x00\x09\x01\x04list\x01d\x76\x01\x01a\x7d\x01\x00";

#[test]
fn what_is_said_about_a_subdocument_stays_with_it_when_it_is_moved_in_a_batch() {
    let config = Config { url: Some("ws://s".into()), ..Config::default() };
    let mut options = options(PathMode::Both);
    options.roots.insert("list".into(), RootKind::List);
    let mut rig = Rig::with_options(&config, 1, options).into_online();
    rig.receive(encode::update(SUBDOCUMENT));
    rig.commit();
    rig.run(|room, _| room.begin_batch(Intent::Own)).unwrap();
    rig.type_text("a");
    let ty: TypeId = "r/list".parse().unwrap();
    let values = vec![Prelim::Value(true.into())];
    for edit in [
        Edit::ListInsert { ty: ty.clone(), index: 1, values },
        Edit::ListMove { ty, from: 0, to: 1 },
    ] {
        rig.run(|room, cx| room.edit(cx, edit)).unwrap();
    }
    rig.run(|room, cx| room.end_batch(cx));
    rig.commit();
    let updates = rig.updates_sent();
    let said = b"\x01d\x76\x01\x01a\x7d\x01";
    assert_eq!(updates.len(), 1);
    assert!(updates[0].windows(said.len()).any(|part| part == said), "{:?}", updates[0]);
}
