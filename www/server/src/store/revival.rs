//! A store that is opened anew after the disk failed: the database takes nothing more by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Store, StoreError};

/// Wait before the database is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether the disk takes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// It does, as far as is known.
    Ok,
    /// It failed, and has not been opened again yet.
    Failed,
}

/// The state of the storage thread's disk, for others to see.
#[derive(Clone, Debug, Default)]
pub(super) struct Signal(Arc<AtomicBool>);

impl Signal {
    pub(super) fn storage(&self) -> Storage {
        if self.0.load(Ordering::Relaxed) { Storage::Failed } else { Storage::Ok }
    }
}

/// A store, and when it is to be opened anew.
#[derive(Debug)]
pub(super) struct Revival {
    store: Store,
    due: Option<Instant>,
    failed: Signal,
}

impl Revival {
    pub(super) fn new(store: Store, failed: Signal) -> Self {
        Self { store, due: None, failed }
    }

    /// Does something with the store.
    pub(super) fn attempt<T>(
        &mut self,
        act: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = act(&self.store);
        if self.due.is_none() && result.as_ref().is_err_and(StoreError::is_lasting) {
            self.fail();
        }
        result
    }

    /// How long to wait for a task. Opens the store anew when it is time.
    pub(super) fn wait(&mut self) -> Duration {
        match self.due {
            None => Duration::MAX,
            Some(due) if due <= now() => self.revive(),
            Some(due) => due.saturating_duration_since(now()),
        }
    }

    fn revive(&mut self) -> Duration {
        match self.store.reopen() {
            Ok(()) => {
                tracing::info!("the database is open again");
                self.due = None;
                self.failed.0.store(false, Ordering::Relaxed);
                Duration::MAX
            }
            Err(error) => {
                tracing::error!(%error, "the database cannot be opened again yet");
                self.fail();
                PAUSE
            }
        }
    }

    fn fail(&mut self) {
        self.due = Some(now() + PAUSE);
        self.failed.0.store(true, Ordering::Relaxed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the storage thread is a shell, and tells nobody the time"
)]
fn now() -> Instant {
    Instant::now()
}
