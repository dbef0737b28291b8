mod delivery;
mod life;

use fastrand::Rng;
use serde_json::json;

use super::*;
use crate::status::{ConnectionState, EndpointReason, Reason, Status};

/// A socket with a clock, a generator and a record of what it asked for.
struct Rig {
    socket: Socket,
    now: u64,
    rng: Rng,
    last_id: u32,
    signals: Vec<Signal<SocketEvent>>,
    status: Option<ConnectionState>,
}

impl Rig {
    fn new(options: serde_json::Value) -> Self {
        let options = SocketOptions::from_json(&options).expect("options");
        let (rng, signals) = (Rng::with_seed(1), Vec::new());
        Self { socket: Socket::new(options), now: 0, rng, last_id: 0, signals, status: None }
    }

    fn plain() -> Self {
        Self::new(json!({"url": "ws://server/chat"}))
    }

    fn run<T>(&mut self, step: impl FnOnce(&mut Socket, &mut Context<'_>) -> T) -> T {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let value = step(&mut self.socket, &mut cx);
        self.signals.clear();
        while let Some(signal) = self.socket.poll_signal() {
            if let Signal::Status(status) = &signal {
                self.status = Some(status.clone());
            }
            self.signals.push(signal);
        }
        value
    }

    fn says(&mut self, input: SocketInput) {
        let id = self.socket.attempt.expect("a socket");
        self.run(|socket, cx| socket.handle_socket(cx, id, input));
    }

    fn open(&mut self) {
        self.says(SocketInput::Opened { protocol: String::new() });
        assert!(self.socket.link().is_some());
    }

    fn go_online(&mut self) {
        self.run(Socket::connect);
        self.open();
    }

    fn close(&mut self, code: u16) {
        self.says(SocketInput::Closed { code, reason: String::new(), clean: true });
    }

    fn hears(&mut self, text: &str) {
        self.says(SocketInput::Text(text.to_owned()));
    }

    fn pass(&mut self) -> u64 {
        let deadline = self.socket.poll_timeout().expect("a deadline");
        let wait = deadline.at.since(Instant::from_millis(self.now));
        self.wait(wait);
        wait
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.run(Socket::handle_timeout);
    }

    fn send(&mut self, ticket: u32, text: &str) -> Result<Handed, ErrorCode> {
        let message = Message::Text(text.to_owned());
        self.run(|socket, cx| socket.send(cx, ticket, message)).map_err(|misuse| misuse.code)
    }

    fn volatile(&mut self, key: &str, text: &str) {
        let message = Message::Text(text.to_owned());
        self.run(|socket, cx| socket.send_volatile(cx, key.to_owned(), message)).expect("taken");
    }

    fn measures(&mut self, bytes: u64) {
        self.says(SocketInput::Buffered(bytes));
    }

    fn answer(&mut self, answer: Answer) {
        let request = self.asked().expect("a question").0;
        self.run(|socket, cx| socket.provide_endpoint(cx, request, answer));
    }

    fn asked(&self) -> Option<(EndpointRequest, EndpointReason)> {
        self.signals.iter().find_map(|signal| match signal {
            Signal::AskEndpoint(request, _, reason) => Some((*request, *reason)),
            _ => None,
        })
    }

    fn outputs(&self) -> Vec<&SocketOutput> {
        let outputs = self.signals.iter().filter_map(|signal| match signal {
            Signal::Socket(_, output) => Some(output),
            _ => None,
        });
        outputs.collect()
    }

    fn sent(&self) -> Vec<&str> {
        let texts = self.outputs().into_iter().filter_map(|output| match output {
            SocketOutput::SendText(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn events(&self) -> Vec<&SocketEvent> {
        let events = self.signals.iter().filter_map(|signal| match signal {
            Signal::Event(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    fn problems(&self) -> Vec<ErrorCode> {
        let codes = self.signals.iter().filter_map(|signal| match signal {
            Signal::Problem(problem) => Some(problem.code),
            _ => None,
        });
        codes.collect()
    }

    fn opened_sockets(&self) -> usize {
        self.outputs().iter().filter(|output| matches!(output, SocketOutput::Open { .. })).count()
    }

    fn status(&self) -> Status {
        self.status.as_ref().expect("a status").status
    }
}

fn closed(code: u16) -> SocketEvent {
    SocketEvent::Closed(Closing { code, reason: String::new(), clean: true })
}

#[test]
fn a_link_is_up_as_soon_as_its_socket_is_open() {
    let mut rig = Rig::plain();
    rig.run(Socket::connect);
    let open = SocketOutput::Open { url: "ws://server/chat".into(), protocols: Vec::new() };
    assert_eq!(rig.outputs(), [&open]);
    rig.says(SocketInput::Opened { protocol: "v2".into() });
    assert_eq!(rig.events(), [&SocketEvent::Opened { protocol: "v2".into() }]);
    assert_eq!(rig.status(), Status::Connected);
    assert_eq!(rig.send(1, "hello"), Ok(Handed::Over));
    assert_eq!(rig.sent(), ["hello"]);
    rig.hears("welcome");
    assert_eq!(rig.events(), [&SocketEvent::Message(Message::Text("welcome".into()))]);
    rig.says(SocketInput::Frame(vec![1, 2]));
    assert_eq!(rig.events(), [&SocketEvent::Message(Message::Binary(vec![1, 2]))]);
}

#[test]
fn each_attempt_that_ends_is_told_once_with_its_code() {
    let mut rig = Rig::plain();
    rig.go_online();
    rig.close(1012);
    assert_eq!(rig.events(), [&closed(1012)]);
    rig.pass();
    assert_eq!((rig.events().len(), rig.opened_sockets()), (0, 1));
    rig.close(1006);
    assert_eq!(rig.events(), [&closed(1006)]);
    rig.pass();
    rig.pass();
    assert_eq!(rig.events(), [&SocketEvent::Closed(Closing::lost())], "the attempt timed out");
    rig.run(|socket, cx| socket.close(cx, 3001, "enough"));
    let bye = Closing { code: 3001, reason: "enough".into(), clean: true };
    assert_eq!(rig.events(), [&SocketEvent::Closed(bye)]);
    rig.run(|socket, cx| socket.close(cx, 1000, ""));
    assert!(rig.events().is_empty(), "it is told once");
    assert_eq!((rig.status(), rig.socket.poll_timeout()), (Status::Disconnected, None));
}

#[test]
fn a_flapping_server_sees_at_most_ten_connections_in_twenty_seconds() {
    for seed in 0..50 {
        let mut rig = Rig::plain();
        rig.rng = Rng::with_seed(seed);
        rig.run(Socket::connect);
        let mut attempts = 1;
        while rig.now < 20_000 {
            rig.open();
            rig.hears("hello");
            rig.close(1011);
            rig.pass();
            attempts += 1;
        }
        assert!(attempts <= 10, "{attempts} connections with seed {seed}");
    }
}

#[test]
fn what_its_turn_comes_for_when_the_link_is_given_up_goes_over_the_next_one() {
    let options = json!({
        "url": "ws://s", "life": "listen", "heartbeat": 40_000, "buffer": true, "rateCount": 1, "ratePer": 40_000,
    });
    let mut rig = Rig::new(options);
    rig.go_online();
    assert_eq!(rig.send(1, "first"), Ok(Handed::Over));
    assert_eq!(rig.send(2, "second"), Ok(Handed::Waiting));
    rig.wait(40_000);
    assert_eq!((rig.status(), rig.sent()), (Status::Reconnecting, vec![]));
    assert!(!rig.events().contains(&&SocketEvent::Sent(2)));
    rig.pass();
    rig.open();
    assert_eq!(rig.sent(), ["second"]);
}

#[test]
fn a_storm_of_wake_events_costs_one_ping_and_no_connection_while_the_link_lives() {
    let mut rig = Rig::new(json!({"url": "ws://s", "ping": "ping"}));
    rig.go_online();
    let mut pings = 0;
    for step in 0..1_000 {
        let wake = [Environment::Visible, Environment::Online, Environment::Resume][step % 3];
        rig.run(|socket, cx| socket.handle_environment(cx, wake));
        pings += rig.sent().len();
        assert_eq!(rig.opened_sockets(), 0);
    }
    assert_eq!(pings, 1);
    rig.hears("anything");
    assert_eq!(rig.status(), Status::Connected);
}

#[test]
fn what_an_old_socket_still_says_is_ignored() {
    let mut rig = Rig::plain();
    rig.go_online();
    let old = rig.socket.link().expect("a link");
    rig.close(1006);
    rig.pass();
    rig.open();
    for input in [
        SocketInput::Text("old".into()),
        SocketInput::Closed { code: 4999, reason: String::new(), clean: true },
        SocketInput::Buffered(1 << 30),
        SocketInput::Opened { protocol: "old".into() },
    ] {
        rig.run(|socket, cx| socket.handle_socket(cx, old, input));
        assert_eq!(rig.signals, []);
    }
}

#[test]
fn a_token_goes_first_also_before_what_waited() {
    let mut rig = Rig::new(json!({"tokenIn": "firstMessage", "buffer": true}));
    rig.run(Socket::connect);
    assert_eq!(rig.send(1, "early"), Ok(Handed::Waiting));
    rig.run(Socket::connect);
    let request = EndpointRequest(1);
    let answer = Answer { url: "ws://s".into(), token: Some("sesame".into()), ..Answer::default() };
    rig.run(|socket, cx| socket.provide_endpoint(cx, request, answer));
    let open = SocketOutput::Open { url: "ws://s".into(), protocols: Vec::new() };
    assert_eq!(rig.outputs(), [&open], "the token is not in the URL");
    rig.open();
    assert_eq!(rig.sent(), ["sesame", "early"]);
    assert_eq!(rig.events().last(), Some(&&SocketEvent::Sent(1)));
}

#[test]
fn the_app_may_give_a_first_message_and_subprotocols_of_its_own_for_each_attempt() {
    let mut rig = Rig::new(json!({"protocols": ["a"], "tokenName": "t-", "tokenEncoded": false}));
    rig.run(Socket::connect);
    rig.answer(Answer {
        url: "ws://s".into(),
        token: Some("abc".into()),
        protocols: Some(vec!["b".into()]),
        hello: Some(Message::Text("{\"auth\":\"abc\"}".into())),
    });
    let protocols = vec!["b".to_owned(), "t-abc".to_owned()];
    assert_eq!(rig.outputs(), [&SocketOutput::Open { url: "ws://s".into(), protocols }]);
    rig.open();
    assert_eq!(rig.sent(), ["{\"auth\":\"abc\"}"]);
}

#[test]
fn a_refused_token_is_renewed_once_and_a_second_refusal_is_the_end() {
    for code in [4401, 3000] {
        let mut rig = Rig::new(json!({}));
        rig.run(Socket::connect);
        for reason in [EndpointReason::Initial, EndpointReason::Rejected] {
            assert_eq!(rig.asked().map(|(_, reason)| reason), Some(reason));
            rig.answer(Answer {
                url: "ws://s".into(),
                token: Some("t".into()),
                ..Answer::default()
            });
            rig.open();
            rig.close(code);
            if reason == EndpointReason::Initial {
                rig.pass();
            }
        }
        assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Auth], Status::Disconnected));
        assert_eq!(rig.socket.poll_timeout(), None);
    }
}

#[test]
fn what_waits_when_the_socket_ends_is_told_as_unsent() {
    let mut rig = Rig::new(json!({"url": "ws://s", "buffer": true}));
    rig.run(Socket::connect);
    for ticket in 1..=2 {
        assert_eq!(rig.send(ticket, "x"), Ok(Handed::Waiting));
    }
    rig.run(|socket, cx| socket.close(cx, 1000, ""));
    let tickets: Vec<u32> = rig
        .events()
        .into_iter()
        .filter_map(|event| match event {
            SocketEvent::Unsent(ticket, problem) if problem.code == ErrorCode::NotConnected => {
                Some(*ticket)
            }
            _ => None,
        })
        .collect();
    assert_eq!(tickets, [1, 2]);
    assert_eq!(
        rig.send(3, "x"),
        Err(ErrorCode::NotConnected),
        "nothing waits for what will not come"
    );
}

#[test]
fn a_low_mark_alone_is_where_messages_go_on_and_never_lies_above_the_high_one() {
    const HIGH: u64 = 1 << 20;
    for (low, goes_on) in [(0, 0), (1_000, 1_000), (900_000, 900_000), (HIGH * 9, HIGH)] {
        let mut rig = Rig::new(json!({"url": "ws://s", "lowWater": low}));
        rig.go_online();
        rig.send(1, &"x".repeat(HIGH as usize)).expect("sent");
        assert_eq!(rig.send(2, "waits"), Ok(Handed::Waiting));
        rig.measures(HIGH);
        rig.sent();
        rig.measures(goes_on + 1);
        assert_eq!(rig.sent(), [""; 0], "{low}");
        rig.measures(goes_on);
        assert_eq!(rig.sent(), ["waits"], "{low}");
    }
}

#[test]
fn closing_sends_what_waits_for_room_first() {
    let mut rig = Rig::new(json!({"url": "ws://s", "highWater": 10, "lowWater": 1}));
    rig.go_online();
    rig.send(1, "a long message").expect("sent");
    assert_eq!(rig.send(2, "last words"), Ok(Handed::Waiting));
    rig.run(|socket, cx| socket.close(cx, 1000, ""));
    let outputs = rig.outputs();
    let said =
        outputs.iter().position(|output| **output == SocketOutput::SendText("last words".into()));
    let ended = outputs.iter().position(|output| matches!(output, SocketOutput::Close { .. }));
    assert!(said.is_some() && said < ended, "{outputs:?}");
}

#[test]
fn a_message_the_server_refused_as_too_large_is_told_and_not_sent_again() {
    let mut rig = Rig::plain();
    rig.go_online();
    rig.send(1, "small").expect("sent");
    rig.send(2, "the largest of all").expect("sent");
    rig.close(1009);
    assert_eq!(
        (rig.problems(), rig.status()),
        (vec![ErrorCode::FrameTooLarge], Status::Reconnecting)
    );
    rig.pass();
    rig.open();
    assert_eq!(rig.sent(), [""; 0]);
    assert_eq!(rig.send(3, "the largest of all"), Err(ErrorCode::FrameTooLarge));
    assert_eq!(rig.send(4, "small"), Ok(Handed::Over));
}

#[test]
fn a_message_larger_than_the_app_takes_ends_the_link_and_after_three_the_socket() {
    let mut rig = Rig::new(json!({"url": "ws://s", "maxReceive": 10}));
    rig.run(Socket::connect);
    for round in 1..=3 {
        rig.open();
        rig.hears("more than ten bytes");
        assert_eq!(rig.problems().first(), Some(&ErrorCode::FrameTooLarge));
        assert!(!rig.events().iter().any(|event| matches!(event, SocketEvent::Message(_))));
        if round < 3 {
            rig.pass();
        }
    }
    assert_eq!(rig.status(), Status::Disconnected);
}

#[test]
fn of_a_volatile_value_the_latest_goes_thirty_times_a_second() {
    let mut rig = Rig::plain();
    rig.volatile("cursor", "lost");
    rig.go_online();
    assert_eq!(rig.sent(), [""; 0], "without a link nobody wanted it");
    rig.now = 1_000;
    let mut sent = Vec::new();
    for step in 0..1_000 {
        rig.volatile("cursor", &format!("{step}"));
        sent.extend(rig.sent().iter().map(|text| text.parse::<u32>().expect("a number")));
        rig.wait(1);
        sent.extend(rig.sent().iter().map(|text| text.parse::<u32>().expect("a number")));
    }
    rig.pass();
    sent.extend(rig.sent().iter().map(|text| text.parse::<u32>().expect("a number")));
    assert!((30..=32).contains(&sent.len()), "{} in a second", sent.len());
    assert!(sent.is_sorted() && sent.last() == Some(&999), "{sent:?}");
}

#[test]
fn volatile_values_stay_behind_while_the_browser_has_much_to_send() {
    let mut rig = Rig::plain();
    rig.go_online();
    rig.send(1, &"x".repeat(100 << 10)).expect("sent");
    rig.volatile("cursor", "1");
    assert_eq!((rig.sent().len(), rig.outputs()), (0, vec![&SocketOutput::Measure]));
    rig.measures(100 << 10);
    assert_eq!(rig.sent().len(), 0);
    rig.volatile("cursor", "2");
    rig.pass();
    assert_eq!(rig.outputs(), [&SocketOutput::Measure]);
    rig.measures(1 << 10);
    assert_eq!(rig.sent(), ["2"], "the newest, once");
}

#[test]
fn a_page_that_comes_back_from_the_cache_connects_at_once() {
    let mut rig = Rig::plain();
    rig.go_online();
    rig.run(|socket, cx| socket.handle_environment(cx, Environment::PageHide { persisted: true }));
    assert_eq!(rig.status(), Status::Disconnected);
    assert!(matches!(rig.events().first(), Some(SocketEvent::Closed(_))));
    rig.run(|socket, cx| socket.handle_environment(cx, Environment::PageShow { persisted: true }));
    assert_eq!(rig.opened_sockets(), 1);
}
