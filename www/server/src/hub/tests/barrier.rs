//! Frames leave only behind the commit of what they show.

use super::*;

#[test]
fn nothing_shows_an_update_before_it_is_stored() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.got.clear();
    let update = type_at(&client(11), 0, "hi");
    world.frame(alice, encode::update(&update));
    world.frame(bob, encode::sync_step_1(&[0]));
    let carol = MemberId(3);
    world.input(HubInput::Join {
        member: carol,
        room: RoomName::from(ROOM),
        permission: Permission::Write,
    });
    assert!(world.got.is_empty(), "no echo, no relay, no answer, no greeting");
    world.settle();
    assert_eq!(world.take(alice), [encode::update(&update)]);
    assert_eq!(world.take(bob), [encode::update(&update), encode::sync_step_2(&update)]);
    assert_eq!(world.take(carol), [encode::sync_step_1(&[1, 11, 2])]);
}

#[test]
fn updates_that_wait_for_the_disk_are_stored_in_one_batch() {
    let mut world = World::new();
    let (alice, doc) = (world.join(1), client(11));
    for index in 0..10 {
        world.frame(alice, encode::update(&type_at(&doc, index, "x")));
    }
    assert_eq!(world.disk.tasks.len(), 1, "one store at a time");
    world.disk_step();
    assert_eq!(world.disk.tasks.len(), 1);
    world.disk_step();
    assert!(world.disk.tasks.is_empty(), "the other nine were one batch");
    assert_eq!(text_of(&world.stored()), "x".repeat(10));
}

#[test]
fn an_update_that_cannot_be_stored_is_never_shown_and_everyone_tries_again() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    let kept = type_at(&client(11), 0, "kept");
    world.say(alice, encode::update(&kept));
    world.got.clear();
    world.disk.broken = true;
    world.say(alice, encode::update(&type_at(&client(12), 0, "lost")));
    assert!(world.got.is_empty());
    let away = (1013, r#"{"retry_ms":2000}"#.to_owned());
    assert_eq!(world.closed.get(&alice), Some(&away));
    assert_eq!(world.closed.get(&bob), Some(&away));
    assert!(matches!(world.notices.as_slice(), [Notice::RoomFailed { task: "store", .. }]));

    world.disk.broken = false;
    let back = world.join(3);
    world.say(back, encode::sync_step_1(&[0]));
    assert_eq!(updates(&world.take(back)), [kept], "memory shows what the disk has");
}

#[test]
fn a_room_that_cannot_be_read_sends_its_members_away() {
    let mut world = World::new();
    world.disk.broken = true;
    let alice = world.join(1);
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1013));
    assert_eq!((world.hub.rooms(), world.hub.members()), (0, 0));
}

#[test]
fn a_restart_forgets_what_was_not_stored_and_reads_the_rest_again() {
    let mut world = World::new();
    let (alice, doc) = (world.join(1), client(11));
    world.say(alice, encode::update(&type_at(&doc, 0, "stored")));
    world.frame(alice, encode::update(&type_at(&doc, 6, " not yet")));
    world.disk.tasks.clear();
    world.input(HubInput::Restart);
    assert_eq!(world.cut, [alice]);
    assert!(world.closed.is_empty(), "no close frame");
    let back = world.join(2);
    world.say(back, encode::sync_step_1(&[0]));
    let late = client(12);
    updates(&world.take(back)).iter().for_each(|update| apply(&late, update));
    assert_eq!(text_of(&late), "stored");
}

#[test]
fn an_answer_of_the_disk_from_before_a_restart_is_ignored() {
    let mut world = World::new();
    let (alice, doc) = (world.join(1), client(11));
    world.frame(alice, encode::update(&type_at(&doc, 0, "one")));
    let old = world.disk.tasks.pop_front();
    world.input(HubInput::Restart);
    let back = world.join(2);
    world.got.clear();
    world.frame(back, encode::update(&type_at(&client(12), 0, "two")));
    let Some(HubOutput::Store { room, ticket, .. }) = old else { panic!("a store") };
    world.input(HubInput::Stored { room, ticket, result: Ok(()) });
    assert!(world.got.is_empty(), "the store of this life is still under way");
    world.settle();
    assert_eq!(world.take(back).len(), 1);
}

#[test]
fn shutdown_says_goodbye_behind_what_was_promised() {
    let mut world = World::new();
    let alice = world.join(1);
    world.got.clear();
    let update = type_at(&client(11), 0, "hi");
    world.frame(alice, encode::update(&update));
    world.input(HubInput::Shutdown);
    assert!(world.closed.is_empty() && !world.hub.is_stopped());
    world.settle();
    assert_eq!(world.take(alice), [encode::update(&update)]);
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1012));
    assert!(world.hub.is_stopped());
    let late = world.join(2);
    assert_eq!(world.closed.get(&late).map(|(code, _)| *code), Some(1012));
}
