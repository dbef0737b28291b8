//! A stream, and an app and a server that do as a test says.

use fastrand::Rng;

use super::super::*;
use crate::io::Environment;
use crate::status::EndpointReason;
use crate::time::Instant;

/// A stream, its app that answers at once, and what both did.
pub(super) struct Bench {
    pub(super) stream: Stream,
    pub(super) now: u64,
    pub(super) rng: Rng,
    pub(super) last_id: u32,
    /// Headers of every request.
    pub(super) opened: Vec<Vec<(String, String)>>,
    pub(super) reasons: Vec<(EndpointReason, bool)>,
    pub(super) reads: usize,
    pub(super) aborts: usize,
    pub(super) text: String,
    pub(super) place: Place,
    pub(super) messages: Vec<String>,
    pub(super) states: Vec<StreamState>,
    /// Heads of the answers that were streams.
    pub(super) heads: Vec<(u16, Vec<(String, String)>)>,
}

impl Bench {
    pub(super) fn new(config: StreamConfig) -> Self {
        Self {
            stream: Stream::new(1, config),
            now: 1_000,
            rng: Rng::with_seed(1),
            last_id: 0,
            opened: Vec::new(),
            reasons: Vec::new(),
            reads: 0,
            aborts: 0,
            text: String::new(),
            place: Place::default(),
            messages: Vec::new(),
            states: Vec::new(),
            heads: Vec::new(),
        }
    }

    pub(super) fn started(config: StreamConfig) -> Self {
        let mut bench = Self::new(config);
        bench.act(Stream::start);
        bench
    }

    /// Started, and answered with an open stream of events.
    pub(super) fn streaming(config: StreamConfig) -> Self {
        let mut bench = Self::started(config);
        bench.answer(200, "text/event-stream");
        bench
    }

    pub(super) fn act(&mut self, act: impl FnOnce(&mut Stream, &mut Context<'_>)) {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        act(&mut self.stream, &mut cx);
        while let Some(action) = self.stream.poll_action() {
            match action {
                StreamAction::Fetch(_, FetchOutput::Open { headers, .. }) => {
                    self.opened.push(headers)
                }
                StreamAction::Fetch(_, FetchOutput::Read) => self.reads += 1,
                StreamAction::Fetch(_, FetchOutput::Abort) => self.aborts += 1,
                StreamAction::Fetch(_, FetchOutput::Send { .. }) => {
                    panic!("a stream sends the app's request")
                }
                StreamAction::Tell(StreamEvent::Text { text, place }) => {
                    self.text += &text;
                    self.place = place;
                }
                StreamAction::Tell(StreamEvent::Messages { messages, .. }) => {
                    self.messages.extend(messages.into_iter().map(|message| message.data));
                }
                StreamAction::Tell(StreamEvent::Response { status, headers }) => {
                    self.heads.push((status, headers));
                }
                StreamAction::Tell(StreamEvent::State(state)) => self.states.push(state),
                StreamAction::Tell(StreamEvent::Restart) => self.text.clear(),
                StreamAction::Tell(StreamEvent::Request { request, reason, resumes, .. }) => {
                    self.reasons.push((reason, resumes));
                    let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
                    self.stream.provide(&mut cx, EndpointRequest(request), "http://a/");
                }
            }
        }
    }

    pub(super) fn fetch(&mut self, input: FetchInput) {
        let id = self.stream.fetch().expect("a request under way");
        self.act(|stream, cx| stream.handle_fetch(cx, id, input));
    }

    pub(super) fn answer(&mut self, status: u16, media_type: &str) {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        self.fetch(FetchInput::Response { status, headers });
    }

    pub(super) fn head(&mut self, status: u16, headers: &[(&str, &str)]) {
        let headers =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.fetch(FetchInput::Response { status, headers });
    }

    pub(super) fn refuse(&mut self, status: u16, headers: &[(&str, &str)], body: &str) {
        self.head(status, headers);
        if !body.is_empty() {
            self.chunk(body);
        }
        if self.stream.fetch().is_some() {
            self.fetch(FetchInput::End);
        }
    }

    /// One piece, and an app that takes it.
    pub(super) fn chunk(&mut self, bytes: &str) {
        self.fetch(FetchInput::Chunk(bytes.as_bytes().to_vec()));
        self.act(|stream, cx| stream.read_more(cx));
    }

    pub(super) fn end(&mut self) {
        self.fetch(FetchInput::End);
    }

    pub(super) fn break_off(&mut self) {
        self.fetch(FetchInput::Failed { message: "network error".into() });
    }

    pub(super) fn environment(&mut self, environment: Environment) {
        self.act(|stream, cx| stream.handle_environment(cx, environment));
    }

    /// Lets the next deadline pass.
    pub(super) fn wait(&mut self) {
        let deadline = self.stream.poll_timeout().expect("a deadline");
        self.now = self.now.max(deadline.at.as_millis());
        self.act(Stream::handle_timeout);
    }

    pub(super) fn until_deadline(&self) -> u64 {
        self.stream.poll_timeout().map_or(u64::MAX, |deadline| deadline.at.as_millis() - self.now)
    }

    pub(super) fn state(&self) -> StreamState {
        self.stream.public_state()
    }

    pub(super) fn status(&self) -> StreamStatus {
        self.state().status
    }

    pub(super) fn error(&self) -> (ErrorCode, bool) {
        let problem = self.state().error.expect("an error").problem;
        (problem.code, problem.retryable)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.opened.last()?;
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) fn events() -> StreamConfig {
    StreamConfig::events()
}

pub(super) fn text(format: format::Format) -> StreamConfig {
    StreamConfig { wanted: response::Wanted::Text(Some(format)), ..StreamConfig::text() }
}

pub(super) fn resumable(resume: Resume) -> StreamConfig {
    StreamConfig { resume, ..text(format::Format::Sse) }
}
