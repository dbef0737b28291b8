//! ICE servers: asked for, used, and asked for again before their credentials lapse.

use std::ops::Range;

use serde_json::Value;

use crate::io::IceServer;
use crate::time::{Deadline, Instant};

/// Most servers and URLs taken.
const MAX_SERVERS: usize = 16;
/// Longest text taken, in bytes.
const MAX_TEXT: usize = 2 << 10;
/// Wait before a question that failed is asked again, in milliseconds.
const RETRY: u64 = 10_000;
/// How long an answer may take until links are begun without servers.
const LATE: u64 = 5_000;

/// Why servers are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceReason {
    /// First time.
    Initial,
    /// The credentials lapse soon.
    Expiring,
    /// A TURN server refused the credentials.
    Rejected,
}

impl IceReason {
    /// The word in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Expiring => "expiring",
            Self::Rejected => "rejected",
        }
    }
}

/// Servers, and how long they may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceAnswer {
    /// The servers.
    pub servers: Vec<IceServer>,
    /// Seconds until the credentials lapse, if they do.
    pub ttl_seconds: Option<u32>,
}

impl IceAnswer {
    /// Reads `{ servers, ttlSeconds }`, servers as `RTCIceServer` and null for ever; `None` for what makes no sense.
    pub fn read(json: &Value) -> Option<Self> {
        let servers = json.get("servers").or_else(|| json.get("iceServers"))?.as_array()?;
        let servers = servers.iter().take(MAX_SERVERS).map(read_server).collect::<Option<_>>()?;
        let ttl_seconds = match json.get("ttlSeconds") {
            None | Some(Value::Null) => None,
            // Rounded down, and no less than nothing.
            Some(ttl) => Some(ttl.as_f64()? as u32),
        };
        Some(Self { servers, ttl_seconds })
    }
}

fn read_server(json: &Value) -> Option<IceServer> {
    let text =
        |value: &Value| value.as_str().filter(|text| text.len() <= MAX_TEXT).map(str::to_owned);
    let urls = match json.get("urls")? {
        Value::Array(urls) => urls.iter().take(MAX_SERVERS).map(text).collect::<Option<_>>()?,
        url => vec![text(url)?],
    };
    let username = json.get("username").and_then(text);
    Some(IceServer { urls, username, credential: json.get("credential").and_then(text) })
}

/// Where the question for servers stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody is to be asked.
    Unneeded,
    /// To be asked at that moment.
    Due(Instant, IceReason),
    /// Asked; links wait until then at most.
    Asked { request: u32, until: Instant },
    /// Answered, for as long as it lasts.
    Fresh,
}

/// The servers of a mesh.
#[derive(Debug)]
pub struct Ice {
    state: State,
    /// Questions of which none and no later one has been answered, from the first to behind the last: an answer may take long.
    open: Range<u32>,
    /// Whether an answer, or none in time, lets links begin.
    settled: bool,
    /// Last time that credentials were refused.
    rejected: Option<Instant>,
}

impl Ice {
    /// Nobody is asked, or somebody at once.
    pub fn new(now: Instant, asks: bool) -> Self {
        let state = if asks { State::Due(now, IceReason::Initial) } else { State::Unneeded };
        Self { state, open: 0..0, settled: !asks, rejected: None }
    }

    /// Whether links may begin.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// The reason to ask now, under the number `request`; asked then.
    pub fn poll_question(
        &mut self,
        now: Instant,
        request: impl FnOnce() -> u32,
    ) -> Option<(u32, IceReason)> {
        match self.state {
            State::Due(at, reason) if now >= at => {
                let request = request();
                let first = if self.open.is_empty() { request } else { self.open.start };
                self.open = first..request.saturating_add(1);
                self.state = State::Asked { request, until: now + LATE };
                Some((request, reason))
            }
            State::Asked { until, .. } if now >= until => {
                self.settled = true;
                self.state = State::Due(now + RETRY, IceReason::Initial);
                None
            }
            _ => None,
        }
    }

    /// An answer came; whether it is one to a question that is open. Numbers of questions grow.
    pub fn handle_answer(&mut self, now: Instant, request: u32, ttl_seconds: Option<u32>) -> bool {
        if !self.open.contains(&request) {
            return false;
        }
        self.open.start = request.saturating_add(1);
        self.provide(now, ttl_seconds);
        true
    }

    /// Servers came, asked for or not.
    pub fn provide(&mut self, now: Instant, ttl_seconds: Option<u32>) {
        self.settled = true;
        // At four fifths of their life.
        self.state = ttl_seconds.map_or(State::Fresh, |ttl| {
            State::Due(now + (u64::from(ttl) * 800).max(1_000), IceReason::Expiring)
        });
    }

    /// There is no answer: asked again later.
    pub fn handle_failure(&mut self, now: Instant, request: u32) {
        if matches!(self.state, State::Asked { request: asked, .. } if asked == request) {
            self.settled = true;
            self.state = State::Due(now + RETRY, IceReason::Initial);
        }
    }

    /// A server refused the credentials: they are asked for anew.
    pub fn handle_rejection(&mut self, now: Instant) {
        if matches!(self.state, State::Fresh | State::Due(_, IceReason::Expiring)) {
            // New ones may be refused as well.
            let next = self.rejected.map_or(now, |at| (at + RETRY).max(now));
            self.rejected = Some(next);
            self.state = State::Due(next, IceReason::Rejected);
        }
    }

    /// When something falls due.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        match self.state {
            State::Due(at, _) => Some(Deadline { at, reason: "ice servers" }),
            State::Asked { until, .. } => Some(Deadline { at: until, reason: "ice servers" }),
            State::Unneeded | State::Fresh => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn servers_are_asked_for_again_at_four_fifths_of_their_life() {
        let mut ice = Ice::new(at(0), true);
        assert_eq!(ice.poll_question(at(0), || 7), Some((7, IceReason::Initial)));
        assert!(!ice.is_settled());
        assert!(!ice.handle_answer(at(1), 6, None), "an answer to another question");
        assert!(ice.handle_answer(at(1), 7, Some(100)));
        assert!(ice.is_settled());
        assert_eq!(ice.poll_question(at(80_000), || 8), None);
        assert_eq!(ice.poll_question(at(80_001), || 8), Some((8, IceReason::Expiring)));
    }

    #[test]
    fn without_an_answer_links_begin_all_the_same_and_it_is_asked_again() {
        let mut ice = Ice::new(at(0), true);
        ice.poll_question(at(0), || 1);
        assert_eq!(ice.poll_timeout().map(|deadline| deadline.at), Some(at(LATE)));
        assert_eq!(ice.poll_question(at(LATE), || 2), None);
        assert!(ice.is_settled());
        assert_eq!(ice.poll_question(at(LATE + RETRY), || 2), Some((2, IceReason::Initial)));
    }

    #[test]
    fn an_answer_that_takes_long_is_used_unless_one_to_a_later_question_was() {
        let mut ice = Ice::new(at(0), true);
        ice.poll_question(at(0), || 3);
        ice.poll_question(at(LATE), || 5);
        assert!(!ice.handle_answer(at(LATE), 2, None), "an answer to another question");
        assert!(ice.handle_answer(at(LATE), 3, None));
        assert_eq!(ice.poll_timeout(), None);
        let mut ice = Ice::new(at(0), true);
        let mut now = at(0);
        for request in [3, 5, 7] {
            assert!(ice.poll_question(now, || request).is_some());
            ice.poll_question(now + LATE, || 9);
            now = now + (LATE + RETRY);
        }
        assert!(ice.handle_answer(now, 5, None));
        assert!(!ice.handle_answer(now, 5, None), "one that was answered");
        assert!(!ice.handle_answer(now, 3, None), "one before it");
        assert!(ice.handle_answer(now, 7, None));
    }

    #[test]
    fn refused_credentials_are_replaced_once_and_not_in_a_loop() {
        let mut ice = Ice::new(at(0), true);
        ice.poll_question(at(0), || 1);
        ice.handle_answer(at(0), 1, None);
        ice.handle_rejection(at(5));
        ice.handle_rejection(at(5));
        assert_eq!(ice.poll_question(at(5), || 2), Some((2, IceReason::Rejected)));
        ice.handle_rejection(at(5));
        assert_eq!(ice.poll_question(at(5), || 3), None);
        ice.handle_answer(at(6), 2, None);
        ice.handle_rejection(at(7));
        assert_eq!(ice.poll_question(at(7), || 3), None);
        assert_eq!(ice.poll_question(at(5 + RETRY), || 3), Some((3, IceReason::Rejected)));
    }

    #[test]
    fn servers_are_read_as_browsers_take_them_and_nonsense_is_refused() {
        let json = json!({"iceServers": [{"urls": "stun:a"}, {"urls": ["turn:b"], "username": "u", "credential": "c"}], "ttlSeconds": 60});
        let answer = IceAnswer::read(&json).unwrap();
        assert_eq!(answer.servers.len(), 2);
        assert_eq!(answer.servers[1].credential.as_deref(), Some("c"));
        assert_eq!(answer.ttl_seconds, Some(60));
        for bad in [json!({}), json!({"servers": 1}), json!({"servers": [{"urls": 1}]})] {
            assert_eq!(IceAnswer::read(&bad), None);
        }
    }

    #[test]
    fn a_life_of_parts_of_a_second_is_rounded_down_and_one_that_is_no_number_is_nonsense() {
        let read = |ttl: Value| {
            let answer = IceAnswer::read(&json!({"servers": [], "ttlSeconds": ttl}))?;
            Some(answer.ttl_seconds)
        };
        assert_eq!(read(json!(3_599.5)), Some(Some(3_599)));
        assert_eq!(read(json!(-1)), Some(Some(0)));
        assert_eq!(read(json!(1e12)), Some(Some(u32::MAX)));
        assert_eq!(read(Value::Null), Some(None), "as servers say that they last");
        assert_eq!(read(json!("60")), None);
        assert_eq!(IceAnswer::read(&json!({"servers": []})).unwrap().ttl_seconds, None);
    }
}
