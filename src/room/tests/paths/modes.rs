//! The ways to share the work between server and peers.

use super::*;

const LOW: u64 = 1;
const HIGH: u64 = 1 << 40;

fn greet(rig: &mut Rig, client: u64, server: bool) {
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(client, server));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    rig.take_frames();
    rig.sent.clear();
}

fn cut(rig: &mut Rig) {
    let socket = rig.socket.unwrap();
    let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
    rig.run(|room, cx| room.handle_socket(cx, socket, closed));
}

fn kinds(rig: &mut Rig) -> Vec<u8> {
    let frames = rig.take_frames();
    frames.iter().filter(|(.., frame)| frame[0] == 0).map(|(.., frame)| frame[1]).collect()
}

/// A peer of the same mode, which does not ask while both have a server.
fn meet(rig: &mut Rig, client: u64, server: bool) {
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(client, server));
    rig.take_frames();
    rig.sent.clear();
}

#[test]
fn server_first_uses_a_peer_only_while_one_of_the_two_has_no_server() {
    let mut rig = served(1, PathMode::ServerFirst);
    meet(&mut rig, HIGH, true);
    rig.type_text("a");
    assert_eq!((rig.updates_sent().len(), kinds(&mut rig), rig.peers()), (1, vec![], (0, 0)));
    cut(&mut rig);
    assert_eq!((kinds(&mut rig), rig.peers()), (vec![0], (0, 1)), "the handshake begins");
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    rig.type_text("b");
    assert_eq!(kinds(&mut rig), [1, 2]);
}

#[test]
fn server_first_rests_and_goes_on_where_it_was() {
    let mut rig = served(1, PathMode::ServerFirst);
    greet(&mut rig, 77, false);
    rig.type_text("a");
    assert_eq!(kinds(&mut rig), [2]);
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    rig.type_text("b");
    assert_eq!((kinds(&mut rig), rig.peers()), (vec![], (0, 0)));
    rig.hear(7, PathChannel::Sync, &hello(77, false));
    assert!(rig.told(7).iter().any(|said| matches!(said, Peer::Check(_))), "it may lack something");
    rig.type_text("c");
    assert_eq!(kinds(&mut rig), [2]);
}

#[test]
fn server_first_answers_a_peer_that_wants_both() {
    let mut rig = served(1, PathMode::ServerFirst);
    greet(&mut rig, HIGH, true);
    rig.hear(7, PathChannel::Sync, &encode::update(&other("x").1));
    rig.hear(7, PathChannel::Sync, &Peer::Mark(1).encode());
    assert_eq!((rig.text().as_str(), rig.told(7)), ("x", vec![Peer::Done(1)]));
}

#[test]
fn peers_first_leaves_the_server_to_the_lowest_of_those_that_reach_it() {
    let mut rig = served(1, PathMode::PeersFirst);
    greet(&mut rig, LOW, true);
    rig.type_text("abc");
    assert_eq!((rig.updates_sent().len(), kinds(&mut rig)), (0, vec![2]));
    rig.wait(29_000);
    assert_eq!((rig.updates_sent().len(), rig.sync().pending), (0, 3));
    rig.wait(1_000);
    rig.wait(1_000);
    assert_eq!(rig.updates_sent().len(), 1, "what does not come back in half a minute is pushed");
}

#[test]
fn peers_first_the_lowest_brings_everything_to_the_server() {
    let mut rig = served(1, PathMode::PeersFirst);
    greet(&mut rig, HIGH, true);
    rig.type_text("a");
    rig.hear(7, PathChannel::Sync, &encode::update(&other("x").1));
    assert_eq!(rig.updates_sent().len(), 2);
}

#[test]
fn peers_first_what_was_left_to_a_peer_that_is_gone_goes_at_once() {
    let mut rig = served(1, PathMode::PeersFirst);
    greet(&mut rig, LOW, true);
    rig.type_text("a");
    assert!(rig.updates_sent().is_empty());
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
    assert_eq!(rig.updates_sent().len(), 1);
    rig.type_text("b");
    assert_eq!(rig.updates_sent().len(), 2);
}

#[test]
fn peers_only_loads_edits_saves_and_never_connects() {
    let mut rig = Rig::with_mode(PersistenceMode::IndexedDb, 1, PathMode::PeersOnly);
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.run(|room, cx| room.connect(cx));
    assert!(rig.socket.is_none());
    greet(&mut rig, 77, false);
    rig.type_text("a");
    rig.commit();
    assert_eq!(rig.sync().local, Durability::Saved);
    assert_eq!(kinds(&mut rig).last(), Some(&2));
    assert_eq!(rig.room.connection.status().status, Status::Idle);
}
