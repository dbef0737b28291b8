//! Waits, and what may shorten them.

use super::*;

fn asked_to_wait(millis: u64) -> Rig {
    let mut rig = Rig::fixed();
    rig.go_online();
    let reason = format!(r#"{{"retry_ms":{millis}}}"#);
    rig.socket_says(SocketInput::Closed { code: 1013, reason, clean: true });
    rig
}

fn until_deadline(rig: &Rig) -> u64 {
    let deadline = rig.connection.poll_timeout().expect("a deadline");
    deadline.at.since(Instant::from_millis(rig.now))
}

#[test]
fn a_wait_that_the_server_asked_for_is_not_shortened_by_what_happens_to_the_page() {
    let mut rig = asked_to_wait(60_000);
    let before = until_deadline(&rig);
    assert!(before >= 60_000);
    for environment in [
        Environment::Hidden,
        Environment::Visible,
        Environment::Offline,
        Environment::Online,
        Environment::Resume,
        Environment::ClockJump,
    ] {
        rig.environment(environment);
        assert_eq!(until_deadline(&rig), before, "after {environment:?}");
    }
    rig.run(Connection::connect);
    assert_eq!(rig.opened_sockets(), 1, "the app may");
}

const AWAY: Environment = Environment::PageHide { persisted: true };
const BACK: Environment = Environment::PageShow { persisted: true };

fn retry_after(rig: &mut Rig, millis: u64) {
    let reason = format!(r#"{{"retry_ms":{millis}}}"#);
    rig.socket_says(SocketInput::Closed { code: 1013, reason, clean: true });
}

#[test]
fn nor_by_the_back_forward_cache() {
    let mut rig = asked_to_wait(60_000);
    let before = rig.connection.poll_timeout().expect("a deadline").at;
    for environment in [AWAY, BACK, Environment::Offline, AWAY, Environment::Online, BACK] {
        rig.environment(environment);
        rig.now += 5_000;
        assert_eq!(rig.opened_sockets(), 0, "after {environment:?}");
    }
    assert_eq!(rig.connection.poll_timeout().map(|deadline| deadline.at), Some(before));
    rig.pass();
    assert_eq!(rig.opened_sockets(), 1);
}

#[test]
fn one_that_is_over_when_the_page_comes_back_holds_nothing_up() {
    let mut rig = asked_to_wait(60_000);
    rig.environment(AWAY);
    rig.now += 100_000;
    rig.environment(BACK);
    assert_eq!(rig.opened_sockets(), 1);
}

#[test]
fn one_that_is_asked_for_while_the_browser_says_that_it_is_offline_holds_when_it_is_online() {
    let mut rig = Rig::fixed();
    rig.go_online();
    rig.environment(Environment::Offline);
    retry_after(&mut rig, 60_000);
    assert!(until_deadline(&rig) >= 60_000);
    rig.environment(Environment::Online);
    assert!(until_deadline(&rig) >= 60_000);
    assert_eq!(rig.opened_sockets(), 0);
}

#[test]
fn the_app_may_shorten_it_also_by_leaving_and_coming_back() {
    let mut rig = asked_to_wait(60_000);
    rig.run(|connection, _| connection.disconnect());
    rig.run(Connection::connect);
    assert_eq!(rig.opened_sockets(), 1);
    rig.close(1006);
    rig.environment(AWAY);
    rig.environment(BACK);
    assert_eq!(rig.opened_sockets(), 1);
}

#[test]
fn a_wait_of_our_own_is() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    for _ in 0..6 {
        rig.close(1006);
        rig.pass();
    }
    rig.close(1006);
    rig.environment(Environment::Visible);
    assert!(until_deadline(&rig) <= 500);
}

#[test]
fn whoever_closed_it_after_a_refused_token_has_had_time_to_sign_in_again() {
    let mut rig = mannered(Manner { bare: true, life: Life::Trust, ..Manner::default() });
    rig.close(4401);
    rig.run(|connection, _| connection.disconnect());
    rig.run(Connection::connect);
    rig.open();
    rig.close(4401);
    assert_eq!(rig.status(), Status::Reconnecting, "one fresh token is asked for");
    assert_eq!(rig.problems(), []);
}

/// The server spoke, and then its answer took longer than the handshake may; returns how long it was waited for.
fn wait_for_a_large_answer(rig: &mut Rig, began: bool) -> u64 {
    rig.socket_says(SocketInput::Opened { protocol: String::new() });
    rig.socket_says(SocketInput::Text("a word".into()));
    if began {
        rig.run(|connection, cx| connection.handle_progress(cx.now));
    }
    let waited = rig.pass();
    assert!(rig.connection.socket().is_none());
    rig.pass();
    waited
}

#[test]
fn an_answer_that_takes_longer_than_the_handshake_is_given_twice_the_time_with_each_attempt() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    let waited: Vec<u64> = (0..6).map(|_| wait_for_a_large_answer(&mut rig, true)).collect();
    assert_eq!(waited, [30, 60, 120, 240, 480, 480].map(|seconds| seconds * 1_000));
    rig.open();
    rig.close(1006);
    rig.pass();
    assert_eq!(wait_for_a_large_answer(&mut rig, true), 30_000, "an answer ends it");
}

#[test]
fn another_network_need_not_be_as_slow_as_the_last() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    for _ in 0..4 {
        wait_for_a_large_answer(&mut rig, true);
    }
    rig.socket_says(SocketInput::Opened { protocol: String::new() });
    rig.run(|connection, cx| connection.handle_progress(cx.now));
    assert_eq!(until_deadline(&rig), 480_000);
    rig.environment(Environment::Online);
    assert_eq!(until_deadline(&rig), 30_000);
}

#[test]
fn the_same_holds_where_the_server_spoke_without_a_step_of_the_handshake() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    let waited: Vec<u64> = (0..3).map(|_| wait_for_a_large_answer(&mut rig, false)).collect();
    assert_eq!(waited, [10_000, 20_000, 40_000]);
}

#[test]
fn a_server_that_never_says_a_word_is_given_up_after_the_same_time_again() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    for _ in 0..3 {
        rig.socket_says(SocketInput::Opened { protocol: String::new() });
        assert_eq!(rig.pass(), 10_000);
        rig.pass();
    }
}

#[test]
fn nothing_connects_from_the_back_forward_cache_before_the_page_is_back() {
    for step in [Connection::connect, Connection::renew] {
        let mut rig = Rig::fixed();
        rig.environment(AWAY);
        rig.run(step);
        assert_eq!(rig.opened_sockets(), 0);
        rig.environment(BACK);
        assert_eq!(rig.opened_sockets(), 1);
    }
}
