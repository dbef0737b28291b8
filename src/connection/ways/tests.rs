use super::super::{EndpointAnswer, Source};
use super::*;
use crate::backoff::BackoffPolicy;
use crate::config::LinkConfig;
use crate::error::ErrorCode;
use crate::io::{EndpointRequest, Shown, SocketInput};
use crate::status::Status;
use fastrand::Rng;

/// A connection that may use HTTP, with a clock and a record of what it asked for.
struct Rig {
    connection: Connection,
    now: u64,
    rng: Rng,
    last_id: u32,
    actions: Vec<Action>,
}

impl Rig {
    fn new(ways: Ways) -> Self {
        let link = LinkConfig { ways, ..LinkConfig::default() };
        let source = Source::Fixed("ws://server/room".into());
        let connection = Connection::new(link, BackoffPolicy::default(), source, "room".into());
        Self { connection, now: 0, rng: Rng::with_seed(1), last_id: 0, actions: Vec::new() }
    }

    fn connecting(ways: Ways) -> Self {
        let mut rig = Self::new(ways);
        rig.run(Connection::connect);
        rig
    }

    fn run(&mut self, step: impl FnOnce(&mut Connection, &mut Context<'_>)) {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        step(&mut self.connection, &mut cx);
        self.actions.clear();
        self.actions.extend(std::iter::from_fn(|| self.connection.poll_action()));
    }

    fn says(&mut self, id: SocketId, input: SocketInput) {
        self.run(|connection, cx| {
            connection.handle_socket(cx, id, &input);
        });
    }

    fn current(&self) -> SocketId {
        self.connection.state.socket().expect("a socket")
    }

    fn refuse(&mut self) {
        let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
        self.says(self.current(), closed);
    }

    fn open(&mut self) {
        self.says(self.current(), SocketInput::Opened { protocol: String::new() });
    }

    fn go_online(&mut self) {
        self.open();
        let now = Instant::from_millis(self.now);
        self.run(|connection, _| connection.handle_handshake(now));
        assert!(self.connection.is_online());
    }

    fn pass(&mut self) -> u64 {
        let due = self.connection.poll_timeout().expect("a deadline").at;
        let wait = due.since(Instant::from_millis(self.now));
        self.now += wait;
        self.run(Connection::handle_timeout);
        wait
    }

    /// The tunnel that the last step opened.
    fn tunnel(&self) -> Option<SocketId> {
        self.actions.iter().find_map(|action| match action {
            Action::Socket(id, SocketOutput::OpenTunnel { .. }) => Some(*id),
            _ => None,
        })
    }

    fn abandons(&self, id: SocketId) -> bool {
        self.actions.contains(&Action::Socket(id, SocketOutput::Abandon))
    }

    fn opens_socket(&self) -> bool {
        let opens =
            |action: &Action| matches!(action, Action::Socket(_, SocketOutput::Open { .. }));
        self.actions.iter().any(opens)
    }
}

fn both() -> Ways {
    Ways { http: true, ..Ways::default() }
}

#[test]
fn a_websocket_refused_twice_gets_a_tunnel_in_the_same_attempt() {
    let mut rig = Rig::connecting(both());
    rig.refuse();
    assert_eq!(rig.tunnel(), None, "once may be a hiccup");
    rig.pass();
    rig.refuse();
    assert_eq!(rig.tunnel(), Some(rig.current()));
    rig.go_online();
    assert_eq!(rig.connection.status().transport, Some(Transport::Sse));
}

#[test]
fn who_may_not_use_http_never_does() {
    let mut rig = Rig::connecting(Ways::default());
    for _ in 0..6 {
        rig.refuse();
        assert_eq!(rig.tunnel(), None);
        rig.pass();
    }
}

#[test]
fn a_websocket_that_opens_and_stays_silent_gets_a_rival_and_the_first_to_open_wins() {
    let mut rig = Rig::connecting(both());
    rig.open();
    let silent = rig.current();
    assert_eq!(rig.pass(), 4_000);
    let rival = rig.tunnel().expect("a rival");
    assert_eq!(rig.current(), silent, "it may still speak");
    rig.says(rival, SocketInput::Opened { protocol: String::new() });
    assert!(rig.abandons(silent));
    let order: Vec<_> = rig
        .actions
        .iter()
        .filter(|action| matches!(action, Action::LinkDown | Action::LinkUp(_)))
        .collect();
    assert_eq!(order, [&Action::LinkDown, &Action::LinkUp(rival)]);
    assert_eq!(rig.connection.status().transport, Some(Transport::Sse));
}

#[test]
fn a_slow_websocket_that_speaks_after_all_keeps_the_link() {
    let mut rig = Rig::connecting(both());
    rig.open();
    rig.pass();
    let (slow, rival) = (rig.current(), rig.tunnel().expect("a rival"));
    rig.says(slow, SocketInput::Frame(vec![0]));
    assert!(rig.abandons(rival));
    assert_eq!(rig.current(), slow);
    rig.says(rival, SocketInput::Opened { protocol: String::new() });
    assert_eq!(rig.current(), slow, "who was let go is not heard");
}

#[test]
fn a_server_without_tunnels_loses_nothing_by_the_question() {
    let mut rig = Rig::connecting(both());
    rig.open();
    rig.pass();
    let rival = rig.tunnel().expect("a rival");
    let shown = Shown::Everything;
    rig.says(rival, SocketInput::HttpStatus { status: 404, retry_after: None, shown });
    rig.says(rig.current(), SocketInput::Frame(vec![0]));
    rig.go_online_from_handshake();
    assert_eq!(rig.connection.status().transport, Some(Transport::WebSocket));
}

impl Rig {
    fn go_online_from_handshake(&mut self) {
        let now = Instant::from_millis(self.now);
        self.run(|connection, _| connection.handle_handshake(now));
        assert!(self.connection.is_online());
    }
}

#[test]
fn a_socket_that_never_answers_makes_way_for_its_rival() {
    let mut rig = Rig::connecting(both());
    assert_eq!(rig.pass(), 4_000);
    let (hanging, rival) = (rig.current(), rig.tunnel().expect("a rival"));
    assert_eq!(rig.pass(), 6_000);
    assert!(rig.abandons(hanging) && !rig.abandons(rival));
    assert_eq!(rig.current(), rival);
    rig.go_online();
}

#[test]
fn the_winner_goes_first_until_the_memory_is_old() {
    let mut rig = Rig::connecting(Ways { memory: 60_000, ..both() });
    rig.refuse();
    rig.pass();
    rig.refuse();
    rig.go_online();
    rig.refuse();
    rig.pass();
    assert!(rig.tunnel().is_some() && !rig.opens_socket());
    rig.go_online();
    rig.now += 60_000;
    rig.refuse();
    rig.pass();
    assert!(rig.opens_socket(), "the WebSocket is tried again now and then");
    rig.refuse();
    assert!(rig.tunnel().is_some(), "and one refusal is enough");
}

#[test]
fn what_was_remembered_from_earlier_goes_first() {
    let mut rig = Rig::connecting(Ways { remembered: 60_000, ..both() });
    assert!(rig.tunnel().is_some() && !rig.opens_socket());
    rig.refuse();
    rig.pass();
    assert!(rig.opens_socket(), "what failed does not go first again");
    rig.go_online();
    assert_eq!(rig.connection.status().transport, Some(Transport::WebSocket));
    rig.refuse();
    rig.pass();
    assert!(rig.opens_socket());
}

#[test]
fn the_status_of_a_refused_tunnel_is_told_and_judged_as_the_handshakes_would_be() {
    for (status, code, ends) in
        [(403, ErrorCode::Forbidden, true), (404, ErrorCode::NotFound, false)]
    {
        let mut rig = Rig::connecting(Ways { websocket: false, ..both() });
        let shown = Shown::Everything;
        let refused = SocketInput::HttpStatus { status, retry_after: None, shown };
        rig.says(rig.current(), refused);
        let state = rig.connection.status();
        assert_eq!(state.error.map(|error| error.code), Some(code));
        assert_eq!(state.reason, Some(Reason::Http { status }));
        assert_eq!(state.status == Status::Disconnected, ends, "{status}");
    }
}

#[test]
fn leaving_lets_the_rival_go_too() {
    let mut rig = Rig::connecting(both());
    rig.open();
    rig.pass();
    let rival = rig.tunnel().expect("a rival");
    rig.run(|connection, _| connection.disconnect());
    assert!(rig.abandons(rival));
    assert_eq!(rig.connection.poll_timeout(), None);
}

#[test]
fn a_token_that_ends_is_refreshed_on_the_link_where_the_server_takes_it() {
    let mut rig = Rig::new(both());
    rig.connection.source = Source::App;
    rig.run(Connection::connect);
    let answer = EndpointAnswer { url: "ws://server", token: Some("old"), lifetime: Some(100_000) };
    let request = EndpointRequest(rig.last_id);
    rig.run(|connection, cx| connection.provide_endpoint(cx, request, answer));
    rig.go_online();
    while rig.now < 80_000 {
        // Each handshake of the link asks, and what is left is less and less.
        let left = 100_000 - rig.now;
        rig.run(|connection, cx| connection.handle_admission(cx.now, left));
        rig.pass();
        let socket = rig.current();
        rig.says(socket, SocketInput::Frame(vec![0]));
    }
    assert_eq!(rig.now, 80_000);
    let request = EndpointRequest(rig.last_id);
    let fresh = EndpointAnswer { token: Some("new"), ..answer };
    rig.run(|connection, cx| connection.provide_endpoint(cx, request, fresh));
    assert_eq!(rig.actions, [Action::ShowToken("new".into())]);
    assert!(rig.connection.is_online(), "without a reconnect");
}
