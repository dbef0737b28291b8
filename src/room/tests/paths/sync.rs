use super::*;

#[test]
fn two_rooms_without_a_server_share_what_they_had_and_what_follows() {
    let mut mesh = Mesh::of(vec![serverless(1), serverless(2)]);
    mesh.rigs[0].type_text("a");
    mesh.rigs[1].type_text("b");
    mesh.join(0, 1);
    mesh.settle();
    assert_eq!(mesh.texts()[0], mesh.texts()[1]);
    assert_eq!(mesh.texts()[0].len(), 2);
    assert!(mesh.updates.is_empty(), "the handshake carried it: {:?}", mesh.updates);
    assert_eq!((mesh.rigs[0].peers(), mesh.rigs[1].peers()), ((1, 1), (1, 1)));
    mesh.rigs[0].type_text("c");
    assert_eq!(mesh.rigs[0].peers(), (0, 1));
    mesh.settle();
    assert_eq!((mesh.texts()[1].len(), mesh.rigs[0].peers()), (3, (1, 1)));
    assert!(mesh.rigs[0].socket.is_none(), "it has no server");
}

#[test]
fn in_a_full_mesh_an_edit_is_sent_once_to_each_and_never_forwarded() {
    let mut mesh = Mesh::full(5);
    mesh.rigs[2].type_text("x");
    mesh.carry();
    assert_eq!(mesh.updates, [(2, 0), (2, 1), (2, 3), (2, 4)]);
    assert_eq!(mesh.texts(), ["x"; 5]);
}

#[test]
fn in_a_line_an_edit_travels_on_and_never_back() {
    let mut mesh = Mesh::of((0..4).map(serverless).collect());
    for (a, b) in [(0, 1), (1, 2), (2, 3)] {
        mesh.join(a, b);
    }
    mesh.settle();
    mesh.rigs[0].type_text("x");
    mesh.carry();
    assert_eq!(mesh.updates, [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(mesh.texts(), ["x"; 4]);
}

#[test]
fn an_edit_that_comes_before_what_it_hangs_on_is_not_forwarded_in_its_place() {
    let mut mesh = Mesh::full(3);
    mesh.rigs[0].type_text("a");
    let first = mesh.rigs[0].take_frames();
    mesh.rigs[1].hear(0, PathChannel::Sync, &first[0].2);
    mesh.rigs[1].type_text("b");
    mesh.carry();
    assert_eq!((mesh.texts()[2].as_str(), mesh.rigs[2].sync().held), ("", 1));
    mesh.rigs[2].hear(0, PathChannel::Sync, &first[1].2);
    mesh.carry();
    assert_eq!(mesh.texts(), ["ba"; 3].map(|_| mesh.texts()[1].clone()));
    assert_eq!(mesh.updates, [(1, 0), (1, 2)], "released, and known to come from its author");
}

#[test]
fn a_path_that_comes_up_again_carries_the_difference_only() {
    let mut mesh = Mesh::full(2);
    mesh.rigs[0].type_text(&"x".repeat(10_000));
    mesh.settle();
    mesh.part(0, 1, false);
    mesh.rigs[0].type_text("apart ");
    mesh.join(0, 1);
    let mut bytes = 0;
    for here in [0, 1] {
        for (_, channel, frame) in mesh.rigs[here].take_frames() {
            bytes += frame.len();
            mesh.rigs[1 - here].hear(here, channel, &frame);
        }
    }
    mesh.settle();
    assert_eq!(mesh.texts()[1].len(), 10_006);
    assert!(bytes < 1_000, "{bytes}");
    assert_eq!(mesh.rigs[0].peers(), (1, 1));
}

#[test]
fn no_peer_sees_an_edit_before_it_is_committed() {
    let mut rig = Rig::online();
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    rig.type_text("early");
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    rig.type_text("b");
    let content = |frames: &[(u32, PathChannel, Vec<u8>)]| {
        frames.iter().filter(|(.., frame)| matches!(frame[..], [0, 1 | 2, ..])).count()
    };
    let frames = rig.take_frames();
    assert_eq!(content(&frames), 0, "{frames:?}");
    rig.commit();
    let frames = rig.take_frames();
    assert_eq!(content(&frames), 1, "the diff has both: {frames:?}");
    rig.commit();
    let frames = rig.take_frames();
    assert_eq!(content(&frames), 1, "the update behind it: {frames:?}");
}

#[test]
fn live_updates_follow_the_handshakes_diff_and_never_precede_it() {
    let mut rig = serverless(1);
    rig.path_up(7);
    rig.type_text("a");
    assert!(!rig.take_frames().iter().any(|(.., frame)| is_update(frame)));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.type_text("b");
    let frames = rig.take_frames();
    let kinds: Vec<u8> =
        frames.iter().filter(|(.., f)| f[0] == 0).map(|(.., frame)| frame[1]).collect();
    assert_eq!(kinds, [1, 2]);
}

#[test]
fn a_peer_counts_as_synced_when_it_has_committed_what_it_was_sent() {
    let mut rig = Rig::online();
    rig.path_up(7);
    rig.take_frames();
    let (_, update) = other("x");
    let frames = [hello(77, true), encode::update(&update), Peer::Mark(4).encode()];
    frames.iter().for_each(|frame| rig.hear(7, PathChannel::Sync, frame));
    assert_eq!(rig.told(7), [], "its commit is under way");
    rig.commit();
    assert_eq!(rig.told(7), [Peer::Done(4)]);
}

#[test]
fn what_waits_for_a_missing_update_is_not_confirmed() {
    let mut rig = serverless(1);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, false));
    let (mut doc, first) = other("a");
    let ty: TypeId = "r/text".parse().unwrap();
    let edit = Edit::TextInsert { ty, index: 1, text: "b".into(), attributes: None };
    let second = doc.edit(edit).unwrap().update;
    rig.take_frames();
    rig.hear(7, PathChannel::Sync, &encode::update(&second));
    rig.hear(7, PathChannel::Sync, &Peer::Mark(1).encode());
    assert_eq!(rig.told(7), []);
    rig.wait(1_500);
    let asked = rig.take_frames();
    assert!(asked.iter().any(|(to, _, frame)| *to == 7 && frame[..2] == [0, 0]), "{asked:?}");
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(&first));
    assert_eq!((rig.text().as_str(), rig.told(7)), ("ab", vec![Peer::Done(1)]));
}

#[test]
fn a_peer_that_was_not_listening_yet_is_asked_again() {
    let mut mesh = Mesh::of(vec![serverless(1), serverless(2)]);
    mesh.rigs[0].type_text("a");
    mesh.rigs[0].path_up(1);
    mesh.rigs[0].take_frames();
    mesh.wait(1_000);
    mesh.join(0, 1);
    mesh.rigs[0].take_frames();
    mesh.wait(3_000);
    mesh.settle();
    assert_eq!((mesh.texts()[1].as_str(), mesh.rigs[0].peers()), ("a", (1, 1)));
}

#[test]
fn a_peer_whose_core_began_anew_is_brought_up_to_date_over_the_same_path() {
    let mut mesh = Mesh::full(2);
    mesh.rigs[0].type_text("kept");
    mesh.settle();
    mesh.rigs[1] = serverless(99);
    mesh.rigs[1].path_up(0);
    mesh.settle();
    mesh.wait(1_000);
    mesh.settle();
    assert_eq!(mesh.texts(), ["kept"; 2]);
    mesh.rigs[0].type_text("x");
    mesh.settle();
    assert_eq!((mesh.rigs[0].peers(), mesh.rigs[1].peers()), ((1, 1), (1, 1)));
}

#[test]
fn what_a_neighbour_should_have_sent_and_did_not_is_noticed_when_it_leaves() {
    let mut mesh = Mesh::full(3);
    mesh.rigs[0].type_text("x");
    // The frame from the first to the third dies with their link.
    let frames = mesh.rigs[0].take_frames();
    mesh.rigs[1].hear(0, PathChannel::Sync, &frames[0].2);
    mesh.carry();
    assert_eq!((mesh.texts()[1].as_str(), mesh.texts()[2].as_str()), ("x", ""));
    mesh.part(0, 2, false);
    mesh.carry();
    mesh.wait(1_000);
    assert_eq!(mesh.texts(), ["x"; 3]);
}

#[test]
fn peers_at_rest_with_equal_content_compare_it_and_send_none() {
    let mut mesh = Mesh::full(2);
    mesh.rigs[0].type_text("x");
    mesh.settle();
    for _ in 0..30 {
        mesh.rigs.iter_mut().for_each(|rig| rig.now += 1_000);
        for here in [0, 1] {
            mesh.rigs[here].wait(0);
            for (_, channel, frame) in mesh.rigs[here].take_frames() {
                assert!(frame[0] != 0, "nobody asked or answered: {frame:?}");
                mesh.rigs[1 - here].hear(here, channel, &frame);
            }
        }
    }
}

#[test]
fn a_stock_peer_gets_what_it_understands_and_nothing_else() {
    let mut rig = serverless(1);
    rig.type_text("a");
    rig.run(|room, cx| room.path_up(cx, 7, "stock", Dialect::Stock { limit: 262_144 })).unwrap();
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(&other("b").1));
    rig.type_text("c");
    rig.wait(60_000);
    let frames = rig.take_frames();
    assert!(frames.iter().all(|(.., frame)| frame[0] <= 1), "{frames:?}");
    assert!(frames.iter().any(|(.., frame)| is_update(frame)));
    assert_eq!((rig.text().len(), rig.peers()), (3, (1, 1)));
}

#[test]
fn what_is_too_large_for_a_stock_peer_is_told_and_what_follows_goes() {
    let mut rig = serverless(1);
    rig.run(|room, cx| room.path_up(cx, 7, "stock", Dialect::Stock { limit: 1_000 })).unwrap();
    rig.hear(7, PathChannel::Sync, &encode::sync_step_1(EMPTY_VECTOR));
    rig.hear(7, PathChannel::Sync, &encode::sync_step_2(EMPTY_UPDATE));
    assert_eq!(rig.peers(), (1, 1));
    rig.take_frames();
    rig.type_text(&"x".repeat(2_000));
    rig.type_text("after");
    let updates = rig.take_frames().into_iter().filter(|(.., frame)| is_update(frame)).count();
    assert_eq!((rig.problems(), updates), (vec![ErrorCode::PeerLimit], 1));
    assert_eq!(rig.peers(), (0, 1));
}

#[test]
fn a_log_that_is_read_late_is_brought_to_peers_too() {
    let mut mesh = Mesh::of(vec![Rig::new(PersistenceMode::IndexedDb), serverless(2)]);
    let record = {
        let mut rig = Rig::online();
        rig.type_text("late");
        let Some(StorageTask::Append { records, .. }) = rig.tasks.front().cloned() else {
            panic!("no append")
        };
        records[0].clone()
    };
    mesh.rigs[0].tasks.pop_front();
    mesh.rigs[0].run(|room, cx| room.handle_storage(cx, Err(StorageError::Blocked)));
    mesh.join(0, 1);
    mesh.settle();
    mesh.wait(1_000);
    assert!(matches!(mesh.rigs[0].tasks.front(), Some(StorageTask::Load { .. })));
    mesh.rigs[0].answer(StorageReply::Loaded(vec![(RecordKey(1), record)]));
    mesh.rigs[0].commit();
    mesh.settle();
    assert_eq!(mesh.texts(), ["late"; 2]);
}

#[test]
fn each_peer_is_known_to_have_everything_or_not() {
    let mut mesh = Mesh::full(3);
    let synced = |mesh: &Mesh| [1, 2, 9].map(|path| mesh.rigs[0].room.path_synced(path));
    assert_eq!(synced(&mesh), [true, true, false]);
    mesh.links.retain(|link| !matches!(link, (0, 2) | (2, 0)));
    mesh.rigs[0].type_text("a");
    assert_eq!(synced(&mesh), [false, false, false]);
    mesh.settle();
    assert_eq!(synced(&mesh), [true, false, false]);
}
