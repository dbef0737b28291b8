mod refusals;
mod waits;

use super::heartbeat::Life;
use super::manner::Ruling;
use super::*;
use crate::io::{Environment, SocketRefusal};
use crate::status::Status;

/// A connection with a clock, a generator and a record of what it asked for.
struct Rig {
    connection: Connection,
    now: u64,
    rng: Rng,
    last_id: u32,
    actions: Vec<Action>,
}

impl Rig {
    fn new(source: Source) -> Self {
        let connection =
            Connection::new(LinkConfig::default(), BackoffPolicy::default(), source, "room".into());
        Self { connection, now: 0, rng: Rng::with_seed(1), last_id: 0, actions: Vec::new() }
    }

    fn fixed() -> Self {
        Self::new(Source::Fixed("ws://server/room".into()))
    }

    fn run(&mut self, step: impl FnOnce(&mut Connection, &mut Context<'_>)) {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        step(&mut self.connection, &mut cx);
        self.actions.clear();
        while let Some(action) = self.connection.poll_action() {
            self.actions.push(action);
        }
    }

    fn socket_says(&mut self, input: SocketInput) {
        let id = self.connection.state.socket().expect("a socket");
        self.run(|connection, cx| {
            connection.handle_socket(cx, id, &input);
        });
    }

    fn close(&mut self, code: u16) {
        self.socket_says(SocketInput::Closed { code, reason: String::new(), clean: true });
    }

    /// Lets time pass until the next deadline and returns how long that took.
    fn pass(&mut self) -> u64 {
        let deadline = self.connection.poll_timeout().expect("a deadline");
        let wait = deadline.at.since(Instant::from_millis(self.now));
        self.now += wait;
        self.run(Connection::handle_timeout);
        wait
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.run(Connection::handle_timeout);
    }

    fn environment(&mut self, environment: Environment) {
        self.run(|connection, cx| connection.handle_environment(cx, environment));
    }

    fn go_online(&mut self) {
        self.run(Connection::connect);
        self.open();
    }

    fn open(&mut self) {
        self.socket_says(SocketInput::Opened { protocol: String::new() });
        let now = Instant::from_millis(self.now);
        self.run(|connection, _| connection.handle_handshake(now));
        assert!(self.connection.is_online());
    }

    fn opened_sockets(&self) -> usize {
        self.actions
            .iter()
            .filter(|action| matches!(action, Action::Socket(_, SocketOutput::Open { .. })))
            .count()
    }

    fn problems(&self) -> Vec<ErrorCode> {
        let codes = self.actions.iter().filter_map(|action| match action {
            Action::Problem(problem) => Some(problem.code),
            _ => None,
        });
        codes.collect()
    }

    fn status(&self) -> Status {
        self.connection.status().status
    }
}

#[test]
fn it_connects_and_tells_each_step_once() {
    let mut rig = Rig::fixed();
    assert_eq!(rig.status(), Status::Idle);
    rig.run(Connection::connect);
    assert_eq!((rig.status(), rig.opened_sockets()), (Status::Connecting, 1));
    rig.socket_says(SocketInput::Opened { protocol: String::new() });
    assert!(rig.actions.iter().any(|action| matches!(action, Action::LinkUp(_))));
    rig.run(|connection, cx| connection.handle_handshake(cx.now));
    assert_eq!(rig.status(), Status::Connected);
    assert_eq!(rig.actions.len(), 1, "{:?}", rig.actions);
}

#[test]
fn events_of_an_old_socket_are_ignored() {
    let mut rig = Rig::fixed();
    rig.go_online();
    let old = rig.connection.socket().expect("a socket");
    rig.close(1006);
    rig.pass();
    rig.open();
    rig.run(|connection, cx| {
        let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
        assert!(!connection.handle_socket(cx, old, &closed));
        assert!(!connection.handle_socket(cx, old, &SocketInput::Frame(vec![0])));
    });
    assert!(rig.connection.is_online());
}

#[test]
fn a_server_that_accepts_and_drops_is_not_hammered() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    let mut attempts = 1;
    while rig.now < 20_000 {
        rig.open();
        rig.close(1006);
        rig.pass();
        attempts += 1;
    }
    assert!(attempts <= 10, "{attempts} connections in 20 s");
}

#[test]
fn the_backoff_starts_anew_only_after_uptime_and_a_round_trip() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    for _ in 0..4 {
        rig.close(1006);
        rig.pass();
    }
    rig.open();
    rig.wait(11_000);
    assert_eq!(rig.connection.backoff.attempt(), 4, "no round trip yet");
    rig.run(|connection, _| connection.handle_proof());
    rig.wait(1);
    assert_eq!(rig.connection.backoff.attempt(), 0);
}

#[test]
fn a_dead_link_is_noticed_within_33_seconds_and_abandoned_not_awaited() {
    let mut rig = Rig::fixed();
    rig.go_online();
    assert_eq!(rig.pass(), 25_000);
    assert!(rig.actions.iter().any(|action| matches!(action, Action::Probe(_))));
    assert_eq!(rig.pass(), 8_000);
    let abandoned = |a: &Action| matches!(a, Action::Socket(_, SocketOutput::Abandon));
    assert!(rig.actions.iter().any(abandoned));
    assert_eq!(rig.status(), Status::Reconnecting);
    let reason = rig.connection.status().reason;
    assert_eq!(reason, Some(Reason::Timeout { waiting_for: "heartbeat" }));
}

#[test]
fn after_a_wake_a_dead_link_is_noticed_within_3_seconds() {
    for wake in
        [Environment::Resume, Environment::Visible, Environment::ClockJump, Environment::Offline]
    {
        let mut rig = Rig::fixed();
        rig.go_online();
        rig.now += 1_000;
        rig.environment(wake);
        assert!(rig.actions.iter().any(|action| matches!(action, Action::Probe(_))), "{wake:?}");
        assert_eq!(rig.pass(), 3_000);
        assert!(!rig.connection.is_online());
    }
}

#[test]
fn a_working_socket_survives_an_offline_event() {
    let mut rig = Rig::fixed();
    rig.go_online();
    rig.environment(Environment::Offline);
    rig.now += 40;
    rig.socket_says(SocketInput::Frame(vec![0, 1, 2, 0, 0]));
    assert!(rig.connection.is_online());
    assert_eq!(rig.connection.status().rtt, Some(40));
}

#[test]
fn without_a_network_it_parks_and_still_tries_every_minute() {
    let mut rig = Rig::fixed();
    rig.go_online();
    rig.environment(Environment::Offline);
    rig.close(1006);
    assert_eq!(rig.status(), Status::Disconnected);
    assert_eq!(rig.connection.status().reason, Some(Reason::Offline));
    assert_eq!(rig.pass(), 60_000);
    assert_eq!(rig.opened_sockets(), 1);
}

#[test]
fn the_network_coming_back_shortens_the_wait_but_not_to_nothing() {
    let mut rig = Rig::fixed();
    rig.go_online();
    rig.environment(Environment::Offline);
    rig.close(1006);
    rig.environment(Environment::Online);
    assert!((100..=500).contains(&rig.pass()));
    assert_eq!(rig.opened_sockets(), 1);
}

#[test]
fn a_storm_of_wake_events_costs_one_shortcut_a_second() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    let mut attempts = 0;
    for step in 0..1_000 {
        rig.now = step * 10;
        rig.environment(if step % 2 == 0 { Environment::Visible } else { Environment::Online });
        rig.run(Connection::handle_timeout);
        if rig.opened_sockets() > 0 || step == 0 {
            attempts += 1;
            rig.close(1006);
        }
    }
    assert!(attempts <= 12, "{attempts} attempts in 10 s of wake events");
}

#[test]
fn a_page_in_the_back_forward_cache_closes_and_is_back_at_once() {
    let mut rig = Rig::fixed();
    rig.go_online();
    rig.environment(Environment::PageHide { persisted: true });
    let farewell = rig.actions.iter().position(|action| matches!(action, Action::Farewell(_)));
    let close = rig.actions.iter().position(|action| {
        matches!(action, Action::Socket(_, SocketOutput::Close { code: 4901, .. }))
    });
    assert!(farewell.is_some() && farewell < close);
    assert_eq!(rig.connection.poll_timeout(), None);
    rig.environment(Environment::PageShow { persisted: true });
    assert_eq!(rig.opened_sockets(), 1);
}

#[test]
fn a_refused_token_is_renewed_once_and_then_it_stops() {
    let mut rig = Rig::new(Source::App);
    rig.run(Connection::connect);
    for round in 0..2 {
        let Some(Action::AskEndpoint(request, _, reason)) =
            rig.actions.iter().find(|action| matches!(action, Action::AskEndpoint(..))).cloned()
        else {
            panic!("no question in round {round}")
        };
        let expected = [EndpointReason::Initial, EndpointReason::Rejected][round];
        assert_eq!(reason, expected);
        rig.run(|connection, cx| {
            let (url, token) = ("ws://server", Some("t"));
            connection.provide_endpoint(cx, request, EndpointAnswer { url, token, lifetime: None });
        });
        rig.socket_says(SocketInput::Opened { protocol: "rejoin".into() });
        rig.close(4401);
        if round == 0 {
            rig.pass();
        }
    }
    assert_eq!(rig.problems(), [ErrorCode::Auth]);
    assert_eq!(rig.status(), Status::Disconnected);
    assert_eq!(rig.connection.poll_timeout(), None);
}

#[test]
fn a_token_travels_as_a_subprotocol_and_never_in_the_url() {
    let mut rig = Rig::new(Source::App);
    rig.run(Connection::connect);
    let request = EndpointRequest(rig.last_id);
    rig.run(|connection, cx| {
        let (url, token) = ("wss://server/base/?v=1", Some("se/cret"));
        connection.provide_endpoint(cx, request, EndpointAnswer { url, token, lifetime: None });
    });
    let Some(Action::Socket(_, SocketOutput::Open { url, protocols })) = rig.actions.first() else {
        panic!("no socket")
    };
    assert_eq!(url, "wss://server/base/room?v=1");
    assert_eq!(protocols, &["rejoin".to_owned(), "bearer.c2UvY3JldA".to_owned()]);
}

#[test]
fn a_silent_token_function_times_out_and_is_asked_again() {
    let mut rig = Rig::new(Source::App);
    rig.run(Connection::connect);
    assert_eq!(rig.pass(), 10_000);
    assert_eq!(rig.problems(), [ErrorCode::Unavailable]);
    assert!(rig.pass() <= 2_000);
    assert!(rig.actions.iter().any(|action| matches!(action, Action::AskEndpoint(..))));
}

#[test]
fn protocol_errors_end_it_after_the_third() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    for round in 1..=3 {
        rig.socket_says(SocketInput::Opened { protocol: String::new() });
        rig.close(1002);
        if round < 3 {
            rig.pass();
        }
    }
    assert_eq!(rig.problems(), [ErrorCode::Protocol]);
    assert_eq!(rig.status(), Status::Disconnected);
    rig.run(Connection::connect);
    assert_eq!(rig.opened_sockets(), 1, "the app can start anew");
}

#[test]
fn a_bad_url_fails_at_once_with_a_word_on_what_to_do() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    rig.socket_says(SocketInput::Refused(SocketRefusal::InvalidUrl));
    assert_eq!(rig.problems(), [ErrorCode::Url]);
    assert_eq!(rig.connection.poll_timeout(), None);
}

#[test]
fn a_handshake_that_is_never_answered_is_given_up() {
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    rig.socket_says(SocketInput::Opened { protocol: String::new() });
    assert_eq!(rig.pass(), 10_000);
    let reason = rig.connection.status().reason;
    assert_eq!(reason, Some(Reason::Timeout { waiting_for: "handshake" }));
}

#[test]
fn disconnect_says_goodbye_and_stays_away() {
    let mut rig = Rig::fixed();
    rig.go_online();
    rig.run(|connection, _| connection.disconnect());
    assert!(matches!(rig.actions.first(), Some(Action::Farewell(_))));
    rig.environment(Environment::Online);
    assert_eq!((rig.opened_sockets(), rig.connection.poll_timeout()), (0, None));
}

#[test]
fn after_any_loss_something_is_always_due_unless_it_ended() {
    for code in (1000..=1015).chain(3000..=3005).chain(4000..=4600) {
        let mut rig = Rig::fixed();
        rig.go_online();
        rig.close(code);
        let ended = rig.status() == Status::Disconnected;
        assert_eq!(rig.connection.poll_timeout().is_none(), ended, "{code}");
        assert_eq!(!rig.problems().is_empty(), ended, "{code}");
    }
}

/// A connection of another manner that is online.
fn mannered(manner: Manner) -> Rig {
    let mut rig = Rig::fixed();
    rig.connection = Connection::new(
        LinkConfig::default(),
        BackoffPolicy::default(),
        Source::Fixed("ws://server".into()),
        String::new(),
    )
    .with_manner(manner);
    rig.go_online();
    rig
}

#[test]
fn the_app_decides_what_a_close_means_and_silence_leaves_it_to_the_table() {
    let asked = |code| {
        let mut rig = mannered(Manner { ask: true, ..Manner::default() });
        rig.close(code);
        let question = rig.actions.iter().find_map(|action| match action {
            Action::AskVerdict(request, code, _) => Some((*request, *code)),
            _ => None,
        });
        let (request, told) = question.expect("a question");
        assert_eq!((told, rig.status()), (code, Status::Reconnecting));
        (rig, request)
    };
    let (mut rig, request) = asked(4403);
    rig.run(|connection, cx| connection.provide_ruling(cx, request, Ruling::Retry(Some(6_000))));
    assert!((6_000..=9_000).contains(&rig.pass()));
    let (mut rig, request) = asked(1006);
    rig.run(|connection, cx| connection.provide_ruling(cx, request, Ruling::Fail));
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Connection], Status::Disconnected));
    let (mut rig, request) = asked(4403);
    rig.run(|connection, cx| connection.provide_ruling(cx, request, Ruling::Default));
    assert_eq!(rig.problems(), [ErrorCode::Forbidden]);
    let (mut rig, request) = asked(4403);
    assert_eq!(rig.pass(), 5_000);
    assert_eq!(rig.problems(), [ErrorCode::Forbidden]);
    rig.run(|connection, cx| connection.provide_ruling(cx, request, Ruling::Retry(None)));
    assert_eq!(rig.connection.poll_timeout(), None, "a late answer changes nothing");
}

#[test]
fn a_frame_that_was_too_large_is_set_aside_also_when_the_app_decides() {
    for ruling in [Ruling::Retry(None), Ruling::Refresh, Ruling::Fail] {
        let mut rig = mannered(Manner { ask: true, ..Manner::default() });
        rig.close(1009);
        let request = VerdictRequest(rig.last_id);
        rig.run(|connection, cx| connection.provide_ruling(cx, request, ruling));
        assert!(rig.actions.contains(&Action::TooLarge), "{ruling:?}: {:?}", rig.actions);
    }
}

#[test]
fn a_link_nobody_probes_is_proven_by_its_uptime() {
    for life in [Life::Listen, Life::Trust] {
        let mut rig = mannered(Manner { life, ..Manner::default() });
        for round in 0..4 {
            assert_eq!(rig.connection.backoff.attempt(), round, "{life:?}");
            rig.close(1006);
            rig.pass();
            rig.open();
        }
        rig.now += 10_000;
        rig.socket_says(SocketInput::Text("hello".into()));
        assert_eq!(rig.connection.backoff.attempt(), 0, "{life:?}");
    }
}

#[test]
fn a_link_whose_server_promised_to_speak_is_dead_after_its_silence() {
    let mut rig = mannered(Manner { life: Life::Listen, ..Manner::default() });
    rig.run(|connection, cx| connection.set_silence(cx.now, 45_000));
    assert_eq!(rig.pass(), 45_000);
    let reason = rig.connection.status().reason;
    assert_eq!(reason, Some(Reason::Timeout { waiting_for: "heartbeat" }));
}

#[test]
fn without_a_handshake_a_fresh_token_that_is_refused_after_opening_is_the_end() {
    let mut rig = mannered(Manner { bare: true, life: Life::Trust, ..Manner::default() });
    rig.close(4401);
    rig.pass();
    rig.open();
    rig.close(4401);
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Auth], Status::Disconnected));
    rig.run(Connection::connect);
    rig.open();
    rig.wait(10_000);
    rig.close(4401);
    assert_eq!(rig.status(), Status::Reconnecting, "it was good for a while");
}

#[test]
fn a_url_without_a_path_to_append_stays_as_it_is() {
    assert_eq!(complete_url("wss://server/chat/?v=1", ""), "wss://server/chat/?v=1");
}
