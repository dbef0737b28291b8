//! Everything that can be tuned, with its default. Times are milliseconds, sizes bytes.

#[cfg(feature = "documents")]
mod broken;
#[cfg(feature = "documents")]
mod client;
mod fields;
mod read;

pub use crate::connection::Ways;
#[cfg(feature = "documents")]
pub use broken::Broken;
#[cfg(feature = "documents")]
pub use client::{
    Config, MessageConfig, PathMode, PersistenceMode, PresenceConfig, RoomOptions, StorageConfig,
    check_room_name,
};
pub use fields::Fields;
pub use read::read_link;

/// Timeouts of a link.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfig {
    /// How long the app's URL and token functions may take.
    pub auth_timeout: u64,
    /// From opening the socket to the answered handshake; three times as long once the server has begun it, and twice
    /// as long as the last time if that ran out.
    pub connect_timeout: u64,
    /// Quiet time after which a link is probed.
    pub heartbeat: u64,
    /// How long a probe of a quiet link may stay unanswered.
    pub pong_timeout: u64,
    /// The same after a wake event.
    pub wake_pong_timeout: u64,
    /// Uptime after which, with one answered round trip, the backoff starts anew.
    pub reset_after: u64,
    /// Retry while the browser says that there is no network.
    pub offline_retry: u64,
    /// How long an unacknowledged edit waits for its echo before the server is asked.
    pub ack_timeout: u64,
    /// How long a held update waits before everything missing is asked for.
    pub hold_timeout: u64,
    /// How long a server may stay silent about what it has before everything unacknowledged is pushed.
    pub push_grace: u64,
    /// Which ways to the server may be taken.
    pub ways: Ways,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            auth_timeout: 10_000,
            connect_timeout: 10_000,
            heartbeat: 25_000,
            pong_timeout: 8_000,
            wake_pong_timeout: 3_000,
            reset_after: 10_000,
            offline_retry: 60_000,
            ack_timeout: 1_000,
            hold_timeout: 1_500,
            push_grace: 250,
            ways: Ways::default(),
        }
    }
}
