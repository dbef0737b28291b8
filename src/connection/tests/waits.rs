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
