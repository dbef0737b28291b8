//! A room that is tapped tells what it takes in as updates; and what a replica in the page wrote is an edit like any.

use super::*;

fn news(rig: &Rig) -> Vec<Vec<u8>> {
    let update = |event: &EventKind| match event {
        EventKind::Doc { update, .. } => update.clone(),
        _ => None,
    };
    rig.events.iter().filter_map(update).collect()
}

#[test]
fn a_room_that_is_not_tapped_tells_no_bytes() {
    let mut rig = Rig::online();
    rig.type_text("abc");
    rig.receive(encode::update(&other("x").1));
    assert_eq!(news(&rig), Vec::<Vec<u8>>::new());
}

#[test]
fn own_edits_and_those_of_others_are_told_as_they_go_to_the_server() {
    let mut rig = Rig::online();
    rig.room.tap().expect("it is ready");
    rig.type_text("abc");
    rig.commit();
    let theirs = other("x").1;
    rig.receive(encode::update(&theirs));
    assert_eq!(news(&rig), vec![rig.updates_sent().remove(0), theirs.clone()]);
    rig.receive(encode::update(&theirs));
    assert_eq!(news(&rig).len(), 2, "what is known is no news");
}

#[test]
fn what_lies_in_no_declared_root_is_told_without_changes() {
    let update =
        Doc::new(9, &OrderedMap::from([("aside".into(), RootKind::Text)]), Limits::default())
            .edit(Edit::TextInsert {
                ty: "r/aside".parse().unwrap(),
                index: 0,
                text: "x".into(),
                attributes: None,
            })
            .unwrap()
            .update;
    let mut rig = Rig::online();
    rig.room.tap().expect("it is ready");
    rig.events.clear();
    rig.receive(encode::update(&update));
    assert_eq!(news(&rig), vec![update]);
    let empty =
        |event: &EventKind| matches!(event, EventKind::Doc { changes, .. } if changes.is_empty());
    assert!(rig.events.iter().any(empty));
}

#[test]
fn an_update_of_the_page_is_committed_before_it_is_sent_and_pending_until_it_comes_back() {
    let mut rig = Rig::online();
    rig.room.tap().expect("it is ready");
    let (_, update) = other("x");
    rig.run(|room, cx| room.apply_update(cx, &update)).expect("it is taken");
    assert_eq!((rig.sync().pending, rig.sync().local), (1, Durability::Saving));
    assert!(rig.updates_sent().is_empty());
    rig.commit();
    assert_eq!((rig.sync().pending, rig.sync().local), (1, Durability::Saved));
    assert_eq!(rig.updates_sent(), vec![update.clone()]);
    assert_eq!(rig.sync().status, SyncStatus::Synchronizing);
    rig.receive(encode::update(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (0, SyncStatus::Synchronized));
    assert_eq!(news(&rig), vec![update], "told once");
}
