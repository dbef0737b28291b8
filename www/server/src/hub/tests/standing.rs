//! What the server says of itself, and members that may only read.

use rejoin::doc::RootKind;
use rejoin::protocol::standing::{Access, Greeting, Print, Question, Statement};

use super::*;

const EPOCH: u64 = 77;

fn world() -> World {
    World::with(HubConfig { epoch: EPOCH, ..HubConfig::default() })
}

fn greeting(access: Access) -> Statement<'static> {
    Statement::Greeting(Greeting { epoch: EPOCH, access })
}

/// What a member is told behind y-sync, or alone.
fn standing(frames: &[Vec<u8>]) -> Vec<Statement<'_>> {
    let messages = frames.iter().flat_map(|frame| messages(frame));
    let bodies = messages.filter_map(|message| match message {
        Message::Standing(body) => Some(body),
        _ => None,
    });
    bodies.map(|body| Statement::decode(body).expect("sound").expect("known")).collect()
}

fn permit(world: &mut World, member: MemberId, permission: Permission) {
    world.input(HubInput::Permit { member, permission, user: None });
    world.settle();
}

#[test]
fn the_greeting_rides_behind_step_1_where_stock_clients_do_not_look() {
    let mut world = world();
    let alice = world.join(1);
    let got = world.take(alice);
    let [frame] = got.as_slice() else { panic!("{got:?}") };
    assert!(frame.starts_with(&encode::sync_step_1(&[0])));
    assert_eq!(standing(&got), [greeting(Access::Write)]);
}

#[test]
fn it_is_said_again_with_each_answer_until_the_member_has_heard_it() {
    let mut world = world();
    let alice = world.join(1);
    world.got.clear();
    world.say(alice, encode::sync_step_1(&[0]));
    assert_eq!(standing(&world.take(alice)), [greeting(Access::Write)]);
    world.say(alice, Question::Hello.encode());
    world.say(alice, encode::sync_step_1(&[0]));
    assert_eq!(standing(&world.take(alice)), []);
    world.say(alice, Question::Greet.encode());
    assert_eq!(standing(&world.take(alice)), [greeting(Access::Write)]);
}

#[test]
fn a_reader_may_say_what_is_known_and_is_sent_away_for_what_is_not() {
    let mut world = world();
    let (alice, bob) = (world.join(1), world.join_as(2, Permission::Read));
    let doc = client(11);
    world.say(alice, encode::update(&type_at(&doc, 0, "hello")));
    world.say(alice, encode::update(&delete_at(&doc, 0, 2)));
    world.say(bob, encode::sync_step_2(&diff(&doc, &[0])));
    assert!(world.closed.is_empty(), "a whole document, and nothing new in it");
    world.say(bob, encode::update(&type_at(&client(12), 0, "graffiti")));
    assert_eq!(world.closed.get(&bob).map(|(code, _)| *code), Some(4403));
    assert_eq!(text_of(&world.stored()), "llo");
}

#[test]
fn a_reader_that_knows_the_dialect_is_told_and_stays() {
    let mut world = world();
    let (alice, bob) = (world.join(1), world.join_as(2, Permission::Read));
    assert_eq!(standing(&world.take(bob)), [greeting(Access::Read)]);
    world.say(bob, Question::Hello.encode());
    for _ in 0..5 {
        world.say(bob, encode::update(&type_at(&client(12), 0, "graffiti")));
    }
    assert_eq!(standing(&world.take(bob)), [greeting(Access::Read); 5]);
    assert!(world.closed.is_empty() && world.disk.records.is_empty());
    assert_eq!(updates(&world.take(alice)), Vec::<Vec<u8>>::new());
}

#[test]
fn a_member_hears_when_its_rights_change_and_may_write_from_then_on() {
    let mut world = world();
    let bob = world.join_as(2, Permission::Read);
    world.say(bob, Question::Hello.encode());
    world.got.clear();
    permit(&mut world, bob, Permission::Read);
    assert_eq!(standing(&world.take(bob)), []);
    permit(&mut world, bob, Permission::Write);
    assert_eq!(standing(&world.take(bob)), [greeting(Access::Write)]);
    world.say(bob, encode::update(&type_at(&client(12), 0, "hi")));
    assert_eq!(text_of(&world.stored()), "hi");
}

#[test]
fn a_refused_update_is_told_to_who_knows_the_dialect() {
    let mut world = world();
    let alice = world.join(1);
    world.say(alice, Question::Hello.encode());
    world.got.clear();
    world.say(alice, encode::update(&[1, 1, 11, 0, 99, 1]));
    let got = world.take(alice);
    assert!(matches!(standing(&got)[..], [Statement::Refused(_)]), "{got:?}");
}

#[test]
fn what_is_cut_is_a_malformed_frame_and_what_is_of_the_future_is_ignored() {
    let mut world = world();
    let alice = world.join(1);
    world.say(alice, vec![125, 1, 99]);
    assert_eq!((world.hub.counters().malformed, world.hub.counters().unknown), (0, 1));
    world.say(alice, vec![125, 0]);
    assert_eq!(world.hub.counters().malformed, 1);
}

#[test]
fn it_says_what_it_shows_by_the_outline_of_who_asks() {
    let mut world = world();
    let alice = world.join(1);
    world.say(alice, encode::update(&type_at(&client(11), 0, "hi")));
    let roots = [("map", RootKind::Map), ("text", RootKind::Text)];
    let roots = roots.map(|(name, kind)| (name.to_owned(), kind)).into();
    let mut doc = rejoin::doc::Doc::new(5, &roots, rejoin::doc::Limits::default());
    for update in updates(&world.take(alice)) {
        doc.apply(&update, Origin::Remote).expect("sound");
    }
    let print = Print { client: 5, digest: doc.content().digest(), hash: doc.hash() >> 11 };
    for _ in 0..2 {
        world.say(alice, Question::Check(5, &doc.outline()).encode());
        assert_eq!(standing(&world.take(alice)), [Statement::Print(print)]);
    }
    world.say(alice, encode::update(&type_at(&client(12), 0, "more")));
    world.got.clear();
    world.say(alice, Question::Check(5, &doc.outline()).encode());
    assert_ne!(standing(&world.take(alice)), [Statement::Print(print)]);
    for odd in [&b"\x04text\x09"[..], b"\x04text\0\x04text\0"] {
        world.say(alice, Question::Check(5, odd).encode());
        world.pass(1_000);
    }
    assert_eq!(world.hub.counters().malformed, 2);
}

#[test]
fn a_text_that_is_asked_for_as_a_list_is_no_list() {
    let mut world = world();
    let alice = world.join_as(1, Permission::Write);
    world.say(alice, Question::Hello.encode());
    world.say(alice, encode::update(&type_at(&client(11), 0, "a\u{1f600}b")));
    world.got.clear();
    world.say(alice, Question::Check(5, b"\x04text\x01").encode());
    let list = rejoin::ordered::OrderedMap::from([("text".to_owned(), RootKind::List)]);
    let empty = rejoin::doc::Doc::new(1, &list, rejoin::doc::Limits::default());
    let got = world.take(alice);
    let [Statement::Print(print)] = standing(&got)[..] else { panic!("{got:?}") };
    assert_eq!(print.hash, empty.hash() >> 11);
}
