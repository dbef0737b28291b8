//! The whole boundary of the core: what the driver puts in, what it takes out.

mod fetch;
#[cfg(feature = "peers")]
mod peer;
#[cfg(feature = "documents")]
mod storage;

pub use fetch::{FetchId, FetchInput, FetchOutput};
#[cfg(feature = "peers")]
pub use peer::{
    Candidate, ChannelId, ChannelPlan, Channels, IceServer, Operation, PeerConfig,
    PeerConnectionId, PeerInput, PeerOutput, PeerState, Refusal, Slot,
};
#[cfg(feature = "documents")]
pub use storage::{RecordKey, RoomId, StorageError, StorageReply, StorageTask, TaskId};

/// One browser socket. A reconnect is a new id; inputs of an old id are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// One question to the app for a URL and a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointRequest(pub u32);

/// What the driver tells the core.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The deadline of the last `poll_timeout` has passed. Harmless when early.
    Timeout,
    /// Something happened to the page or the network.
    Environment(Environment),
    /// Something happened to a socket.
    #[cfg(any(feature = "documents", feature = "links"))]
    Socket(SocketId, SocketInput),
    /// Something happened to a request.
    #[cfg(any(feature = "documents", feature = "links"))]
    Fetch(FetchId, FetchInput),
    /// A storage task ended.
    #[cfg(feature = "documents")]
    Storage(TaskId, Result<StorageReply, StorageError>),
    /// The database of this name was closed under us while nothing was asked of it: what was in it may be gone.
    #[cfg(feature = "documents")]
    StorageLost(String),
    /// Something happened to a connection to a peer.
    #[cfg(feature = "peers")]
    Peer(PeerConnectionId, PeerInput),
}

/// What the core tells the driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<E> {
    /// Do this with a socket.
    #[cfg(any(feature = "documents", feature = "links"))]
    Socket(SocketId, SocketOutput),
    /// Do this with a request.
    #[cfg(any(feature = "documents", feature = "links"))]
    Fetch(FetchId, FetchOutput),
    /// Do this with the database and answer with [`Input::Storage`].
    #[cfg(feature = "documents")]
    Storage(TaskId, StorageTask),
    /// Let go of the database of this name with whatever is under way there: nobody waits for it any more.
    #[cfg(feature = "documents")]
    AbandonStorage(String),
    /// Do this with a connection to a peer.
    #[cfg(feature = "peers")]
    Peer(PeerConnectionId, PeerOutput),
    /// Tell the app.
    Event(E),
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
    /// A text message; lone surrogates have been replaced.
    Text(String),
    /// A binary message of another tab on the same shared socket: not the server's word, and no sign of its life.
    Relayed(Vec<u8>),
    /// Answer to [`SocketOutput::Measure`]: bytes the browser has not sent yet.
    Buffered(u64),
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
        /// What the request could show.
        shown: Shown,
    },
    /// The preflight learnt nothing.
    PreflightFailed,
}

/// How much of what a handshake shows a request showed that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Everything,
    /// Not the cookies: the server lets every origin read its answers (Fetch §3.3.5).
    NoCookies,
    /// Neither the cookies nor the token: the server does not allow the `Authorization` header.
    Nothing,
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
    /// Open a socket made of HTTP in the place of one; the client sees to it.
    OpenTunnel {
        /// `ws:` or `wss:` URL of the socket it stands for.
        url: String,
        /// Token for the `Authorization` header.
        token: Option<String>,
    },
    /// Send a binary message.
    Send(Vec<u8>),
    /// Send a text message.
    SendText(String),
    /// Tell how much the browser has not sent yet.
    Measure,
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
        /// Token for the `Authorization` header, which a handshake shows elsewhere.
        token: Option<String>,
    },
}
