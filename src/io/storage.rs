//! What rooms want of a database.

/// One room of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

/// One storage task, answered exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// Key of one record in a room's log, given by the database, growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub u64);

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
    /// A transaction neither completed nor failed for too long.
    #[error("the database does not answer")]
    TimedOut,
    /// Anything else.
    #[error("the database transaction was aborted")]
    Aborted,
}

impl StorageError {
    /// Whether the same may work later, on this page.
    pub fn may_pass(self) -> bool {
        !matches!(self, Self::Unavailable | Self::Version)
    }
}
