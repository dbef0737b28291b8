//! The reconnecting link to a server: one state machine, its data in the variants.
//!
//! ```text
//!            connect            endpoint            opened             synced
//!   Idle ─────────────► Auth ─────────► Connecting ───────► Handshaking ─────► Online
//!    ▲                    ▲                 │  closed, timeout  │               │ │ quiet: probe
//!    │ disconnect         │ due             ▼                   ▼               │ ▼
//!    └──── (any) ─────  Backoff ◄──────── refused ◄───── closed, dead ◄─────────┘
//!                         │ offline, page suspended           │ fatal, refused twice
//!                         ▼                                   ▼
//!                       Parked ── online, pageshow ──► Auth  Failed
//! ```
//!
//! A probe is any frame the counterpart must answer; the room chooses it. `Online` holds a
//! [`Heartbeat`]; the backoff starts anew only after `reset_after` of uptime and a round trip, or a word that late.

pub mod answer;
mod attempt;
pub mod close;
mod credentials;
mod handshake;
pub mod heartbeat;
mod lifecycle;
pub mod manner;
pub mod preset;
mod refused;
mod rulings;
mod state;
mod status;
mod ways;

pub use attempt::complete_url;
pub use ways::Ways;

use std::collections::VecDeque;

use fastrand::Rng;

use crate::backoff::{Backoff, BackoffPolicy, Hint};
use crate::config::LinkConfig;
use crate::error::ErrorCode;
use crate::io::{EndpointRequest, SocketId, SocketInput, SocketOutput};
use crate::status::{ConnectionState, EndpointReason, Problem, Reason};
use crate::time::{Deadline, Instant};
use close::Verdict;
use manner::{Manner, VerdictRequest};
use state::State;

/// Protocol errors in a row before the connection fails.
const MAX_PROTOCOL_ERRORS: u32 = 3;

/// What the connection wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Do this with a socket.
    Socket(SocketId, SocketOutput),
    /// Ask the app for a URL and a token.
    AskEndpoint(EndpointRequest, u32, EndpointReason),
    /// Ask the app what a close means.
    AskVerdict(VerdictRequest, u16, String),
    /// The socket is open: start the handshake.
    LinkUp(SocketId),
    /// The link is gone; nothing more can be sent on it.
    LinkDown,
    /// The link is about to be closed on purpose: last words.
    Farewell(SocketId),
    /// Show this token on the link.
    ShowToken(String),
    /// Send something that must be answered.
    Probe(SocketId),
    /// The server refused a frame as too large.
    TooLarge,
    /// The public state changed.
    Status(ConnectionState),
    /// Tell the app.
    Problem(Problem),
}

/// Randomness and fresh ids, handed in by the client.
#[derive(Debug)]
pub struct Context<'a> {
    /// The moment.
    pub now: Instant,
    /// The client's generator.
    pub rng: &'a mut Rng,
    /// Last id given to a socket or a question.
    pub last_id: &'a mut u32,
}

impl Context<'_> {
    pub(crate) fn fresh(&mut self) -> u32 {
        *self.last_id = self.last_id.wrapping_add(1);
        *self.last_id
    }
}

/// Why the app could not give a URL and a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointFailure {
    /// The user may not, or must sign in again: do not retry.
    Unauthorized,
    /// Something failed that may pass.
    Unavailable,
}

impl EndpointFailure {
    /// The error it is: who could not be asked has not been refused.
    pub(crate) fn problem(self, message: String) -> Problem {
        let code = match self {
            Self::Unauthorized => ErrorCode::Auth,
            Self::Unavailable => ErrorCode::Unavailable,
        };
        Problem::new(code, message)
    }
}

/// The app's answer to a question for a URL and a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointAnswer<'a> {
    /// Base URL of the server, to which the room's path is appended.
    pub url: &'a str,
    /// The token, if there is one.
    pub token: Option<&'a str>,
    /// For how many milliseconds the token lasts, if that is known.
    pub lifetime: Option<u64>,
}

/// Where the URL comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Always this one, complete.
    Fixed(String),
    /// The app is asked at each attempt; the room's path is appended.
    App,
}

/// The reconnecting link of one room.
#[derive(Debug)]
pub struct Connection {
    config: LinkConfig,
    source: Source,
    path: String,
    manner: Manner,
    backoff: Backoff,
    state: State,
    page: lifecycle::Page,
    ladder: ways::Ladder,
    credentials: credentials::Credentials,
    history: History,
    actions: VecDeque<Action>,
    last_status: Option<ConnectionState>,
}

/// What earlier attempts taught.
#[derive(Debug, Default)]
struct History {
    /// Whether any handshake was ever answered.
    connected_once: bool,
    /// Attempts in a row whose socket never opened.
    never_opened: u32,
    /// Whether the token was refused and a fresh one is being tried.
    refreshed: bool,
    /// Protocol errors in a row.
    protocol_errors: u32,
    /// Why the last link ended.
    reason: Option<Reason>,
    /// The error behind it.
    error: Option<Problem>,
    /// Round trip of the last probe.
    rtt: Option<u64>,
    /// Whether the server has said a word on this link.
    heard: bool,
    /// Handshakes in a row that ran out although the server had spoken: its answer takes longer on this line.
    ran_out: u32,
    /// URL of the last attempt, for requests that stand for it.
    url: String,
    /// Token of the last attempt, if such a request may show it.
    token: Option<String>,
}

impl Connection {
    /// A connection that waits for [`connect`](Self::connect). `path` is appended to the app's URLs.
    pub fn new(config: LinkConfig, backoff: BackoffPolicy, source: Source, path: String) -> Self {
        Self {
            config,
            source,
            path,
            manner: Manner::default(),
            backoff: Backoff::new(backoff),
            state: State::Idle,
            page: lifecycle::Page::default(),
            ladder: ways::Ladder::default(),
            credentials: credentials::Credentials::default(),
            history: History::default(),
            actions: VecDeque::new(),
            last_status: None,
        }
    }

    /// The same for another kind of link.
    pub fn with_manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// Takes the next action, in order.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let extra = Deadline::earliest(self.rival_deadline(), self.refresh_deadline());
        Deadline::earliest(self.state.deadline(), extra)
    }

    /// The socket that carries frames now, if any.
    pub fn socket(&self) -> Option<SocketId> {
        match &self.state {
            State::Handshaking { socket, .. } | State::Online { socket, .. } => Some(*socket),
            _ => None,
        }
    }

    /// Whether the handshake was answered.
    pub fn is_online(&self) -> bool {
        matches!(self.state, State::Online { .. })
    }

    /// Connects, also after a failure; while a retry is due, retries now.
    pub fn connect(&mut self, cx: &mut Context<'_>) {
        match self.state {
            State::Idle
            | State::Closed
            | State::Failed
            | State::Backoff { .. }
            | State::Parked { .. } => {
                // Whoever ended it has had time to sign in again.
                if matches!(self.state, State::Failed | State::Closed) {
                    self.forgive();
                }
                if matches!(self.state, State::Failed) {
                    self.backoff.reset();
                }
                self.attempt(cx);
            }
            _ => {}
        }
        self.publish();
    }

    /// Ends the link with a farewell and stays away until [`connect`](Self::connect).
    pub fn disconnect(&mut self) {
        self.close(1000, "");
    }

    /// The same with a close code (1000 or 3000–4999) and a reason (at most 123 bytes).
    pub fn close(&mut self, code: u16, reason: &str) {
        self.close_link_saying(code, reason);
        self.state = State::Closed;
        self.history.reason = Some(Reason::Requested);
        self.history.error = None;
        self.publish();
    }

    /// The app's answer to [`Action::AskEndpoint`].
    pub fn provide_endpoint(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        answer: EndpointAnswer<'_>,
    ) {
        let EndpointAnswer { url, token, lifetime } = answer;
        if self.take_fresh(cx.now, request, token, lifetime) {
            return;
        }
        if matches!(self.state, State::Auth { request: asked, .. } if asked == request) {
            self.note_token(cx.now, token, lifetime);
        }
        self.provide_answer(cx, request, url, token, None);
    }

    /// The same with subprotocols for this attempt; `true` if the question was still open.
    pub fn provide_answer(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        url: &str,
        token: Option<&str>,
        protocols: Option<Vec<String>>,
    ) -> bool {
        let asked = matches!(self.state, State::Auth { request: asked, .. } if asked == request);
        if asked {
            self.open(cx, complete_url(url, &self.path), token, protocols);
            self.publish();
        }
        asked
    }

    /// The app could not answer.
    pub fn refuse_endpoint(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        failure: EndpointFailure,
        message: &str,
    ) {
        if !matches!(self.state, State::Auth { request: asked, .. } if asked == request) {
            return;
        }
        self.history.reason = Some(Reason::Auth);
        let problem = failure.problem(format!("the app's url or auth function failed: {message}"));
        match failure {
            EndpointFailure::Unauthorized => self.fail(problem),
            EndpointFailure::Unavailable => {
                self.report(problem);
                self.retry(cx, Hint::None);
            }
        }
        self.publish();
    }

    /// Takes what a socket reports; `true` when it is the current one and carries a frame.
    pub fn handle_socket(
        &mut self,
        cx: &mut Context<'_>,
        id: SocketId,
        input: &SocketInput,
    ) -> bool {
        let current = self.state.socket() == Some(id);
        self.reset_backoff_if_proven(cx.now);
        let carries = match input {
            _ if self.is_rival(id) => {
                match input {
                    SocketInput::Opened { .. } => self.on_rival_opened(cx),
                    _ => self.on_rival_failed(),
                }
                false
            }
            SocketInput::HttpStatus { status, retry_after, .. }
                if current && self.is_opening_tunnel() =>
            {
                self.on_tunnel_refused(cx, *status, *retry_after);
                false
            }
            SocketInput::Opened { .. } if current => {
                self.on_opened(cx, id);
                false
            }
            SocketInput::Frame(_) | SocketInput::Text(_) if current => {
                self.on_life(cx.now);
                true
            }
            SocketInput::Closed { code, reason, .. } if current => {
                self.on_closed(cx, *code, reason);
                false
            }
            SocketInput::Refused(refusal) if current => {
                self.on_refused(cx, refusal);
                false
            }
            SocketInput::Buffered(bytes) if current => {
                self.on_buffered(cx, *bytes);
                false
            }
            SocketInput::HttpStatus { status, retry_after, shown } => {
                self.on_status(cx, id, (*status, *retry_after), *shown);
                false
            }
            _ => false,
        };
        self.publish();
        carries
    }

    /// A round trip completed in another way than by a probe: an edit came back.
    pub fn handle_proof(&mut self) {
        if let State::Online { proven, .. } = &mut self.state {
            *proven = true;
        }
    }

    fn on_closed(&mut self, cx: &mut Context<'_>, code: u16, reason: &str) {
        let opened = !matches!(self.state, State::Connecting { .. });
        if opened {
            self.actions.push_back(Action::LinkDown);
        }
        self.history.reason = Some(Reason::Closed { code, reason: reason.to_owned() });
        if self.lost_before_a_word(cx) {
            return;
        }
        self.preflight_if_due(cx);
        self.rule(cx, code, reason);
    }

    fn on_verdict(&mut self, cx: &mut Context<'_>, verdict: Verdict) {
        match verdict {
            Verdict::Retry(hint) => self.retry(cx, hint),
            Verdict::TooLarge => {
                self.actions.push_back(Action::TooLarge);
                self.retry(cx, Hint::None);
            }
            Verdict::Fail(code) => {
                let message = self.ended_message();
                self.fail(Problem { code, message, retryable: false });
            }
            Verdict::Refresh if self.history.refreshed => {
                let ended = self.ended_message();
                let message = format!(
                    "{ended}; a fresh token was refused too: sign in again, then connect()"
                );
                self.fail(Problem { code: ErrorCode::Auth, message, retryable: false });
            }
            Verdict::Refresh => {
                self.history.refreshed = true;
                self.retry(cx, Hint::None);
            }
            Verdict::Protocol => {
                self.history.protocol_errors = self.history.protocol_errors.saturating_add(1);
                if self.history.protocol_errors >= MAX_PROTOCOL_ERRORS {
                    let message = self.ended_message();
                    self.fail(Problem { code: ErrorCode::Protocol, message, retryable: false });
                } else {
                    self.retry(cx, Hint::None);
                }
            }
        }
    }

    fn ended_message(&self) -> String {
        match &self.history.reason {
            Some(Reason::Closed { code, reason }) if reason.is_empty() => {
                format!("the server closed the connection with code {code}")
            }
            Some(Reason::Closed { code, reason }) => {
                format!("the server closed the connection with code {code}: {reason}")
            }
            Some(Reason::Http { status }) => refused_message(*status),
            Some(Reason::Auth) => "the server denied entry".to_owned(),
            _ => "the server and this client do not speak the same protocol".to_owned(),
        }
    }
}

fn refused_message(status: u16) -> String {
    match status {
        401 => {
            "the server refused the handshake with HTTP 401: the token is missing or expired".into()
        }
        403 => "the server refused the handshake with HTTP 403: this user may not enter".into(),
        404 => "the server answered HTTP 404: check the url and the room's name".into(),
        429 | 503 => format!("the server is overloaded or down for a while (HTTP {status})"),
        _ => format!("the server refused the handshake with HTTP {status}"),
    }
}

#[cfg(test)]
mod tests;
