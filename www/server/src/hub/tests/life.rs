//! Rooms come into memory and go; records become snapshots.

use rejoin::protocol::standing::Question;

use super::*;

#[test]
fn a_room_without_members_is_forgotten_after_a_while_and_read_again() {
    let mut world = World::new();
    let alice = world.join(1);
    world.say(alice, encode::update(&type_at(&client(11), 0, "hi")));
    world.input(HubInput::Leave { member: alice });
    world.pass(59_999);
    assert_eq!(world.hub.rooms(), 1);
    world.pass(1);
    assert_eq!((world.hub.rooms(), world.hub.poll_timeout()), (0, None));
    let bob = world.join(2);
    assert_eq!(world.take(bob), [encode::sync_step_1(&[1, 11, 2])]);
}

#[test]
fn a_room_in_which_nothing_was_written_is_forgotten_when_the_last_one_leaves() {
    let mut world = World::new();
    let alice = world.join(1);
    world.say(alice, encode::sync_step_1(&[0]));
    world.input(HubInput::Leave { member: alice });
    world.settle();
    assert_eq!((world.hub.rooms(), world.hub.poll_timeout()), (0, None));
}

#[test]
fn rooms_that_nobody_is_in_make_room_for_others_the_longest_empty_first() {
    let mut world = World::with(HubConfig { max_rooms: 2, ..HubConfig::default() });
    let enter = |world: &mut World, id: u64, room: &str| {
        let (member, room) = (MemberId(id), RoomName::from(room));
        world.input(HubInput::Join { member, room, permission: Permission::Write });
        world.settle();
        member
    };
    let leave = |world: &mut World, member| {
        world.input(HubInput::Leave { member });
        world.pass(1);
    };
    let written = |world: &mut World, member: MemberId| {
        world.frame(member, encode::update(&type_at(&client(member.0), 0, "hi")));
    };
    let (a, b) = (enter(&mut world, 11, "a"), enter(&mut world, 12, "b"));
    written(&mut world, a);
    world.settle();
    written(&mut world, b);
    assert!(!world.hub.has_space("c"), "somebody is in each");
    world.input(HubInput::Leave { member: b });
    assert!(!world.hub.has_space("c"), "what was written in it is not on disk");
    world.settle();
    world.pass(1);
    leave(&mut world, a);
    assert!(world.hub.has_space("c"));
    let c = enter(&mut world, 13, "c");
    assert!(world.closed.is_empty() && !world.take(c).is_empty());
    assert_eq!(world.disk.records.get("b").map(Vec::len), Some(1));
    // Only `a` is still in memory besides: who comes back to it is read nothing.
    let again = HubInput::Join { member: a, room: "a".into(), permission: Permission::Write };
    world.input(again);
    assert!(world.disk.tasks.is_empty());
    assert!(!world.hub.has_space("b"));
}

#[test]
fn a_large_document_is_not_written_anew_for_a_few_small_updates() {
    let config = HubConfig { compact_records: 50, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, doc) = (world.join(1), client(11));
    world.say(alice, encode::update(&type_at(&doc, 0, &"x".repeat(500_000))));
    for index in 0..1_200 {
        world.say(alice, encode::update(&type_at(&doc, index, "y")));
    }
    assert_eq!(world.hub.counters().compactions, 2, "one for the first, one for a thousand");
}

#[test]
fn a_document_that_is_full_takes_nothing_but_deletions_and_newcomers_still_read_it() {
    let config = HubConfig { max_document: 1_000, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, doc) = (world.join(1), client(11));
    world.say(alice, Question::Hello.encode());
    for _ in 0..20 {
        world.say(alice, encode::update(&type_at(&doc, 0, &"x".repeat(100))));
    }
    assert!(world.closed.is_empty(), "to write too much is no offence");
    let full = text_of(&world.stored()).len();
    assert!((900..1_200).contains(&full), "{full}");
    let before = world.hub.counters().updates;
    world.say(alice, encode::update(&type_at(&client(12), 0, "more")));
    assert_eq!(world.hub.counters().updates, before);
    let stock = world.join(2);
    world.say(stock, encode::update(&type_at(&client(14), 0, "more")));
    assert_eq!(world.closed.get(&stock).map(|(code, _)| *code), Some(1013));
    let stored = client(13);
    apply(&stored, &diff(&world.stored(), &[0]));
    // Letters that are refused go with the deletion in one update, as in what a client pushes that has both.
    let before = state_vector(&stored);
    type_at(&stored, 0, "more");
    delete_at(&stored, 4, 500);
    let both = diff(&stored, &before);
    world.say(alice, encode::update(&both));
    assert_eq!(text_of(&world.stored()).len(), full - 500);
    world.say(alice, encode::update(&both));
    assert_eq!(text_of(&world.stored()).len(), full - 500 + 4, "there is room again");
    world.say(alice, encode::update(&type_at(&client(15), 0, &"x".repeat(900))));
    let before = world.hub.counters().compactions;
    for client_id in 20..30 {
        let other = client(client_id);
        apply(&other, &diff(&world.stored(), &[0]));
        let known = state_vector(&other);
        type_at(&other, 0, "x");
        delete_at(&other, 10, 1);
        world.say(alice, encode::update(&diff(&other, &known)));
    }
    assert!(world.hub.counters().compactions - before <= 1, "not one for each that is refused");
}

#[test]
fn who_writes_and_deletes_again_and_again_near_the_limit_has_it_written_anew_once_a_minute() {
    let config = HubConfig { max_document: 160_000, max_frame: 1 << 20, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, doc) = (world.join(1), client(11));
    world.say(alice, Question::Hello.encode());
    for _ in 0..15 {
        world.say(alice, encode::update(&type_at(&doc, 0, &"x".repeat(10_000))));
    }
    let before = world.hub.counters().compactions;
    let refused = |world: &World| world.hub.counters().refused;
    for _ in 0..120 {
        world.say(alice, encode::update(&type_at(&doc, 0, &"y".repeat(8_000))));
        world.say(alice, encode::update(&delete_at(&doc, 0, 8_000)));
        world.pass(1_000);
    }
    let compactions = world.hub.counters().compactions - before;
    assert!((2..=5).contains(&compactions), "{compactions} in two minutes");
    assert!(refused(&world) > 0 && world.closed.is_empty());
    let late = client(12);
    apply(&late, &diff(&world.stored(), &[0]));
    assert!(text_of(&late).ends_with(&"x".repeat(150_000)));
    world.pass(60_000);
    world.say(alice, encode::update(&type_at(&late, 0, "z")));
    world.say(alice, encode::update(&type_at(&late, 0, "z")));
    assert!(text_of(&world.stored()).starts_with('z'), "there is room all the same");
}

#[test]
fn many_records_become_one_snapshot() {
    let config = HubConfig { compact_records: 50, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, doc) = (world.join(1), client(11));
    for index in 0..120 {
        world.say(alice, encode::update(&type_at(&doc, index, "x")));
    }
    assert_eq!(world.hub.counters().compactions, 2);
    assert!(world.disk.records.get(ROOM).is_some_and(|records| records.len() <= 22));
    assert_eq!(text_of(&world.stored()), "x".repeat(120));
}

#[test]
fn a_snapshot_taken_while_the_disk_lags_loses_nothing() {
    let config = HubConfig { compact_records: 10, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, doc) = (world.join(1), client(11));
    for index in 0..35 {
        world.frame(alice, encode::update(&type_at(&doc, index, "x")));
        if index % 7 == 0 {
            world.disk_step();
        }
    }
    world.settle();
    assert!(world.hub.counters().compactions > 0);
    assert_eq!(text_of(&world.stored()), "x".repeat(35));
}

#[test]
fn a_failed_snapshot_loses_nothing_and_is_tried_again_later() {
    let config = HubConfig { compact_records: 10, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, doc) = (world.join(1), client(11));
    for index in 0..30 {
        world.frame(alice, encode::update(&type_at(&doc, index, "x")));
        while let Some(task) = world.disk.tasks.front() {
            world.disk.broken = matches!(task, HubOutput::Compact { .. }) && index < 15;
            world.disk_step();
        }
    }
    let failed = |notice: &&Notice| matches!(notice, Notice::CompactionFailed { .. });
    assert_eq!(world.notices.iter().filter(failed).count(), 1);
    assert!(world.closed.is_empty());
    assert_eq!(text_of(&world.stored()), "x".repeat(30));
}

#[test]
fn a_record_that_is_refused_is_set_aside_and_the_rest_still_read() {
    let mut world = World::new();
    let doc = client(11);
    let good = type_at(&doc, 0, "good");
    let record = |key, update| Record { key: RecordKey::Update(key), update };
    let records = vec![record(1, vec![1, 1, 11, 0, 99, 1]), record(2, good.clone())];
    world.disk.records.insert(RoomName::from(ROOM), records);
    let alice = world.join(1);
    world.say(alice, encode::sync_step_1(&[0]));
    assert_eq!(updates(&world.take(alice)), [good]);
    assert_eq!(world.disk.set_aside, [RecordKey::Update(1)]);
    assert!(matches!(world.notices.as_slice(), [Notice::RecordSetAside { .. }]));
}

#[test]
fn a_lost_record_is_brought_back_by_a_client_that_has_it() {
    let mut world = World::new();
    let doc = client(11);
    let (first, second) = (type_at(&doc, 0, "one "), type_at(&doc, 4, "two"));
    let record = |key, update| Record { key: RecordKey::Update(key), update };
    let records = vec![record(1, first[..first.len() - 1].to_vec()), record(2, second)];
    world.disk.records.insert(RoomName::from(ROOM), records);
    let alice = world.join(1);
    assert_eq!(world.take(alice), [encode::sync_step_1(&[0])], "it does not claim what has a hole");
    world.say(alice, encode::sync_step_2(&diff(&doc, &[0])));
    assert_eq!(text_of(&world.stored()), "one two");
}

#[test]
fn an_update_that_hangs_on_nothing_known_does_not_keep_records_from_becoming_a_snapshot() {
    let config = HubConfig { compact_records: 50, ..HubConfig::default() };
    let mut world = World::with(config);
    let (alice, bob) = (world.join(1), world.join(2));
    let (doc, other) = (client(11), client(12));
    let (missing, hanging) = (type_at(&other, 0, "one "), type_at(&other, 4, "two"));
    world.say(bob, encode::update(&hanging));
    for index in 0..60 {
        world.say(alice, encode::update(&type_at(&doc, index, "x")));
    }
    assert_eq!(world.hub.counters().compactions, 1);
    world.say(bob, encode::update(&missing));
    assert!(text_of(&world.stored()).contains("one two"), "it waited all the same");
}

#[test]
fn stored_records_that_wait_for_a_lost_one_stay_on_disk_however_many_they_are() {
    let config = HubConfig { compact_records: 50, ..HubConfig::default() };
    let mut world = World::with(config);
    let (few, many) = (client(11), client(12));
    let type_one = |doc, index| type_at(doc, index, "x");
    let lost = [type_one(&few, 0), type_one(&many, 0)];
    let hanging = (1..20).map(|index| type_one(&few, index));
    let hanging: Vec<_> = hanging.chain((1..1_100).map(|index| type_one(&many, index))).collect();
    let record = |(key, update)| Record { key: RecordKey::Update(key), update };
    let records = (1..).zip(hanging).map(record).collect();
    world.disk.records.insert(RoomName::from(ROOM), records);
    let alice = world.join(1);
    world.say(alice, encode::update(&lost[1]));
    assert_eq!(world.hub.counters().compactions, 0, "some still wait");
    world.say(alice, encode::update(&lost[0]));
    assert_eq!(world.hub.counters().compactions, 1);
    assert_eq!(text_of(&world.stored()).len(), 20 + 1_100);
}
