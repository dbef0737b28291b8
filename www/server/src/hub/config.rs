//! Limits and times of the hub.

use rejoin::doc::RootKind;
use rejoin::ordered::OrderedMap;
use rejoin::protocol::FrameLimits;
use rejoin::time::Instant;

use super::messages::MessageLimits;
use super::signaling::SignalingLimits;

/// How the hub behaves. Times are milliseconds, sizes bytes.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Largest frame read.
    pub max_frame: usize,
    /// Rooms in memory at a time.
    pub max_rooms: usize,
    /// Members of a room.
    pub max_members: usize,
    /// Frames of a room waiting for its first read from disk.
    pub max_loading: usize,
    /// Bytes of a document, as one update: a room that is fuller takes nothing but deletions. A client reads frames of 64 MiB.
    pub max_document: usize,
    /// Bytes of a document that is hashed for members who ask what it shows. Who asks of a larger one is told nothing: its
    /// hash would keep all rooms waiting.
    pub max_print: usize,
    /// Answers to state vectors of a room waiting for the disk; then questions wait.
    pub max_answering: usize,
    /// Updates of a room waiting for the disk.
    pub max_unstored: usize,
    /// How long a room without members stays in memory.
    pub unload_after: u64,
    /// Records after the last snapshot that make a new one worth it.
    pub compact_records: usize,
    /// Bytes after the last snapshot that make a new one worth it.
    pub compact_bytes: usize,
    /// Malformed frames, or refused updates, within [`Self::strike_window`] that end a socket.
    pub max_strikes: usize,
    /// How long a strike counts.
    pub strike_window: u64,
    /// Least wait between two requests for what a held update lacks; twice as long each time that nothing came of it.
    pub resync_interval: u64,
    /// Questions (state vectors, awareness queries) a member may ask a second; later ones wait.
    pub questions_per_second: u64,
    /// Limits of presence.
    pub presence: PresenceLimits,
    /// Limits of messages.
    pub messages: MessageLimits,
    /// Limits of signaling.
    pub signaling: SignalingLimits,
    /// What documents hold at their top, as far as that is known: without it the first writer of each root decides.
    pub roots: OrderedMap<String, RootKind>,
    /// Drawn when the store was made, and told to members; 0 where nothing outlives the process.
    pub epoch: u64,
    /// Milliseconds since 1970 at the hub's moment 0: messages are dated.
    pub wall_origin: u64,
    /// Rules switched off by the simulation's mutation proof. Never set in a product.
    pub broken: Broken,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            max_frame: 8 << 20,
            max_rooms: 10_000,
            max_members: 256,
            max_loading: 32 << 20,
            max_document: 48 << 20,
            max_print: 4 << 20,
            max_answering: 64 << 20,
            max_unstored: 64 << 20,
            unload_after: 60_000,
            compact_records: 500,
            compact_bytes: 256 << 10,
            max_strikes: 3,
            strike_window: 60_000,
            resync_interval: 1_000,
            questions_per_second: 4,
            presence: PresenceLimits::default(),
            messages: MessageLimits::default(),
            signaling: SignalingLimits::default(),
            roots: OrderedMap::new(),
            epoch: 0,
            wall_origin: 0,
            broken: Broken::default(),
        }
    }
}

impl HubConfig {
    pub(super) fn wall_at(&self, now: Instant) -> u64 {
        self.wall_origin.saturating_add(now.as_millis())
    }

    pub(super) fn frame_limits(&self) -> FrameLimits {
        FrameLimits { frame: self.max_frame, ..FrameLimits::default() }
    }
}

/// Limits and times of presence.
#[derive(Clone, Copy, Debug)]
pub struct PresenceLimits {
    /// Largest state, in bytes of JSON.
    pub max_state: usize,
    /// Clients of a room.
    pub max_clients: usize,
    /// Messages of a member a second, averaged; later ones are merged.
    pub per_second: u64,
    /// Silence after which the owner of a client id is sent its own entry, to be renewed: timers of a hidden page may
    /// come once a minute, what its socket brings comes at once.
    pub reminder: u64,
    /// Silence after which a client is gone (y-protocols renews at 15 s).
    pub expiry: u64,
    /// How long the holder of a client id that another claims may take to answer a ping.
    pub claim_timeout: u64,
}

impl Default for PresenceLimits {
    fn default() -> Self {
        Self {
            max_state: 4_096,
            max_clients: 256,
            per_second: 20,
            reminder: 20_000,
            expiry: 30_000,
            claim_timeout: 2_000,
        }
    }
}

/// Rules that the mutation proof breaks, to show that the simulation notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// Frames leave before what they show is stored.
    pub show_before_commit: bool,
    /// A held update never makes us ask for what it lacks.
    pub no_resync: bool,
    /// Updates that are not causally ready go straight to yrs.
    pub no_gate: bool,
    /// Messages are acknowledged and shown before they are stored.
    pub ack_before_commit: bool,
    /// A message that was sent again is stored again.
    pub no_dedupe: bool,
}
