use super::*;

/// Who is shown to whom, by the room's own account.
fn shown(rig: &Rig) -> Vec<(u64, String)> {
    let mut shown: Vec<(u64, String)> = Vec::new();
    for event in &rig.events {
        let EventKind::Presence { updated, removed } = event else { continue };
        shown.retain(|(id, _)| !removed.contains(id) && !updated.iter().any(|(new, _)| new == id));
        shown.extend(updated.iter().cloned());
    }
    shown
}

fn show(rig: &mut Rig, state: Option<&str>) {
    let state = state.map(str::to_owned);
    rig.run(|room, cx| room.set_presence(cx, state)).unwrap();
}

fn entry(client: u64, clock: u32, state: Option<&str>) -> Vec<u8> {
    let state = state.map(str::to_owned);
    encode::awareness(&[crate::protocol::AwarenessEntry { client, clock, state }])
}

#[test]
fn peers_see_each_other_and_what_changes_at_once() {
    let mut mesh = Mesh::full(3);
    show(&mut mesh.rigs[0], Some(r#"{"cursor":1}"#));
    let frames = mesh.rigs[0].take_frames();
    assert!(frames.iter().all(|(_, channel, _)| *channel == PathChannel::Presence));
    for (to, channel, frame) in frames {
        mesh.rigs[to as usize].hear(0, channel, &frame);
    }
    let author = mesh.rigs[0].room.client_id();
    for there in [1, 2] {
        assert!(shown(&mesh.rigs[there]).contains(&(author, r#"{"cursor":1}"#.to_owned())));
    }
    show(&mut mesh.rigs[0], None);
    mesh.carry();
    for there in [1, 2] {
        assert_eq!(shown(&mesh.rigs[there]).len(), 1, "the other of the two");
    }
}

#[test]
fn a_goodbye_is_seen_at_once_and_a_lost_path_within_a_second() {
    let mut mesh = Mesh::full(3);
    assert_eq!(shown(&mesh.rigs[0]).len(), 2);
    mesh.part(0, 1, true);
    assert_eq!(shown(&mesh.rigs[0]).len(), 1);
    mesh.part(0, 2, false);
    assert_eq!(shown(&mesh.rigs[0]).len(), 1);
    mesh.wait(1_000);
    assert_eq!(shown(&mesh.rigs[0]).len(), 0);
}

#[test]
fn a_path_that_is_up_again_within_a_moment_makes_nobody_flicker() {
    let mut mesh = Mesh::full(2);
    mesh.rigs[0].events.clear();
    mesh.part(0, 1, false);
    mesh.wait(500);
    mesh.join(0, 1);
    mesh.carry();
    mesh.wait(5_000);
    let told = mesh.rigs[0].events.iter().any(|event| matches!(event, EventKind::Presence { .. }));
    assert!(!told, "{:?}", mesh.rigs[0].events);
}

#[test]
fn who_was_gone_and_comes_back_is_seen_at_once() {
    let mut mesh = Mesh::full(2);
    for bye in [true, false] {
        mesh.part(0, 1, bye);
        mesh.wait(2_000);
        assert_eq!(shown(&mesh.rigs[0]).len(), 0);
        mesh.join(0, 1);
        mesh.carry();
        assert_eq!(shown(&mesh.rigs[0]).len(), 1);
    }
}

#[test]
fn whom_the_server_vouches_for_stays_without_a_path() {
    let mut rig = served(1, PathMode::Both);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    rig.hear(7, PathChannel::Presence, &entry(77, 3, Some("1")));
    rig.receive(entry(77, 3, Some("1")));
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
    rig.wait(2_000);
    assert_eq!(shown(&rig), [(77, "1".to_owned())]);
    rig.receive(entry(77, 4, None));
    assert_eq!(shown(&rig), []);
}

#[test]
fn who_lost_the_server_is_still_here_while_there_is_a_path() {
    let mut rig = served(1, PathMode::Both);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    rig.hear(7, PathChannel::Presence, &entry(77, 3, Some("1")));
    rig.receive(entry(77, 3, Some("1")));
    rig.receive(entry(77, 4, None));
    assert_eq!(shown(&rig), [(77, "1".to_owned())]);
    rig.hear(7, PathChannel::Presence, &entry(77, 4, Some("2")));
    assert_eq!(shown(&rig), [(77, "2".to_owned())]);
    let socket = rig.socket.unwrap();
    let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
    rig.run(|room, cx| room.handle_socket(cx, socket, closed));
    rig.wait(6_000);
    assert_eq!(shown(&rig).len(), 1, "our own loss of the server changes nothing");
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
    rig.wait(1_000);
    assert_eq!(shown(&rig), []);
}

#[test]
fn an_older_state_never_replaces_a_newer_one_whatever_way_it_took() {
    let mut rig = served(1, PathMode::Both);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    for (clock, state) in [(5, "5"), (3, "3"), (4, "4")] {
        rig.hear(7, PathChannel::Presence, &entry(77, clock, Some(state)));
    }
    rig.receive(entry(77, 4, Some("4")));
    assert_eq!(shown(&rig), [(77, "5".to_owned())]);
    rig.receive(entry(77, 6, Some("6")));
    assert_eq!(shown(&rig), [(77, "6".to_owned())]);
}

#[test]
fn a_peer_speaks_for_itself_only() {
    let mut rig = served(1, PathMode::Both);
    let own = rig.room.client_id();
    rig.path_up(7);
    rig.receive(entry(80, 1, Some("1")));
    rig.hear(7, PathChannel::Presence, &entry(77, 1, Some("1")));
    assert_eq!(shown(&rig).len(), 1, "it has not said who it is");
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    rig.take_frames();
    for client in [own, 80, 78] {
        rig.hear(7, PathChannel::Presence, &entry(client, 99, Some("\"forged\"")));
        rig.hear(7, PathChannel::Presence, &entry(client, 99, None));
    }
    assert_eq!(shown(&rig), [(80, "1".to_owned())]);
    assert!(rig.take_frames().is_empty() && rig.sent.is_empty(), "nothing to answer");
}

#[test]
fn the_whole_state_goes_every_five_seconds_and_only_while_there_is_a_path() {
    let mut mesh = Mesh::full(2);
    mesh.rigs[0].take_frames();
    let mut shares = 0;
    for _ in 0..20 {
        mesh.rigs[0].wait(1_000);
        let frames = mesh.rigs[0].take_frames();
        shares += frames.iter().filter(|(_, channel, _)| *channel == PathChannel::Presence).count();
    }
    assert_eq!(shares, 4);
    mesh.part(0, 1, false);
    mesh.rigs[0].take_frames();
    mesh.rigs[0].wait(60_000);
    assert!(mesh.rigs[0].take_frames().is_empty());
}

#[test]
fn a_state_that_does_not_fit_the_lossy_channel_goes_the_safe_way() {
    let mut mesh = Mesh::full(2);
    let large = format!("\"{}\"", "x".repeat(2_000));
    show(&mut mesh.rigs[0], Some(&large));
    let frames = mesh.rigs[0].take_frames();
    assert!(frames.iter().all(|(_, channel, _)| *channel == PathChannel::Sync));
    for (_, channel, frame) in frames {
        mesh.rigs[1].hear(0, channel, &frame);
    }
    assert_eq!(shown(&mesh.rigs[1]), [(mesh.rigs[0].room.client_id(), large)]);
}

#[test]
fn a_peer_that_falls_silent_is_gone_after_half_a_minute_though_its_path_is_up() {
    let mut rig = serverless(1);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, false));
    rig.hear(7, PathChannel::Presence, &entry(77, 1, Some("1")));
    for _ in 0..29 {
        rig.wait(1_000);
    }
    assert_eq!(shown(&rig).len(), 1);
    rig.wait(1_000);
    assert_eq!(shown(&rig), []);
}

#[test]
fn who_takes_a_new_id_is_seen_under_it_and_no_more_under_the_old_one() {
    let mut mesh = Mesh::full(2);
    let forged = {
        let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
        let mut doc = Doc::new(mesh.rigs[0].room.client_id(), &roots, Limits::default());
        let ty: TypeId = "r/text".parse().unwrap();
        let edit = Edit::TextInsert { ty, index: 0, text: "forged".into(), attributes: None };
        doc.edit(edit).unwrap().update
    };
    mesh.rigs[0].hear(1, PathChannel::Sync, &encode::update(&forged));
    mesh.settle();
    let id = mesh.rigs[0].room.client_id();
    assert_eq!(shown(&mesh.rigs[1]), [(id, "{}".to_owned())]);
    mesh.rigs[0].type_text("a");
    mesh.settle();
    mesh.wait(11_000);
    mesh.wait(1_000);
    assert_eq!(mesh.texts()[0], mesh.texts()[1]);
}

#[test]
fn a_peer_that_is_back_by_a_new_path_is_followed_before_the_old_one_is_down() {
    let mut rig = serverless(1);
    for path in [7, 8] {
        rig.run(|room, cx| room.path_up(cx, path, "same", Dialect::Ours)).unwrap();
        rig.hear(path as usize, PathChannel::Sync, &hello(77, false));
        rig.hear(path as usize, PathChannel::Presence, &entry(77, path, Some(&path.to_string())));
    }
    assert_eq!(shown(&rig), [(77, "8".to_owned())]);
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
    rig.wait(2_000);
    assert_eq!(shown(&rig), [(77, "8".to_owned())]);
}

#[test]
fn a_stock_peer_does_not_speak_for_whom_there_is_a_path_to() {
    let mut rig = serverless(1);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, false));
    rig.hear(7, PathChannel::Presence, &entry(77, 1, Some("1")));
    rig.run(|room, cx| room.path_up(cx, 8, "stock", Dialect::Stock { limit: 262_144 })).unwrap();
    rig.hear(8, PathChannel::Sync, &entry(77, 9, None));
    rig.hear(8, PathChannel::Sync, &entry(88, 1, Some("8")));
    assert_eq!(shown(&rig), [(77, "1".to_owned()), (88, "8".to_owned())]);
    rig.run(|room, cx| room.path_down(cx, 8, false)).unwrap();
    rig.wait(1_000);
    assert_eq!(shown(&rig), [(77, "1".to_owned())]);
}

#[test]
fn a_stock_peer_is_followed_by_its_own_path_though_another_told_of_it_first() {
    let mut rig = serverless(1);
    for path in [7, 8] {
        let stock = Dialect::Stock { limit: 262_144 };
        rig.run(|room, cx| room.path_up(cx, path, &path.to_string(), stock)).unwrap();
    }
    rig.hear(7, PathChannel::Sync, &entry(88, 1, Some("1")));
    rig.hear(8, PathChannel::Sync, &entry(88, 1, Some("1")));
    rig.hear(8, PathChannel::Sync, &entry(88, 2, Some("2")));
    rig.hear(7, PathChannel::Sync, &entry(88, 2, Some("2")));
    assert_eq!(shown(&rig), [(88, "2".to_owned())]);
    rig.run(|room, cx| room.path_down(cx, 7, false)).unwrap();
    rig.wait(2_000);
    assert_eq!(shown(&rig), [(88, "2".to_owned())]);
    rig.run(|room, cx| room.path_down(cx, 8, false)).unwrap();
    rig.wait(1_000);
    assert_eq!(shown(&rig), []);
}

#[test]
fn the_clock_moves_for_a_stock_peer_which_would_forget_us_otherwise() {
    let clocks = |dialect| {
        let mut rig = serverless(1);
        show(&mut rig, Some("1"));
        rig.run(|room, cx| room.path_up(cx, 7, "peer", dialect)).unwrap();
        for _ in 0..30 {
            rig.wait(1_000);
        }
        let mut clocks = Vec::new();
        for (.., frame) in rig.take_frames() {
            for message in decode(&frame, &FrameLimits::default()).unwrap() {
                if let Message::Awareness(entries) = message {
                    clocks.extend(entries.iter().map(|entry| entry.clock));
                }
            }
        }
        clocks.dedup();
        clocks
    };
    assert_eq!(clocks(Dialect::Stock { limit: 1_000 }).len(), 4);
    assert_eq!(clocks(Dialect::Ours).len(), 1);
}

#[test]
fn who_is_removed_by_the_server_before_its_path_has_spoken_is_seen_when_it_speaks() {
    let mut rig = served(1, PathMode::Both);
    rig.path_up(7);
    rig.hear(7, PathChannel::Sync, &hello(77, true));
    rig.receive(entry(77, 13, Some("1")));
    rig.receive(entry(77, 14, None));
    assert_eq!(shown(&rig), []);
    rig.hear(7, PathChannel::Presence, &entry(77, 13, Some("1")));
    assert_eq!(shown(&rig), [(77, "1".to_owned())]);
    rig.hear(7, PathChannel::Sync, &entry(77, 14, None));
    rig.hear(7, PathChannel::Presence, &entry(77, 13, Some("1")));
    assert_eq!(shown(&rig), [], "a late frame does not bring it back");
}
