//! What the operator is told.

use std::fmt;

use serde::Serialize;

use super::{MemberId, RecordKey, RoomName};

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A frame could not be read.
    Malformed {
        /// Where.
        room: RoomName,
        /// Who sent it.
        member: MemberId,
        /// What was wrong.
        why: String,
    },
    /// An update was refused before it touched the document.
    UpdateRefused {
        /// Where.
        room: RoomName,
        /// Who sent it.
        member: MemberId,
        /// What was wrong.
        why: String,
    },
    /// An update that had waited for a missing one was refused when that came.
    HeldRefused {
        /// Where.
        room: RoomName,
        /// What was wrong.
        why: String,
    },
    /// A stored record was refused and is set aside with its bytes.
    RecordSetAside {
        /// Where.
        room: RoomName,
        /// Which.
        key: RecordKey,
        /// What was wrong.
        why: String,
    },
    /// Storage or the engine failed; the members of the room were sent away, it is read from disk again.
    RoomFailed {
        /// Where.
        room: RoomName,
        /// What was tried: `load`, `store`, `integration`.
        task: &'static str,
        /// What was wrong.
        why: String,
    },
    /// A snapshot could not be written; the records stay as they are.
    CompactionFailed {
        /// Where.
        room: RoomName,
        /// What was wrong.
        why: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { room, member, why } => {
                write!(
                    f,
                    "room {room}: member {} sent a frame that cannot be read: {why}",
                    member.0
                )
            }
            Self::UpdateRefused { room, member, why } => {
                write!(f, "room {room}: an update of member {} was refused: {why}", member.0)
            }
            Self::HeldRefused { room, why } => {
                write!(f, "room {room}: an update that had waited was refused: {why}")
            }
            Self::RecordSetAside { room, key, why } => {
                write!(f, "room {room}: record {key:?} was set aside: {why}")
            }
            Self::RoomFailed { room, task, why } => {
                write!(f, "room {room}: {task} failed, its members are sent away: {why}")
            }
            Self::CompactionFailed { room, why } => {
                write!(f, "room {room}: compaction failed, nothing was lost: {why}")
            }
        }
    }
}

/// What the hub has seen since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Binary frames.
    pub frames: u64,
    /// Text frames, ignored.
    pub texts: u64,
    /// Messages of an unknown type, ignored.
    pub unknown: u64,
    /// Frames that could not be read.
    pub malformed: u64,
    /// Updates integrated.
    pub updates: u64,
    /// Updates whose content was known.
    pub duplicates: u64,
    /// Updates that waited for a missing one.
    pub held: u64,
    /// Updates refused.
    pub refused: u64,
    /// Presence entries relayed.
    pub presence: u64,
    /// Presence entries ignored: stale, too large, too many, another's.
    pub presence_ignored: u64,
    /// Messages stored.
    pub messages: u64,
    /// Messages that were sent again and known.
    pub duplicate_messages: u64,
    /// Messages refused, for good or for now.
    pub refused_messages: u64,
    /// Storage transactions asked for.
    pub stores: u64,
    /// Snapshots asked for.
    pub compactions: u64,
    /// Answers to state vectors that were made, each for one member or for several.
    pub answers: u64,
    /// Documents hashed for members that asked what they show.
    pub prints: u64,
    /// Times that a room was woken because something in it was due.
    pub wakes: u64,
    /// Sockets closed by the hub.
    pub closed: u64,
}
