//! Where a stream stands; the data lives in the variants.

use super::body::Body;
use super::response::Refusal;
use crate::io::{EndpointRequest, FetchId};
use crate::status::Reason;
use crate::time::{Deadline, Instant};

/// Where a stream stands.
#[derive(Debug)]
pub(super) enum State {
    /// Not asked to start, or told to pause.
    Idle,
    /// The app was asked where to and with what.
    Auth { request: EndpointRequest, deadline: Instant },
    /// The request is out.
    Connecting { fetch: FetchId, since: Instant, deadline: Instant },
    /// The answer is no stream; its body may say why.
    Refused { fetch: FetchId, refusal: Refusal, body: Vec<u8>, deadline: Instant },
    /// The answer is being read.
    Streaming { fetch: FetchId, since: Instant, body: Box<Body>, flow: Flow, proven: bool },
    /// The next attempt is due.
    Backoff { until: Instant },
    /// Attempts make no sense now.
    Parked { why: Park, retry_at: Option<Instant> },
    /// All has come.
    Done,
    /// The app asked for it.
    Stopped,
    /// Only the app can help.
    Failed,
}

/// Who is to act next on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The server: a piece has been asked for.
    Reading {
        /// When silence has lasted too long.
        idle_at: Instant,
        /// Whether a late timer has already been forgiven.
        forgiven: bool,
    },
    /// The app: it has not taken the last piece yet.
    Waiting,
    /// The app: it has not read the events with which the end came, and may find an error in them.
    Ending,
}

impl Flow {
    pub(super) fn reading(now: Instant, patience: u64) -> Self {
        Self::Reading { idle_at: now + patience, forgiven: false }
    }
}

/// Why attempts make no sense now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Park {
    /// The browser says that there is no network. It lies at times, so there is a slow retry.
    Offline,
    /// The page is in the back/forward cache or going there.
    Suspended,
}

impl State {
    pub(super) fn fetch(&self) -> Option<FetchId> {
        match self {
            Self::Connecting { fetch, .. }
            | Self::Refused { fetch, .. }
            | Self::Streaming { fetch, .. } => Some(*fetch),
            _ => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Deadline> {
        let (at, reason) = match self {
            Self::Auth { deadline, .. } => (*deadline, "auth"),
            Self::Connecting { deadline, .. } => (*deadline, "connect"),
            Self::Refused { deadline, .. } => (*deadline, "refusal"),
            Self::Streaming { flow: Flow::Reading { idle_at, .. }, .. } => (*idle_at, "idle"),
            Self::Backoff { until } => (*until, "retry"),
            Self::Parked { retry_at, .. } => ((*retry_at)?, "retry while offline"),
            _ => return None,
        };
        Some(Deadline { at, reason })
    }

    pub(super) fn retry_at(&self) -> Option<u64> {
        match self {
            Self::Backoff { until } => Some(until.as_millis()),
            Self::Parked { retry_at, .. } => retry_at.map(Instant::as_millis),
            _ => None,
        }
    }

    pub(super) fn parked(&self) -> Option<Reason> {
        match self {
            Self::Parked { why: Park::Offline, .. } => Some(Reason::Offline),
            Self::Parked { why: Park::Suspended, .. } => Some(Reason::Suspended),
            _ => None,
        }
    }
}
