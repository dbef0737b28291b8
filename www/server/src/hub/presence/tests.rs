use super::*;

const ALICE: MemberId = MemberId(1);
const BOB: MemberId = MemberId(2);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn entry(client: u64, clock: u32, state: &str) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: Some(state.to_owned()) }
}

fn gone(client: u64, clock: u32) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: None }
}

fn table() -> Presence {
    Presence::new(PresenceLimits::default())
}

/// A table in which Alice owns id 10 at clock 5.
fn with_alice() -> Presence {
    let mut presence = table();
    let verdict = presence.handle(at(0), ALICE, Standing::Owner, entry(10, 5, "{}"));
    assert_eq!(verdict, Verdict::Relay(entry(10, 5, "{}")));
    presence
}

#[test]
fn a_first_state_with_clock_zero_is_taken() {
    let mut presence = table();
    let first = entry(7, 0, "{\"name\":\"A\"}");
    let verdict = presence.handle(at(0), ALICE, Standing::Owner, first.clone());
    assert_eq!(verdict, Verdict::Relay(first.clone()));
    assert_eq!(presence.all(), [first]);
}

#[test]
fn a_stale_clock_is_ignored_and_a_null_of_the_same_clock_is_a_farewell() {
    let mut presence = with_alice();
    let mut say = |entry| presence.handle(at(1), ALICE, Standing::Owner, entry);
    assert_eq!(say(entry(10, 5, "1")), Verdict::Ignore);
    assert_eq!(say(entry(10, 4, "1")), Verdict::Ignore);
    assert_eq!(say(entry(10, 6, "1")), Verdict::Relay(entry(10, 6, "1")));
    assert_eq!(say(gone(10, 6)), Verdict::Relay(gone(10, 6)));
    assert_eq!(say(gone(10, 7)), Verdict::Ignore, "nobody is there to say farewell");
    assert!(presence.all().is_empty());
}

#[test]
fn one_who_leaves_is_gone_with_an_unchanged_clock_and_may_come_back_at_once() {
    let mut presence = with_alice();
    assert_eq!(presence.on_leave(at(1), ALICE), [gone(10, 5)]);
    assert!(presence.all().is_empty());
    let back = presence.handle(at(2), BOB, Standing::Owner, entry(10, 1, "2"));
    assert_eq!(back, Verdict::Relay(entry(10, 1, "2")), "the old clock is forgotten");
}

#[test]
fn an_echo_of_a_relay_does_not_bring_a_ghost_back() {
    let mut presence = with_alice();
    presence.on_leave(at(1), ALICE);
    let echo = presence.handle(at(2), BOB, Standing::Relay, entry(10, 5, "{}"));
    assert_eq!(echo, Verdict::Ignore);
    assert!(presence.all().is_empty());
}

#[test]
fn a_member_can_neither_remove_nor_overwrite_an_id_that_another_holds() {
    let mut presence = with_alice();
    let mut say = |entry| presence.handle(at(1), BOB, Standing::Relay, entry);
    assert_eq!(say(gone(10, 5)), Verdict::Ignore);
    assert_eq!(say(gone(10, 99)), Verdict::Ignore);
    assert_eq!(say(entry(10, 99, "\"forged\"")), Verdict::Ignore);
    assert_eq!(presence.all(), [entry(10, 5, "{}")]);
}

#[test]
fn an_owner_takes_its_id_from_a_member_that_only_relayed_it() {
    let mut presence = table();
    presence.handle(at(0), BOB, Standing::Relay, entry(10, 5, "{}"));
    let own = presence.handle(at(1), ALICE, Standing::Owner, entry(10, 5, "{}"));
    assert_eq!(own, Verdict::Relay(entry(10, 5, "{}")));
    assert_eq!(presence.on_leave(at(2), BOB), [], "Bob no longer holds it");
    assert_eq!(presence.on_leave(at(3), ALICE), [gone(10, 5)]);
}

#[test]
fn a_claim_wins_when_the_holder_does_not_answer() {
    let mut presence = with_alice();
    let claim = presence.handle(at(100), BOB, Standing::Owner, entry(10, 7, "2"));
    assert_eq!(claim, Verdict::Probe(ALICE));
    assert_eq!(presence.poll_timeout(), Some(at(2_100)));
    assert_eq!(presence.on_timeout(at(2_099)), []);
    assert_eq!(presence.on_timeout(at(2_100)), [entry(10, 7, "2")]);
    assert_eq!(presence.on_leave(at(2_200), ALICE), [], "the id is Bob's now");
}

#[test]
fn a_claim_wins_at_once_when_the_holder_leaves() {
    let mut presence = with_alice();
    presence.handle(at(100), BOB, Standing::Owner, entry(10, 7, "2"));
    assert_eq!(presence.on_leave(at(101), ALICE), [entry(10, 7, "2")]);
}

#[test]
fn a_claim_fails_when_the_holder_answers() {
    let mut presence = with_alice();
    presence.handle(at(100), BOB, Standing::Owner, entry(10, 7, "\"forged\""));
    presence.on_heard(ALICE);
    assert_eq!(presence.on_timeout(at(2_100)), []);
    assert_eq!(presence.all(), [entry(10, 5, "{}")]);
}

#[test]
fn a_silent_client_expires_after_thirty_seconds() {
    let mut presence = with_alice();
    presence.handle(at(15_000), ALICE, Standing::Owner, entry(10, 6, "{}"));
    assert_eq!(presence.on_timeout(at(44_999)), []);
    assert_eq!(presence.on_timeout(at(45_000)), [gone(10, 6)]);
    assert_eq!(presence.poll_timeout(), None);
}

#[test]
fn who_is_here_takes_the_place_of_an_id_that_is_only_passed_on() {
    let limits = PresenceLimits { max_clients: 4, ..PresenceLimits::default() };
    let mut presence = Presence::new(limits);
    let mut say = |from, standing, id| {
        let verdict = presence.handle(at(0), from, standing, entry(id, 1, "{}"));
        (matches!(verdict, Verdict::Relay(_)), presence.take_evicted())
    };
    assert_eq!(say(BOB, Standing::Relay, 9), (true, vec![]));
    for id in 1..4 {
        assert_eq!(say(ALICE, Standing::Relay, id), (true, vec![]));
    }
    assert_eq!(say(BOB, Standing::Relay, 8), (false, vec![]), "all are taken");
    for id in 10..12 {
        let evicted = vec![gone(13 - id, 1)];
        assert_eq!(say(BOB, Standing::Owner, id), (true, evicted), "of who passes on most");
    }
    assert!(say(BOB, Standing::Owner, 12).0 && say(BOB, Standing::Owner, 13).0);
    assert_eq!(say(BOB, Standing::Owner, 14), (false, vec![]), "all are here themselves");
}

#[test]
fn states_that_are_too_large_not_json_or_too_many_are_ignored() {
    let limits = PresenceLimits { max_clients: 2, ..PresenceLimits::default() };
    let mut presence = Presence::new(limits);
    let mut say = |entry| presence.handle(at(0), ALICE, Standing::Owner, entry);
    assert_eq!(say(entry(1, 1, &format!("\"{}\"", "x".repeat(4_095)))), Verdict::Ignore);
    assert_eq!(say(entry(1, 1, "{\"a\":")), Verdict::Ignore);
    assert_eq!(say(entry(1, 1, &"[".repeat(1_000))), Verdict::Ignore);
    assert_eq!(say(entry(1, u32::MAX, "{}")), Verdict::Ignore);
    assert!(matches!(say(entry(1, 1, "{}")), Verdict::Relay(_)));
    assert!(matches!(say(entry(2, 1, "{}")), Verdict::Relay(_)));
    assert_eq!(say(entry(3, 1, "{}")), Verdict::Ignore, "the third client");
}
