//! How a server is set up.

use std::path::PathBuf;
use std::time::Duration;

use crate::hub::HubConfig;
use crate::jwt::Jwt;

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Limits and times of the rooms.
    pub hub: HubConfig,
    /// Where rooms are kept.
    pub data: Data,
    /// Who may connect.
    pub access: AccessConfig,
    /// What one user may take, over all of its connections.
    pub users: UserLimits,
    /// Limits and times of a socket.
    pub socket: SocketConfig,
    /// Times of sockets made of HTTP.
    pub tunnel: TunnelConfig,
    /// Directory of a web page to serve beside the rooms.
    pub assets: Option<PathBuf>,
    /// Whether `/demo/…` serves the streams of the demo page, and may cut links and restart rooms.
    pub demo: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hub: HubConfig::default(),
            data: Data::Directory(PathBuf::from(".data")),
            access: AccessConfig::default(),
            users: UserLimits::default(),
            socket: SocketConfig::default(),
            tunnel: TunnelConfig::default(),
            assets: None,
            demo: false,
        }
    }
}

/// Where rooms are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In a file of this directory.
    Directory(PathBuf),
    /// Nowhere: they end with the process.
    Memory,
}

/// Who may connect. By default everyone who reaches the address.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// A token that lets everyone in who shows it.
    pub token: Option<String>,
    /// Whose signed tokens let in.
    pub jwt: Option<Jwt>,
    /// Name of a cookie that may hold the token.
    pub cookie: Option<String>,
    /// Whether WebSockets are refused, as some networks do: clients come over HTTP.
    pub no_websocket: bool,
    /// Origins whose pages may connect; empty: all. A client without an origin is no page.
    pub origins: Vec<String>,
}

/// What one user may take, over all of its connections: the bearer of tokens with the same `sub`.
#[derive(Clone, Copy, Debug)]
pub struct UserLimits {
    /// Connections at the same time.
    pub connections: usize,
    /// Bytes it may send in a minute.
    pub bytes_per_minute: u64,
    /// How long a connection may take to answer a ping when the user has as many as it may have, and one more comes.
    pub answer: Duration,
}

impl Default for UserLimits {
    fn default() -> Self {
        Self { connections: 64, bytes_per_minute: 256 << 20, answer: Duration::from_secs(2) }
    }
}

/// Limits and times of a socket.
#[derive(Clone, Copy, Debug)]
pub struct SocketConfig {
    /// How often a socket is pinged; one that is silent for twice as long is dead.
    pub ping: Duration,
    /// How long the last frames and the close frame may take to leave.
    pub last_words: Duration,
    /// Bytes that may wait for a client that reads slowly.
    pub max_waiting: usize,
    /// Bytes of answers to state vectors that may wait for clients that read slowly, of all of them together.
    pub max_unread: usize,
    /// How long a client has such an answer for itself, and what it takes at [`Self::unread_pace`] on top; who takes longer is sent away
    /// where others would get none.
    pub unread_patience: Duration,
    /// Bytes in a second at which a client over a slow line reads.
    pub unread_pace: usize,
    /// Bytes of all clients' frames that may wait for the hub.
    pub max_inbound: usize,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(30),
            last_words: Duration::from_secs(5),
            max_waiting: 16 << 20,
            max_unread: 256 << 20,
            unread_patience: Duration::from_secs(10),
            unread_pace: 32 << 10,
            max_inbound: 64 << 20,
        }
    }
}

/// Times of sockets made of HTTP.
#[derive(Clone, Copy, Debug)]
pub struct TunnelConfig {
    /// How long an answer that is to end waits for something to say.
    pub hold: Duration,
    /// How often a stream with nothing to say sends a comment.
    pub comment: Duration,
    /// How long a session outlives the last answer that was read.
    pub grace: Duration,
}

impl Default for TunnelConfig {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(20),
            comment: Duration::from_secs(10),
            grace: Duration::from_secs(15),
        }
    }
}
