//! Everything the app can hear.

mod messages;
mod write;

use crate::doc::UndoState;
use crate::doc::change::Change;
pub use messages::{Answer, Message, MessageEvent};
#[cfg(target_family = "wasm")]
pub(crate) use write::write_text_op;

pub use crate::status::{ConnectionState, EndpointReason, Problem, Reason, Status, Transport};

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
        /// All of it as a V1 update, also what lies in no declared root, where the room is tapped; not in the JSON but
        /// beside it.
        update: Option<Vec<u8>>,
    },
    /// The connection's public state changed.
    Connection(ConnectionState),
    /// What is saved and what is synced changed.
    Sync(SyncState),
    /// What can be undone and redone changed.
    Undo(UndoState),
    /// Others came, changed or went.
    Presence {
        /// Present states: `[connection id, JSON text]`.
        updated: Vec<(u64, String)>,
        /// Connection ids that are gone.
        removed: Vec<u64>,
    },
    /// Something about the room's messages.
    Messages(MessageEvent),
    /// Hand this to a peer.
    Path {
        /// Number of the path.
        path: u32,
        /// How it is to travel.
        channel: PathChannel,
        /// The bytes; not in the JSON but beside it.
        frame: Vec<u8>,
    },
    /// A peer broke the protocol too often: nothing is taken over this path any more. Let the link go.
    Dropped {
        /// Number of the path.
        path: u32,
        /// What it did.
        problem: Problem,
    },
    /// Signaling of peers that came over the room's socket.
    Signal {
        /// JSON text.
        text: String,
    },
    /// The app is to answer with a URL and a token, or why there is none.
    Endpoint {
        /// Number of the question.
        request: u32,
        /// Connection attempt, from 0.
        attempt: u32,
        /// Why it is asked.
        reason: EndpointReason,
    },
    /// The app is to say what a close means.
    Verdict {
        /// Number of the question.
        request: u32,
        /// Close code.
        code: u16,
        /// Close reason of the server, possibly empty.
        reason: String,
    },
    /// This replica has a new client id; its presence goes on under it.
    Identity {
        /// The new client id.
        client_id: u64,
    },
    /// This document shows something else than the server's, though both have the same units. The driver is to throw what is
    /// kept here away and to begin anew.
    Diverged,
    /// The document's engine failed in a way that should not be possible and is not used any more. The driver is to throw
    /// this instance away; a fresh one replays the log.
    Broken,
    /// Something went wrong. Nothing was lost unless the message says so.
    Error(Problem),
}

/// How a frame travels to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathChannel {
    /// In order and without loss.
    Sync,
    /// At once, or never; at most 1 KiB.
    Presence,
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

/// What is saved and what is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncState {
    /// Whether the server has integrated every edit of this replica.
    pub status: SyncStatus,
    /// Whether this device has every edit.
    pub local: Durability,
    /// Edits the server has not returned yet, in inserted and deleted units, and messages it has not acknowledged.
    pub pending: u64,
    /// Whether updates wait for a missing one.
    pub held: u32,
    /// Peers that carry the document.
    pub peers: PeersSynced,
    /// What keeps edits of this replica from the server.
    pub obstacle: Option<Obstacle>,
}

/// Why the server does not take edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It lets this client only read.
    ReadOnly,
    /// It refused an update.
    Refused,
    /// What waits does not fit in the largest frame that may be sent.
    TooLarge,
    /// Its room began anew: the app is to say what becomes of what is here.
    Epoch,
}

/// Peer side of [`SyncState`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeersSynced {
    /// How many have confirmed that everything of ours is theirs.
    pub synced: u32,
    /// How many there are.
    pub of: u32,
}

/// Server side of [`SyncState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncStatus {
    /// Something is on its way, or there is no link.
    Synchronizing,
    /// Everything is on the server and everything of the server is here.
    Synchronized,
    /// Something waits that the server does not take; see [`Obstacle`].
    Rejected,
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
