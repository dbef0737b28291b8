//! Messages of a room, seen from the sockets.

use rejoin::protocol::messages::{Hello, Reject, Rejected, Reply, Request, Subscribe};

use super::*;

/// What a member was told, as text: short to write and to read.
fn told(world: &mut World, member: MemberId) -> Vec<String> {
    let frames = world.take(member);
    let messages = frames.iter().flat_map(|frame| messages(frame));
    let payloads = messages.filter_map(|message| match message {
        Message::Messages(payload) => Some(payload),
        _ => None,
    });
    payloads.map(|payload| line(&Reply::decode(payload).unwrap().unwrap())).collect()
}

fn line(reply: &Reply<'_>) -> String {
    match reply {
        Reply::Hello(Hello { next, head, recovered, .. }) => {
            format!("hello {next}..{head}{}", if *recovered { " recovered" } else { "" })
        }
        Reply::Message(message) => {
            format!("{} {} from {}", message.seq, message.data, message.from)
        }
        Reply::Ack { n, seq } => format!("ack {n} is {seq}"),
        Reply::Reject(Reject { what, code, retry_ms }) => {
            let again = if *retry_ms > 0 { " again" } else { "" };
            match what {
                Rejected::Publish(n) => format!("reject {n}: {code:?}{again}"),
                Rejected::Question(request) => format!("no {request}: {code:?}{again}"),
            }
        }
        Reply::Passing { direct, envelope } => {
            let to = if *direct { "me" } else { "all" };
            format!("to {to}: {} from {}", envelope.data, envelope.from)
        }
        Reply::Delivered { request } => format!("delivered {request}"),
        Reply::Page { request, first, messages } => {
            let numbers: Vec<u64> = messages.iter().map(|message| message.seq).collect();
            format!("page {request} of {first}..: {numbers:?}")
        }
    }
}

fn subscription(connection: u64) -> Subscribe {
    Subscribe {
        request: 1,
        session: connection * 100,
        connection,
        history: 50,
        ..Subscribe::default()
    }
}

fn subscribe(world: &mut World, member: MemberId, subscribe: Subscribe) {
    world.say(member, Request::Subscribe(subscribe).encode());
}

/// A member that hears messages, under a connection id that equals its number.
fn member(world: &mut World, number: u64) -> MemberId {
    let member = world.join(number);
    subscribe(world, member, subscription(number));
    world.take(member);
    member
}

fn publish(n: u64, id: &str, data: &str) -> Vec<u8> {
    Request::Publish { n, kind: 0, id, data }.encode()
}

#[test]
fn a_member_that_does_not_ask_is_not_disturbed() {
    let mut world = World::new();
    let (stock, alice) = (world.join(1), member(&mut world, 2));
    world.got.clear();
    world.say(alice, publish(1, "a-1", "\"hi\""));
    world.say(alice, Request::Volatile { kind: 1, data: "0" }.encode());
    assert!(world.take(stock).is_empty());
    world.say(stock, publish(1, "s-1", "\"unasked\""));
    assert!(world.take(stock).is_empty(), "who has not subscribed is not answered");
    assert_eq!(world.disk.messages.len(), 1);
}

#[test]
fn a_message_is_acknowledged_and_given_to_everyone_behind_its_commit() {
    let mut world = World::new();
    let (alice, bob) = (member(&mut world, 1), member(&mut world, 2));
    world.frame(alice, publish(1, "a-1", "\"hi\""));
    assert!(world.got.is_empty(), "nothing is said before it is on disk");
    world.settle();
    assert_eq!(told(&mut world, alice), ["1 \"hi\" from 1", "ack 1 is 1"]);
    assert_eq!(told(&mut world, bob), ["1 \"hi\" from 1"]);
    assert_eq!(world.disk.messages.len(), 1);
}

#[test]
fn messages_are_dated_by_the_servers_clock() {
    let mut world =
        World::with(HubConfig { wall_origin: 1_700_000_000_000, ..HubConfig::default() });
    let alice = member(&mut world, 1);
    world.say(alice, publish(1, "a-1", "1"));
    assert_eq!(date(&mut world, alice), 1_700_000_001_000);
}

#[test]
fn messages_follow_a_clock_that_was_set_but_are_dated_before_the_last_only_where_that_was_far_off()
{
    let mut world =
        World::with(HubConfig { wall_origin: 1_700_000_000_000, ..HubConfig::default() });
    let alice = member(&mut world, 1);
    for (n, wall, at) in [
        (1, 1_700_003_600_000, 1_700_003_600_000),
        (2, 1_700_000_000_000, 1_700_003_600_000),
        (3, 1_700_003_700_000, 1_700_003_700_000),
        (4, 4_070_908_800_000, 4_070_908_800_000),
        (5, 1_700_003_800_000, 1_700_003_800_000),
    ] {
        world.input(HubInput::Clock { wall });
        world.say(alice, publish(n, &format!("a-{n}"), "1"));
        assert_eq!(date(&mut world, alice), at);
    }
}

/// When the message was sent that a member got first.
fn date(world: &mut World, member: MemberId) -> u64 {
    let frames = world.take(member);
    let Message::Messages(payload) = messages(&frames[0])[0] else { panic!("a message") };
    let Ok(Some(Reply::Message(envelope))) = Reply::decode(payload) else { panic!("a message") };
    envelope.at
}

#[test]
fn what_is_sent_again_is_stored_once_and_acknowledged_with_its_number() {
    let mut world = World::new();
    let (alice, bob) = (member(&mut world, 1), member(&mut world, 2));
    for _ in 0..3 {
        world.say(alice, publish(1, "a-1", "1"));
    }
    let ack = "ack 1 is 1";
    assert_eq!(told(&mut world, alice), ["1 1 from 1", ack, ack, ack]);
    assert_eq!(told(&mut world, bob), ["1 1 from 1"]);
    // Another link and another session: the id is the same.
    let again = member(&mut world, 3);
    world.say(again, publish(1, "a-1", "1"));
    world.say(again, publish(2, "a-2", "2"));
    assert_eq!(told(&mut world, again), [ack, "2 2 from 3", "ack 2 is 2"]);
}

#[test]
fn what_is_sent_again_after_a_restart_is_still_known() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    world.say(alice, publish(1, "a-1", "1"));
    world.input(HubInput::Restart);
    let back = member(&mut world, 2);
    world.say(back, publish(1, "a-1", "1"));
    assert_eq!(told(&mut world, back), ["ack 1 is 1"]);
    assert_eq!(world.disk.messages.len(), 1);
}

#[test]
fn what_comes_before_its_turn_waits_for_what_is_missing() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    for n in [2, 3, 0, u64::from(u32::MAX)] {
        world.say(alice, publish(n, &format!("a-{n}"), "1"));
    }
    assert!(told(&mut world, alice).is_empty());
    for n in 1..=2 {
        world.say(alice, publish(n, &format!("a-{n}"), &n.to_string()));
    }
    let expected = ["1 1 from 1", "ack 1 is 1", "2 2 from 1", "ack 2 is 2"];
    assert_eq!(told(&mut world, alice), expected);
}

#[test]
fn one_who_comes_back_gets_what_it_missed_and_is_told_that_it_has_all() {
    let mut world = World::new();
    world.disk.epoch = 77;
    let alice = member(&mut world, 1);
    for n in 1..=5 {
        world.say(alice, publish(n, &format!("a-{n}"), &n.to_string()));
    }
    let back = world.join(2);
    world.take(back);
    subscribe(&mut world, back, Subscribe { epoch: 77, after: 3, ..subscription(2) });
    assert_eq!(told(&mut world, back), ["hello 4..5 recovered", "4 4 from 1", "5 5 from 1"]);
    subscribe(&mut world, back, Subscribe { epoch: 77, after: 5, ..subscription(2) });
    assert_eq!(told(&mut world, back), ["hello 6..5 recovered"]);
}

#[test]
fn a_trimmed_a_wiped_and_an_older_log_are_told() {
    let limits = MessageLimits { keep: 2, ..MessageLimits::default() };
    let mut world = World::with(HubConfig { messages: limits, ..HubConfig::default() });
    world.disk.epoch = 77;
    let alice = member(&mut world, 1);
    for n in 1..=5 {
        world.say(alice, publish(n, &format!("a-{n}"), &n.to_string()));
    }
    assert_eq!(world.disk.messages.keys().copied().collect::<Vec<_>>(), [4, 5]);
    let lost = ["hello 4..5", "4 4 from 1", "5 5 from 1"];
    for (index, (epoch, after)) in [(77, 2), (78, 4), (77, 9), (0, 0)].into_iter().enumerate() {
        let back = world.join(10 + index as u64);
        world.take(back);
        subscribe(&mut world, back, Subscribe { epoch, after, ..subscription(2) });
        assert_eq!(told(&mut world, back), lost, "epoch {epoch}, after {after}");
    }
}

#[test]
fn a_log_that_was_restored_and_grew_again_is_not_taken_for_the_one_that_was_seen() {
    let mut world = World::new();
    world.disk.epoch = 77;
    let alice = member(&mut world, 1);
    world.pass(1_000);
    world.take(alice);
    world.say(alice, publish(1, "a-1", "1"));
    let first = date(&mut world, alice);
    let back = |world: &mut World, number, after, at| {
        let back = world.join(number);
        world.take(back);
        subscribe(world, back, Subscribe { epoch: 77, after, at, ..subscription(number) });
        told(world, back).first().cloned().expect("a hello")
    };
    assert_eq!(back(&mut world, 2, 1, first), "hello 2..1 recovered");
    assert_eq!(back(&mut world, 3, 1, 0), "hello 2..1 recovered", "an older client");
    assert_eq!(back(&mut world, 4, 1, first - 1), "hello 1..1", "its message 1 was another");
}

#[test]
fn a_newcomer_gets_as_many_of_the_latest_as_it_wants() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    for n in 1..=5 {
        world.say(alice, publish(n, &format!("a-{n}"), &n.to_string()));
    }
    let late = world.join(2);
    world.take(late);
    subscribe(&mut world, late, Subscribe { history: 1, ..subscription(2) });
    assert_eq!(told(&mut world, late), ["hello 5..5", "5 5 from 1"]);
}

#[test]
fn a_long_history_comes_in_frames_of_a_bounded_size() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    let words = format!("\"{}\"", "x".repeat(20_000));
    for n in 1..=20 {
        world.pass(100);
        world.say(alice, publish(n, &format!("a-{n}"), &words));
    }
    let late = world.join(2);
    world.take(late);
    subscribe(&mut world, late, subscription(2));
    let frames = world.take(late);
    assert!(frames.len() > 4 && frames.iter().all(|frame| frame.len() < 100_000));
    let count: usize = frames.iter().map(|frame| messages(frame).len()).sum();
    assert_eq!(count, 21);
}

#[test]
fn a_flood_is_refused_with_a_time_to_come_back_and_nothing_is_skipped() {
    let limits = MessageLimits { per_second: 5, ..MessageLimits::default() };
    let mut world = World::with(HubConfig { messages: limits, ..HubConfig::default() });
    let alice = member(&mut world, 1);
    for n in 1..=8 {
        world.say(alice, publish(n, &format!("a-{n}"), "1"));
    }
    let heard = told(&mut world, alice);
    assert_eq!(heard.iter().filter(|line| line.starts_with("ack")).count(), 5);
    assert_eq!(heard.last().map(String::as_str), Some("reject 6: RateLimit again"));
    world.pass(200);
    world.say(alice, publish(6, "a-6", "1"));
    assert_eq!(told(&mut world, alice), ["6 1 from 1", "ack 6 is 6"]);
}

#[test]
fn what_cannot_be_taken_is_refused_each_time_and_the_next_goes_on() {
    let limits = MessageLimits { max_bytes: 10, ..MessageLimits::default() };
    let mut world = World::with(HubConfig { messages: limits, ..HubConfig::default() });
    let alice = member(&mut world, 1);
    world.say(alice, publish(1, "a-1", "\"too large for this\""));
    world.say(alice, publish(1, "a-1", "\"too large for this\""));
    world.say(alice, publish(2, "a-2", "{odd}"));
    world.say(alice, publish(3, "", "1"));
    world.say(alice, publish(4, &"x".repeat(65), "1"));
    world.say(alice, publish(5, "a-5", "1"));
    let expected = [
        "reject 1: TooLarge",
        "reject 1: TooLarge",
        "reject 2: Malformed",
        "reject 3: Malformed",
        "reject 4: Malformed",
        "1 1 from 1",
        "ack 5 is 1",
    ];
    assert_eq!(told(&mut world, alice), expected);
}

#[test]
fn a_message_that_is_nested_too_deeply_reaches_nobody() {
    let mut world = World::new();
    let (alice, bob) = (member(&mut world, 1), member(&mut world, 2));
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    world.say(alice, publish(1, "a-1", &nested(32_000)));
    world.say(alice, Request::Volatile { kind: 0, data: &nested(65) }.encode());
    let direct = Request::Direct { request: 1, to: 2, kind: 0, data: &nested(65) };
    world.say(alice, direct.encode());
    world.say(alice, publish(2, "a-2", &nested(64)));
    let heard = told(&mut world, alice);
    assert_eq!(heard[..2], ["reject 1: TooLarge", "no 1: TooLarge"]);
    assert_eq!(heard.last().map(String::as_str), Some("ack 2 is 1"));
    assert_eq!(told(&mut world, bob), [format!("1 {} from 1", nested(64))]);
}

#[test]
fn a_direct_message_reaches_one_and_is_not_stored() {
    let mut world = World::new();
    let [alice, bob, carol] = [1, 2, 3].map(|number| member(&mut world, number));
    let direct = |request, to| Request::Direct { request, to, kind: 0, data: "\"psst\"" }.encode();
    world.say(alice, direct(7, 2));
    assert_eq!(told(&mut world, alice), ["delivered 7"]);
    assert_eq!(told(&mut world, bob), ["to me: \"psst\" from 1"]);
    assert!(world.take(carol).is_empty() && world.disk.messages.is_empty());
    world.say(alice, direct(8, 99));
    world.say(alice, direct(9, 0));
    world.input(HubInput::Leave { member: bob });
    world.say(alice, direct(10, 2));
    assert_eq!(told(&mut world, alice), ["no 8: NotFound", "no 9: NotFound", "no 10: NotFound"]);
}

#[test]
fn a_connection_id_is_its_owners_and_follows_it_to_its_next_link() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    let thief = world.join(2);
    subscribe(&mut world, thief, Subscribe { session: 5, ..subscription(1) });
    let bob = member(&mut world, 3);
    let direct = Request::Direct { request: 1, to: 1, kind: 0, data: "1" }.encode();
    world.got.clear();
    world.say(bob, direct.clone());
    assert_eq!(told(&mut world, alice), ["to me: 1 from 3"]);
    assert!(told(&mut world, thief).is_empty());
    // Alice's next link, while the old one is half-open.
    let back = member(&mut world, 4);
    subscribe(&mut world, back, subscription(1));
    world.got.clear();
    world.say(bob, direct);
    assert_eq!(told(&mut world, back), ["to me: 1 from 3"]);
    assert!(told(&mut world, alice).is_empty());
}

#[test]
fn of_a_flood_of_volatile_messages_others_get_the_latest_in_time() {
    let mut world = World::new();
    let (alice, bob) = (member(&mut world, 1), member(&mut world, 2));
    for index in 0..1_000 {
        world.say(alice, Request::Volatile { kind: 1, data: &index.to_string() }.encode());
        world.pass(1);
    }
    world.pass(100);
    let heard = told(&mut world, bob);
    assert!(heard.len() <= 65, "{}", heard.len());
    assert_eq!(heard.last().map(String::as_str), Some("to all: 999 from 1"));
    assert!(told(&mut world, alice).is_empty(), "not to the sender");
    assert!(world.disk.messages.is_empty());
}

#[test]
fn a_page_of_history_is_given_and_a_flood_of_questions_is_not_answered() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    for n in 1..=9 {
        world.say(alice, publish(n, &format!("a-{n}"), "1"));
    }
    world.take(alice);
    world.pass(5_000);
    for request in 1..=9 {
        world.say(alice, Request::Page { request, before: 6, limit: 3 }.encode());
    }
    let heard = told(&mut world, alice);
    assert_eq!(heard.first().map(String::as_str), Some("page 1 of 1..: [3, 4, 5]"));
    assert_eq!(heard.iter().filter(|line| line.starts_with("page")).count(), 4);
    assert_eq!(heard.last().map(String::as_str), Some("no 9: RateLimit again"));
    for _ in 0..20 {
        subscribe(&mut world, alice, subscription(1));
    }
    world.pass(5_000);
    assert!(told(&mut world, alice).len() < 30, "a subscription is answered once it may be");
}

#[test]
fn requests_that_cannot_be_read_are_strikes() {
    let mut world = World::new();
    let alice = member(&mut world, 1);
    for _ in 0..3 {
        world.say(alice, vec![120, 2, 1, 5]);
    }
    assert_eq!(world.closed.get(&alice).map(|(code, _)| *code), Some(1002));
}

#[test]
fn who_may_only_read_hears_and_is_told_that_it_may_not_write() {
    let mut world = World::new();
    let (reader, alice) = (member(&mut world, 1), member(&mut world, 2));
    world.input(HubInput::Permit { member: reader, permission: Permission::Read, user: None });
    world.say(reader, publish(1, "r-1", "1"));
    world.say(reader, publish(2, "r-2", "2"));
    world.say(reader, publish(1, "r-1", "1"));
    world.say(reader, Request::Direct { request: 7, to: 2, kind: 0, data: "3" }.encode());
    world.say(reader, Request::Volatile { kind: 1, data: "4" }.encode());
    let again = "reject 1: Forbidden";
    assert_eq!(told(&mut world, reader), [again, "reject 2: Forbidden", again, "no 7: Forbidden"]);
    assert!(told(&mut world, alice).is_empty());
    assert!(world.disk.messages.is_empty());
    world.say(alice, publish(1, "a-1", "5"));
    assert_eq!(told(&mut world, reader), ["1 5 from 2"]);
    // A fresh token that allows more: numbering goes on.
    world.input(HubInput::Permit { member: reader, permission: Permission::Write, user: None });
    world.say(reader, publish(3, "r-3", "6"));
    assert_eq!(told(&mut world, reader), ["2 6 from 1", "ack 3 is 2"]);
}
