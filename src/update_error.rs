//! Why an update was refused. Nothing of it was applied.

use crate::error::ErrorCode;

/// Why an update or a state vector was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// Larger than the limit.
    #[error("the update has {size} bytes, {limit} are allowed")]
    TooLarge {
        /// Bytes offered.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes end early, go on too long or declare what cannot be.
    #[error("the update is malformed at byte {offset}: {what}")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// Where.
        offset: usize,
    },
    /// Text that is not UTF-8.
    #[error("the update has text that is not UTF-8 at byte {offset}")]
    BadText {
        /// Where.
        offset: usize,
    },
    /// More of something than a limit allows.
    #[error("the update has more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Nested too deep.
    #[error("the update nests {what} deeper than {limit}")]
    TooDeep {
        /// Values or shared types.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A clock beyond the limit.
    #[error("the update has a clock beyond the limit for client {client}: {clock}")]
    ClockRange {
        /// Whose clock.
        client: u64,
        /// The clock.
        clock: u64,
    },
    /// Something the engine cannot bear or that we never accept.
    #[error("the update has {what} at byte {offset}, which is not supported")]
    Unsupported {
        /// What.
        what: &'static str,
        /// Where.
        offset: usize,
    },
    /// A parent that is no shared type, or neighbours in two different types.
    #[error("the parent of block {client}/{clock} is not a shared type that can hold it")]
    InvalidParent {
        /// Writer of the block.
        client: u64,
        /// Its clock.
        clock: u32,
    },
    /// Content that its type never holds: text in a list, values in a text.
    #[error("block {client}/{clock} has content that its {holder} cannot hold")]
    WrongContent {
        /// Writer of the block.
        client: u64,
        /// Its clock.
        clock: u32,
        /// Kind of the type.
        holder: &'static str,
    },
    /// Blocks that wait for each other.
    #[error("blocks of the update wait for each other")]
    Cycle,
    /// Somebody writes under our own client id.
    #[error("another replica writes under this replica's client id {client}")]
    ClientIdConflict {
        /// Our id.
        client: u64,
    },
    /// The engine refused what the checks had let through: a bug of rejoin.
    #[error("the engine refused a checked update: {0}")]
    Engine(String),
}

impl UpdateError {
    /// Its stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::ClientIdConflict { .. } => ErrorCode::ClientIdConflict,
            Self::Engine(_) => ErrorCode::Internal,
            _ => ErrorCode::Update,
        }
    }
}
