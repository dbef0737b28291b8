//! What hostile peers cost: an error and their path.

use super::*;

fn with_peer() -> Rig {
    let mut rig = serverless(1);
    rig.type_text("honest");
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, false));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    rig.events.clear();
    rig
}

/// What is done three times costs the path, and nothing else.
fn assert_costs_the_path(channel: PathChannel, frame: &[u8], code: ErrorCode) {
    let mut rig = with_peer();
    for _ in 0..2 {
        rig.hear(7, channel, frame);
    }
    assert_eq!((rig.problems(), rig.dropped()), (vec![code; 2], vec![]), "{frame:?}");
    rig.hear(7, channel, frame);
    assert_eq!((rig.problems().len(), rig.dropped()), (2, vec![(7, code)]), "{frame:?}");
    rig.take_frames();
    rig.hear(7, PathChannel::Sync, &encode::update(&other("late").1));
    rig.type_text("still ");
    assert_eq!((rig.text().as_str(), rig.peers()), ("still honest", (0, 0)));
    assert!(rig.take_frames().is_empty());
}

#[test]
fn what_cannot_be_read_or_is_not_allowed_costs_the_path_the_third_time() {
    let sync = PathChannel::Sync;
    assert_costs_the_path(sync, &[0, 2, 200], ErrorCode::Protocol);
    assert_costs_the_path(sync, &encode::update(&[255; 9]), ErrorCode::Update);
    assert_costs_the_path(sync, &[123, 1, 1], ErrorCode::Protocol);
}

#[test]
fn the_channel_for_presence_carries_little_and_nothing_else() {
    let presence = PathChannel::Presence;
    assert_costs_the_path(presence, &encode::update(&other("x").1), ErrorCode::Protocol);
    assert_costs_the_path(presence, &[3; 1_025], ErrorCode::FrameTooLarge);
}

#[test]
fn nobody_goes_by_the_id_of_somebody_else() {
    let own = with_peer().room.client_id();
    assert_costs_the_path(PathChannel::Sync, &hello(own, true), ErrorCode::Protocol);
    let mut rig = with_peer();
    rig.path_up(8);
    rig.events.clear();
    rig.hear(8, PathChannel::Sync, &hello(77, true));
    assert_eq!(rig.problems(), [ErrorCode::Protocol]);
}

#[test]
fn the_same_peer_may_come_back_before_its_old_path_is_down() {
    let mut rig = with_peer();
    rig.run(|room, cx| room.path_up(cx, 8, &instance(7), Dialect::Ours)).unwrap();
    rig.hear(8, PathChannel::Sync, &hello(77, false));
    assert_eq!(rig.problems(), []);
}

#[test]
fn an_update_that_hangs_on_nothing_is_let_go_of_with_its_path_after_a_minute() {
    let mut rig = with_peer();
    let (mut doc, _) = other("a");
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 1, text: "b".into(), attributes: None };
    let hanging = doc.edit(edit).unwrap().update;
    rig.hear(7, PathChannel::Sync, &encode::update(&hanging));
    let mut asked = 0;
    for _ in 0..59 {
        rig.wait(1_000);
        let frames = rig.take_frames();
        asked += frames.iter().filter(|(.., frame)| frame[..2] == [0, 0]).count();
        rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    }
    assert_eq!((rig.sync().held, rig.dropped()), (1, vec![]));
    assert!((3..10).contains(&asked), "{asked}");
    rig.wait(1_000);
    assert_eq!((rig.sync().held, rig.dropped()), (0, vec![(7, ErrorCode::MissingUpdates)]));
}

#[test]
fn held_updates_of_a_hostile_peer_do_not_keep_others_from_being_confirmed() {
    let mut rig = with_peer();
    rig.path_up(8);
    rig.hear(8, PathChannel::Sync, &hello(78, false));
    let (mut doc, _) = other("a");
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 1, text: "b".into(), attributes: None };
    rig.hear(7, PathChannel::Sync, &encode::update(&doc.edit(edit).unwrap().update));
    rig.take_frames();
    rig.hear(8, PathChannel::Sync, &Peer::Mark(1).encode());
    assert_eq!(rig.told(8), [Peer::Done(1)]);
}

#[test]
fn a_peer_that_asks_without_end_is_answered_once_a_second() {
    let mut rig = with_peer();
    rig.wait(1_000);
    rig.take_frames();
    let mut answers = 0;
    for _ in 0..50 {
        for _ in 0..40 {
            rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR).repeat(100));
            rig.hear(7, PathChannel::Sync, &Peer::Check(1).encode().repeat(100));
        }
        rig.wait(100);
        let frames = rig.take_frames();
        answers += frames.iter().filter(|(.., frame)| frame[0] == 0).count();
    }
    assert!(answers <= 12, "one answer and one question a second: {answers}");
}

#[test]
fn a_peer_that_begins_anew_without_end_costs_little() {
    let mut rig = with_peer();
    rig.take_frames();
    let mut bytes = 0;
    for epoch in 0..2_000 {
        let hello = Hello { epoch, client: 77, server: epoch % 2 == 0, heard: false };
        rig.hear(7, PathChannel::Sync, &Peer::Hello(hello).encode());
        let frames = rig.take_frames();
        bytes += frames.iter().map(|(.., frame)| frame.len()).sum::<usize>();
    }
    assert!(bytes < 2_000 * 60, "{bytes}");
}

#[test]
fn random_bytes_leave_the_document_as_it_is() {
    let mut rng = Rng::with_seed(9);
    for _ in 0..300 {
        let mut rig = with_peer();
        for _ in 0..5 {
            let tag = *rng.choice(&[0, 1, 3, 120, 121, 122, 123]).unwrap();
            let bytes = (0..rng.usize(0..40)).map(|_| rng.u8(..));
            let frame: Vec<u8> = std::iter::once(tag).chain(bytes).collect();
            let channel = if rng.bool() { PathChannel::Sync } else { PathChannel::Presence };
            rig.hear(7, channel, &frame);
        }
        assert_eq!(rig.text(), "honest");
    }
}

#[test]
fn a_room_takes_so_many_paths_and_sensible_names() {
    let mut rig = serverless(1);
    for path in 0..32 {
        rig.path_up(path);
    }
    let more = rig.run(|room, cx| room.path_up(cx, 40, "one-more", Dialect::Ours));
    assert_eq!(more.map_err(|misuse| misuse.code), Err(ErrorCode::BufferFull));
    rig.path_up(31);
    for odd in ["", &"x".repeat(129)] {
        let refused = rig.run(|room, cx| room.path_up(cx, 1, odd, Dialect::Ours));
        assert_eq!(refused.map_err(|misuse| misuse.code), Err(ErrorCode::InvalidArgument));
    }
    let names = (0..10_000).map(|n| n.to_string().repeat(90)).collect();
    rig.run(|room, cx| room.path_neighbours(cx, 1, names)).unwrap();
}

#[test]
fn paths_wait_until_the_log_is_read() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    let early = rig.run(|room, cx| room.path_up(cx, 7, "peer", Dialect::Ours));
    assert_eq!(early.map_err(|misuse| misuse.code), Err(ErrorCode::NotReady));
}
