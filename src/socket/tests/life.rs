use super::*;

#[test]
fn a_dead_link_is_noticed_by_the_apps_own_ping() {
    let mut rig =
        Rig::new(json!({"url": "ws://s", "ping": "{\"type\":\"ping\"}", "heartbeat": 10_000}));
    rig.go_online();
    assert_eq!(rig.pass(), 10_000);
    assert_eq!(rig.sent(), ["{\"type\":\"ping\"}"]);
    assert_eq!(rig.pass(), 8_000);
    assert!(rig.outputs().contains(&&SocketOutput::Abandon));
    let reason = rig.status.as_ref().and_then(|status| status.reason.clone());
    assert_eq!(reason, Some(Reason::Timeout { waiting_for: "heartbeat" }));
}

#[test]
fn a_link_that_swallows_what_is_sent_to_it_is_not_taken_for_dead() {
    for (left, alive) in [(840 << 10, true), (1_100 << 10, false)] {
        let mut rig = Rig::new(json!({"url": "ws://s", "ping": "ping", "heartbeat": 10_000}));
        rig.go_online();
        rig.send(1, &"x".repeat(300 << 10)).expect("sent");
        rig.pass();
        rig.measures(300 << 10);
        rig.send(2, &"x".repeat(700 << 10)).expect("sent");
        rig.wait(8_000);
        rig.measures(left);
        assert_eq!(rig.outputs().contains(&&SocketOutput::Abandon), !alive, "{left} bytes left");
    }
}

#[test]
fn answers_to_pings_are_kept_from_the_app_and_the_servers_pings_are_answered() {
    let mut rig = Rig::new(json!({
        "url": "ws://s", "ping": "ping", "pong": "pong", "replyTo": "PING", "replyWith": "PONG"
    }));
    rig.go_online();
    rig.pass();
    rig.now += 30;
    rig.hears("pong");
    assert_eq!(
        (rig.events().len(), rig.status.as_ref().and_then(|status| status.rtt)),
        (0, Some(30))
    );
    rig.hears("PING");
    assert_eq!((rig.events().len(), rig.sent()), (0, vec!["PONG"]));
    rig.hears("ping");
    assert_eq!(rig.events().len(), 1);
}

#[test]
fn a_server_that_promised_to_speak_is_given_up_after_its_silence_and_a_quiet_one_is_not() {
    let mut rig = Rig::new(json!({"url": "ws://s", "life": "listen", "heartbeat": 40_000}));
    rig.go_online();
    rig.now += 39_000;
    rig.hears("tick");
    assert_eq!(rig.pass(), 40_000);
    assert_eq!(rig.status(), Status::Reconnecting);
    let mut rig = Rig::plain();
    rig.go_online();
    assert_eq!(rig.socket.poll_timeout(), None);
}
