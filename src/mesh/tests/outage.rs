//! What outages cost: nothing that was sent, little time, and no connection that could still come back.

use super::world::World;
use crate::io::{ChannelId, PeerConnectionId, PeerInput, PeerState, Refusal};
use crate::mesh::Channel;
use crate::mesh::control::Control;
use crate::mesh::frame::Frame;
use crate::mesh::link::LinkState;

fn linked(seed: u64) -> World {
    let mut world = World::pair(seed);
    world.until(2_000, |world| world.are_up(0, 1));
    world
}

/// Both tell each other these numbers, in messages of a hundred bytes.
fn say(world: &mut World, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let message = number.to_be_bytes().repeat(25);
        world.send(0, 1, Channel::Message, &message);
        world.send(1, 0, Channel::Message, &message);
    }
}

fn heard(world: &World, at: usize) -> Vec<u32> {
    let words = world.pages[at].heard(Channel::Message);
    words.iter().map(|word| u32::from_be_bytes(word[..4].try_into().unwrap())).collect()
}

#[test]
fn what_waits_for_a_connection_that_is_replaced_goes_over_the_next_one_once_and_in_order() {
    for seed in 0..10 {
        let mut world = linked(seed);
        let before = world.connection(0, 1);
        say(&mut world, 0..2_000);
        let under_way = world.rng.u64(0..30);
        world.run(under_way);
        world.network.cut(0, 1);
        say(&mut world, 2_000..2_100);
        world.until(80_000, |world| world.state(0, 1) == Some(LinkState::Connecting));
        world.until(1_000, |world| world.state(1, 0) == Some(LinkState::Connecting));
        say(&mut world, 2_100..2_200);
        world.run(20_000);
        say(&mut world, 2_200..2_300);
        world.network.heal();
        world.until(60_000, |world| world.are_up(0, 1));
        say(&mut world, 2_300..2_400);
        world.run(1_000);
        assert_ne!(world.connection(0, 1), before);
        for at in 0..2 {
            assert!(heard(&world, at).into_iter().eq(0..2_400), "seed {seed}");
            assert!(world.pages[at].errors.is_empty(), "{:?}", world.pages[at].errors);
        }
    }
}

#[test]
fn without_any_address_a_connection_is_kept_for_minutes_and_heals_as_it_is() {
    let mut world = linked(100);
    let before = world.connection(0, 1);
    world.network.blind = vec![0, 1];
    world.network.cut(0, 1);
    world.until(60_000, |world| world.state(0, 1) == Some(LinkState::Parked));
    say(&mut world, 0..100);
    world.run(70_000);
    world.network.blind.clear();
    world.network.heal();
    world.until(40_000, |world| world.are_up(0, 1));
    world.run(100);
    assert!(heard(&world, 0).into_iter().eq(0..100));
    assert!(heard(&world, 1).into_iter().eq(0..100));
    assert_eq!(world.connection(0, 1), before);
}

#[test]
fn a_peer_that_began_anew_gets_nothing_that_was_meant_for_its_link_before() {
    let mut world = linked(101);
    world.network.cut(0, 1);
    world.run(100);
    say(&mut world, 0..3);
    let own = PeerConnectionId(world.connection(1, 0).unwrap());
    world.feed(1, own, PeerInput::ChannelClosed(ChannelId(0)));
    assert_eq!(world.state(1, 0), Some(LinkState::Gone));
    world.until(60_000, |world| world.state(0, 1) == Some(LinkState::Connecting));
    world.send(0, 1, Channel::Message, &7u32.to_be_bytes());
    world.network.heal();
    world.until(60_000, |world| world.are_up(0, 1));
    world.send(0, 1, Channel::Message, &9u32.to_be_bytes());
    world.run(1_000);
    assert_eq!(heard(&world, 1), [9]);
    assert_eq!(world.pages[0].errors, ["E_NOT_CONNECTED"], "what was dropped is told");
}

#[test]
fn a_page_that_dies_is_doubted_within_four_seconds_also_where_no_server_tells() {
    for seed in 0..20 {
        let mut world = linked(seed);
        let quiet = world.rng.u64(0..10_000);
        world.run(quiet);
        world.pages[1].alive = false;
        world.network.silence(1);
        let took = world.until(6_000, |world| world.state(0, 1) != Some(LinkState::Up));
        // What it said last was on its way for ten.
        assert!(took <= 4_010, "{took} ms");
    }
}

#[test]
fn a_link_on_which_nothing_is_said_stays_up() {
    let mut world = linked(102);
    world.run(600_000);
    let changes = |at: usize| world.pages[at].history.len();
    assert_eq!((changes(0), changes(1)), (2, 2), "{:?}", world.pages[0].history);
}

#[test]
fn what_overtakes_the_word_of_who_it_is_waits_for_it() {
    let mut world = World::pair(103);
    world.until(2_000, |world| world.connection(0, 1).is_some());
    let id = PeerConnectionId(world.connection(0, 1).unwrap());
    let frame = Frame { stream: 0, total: Some(5), last: true, bytes: b"early" };
    let early = PeerInput::Message { channel: Channel::Message.id(), bytes: frame.encode() };
    world.feed(0, id, early);
    assert!(world.pages[0].heard(Channel::Message).is_empty(), "nobody knows whose it is");
    let name = world.pages[1].name.clone();
    let hello = Control::Hello { instance: name, link: 1, proof: None }.encode();
    let total = Some(hello.len() as u32);
    let frame = Frame { stream: 0, total, last: true, bytes: &hello };
    let hello = PeerInput::Message { channel: Channel::Control.id(), bytes: frame.encode() };
    world.feed(0, id, hello);
    assert_eq!(world.pages[0].heard(Channel::Message), [b"early"]);
}

#[test]
fn who_says_much_before_it_says_who_it_is_is_disconnected() {
    let mut world = World::pair(104);
    world.until(2_000, |world| world.connection(0, 1).is_some());
    let id = PeerConnectionId(world.connection(0, 1).unwrap());
    let bytes = vec![0; 1 << 20];
    for _ in 0..5 {
        assert!(world.pages[0].errors.is_empty());
        let early = PeerInput::Message { channel: Channel::Sync.id(), bytes: bytes.clone() };
        world.feed(0, id, early);
    }
    assert_eq!(world.pages[0].errors, ["E_PROTOCOL"]);
}

fn state(world: &mut World, at: usize, state: PeerState) {
    let id = PeerConnectionId(world.connection(at, 1 - at).unwrap());
    world.feed(at, id, PeerInput::State(state));
    world.run(100);
}

#[test]
fn who_came_back_to_signaling_is_not_taken_for_gone_at_the_next_hiccup() {
    let mut world = linked(105);
    world.run(1_000);
    let before = world.connection(0, 1);
    world.lose_signaling(1);
    world.part(1, "lost");
    world.run(1_000);
    world.enter(1);
    world.run(61_000);
    assert!(world.are_up(0, 1));
    state(&mut world, 0, PeerState::Disconnected);
    assert_eq!(world.state(0, 1), Some(LinkState::Suspect));
    state(&mut world, 0, PeerState::Connected);
    assert!(world.are_up(0, 1));
    assert_eq!(world.connection(0, 1), before);
}

#[test]
fn a_link_without_signaling_is_kept_for_a_minute_from_when_it_goes_down() {
    let mut world = linked(106);
    world.lose_signaling(1);
    world.part(1, "lost");
    for _ in 0..2 {
        world.run(61_000);
        state(&mut world, 0, PeerState::Disconnected);
        assert_eq!(world.state(0, 1), Some(LinkState::Suspect));
        state(&mut world, 0, PeerState::Connected);
        assert!(world.are_up(0, 1));
    }
    state(&mut world, 0, PeerState::Disconnected);
    world.run(59_000);
    assert_ne!(world.state(0, 1), Some(LinkState::Gone));
    world.run(1_000);
    assert_eq!(world.state(0, 1), Some(LinkState::Gone));
}

fn refuse(world: &mut World, refusal: Refusal) {
    let peer = world.number(0, 1);
    let id = world.with(0, |mesh, _| mesh.connection(peer)).unwrap();
    world.feed(0, id, PeerInput::Refused { refusal, words: "no".to_owned() });
    assert_eq!(world.state(0, 1), Some(LinkState::Parked));
}

#[test]
fn a_peer_to_whom_the_browser_makes_no_connection_is_shown_and_tried_again() {
    for seed in 0..10 {
        let mut world = World::pair(seed);
        world.until(2_000, |world| world.state(0, 1).is_some());
        for _ in 0..3 {
            refuse(&mut world, Refusal::Configuration);
            world.until(20_000, |world| world.state(0, 1) != Some(LinkState::Parked));
            assert_eq!(world.state(0, 1), Some(LinkState::Connecting), "seed {seed}");
        }
        assert_eq!(world.pages[0].blocked, ["unavailable"; 3]);
        assert_eq!(world.pages[0].errors, ["E_INVALID_ARGUMENT"], "told once");
        world.until(40_000, |world| world.are_up(0, 1));
    }
}

#[test]
fn a_peer_that_leaves_while_the_browser_makes_no_connection_is_gone() {
    let mut world = World::pair(103);
    world.until(2_000, |world| world.state(0, 1).is_some());
    refuse(&mut world, Refusal::TooMany);
    assert_eq!(world.pages[0].errors, ["E_UNAVAILABLE"]);
    world.kill(1);
    world.until(120_000, |world| world.state(0, 1) == Some(LinkState::Gone));
}
