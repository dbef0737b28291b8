//! The thread that does what the hub asks of the disk, in order; appends that wait become one transaction.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use rejoin::doc::Content;

use super::revival::{Revival, Signal};
use super::{Batch, Loaded, Records, Storage, Store, StoreError};
use crate::hub::{HubInput, RecordKey, RoomName, StoreFailure, StoredMessages, Ticket};

/// Most tasks of one transaction.
const MAX_BATCH: usize = 256;

/// A task for the disk, as the hub put it.
#[derive(Debug)]
pub enum Task {
    /// Read a room.
    Load(RoomName, Ticket),
    /// Append updates and messages.
    Append(RoomName, Ticket, Records),
    /// Put a snapshot with this content in the place of a room's records.
    Compact(RoomName, Ticket, Vec<u8>, Content),
    /// Move a record out of the way.
    SetAside(RoomName, RecordKey),
}

/// The thread. It ends, with everything done, when it is closed or dropped.
#[derive(Debug)]
pub struct Worker {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    signal: Signal,
}

impl Worker {
    /// Starts the thread; `answer` is called on it.
    pub fn start(
        store: Store,
        answer: impl FnMut(HubInput) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (tasks, inbox) = channel();
        let signal = Signal::default();
        let store = Revival::new(store, signal.clone());
        let thread = std::thread::Builder::new().name("store".to_owned());
        let thread = thread.spawn(move || run(store, &inbox, answer))?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread), signal })
    }

    /// Whether the disk takes anything.
    pub fn storage(&self) -> Storage {
        self.signal.storage()
    }

    /// Queues a task.
    pub fn ask(&self, task: Task) {
        let sent = self.tasks.as_ref().map(|tasks| tasks.send(task));
        if !matches!(sent, Some(Ok(()))) {
            tracing::error!("the storage thread is gone");
        }
    }

    /// Waits until everything asked for is done. Blocks.
    pub fn close(&mut self) {
        self.tasks = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the storage thread panicked");
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(mut store: Revival, inbox: &Receiver<Task>, mut answer: impl FnMut(HubInput)) {
    let mut next = receive(&mut store, inbox);
    while let Some(task) = next.take() {
        match task {
            Task::Append(room, ticket, records) => {
                let mut batch = vec![(room, ticket, records)];
                next = collect(inbox, &mut batch);
                append(&mut store, batch, &mut answer);
            }
            Task::Load(room, ticket) => answer(load(&mut store, room, ticket)),
            Task::Compact(room, ticket, snapshot, content) => {
                let result = store.attempt(|store| store.compact(&room, &snapshot, &content));
                let result = result.map_err(failure);
                answer(HubInput::Compacted { room, ticket, result });
            }
            Task::SetAside(room, key) => {
                if let Err(error) = store.attempt(|store| store.set_aside(&room, key)) {
                    tracing::error!(%room, ?key, %error, "a record could not be set aside");
                }
            }
        }
        next = next.or_else(|| receive(&mut store, inbox));
    }
}

/// Waits for a task, and meanwhile for the disk, if that failed.
fn receive(store: &mut Revival, inbox: &Receiver<Task>) -> Option<Task> {
    loop {
        match inbox.recv_timeout(store.wait()) {
            Ok(task) => return Some(task),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

type Append = (RoomName, Ticket, Records);

/// Takes the appends that wait already; returns the first task that is none.
fn collect(inbox: &Receiver<Task>, batch: &mut Vec<Append>) -> Option<Task> {
    while batch.len() < MAX_BATCH {
        match inbox.try_recv().ok()? {
            Task::Append(room, ticket, records) => batch.push((room, ticket, records)),
            other => return Some(other),
        }
    }
    None
}

fn append(store: &mut Revival, batch: Vec<Append>, answer: &mut impl FnMut(HubInput)) {
    let batches: Vec<Batch<'_>> =
        batch.iter().map(|(room, _, records)| Batch { room, records }).collect();
    let result = store.attempt(|store| store.append(&batches)).map_err(failure);
    for (room, ticket, _) in batch {
        answer(HubInput::Stored { room, ticket, result: result.clone() });
    }
}

fn load(store: &mut Revival, room: RoomName, ticket: Ticket) -> HubInput {
    let (result, messages) = match store.attempt(|store| store.load(&room)) {
        Ok(Loaded { records, damaged, messages }) => {
            for key in &damaged {
                tracing::error!(%room, ?key, "a damaged record was set aside; clients that have its content bring it back");
            }
            (Ok(records), messages)
        }
        Err(error) => (Err(failure(error)), StoredMessages::default()),
    };
    HubInput::Loaded { room, ticket, result, messages }
}

fn failure(error: StoreError) -> StoreFailure {
    StoreFailure(error.to_string())
}
