//! The public view of a link: where it stands, why, and what went wrong.

#[cfg(any(feature = "documents", feature = "links"))]
mod write;

use crate::error::ErrorCode;
use crate::json::JsonText;

/// Why a URL and a token are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointReason {
    /// First connection.
    Initial,
    /// The link was lost.
    Reconnect,
    /// The server refused the last token.
    Rejected,
    /// The link's token ends soon; the link goes on meanwhile.
    Expiring,
}

/// A typed error for the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code.
    pub code: ErrorCode,
    /// What happened and what to do, in a sentence or two.
    pub message: String,
    /// Whether it may pass by itself or by trying again.
    pub retryable: bool,
}

impl Problem {
    /// A problem with the usual retryability of its code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: code.is_retryable() }
    }

    /// Writes the members `code`, `message` and `retryable`.
    pub fn write(&self, json: &mut JsonText) {
        json.word("code", self.code.as_str());
        json.word("message", &self.message);
        json.key("retryable");
        json.flag(self.retryable);
    }
}

/// The public view of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionState {
    /// Where it stands.
    pub status: Status,
    /// Kind of the link while there is one.
    pub transport: Option<Transport>,
    /// Attempts since the link was last proven, 0 while connected.
    pub attempt: u32,
    /// When the next attempt is due, in the driver's milliseconds.
    pub next_retry_at: Option<u64>,
    /// Why the last link ended or the connection is parked.
    pub reason: Option<Reason>,
    /// Round trip of the last probe in milliseconds.
    pub rtt: Option<u64>,
    /// The error behind `reason`, if it is one.
    pub error: Option<Problem>,
}

/// Public connection status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not asked to connect yet.
    Idle,
    /// First attempt under way.
    Connecting,
    /// The server answered the handshake.
    Connected,
    /// Lost; trying again by itself.
    Reconnecting,
    /// Not connected and not trying: asked to, parked, or failed for good (see `reason`, `error`).
    Disconnected,
}

/// Kind of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A WebSocket.
    WebSocket,
    /// Events that a server sends, and requests: the same over HTTP.
    Sse,
}

/// Why there is no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The server or the network closed the socket.
    Closed {
        /// Close code, 1006 when nothing is known.
        code: u16,
        /// The server's words.
        reason: String,
    },
    /// The handshake was refused with an HTTP status.
    Http {
        /// HTTP status.
        status: u16,
    },
    /// Nothing answered in time.
    Timeout {
        /// What was waited for: `auth`, `connect`, `handshake`, `heartbeat` or `idle`.
        waiting_for: &'static str,
    },
    /// The app's URL or token function failed.
    Auth,
    /// The browser says that there is no network.
    Offline,
    /// The page is hidden, frozen or in the back/forward cache.
    Suspended,
    /// The app asked for it.
    Requested,
    /// The browser refused to create the socket.
    Refused,
    /// The counterpart broke the protocol.
    Protocol,
    /// The server ended the stream as it should.
    Ended,
    /// The model ended its answer.
    Finished {
        /// Why, in its maker's word.
        word: String,
    },
    /// The stream broke off, or nothing could be reached.
    Lost,
}
