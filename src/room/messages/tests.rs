use super::*;
use crate::event::{Answer, Problem};
use crate::protocol::messages::{Envelope, Hello, Reject, RejectCode, Rejected, Reply};

const CONNECTION: u64 = 9;

/// Messages whose link and log are played by the test.
struct Rig {
    messages: Messages,
    now: u64,
    released: Seq,
    /// Payloads sent since the last look.
    sent: Vec<Vec<u8>>,
    /// Number of the last subscription that was sent.
    subscribed: u64,
    events: Vec<MessageEvent>,
}

impl Rig {
    fn new() -> Self {
        let messages = Messages::new(MessageConfig::default(), Broken::default(), 5 << 11, 1_000);
        let (sent, events) = (Vec::new(), Vec::new());
        Self { messages, now: 0, released: 0, sent, subscribed: 0, events }
    }

    /// An app that uses messages, on a link whose handshake is done.
    fn asking() -> Self {
        let mut rig = Self::new();
        rig.messages.want();
        rig.run(|messages, now| messages.handle_link_up(now));
        rig
    }

    /// The same, with a server that answered from an empty log.
    fn speaking() -> Self {
        let mut rig = Self::asking();
        rig.hello(7, 1, 0, false);
        rig.sent.clear();
        rig.events.clear();
        rig
    }

    fn run<T>(&mut self, act: impl FnOnce(&mut Messages, Instant) -> T) -> T {
        let now = Instant::from_millis(self.now);
        let value = act(&mut self.messages, now);
        for frame in self.messages.poll_frames(now, CONNECTION, self.released) {
            if let Ok(Some(Request::Subscribe(made))) = Request::decode(payload(&frame)) {
                self.subscribed = made.request;
            }
            self.sent.push(frame);
        }
        self.events.extend(std::iter::from_fn(|| self.messages.poll_event()));
        value
    }

    fn reply(&mut self, reply: Reply<'_>) -> Result<Option<Problem>, Violation> {
        self.run(|messages, now| messages.handle_reply(now, reply))
    }

    /// Answers the last subscription.
    fn hello(&mut self, epoch: u64, next: u64, head: u64, recovered: bool) {
        let request = self.subscribed;
        let hello = Hello { request, epoch, next, head, recovered, max_bytes: 1 << 20 };
        assert_eq!(self.reply(Reply::Hello(hello)), Ok(None));
    }

    fn message(&mut self, seq: u64) {
        let id = format!("x-{seq}");
        let envelope = Envelope { seq, at: 1, from: 3, id: &id, data: "1", ..Envelope::default() };
        assert_eq!(self.reply(Reply::Message(envelope)), Ok(None));
    }

    fn send(&mut self, data: &str) -> String {
        let id = self.messages.next_id();
        self.released += 1;
        let record = self.released;
        self.run(|messages, _| messages.push(id.clone(), 0, data.into(), record));
        id
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.run(|messages, now| messages.handle_timeout(now));
    }

    /// What was sent since the last look, in words.
    fn requests(&mut self) -> Vec<String> {
        let word = |frame: &Vec<u8>| match Request::decode(payload(frame)).unwrap().unwrap() {
            Request::Subscribe(subscribe) => format!("subscribe after {}", subscribe.after),
            Request::Publish { n, data, .. } => format!("{n}: {data}"),
            Request::Direct { to, data, .. } => format!("to {to}: {data}"),
            Request::Volatile { data, .. } => format!("all: {data}"),
            Request::Page { before, limit, .. } => format!("{limit} before {before}"),
        };
        std::mem::take(&mut self.sent).iter().map(word).collect()
    }

    /// Numbers of the stored messages the app heard since the last look, `0` for a reset.
    fn heard(&mut self) -> Vec<u64> {
        let mut heard = Vec::new();
        for event in std::mem::take(&mut self.events) {
            if let MessageEvent::Received { reset, messages, .. } = event {
                heard.extend(reset.then_some(0));
                heard.extend(messages.iter().map(|message| message.seq));
            }
        }
        heard
    }
}

fn payload(frame: &[u8]) -> &[u8] {
    let limits = crate::protocol::FrameLimits::default();
    match crate::protocol::decode(frame, &limits).unwrap()[..] {
        [crate::protocol::Message::Messages(payload)] => payload,
        _ => panic!("not one message"),
    }
}

fn state(supported: bool, recovered: Option<bool>) -> MessageEvent {
    MessageEvent::State { supported: Some(supported), recovered }
}

#[test]
fn a_room_whose_app_uses_no_messages_says_nothing_of_them() {
    let mut rig = Rig::new();
    assert!(!rig.messages.is_down(), "no link is wanted");
    rig.wait(60_000);
    assert!(rig.requests().is_empty() && rig.messages.poll_timeout().is_none());
}

#[test]
fn nothing_but_the_question_is_sent_before_the_server_answered_it() {
    let mut rig = Rig::asking();
    rig.send("1");
    assert!(rig.messages.send_volatile(0, "2").is_err());
    rig.run(|messages, now| messages.send_direct(now, 3, 0, "3")).unwrap();
    assert_eq!(rig.requests(), ["subscribe after 0"]);
    rig.hello(7, 1, 0, false);
    assert_eq!(rig.requests(), ["to 3: 3", "1: 1"]);
}

#[test]
fn a_question_asked_meanwhile_does_not_outdate_the_answer_to_a_subscription() {
    let mut rig = Rig::asking();
    rig.run(|messages, now| messages.load(now, 10, 5)).unwrap();
    assert_eq!(rig.requests(), ["subscribe after 0"]);
    let hello = Hello { request: 1, epoch: 7, next: 1, max_bytes: 1 << 20, ..Hello::default() };
    assert_eq!(rig.reply(Reply::Hello(hello)), Ok(None));
    assert!(rig.events.contains(&state(true, None)));
    assert_eq!(rig.requests(), ["5 before 10"]);
}

#[test]
fn a_silent_server_is_told_as_unsupported_and_what_waits_goes_on_waiting() {
    let mut rig = Rig::asking();
    rig.send("1");
    let request = rig.run(|messages, now| messages.send_direct(now, 3, 0, "3")).unwrap();
    let mut questions = Vec::new();
    for second in 1..=120 {
        rig.wait(1_000);
        assert_eq!(rig.events.contains(&state(false, None)), second >= 10);
        questions.push(rig.requests().len());
    }
    let asked: usize = questions.iter().sum();
    assert!((5..=7).contains(&asked), "{asked} questions in two minutes");
    assert_eq!(rig.events.iter().filter(|event| **event == state(false, None)).count(), 1);
    let failed = |event: &MessageEvent| match event {
        MessageEvent::Answer { request: answered, answer: Answer::Failed(problem) } => {
            *answered == request
                && matches!(problem.code, ErrorCode::Timeout | ErrorCode::Unsupported)
        }
        _ => false,
    };
    assert_eq!(rig.events.iter().filter(|event| failed(event)).count(), 1);
    let code = rig.messages.send_volatile(0, "2").map_err(|misuse| misuse.code);
    assert_eq!(code, Err(ErrorCode::Unsupported));
    assert_eq!(rig.messages.waiting(), 1);
    rig.hello(7, 1, 0, false);
    assert_eq!(rig.requests(), ["1: 1"], "late is not never");
}

#[test]
fn a_server_that_hangs_up_on_the_question_is_left_in_peace() {
    let mut rig = Rig::new();
    rig.messages.want();
    let mut asked = 0;
    for _ in 0..100 {
        rig.run(|messages, now| messages.handle_link_up(now));
        asked += rig.requests().len();
        rig.now += 200;
        rig.run(|messages, now| messages.handle_link_down(now));
    }
    assert_eq!(asked, 3);
    assert!(rig.events.contains(&state(false, None)));
    rig.now += 60_000;
    rig.run(|messages, now| messages.handle_link_up(now));
    assert_eq!(rig.requests().len(), 1, "a minute later it may be another one");
}

#[test]
fn a_message_is_told_as_sent_once_with_its_number_and_the_log_hears_of_it() {
    let mut rig = Rig::speaking();
    let id = rig.send("1");
    assert_eq!(rig.requests(), ["1: 1"]);
    for _ in 0..3 {
        assert_eq!(rig.reply(Reply::Ack { n: 1, seq: 4 }), Ok(None));
    }
    assert_eq!(rig.events, [MessageEvent::Sent { id: id.clone(), seq: 4 }]);
    assert_eq!((rig.messages.take_done(), rig.messages.waiting()), (vec![id], 0));
}

#[test]
fn an_acknowledgement_or_refusal_of_what_was_never_sent_is_a_violation_and_loses_nothing() {
    let mut rig = Rig::speaking();
    rig.send("1");
    let reject = |n, code| Reply::Reject(Reject { what: Rejected::Publish(n), code, retry_ms: 1 });
    assert!(rig.reply(Reply::Ack { n: 2, seq: 1 }).is_err());
    assert!(rig.reply(reject(2, RejectCode::RateLimit)).is_err());
    assert!(rig.reply(reject(u64::MAX, RejectCode::Forbidden)).is_err());
    assert_eq!((rig.messages.waiting(), rig.events.len()), (1, 0));
    // Answers to questions that nobody asked change nothing.
    assert_eq!(rig.reply(Reply::Delivered { request: 99 }), Ok(None));
    assert_eq!(rig.reply(Reply::Page { request: 99, first: 1, messages: vec![] }), Ok(None));
    assert!(rig.events.is_empty());
}

#[test]
fn a_rate_limit_is_told_and_waited_for() {
    let mut rig = Rig::speaking();
    rig.send("1");
    rig.send("2");
    rig.requests();
    let what = Rejected::Publish(1);
    let told =
        rig.reply(Reply::Reject(Reject { what, code: RejectCode::RateLimit, retry_ms: 400 }));
    assert_eq!(told.unwrap().map(|problem| problem.code), Some(ErrorCode::RateLimit));
    rig.wait(399);
    assert!(rig.requests().is_empty());
    rig.wait(1);
    assert_eq!(rig.requests(), ["1: 1"], "one at a time");
}

#[test]
fn a_message_refused_for_good_no_longer_waits_and_the_next_goes_on() {
    let mut rig = Rig::speaking();
    let (first, _) = (rig.send("1"), rig.send("2"));
    let what = Rejected::Publish(1);
    let reject = Reject { what, code: RejectCode::TooLarge, retry_ms: 0 };
    assert_eq!(rig.reply(Reply::Reject(reject)), Ok(None));
    let refused = match &rig.events[..] {
        [MessageEvent::Refused { id, problem }] => (id.clone(), problem.code),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused, (first.clone(), ErrorCode::Message));
    assert_eq!((rig.messages.take_done(), rig.messages.waiting()), (vec![first], 1));
}

#[test]
fn a_gap_is_asked_for_once_and_closed_in_order() {
    let mut rig = Rig::speaking();
    for seq in [1, 3, 4, 1, 5] {
        rig.message(seq);
    }
    assert_eq!(rig.requests(), ["subscribe after 1"]);
    rig.hello(7, 2, 5, true);
    (2..=5).for_each(|seq| rig.message(seq));
    assert_eq!(rig.heard(), [1, 2, 3, 4, 5]);
    assert!(rig.requests().is_empty());
}

#[test]
fn a_server_that_never_closes_its_gap_is_asked_ever_more_seldom() {
    for answers in [false, true] {
        let mut rig = Rig::speaking();
        let mut asked = 0;
        for _ in 0..600 {
            rig.message(9);
            let questions = rig.requests().len();
            if answers && questions > 0 {
                rig.hello(7, 1, 9, true);
            }
            asked += questions;
            rig.wait(100);
            asked += rig.requests().len();
        }
        assert!((2..=8).contains(&asked), "{asked} questions in a minute");
        assert!(rig.heard().is_empty());
    }
}

#[test]
fn a_link_that_comes_back_is_told_whether_anything_was_missed() {
    let mut rig = Rig::speaking();
    rig.message(1);
    for (epoch, next, recovered) in [(7, 2, true), (7, 5, false), (8, 1, false)] {
        rig.heard();
        rig.run(|messages, now| messages.handle_link_down(now));
        rig.run(|messages, now| messages.handle_link_up(now));
        rig.hello(epoch, next, 9, recovered);
        assert!(rig.events.contains(&state(true, Some(recovered))), "{epoch} {next}");
        rig.message(next);
        let reset = if recovered { vec![] } else { vec![0] };
        assert_eq!(rig.heard(), [reset, vec![next]].concat());
    }
}

#[test]
fn hellos_that_were_not_asked_for_or_make_no_sense_change_nothing() {
    let mut rig = Rig::speaking();
    rig.message(1);
    let hello = Hello { epoch: 8, next: 1, head: 0, ..Hello::default() };
    assert_eq!(rig.reply(Reply::Hello(hello)), Ok(None), "a relay repeats the first one");
    rig.message(3);
    let unasked = Hello { request: 99, ..hello };
    assert!(rig.reply(Reply::Hello(unasked)).is_err());
    let odd = Hello { request: rig.subscribed, next: 9, ..hello };
    assert!(rig.reply(Reply::Hello(odd)).is_err());
    rig.hello(7, 2, 3, true);
    rig.message(2);
    assert_eq!(rig.heard(), [1, 2]);
}

#[test]
fn a_message_that_is_no_json_is_a_violation_and_not_shown() {
    let mut rig = Rig::speaking();
    let envelope = Envelope { seq: 1, id: "x", data: "{", ..Envelope::default() };
    assert!(rig.reply(Reply::Message(envelope.clone())).is_err());
    assert!(rig.reply(Reply::Passing { direct: true, envelope }).is_err());
    assert!(rig.events.is_empty());
}

#[test]
fn a_lost_link_fails_the_questions_that_were_sent_and_sends_the_messages_again() {
    let mut rig = Rig::speaking();
    rig.send("1");
    let request = rig.run(|messages, now| messages.load(now, 10, 5)).unwrap();
    rig.requests();
    rig.run(|messages, now| messages.handle_link_down(now));
    let failed = rig.events.iter().any(|event| {
        matches!(event, MessageEvent::Answer { request: answered, answer: Answer::Failed(problem) }
            if *answered == request && problem.code == ErrorCode::Connection)
    });
    assert!(failed);
    rig.run(|messages, now| messages.handle_link_up(now));
    rig.hello(7, 1, 0, true);
    assert_eq!(rig.requests(), ["subscribe after 0", "1: 1"]);
}

#[test]
fn too_large_and_no_json_are_refused_before_they_leave() {
    let mut rig = Rig::speaking();
    for odd in ["", "{", &format!("\"{}\"", "x".repeat(70_000))] {
        let misuse = rig.messages.check(odd).unwrap_err();
        assert_eq!(misuse.code, ErrorCode::Message, "{odd:.9}");
        assert!(rig.messages.send_volatile(0, odd).is_err());
        assert!(rig.run(|messages, now| messages.send_direct(now, 1, 0, odd)).is_err());
    }
    assert!(rig.requests().is_empty());
}

#[test]
fn own_messages_are_known_as_own_also_those_of_an_earlier_run() {
    let mut rig = Rig::speaking();
    let own = rig.send("1");
    rig.run(|messages, _| messages.restore(vec![("old-1".into(), 0, "2".into())]));
    rig.events.clear();
    for (seq, id) in [(1, own.as_str()), (2, "old-1"), (3, "5b-1"), (4, "odd")] {
        let envelope = Envelope { seq, id, data: "1", ..Envelope::default() };
        rig.reply(Reply::Message(envelope)).unwrap();
    }
    let own: Vec<bool> = rig
        .events
        .iter()
        .flat_map(|event| match event {
            MessageEvent::Received { messages, .. } => messages.clone(),
            _ => Vec::new(),
        })
        .map(|message| message.own)
        .collect();
    assert_eq!(own, [true, true, false, false]);
}

#[test]
fn what_was_there_before_is_told_apart_from_what_is_new() {
    let mut rig = Rig::asking();
    rig.hello(7, 1, 2, false);
    (1..=3).for_each(|seq| rig.message(seq));
    rig.run(|messages, now| messages.handle_link_down(now));
    rig.run(|messages, now| messages.handle_link_up(now));
    rig.hello(7, 4, 4, true);
    rig.message(4);
    let told: Vec<(bool, Vec<u64>)> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            MessageEvent::Received { history, messages, .. } => {
                Some((*history, messages.iter().map(|message| message.seq).collect()))
            }
            _ => None,
        })
        .collect();
    let expected =
        [(true, vec![]), (true, vec![1]), (true, vec![2]), (false, vec![3]), (false, vec![4])];
    assert_eq!(told, expected, "what was missed while away is new");
}
