//! Rooms on disk: one file, one durable transaction a batch. Every record carries a checksum; one that
//! is damaged or refused is set aside with its bytes and the rest is still read.

mod error;
mod medium;
mod messages;
mod record;
mod revival;
pub mod worker;

use std::path::Path;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};
use rejoin::doc::{Content, Origin};

pub use error::StoreError;
pub use revival::Storage;

use crate::hub::{Record, RecordKey, StoredMessages, new_doc};
use medium::{File, Medium, Memory};

/// Updates by room and order.
const UPDATES: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("updates");
/// One snapshot a room: every record before the first of its updates.
const SNAPSHOTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("snapshots");
/// What could not be read, as it was stored, by room and order of finding.
const SET_ASIDE: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("set-aside");

/// Rooms on disk. Every call blocks.
#[derive(Debug)]
pub struct Store {
    /// Missing while it cannot be opened again.
    database: Option<Database>,
    medium: Box<dyn Medium>,
    life: Life,
}

/// How long what is stored lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Longer than the process.
    Disk,
    /// As long as the process.
    Memory,
}

/// What was read of a room.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The snapshot, then updates in order.
    pub records: Vec<Record>,
    /// Damaged records, set aside by now.
    pub damaged: Vec<RecordKey>,
    /// Messages in order. Damaged ones are empty.
    pub messages: StoredMessages,
}

/// What a room has to store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Updates, in order.
    pub updates: Vec<Vec<u8>>,
    /// Messages with their numbers, in order.
    pub messages: Vec<(u64, Vec<u8>)>,
    /// Number of the oldest message to keep.
    pub first: u64,
}

/// What to append to one room.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The room.
    pub room: &'a str,
    /// What.
    pub records: &'a Records,
}

impl Store {
    /// Opens or makes the database in a directory. A crash of an earlier process is repaired.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::prepare(Box::new(File::within(directory)?), Life::Disk)
    }

    /// A database that lives as long as the process.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Box::new(Memory), Life::Memory)
    }

    fn prepare(medium: Box<dyn Medium>, life: Life) -> Result<Self, StoreError> {
        let store = Self { database: Some(medium.create()?), medium, life };
        store.make_tables()?;
        Ok(store)
    }

    /// Closes the database and opens it again: after a failure of the disk it takes nothing more.
    pub(crate) fn reopen(&mut self) -> Result<(), StoreError> {
        self.database = None;
        self.database = Some(self.medium.reopen()?);
        self.make_tables()
    }

    fn make_tables(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(UPDATES)?;
            transaction.open_table(SNAPSHOTS)?;
            transaction.open_table(SET_ASIDE)?;
            messages::prepare(transaction)
        })
    }

    /// A random number that tells this store from one that was made anew in its place. 0 for one in memory, which is made
    /// anew each time: its clients bring back what they have, and are not asked.
    pub fn epoch(&self) -> Result<u64, StoreError> {
        match self.life {
            Life::Disk => messages::epoch(&self.read()?),
            Life::Memory => Ok(0),
        }
    }

    /// Reads a room. Damaged records are set aside first.
    pub fn load(&self, room: &str) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded::default();
        let transaction = self.read()?;
        if let Some(stored) = transaction.open_table(SNAPSHOTS)?.get(room)? {
            loaded.take(RecordKey::Snapshot, stored.value());
        }
        for entry in transaction.open_table(UPDATES)?.range((room, 0)..=(room, u64::MAX))? {
            let (key, stored) = entry?;
            loaded.take(RecordKey::Update(key.value().1), stored.value());
        }
        loaded.messages = messages::load(&transaction, room)?;
        for key in &loaded.damaged {
            self.set_aside(room, *key)?;
        }
        Ok(loaded)
    }

    /// Appends batches, all of them in one transaction. Durable when it returns `Ok`.
    pub fn append(&self, batches: &[Batch<'_>]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(UPDATES)?;
            for Batch { room, records } in batches {
                let last = table.range((*room, 0)..=(*room, u64::MAX))?.next_back().transpose()?;
                let mut key = last.map_or(0, |(key, _)| key.value().1);
                for update in &records.updates {
                    key += 1;
                    table.insert((*room, key), record::seal(update).as_slice())?;
                }
            }
            messages::append(transaction, batches)
        })
    }

    /// Puts a snapshot in the place of all records of a room, if a document read from it has this content.
    pub fn compact(
        &self,
        room: &str,
        snapshot: &[u8],
        content: &Content,
    ) -> Result<(), StoreError> {
        let mut doc = new_doc();
        doc.apply(snapshot, Origin::Storage)?;
        if doc.content() != *content {
            return Err(StoreError::Unfaithful);
        }
        self.write(|transaction| {
            let sealed = record::seal(snapshot);
            transaction.open_table(SNAPSHOTS)?.insert(room, sealed.as_slice())?;
            transaction
                .open_table(UPDATES)?
                .retain_in((room, 0)..=(room, u64::MAX), |_, _| false)?;
            Ok(())
        })
    }

    /// Moves a record out of the way, as it is stored.
    pub fn set_aside(&self, room: &str, key: RecordKey) -> Result<(), StoreError> {
        self.write(|transaction| {
            let stored = take_record(transaction, room, key)?;
            let mut table = transaction.open_table(SET_ASIDE)?;
            let last = table.range((room, 0)..=(room, u64::MAX))?.next_back().transpose()?;
            let next = last.map_or(0, |(key, _)| key.value().1) + 1;
            if let Some(stored) = stored {
                table.insert((room, next), stored.as_slice())?;
            }
            Ok(())
        })
    }

    /// What was set aside of a room, as it was stored: a checksum of four bytes, then the update.
    pub fn read_set_aside(&self, room: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let table = self.read()?.open_table(SET_ASIDE)?;
        let mut found = Vec::new();
        for entry in table.range((room, 0)..=(room, u64::MAX))? {
            found.push(entry?.1.value().to_vec());
        }
        Ok(found)
    }

    fn read(&self) -> Result<ReadTransaction, StoreError> {
        Ok(self.database()?.begin_read()?)
    }

    fn write(
        &self,
        act: impl FnOnce(&WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.database()?.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        act(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.database.as_ref().ok_or(StoreError::Closed)
    }
}

impl Loaded {
    fn take(&mut self, key: RecordKey, stored: &[u8]) {
        match record::open(stored) {
            Some(update) => self.records.push(Record { key, update: update.to_vec() }),
            None => self.damaged.push(key),
        }
    }
}

fn take_record(
    transaction: &WriteTransaction,
    room: &str,
    key: RecordKey,
) -> Result<Option<Vec<u8>>, StoreError> {
    let stored = match key {
        RecordKey::Snapshot => {
            let mut table = transaction.open_table(SNAPSHOTS)?;
            table.remove(room)?.map(|stored| stored.value().to_vec())
        }
        RecordKey::Update(key) => {
            let mut table = transaction.open_table(UPDATES)?;
            table.remove((room, key))?.map(|stored| stored.value().to_vec())
        }
    };
    Ok(stored)
}

#[cfg(test)]
mod tests;
