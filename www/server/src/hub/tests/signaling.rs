//! Signaling of peers, seen from the sockets.

use super::*;

fn texts(frames: &[Vec<u8>]) -> Vec<String> {
    let limits = FrameLimits::default();
    let messages = frames.iter().flat_map(|frame| decode(frame, &limits).unwrap());
    let signals = messages.filter_map(|message| match message {
        Message::Signal(text) => Some(text.to_owned()),
        _ => None,
    });
    signals.collect()
}

fn hello(name: &str) -> Vec<u8> {
    encode::signal(&format!(r#"{{"t":"hello","inst":"{name}","secret":"s"}}"#))
}

#[test]
fn peers_of_a_room_find_each_other_and_hear_who_goes() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, hello("a"));
    world.say(bob, hello("b"));
    world.got.clear();
    world.say(alice, encode::signal(r#"{"t":"sig","inst":"a","to":"b","body":{"x":1}}"#));
    let routed = r#"{"body":{"x":1},"from":"a","t":"sig","to":"b"}"#;
    assert_eq!(texts(&world.take(bob)), [routed]);
    assert!(world.take(alice).is_empty());
    world.input(HubInput::Leave { member: alice });
    assert_eq!(texts(&world.take(bob)), [r#"{"inst":"a","t":"leave","why":"lost"}"#]);
}

#[test]
fn rooms_do_not_hear_each_others_peers() {
    let mut world = World::new();
    let alice = world.join(1);
    world.say(alice, hello("a"));
    let eve = MemberId(9);
    world.input(HubInput::Join {
        member: eve,
        room: "elsewhere".into(),
        permission: Permission::Write,
    });
    world.settle();
    world.say(eve, hello("e"));
    world.say(eve, encode::signal(r#"{"t":"sig","inst":"e","to":"a","body":1}"#));
    let heard = texts(&world.take(alice));
    assert!(heard.iter().all(|text| !text.contains("\"e\"")), "{heard:?}");
}
