//! What comes down: a stream of events, asked for again wherever it ended, or answer by answer.

use base64ct::{Base64, Encoding};
use fastrand::Rng;

use super::wait::{MAX_FAILURES, wait};
use crate::io::FetchId;
use crate::stream::parser::{Item, Limits, Message, Parser};
use crate::time::Instant;

/// Silence after which the stream is asked for again; servers break it every ten seconds.
const SILENCE: u64 = 30_000;
/// An answer without news that ends sooner is asked for again after a wait.
const SHORT: u64 = 1_000;

/// What comes down.
#[derive(Debug)]
pub(super) struct Down {
    state: State,
    /// Number of the last frame.
    received: u64,
    failures: u32,
    opened: bool,
    limit: usize,
}

#[derive(Debug)]
enum State {
    /// Nothing is asked.
    Idle,
    /// Asked, and not answered yet.
    Asked { fetch: FetchId, heard: Instant },
    /// The answer is being read; `news` if something in it was new.
    Reading { fetch: FetchId, heard: Instant, since: Instant, news: bool, parser: Box<Parser> },
    /// Will be asked again.
    Waiting { until: Instant },
}

/// What some bytes meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The session is open under this name.
    Open(String),
    /// The next frame.
    Frame(Vec<u8>),
    /// The server wants a sign of life.
    Ping,
    /// The server ends it.
    Close { code: u16, reason: String },
    /// What came makes no sense.
    Nonsense(&'static str),
}

impl Down {
    /// Takes frames of up to `max_frame` bytes.
    pub(super) fn new(max_frame: usize) -> Self {
        // Four characters carry three bytes; names of fields are short.
        let limit = (max_frame / 3 + 1).saturating_mul(4).saturating_add(1_024);
        Self { state: State::Idle, received: 0, failures: 0, opened: false, limit }
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn fetch(&self) -> Option<FetchId> {
        match &self.state {
            State::Asked { fetch, .. } | State::Reading { fetch, .. } => Some(*fetch),
            State::Idle | State::Waiting { .. } => None,
        }
    }

    /// It was asked for.
    pub(super) fn ask(&mut self, now: Instant, fetch: FetchId) {
        self.state = State::Asked { fetch, heard: now };
    }

    /// A good answer has begun.
    pub(super) fn begin(&mut self, now: Instant) {
        if let State::Asked { fetch, .. } = self.state {
            let limits = Limits { line: self.limit, event: self.limit };
            let parser = Box::new(Parser::new(limits, ""));
            self.state = State::Reading { fetch, heard: now, since: now, news: false, parser };
        }
    }

    /// Takes a piece of the answer.
    pub(super) fn read(&mut self, now: Instant, bytes: &[u8]) -> Vec<News> {
        let mut items = Vec::new();
        let State::Reading { heard, parser, .. } = &mut self.state else { return Vec::new() };
        *heard = now;
        self.failures = 0;
        let fed = parser.feed(bytes, &mut items);
        let mut all: Vec<News> = items.into_iter().filter_map(|item| self.sort(item)).collect();
        if fed.is_err() {
            all.push(News::Nonsense("a frame is larger than the limit"));
        }
        if !all.is_empty()
            && let State::Reading { news, .. } = &mut self.state
        {
            *news = true;
        }
        all
    }

    /// The answer has ended as it should: the next is asked for, at once if this one was of use.
    pub(super) fn end(&mut self, now: Instant, rng: &mut Rng) {
        let State::Reading { since, news, .. } = &self.state else { return };
        if *news || now.since(*since) >= SHORT {
            self.failures = 0;
            self.state = State::Waiting { until: now };
        } else {
            self.failures = 0;
            self.fail(now, rng);
        }
    }

    /// The request failed, or its answer broke off. `false`: too often.
    pub(super) fn fail(&mut self, now: Instant, rng: &mut Rng) -> bool {
        self.failures += 1;
        self.state = State::Waiting { until: now + wait(rng, self.failures) };
        self.failures < MAX_FAILURES
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Idle;
    }

    /// Whether it is to be asked for now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        matches!(self.state, State::Waiting { until } if until <= now)
    }

    /// Whether nothing was heard for too long.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        match &self.state {
            State::Asked { heard, .. } | State::Reading { heard, .. } => {
                now.since(*heard) >= SILENCE
            }
            State::Idle | State::Waiting { .. } => false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Asked { heard, .. } | State::Reading { heard, .. } => Some(*heard + SILENCE),
            State::Waiting { until } => Some(*until),
            State::Idle => None,
        }
    }

    fn sort(&mut self, item: Item) -> Option<News> {
        let Item::Event(Message { event, data, id, own_id }) = item else { return None };
        match event.as_str() {
            "message" if own_id => self.take_frame(&id, &data),
            "open" => (!std::mem::replace(&mut self.opened, true)).then_some(News::Open(data)),
            "ping" => Some(News::Ping),
            "close" => {
                let (code, reason) = data.split_once(' ').unwrap_or((&data, ""));
                let code = code.parse().unwrap_or(1_006);
                Some(News::Close { code, reason: reason.to_owned() })
            }
            // Of the future.
            _ => None,
        }
    }

    /// What came before comes again after a resume; what is missing cannot be had any more.
    fn take_frame(&mut self, id: &str, data: &str) -> Option<News> {
        let number: u64 = id.parse().unwrap_or_default();
        if number <= self.received {
            return None;
        }
        if number > self.received + 1 {
            return Some(News::Nonsense("frames are missing"));
        }
        let Ok(frame) = Base64::decode_vec(data) else {
            return Some(News::Nonsense("a frame is not base64"));
        };
        self.received = number;
        Some(News::Frame(frame))
    }
}
