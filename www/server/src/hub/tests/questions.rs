//! What members ask by state vectors while answers wait for the disk, and what that may cost.

use bytes::Bytes;

use super::*;

/// A room with a document of 100 kB, its members, and an edit that is not stored yet.
fn storing(config: HubConfig, members: u64) -> (World, Vec<MemberId>) {
    let mut world = World::with(config);
    let members: Vec<MemberId> = (1..=members).map(|id| world.join(id)).collect();
    world.say(members[0], encode::update(&type_at(&client(11), 0, &"x".repeat(100_000))));
    world.frame(members[0], encode::update(&type_at(&client(12), 0, "y")));
    world.got.clear();
    (world, members)
}

/// How many answers to state vectors a member got.
fn answers(world: &mut World, member: MemberId) -> usize {
    let frames = world.take(member);
    let messages = frames.iter().flat_map(|frame| messages(frame));
    messages.filter(|message| matches!(message, Message::SyncStep2(_))).count()
}

#[test]
fn who_asks_the_same_again_before_the_answer_has_left_gets_one() {
    let (mut world, members) = storing(HubConfig::default(), 2);
    for _ in 0..4 {
        world.frame(members[1], encode::sync_step_1(&[0]));
    }
    assert!(world.got.is_empty(), "nothing leaves before it is stored");
    world.pass(3_000);
    world.settle();
    world.pass(3_000);
    assert_eq!(answers(&mut world, members[1]), 1);
    world.say(members[1], encode::sync_step_1(&[0]));
    assert_eq!(answers(&mut world, members[1]), 1, "the next one is a question again");
}

#[test]
fn of_other_questions_meanwhile_the_latest_is_answered_when_the_answer_has_left() {
    let (mut world, members) = storing(HubConfig::default(), 2);
    for clock in 1..5 {
        world.frame(members[1], encode::sync_step_1(&[1, 11, clock]));
    }
    world.settle();
    assert_eq!(answers(&mut world, members[1]), 1);
    world.pass(3_000);
    assert_eq!(answers(&mut world, members[1]), 1);
    world.pass(60_000);
    assert_eq!(answers(&mut world, members[1]), 0);
}

#[test]
fn answers_that_wait_for_the_disk_are_bounded_and_the_others_follow_them() {
    let config = HubConfig { max_answering: 150_000, ..HubConfig::default() };
    let (mut world, members) = storing(config, 6);
    for (member, clock) in members.iter().zip(1..) {
        world.frame(*member, encode::sync_step_1(&[1, 11, clock]));
    }
    while world.disk_step() {}
    let first: usize = members.iter().map(|member| answers(&mut world, *member)).sum();
    assert_eq!(first, 2);
    world.pass(1_000);
    let rest: usize = members.iter().map(|member| answers(&mut world, *member)).sum();
    assert_eq!(rest, 4);
}

#[test]
fn the_same_answer_for_several_members_is_in_memory_once() {
    let (mut world, members) = storing(HubConfig::default(), 3);
    world.settle();
    let answer = |world: &mut World, member: MemberId| -> Bytes {
        let bytes = encode::sync_step_1(&[0]).into();
        world.hub.handle_input(Instant::from_millis(world.now), HubInput::Frame { member, bytes });
        let sent = std::iter::from_fn(|| world.hub.poll_output()).find_map(|output| match output {
            HubOutput::Send { member: to, frame } if to == member => Some(frame),
            _ => None,
        });
        sent.expect("an answer")
    };
    let [one, same] = [answer(&mut world, members[0]), answer(&mut world, members[1])];
    assert_eq!(one.as_ptr(), same.as_ptr());
    world.say(members[0], encode::update(&type_at(&client(13), 0, "more")));
    let after = answer(&mut world, members[2]);
    assert_eq!(updates(&[after.to_vec()])[0], diff(&world.stored(), &[0]), "with the edit in it");
    world.pass(11_000);
    assert_ne!(answer(&mut world, members[1]).as_ptr(), after.as_ptr(), "nobody came for it");
}

#[test]
fn while_an_answer_is_on_its_way_only_the_rest_of_a_frame_counts() {
    let (mut world, members) = storing(HubConfig::default(), 2);
    world.settle();
    world.say(members[0], announce(here(7, 1, "{}")));
    world.got.clear();
    let bytes: Vec<u8> = [encode::sync_step_1(&[0]), vec![3]].concat();
    let member = members[1];
    world.input(HubInput::Meanwhile { member, bytes: bytes.clone().into() });
    world.pass(3_000);
    let got = world.take(member);
    assert_eq!((updates(&got), people(&got)), (vec![], vec![here(7, 1, "{}")]));
    world.say(member, bytes);
    assert_eq!(answers(&mut world, member), 1);
}

#[test]
fn a_large_document_is_looked_through_at_a_pace_and_everybody_gets_an_answer() {
    let mut world = World::new();
    let members: Vec<MemberId> = (1..=8).map(|id| world.join(id)).collect();
    world.say(members[0], encode::update(&type_at(&client(11), 0, &"x".repeat(4 << 20))));
    world.got.clear();
    let before = world.hub.counters().answers;
    for round in 1..=40 {
        for (member, clock) in members.iter().zip(0..) {
            world.say(*member, encode::sync_step_1(&[1, 11, 8 * (round % 12) + clock]));
        }
        world.pass(250);
    }
    let made = world.hub.counters().answers - before;
    assert!((38..=48).contains(&made), "four a second and a burst of four: {made} in ten");
    world.pass(5_000);
    for member in &members {
        assert!(answers(&mut world, *member) >= 4, "{member:?}");
    }
    assert_eq!(
        world.hub.poll_timeout().map(|deadline| deadline.at > Instant::from_millis(world.now)),
        Some(true)
    );

    let before = world.hub.counters().answers;
    for member in &members {
        world.say(*member, encode::sync_step_1(&[1, 11, 0x80, 0x80, 0x80, 2]));
    }
    assert_eq!(world.hub.counters().answers - before, 1, "who lacks nothing alike");
    assert!(members.iter().all(|member| answers(&mut world, *member) == 1));
}
