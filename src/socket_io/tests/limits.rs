//! What the server takes, and what the namespace costs of that.

use serde_json::json;

use super::*;

#[test]
fn what_is_too_large_with_its_namespace_is_not_sent() {
    let mut rig = Rig::new(json!({"url": "ws://s", "namespace": "/admin"}));
    rig.run(SocketIo::connect);
    rig.open();
    rig.hears(r#"40/admin,{"sid":"a"}"#);
    rig.sent();
    let event = |length: usize| format!(r#"["{}"]"#, "x".repeat(length - r#"42/admin,[""]"#.len()));
    assert_eq!(rig.emit(1, &event(1_001), Delivery::Plain), Err(ErrorCode::FrameTooLarge));
    rig.emit(2, &event(1_000), Delivery::Plain).expect("sent");
    assert_eq!(rig.sent().iter().map(|text| text.len()).collect::<Vec<_>>(), [1_000]);
}

#[test]
fn the_servers_limit_holds_for_its_link_and_the_namespace_counts_in_texts_only() {
    let mut rig = Rig::new(json!({"url": "ws://s/", "namespace": "/room"}));
    let join = |rig: &mut Rig, most: usize| {
        rig.says(SocketInput::Opened { protocol: String::new() });
        rig.hears(&OPEN.replace("1000", &most.to_string()));
        rig.hears(r#"40/room,{"sid":"a"}"#);
        assert_eq!(rig.status(), Status::Connected);
    };
    let emit = |rig: &mut Rig, text: usize, bytes: usize| {
        let data = format!(r#"["{}",{{"_placeholder":true,"num":0}}]"#, "e".repeat(text));
        let event = Outbound { data, attachments: vec![vec![0; bytes]] };
        rig.run(|session, cx| session.emit(cx, 1, event, Delivery::Plain))
            .map_err(|misuse| misuse.code)
    };
    rig.run(SocketIo::connect);
    join(&mut rig, 100);
    assert_eq!(emit(&mut rig, 1, 100), Ok(Handed::Over));
    assert_eq!(emit(&mut rig, 1, 101), Err(ErrorCode::FrameTooLarge));
    let frame = r#"451-/room,["",{"_placeholder":true,"num":0}]"#.len();
    assert_eq!(emit(&mut rig, 100 - frame, 1), Ok(Handed::Over));
    assert_eq!(emit(&mut rig, 101 - frame, 1), Err(ErrorCode::FrameTooLarge));
    rig.close(1006);
    rig.pass();
    join(&mut rig, 1_000);
    assert_eq!(emit(&mut rig, 200, 1_000), Ok(Handed::Over));
}
