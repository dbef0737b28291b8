//! Who means harm costs a bounded amount, and the app is told once.

use super::*;

#[test]
fn garbage_is_told_once_and_changes_nothing() {
    let mut rig = Rig::new();
    rig.offer("u", 5.0, "aa");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    let large = "x".repeat(600_000);
    for number in 0..1_000 {
        for text in ["", "{", "[]", r#"{"type":"publish","topic":"r"}"#, large.as_str()] {
            rig.with(|mesh, cx| mesh.handle_server(cx, 1, text));
        }
        rig.hear(&json!({"type": "signal", "to": "me", "from": {"n": number}}));
        rig.with(|mesh, cx| mesh.handle_unsealed(cx, 1, Some(&[118, 255])));
    }
    assert_eq!(rig.errors, ["E_PROTOCOL"]);
    assert_eq!((rig.created(), rig.state()), (1, Some(LinkState::Up)));
}

#[test]
fn words_to_somebody_else_are_not_heard() {
    let mut rig = Rig::new();
    for to in [json!("other"), json!(["me"]), json!({"toString": "me"}), json!(0)] {
        let signal = json!({"type": "offer", "sdp": "v=0"});
        rig.hear(&json!({"type": "signal", "from": "u", "to": to, "token": 1, "signal": signal}));
    }
    // Also without an addressee it is for nobody.
    rig.hear(&json!({"type": "signal", "from": "u", "signal": {"type": "offer", "sdp": "v=0"}}));
    rig.hear(&json!({"type": "announce", "from": "me"}));
    assert_eq!((rig.created(), rig.errors.len()), (0, 0));
}

#[test]
fn thousands_of_made_up_clients_cost_few_connections_and_those_that_answer_find_a_place() {
    let mut rig = Rig::new();
    for number in 0..5_000 {
        rig.announce(&format!("stranger {number}"));
        rig.wait(10);
    }
    assert_eq!(rig.errors, ["E_BUFFER_FULL"]);
    assert!(rig.created() <= 60, "{} connections", rig.created());
    let open = rig.outputs.iter().filter(|(_, output)| *output == PeerOutput::Close).count();
    assert!(rig.created() - open <= 4, "{} open", rig.created() - open);
    rig.wait(120_000);
    rig.wait(120_000);
    rig.wait(120_000);
    rig.offer("u", 5.0, "aa");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    assert_eq!(rig.state(), Some(LinkState::Up));
}

#[test]
fn thousands_that_say_they_are_ours_cost_few_connections_and_few_answers() {
    let mut rig = Rig::new();
    for number in 0..5_000 {
        let from = format!("kin {number}");
        rig.hear(&json!({"type": "announce", "from": from, "x": {"v": 1, "inst": from}}));
        rig.wait(1);
    }
    let answers = rig.said.iter().filter(|said| said["type"] == "rejoin").count();
    assert!(answers <= 400, "{answers} answers");
    assert!(rig.created() <= 60, "{} connections", rig.created());
    assert_eq!(rig.errors, ["E_BUFFER_FULL"]);
    for _ in 0..300 {
        rig.wait(20_000);
    }
    let closed = rig.outputs.iter().filter(|(_, output)| *output == PeerOutput::Close).count();
    assert_eq!(rig.created(), closed, "nobody ever answered");
}

#[test]
fn repeated_offers_are_not_taken_twice_and_new_ones_are_paced() {
    let mut rig = Rig::new();
    rig.offer("u", 5.0, "aa");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    rig.wait(60_000);
    for _ in 0..1_000 {
        rig.offer("u", 5.0, "aa");
        rig.offer("u", 4.0, "bb");
    }
    assert_eq!((rig.created(), rig.state()), (1, Some(LinkState::Up)));
    for number in 0..1_000 {
        rig.offer("u", 6.0 + f64::from(number), &format!("{number:04x}"));
        rig.wait(10);
    }
    assert!(rig.created() <= 12, "{} connections", rig.created());
}

#[test]
fn offers_of_many_are_bounded_by_the_minute_and_by_the_links_there_may_be() {
    let mut rig = Rig::new();
    for number in 0..1_000 {
        rig.offer(&format!("u{number}"), 5.0, "aa");
    }
    assert_eq!(rig.created(), 24);
    assert_eq!(rig.errors, ["E_RATE_LIMIT"]);
    for round in 0..20 {
        rig.wait(31_000);
        for number in 0..1_000 {
            rig.offer(&format!("u{round} {number}"), 5.0, "aa");
        }
    }
    assert!(rig.created() <= 24 * 21, "{} connections", rig.created());
}

#[test]
fn ten_thousand_candidates_are_told_once() {
    let mut rig = Rig::new();
    rig.announce("u");
    for number in 0..10_000 {
        let candidate = json!({"candidate": format!("candidate:{number}"), "sdpMid": "0"});
        rig.signal("u", 1.0, &json!({"type": "candidate", "candidate": candidate}));
    }
    assert_eq!(rig.errors, ["E_PROTOCOL"]);
    assert_eq!(rig.created(), 1);
}

#[test]
fn who_goes_by_the_name_of_one_of_ours_is_not_taken_for_a_stock_client() {
    let mut rig = Rig::new();
    rig.hear(&json!({"type": "announce", "from": "a", "x": {"v": 1, "inst": "a"}}));
    let created = rig.created();
    rig.announce("a");
    rig.offer("a", 9.0, "aa");
    assert_eq!(rig.created(), created);
    rig.offer("u", 9.0, "aa");
    rig.hear(&json!({"type": "bye", "from": "u", "x": {"v": 1, "inst": "u"}}));
    rig.hear(&json!({"type": "announce", "from": "u", "x": {"v": 1, "inst": "u"}}));
    assert_eq!(rig.state(), Some(LinkState::Connecting));
}
