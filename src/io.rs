//! The whole boundary of the core on one page: what the driver puts in, what it takes out.

use crate::event::Event;

/// One browser socket. A reconnect is a new id; inputs of an old id are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// One storage task, answered exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// One room of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

/// One question to the app for a URL and a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointRequest(pub u32);

/// Key of one record in a room's log, given by the database, growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub u64);

/// What the driver tells the core.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The deadline of the last `poll_timeout` has passed. Harmless when early.
    Timeout,
    /// Something happened to the page or the network.
    Environment(Environment),
    /// Something happened to a socket.
    Socket(SocketId, SocketInput),
    /// A storage task ended.
    Storage(TaskId, Result<StorageReply, StorageError>),
}

/// What the core tells the driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Do this with a socket.
    Socket(SocketId, SocketOutput),
    /// Do this with the database and answer with [`Input::Storage`].
    Storage(TaskId, StorageTask),
    /// Tell the app.
    Event(Event),
}

/// Life of the page and of the network (HTML §8.1.7, Page Lifecycle, `navigator.onLine`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// `online` event. A hint, not a promise.
    Online,
    /// `offline` event. A hint too: a working socket is probed, not closed.
    Offline,
    /// The page became visible.
    Visible,
    /// The page became hidden.
    Hidden,
    /// `pagehide`; `persisted` when the page may go to the back/forward cache.
    PageHide {
        /// The event's `persisted` flag.
        persisted: bool,
    },
    /// `pageshow`; `persisted` when it came from the back/forward cache.
    PageShow {
        /// The event's `persisted` flag.
        persisted: bool,
    },
    /// The page was frozen.
    Freeze,
    /// The page was resumed.
    Resume,
    /// Wall clock and monotonic clock went apart by seconds: the machine slept.
    ClockJump,
}

/// What a socket reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketInput {
    /// The handshake succeeded.
    Opened {
        /// Subprotocol the server chose, or empty.
        protocol: String,
    },
    /// A binary message.
    Frame(Vec<u8>),
    /// A text message of this many UTF-16 units: the document protocol has none.
    Text(usize),
    /// The socket closed, or never opened (RFC 6455 §7.4; 1006 when nothing is known).
    Closed {
        /// Close code.
        code: u16,
        /// Close reason of the server, possibly empty.
        reason: String,
        /// Whether the closing handshake was completed.
        clean: bool,
    },
    /// The browser refused to create the socket.
    Refused(SocketRefusal),
    /// Answer to [`SocketOutput::Preflight`].
    HttpStatus {
        /// HTTP status of the refused handshake.
        status: u16,
        /// `Retry-After` in milliseconds, if readable.
        retry_after: Option<u64>,
    },
    /// The preflight learnt nothing.
    PreflightFailed,
}

/// Why the browser refused to create a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketRefusal {
    /// Not a `ws:`/`wss:`/`http:`/`https:` URL, or one with a fragment.
    InvalidUrl,
    /// Mixed content or a security policy.
    Forbidden,
    /// No such API here.
    Unavailable,
}

/// What to do with a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketOutput {
    /// Open it.
    Open {
        /// `ws:` or `wss:` URL.
        url: String,
        /// Subprotocols to offer, may be empty.
        protocols: Vec<String>,
    },
    /// Send a binary message.
    Send(Vec<u8>),
    /// Close it politely; the core no longer listens.
    Close {
        /// 1000 or 3000–4999.
        code: u16,
        /// At most 123 bytes of UTF-8.
        reason: String,
    },
    /// Detach all listeners, close, forget: do not wait for `onclose`, which may take a minute.
    Abandon,
    /// One `fetch` of the same place over HTTP, to learn the status the browser hides.
    Preflight {
        /// `ws:` or `wss:` URL; the driver asks `http:`/`https:`.
        url: String,
    },
}

/// What to do with a room's log. One task at a time per database; each is one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageTask {
    /// Open the database and read every record in key order. Writes nothing.
    Load {
        /// Name of the database.
        database: String,
    },
    /// Append records, in order. Answered only when the transaction completed.
    Append {
        /// Name of the database.
        database: String,
        /// Encoded records.
        records: Vec<Vec<u8>>,
    },
    /// Read one record back.
    Read {
        /// Name of the database.
        database: String,
        /// Its key.
        key: RecordKey,
    },
    /// Under the database's Web Lock, in one transaction: append `record`, delete `remove`.
    Replace {
        /// Name of the database.
        database: String,
        /// An encoded snapshot record.
        record: Vec<u8>,
        /// Keys of records that older, verified snapshots contain.
        remove: Vec<RecordKey>,
    },
    /// Close the database.
    Close {
        /// Name of the database.
        database: String,
    },
}

/// How a storage task succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageReply {
    /// All records, in key order.
    Loaded(Vec<(RecordKey, Vec<u8>)>),
    /// Keys of the appended records, in order; for `Replace` just one.
    Written(Vec<RecordKey>),
    /// The record, if it is still there.
    Record(Option<Vec<u8>>),
    /// Nothing to say.
    Closed,
}

/// Why a storage task failed. Nothing of its transaction was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// No IndexedDB here: private mode, an opaque origin, a worker without it.
    #[error("this browser offers no database here")]
    Unavailable,
    /// Another tab holds an older version open.
    #[error("another tab blocks the database")]
    Blocked,
    /// The database was made by a newer version.
    #[error("the database was made by a newer version")]
    Version,
    /// The disk or the origin's quota is full.
    #[error("the storage quota is used up")]
    Quota,
    /// The connection was closed under us: site data cleared, backing store lost.
    #[error("the database connection was closed by the browser")]
    Closed,
    /// Anything else.
    #[error("the database transaction was aborted")]
    Aborted,
}
