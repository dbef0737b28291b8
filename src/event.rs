//! Everything the app can hear.

mod write;

use crate::doc::change::Change;
use crate::error::ErrorCode;

/// One event for the app, of one room. In JSON `{ type, room, … }` with camelCase names.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Number of the room.
    pub room: u32,
    /// What happened.
    pub kind: EventKind,
}

/// What happened in a room.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The local copy is usable: storage has been read, or there is none.
    Ready,
    /// The document changed. Apply the changes in order.
    Doc {
        /// Who changed it.
        origin: ChangeOrigin,
        /// Changes, parents before their children.
        changes: Vec<Change>,
    },
    /// The connection's public state changed.
    Connection(ConnectionState),
    /// What is saved and what is synced changed.
    Sync(SyncState),
    /// Others came, changed or went.
    Presence {
        /// Present states: `[connection id, JSON text]`.
        updated: Vec<(u64, String)>,
        /// Connection ids that are gone.
        removed: Vec<u64>,
    },
    /// The app is to answer with `provide_endpoint` or `refuse_endpoint`.
    Endpoint {
        /// Number of the question.
        request: u32,
        /// Connection attempt, from 0.
        attempt: u32,
        /// Why it is asked.
        reason: EndpointReason,
    },
    /// This replica has a new client id; its presence goes on under it.
    Identity {
        /// The new client id.
        client_id: u64,
    },
    /// Something went wrong. Nothing was lost unless the message says so.
    Error(Problem),
}

/// Who changed the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOrigin {
    /// An edit of this client.
    Local,
    /// Another replica.
    Remote,
    /// The log on this device.
    Storage,
}

/// Why a URL and a token are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointReason {
    /// First connection.
    Initial,
    /// The link was lost.
    Reconnect,
    /// The server refused the last token.
    Rejected,
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
}

/// The public view of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionState {
    /// Where it stands.
    pub status: Status,
    /// `websocket` while there is a socket.
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
        /// What was waited for: `auth`, `connect`, `handshake` or `heartbeat`.
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
}

/// What is saved and what is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncState {
    /// Whether the server has integrated every edit of this replica.
    pub status: SyncStatus,
    /// Whether this device has every edit.
    pub local: Durability,
    /// Edits the server has not returned yet: inserted and deleted units.
    pub pending: u64,
    /// Whether updates wait for a missing one.
    pub held: u32,
}

/// Server side of [`SyncState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncStatus {
    /// Something is on its way, or there is no link.
    Synchronizing,
    /// Everything is on the server and everything of the server is here.
    Synchronized,
}

/// Device side of [`SyncState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The log has everything.
    Saved,
    /// A transaction is under way.
    Saving,
    /// There is no log: edits live in memory only.
    Unavailable,
}
