//! What this device brings and hangs on something that is missing here.

use super::*;
use crate::event::PathChannel;
use crate::protocol::peer::Peer;
use crate::room::persistence::record::{Record, RecordKind};

/// Two updates of another writer, of which the second one hangs on the first.
pub(super) fn halves() -> (Vec<u8>, Vec<u8>) {
    halves_with("b".into())
}

fn halves_with(text: String) -> (Vec<u8>, Vec<u8>) {
    let (mut doc, first) = other("a");
    let at_end = Edit::TextInsert { ty: TypeId::root("text"), index: 1, text, attributes: None };
    let second = doc.edit(at_end).expect("an edit").update;
    (first, second)
}

fn rows(records: &[Vec<u8>]) -> StorageReply {
    let keyed = records.iter().cloned().enumerate();
    StorageReply::Loaded(keyed.map(|(at, bytes)| (RecordKey(at as u64 + 1), bytes)).collect())
}

pub(super) fn local(boot: u64, payload: &[u8]) -> Vec<u8> {
    Record { kind: RecordKind::Local, boot, loaded: 0, payload: payload.to_vec() }.encode()
}

/// The server has the first half, and says so.
fn meet_server(rig: &mut Rig, first: &[u8]) {
    rig.open();
    let mut server = Doc::new(9, &OrderedMap::new(), Limits::default());
    server.apply(first, Origin::Remote).expect("an update");
    rig.receive(encode::sync_step_1(&server.encode_state_vector()));
    rig.receive(encode::sync_step_2(first));
}

fn commit_all(rig: &mut Rig) -> Vec<Vec<u8>> {
    let mut log = Vec::new();
    while let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() {
        log.extend(records);
        rig.commit();
    }
    log
}

fn text(rig: &Rig) -> Option<serde_json::Value> {
    rig.room.doc.read().get("text").cloned()
}

#[test]
fn a_stored_edit_that_hung_on_a_lost_record_goes_to_the_server_once_it_can() {
    let (first, second) = halves();
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.answer(rows(&[local(7, &second)]));
    assert_eq!(rig.sync().held, 1);
    meet_server(&mut rig, &first);
    commit_all(&mut rig);
    assert_eq!(text(&rig), Some("ab".into()));
    assert_eq!((rig.sync().held, rig.sync().pending), (0, 1));
    assert_eq!(rig.sync().status, SyncStatus::Synchronizing);
    assert!(rig.updates_sent().contains(&second), "{:?}", rig.updates_sent());
}

#[test]
fn an_update_of_the_app_waits_for_what_the_server_brings_and_follows_it() {
    let (first, second) = halves();
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.answer(rows(&[]));
    rig.run(|room, cx| room.apply_update(cx, &second)).expect("it waits");
    assert_eq!(rig.sync().held, 1);
    let log = commit_all(&mut rig);
    let is_it =
        |bytes: &Vec<u8>| Record::decode(bytes).is_ok_and(|record| record.payload == second);
    assert!(log.iter().any(is_it), "it is not logged");
    meet_server(&mut rig, &first);
    commit_all(&mut rig);
    assert_eq!((text(&rig), rig.sync().pending), (Some("ab".into()), 1));
    assert!(rig.updates_sent().contains(&second));
}

#[test]
fn an_update_of_the_app_that_waits_online_is_pending_once_it_is_in() {
    let (first, second) = halves();
    let mut rig = Rig::online();
    rig.run(|room, cx| room.apply_update(cx, &second)).expect("it waits");
    rig.receive(encode::update(&first));
    commit_all(&mut rig);
    assert_eq!((text(&rig), rig.sync().pending), (Some("ab".into()), 1));
    assert!(rig.updates_sent().contains(&second));
}

#[test]
fn a_snapshot_after_a_failure_leaves_what_waits_in_the_log() {
    let (first, second) = halves();
    let mut log = vec![local(7, &second)];
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.answer(rows(&log));
    rig.type_text("x");
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Quota)));
    rig.tasks.clear();
    rig.wait(1_000);
    log.extend(commit_all(&mut rig));
    comes_back(&log, &first, &second);
}

#[test]
fn a_snapshot_behind_a_late_log_leaves_what_waits_in_it() {
    let (first, second) = halves();
    let mut log = vec![local(7, &second)];
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.tasks.clear();
    rig.run(|room, cx| room.handle_storage(cx, Err(StorageError::Blocked)));
    rig.wait(1_000);
    rig.answer(rows(&log));
    log.extend(commit_all(&mut rig));
    comes_back(&log, &first, &second);
}

fn comes_back(log: &[Vec<u8>], first: &[u8], second: &[u8]) {
    let mut rig = Rig::seeded(PersistenceMode::IndexedDb, 2);
    rig.answer(rows(log));
    assert_eq!(rig.sync().held, 1, "it is gone");
    meet_server(&mut rig, first);
    commit_all(&mut rig);
    let shown = text(&rig).and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
    assert!(shown.contains("ab"), "{shown}");
    let sent = rig.updates_sent();
    let mut server = Doc::new(9, &OrderedMap::new(), Limits::default());
    server.apply(first, Origin::Remote).expect("an update");
    for update in &sent {
        server.apply(update, Origin::Remote).expect("an update");
    }
    assert!(server.knows(second).expect("an update"), "it was not sent");
}

/// Letters of two writers, and one that a third put between them.
fn between() -> [Vec<u8>; 3] {
    let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
    let insert = |doc: &mut Doc, index, text: &str| {
        let (ty, text) = (TypeId::root("text"), text.to_owned());
        doc.edit(Edit::TextInsert { ty, index, text, attributes: None }).expect("an edit").update
    };
    let [mut left, mut right, mut middle] =
        [71, 72, 73].map(|client| Doc::new(client, &roots, Limits::default()));
    let a = insert(&mut left, 0, "a");
    right.apply(&a, Origin::Remote).expect("an update");
    let b = insert(&mut right, 1, "b");
    for update in [&a, &b] {
        middle.apply(update, Origin::Remote).expect("an update");
    }
    [a, b, insert(&mut middle, 1, "x")]
}

#[test]
fn what_the_app_and_a_peer_bring_stays_when_it_was_tried_in_vain_and_the_peer_goes() {
    let [a, b, x] = between();
    let mut rig = Rig::online();
    rig.path_up(3);
    rig.hear(3, PathChannel::Sync, &encode::update(&x));
    rig.run(|room, cx| room.apply_update(cx, &x)).expect("it waits");
    rig.receive(encode::update(&a));
    rig.run(|room, cx| room.path_down(cx, 3, false)).expect("a path");
    assert_eq!(rig.sync().held, 1, "it is gone");
    rig.receive(encode::update(&b));
    commit_all(&mut rig);
    assert_eq!((text(&rig), rig.sync().pending), (Some("axb".into()), 1));
}

#[test]
fn what_several_peers_sent_and_was_tried_in_vain_is_confirmed_to_none_of_them() {
    let [a, _, x] = between();
    let mut rig = Rig::online();
    for path in [3, 4] {
        rig.path_up(path);
        rig.hear(path, PathChannel::Sync, &encode::update(&x));
    }
    rig.receive(encode::update(&a));
    for path in [3, 4] {
        rig.hear(path, PathChannel::Sync, &Peer::Mark(1).encode());
    }
    commit_all(&mut rig);
    assert_eq!([3, 4].map(|path| rig.room.doc.holds_from(Origin::Path(path))), [true; 2]);
    let told = rig.take_frames().into_iter().filter(|(.., frame)| *frame == Peer::Done(1).encode());
    assert_eq!(told.count(), 0);
}

#[test]
fn what_waits_waits_however_large_it_is_and_is_confirmed_to_nobody_before() {
    let (first, paste) = halves_with("b".repeat(9 << 20));
    let mut rig = Rig::online();
    rig.path_up(3);
    rig.hear(3, PathChannel::Sync, &encode::update(&paste));
    rig.hear(3, PathChannel::Sync, &Peer::Mark(1).encode());
    assert_eq!(rig.sync().held, 1, "of a peer");
    let done = Peer::Done(1).encode();
    let is_told = |rig: &mut Rig| rig.take_frames().iter().any(|(.., frame)| *frame == done);
    assert!(!is_told(&mut rig), "it is not here");
    rig.receive(encode::update(&first));
    commit_all(&mut rig);
    assert!(is_told(&mut rig));
    let mut rig = Rig::online();
    rig.receive(encode::update(&paste));
    assert_eq!(rig.sync().held, 1, "of the server");
}
