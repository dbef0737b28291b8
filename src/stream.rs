//! One-way streams over HTTP: events that a server sends, and text that a model writes.
//!
//! ```text
//!            start           request           200, its type          end, 204, [DONE]
//!   Idle ───────────► Auth ───────────► Connecting ───────► Streaming ──────────────► Done
//!    ▲                 ▲ ▲                 │ other status      │ ▲ chunk: told, then
//!    │ disconnect      │ │ 401, once       ▼                   │ │ the app asks for more
//!    └──── (any)       │ └───────────── Refused ─► Failed      │ └──┘
//!         stop ──► Stopped               │ 429, 5xx            ▼ lost, quiet, ended
//!                      └──────────────── Backoff ◄─────────────┘
//!                           due            │ offline, page suspended
//!                                          ▼
//!                                        Parked ── online, pageshow ──► Auth
//! ```
//!
//! A stream of events comes back by itself. A stream of text does only where it can be resumed without asking
//! the model again; anything else is the app's to decide.

mod attempt;
pub mod body;
mod broken;
mod config;
mod event;
pub mod format;
mod lifecycle;
pub mod lines;
pub mod parser;
mod read;
pub mod replay;
pub mod response;
mod state;
#[cfg(test)]
mod tests;
pub mod utf8;

use std::collections::VecDeque;

pub use broken::Broken;
pub use config::{Resume, StreamConfig};
pub use event::{Place, StreamEvent, StreamProblem, StreamState, StreamStatus};

use crate::backoff::Backoff;
use crate::connection::{Context, EndpointFailure};
use crate::error::ErrorCode;
use crate::io::{EndpointRequest, FetchId, FetchInput, FetchOutput};
use crate::status::{Problem, Reason};
use crate::time::{Deadline, Instant};
use replay::Replay;
use state::{Flow, State};

/// What a stream wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamAction {
    /// Do this with a request.
    Fetch(FetchId, FetchOutput),
    /// Tell the app.
    Tell(StreamEvent),
}

/// One stream.
#[derive(Debug)]
pub struct Stream {
    source: u32,
    config: StreamConfig,
    backoff: Backoff,
    state: State,
    page: lifecycle::Page,
    cursor: Cursor,
    history: History,
    actions: VecDeque<StreamAction>,
    last_state: Option<StreamState>,
}

/// How far the stream has been read.
#[derive(Debug, Default)]
struct Cursor {
    /// Named in the next request.
    last_event_id: String,
    replay: Replay,
}

/// What earlier attempts taught.
#[derive(Debug, Default)]
struct History {
    /// Whether an answer was a stream since the stream was started.
    opened: bool,
    /// Whether the token was refused and a fresh one is being tried.
    refreshed: bool,
    /// Wait before a reconnect that the server named in a `retry` field.
    retry: Option<u64>,
    /// Before that the server does not want to be asked again.
    asked_until: Option<Instant>,
    /// Why the last link ended.
    reason: Option<Reason>,
    /// The error behind it.
    error: Option<StreamProblem>,
}

impl History {
    /// This moment, or a later one that the server asked for.
    fn not_before(&self, at: Instant) -> Instant {
        self.asked_until.map_or(at, |asked| at.max(asked))
    }
}

impl Stream {
    /// A stream that waits for [`start`](Self::start). `source` is its number.
    pub fn new(source: u32, config: StreamConfig) -> Self {
        let last_event_id = config.last_event_id.clone();
        let replay = Replay::after(&last_event_id, config.received, config.behind);
        Self {
            source,
            backoff: Backoff::new(config.backoff),
            history: History { opened: config.continues(), ..History::default() },
            config,
            state: State::Idle,
            page: lifecycle::Page::default(),
            cursor: Cursor { last_event_id, replay },
            actions: VecDeque::new(),
            last_state: None,
        }
    }

    /// Takes the next action, in order.
    pub fn poll_action(&mut self) -> Option<StreamAction> {
        self.actions.pop_front()
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.state.deadline()
    }

    /// The request that is under way, if any.
    pub fn fetch(&self) -> Option<FetchId> {
        self.state.fetch()
    }

    /// Starts, goes on after a pause or a failure, or tries again now. What has ended begins anew.
    pub fn start(&mut self, cx: &mut Context<'_>) {
        match self.state {
            State::Idle if self.history.opened && !self.resumable() => self.restart(cx),
            State::Idle | State::Backoff { .. } | State::Parked { .. } => self.attempt(cx),
            State::Failed if self.resumable() => self.begin_again(cx),
            State::Done | State::Stopped | State::Failed => self.restart(cx),
            State::Auth { .. }
            | State::Connecting { .. }
            | State::Refused { .. }
            | State::Streaming { .. } => {}
        }
        self.publish();
    }

    /// Goes on after [`disconnect`](Self::disconnect), though no sooner than the server wants to be asked again.
    pub fn resume(&mut self, cx: &mut Context<'_>) {
        let until = self.history.not_before(cx.now);
        if until > cx.now && matches!(self.state, State::Idle) {
            self.state = State::Backoff { until };
            self.publish();
        } else {
            self.start(cx);
        }
    }

    /// Ends the stream for good.
    pub fn stop(&mut self) {
        if !matches!(self.state, State::Done | State::Stopped | State::Failed) {
            self.abort();
            self.state = State::Stopped;
            self.history.reason = Some(Reason::Requested);
            self.history.error = None;
            self.publish();
        }
    }

    /// Lets go of the answer without ending the stream: [`start`](Self::start) goes on where it was left.
    pub fn disconnect(&mut self) {
        if !matches!(self.state, State::Done | State::Stopped | State::Failed) {
            self.abort();
            self.state = State::Idle;
            self.history.reason = Some(Reason::Requested);
            self.history.error = None;
            self.publish();
        }
    }

    /// The app found an error in what it read: the stream ends with it.
    pub fn reject(&mut self, message: &str) {
        if matches!(self.state, State::Streaming { .. }) {
            self.abort();
            self.fail(StreamProblem::from(Problem::new(ErrorCode::Stream, message)));
            self.publish();
        }
    }

    /// The app found the end in what it read.
    pub fn complete(&mut self) {
        if matches!(self.state, State::Streaming { .. }) {
            self.finish();
            self.publish();
        }
    }

    /// The app has room for more: reads on, if reading waits for it.
    pub fn read_more(&mut self, cx: &Context<'_>) {
        match &mut self.state {
            State::Streaming { fetch, flow: flow @ Flow::Waiting, .. } => {
                *flow = Flow::reading(cx.now, self.config.patience());
                self.actions.push_back(StreamAction::Fetch(*fetch, FetchOutput::Read));
            }
            State::Streaming { flow: Flow::Ending, .. } => self.complete(),
            _ => {}
        }
    }

    /// The app's answer to [`StreamEvent::Request`]: where to.
    pub fn provide(&mut self, cx: &mut Context<'_>, request: EndpointRequest, url: &str) {
        if matches!(self.state, State::Auth { request: asked, .. } if asked == request) {
            self.open(cx, url);
            self.publish();
        }
    }

    /// The app could not answer.
    pub fn refuse(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        failure: EndpointFailure,
        message: &str,
    ) {
        if !matches!(self.state, State::Auth { request: asked, .. } if asked == request) {
            return;
        }
        let problem =
            failure.problem(format!("the app's url, headers or auth function failed: {message}"));
        match failure {
            EndpointFailure::Unauthorized => {
                self.history.reason = Some(Reason::Auth);
                self.fail(problem.into());
            }
            EndpointFailure::Unavailable => self.lose(cx, Reason::Auth, problem.into()),
        }
        self.publish();
    }

    /// Takes what a request reports; those of old ones are ignored.
    pub fn handle_fetch(&mut self, cx: &mut Context<'_>, id: FetchId, input: FetchInput) {
        if self.state.fetch() != Some(id) {
            return;
        }
        match input {
            FetchInput::Response { status, headers } => self.on_head(cx, id, status, &headers),
            FetchInput::Chunk(bytes) => self.on_chunk(cx, &bytes),
            FetchInput::End => self.on_end(cx),
            FetchInput::Failed { message } => self.on_failure(cx, &message),
        }
        self.publish();
    }

    /// The public view of the state.
    pub fn public_state(&self) -> StreamState {
        let going = matches!(self.state, State::Streaming { .. });
        StreamState {
            status: self.status(),
            attempt: if going { 0 } else { self.backoff.attempt() },
            next_retry_at: self.state.retry_at(),
            reason: self.state.parked().or_else(|| self.history.reason.clone()),
            error: self.history.error.clone(),
        }
    }

    fn status(&self) -> StreamStatus {
        match self.state {
            State::Idle => StreamStatus::Idle,
            State::Streaming { .. } => StreamStatus::Streaming,
            State::Done => StreamStatus::Done,
            State::Stopped => StreamStatus::Stopped,
            State::Failed => StreamStatus::Error,
            _ if self.history.opened => StreamStatus::Reconnecting,
            _ => StreamStatus::Connecting,
        }
    }

    fn publish(&mut self) {
        let state = self.public_state();
        if self.last_state.as_ref() != Some(&state) {
            self.last_state = Some(state.clone());
            self.tell(StreamEvent::State(state));
        }
    }

    fn tell(&mut self, event: StreamEvent) {
        self.actions.push_back(StreamAction::Tell(event));
    }

    /// Whether a lost answer may be asked for again without doing anything twice.
    fn resumable(&self) -> bool {
        match self.config.resume {
            Resume::Always => true,
            Resume::OnceOpened => self.history.opened,
            Resume::ById => self.history.opened && !self.cursor.last_event_id.is_empty(),
            Resume::Never => self.config.broken.repeat_text() && self.history.opened,
        }
    }
}
