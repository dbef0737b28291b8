//! Where a connection stands; the data lives in the variants.

use super::close::Verdict;
use super::heartbeat::Heartbeat;
use super::manner::VerdictRequest;
use crate::io::{EndpointRequest, SocketId};
use crate::time::{Deadline, Instant};

/// Where a connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Never asked to connect.
    Idle,
    /// The app was asked for a URL and a token.
    Auth { request: EndpointRequest, deadline: Instant },
    /// A socket is being opened.
    Connecting { socket: SocketId, since: Instant, deadline: Instant },
    /// The socket is open, the room's handshake not answered yet.
    Handshaking { socket: SocketId, deadline: Instant },
    /// The link works.
    Online { socket: SocketId, since: Instant, proven: bool, heartbeat: Heartbeat },
    /// The app was asked what a close means; this verdict holds if it does not say.
    Judging { request: VerdictRequest, verdict: Verdict, deadline: Instant },
    /// The next attempt is due then.
    Backoff { until: Instant },
    /// Attempts make no sense now.
    Parked { why: Park, retry_at: Option<Instant> },
    /// The app asked for it.
    Closed,
    /// Only the app can help.
    Failed,
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
    /// The socket this state holds, open or opening.
    pub(super) fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Connecting { socket, .. }
            | Self::Handshaking { socket, .. }
            | Self::Online { socket, .. } => Some(*socket),
            _ => None,
        }
    }

    /// When time matters next.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        let (at, reason) = match self {
            Self::Auth { deadline, .. } => (*deadline, "auth"),
            Self::Connecting { deadline, .. } => (*deadline, "connect"),
            Self::Handshaking { deadline, .. } => (*deadline, "handshake"),
            Self::Judging { deadline, .. } => (*deadline, "verdict"),
            Self::Online { heartbeat, .. } => (heartbeat.deadline()?, "heartbeat"),
            Self::Backoff { until } => (*until, "retry"),
            Self::Parked { retry_at, .. } => ((*retry_at)?, "retry while offline"),
            Self::Idle | Self::Closed | Self::Failed => return None,
        };
        Some(Deadline { at, reason })
    }
}
