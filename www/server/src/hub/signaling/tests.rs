use proptest::prelude::*;

use super::*;

const ALICE: MemberId = MemberId(1);
const BOB: MemberId = MemberId(2);
const EVE: MemberId = MemberId(3);

fn say(signaling: &mut Signaling, member: MemberId, message: &Value) -> Vec<(MemberId, Value)> {
    say_as(signaling, Speaker { member, user: None }, message)
}

fn say_as(
    signaling: &mut Signaling,
    speaker: Speaker<'_>,
    message: &Value,
) -> Vec<(MemberId, Value)> {
    let limits = SignalingLimits::default();
    let letters = signaling.on_text(Instant::default(), 0, &limits, speaker, &message.to_string());
    letters.into_iter().map(|(to, text)| (to, serde_json::from_str(&text).unwrap())).collect()
}

fn hello(name: &str) -> Value {
    json!({"t": "hello", "inst": name, "secret": format!("secret of {name}")})
}

fn room() -> Signaling {
    let mut signaling = Signaling::default();
    say(&mut signaling, ALICE, &hello("a"));
    say(&mut signaling, BOB, &hello("b"));
    signaling
}

#[test]
fn who_comes_is_told_who_is_there_and_they_are_told_of_it() {
    let mut signaling = room();
    let letters = say(&mut signaling, EVE, &hello("e"));
    let welcome =
        json!({"t": "welcome", "you": "e", "peers": [{"inst": "a"}, {"inst": "b"}], "ice": null});
    let join = json!({"t": "join", "inst": "e"});
    assert_eq!(letters, [(EVE, welcome), (ALICE, join.clone()), (BOB, join)]);
}

#[test]
fn who_has_proven_a_name_is_told_of_by_it() {
    let mut signaling = room();
    let named = Speaker { member: EVE, user: Some("eve") };
    let letters = say_as(&mut signaling, named, &hello("e"));
    assert_eq!(letters[1], (ALICE, json!({"t": "join", "inst": "e", "user": "eve"})));
    let letters = say(&mut signaling, MemberId(9), &hello("f"));
    let peers = json!([{"inst": "a"}, {"inst": "b"}, {"inst": "e", "user": "eve"}]);
    assert_eq!(letters[0].1["peers"], peers);
}

#[test]
fn what_is_said_to_one_reaches_nobody_else() {
    let mut signaling = room();
    say(&mut signaling, EVE, &hello("e"));
    let said = json!({"t": "sig", "inst": "a", "to": "b", "body": {"x": [1, "y"]}});
    let routed = json!({"t": "sig", "from": "a", "to": "b", "body": {"x": [1, "y"]}});
    assert_eq!(say(&mut signaling, ALICE, &said), [(BOB, routed)]);
    let to_nobody = json!({"t": "sig", "inst": "a", "to": "z", "body": 1});
    assert_eq!(say(&mut signaling, ALICE, &to_nobody), []);
}

#[test]
fn nobody_speaks_for_another_or_takes_his_place_without_the_secret() {
    let mut signaling = room();
    say(&mut signaling, EVE, &hello("e"));
    let forged = json!({"t": "sig", "inst": "a", "to": "b", "body": 1});
    let letters = say(&mut signaling, EVE, &forged);
    assert_eq!((letters.len(), letters[0].0, &letters[0].1["code"]), (1, EVE, &json!("unknown")));
    let stolen = json!({"t": "hello", "inst": "a", "secret": "guessed"});
    assert_eq!(say(&mut signaling, EVE, &stolen)[0].1["code"], "taken");
    let again = say(&mut signaling, MemberId(9), &hello("a"));
    assert_eq!(again.len(), 1, "who comes back on another socket is no news to the others");
    assert_eq!(signaling.leave(ALICE), [], "and its old socket takes nobody along");
}

#[test]
fn who_goes_is_told_with_or_without_a_goodbye() {
    let mut signaling = room();
    let letters = say(&mut signaling, ALICE, &json!({"t": "bye", "inst": "a"}));
    assert_eq!(letters, [(BOB, json!({"t": "leave", "inst": "a", "why": "bye"}))]);
    say(&mut signaling, ALICE, &hello("a"));
    let left = signaling.leave(BOB);
    assert_eq!(left.len(), 1);
    assert!(left[0].1.contains("lost"));
}

#[test]
fn tabs_behind_one_socket_hear_of_each_other() {
    let mut signaling = Signaling::default();
    say(&mut signaling, ALICE, &hello("one"));
    let letters = say(&mut signaling, ALICE, &hello("two"));
    assert_eq!(letters[0].1["peers"], json!([{"inst": "one"}]));
    let letters = say(&mut signaling, ALICE, &json!({"t": "bye", "inst": "two"}));
    assert_eq!(letters, [(ALICE, json!({"t": "leave", "inst": "two", "why": "bye"}))]);
}

#[test]
fn a_socket_speaks_for_a_bounded_number_and_at_a_bounded_pace() {
    let mut signaling = Signaling::default();
    let limits = SignalingLimits::default();
    for number in 0..limits.max_instances {
        say(&mut signaling, ALICE, &hello(&number.to_string()));
    }
    assert_eq!(say(&mut signaling, ALICE, &hello("more"))[0].1["code"], "full");
    let mut refused = 0;
    for _ in 0..10_000 {
        let said = json!({"t": "sig", "inst": "0", "to": "z", "body": 1});
        refused += say(&mut signaling, ALICE, &said).len();
    }
    assert_eq!(refused, 1, "told once");
}

#[test]
fn what_is_no_signaling_is_refused() {
    let mut signaling = room();
    let long = "x".repeat(SignalingLimits::default().max_text);
    for message in [json!(1), json!({}), json!({"t": "hello"}), json!({"t": "hello", "inst": long})]
    {
        assert_eq!(say(&mut signaling, ALICE, &message)[0].1["code"], "malformed", "{message:.40}");
    }
}

proptest! {
    #[test]
    fn whatever_is_said_each_letter_goes_to_a_member_that_is_there(
        steps in proptest::collection::vec((0u64..4, 0usize..6, 0usize..5, 0usize..5), 0..80),
    ) {
        let mut signaling = Signaling::default();
        for (member, kind, own, other) in steps {
            let (own, other) = (format!("i{own}"), format!("i{other}"));
            let letters = match kind {
                0 | 1 => say(&mut signaling, MemberId(member), &hello(&own)),
                2 | 3 => {
                    let said = json!({"t": "sig", "inst": own, "to": other, "body": {}});
                    say(&mut signaling, MemberId(member), &said)
                }
                4 => say(&mut signaling, MemberId(member), &json!({"t": "bye", "inst": own})),
                _ => signaling.leave(MemberId(member)).into_iter().map(|(to, _)| (to, json!({}))).collect(),
            };
            for (to, letter) in letters {
                let there = signaling.instances.values().any(|instance| instance.member == to);
                prop_assert!(there || letter["t"] == "error", "{letter}");
                if letter["t"] == "sig" {
                    prop_assert!(signaling.belongs(letter["to"].as_str().unwrap(), to));
                }
            }
        }
    }
}
