//! The hub's whole boundary: what goes in, what comes out.

use std::sync::Arc;

use bytes::Bytes;
use rejoin::doc::Content;

use super::Notice;

/// Name of a room, checked by [`rejoin::config::check_room_name`] before it gets here.
pub type RoomName = Arc<str>;

/// One socket in one room. A reconnect is a new id; inputs of an unknown id are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

/// One storage task, answered exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a member may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Permission {
    /// Anything.
    #[default]
    Write,
    /// Hear, but not publish.
    Read,
}

/// What the shell tells the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubInput {
    /// A socket opened in a room.
    Join {
        /// The new member.
        member: MemberId,
        /// Its room.
        room: RoomName,
        /// What it may do.
        permission: Permission,
    },
    /// What a member may do from now on.
    Permit {
        /// Who.
        member: MemberId,
        /// What.
        permission: Permission,
        /// Its name, where it has proven one.
        user: Option<String>,
    },
    /// A binary message.
    Frame {
        /// Who sent it.
        member: MemberId,
        /// What.
        bytes: Bytes,
    },
    /// A binary message of a socket to which a large answer is on its way: what it asks for the document needs no second one.
    Meanwhile {
        /// Who sent it.
        member: MemberId,
        /// What.
        bytes: Bytes,
    },
    /// A text message: the protocol has none.
    Text {
        /// Who sent it.
        member: MemberId,
    },
    /// The socket answered a ping.
    Heard {
        /// Whose socket.
        member: MemberId,
    },
    /// The socket asked for the document while a large answer was on its way to it, and gets no second one.
    Asked {
        /// Whose socket.
        member: MemberId,
    },
    /// The socket is gone, for whatever reason.
    Leave {
        /// Whose socket.
        member: MemberId,
    },
    /// Answer to [`HubOutput::Load`].
    Loaded {
        /// The room.
        room: RoomName,
        /// The task.
        ticket: Ticket,
        /// Its records, the snapshot first, then updates in the order they were stored.
        result: Result<Vec<Record>, StoreFailure>,
        /// Its messages; of no meaning if `result` is a failure.
        messages: StoredMessages,
    },
    /// Answer to [`HubOutput::Store`].
    Stored {
        /// The room.
        room: RoomName,
        /// The task.
        ticket: Ticket,
        /// `Ok` only when the transaction is durable.
        result: Result<(), StoreFailure>,
    },
    /// Answer to [`HubOutput::Compact`].
    Compacted {
        /// The room.
        room: RoomName,
        /// The task.
        ticket: Ticket,
        /// Whether the snapshot stands for the records now.
        result: Result<(), StoreFailure>,
    },
    /// What the clock says now, if it was set, or went on while the machine slept.
    Clock {
        /// Milliseconds since 1970.
        wall: u64,
    },
    /// The deadline of the last `poll_timeout` has passed. Harmless when early.
    Timeout,
    /// Cuts every socket and forgets every room, as a crash would; rooms are read from disk again.
    Restart,
    /// Closes every socket with 1012 once what was promised is stored; later joins are refused.
    Shutdown,
}

/// What the hub asks of the shell.
///
/// Storage tasks of one room are to be done in the order they come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubOutput {
    /// Send a binary message.
    Send {
        /// To whom.
        member: MemberId,
        /// What.
        frame: Bytes,
    },
    /// Ping the socket and answer with [`HubInput::Heard`], unless something else is heard first.
    Probe {
        /// Whose socket.
        member: MemberId,
    },
    /// Close the socket politely; the member has already left for the hub.
    Close {
        /// Whose socket.
        member: MemberId,
        /// Close code.
        code: u16,
        /// Close reason, at most 123 bytes.
        reason: String,
    },
    /// Cut the socket without a close frame; the member has already left for the hub.
    Cut {
        /// Whose socket.
        member: MemberId,
    },
    /// Read a room's records.
    Load {
        /// The room.
        room: RoomName,
        /// The task.
        ticket: Ticket,
    },
    /// Append updates and messages in one durable transaction.
    Store {
        /// The room.
        room: RoomName,
        /// The task.
        ticket: Ticket,
        /// Updates, in order.
        updates: Vec<Vec<u8>>,
        /// Messages with their numbers, in order.
        messages: Vec<(u64, Vec<u8>)>,
        /// Number of the oldest message to keep; earlier ones are deleted.
        first: u64,
    },
    /// Verify a snapshot and put it in the place of all records of the room, in one transaction.
    Compact {
        /// The room.
        room: RoomName,
        /// The task.
        ticket: Ticket,
        /// One update with the whole document.
        snapshot: Vec<u8>,
        /// What a document read from it must have integrated.
        content: Content,
    },
    /// Move a record that cannot be read out of the way, keeping its bytes. Not answered.
    SetAside {
        /// The room.
        room: RoomName,
        /// Which record.
        key: RecordKey,
    },
    /// Tell the operator.
    Notice(Notice),
}

/// The stored messages of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredMessages {
    /// Random number of the disk, not 0: another disk gives messages other meanings to the same numbers.
    pub epoch: u64,
    /// Messages with their numbers, in order.
    pub messages: Vec<(u64, Vec<u8>)>,
}

/// One stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it is stored.
    pub key: RecordKey,
    /// An update in the V1 encoding.
    pub update: Vec<u8>,
}

/// Where a record is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKey {
    /// The room's snapshot.
    Snapshot,
    /// An update, by its place in the order.
    Update(u64),
}

/// Why a storage task failed; nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreFailure(pub String);
