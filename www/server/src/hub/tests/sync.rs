//! y-websocket's exchange, message by message.

use super::*;

#[test]
fn a_member_is_greeted_with_a_state_vector_and_no_empty_presence() {
    let mut world = World::new();
    let alice = world.join(1);
    assert_eq!(world.take(alice), [encode::sync_step_1(&[0])]);
}

#[test]
fn a_member_that_comes_later_hears_at_once_who_is_here() {
    let mut world = World::new();
    let alice = world.join(1);
    world.say(alice, announce(here(7, 0, "{}")));
    let bob = world.join(2);
    let expected = [encode::sync_step_1(&[0]), announce(here(7, 0, "{}"))];
    assert_eq!(world.take(bob), expected);
}

#[test]
fn an_update_goes_to_everyone_the_sender_included() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.got.clear();
    let update = type_at(&client(11), 0, "hi");
    world.say(alice, encode::update(&update));
    assert_eq!(world.take(alice), [encode::update(&update)]);
    assert_eq!(world.take(bob), [encode::update(&update)]);
}

#[test]
fn a_state_vector_is_answered_with_what_is_missing_and_every_delete() {
    let mut world = World::new();
    let (alice, doc) = (world.join(1), client(11));
    world.say(alice, encode::update(&type_at(&doc, 0, "hello")));
    let knows_all = state_vector(&doc);
    world.say(alice, encode::update(&delete_at(&doc, 0, 4)));
    let bob = world.join(2);
    world.got.clear();
    world.say(bob, encode::sync_step_1(&knows_all));
    let answer = updates(&world.take(bob));
    let [answer] = answer.as_slice() else { panic!("one answer, not {}", answer.len()) };
    let late = client(12);
    apply(&late, &diff(&doc, &[0]));
    apply(&late, answer);
    assert_eq!(text_of(&late), "o");
    assert!(answer.len() < 12, "only the delete set, not {} bytes", answer.len());
}

#[test]
fn what_the_server_knew_already_goes_back_to_the_sender_alone() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    let update = type_at(&client(11), 0, "hi");
    world.say(alice, encode::update(&update));
    world.got.clear();
    world.say(alice, encode::sync_step_2(&update));
    assert_eq!(world.take(alice), [encode::update(&update)]);
    assert!(world.take(bob).is_empty());
    assert_eq!(world.disk.records.get(ROOM).map(Vec::len), Some(1), "nothing is stored twice");
}

#[test]
fn an_empty_update_is_neither_stored_nor_echoed() {
    let mut world = World::new();
    let alice = world.join(1);
    world.got.clear();
    world.say(alice, encode::sync_step_2(&[0, 0]));
    assert!(world.take(alice).is_empty());
    assert!(world.disk.records.is_empty());
}

#[test]
fn all_messages_of_a_frame_are_handled_and_those_of_other_dialects_counted() {
    let mut world = World::new();
    let alice = world.join(1);
    world.got.clear();
    let update = type_at(&client(11), 0, "hi");
    let frame = [encode::sync_step_1(&[0]), encode::update(&update), vec![102, 0]].concat();
    world.say(alice, frame);
    let expected = [encode::sync_step_2(&[0, 0]), encode::update(&update)];
    assert_eq!(world.take(alice), expected);
    world.input(HubInput::Text { member: alice });
    world.say(alice, vec![2, 0, 2, b'n', b'o']);
    let counters = world.hub.counters();
    assert_eq!((counters.unknown, counters.texts, counters.malformed), (2, 1, 0));
    assert!(world.closed.is_empty());
}

#[test]
fn a_held_update_makes_the_server_ask_again_but_not_in_a_loop() {
    let mut world = World::new();
    let (alice, doc) = (world.join(1), client(11));
    world.got.clear();
    let missing = type_at(&doc, 0, "one ");
    for index in 4..24 {
        world.say(alice, encode::update(&type_at(&doc, index, "x")));
    }
    assert_eq!(world.take(alice), [encode::sync_step_1(&[0])], "once, and nothing is echoed");
    world.pass(5_000);
    assert_eq!(
        world.take(alice),
        [encode::sync_step_1(&[0])],
        "and once more when the interval is over"
    );

    world.say(alice, encode::update(&missing));
    let released = updates(&world.take(alice));
    let late = client(12);
    released.iter().for_each(|update| apply(&late, update));
    assert_eq!(text_of(&late), format!("one {}", "x".repeat(20)));
    assert_eq!(text_of(&world.stored()), text_of(&late));
}

#[test]
fn twenty_thousand_questions_get_a_handful_of_answers() {
    let mut world = World::new();
    let alice = world.join(1);
    world.got.clear();
    for _ in 0..100 {
        world.say(alice, encode::sync_step_1(&[0]).repeat(200));
    }
    assert!(world.take(alice).len() <= 4);
    world.pass(2_000);
    assert_eq!(world.take(alice).len(), 1, "the last question is answered when its time has come");
}

#[test]
fn a_client_whose_answers_release_nothing_is_asked_less_and_less_often() {
    let mut world = World::new();
    let (alice, doc) = (world.join(1), client(11));
    let missing = type_at(&doc, 0, "one ");
    let hanging = type_at(&doc, 4, "two");
    world.say(alice, encode::update(&hanging));
    let mut asked = 0;
    for _ in 0..600 {
        let questions = world.take(alice).len();
        asked += questions;
        if questions > 0 {
            world.say(alice, encode::sync_step_2(&hanging));
        }
        world.pass(100);
    }
    assert!((3..=8).contains(&asked), "{asked} in a minute");

    world.say(alice, encode::update(&missing));
    world.take(alice);
    type_at(&doc, 7, " three");
    world.say(alice, encode::update(&type_at(&doc, 13, " four")));
    assert_eq!(world.take(alice).len(), 1, "something was released: at once again");
}
