//! Undo in a room: what is undone goes the way of every edit.

use super::*;
use crate::doc::{Direction, UndoState};

fn travel(rig: &mut Rig, direction: Direction) -> bool {
    rig.run(|room, cx| room.undo(cx, UndoCommand::Travel(direction))).unwrap()
}

fn states(rig: &Rig) -> Vec<(bool, bool)> {
    let told = rig.events.iter().filter_map(|event| match event {
        EventKind::Undo(UndoState { undo, redo }) => Some((undo.is_some(), redo.is_some())),
        _ => None,
    });
    told.collect()
}

#[test]
fn an_undone_step_is_one_record_and_one_frame_and_is_pending_until_the_server_has_it() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    rig.now += 1_000;
    let ty: TypeId = "r/text".parse().unwrap();
    rig.run(|room, cx| {
        room.begin_batch(Intent::Own).unwrap();
        room.edit(cx, Edit::TextDelete { ty: ty.clone(), index: 1, length: 1 }).unwrap();
        let edit = Edit::TextInsert { ty, index: 1, text: "x".into(), attributes: None };
        room.edit(cx, edit).unwrap();
        room.end_batch(cx);
    });
    rig.commit();
    rig.sent.clear();
    assert!(travel(&mut rig, Direction::Undo));
    assert_eq!(rig.room.doc.read().get("text"), Some(&"abc".into()));
    assert_eq!(rig.sync().local, Durability::Saving);
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front() else { panic!("no append") };
    assert_eq!(records.len(), 1);
    rig.commit();
    assert_eq!((rig.updates_sent().len(), rig.sync().status), (1, SyncStatus::Synchronizing));
    let echo: Vec<_> = rig.room.doc.encode_state();
    rig.receive(encode::update(&echo));
    assert_eq!(rig.sync().status, SyncStatus::Synchronized);
    assert_eq!(states(&rig), [(true, false), (true, false), (true, true)]);
}

#[test]
fn undoing_where_there_is_nothing_leaves_no_trace() {
    let mut rig = Rig::online();
    assert!(!travel(&mut rig, Direction::Undo) && !travel(&mut rig, Direction::Redo));
    assert!(rig.tasks.is_empty() && rig.sent.is_empty() && states(&rig).is_empty());
}

#[test]
fn what_the_log_brings_back_is_no_step() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() else {
        panic!("no append")
    };
    let mut reopened = Rig::new(PersistenceMode::IndexedDb);
    let rows = records.into_iter().enumerate().map(|(i, bytes)| (RecordKey(i as u64 + 1), bytes));
    reopened.answer(StorageReply::Loaded(rows.collect()));
    assert!(!travel(&mut reopened, Direction::Undo));
    assert_eq!(reopened.room.doc.read().get("text"), Some(&"abc".into()));
}

#[test]
fn another_client_id_tells_that_there_is_nothing_to_undo_any_more() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.commit();
    let mut thief = Doc::new(
        rig.room.client_id(),
        &OrderedMap::from([("text".into(), RootKind::Text)]),
        Limits::default(),
    );
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 0, text: "longer than ours".into(), attributes: None };
    let stolen = thief.edit(edit).unwrap().update;
    rig.receive(encode::update(&stolen));
    assert_eq!(states(&rig).last(), Some(&(false, false)));
}
