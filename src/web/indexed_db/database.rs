//! One database: its queue of tasks and its connection, reopened when the browser took it away.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use crate::io::{Input, RecordKey, StorageError, StorageReply, StorageTask, TaskId};
use crate::web::host::Host;
use crate::web::indexed_db::connection::Connection;
use crate::web::indexed_db::lock::Lock;
use crate::web::indexed_db::vault::{Vault, Way};
use crate::web::indexed_db::{Durability, transaction};

type Answer = Result<StorageReply, StorageError>;

/// A database and what is to be done with it.
#[derive(Debug)]
pub(super) struct Database {
    host: Host,
    name: String,
    durability: Durability,
    vault: Option<Vault>,
    queue: RefCell<VecDeque<(TaskId, StorageTask)>>,
    working: Cell<bool>,
    /// Whether another one has taken its place.
    abandoned: Cell<bool>,
    connection: RefCell<Option<Rc<Connection>>>,
}

impl Database {
    pub(super) fn new(
        host: Host,
        name: &str,
        durability: Durability,
        vault: Option<Vault>,
    ) -> Self {
        Self {
            host,
            name: name.to_owned(),
            durability,
            vault,
            queue: RefCell::default(),
            working: Cell::new(false),
            abandoned: Cell::new(false),
            connection: RefCell::default(),
        }
    }

    /// Whether it is worth keeping.
    pub(super) fn is_in_use(&self) -> bool {
        self.working.get()
            || self.connection.try_borrow().map_or(true, |connection| connection.is_some())
    }

    pub(super) fn perform(self: &Rc<Self>, id: TaskId, task: StorageTask) {
        if let Ok(mut queue) = self.queue.try_borrow_mut() {
            queue.push_back((id, task));
        }
        if !self.working.replace(true) {
            spawn_local(Rc::clone(self).work());
        }
    }

    /// Nobody waits for what is under way any more; what has not come to the database by now never does.
    pub(super) fn abandon(&self) {
        self.abandoned.set(true);
        if let Some(connection) = self.current() {
            connection.abandon();
        }
    }

    async fn work(self: Rc<Self>) {
        while let Some((id, task)) = self.next() {
            let mut answer = self.answer(task).await;
            // What was just written may be gone as well.
            if self.is_lost() {
                answer = Err(StorageError::Closed);
            }
            if answer == Err(StorageError::Closed) {
                self.let_go();
            }
            self.host.feed(Input::Storage(id, answer));
        }
    }

    fn next(&self) -> Option<(TaskId, StorageTask)> {
        let next = self.queue.try_borrow_mut().ok().and_then(|mut queue| queue.pop_front());
        self.working.set(next.is_some());
        next
    }

    async fn answer(self: &Rc<Self>, task: StorageTask) -> Answer {
        match task {
            StorageTask::Load { .. } => {
                let loaded = transaction::load(&*self.connection().await?).await?;
                Ok(StorageReply::Loaded(self.open(loaded).await?))
            }
            StorageTask::Append { records, .. } if records.is_empty() => {
                Ok(StorageReply::Written(Vec::new()))
            }
            StorageTask::Append { records, .. } => {
                // Before the transaction: one that waits for anything else ends.
                let records = self.seal(records).await?;
                transaction::append(&*self.connection().await?, self.durability, &records).await
            }
            StorageTask::Read { key, .. } => {
                let found = transaction::read(&*self.connection().await?, key).await?;
                let found = found.into_iter().map(|bytes| (key, bytes)).collect();
                let opened = self.open(found).await?.pop();
                Ok(StorageReply::Record(opened.map(|(_, bytes)| bytes)))
            }
            StorageTask::Replace { record, remove, .. } => {
                let mut sealed = self.seal(vec![record]).await?;
                let record = sealed.pop().unwrap_or_default();
                let connection = self.connection().await?;
                let _lock = Lock::acquire(self.host.remains(), &self.name).await?;
                transaction::replace(&connection, self.durability, &record, &remove).await
            }
            StorageTask::Close { .. } => {
                self.let_go();
                Ok(StorageReply::Closed)
            }
        }
    }

    async fn seal(&self, records: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, StorageError> {
        match &self.vault {
            Some(vault) => vault.pass(&self.name, Way::Seal, &records).await,
            None => Ok(records),
        }
    }

    async fn open(
        &self,
        records: Vec<(RecordKey, Vec<u8>)>,
    ) -> Result<Vec<(RecordKey, Vec<u8>)>, StorageError> {
        let Some(vault) = &self.vault else { return Ok(records) };
        let (keys, sealed): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let opened = vault.pass(&self.name, Way::Open, &sealed).await?;
        Ok(keys.into_iter().zip(opened).collect())
    }

    /// A connection that is lost while there is a task is told by that task, else at once.
    async fn connection(self: &Rc<Self>) -> Result<Rc<Connection>, StorageError> {
        if let Some(connection) = self.current() {
            return if connection.is_lost() { Err(StorageError::Closed) } else { Ok(connection) };
        }
        self.check_place()?;
        let database = Rc::downgrade(self);
        let on_lost = move || {
            if let Some(database) = database.upgrade() {
                database.on_lost();
            }
        };
        let connection = Rc::new(Connection::open(&self.host, &self.name, on_lost).await?);
        self.check_place()?;
        if let Ok(mut current) = self.connection.try_borrow_mut() {
            *current = Some(Rc::clone(&connection));
        }
        Ok(connection)
    }

    /// Sealing and opening take their time, and what comes behind what another one writes would hide it.
    fn check_place(&self) -> Result<(), StorageError> {
        if self.abandoned.get() { Err(StorageError::Closed) } else { Ok(()) }
    }

    fn on_lost(&self) {
        if !self.working.get() {
            self.let_go();
            self.host.feed(Input::StorageLost(self.name.clone()));
        }
    }

    fn current(&self) -> Option<Rc<Connection>> {
        self.connection.try_borrow().ok().and_then(|connection| connection.clone())
    }

    fn is_lost(&self) -> bool {
        self.current().is_some_and(|connection| connection.is_lost())
    }

    fn let_go(&self) {
        let gone =
            self.connection.try_borrow_mut().ok().and_then(|mut connection| connection.take());
        drop(gone);
    }
}
