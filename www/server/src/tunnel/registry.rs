//! Sessions by their names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::live::Live;

/// All sessions that are alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry(Arc<Mutex<BTreeMap<String, Arc<Live>>>>);

impl Registry {
    /// A name that nobody guesses: whoever knows it reads and writes in the place of its client.
    pub(super) fn fresh_name() -> Option<String> {
        let mut random = [0; 18];
        getrandom::fill(&mut random).ok()?;
        Some(URL_SAFE_NO_PAD.encode(random))
    }

    pub(super) fn insert(&self, live: &Arc<Live>) {
        self.lock().insert(live.name().to_owned(), Arc::clone(live));
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Live>> {
        self.lock().get(name).cloned()
    }

    pub(super) fn remove(&self, name: &str) {
        self.lock().remove(name);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Live>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
