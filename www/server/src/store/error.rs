//! Why storage failed.

use rejoin::doc::UpdateError;

/// Why storage failed. Nothing of the transaction was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory cannot be made.
    #[error("the data directory cannot be used: {0}")]
    Directory(#[from] std::io::Error),
    /// The database cannot be opened: damaged, in use by another process, made by a newer version.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] redb::DatabaseError),
    /// A transaction failed.
    #[error("the database failed: {0}")]
    Database(Box<redb::Error>),
    /// The disk failed, and the database could not be opened again yet.
    #[error("the database is closed: the disk failed")]
    Closed,
    /// A snapshot cannot be read back.
    #[error("the snapshot cannot be read back: {0}")]
    Unreadable(#[from] UpdateError),
    /// A snapshot read back is another document.
    #[error("the snapshot read back is another document")]
    Unfaithful,
}

impl StoreError {
    /// Whether everything after it fails too, until the database is opened again.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::Database(error) => {
                matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo)
            }
            _ => false,
        }
    }
}

impl From<redb::TransactionError> for StoreError {
    fn from(error: redb::TransactionError) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl From<redb::CommitError> for StoreError {
    fn from(error: redb::CommitError) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl From<redb::SetDurabilityError> for StoreError {
    fn from(error: redb::SetDurabilityError) -> Self {
        Self::Database(Box::new(error.into()))
    }
}
