//! Peers and servers that mean harm cost a bounded amount, and the app is told.

use serde_json::json;

use super::world::World;
use crate::io::{ChannelId, PeerConnectionId, PeerInput};
use crate::mesh::Channel;
use crate::mesh::control::Control;
use crate::mesh::frame::Frame;
use crate::mesh::lane::WINDOW;
use crate::mesh::link::LinkState;
use crate::mesh::options::MeshOptions;

fn connected() -> (World, PeerConnectionId) {
    let mut world = World::pair(99);
    world.until(2_000, |world| world.are_up(0, 1));
    let id = PeerConnectionId(world.connection(0, 1).unwrap());
    (world, id)
}

fn message(channel: Channel, frame: &Frame<'_>) -> PeerInput {
    PeerInput::Message { channel: channel.id(), bytes: frame.encode() }
}

#[test]
fn bytes_that_are_no_frame_end_the_link_with_an_error() {
    let (mut world, id) = connected();
    let bytes = vec![0xff; 40];
    world.feed(0, id, PeerInput::Message { channel: ChannelId(1), bytes });
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
    assert_eq!(world.state(0, 1), Some(LinkState::Gone));
    assert_eq!(world.network.open_connections(0), 0);
}

#[test]
fn an_oversize_message_is_refused_by_its_announcement() {
    let (mut world, id) = connected();
    let frame = Frame { stream: 0, total: Some(u32::MAX), last: false, bytes: b"x" };
    world.feed(0, id, message(Channel::Sync, &frame));
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
}

#[test]
fn empty_frames_before_it_said_who_it_is_are_not_kept_without_end() {
    let mut world = World::pair(96);
    world.until(2_000, |world| world.connection(0, 1).is_some());
    let id = PeerConnectionId(world.connection(0, 1).unwrap());
    for _ in 0..70_000 {
        world.feed(0, id, PeerInput::Message { channel: ChannelId(1), bytes: Vec::new() });
    }
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
    assert_eq!(world.state(0, 1), Some(LinkState::Gone));
}

#[test]
fn endless_streams_end_at_the_fifth() {
    let (mut world, id) = connected();
    for stream in 0..5 {
        let frame = Frame { stream, total: Some(9), last: false, bytes: b"x" };
        world.feed(0, id, message(Channel::Message, &frame));
    }
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
}

#[test]
fn credit_that_was_never_taken_ends_the_link() {
    let (mut world, id) = connected();
    let credit = Control::Credit { channel: Channel::Sync, bytes: WINDOW }.encode();
    let total = Some(credit.len() as u32);
    let frame = Frame { stream: 9_999, total, last: true, bytes: &credit };
    world.feed(0, id, message(Channel::Control, &frame));
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
}

#[test]
fn who_breaks_the_rules_is_tried_again_late() {
    let (mut world, id) = connected();
    world.feed(0, id, PeerInput::Message { channel: ChannelId(1), bytes: vec![] });
    world.run(5_000);
    assert!(!world.are_up(0, 1) || world.pages[0].history.len() > 3);
    world.until(60_000, |world| world.are_up(0, 1));
}

#[test]
fn signaling_of_somebody_who_is_not_in_the_room_is_ignored() {
    let mut world = World::pair(98);
    world.run(20);
    for number in 0..1_000 {
        let body = json!({"pc": 1, "yours": 0, "offer": {"id": 1, "sdp": "v=0"}});
        let from = format!("stranger {number}");
        world.tell(0, &json!({"t": "sig", "from": from, "body": body}));
    }
    world.until(3_000, |world| world.are_up(0, 1));
    assert_eq!(world.connections_made, 2);
}

#[test]
fn replayed_and_forged_offers_make_no_new_connections() {
    let (mut world, _) = connected();
    let name = world.pages[1].name.clone();
    for number in 0..1_000 {
        let offer = json!({"id": number % 3 + 1, "sdp": "a=ice-ufrag:1.9.9\n"});
        let body = json!({"pc": number + 1_000, "yours": 0, "offer": offer});
        world.tell(0, &json!({"t": "sig", "from": name, "body": body}));
    }
    world.run(5_000);
    assert!(world.connections_made <= 8, "{} connections", world.connections_made);
    assert!(world.network.open_connections(0) <= 1);
}

fn keyed(inserted: &'static str) -> World {
    let options = MeshOptions { key: Some("k".into()), ..MeshOptions::default() };
    let mut world = World::new(97, 2, &options);
    world.inserted = inserted;
    world.enter(0);
    world.enter(1);
    world
}

#[test]
fn a_server_that_puts_its_certificate_beside_the_genuine_one_gets_no_link_that_has_a_key() {
    let mut world = keyed("m=application\na=fingerprint:sha-256 evil\n");
    world.until(2_000, |world| world.pages.iter().any(|page| page.errors == ["E_FORBIDDEN"]));
    world.run(20_000);
    for page in &world.pages {
        assert!(page.history.iter().all(|(_, state)| *state != LinkState::Up));
    }
}

#[test]
fn a_description_with_another_certificate_than_the_proven_one_is_dropped_and_told_once() {
    let mut world = keyed("");
    world.until(2_000, |world| world.are_up(0, 1));
    world.run(100);
    let (own, theirs) = (world.connection(0, 1).unwrap(), world.connection(1, 0).unwrap());
    let name = world.pages[1].name.clone();
    let (before, operations) = (world.pages[0].said, world.network.operations);
    for id in 50..53 {
        let sdp = format!("a=ice-ufrag:1.{theirs}.1\na=fingerprint:sha-256 evil\n");
        let body = json!({"pc": theirs, "yours": own, "offer": {"id": id, "sdp": sdp}});
        world.tell(0, &json!({"t": "sig", "from": name, "body": body}));
    }
    world.run(1_000);
    assert_eq!(world.network.operations, operations, "the browser takes none of them");
    assert_eq!(world.pages[0].said, before, "nor is one answered");
    assert_eq!(world.pages[0].errors, ["E_FORBIDDEN"]);
    assert!(world.are_up(0, 1));
}

#[test]
fn ten_thousand_candidates_are_told_once() {
    let (mut world, _) = connected();
    let name = world.pages[1].name.clone();
    let own = world.connection(1, 0).unwrap();
    for number in 0..10_000 {
        let text = format!("candidate:{number} ufrag x{number}");
        let body = json!({"pc": own, "yours": 0, "candidate": {"candidate": text}});
        world.tell(0, &json!({"t": "sig", "from": name, "body": body}));
    }
    world.run(1_000);
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
    assert!(world.are_up(0, 1), "and harm nobody");
}

#[test]
fn a_server_that_talks_nonsense_is_told_and_changes_nothing() {
    let (mut world, _) = connected();
    for text in ["", "{}", "[1]", "{\"t\":\"join\"}"] {
        world.with(0, |mesh, cx| mesh.handle_signal(cx, text));
    }
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"; 4]);
    assert!(world.are_up(0, 1));
}
