//! What members ask of what the document shows, and what that may cost the others.

use rejoin::protocol::standing::{Print, Question, Statement};

use super::*;

const TEXT: &[u8] = b"\x04text\0";

/// The root, and one more that nobody has.
fn outline(number: u64) -> Vec<u8> {
    [TEXT, format!("\u{6}text{number:02}\0").as_bytes()].concat()
}

/// A world with a document of so many bytes, and its members.
fn world(bytes: usize, members: u64) -> (World, Vec<MemberId>) {
    let mut world = World::with(HubConfig { max_print: 2 << 20, ..HubConfig::default() });
    let members: Vec<MemberId> = (1..=members).map(|id| world.join(id)).collect();
    world.say(MemberId(1), encode::update(&type_at(&client(11), 0, &"x".repeat(bytes))));
    world.got.clear();
    (world, members)
}

fn prints(frames: &[Vec<u8>]) -> Vec<Print> {
    let messages = frames.iter().flat_map(|frame| messages(frame));
    let prints = messages.filter_map(|message| match message {
        Message::Standing(body) => match Statement::decode(body).expect("sound") {
            Some(Statement::Print(print)) => Some(print),
            _ => None,
        },
        _ => None,
    });
    prints.collect()
}

#[test]
fn however_many_ask_by_whichever_outlines_a_large_document_is_hashed_once_in_a_while() {
    let (mut world, members) = world(1 << 20, 8);
    let typist = client(12);
    for round in 0..160 {
        for member in &members {
            world.say(*member, Question::Check(member.0, &outline(round % 2 + member.0)).encode());
        }
        if round % 3 == 0 {
            world.say(members[0], encode::update(&type_at(&typist, 0, "y")));
        }
        world.pass(250);
    }
    let hashed = world.hub.counters().prints;
    assert!((8..=11).contains(&hashed), "one in four seconds: {hashed} in forty");
    for member in members {
        assert!(!prints(&world.take(member)).is_empty(), "{member:?} had its turn");
    }
    assert!(world.closed.is_empty());
}

#[test]
fn one_answer_is_for_all_who_wait_for_it() {
    let (mut world, members) = world(1 << 20, 8);
    let ask = |world: &mut World| {
        for member in &members {
            world.say(*member, Question::Check(member.0, TEXT).encode());
        }
    };
    ask(&mut world);
    assert_eq!(world.hub.counters().prints, 1);
    world.say(members[0], encode::update(&type_at(&client(12), 0, "more")));
    ask(&mut world);
    world.pass(5_000);
    assert_eq!(world.hub.counters().prints, 2);
    for member in &members {
        let got = prints(&world.take(*member));
        assert!(matches!(got[..], [first, second] if first.hash != second.hash), "{got:?}");
    }
}

#[test]
fn a_few_outlines_are_remembered_until_the_document_changes() {
    let (mut world, members) = world(10, 1);
    let mut ask = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            world.say(members[0], Question::Check(1, &outline(number)).encode());
            world.pass(1_000);
        }
        world.hub.counters().prints
    };
    assert_eq!(ask(0..4), 4);
    assert_eq!(ask(0..4), 4);
    assert_eq!(ask(4..5), 5);
    assert_eq!(ask(0..1), 6, "the oldest had to go");
}

#[test]
fn of_a_document_over_the_limit_nothing_is_said_and_nobody_waits() {
    let (mut world, members) = world(3 << 20, 2);
    for member in &members {
        world.say(*member, Question::Check(1, TEXT).encode());
    }
    world.pass(100_000);
    assert_eq!((world.hub.counters().prints, world.got.len()), (0, 0));
    assert!(world.closed.is_empty());
}

#[test]
fn rooms_take_turns_so_that_many_of_them_do_not_fill_the_hubs_time() {
    let mut world = World::new();
    let rooms = ["a", "b", "c", "d"].map(RoomName::from);
    for (room, id) in rooms.into_iter().zip(1..) {
        let member = MemberId(id);
        world.input(HubInput::Join { member, room, permission: Permission::Write });
        world.settle();
        world.say(member, encode::update(&type_at(&client(11), 0, &"x".repeat(1 << 20))));
    }
    for id in 1..=4 {
        world.say(MemberId(id), Question::Check(id, TEXT).encode());
    }
    assert_eq!(world.hub.counters().prints, 1);
    world.pass(10_000);
    assert_eq!(world.hub.counters().prints, 4);
}

#[test]
fn a_room_whose_turn_it_is_gets_it_whatever_others_ask_meanwhile() {
    let mut world = World::new();
    let rooms = ["a", "b", "c", "d", "e"].map(RoomName::from);
    for (room, id) in rooms.into_iter().zip(1..) {
        let member = MemberId(id);
        world.input(HubInput::Join { member, room, permission: Permission::Write });
        world.settle();
        world.say(member, encode::update(&type_at(&client(11), 0, &"x".repeat(1 << 20))));
    }
    world.got.clear();
    let typist = client(12);
    world.say(MemberId(5), Question::Check(5, TEXT).encode());
    for round in 0..40 {
        for id in 1..=4 {
            world.say(MemberId(id), Question::Check(id, &outline(round)).encode());
        }
        if round == 7 {
            world.say(MemberId(5), encode::update(&type_at(&typist, 0, "y")));
            world.say(MemberId(5), Question::Check(5, TEXT).encode());
        }
        world.pass(500);
    }
    let got: Vec<usize> = (1..=5).map(|id| prints(&world.take(MemberId(id))).len()).collect();
    assert_eq!(got[4], 2, "both of the fifth: {got:?}");
    assert!(got[..4].iter().all(|count| *count >= 3), "{got:?}");
}

#[test]
fn a_room_that_is_gone_stands_in_nobodys_way() {
    let mut world = World::new();
    for (room, id) in ["a", "b", "c"].map(RoomName::from).into_iter().zip(1..) {
        let member = MemberId(id);
        world.input(HubInput::Join { member, room, permission: Permission::Write });
        world.settle();
        world.say(member, encode::update(&type_at(&client(11), 0, &"x".repeat(1 << 20))));
        world.say(member, Question::Check(id, TEXT).encode());
    }
    world.input(HubInput::Leave { member: MemberId(2) });
    world.pass(3_000);
    assert_eq!(world.hub.counters().prints, 2);
    assert_eq!(prints(&world.take(MemberId(3))).len(), 1);
}

#[test]
fn however_many_rooms_wait_each_is_woken_once_for_its_turn() {
    const ROOMS: u64 = 500;
    let mut world = World::new();
    for id in 1..=ROOMS {
        let (member, room) = (MemberId(id), RoomName::from(id.to_string()));
        world.input(HubInput::Join { member, room, permission: Permission::Write });
        world.settle();
        world.say(member, encode::update(&type_at(&client(11), 0, &"x".repeat(4_096))));
    }
    let before = world.hub.counters().wakes;
    for id in 1..=ROOMS {
        world.say(MemberId(id), Question::Check(id, TEXT).encode());
    }
    world.pass(4 * ROOMS);
    assert_eq!(world.hub.counters().prints, ROOMS);
    let woken = world.hub.counters().wakes - before;
    assert!(woken <= 2 * ROOMS, "{woken}");
}
