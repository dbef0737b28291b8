use super::*;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn presence() -> Presence {
    let mut presence = Presence::new(PresenceConfig::default(), 1);
    presence.set(Some("{}".into())).unwrap();
    presence
}

fn entry(client: u64, clock: u32, state: Option<&str>) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: state.map(str::to_owned) }
}

#[test]
fn the_own_clock_beats_the_servers_memory_after_a_reconnect() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    let first = presence.announce(at(0)).unwrap();
    presence.handle_link_down(at(10));
    presence.handle_link_up(at(20));
    // Some servers count one up themselves when they remove a client.
    assert!(presence.announce(at(20)).unwrap().clock > first.clock + 1);
}

#[test]
fn one_who_returns_with_an_old_clock_is_seen_at_once() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    presence.handle_entries(at(0), vec![entry(2, 9, Some("1"))]);
    presence.handle_entries(at(1), vec![entry(2, 9, None)]);
    presence.handle_link_down(at(2));
    presence.handle_link_up(at(3));
    let received = presence.handle_entries(at(4), vec![entry(2, 3, Some("2"))]);
    assert_eq!(received.change.updated, [(2, "2".to_owned())]);
}

#[test]
fn others_of_a_lost_link_stay_for_the_grace_and_then_go() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    presence.handle_entries(at(0), vec![entry(2, 1, Some("1")), entry(3, 1, Some("1"))]);
    presence.handle_link_down(at(100));
    assert!(presence.handle_expiry(at(5_000)).is_empty());
    presence.handle_link_up(at(5_050));
    presence.handle_entries(at(5_060), vec![entry(3, 3, Some("1"))]);
    assert_eq!(presence.handle_expiry(at(10_050)).removed, [2]);
}

#[test]
fn silence_of_30_seconds_is_absence_unless_we_slept() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    presence.handle_entries(at(0), vec![entry(2, 1, Some("1"))]);
    presence.handle_expiry(at(6_000));
    presence.handle_wake(at(40_000));
    assert!(presence.handle_expiry(at(40_000)).is_empty());
    assert_eq!(presence.handle_expiry(at(70_000)).removed, [2]);
}

#[test]
fn nobody_else_can_write_our_state_and_a_removal_is_answered() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    let own = presence.announce(at(0)).unwrap();
    let received = presence.handle_entries(at(1), vec![entry(1, own.clock + 5, None)]);
    assert_eq!(received, Received { announce: Announce::Now, ..Received::default() });
    assert_eq!(presence.announce(at(2)).unwrap(), entry(1, own.clock + 6, Some("{}")));
}

#[test]
fn who_is_spoken_for_with_a_clock_at_the_limit_goes_on_under_another_id_and_a_low_clock() {
    for clock in [1 << 31, u32::MAX] {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        presence.announce(at(0)).unwrap();
        let frozen = presence.handle_entries(at(1), vec![entry(1, clock, None)]);
        assert_eq!(frozen.announce, Announce::Renamed);
        presence.rename(9);
        let renamed = presence.announce(at(1)).unwrap();
        assert!(renamed.client == 9 && renamed.clock < 100, "{renamed:?}");
        let echo = presence.handle_entries(at(2), vec![renamed]);
        assert_eq!(echo.announce, Announce::No);
    }
}

#[test]
fn newcomers_are_seen_however_many_came_and_went_and_of_too_many_the_first_stay() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    let most = PresenceConfig::default().presence_members as u64;
    for client in 2..3 * most {
        let came = presence.handle_entries(at(0), vec![entry(client, 1, Some("1"))]);
        assert_eq!(came.change.updated.len(), 1, "{client}");
        presence.handle_entries(at(0), vec![entry(client, 1, None)]);
    }
    assert!(presence.others.len() <= 2 * most as usize, "{}", presence.others.len());
    let crowd = |from: u64| (from..from + most).map(|client| entry(client, 1, Some("1"))).collect();
    assert_eq!(presence.handle_entries(at(1), crowd(1 << 20)).change.updated.len(), most as usize);
    assert_eq!(presence.handle_entries(at(1), crowd(1 << 21)), Received::default());
    let returns = presence.handle_entries(at(1), vec![entry(3 * most - 1, 2, Some("1"))]);
    assert_eq!(returns, Received::default(), "who was here before is one more, too");
}

#[test]
fn an_echo_of_the_own_state_is_not_answered() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    let own = presence.announce(at(0)).unwrap();
    assert_eq!(presence.handle_entries(at(1), vec![own]).announce, Announce::No);
}

#[test]
fn a_newcomer_makes_us_announce_ourselves() {
    let mut presence = presence();
    presence.handle_link_up(at(0));
    let newcomer = presence.handle_entries(at(1), vec![entry(2, 0, Some("1"))]);
    assert_eq!(newcomer.announce, Announce::Soon);
    let known = presence.handle_entries(at(2), vec![entry(2, 1, Some("2"))]);
    assert_eq!(known.announce, Announce::No);
}

#[test]
fn states_that_are_no_json_or_too_large_are_refused() {
    let mut presence = presence();
    for state in ["", "{", "null", &format!("\"{}\"", "x".repeat(5_000))] {
        let refused = presence.set(Some(state.to_owned()));
        assert_eq!(refused.map_err(|misuse| misuse.code), Err(ErrorCode::Presence), "{state:.20}");
    }
    let received = presence.handle_entries(at(0), vec![entry(2, 1, Some("{"))]);
    assert_eq!(received, Received::default());
}

#[test]
fn the_own_state_is_renewed_every_15_seconds_while_it_is_shared() {
    let mut presence = presence();
    assert!(!presence.handle_renewal(at(60_000)));
    presence.handle_link_up(at(0));
    presence.announce(at(0));
    assert!(!presence.handle_renewal(at(14_999)));
    assert!(presence.handle_renewal(at(15_000)));
}
