//! Messages of rooms, in the same database and the same transactions as their updates.

use std::hash::{BuildHasher, RandomState};

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{Batch, StoreError, record};
use crate::hub::StoredMessages;

/// Messages by room and number.
pub(super) const MESSAGES: TableDefinition<'_, (&str, u64), &[u8]> =
    TableDefinition::new("messages");
/// Numbers that hold for the whole database.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// The number that tells this database from all others.
const EPOCH: &str = "epoch";

/// Makes the tables, and the epoch of a new database.
pub(super) fn prepare(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(MESSAGES)?;
    let mut numbers = transaction.open_table(NUMBERS)?;
    if numbers.get(EPOCH)?.is_none() {
        numbers.insert(EPOCH, random_epoch())?;
    }
    Ok(())
}

/// The number of this database.
pub(super) fn epoch(transaction: &ReadTransaction) -> Result<u64, StoreError> {
    Ok(transaction.open_table(NUMBERS)?.get(EPOCH)?.map_or(0, |epoch| epoch.value()))
}

/// Reads the messages of a room. A damaged one is empty, so that the hub sees the hole.
pub(super) fn load(
    transaction: &ReadTransaction,
    room: &str,
) -> Result<StoredMessages, StoreError> {
    let epoch = epoch(transaction)?;
    let mut messages = Vec::new();
    for entry in transaction.open_table(MESSAGES)?.range((room, 0)..=(room, u64::MAX))? {
        let (key, stored) = entry?;
        let message = record::open(stored.value()).map(<[u8]>::to_vec);
        messages.push((key.value().1, message.unwrap_or_default()));
    }
    Ok(StoredMessages { epoch, messages })
}

/// Adds the messages of batches, and deletes those that are no longer kept.
pub(super) fn append(
    transaction: &WriteTransaction,
    batches: &[Batch<'_>],
) -> Result<(), StoreError> {
    if batches.iter().all(|batch| batch.records.messages.is_empty()) {
        return Ok(());
    }
    let mut table = transaction.open_table(MESSAGES)?;
    for Batch { room, records } in batches {
        for (seq, message) in &records.messages {
            table.insert((*room, *seq), record::seal(message).as_slice())?;
        }
        // Only behind newer ones: the last one, kept by nobody since it is damaged, still says which number comes next.
        if !records.messages.is_empty() {
            table.retain_in((*room, 0)..(*room, records.first), |_, _| false)?;
        }
    }
    Ok(())
}

/// Random, below 2⁵³ and not 0. The seed of a hash table is the system's randomness.
fn random_epoch() -> u64 {
    (RandomState::new().hash_one(EPOCH) >> 11).max(1)
}
