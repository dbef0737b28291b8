//! What is confirmed over a path that came down and up again: what an earlier one carried may still be on its way.

use super::*;

/// A room, and the mark behind what it sent to a peer that has said hello, asked and answered.
fn marked(rig: &mut Rig) -> u64 {
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, false));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    last_mark(rig).expect("a mark")
}

fn last_mark(rig: &mut Rig) -> Option<u64> {
    let mark = |peer: &Peer| if let Peer::Mark(number) = peer { Some(*number) } else { None };
    rig.told(7).iter().rev().find_map(mark)
}

fn renew(rig: &mut Rig) {
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
}

fn confirm(rig: &mut Rig, mark: u64) {
    rig.hear(7, PathChannel::Sync, &Peer::Done(mark).encode());
}

#[test]
fn what_was_confirmed_over_an_earlier_path_confirms_nothing_and_is_no_fault() {
    let mut rig = serverless(1);
    rig.type_text("a");
    let old = marked(&mut rig);
    renew(&mut rig);
    rig.path_up(7);
    confirm(&mut rig, old);
    rig.type_text("b");
    let new = marked(&mut rig);
    confirm(&mut rig, old);
    assert_eq!((rig.problems(), rig.peers()), (vec![], (0, 1)));
    confirm(&mut rig, new);
    assert_eq!(rig.peers(), (1, 1));
}

#[test]
fn a_mark_of_an_earlier_path_is_answered_without_harm() {
    let mut mesh = Mesh::full(2);
    for text in ["a", "b", "c"] {
        mesh.rigs[0].type_text(text);
        mesh.settle();
    }
    mesh.rigs[0].type_text("d");
    mesh.rigs[0].wait(250);
    let late: Vec<_> = mesh.rigs[0].take_frames();
    mesh.part(0, 1, false);
    for rig in &mut mesh.rigs {
        rig.take_frames();
    }
    mesh.links.extend([(0, 1), (1, 0)]);
    mesh.rigs[1].path_up(0);
    for (_, channel, frame) in &late {
        mesh.rigs[1].hear(0, *channel, frame);
    }
    mesh.rigs[0].path_up(1);
    mesh.settle();
    mesh.wait(1_000);
    assert_eq!((mesh.rigs[0].problems(), mesh.rigs[1].problems()), (vec![], vec![]));
    assert_eq!((mesh.rigs[0].peers(), mesh.texts()), ((1, 1), vec!["dcba".into(); 2]));
}

#[test]
fn what_was_never_asked_confirms_nothing_and_is_no_fault() {
    let mut rig = serverless(1);
    rig.type_text("a");
    let mark = marked(&mut rig);
    for odd in [0, mark - 1, mark + 1, 9_000, (1 << 53) - 1] {
        confirm(&mut rig, odd);
    }
    assert_eq!((rig.problems(), rig.dropped(), rig.peers()), (vec![], vec![], (0, 1)));
}
