//! A disk that fails for a while.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

use redb::backends::FileBackend;
use redb::{DatabaseError, StorageBackend};

use super::*;
use crate::hub::{HubInput, RoomName, Ticket};
use crate::store::worker::{Task, Worker};

/// A file on a disk that is full while the switch is on.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> io::Result<()> {
        if self.full.load(Ordering::Relaxed) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

/// Where such a file is.
#[derive(Debug)]
struct Unsteady {
    directory: TempDir,
    full: Arc<AtomicBool>,
}

impl Medium for Unsteady {
    fn create(&self) -> Result<Database, DatabaseError> {
        let path = self.directory.path().join(FILE);
        let mut options = std::fs::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let disk = Disk { file: FileBackend::new(file)?, full: self.full.clone() };
        Database::builder().create_with_backend(disk)
    }

    fn reopen(&self) -> Result<Database, DatabaseError> {
        self.create()
    }
}

fn unsteady() -> (Store, Arc<AtomicBool>) {
    let full = Arc::new(AtomicBool::new(false));
    let medium = Unsteady { directory: directory(), full: full.clone() };
    (Store::prepare(Box::new(medium), Life::Disk).expect("a database"), full)
}

/// What the storage thread answers to an update.
fn ask_to_store(worker: &Worker, answers: &Receiver<HubInput>, update: &[u8]) -> bool {
    let records = Records { updates: vec![update.to_vec()], ..Records::default() };
    worker.ask(Task::Append(RoomName::from(ROOM), Ticket(0), records));
    match answers.recv() {
        Ok(HubInput::Stored { result, .. }) => result.is_ok(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_disk_that_was_full_for_a_while_takes_updates_again_without_a_restart() {
    let (store, full) = unsteady();
    let (answer, answers) = channel();
    let worker = Worker::start(store, move |input| answer.send(input).expect("a listener"));
    let worker = worker.expect("a thread");
    let updates = typed(1, "abc");
    assert!(ask_to_store(&worker, &answers, &updates[0]));

    full.store(true, Ordering::Relaxed);
    assert!(!ask_to_store(&worker, &answers, &updates[1]));
    assert!(!ask_to_store(&worker, &answers, &updates[1]));
    assert_eq!(worker.storage(), Storage::Failed);

    full.store(false, Ordering::Relaxed);
    while worker.storage() == Storage::Failed {
        pause();
    }
    assert!(ask_to_store(&worker, &answers, &updates[1]));
    worker.ask(Task::Load(RoomName::from(ROOM), Ticket(1)));
    let Ok(HubInput::Loaded { result: Ok(records), .. }) = answers.recv() else {
        panic!("not loaded");
    };
    let stored: Vec<Vec<u8>> = records.into_iter().map(|record| record.update).collect();
    assert_eq!(stored, updates[..2]);
}

#[test]
fn a_file_that_is_gone_is_not_replaced_by_an_empty_one() {
    let directory = directory();
    let mut store = open(&directory);
    append(&store, ROOM, &typed(1, "abc"));
    std::fs::remove_file(directory.path().join(FILE)).expect("a file");
    assert!(matches!(store.reopen(), Err(StoreError::Open(_))));
    assert!(matches!(store.load(ROOM), Err(StoreError::Closed)));
    assert!(!directory.path().join(FILE).exists());
}
