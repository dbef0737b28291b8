//! Where the database is.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError};

/// File within the data directory.
pub(super) const FILE: &str = "rooms.redb";

/// How often a file in use is tried again, and after what wait: a server that was just killed may not have let go of it.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Where the database is.
pub(super) trait Medium: Debug + Send {
    /// Opens the database, or makes one.
    fn create(&self) -> Result<Database, DatabaseError>;

    /// Opens the database that was there, and makes none: an empty one would stand for what was in it.
    fn reopen(&self) -> Result<Database, DatabaseError>;
}

/// A file of a directory.
#[derive(Debug)]
pub(super) struct File(PathBuf);

/// The process' memory.
#[derive(Debug)]
pub(super) struct Memory;

impl File {
    /// Makes the directory where there is none.
    pub(super) fn within(directory: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        Ok(Self(directory.join(FILE)))
    }
}

impl Medium for File {
    /// Once whoever had it before is gone.
    fn create(&self) -> Result<Database, DatabaseError> {
        for _ in 1..TRIES {
            match Database::create(&self.0) {
                Err(DatabaseError::DatabaseAlreadyOpen) => pause(),
                other => return other,
            }
        }
        Database::create(&self.0)
    }

    fn reopen(&self) -> Result<Database, DatabaseError> {
        Database::open(&self.0)
    }
}

impl Medium for Memory {
    fn create(&self) -> Result<Database, DatabaseError> {
        Database::builder().create_with_backend(InMemoryBackend::new())
    }

    fn reopen(&self) -> Result<Database, DatabaseError> {
        self.create()
    }
}

/// Nothing else runs yet: the server opens its store before it listens.
#[expect(clippy::disallowed_methods, reason = "there is no deadline to wait for")]
pub(super) fn pause() {
    sleep(PAUSE);
}
