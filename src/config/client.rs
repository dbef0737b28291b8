//! How a client of rooms behaves.

mod read;

use super::{Broken, LinkConfig};
use crate::backoff::BackoffPolicy;
use crate::connection::manner::TokenPlace;
use crate::doc::{RootKind, UndoLimits};
use crate::error::Misuse;
use crate::json::quoted;
use crate::ordered::OrderedMap;

/// Longest room name in bytes of UTF-8.
const MAX_ROOM_NAME: usize = 512;

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Base URL of the server; the room's name is appended as a path. `None`: ask the app at each attempt.
    pub url: Option<String>,
    /// Where a token goes.
    pub token: TokenPlace,
    /// Whether the app is asked what each close means.
    pub asks_on_close: bool,
    /// Where edits are kept on this device.
    pub persistence: PersistenceMode,
    /// Keeps databases of different apps or users of one origin apart.
    pub namespace: String,
    /// Wait between attempts.
    pub backoff: BackoffPolicy,
    /// Limits of the link.
    pub link: LinkConfig,
    /// Presence timing.
    pub presence: PresenceConfig,
    /// Storage policy.
    pub storage: StorageConfig,
    /// Limits of messages.
    pub messages: MessageConfig,
    /// How much can be undone.
    pub undo: UndoLimits,
    /// Largest frame this client sends. Uvicorn refuses more than 16 MiB; one of more than 100 MiB kills some servers.
    pub max_send_frame: usize,
    /// Largest frame this client reads.
    pub max_receive_frame: usize,
    /// Rules switched off by the simulation's mutation proof. Never set in a product.
    pub broken: Broken,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            token: TokenPlace::default(),
            asks_on_close: false,
            persistence: PersistenceMode::default(),
            namespace: String::new(),
            backoff: BackoffPolicy::default(),
            link: LinkConfig::default(),
            presence: PresenceConfig::default(),
            storage: StorageConfig::default(),
            messages: MessageConfig::default(),
            undo: UndoLimits::default(),
            max_send_frame: 16 << 20,
            max_receive_frame: 64 << 20,
            broken: Broken::default(),
        }
    }
}

impl Config {
    /// Name of a room's database.
    pub fn database(&self, room: &str) -> String {
        format!("rejoin/{}/{room}", self.namespace)
    }
}

/// Where edits are kept on this device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersistenceMode {
    /// In a database of the browser.
    #[default]
    IndexedDb,
    /// In memory only: `saved` is never claimed.
    Memory,
}

/// Timing and limits of presence (y-protocols 1.0 renews at 15 s and forgets at 30 s).
#[derive(Clone, Copy, Debug)]
pub struct PresenceConfig {
    /// Silence after which the own state is sent again.
    pub presence_renewal: u64,
    /// Silence after which another is gone.
    pub presence_expiry: u64,
    /// How long others stay visible without a link, and may take to show up again after a reconnect.
    pub presence_grace: u64,
    /// Largest own state, in bytes of JSON.
    pub presence_size: usize,
    /// Most others kept.
    pub presence_members: usize,
}

impl Default for PresenceConfig {
    fn default() -> Self {
        Self {
            presence_renewal: 15_000,
            presence_expiry: 30_000,
            presence_grace: 5_000,
            presence_size: 4_096,
            presence_members: 2_048,
        }
    }
}

/// When the log is compacted.
#[derive(Clone, Copy, Debug)]
pub struct StorageConfig {
    /// Records after the last snapshot that make a new one worth it.
    pub compact_records: usize,
    /// Bytes after the last snapshot that make a new one worth it, if they outweigh it too.
    pub compact_bytes: usize,
    /// First wait before a failed transaction is tried again; doubles up to a minute.
    pub storage_retry: u64,
    /// How long a transaction may take before it is given up; doubles each time up to five minutes, until one is answered.
    pub storage_timeout: u64,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            compact_records: 500,
            compact_bytes: 256 << 10,
            storage_retry: 1_000,
            storage_timeout: 30_000,
        }
    }
}

/// Limits of a room's messages.
#[derive(Clone, Copy, Debug)]
pub struct MessageConfig {
    /// Largest message this client sends, in bytes of JSON. A server may take less.
    pub message_size: usize,
    /// How many of the latest messages a client wants that has seen none.
    pub message_history: usize,
}

impl Default for MessageConfig {
    fn default() -> Self {
        Self { message_size: 64 << 10, message_history: 50 }
    }
}

/// What carries the document of a room besides, or in the place of, the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathMode {
    /// Server and peers, each at once.
    #[default]
    Both,
    /// The server; a peer only while one of the two has no server.
    ServerFirst,
    /// Peers; one of them brings everything to the server.
    PeersFirst,
    /// Peers alone. There is no server.
    PeersOnly,
}

/// How a room is entered.
#[derive(Clone, Debug, Default)]
pub struct RoomOptions {
    /// Shared types at the top of the document.
    pub roots: OrderedMap<String, RootKind>,
    /// JSON text of the initial presence state.
    pub presence: Option<String>,
    /// Whether to connect as soon as the local copy is ready.
    pub connect: bool,
    /// What carries the document.
    pub mode: PathMode,
}

/// Refuses names that cannot be a path on a server or a database's name.
pub fn check_room_name(name: &str) -> Result<(), Misuse> {
    if name.is_empty() {
        return Err(Misuse::argument("a room needs a name; got an empty string"));
    }
    if name.len() > MAX_ROOM_NAME {
        let message = format!("a room name has at most {MAX_ROOM_NAME} bytes; got {}", name.len());
        return Err(Misuse::argument(message));
    }
    let dots = name.split('/').any(|part| part == "." || part == ".." || part.is_empty());
    if dots || name.chars().any(char::is_control) {
        let message = format!(
            "a room name holds no control characters and no empty, `.` or `..` path segments; got {}",
            quoted(name)
        );
        return Err(Misuse::argument(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_room_names_are_refused_and_ordinary_ones_taken() {
        for name in ["", "a/../b", "/a", "a/", "a\nb", &"x".repeat(513)] {
            assert!(check_room_name(name).is_err(), "{name:?}");
        }
        for name in ["demo", "team 1/plan", "日本語", "a.b"] {
            assert!(check_room_name(name).is_ok(), "{name:?}");
        }
    }
}
