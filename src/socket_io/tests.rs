use fastrand::Rng;
use serde_json::json;

use super::*;
use crate::status::{ConnectionState, Status};

mod limits;

const OPEN: &str =
    r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#;

/// A session with a clock, a generator and a record of what it asked for.
struct Rig {
    session: SocketIo,
    now: u64,
    rng: Rng,
    last_id: u32,
    signals: Vec<Signal<SocketIoEvent>>,
    status: Option<ConnectionState>,
    asked: Option<EndpointRequest>,
}

impl Rig {
    fn new(options: serde_json::Value) -> Self {
        let options = SocketIoOptions::from_json(&options).expect("options");
        let (rng, signals) = (Rng::with_seed(1), Vec::new());
        Self {
            session: SocketIo::new(options),
            now: 0,
            rng,
            last_id: 0,
            signals,
            status: None,
            asked: None,
        }
    }

    fn plain() -> Self {
        Self::new(json!({"url": "ws://s/socket.io/?EIO=4&transport=websocket"}))
    }

    fn run<T>(&mut self, step: impl FnOnce(&mut SocketIo, &mut Context<'_>) -> T) -> T {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let value = step(&mut self.session, &mut cx);
        self.signals.clear();
        while let Some(signal) = self.session.poll_signal() {
            if let Signal::Status(status) = &signal {
                self.status = Some(status.clone());
            }
            if let Signal::AskEndpoint(request, ..) = &signal {
                self.asked = Some(*request);
            }
            self.signals.push(signal);
        }
        value
    }

    /// Answers the question for a URL.
    fn give(&mut self, url: &str, namespace: &str, auth: Option<String>) {
        let request = self.asked.take().expect("a question");
        let answer = Answer { url: url.to_owned(), namespace: namespace.to_owned(), auth };
        self.run(|session, cx| session.provide_endpoint(cx, request, answer));
    }

    fn says(&mut self, input: SocketInput) {
        let id = self.session.attempt.expect("a socket");
        self.run(|session, cx| session.handle_socket(cx, id, input));
    }

    fn hears(&mut self, text: &str) {
        self.says(SocketInput::Text(text.to_owned()));
    }

    fn close(&mut self, code: u16) {
        self.says(SocketInput::Closed { code, reason: String::new(), clean: true });
    }

    fn open(&mut self) {
        self.says(SocketInput::Opened { protocol: String::new() });
        self.hears(OPEN);
    }

    fn join(&mut self) {
        self.run(SocketIo::connect);
        self.open();
        self.hears(r#"40{"sid":"a","pid":"p"}"#);
        assert_eq!(self.status(), Status::Connected);
    }

    fn pass(&mut self) -> u64 {
        let deadline = self.session.poll_timeout().expect("a deadline");
        let wait = deadline.at.since(Instant::from_millis(self.now));
        self.now += wait;
        self.run(SocketIo::handle_timeout);
        wait
    }

    fn emit(&mut self, ticket: u32, data: &str, delivery: Delivery) -> Result<Handed, ErrorCode> {
        let event = Outbound { data: data.to_owned(), attachments: Vec::new() };
        self.run(|session, cx| session.emit(cx, ticket, event, delivery))
            .map_err(|misuse| misuse.code)
    }

    fn sent(&self) -> Vec<&str> {
        let texts = self.signals.iter().filter_map(|signal| match signal {
            Signal::Socket(_, SocketOutput::SendText(text)) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn events(&self) -> Vec<&SocketIoEvent> {
        let events = self.signals.iter().filter_map(|signal| match signal {
            Signal::Event(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    fn unsent(&self) -> Vec<(u32, ErrorCode)> {
        let unsent = self.events().into_iter().filter_map(|event| match event {
            SocketIoEvent::Unsent(ticket, problem) => Some((*ticket, problem.code)),
            _ => None,
        });
        unsent.collect()
    }

    fn problems(&self) -> Vec<ErrorCode> {
        let codes = self.signals.iter().filter_map(|signal| match signal {
            Signal::Problem(problem) => Some(problem.code),
            _ => None,
        });
        codes.collect()
    }

    fn status(&self) -> Status {
        self.status.as_ref().expect("a status").status
    }
}

fn incoming(data: &str, attachments: &[&[u8]], id: Option<u64>) -> Incoming {
    let attachments = attachments.iter().map(|bytes| bytes.to_vec()).collect();
    Incoming { data: data.to_owned(), attachments, id }
}

#[test]
fn it_joins_its_namespace_with_what_the_app_gave_and_what_waited_goes_then() {
    let mut rig =
        Rig::new(json!({"url": "ws://s", "namespace": "/admin", "auth": "{\"token\":\"t\"}"}));
    rig.run(SocketIo::connect);
    assert_eq!(rig.emit(1, r#"["early"]"#, Delivery::Plain), Ok(Handed::Waiting));
    rig.open();
    assert_eq!((rig.sent(), rig.status()), (vec![r#"40/admin,{"token":"t"}"#], Status::Connecting));
    rig.hears(r#"40/admin,{"sid":"a"}"#);
    let joined = SocketIoEvent::Joined { sid: "a".into(), recovered: false };
    assert_eq!(rig.events(), [&joined, &SocketIoEvent::Sent(1)]);
    assert_eq!((rig.sent(), rig.status()), (vec![r#"42/admin,["early"]"#], Status::Connected));
}

#[test]
fn events_come_with_their_bytes_and_numbers() {
    let mut rig = Rig::plain();
    rig.join();
    rig.hears(r#"42["chat","hi",{"a":[1]}]"#);
    let chat = incoming(r#"["chat","hi",{"a":[1]}]"#, &[], None);
    assert_eq!(rig.events(), [&SocketIoEvent::Event(chat)]);
    let text = r#"["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    rig.hears(&format!("452-7{text}"));
    assert!(rig.events().is_empty());
    rig.says(SocketInput::Frame(vec![1]));
    rig.says(SocketInput::Frame(vec![2]));
    assert_eq!(rig.events(), [&SocketIoEvent::Event(incoming(text, &[&[1], &[2]], Some(7)))]);
    let answer = Outbound { data: r#"["ok"]"#.into(), attachments: Vec::new() };
    rig.run(|session, cx| session.answer(cx, 7, answer)).expect("answered");
    assert_eq!(rig.sent(), [r#"437["ok"]"#]);
}

#[test]
fn an_answer_goes_to_its_event_and_one_that_nobody_awaits_is_told_and_ignored() {
    let mut rig = Rig::plain();
    rig.join();
    for ticket in [5, 6] {
        assert_eq!(rig.emit(ticket, r#"["q"]"#, Delivery::Answered(3_000)), Ok(Handed::Over));
    }
    assert_eq!(rig.sent(), [r#"421["q"]"#]);
    rig.hears(r#"431["second"]"#);
    assert_eq!(rig.events(), [&SocketIoEvent::Answer(6, incoming(r#"["second"]"#, &[], None))]);
    for wrong in [r#"431["again"]"#, r#"4399["never asked"]"#] {
        rig.hears(wrong);
        assert_eq!((rig.events().len(), rig.problems()), (0, vec![ErrorCode::Protocol]));
        assert_eq!(rig.status(), Status::Connected);
    }
    assert_eq!(rig.pass(), 3_000);
    assert_eq!(rig.unsent(), [(5, ErrorCode::Timeout)]);
    rig.hears(r#"430["too late"]"#);
    assert_eq!(rig.problems(), [ErrorCode::Protocol]);
}

#[test]
fn a_lost_link_ends_the_wait_for_answers_and_sends_nothing_twice() {
    let mut rig = Rig::plain();
    rig.join();
    rig.emit(1, r#"["q"]"#, Delivery::Answered(60_000)).expect("sent");
    rig.close(1006);
    assert_eq!(rig.unsent(), [(1, ErrorCode::Connection)]);
    assert_eq!(rig.emit(2, r#"["kept"]"#, Delivery::Answered(60_000)), Ok(Handed::Waiting));
    rig.pass();
    rig.open();
    rig.hears(r#"40{"sid":"b","pid":"q"}"#);
    assert_eq!(rig.sent(), [r#"421["kept"]"#]);
    rig.hears(r#"431["done"]"#);
    assert!(matches!(rig.events().first(), Some(SocketIoEvent::Answer(2, _))));
}

#[test]
fn what_is_overdue_before_it_could_be_sent_is_not_sent_any_more() {
    let mut rig = Rig::plain();
    rig.run(SocketIo::connect);
    rig.emit(1, r#"["q"]"#, Delivery::Answered(2_000)).expect("taken");
    assert_eq!(rig.pass(), 2_000);
    assert_eq!(rig.unsent(), [(1, ErrorCode::Timeout)]);
    rig.open();
    rig.hears(r#"40{"sid":"a"}"#);
    assert!(rig.sent().is_empty());
}

#[test]
fn a_session_that_is_known_again_is_told_so_and_what_came_last_is_named() {
    let mut rig = Rig::plain();
    rig.join();
    rig.hears(r#"42["a",1,"offset-1"]"#);
    rig.hears(r#"42["b",2,"offset-2"]"#);
    rig.close(1006);
    rig.pass();
    rig.open();
    assert_eq!(rig.sent(), [r#"40{"pid":"p","offset":"offset-2"}"#]);
    rig.hears(r#"40{"sid":"a","pid":"p"}"#);
    assert_eq!(rig.events(), [&SocketIoEvent::Joined { sid: "a".into(), recovered: true }]);
    rig.close(1006);
    rig.pass();
    rig.open();
    rig.hears(r#"40{"sid":"c","pid":"other"}"#);
    assert_eq!(rig.events(), [&SocketIoEvent::Joined { sid: "c".into(), recovered: false }]);
    rig.close(1006);
    rig.pass();
    rig.open();
    assert_eq!(rig.sent(), [r#"40{"pid":"other"}"#], "the old offset means nothing there");
}

#[test]
fn what_was_missed_comes_before_the_join_and_is_told_after_it_in_order() {
    let mut rig = Rig::plain();
    rig.join();
    rig.close(1006);
    rig.pass();
    rig.open();
    rig.hears(r#"42["a","offset-3"]"#);
    rig.hears(r#"42["b","offset-4"]"#);
    assert!(rig.events().is_empty());
    rig.hears(r#"40{"sid":"a","pid":"p"}"#);
    let event = |data| SocketIoEvent::Event(incoming(data, &[], None));
    let joined = SocketIoEvent::Joined { sid: "a".into(), recovered: true };
    let (first, second) = (event(r#"["a","offset-3"]"#), event(r#"["b","offset-4"]"#));
    assert_eq!(rig.events(), [&joined, &first, &second]);
    rig.close(1006);
    rig.pass();
    rig.open();
    assert_eq!(rig.sent(), [r#"40{"pid":"p","offset":"offset-4"}"#]);
    for _ in 0..4_096 {
        rig.hears(r#"42["flood"]"#);
    }
    assert_eq!(rig.problems(), [] as [ErrorCode; 0]);
    rig.hears(r#"42["flood"]"#);
    assert_eq!(rig.problems(), [ErrorCode::Protocol]);
}

#[test]
fn the_servers_pings_are_answered_and_its_silence_is_death() {
    let mut rig = Rig::plain();
    rig.join();
    rig.now += 25_000;
    rig.hears("2");
    assert_eq!(rig.sent(), ["3"]);
    assert_eq!(rig.pass(), 45_000);
    assert_eq!(rig.status(), Status::Reconnecting);
}

#[test]
fn garbage_ends_the_link_and_after_three_links_the_session() {
    for garbage in [
        "",
        "x",
        "4",
        "49",
        "42{}",
        "42/other,[\"a\"]",
        "451-[\"a\"]",
        "0{}",
        "b4",
        "40",
        "44{\"message\":\"x\"}",
    ] {
        let mut rig = Rig::plain();
        rig.join();
        rig.hears(garbage);
        assert_eq!(rig.problems(), [ErrorCode::Protocol], "{garbage:?}");
        assert_eq!(rig.status(), Status::Reconnecting, "{garbage:?}");
    }
    let mut rig = Rig::plain();
    rig.run(SocketIo::connect);
    for round in 1..=3 {
        rig.says(SocketInput::Opened { protocol: String::new() });
        rig.hears("<html>");
        if round < 3 {
            rig.pass();
        }
    }
    assert_eq!((rig.status(), rig.session.poll_timeout()), (Status::Disconnected, None));
}

#[test]
fn texts_cut_within_a_character_come_and_go_and_end_nothing() {
    let mut rig = Rig::plain();
    rig.join();
    let cut = r#"["m","abc\ud83d"]"#;
    for _ in 0..3 {
        rig.hears(&format!("42{cut}"));
        assert_eq!(rig.events(), [&SocketIoEvent::Event(incoming(cut, &[], None))]);
        assert_eq!(rig.status(), Status::Connected);
    }
    assert_eq!(rig.emit(1, cut, Delivery::Plain), Ok(Handed::Over));
    assert_eq!(rig.sent(), [format!("42{cut}")]);
}

#[test]
fn garbage_after_each_join_ends_the_session_after_three_links_too() {
    let mut rig = Rig::plain();
    rig.join();
    for round in 1..=3 {
        rig.hears("42{}");
        if round < 3 {
            rig.pass();
            rig.open();
            rig.hears(r#"40{"sid":"a","pid":"p"}"#);
        }
    }
    assert_eq!((rig.status(), rig.session.poll_timeout()), (Status::Disconnected, None));
}

#[test]
fn bytes_nobody_announced_end_the_link() {
    let mut rig = Rig::plain();
    rig.join();
    rig.says(SocketInput::Frame(vec![1, 2, 3]));
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Protocol], Status::Reconnecting));
}

#[test]
fn a_refusal_is_told_in_the_servers_words_and_ends_it_where_nothing_new_can_be_said() {
    let mut rig = Rig::plain();
    rig.run(SocketIo::connect);
    rig.open();
    rig.hears(r#"44{"message":"not authorized","data":{"why":"x"}}"#);
    let words = r#"{"message":"not authorized","data":{"why":"x"}}"#;
    assert_eq!(rig.events().first(), Some(&&SocketIoEvent::Denied(words.into())));
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Auth], Status::Disconnected));
    let mut rig = Rig::new(json!({"url": "ws://s", "namespace": "/none"}));
    rig.run(SocketIo::connect);
    rig.open();
    rig.hears(r#"44/none,{"message":"Invalid namespace"}"#);
    assert_eq!(rig.problems(), [ErrorCode::NotFound]);
}

#[test]
fn where_the_app_is_asked_a_refusal_has_it_asked_once_more() {
    let mut rig = Rig::new(json!({}));
    rig.run(SocketIo::connect);
    for round in 0..2 {
        rig.give("ws://s", "/", Some(format!("{{\"token\":{round}}}")));
        rig.open();
        assert_eq!(rig.sent(), [format!("40{{\"token\":{round}}}")]);
        rig.hears(r#"44{"message":"expired"}"#);
        if round == 0 {
            rig.pass();
        }
    }
    assert_eq!(rig.status(), Status::Disconnected);
    assert_eq!(rig.problems(), [ErrorCode::Auth, ErrorCode::Auth]);
}

#[test]
fn a_session_joins_the_namespace_that_the_app_names_and_what_waited_goes_there() {
    let mut rig = Rig::new(json!({}));
    rig.run(SocketIo::connect);
    assert_eq!(rig.emit(1, r#"["early"]"#, Delivery::Plain), Ok(Handed::Waiting));
    rig.give("ws://s", "/admin", None);
    rig.open();
    assert_eq!(rig.sent(), ["40/admin,"]);
    rig.hears(r#"40/admin,{"sid":"a","pid":"p"}"#);
    assert_eq!(rig.sent(), [r#"42/admin,["early"]"#]);
    rig.hears(r#"42/admin,["news","offset"]"#);
    for (namespace, joins) in [
        ("/admin", r#"40/admin,{"pid":"p","offset":"offset"}"#),
        ("/", "40"),
        ("/admin", "40/admin,"),
    ] {
        rig.close(1006);
        rig.pass();
        rig.give("ws://s", namespace, None);
        rig.open();
        assert_eq!(rig.sent(), [joins]);
    }
}

#[test]
fn a_namespace_that_is_none_is_refused() {
    let mut rig = Rig::new(json!({}));
    rig.run(SocketIo::connect);
    rig.give("ws://s", "/a,b", None);
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Auth], Status::Disconnected));
}

#[test]
fn who_has_nothing_to_show_any_more_shows_nothing() {
    let mut rig = Rig::new(json!({}));
    rig.run(SocketIo::connect);
    for (auth, joins) in [(Some("{}".to_owned()), "40{}"), (None, "40")] {
        rig.give("ws://s", "/", auth);
        rig.open();
        assert_eq!(rig.sent(), [joins]);
        rig.close(1006);
        rig.pass();
    }
}

#[test]
fn a_session_the_server_ends_stays_ended_until_the_app_connects() {
    let mut rig = Rig::plain();
    rig.join();
    rig.hears("41");
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Connection], Status::Disconnected));
    assert_eq!(rig.session.poll_timeout(), None);
    rig.run(SocketIo::connect);
    rig.open();
    assert_eq!(rig.sent(), ["40"]);
}

#[test]
fn closing_leaves_the_namespace_first() {
    let mut rig = Rig::plain();
    rig.join();
    rig.run(SocketIo::close);
    assert_eq!(rig.sent(), ["41"]);
    let bye = Closing { code: 1000, reason: String::new(), clean: true };
    assert_eq!(rig.events(), [&SocketIoEvent::Closed(bye)]);
}

#[test]
fn volatile_events_go_now_or_never_and_odd_ones_not_at_all() {
    let mut rig = Rig::plain();
    rig.run(SocketIo::connect);
    assert_eq!(rig.emit(1, r#"["v"]"#, Delivery::Volatile), Ok(Handed::Over));
    rig.open();
    rig.hears(r#"40{"sid":"a"}"#);
    assert!(rig.sent().is_empty());
    rig.emit(2, r#"["v"]"#, Delivery::Volatile).expect("sent");
    assert_eq!(rig.sent(), [r#"42["v"]"#]);
    for odd in ["{}", "[]", r#"["connect"]"#, r#"["a",{"_placeholder":true,"num":0}"#] {
        assert_eq!(rig.emit(3, odd, Delivery::Plain), Err(ErrorCode::InvalidArgument), "{odd}");
    }
    let large = format!(r#"["{}"]"#, "x".repeat(1_000));
    assert_eq!(rig.emit(4, &large, Delivery::Plain), Err(ErrorCode::FrameTooLarge));
}
