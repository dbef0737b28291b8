//! Server and peers at once.

use super::*;

/// A room with a server and one peer, whose handshake is done.
pub(super) fn with_peer(seed: u64, mode: PathMode, client: u64, server: bool) -> Rig {
    let mut rig = served(seed, mode);
    greet(&mut rig, 7, client, server);
    rig
}

pub(super) fn greet(rig: &mut Rig, path: usize, client: u64, server: bool) {
    rig.path_up(path);
    rig.hear(path, PathChannel::Sync, &hello(client, server));
    rig.hear(path, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(path, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    rig.take_frames();
    rig.sent.clear();
}

fn knows(rig: &mut Rig, path: usize, others: &[usize]) {
    let names = others.iter().map(|other| instance(*other)).collect();
    rig.run(|room, cx| room.path_neighbours(cx, path as u32, names)).unwrap();
}

pub(super) fn updates_to(rig: &mut Rig, path: u32) -> usize {
    let frames = rig.take_frames();
    frames.iter().filter(|(to, _, frame)| *to == path && is_update(frame)).count()
}

const LOW: u64 = 1;
pub(super) const HIGH: u64 = 1 << 40;

#[test]
fn an_edit_goes_to_the_server_and_to_the_peer_and_only_the_server_acknowledges_it() {
    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    rig.type_text("abc");
    let update = rig.updates_sent().remove(0);
    assert_eq!(updates_to(&mut rig, 7), 1);
    rig.hear(7, PathChannel::Sync, &encode::update(&update));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (3, SyncStatus::Synchronizing));
    rig.receive(encode::update(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (0, SyncStatus::Synchronized));
}

#[test]
fn what_a_peer_with_a_server_sends_is_left_to_it_unless_the_server_does_not_get_it() {
    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    let (_, update) = other("x");
    rig.hear(7, PathChannel::Sync, &encode::update(&update));
    assert_eq!((rig.text().as_str(), rig.updates_sent().len(), rig.sync().pending), ("x", 0, 1));
    rig.receive(encode::update(&update));
    assert_eq!((rig.sync().pending, rig.sync().status), (0, SyncStatus::Synchronized));

    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    rig.hear(7, PathChannel::Sync, &encode::update(&update));
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
    rig.wait(1_000);
    rig.wait(1_000);
    assert_eq!(rig.updates_sent().len(), 1, "its author is gone, and the server has not shown it");
}

#[test]
fn what_a_peer_without_a_server_sends_is_brought_there_by_the_lowest_of_its_neighbours() {
    let (_, update) = other("x");
    for (rival, at_once) in [(HIGH, 1), (LOW, 0)] {
        let mut rig = with_peer(1, PathMode::Both, 77, false);
        greet(&mut rig, 8, rival, true);
        knows(&mut rig, 7, &[1, 8]);
        rig.hear(7, PathChannel::Sync, &encode::update(&update));
        assert_eq!(rig.updates_sent().len(), at_once, "rival {rival}");
        if at_once == 0 {
            rig.wait(1_000);
            rig.wait(1_000);
            assert_eq!(rig.updates_sent().len(), 1, "who was not chosen sees to it all the same");
        }
    }
}

#[test]
fn what_the_server_sends_goes_on_to_those_without_one_and_from_one_of_us_only() {
    let (_, update) = other("x");
    for (rival, forwards) in [(HIGH, 1), (LOW, 0)] {
        let mut rig = with_peer(1, PathMode::Both, 77, false);
        greet(&mut rig, 8, rival, true);
        knows(&mut rig, 7, &[1, 8]);
        rig.take_frames();
        rig.receive(encode::update(&update));
        let frames = rig.take_frames();
        let to = |path| frames.iter().filter(|(to, _, f)| *to == path && is_update(f)).count();
        assert_eq!((to(7), to(8)), (forwards, 0), "rival {rival}");
    }
}

#[test]
fn who_becomes_the_one_to_forward_makes_up_for_what_was_missed() {
    let (_, update) = other("x");
    let mut rig = with_peer(1, PathMode::Both, 77, false);
    greet(&mut rig, 8, LOW, true);
    knows(&mut rig, 7, &[1, 8]);
    rig.receive(encode::update(&update));
    rig.take_frames();
    rig.run(|room, cx| room.path_down(cx, 8, false)).unwrap();
    assert!(matches!(rig.told(7)[..], [Peer::Check(_)]));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.wait(1_000);
    let frames = rig.take_frames();
    assert!(frames.iter().any(|(to, _, frame)| *to == 7 && frame[..2] == [0, 1]), "{frames:?}");
}

#[test]
fn a_peer_whose_server_goes_away_says_so_and_says_when_it_is_back() {
    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    let socket = rig.socket.unwrap();
    let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
    rig.run(|room, cx| room.handle_socket(cx, socket, closed));
    let says = |peers: Vec<Peer>| -> Vec<bool> {
        let hellos = peers.into_iter().filter_map(|peer| match peer {
            Peer::Hello(hello) => Some(hello.server),
            _ => None,
        });
        hellos.collect()
    };
    assert_eq!(says(rig.told(7)), [false]);
    rig.type_text("by peer");
    assert_eq!(updates_to(&mut rig, 7), 1);
    rig.wait(5_000);
    rig.open();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    assert!(says(rig.told(7)).is_empty());
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    assert_eq!(says(rig.told(7)), [true]);
}

#[test]
fn what_a_peer_sent_is_owed_to_the_server_after_a_restart_too() {
    let mut rig = Rig::online();
    greet(&mut rig, 7, 77, false);
    let socket = rig.socket.unwrap();
    let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
    rig.run(|room, cx| room.handle_socket(cx, socket, closed));
    rig.hear(7, PathChannel::Sync, &encode::update(&other("abc").1));
    let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() else {
        panic!("no append")
    };
    let mut reopened = Rig::new(PersistenceMode::IndexedDb);
    let rows = records.into_iter().enumerate().map(|(i, bytes)| (RecordKey(i as u64 + 1), bytes));
    reopened.answer(StorageReply::Loaded(rows.collect()));
    assert_eq!((reopened.text().as_str(), reopened.sync().pending), ("abc", 3));
}

#[test]
fn what_a_hold_released_goes_to_the_server_like_what_it_came_from() {
    let mut rig = with_peer(1, PathMode::Both, 77, false);
    let (mut doc, first) = other("a");
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 1, text: "b".into(), attributes: None };
    let second = doc.edit(edit).unwrap().update;
    rig.hear(7, PathChannel::Sync, &encode::update(&second));
    assert_eq!((rig.updates_sent().len(), rig.sync().held), (0, 1));
    rig.receive(encode::update(&first));
    assert_eq!(
        (rig.text().as_str(), rig.updates_sent(), rig.sync().pending),
        ("ab", vec![second], 1)
    );
}

#[test]
fn an_update_too_large_for_a_path_is_told_and_that_peer_is_not_synced() {
    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    rig.events.clear();
    rig.room.config.max_send_frame = 1_000;
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(HIGH, true));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    rig.type_text(&"x".repeat(2_000));
    rig.wait(250);
    for mark in 1..4 {
        rig.hear(7, PathChannel::Sync, &Peer::Done(mark.min(2)).encode());
    }
    assert_eq!((rig.problems(), rig.peers()), (vec![ErrorCode::FrameTooLarge], (0, 1)));
    assert_eq!(rig.updates_sent().len(), 1, "the server got it");
}
