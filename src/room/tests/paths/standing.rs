//! What goes over paths while the server takes no edits: it began anew, or lets us only read.

use super::server::{HIGH, greet, updates_to, with_peer};
use super::*;
use crate::protocol::standing::Access;
use crate::room::tests::footing::{greeting, greeting_alone};

const SYNC: PathChannel = PathChannel::Sync;

/// A room with a peer whose server began anew when it had returned `mine`.
fn anew() -> Rig {
    let mut rig = Rig::with_mode(PersistenceMode::Memory, 1, PathMode::Both);
    rig.open();
    rig.receive(greeting(EMPTY_VECTOR, 5, Access::Write));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    greet(&mut rig, 7, HIGH, true);
    rig.type_text("mine");
    let update = rig.updates_sent().pop().unwrap();
    rig.receive(encode::update(&update));
    rig.reconnect();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    rig.take_frames();
    rig
}

impl Rig {
    /// Frames of the document to a peer since the last look: questions and content.
    fn document_to(&mut self, path: u32) -> Vec<Vec<u8>> {
        let mut frames = self.take_frames();
        frames.retain(|(to, _, frame)| *to == path && frame[0] == 0);
        frames.into_iter().map(|(_, _, frame)| frame).collect()
    }

    /// Another peer that brings a path up and asks for everything.
    fn is_asked_on(&mut self, path: usize) {
        self.path_up(path);
        self.hear(path, SYNC, &hello(HIGH + path as u64, true));
        self.hear(path, SYNC, &encode::sync_step_1(EMPTY_VECTOR));
    }
}

fn is_check(frame: &[u8]) -> bool {
    frame[0] == 123 && matches!(Peer::decode(&frame[2..]), Ok(Some(Peer::Check(_))))
}

fn has_content(frames: &[Vec<u8>]) -> bool {
    frames.iter().any(|frame| frame[1] > 0)
}

/// What the last hello to a peer said of the server.
fn says_server(rig: &mut Rig, to: u32) -> Option<bool> {
    let frames = rig.take_frames().into_iter().filter(|(path, ..)| *path == to);
    let mut hellos = frames.filter_map(|(_, _, frame)| match Peer::decode(frame.get(2..)?) {
        Ok(Some(Peer::Hello(hello))) if frame[0] == 123 => Some(hello.server),
        _ => None,
    });
    hellos.next_back()
}

#[test]
fn nobody_counts_on_a_client_that_may_only_read_to_forward() {
    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    rig.take_frames();
    rig.receive(greeting_alone(Access::Read));
    assert_eq!(says_server(&mut rig, 7), Some(false));
    rig.receive(greeting_alone(Access::Write));
    assert_eq!(says_server(&mut rig, 7), Some(true));
}

#[test]
fn in_another_epoch_peers_are_given_and_asked_nothing_before_the_app_decides() {
    let mut rig = anew();
    rig.type_text("more ");
    rig.is_asked_on(8);
    rig.hear(7, SYNC, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, SYNC, &Peer::Check(4_711).encode());
    for _ in 0..20 {
        rig.wait(1_000);
    }
    let frames = rig.take_frames();
    assert!(!frames.iter().any(|(_, _, frame)| frame[0] == 0), "{frames:?}");
    assert_eq!((rig.updates_sent().len(), rig.peers()), (0, (0, 0)));
}

#[test]
fn nor_is_anything_taken_from_peers_and_other_tabs_or_confirmed() {
    let (_, theirs) = other("theirs");
    let mut rig = anew();
    rig.hear(7, SYNC, &encode::sync_step_2(&theirs));
    rig.hear(7, SYNC, &encode::update(&theirs));
    rig.hear(7, SYNC, &Peer::Mark(1).encode());
    rig.receive_relayed(encode::update(&theirs));
    rig.receive_relayed(encode::sync_step_2(&theirs));
    rig.wait(1_000);
    assert_eq!(rig.text(), "mine");
    assert!(!rig.told(7).contains(&Peer::Done(1)));
    rig.merge();
    assert!(!rig.told(7).contains(&Peer::Done(1)), "what was not taken is not here yet");
}

#[test]
fn once_the_app_decided_peers_get_what_they_asked_for_and_are_asked_for_what_they_said() {
    let mut rig = anew();
    rig.is_asked_on(8);
    rig.hear(7, SYNC, &encode::update(&other("theirs").1));
    rig.hear(7, SYNC, &Peer::Mark(1).encode());
    rig.take_frames();
    rig.merge();
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    let frames = rig.take_frames();
    let to = |path| frames.iter().filter(move |(to, ..)| *to == path).map(|(_, _, frame)| frame);
    assert!(to(8).any(|frame| frame[..2] == [0, 1]), "answered at once");
    assert!(to(8).any(|frame| frame[..2] == [0, 0]), "asked, too");
    assert!(to(7).any(|frame| is_check(frame)), "compared with");
    assert!(to(7).any(|frame| frame[..2] == [0, 0]), "asked for what it said meanwhile");
    rig.wait(1_000);
    rig.hear(7, SYNC, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, SYNC, &encode::sync_step_2(&other("theirs").1));
    assert!(rig.text().contains("theirs"));
    assert!(rig.told(7).contains(&Peer::Done(1)));
    rig.type_text("x");
    assert_eq!(updates_to(&mut rig, 7), 1);
}

#[test]
fn a_link_on_which_the_server_has_not_said_where_it_stands_opens_no_path() {
    let mut rig = anew();
    rig.reconnect();
    rig.type_text("more ");
    rig.hear(7, SYNC, &encode::update(&other("theirs").1));
    assert_eq!((rig.document_to(7).len(), rig.text().as_str()), (0, "more mine"));
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.type_text("x");
    assert!(has_content(&rig.document_to(7)), "a server without epochs");
}

#[test]
fn whose_right_to_write_ends_gives_peers_nothing_and_takes_what_they_give() {
    let mut rig = with_peer(1, PathMode::Both, HIGH, true);
    rig.receive(greeting_alone(Access::Read));
    rig.take_frames();
    rig.type_text("abc");
    rig.is_asked_on(8);
    rig.wait(1_000);
    rig.hear(7, SYNC, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, SYNC, &Peer::Check(4_711).encode());
    assert!(!has_content(&rig.document_to(7)));
    rig.hear(7, SYNC, &encode::update(&other("theirs").1));
    assert!(rig.text().contains("theirs"));
    rig.receive(encode::update(&other("x").1));
    rig.wait(1_000);
    let frames = rig.take_frames();
    assert!(!frames.iter().any(|(_, _, frame)| frame[0] == 0 && frame[1] > 0), "{frames:?}");

    rig.receive(greeting_alone(Access::Write));
    let frames = rig.take_frames();
    for path in [7, 8] {
        let answered = frames.iter().any(|(to, _, frame)| *to == path && frame[..2] == [0, 1]);
        assert!(answered, "peer {path} had asked");
    }
    rig.type_text("d");
    assert_eq!(updates_to(&mut rig, 7), 1);
}

#[test]
fn an_answer_that_had_not_left_when_the_right_ended_goes_before_live_updates() {
    let mut rig = Rig::greeted(0, Access::Write);
    rig.type_text("abc");
    rig.is_asked_on(7);
    rig.receive(greeting_alone(Access::Read));
    rig.commit();
    assert!(!has_content(&rig.document_to(7)));
    rig.receive(greeting_alone(Access::Write));
    rig.type_text("d");
    rig.commit();
    let kinds: Vec<u8> = rig.document_to(7).iter().map(|frame| frame[1]).collect();
    assert!(kinds.iter().position(|kind| *kind == 1) < kinds.iter().position(|kind| *kind == 2));
    assert!(kinds.contains(&1), "{kinds:?}");
}

#[test]
fn a_stock_peer_that_never_asks_again_is_given_everything_when_the_right_is_back() {
    let mut rig = served(1, PathMode::Both);
    let stock = Dialect::Stock { limit: 1 << 20 };
    rig.run(|room, cx| room.path_up(cx, 7, "stock", stock)).unwrap();
    rig.hear(7, SYNC, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, SYNC, &encode::sync_step_2(EMPTY_UPDATE));
    rig.receive(greeting_alone(Access::Read));
    rig.type_text("abc");
    assert!(!has_content(&rig.document_to(7).split_off(2)), "its first question alone");
    rig.receive(greeting_alone(Access::Write));
    assert!(has_content(&rig.document_to(7)));
}
