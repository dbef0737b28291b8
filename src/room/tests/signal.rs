use super::*;

fn signals(rig: &Rig) -> Vec<&str> {
    let texts = rig.events.iter().filter_map(|event| match event {
        EventKind::Signal { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn signaling_passes_both_ways_over_the_rooms_link() {
    let mut rig = Rig::online();
    rig.run(|room, cx| room.signal(cx, r#"{"type":"hello"}"#)).unwrap();
    assert_eq!(rig.sent, [encode::signal(r#"{"type":"hello"}"#)]);
    rig.receive(encode::signal(r#"{"type":"welcome"}"#));
    assert_eq!(signals(&rig), [r#"{"type":"welcome"}"#]);
}

#[test]
fn signaling_without_a_link_or_that_is_no_json_is_refused() {
    let mut rig = Rig::new(PersistenceMode::Memory);
    let refused = rig.run(|room, cx| room.signal(cx, "{}"));
    assert_eq!(refused.map_err(|misuse| misuse.code), Err(ErrorCode::NotConnected));
    let mut rig = Rig::online();
    for odd in ["{", &format!("\"{}\"", "x".repeat(256 << 10))] {
        let refused = rig.run(|room, cx| room.signal(cx, odd));
        assert_eq!(refused.map_err(|misuse| misuse.code), Err(ErrorCode::Message), "{odd:.9}");
    }
    assert!(rig.sent.is_empty());
}

#[test]
fn signaling_that_cannot_be_read_is_told_and_the_third_time_ends_the_link() {
    let mut rig = Rig::online();
    rig.receive(encode::signal("{"));
    rig.receive(encode::signal(&format!("\"{}\"", "x".repeat(256 << 10))));
    assert_eq!((signals(&rig).len(), rig.problems()), (0, vec![ErrorCode::Protocol; 2]));
    assert!(rig.room.connection.is_online());
    rig.receive(vec![122, 1, 0xff]);
    assert!(!rig.room.connection.is_online());
}
