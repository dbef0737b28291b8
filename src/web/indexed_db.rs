//! [`StorageTask`] → one IndexedDB transaction, one at a time per database, in order.

pub mod connection;
mod database;
mod failure;
pub mod lock;
mod transaction;
mod vault;

use std::cell::RefCell;
use std::rc::Rc;

use crate::io::{Input, StorageError, StorageTask, TaskId};
use crate::ordered::OrderedMap;
use crate::web::adapter::Adapter;
use crate::web::host::Host;
use crate::web::indexed_db::database::Database;

pub use vault::Vault;

/// What a completed transaction survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A killed browser: the default of all browsers, and ten times faster at its worst.
    #[default]
    Relaxed,
    /// A power cut too.
    Strict,
}

/// All databases of a driver.
#[derive(Debug)]
pub struct Storage {
    host: Host,
    durability: Durability,
    vault: Option<Vault>,
    adapter: Option<Adapter>,
    databases: RefCell<OrderedMap<String, Rc<Database>>>,
}

impl Storage {
    /// Nothing open yet. With a vault nothing is written that it has not sealed; an adapter takes the place of the databases.
    pub fn new(
        host: Host,
        durability: Durability,
        vault: Option<Vault>,
        adapter: Option<Adapter>,
    ) -> Self {
        Self { host, durability, vault, adapter, databases: RefCell::default() }
    }

    /// Queues a task; it is answered with [`Input::Storage`].
    pub fn perform(&self, id: TaskId, task: StorageTask) {
        if let Some(adapter) = &self.adapter {
            return adapter.perform(&self.host, id, task);
        }
        match self.database(name_of(&task)) {
            Some(database) => database.perform(id, task),
            None => self.host.feed(Input::Storage(id, Err(StorageError::Aborted))),
        }
    }

    /// Lets go of a database that does not answer; the next task opens it anew.
    pub fn abandon(&self, name: &str) {
        let database =
            self.databases.try_borrow_mut().ok().and_then(|mut known| known.remove(name));
        if let Some(database) = database {
            database.abandon();
        }
    }

    fn database(&self, name: &str) -> Option<Rc<Database>> {
        let mut databases = self.databases.try_borrow_mut().ok()?;
        databases.retain(|_, database| database.is_in_use());
        if let Some(known) = databases.get(name) {
            return Some(Rc::clone(known));
        }
        let vault = self.vault.clone();
        let database = Rc::new(Database::new(self.host.clone(), name, self.durability, vault));
        databases.insert(name.to_owned(), Rc::clone(&database));
        Some(database)
    }
}

fn name_of(task: &StorageTask) -> &str {
    match task {
        StorageTask::Load { database }
        | StorageTask::Append { database, .. }
        | StorageTask::Read { database, .. }
        | StorageTask::Replace { database, .. }
        | StorageTask::Close { database } => database,
    }
}
