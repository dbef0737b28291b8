//! What members may not do.

use rejoin::doc::RootKind;
use rejoin::ordered::OrderedMap;
use rejoin::protocol::standing::Question;
use yrs::Array;

use super::*;

#[test]
fn three_malformed_frames_within_a_minute_end_the_socket() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    let malformed = vec![0, 2, 200, 1];
    for _ in 0..2 {
        world.say(alice, malformed.clone());
    }
    world.pass(60_000);
    for _ in 0..2 {
        world.say(alice, malformed.clone());
    }
    assert!(world.closed.is_empty(), "two in each minute");
    world.say(alice, malformed);
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1002));
    assert_eq!(world.hub.counters().malformed, 5);
    assert!(!world.closed.contains_key(&bob));
}

#[test]
fn a_state_vector_that_declares_millions_of_clients_is_a_malformed_frame() {
    let mut world = World::new();
    let alice = world.join(1);
    world.say(alice, encode::sync_step_1(&[0xff, 0xff, 0xff, 0x7f]));
    assert_eq!(world.hub.counters().malformed, 1);
}

#[test]
fn a_refused_update_is_told_to_the_operator_and_the_third_ends_the_socket() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.got.clear();
    let garbage = encode::update(&[1, 1, 11, 0, 99, 1]);
    for _ in 0..2 {
        world.say(alice, garbage.clone());
    }
    assert!(world.closed.is_empty() && world.got.is_empty(), "nothing is replied");
    assert!(matches!(world.notices.as_slice(), [Notice::UpdateRefused { .. }, _]));
    world.say(alice, garbage);
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1008));
    assert!(world.disk.records.is_empty());

    let update = type_at(&client(11), 0, "hi");
    world.say(bob, encode::update(&update));
    assert_eq!(world.take(bob), [encode::update(&update)], "the room goes on");
}

/// An update of writer 66 whose one letter lies inside of a letter of writer 11, which is no type.
fn inside_letter(clock: u8) -> Vec<u8> {
    vec![1, 1, 66 + clock, 0, 4, 0, 11, clock, 1, b'x', 0]
}

#[test]
fn who_types_what_anothers_bad_updates_waited_for_is_neither_refused_nor_sent_away() {
    let mut world = World::new();
    let (eve, alice) = (world.join(1), world.join(2));
    world.say(alice, Question::Hello.encode());
    for clock in 0..4 {
        world.say(eve, encode::update(&inside_letter(clock)));
    }
    assert_eq!(world.hub.counters().held, 4);
    world.got.clear();
    let doc = client(11);
    for index in 0..4 {
        let letter = encode::update(&type_at(&doc, index, "a"));
        world.say(alice, letter.clone());
        assert_eq!(world.take(alice), [letter], "nothing but the echo");
    }
    assert!(world.closed.is_empty(), "{:?}", world.closed);
    let told = |notice: &&Notice| matches!(notice, Notice::HeldRefused { .. });
    assert_eq!(world.notices.iter().filter(told).count(), 4);
    assert_eq!(world.hub.counters().refused, 4);
}

#[test]
fn a_frame_over_the_limit_ends_the_socket() {
    let mut world = World::with(HubConfig { max_frame: 100, ..HubConfig::default() });
    let alice = world.join(1);
    world.say(alice, vec![0; 101]);
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1009));
}

#[test]
fn frames_that_come_while_the_room_is_read_wait_but_not_without_bound() {
    let mut world = World::with(HubConfig { max_loading: 1_000, ..HubConfig::default() });
    let (alice, bob) = (MemberId(1), MemberId(2));
    for member in [alice, bob] {
        world.input(HubInput::Join {
            member,
            room: RoomName::from(ROOM),
            permission: Permission::Write,
        });
    }
    let update = encode::update(&type_at(&client(11), 0, "hi"));
    world.frame(alice, update.clone());
    world.frame(bob, vec![0; 2_000]);
    assert_eq!(world.closed.get(&bob).map(|(code, _)| *code), Some(1013));
    world.settle();
    assert_eq!(world.take(alice), [encode::sync_step_1(&[0]), update]);
}

#[test]
fn a_member_that_outruns_the_disk_is_sent_away() {
    let mut world = World::with(HubConfig { max_unstored: 1_000, ..HubConfig::default() });
    let (alice, doc) = (world.join(1), client(11));
    for index in 0..3 {
        world.frame(alice, encode::update(&type_at(&doc, index * 600, &"x".repeat(600))));
    }
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1013));
    world.settle();
    assert_eq!(text_of(&world.stored()).len(), 1_800, "what was taken in is kept");
}

#[test]
fn full_rooms_and_a_full_server_send_newcomers_away() {
    let config = HubConfig { max_members: 1, max_rooms: 1, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, bob) = (world.join(1), world.join(2));
    assert!(!world.closed.contains_key(&alice));
    assert_eq!(world.closed.get(&bob).map(|(code, _)| *code), Some(1013));
    let (member, room) = (MemberId(3), RoomName::from("another"));
    world.input(HubInput::Join { member, room, permission: Permission::Write });
    assert_eq!(world.closed.get(&member).map(|(code, _)| *code), Some(1013));
    assert!(!world.hub.has_space("another") && !world.hub.has_space(ROOM));
}

#[test]
fn a_declared_text_stays_one_whoever_writes_first_and_an_undeclared_root_is_what_the_first_makes_of_it()
 {
    for (roots, honest_is_stored) in [(declared(), true), (OrderedMap::new(), false)] {
        let mut world = World::with(HubConfig { roots, ..HubConfig::default() });
        let (eve, alice) = (world.join(1), world.join(2));
        world.say(eve, encode::update(&values_in_text(66)));
        world.say(alice, encode::update(&type_at(&client(11), 0, "hi")));
        let is_honest = text_of(&world.stored()) == "hi";
        assert_eq!(is_honest, honest_is_stored);
        let refused = |notice: &&Notice| matches!(notice, Notice::UpdateRefused { .. });
        assert_eq!(world.notices.iter().filter(refused).count(), 1);
    }
}

#[test]
fn what_was_stored_before_its_root_was_declared_is_read_as_it_is() {
    let mut world = World::with(HubConfig { roots: declared(), ..HubConfig::default() });
    let (key, update) = (RecordKey::Update(1), values_in_text(66));
    world.disk.records.insert(RoomName::from(ROOM), vec![Record { key, update: update.clone() }]);
    let alice = world.join(1);
    world.say(alice, encode::sync_step_1(&[0]));
    assert_eq!(updates(&world.take(alice)), [update]);
    assert!(world.disk.set_aside.is_empty() && world.notices.is_empty());
}

fn declared() -> OrderedMap<String, RootKind> {
    OrderedMap::from([("text".to_owned(), RootKind::Text)])
}

/// Values under the name that others have for a text.
fn values_in_text(id: u64) -> Vec<u8> {
    let doc = client(id);
    let root = doc.get_or_insert_array("text");
    let mut transaction = doc.transact_mut();
    root.push_back(&mut transaction, true);
    transaction.encode_update_v1()
}
