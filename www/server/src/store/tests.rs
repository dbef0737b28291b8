use redb::ReadableTableMetadata;
use rejoin::doc::Doc;
use tempfile::TempDir;
use yrs::{Text, Transact};

use super::medium::{FILE, pause};
use super::*;

const ROOM: &str = "demo";

/// Updates that type `text`, one a character.
fn typed(client: u64, text: &str) -> Vec<Vec<u8>> {
    let doc = yrs::Doc::with_client_id(client);
    let root = doc.get_or_insert_text("text");
    let mut updates = Vec::new();
    for (index, character) in text.chars().enumerate() {
        let mut transaction = doc.transact_mut();
        root.insert(&mut transaction, index as u32, &character.to_string());
        updates.push(transaction.encode_update_v1());
    }
    updates
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn open(directory: &TempDir) -> Store {
    Store::open(directory.path()).expect("a database")
}

fn append(store: &Store, room: &str, updates: &[Vec<u8>]) {
    let records = Records { updates: updates.to_vec(), ..Records::default() };
    store.append(&[Batch { room, records: &records }]).expect("space on the disk");
}

fn updates_of(store: &Store, room: &str) -> Vec<Vec<u8>> {
    let records = store.load(room).expect("a readable database").records;
    records.into_iter().map(|record| record.update).collect()
}

fn doc_of(updates: &[Vec<u8>]) -> Doc {
    let mut doc = new_doc();
    for update in updates {
        doc.apply(update, Origin::Storage).expect("a good update");
    }
    doc
}

/// Flips a byte of a stored record, behind the store's back.
fn damage(store: &Store, room: &str, key: u64) {
    let change = |transaction: &WriteTransaction| {
        let mut table = transaction.open_table(UPDATES)?;
        let mut stored = table.get((room, key))?.expect("the record").value().to_vec();
        let last = stored.len() - 1;
        stored[last] ^= 1;
        table.insert((room, key), stored.as_slice())?;
        Ok(())
    };
    store.write(change).expect("space on the disk");
}

mod disk;

#[test]
fn updates_come_back_in_order_and_rooms_stay_apart() {
    let store = Store::in_memory().expect("memory");
    let (one, two) = (typed(1, "one"), typed(2, "two"));
    append(&store, "a", &one[..2]);
    append(&store, "ab", &two);
    append(&store, "a", &one[2..]);
    assert_eq!(updates_of(&store, "a"), one);
    assert_eq!(updates_of(&store, "ab"), two);
    assert!(updates_of(&store, "b").is_empty());
}

#[test]
fn what_was_appended_is_there_when_the_file_is_opened_again() {
    let directory = directory();
    let updates = typed(1, "hello");
    append(&open(&directory), ROOM, &updates);
    assert_eq!(updates_of(&open(&directory), ROOM), updates);
}

#[test]
fn a_file_copied_while_the_database_is_open_has_everything_that_was_appended() {
    let (live, copy) = (directory(), directory());
    let store = open(&live);
    let updates = typed(1, "hello");
    for (count, update) in updates.iter().enumerate() {
        append(&store, ROOM, std::slice::from_ref(update));
        std::fs::copy(live.path().join(FILE), copy.path().join(FILE)).expect("a copy");
        assert_eq!(updates_of(&open(&copy), ROOM), updates[..=count], "as if killed here");
    }
}

#[test]
fn a_second_process_is_told_that_the_database_is_in_use() {
    let directory = directory();
    let _store = open(&directory);
    let error = Store::open(directory.path()).expect_err("in use");
    assert!(matches!(error, StoreError::Open(redb::DatabaseError::DatabaseAlreadyOpen)), "{error}");
}

#[test]
fn a_snapshot_stands_for_all_records_and_later_updates_follow_it() {
    let store = Store::in_memory().expect("memory");
    let updates = typed(1, "hello world");
    append(&store, ROOM, &updates[..5]);
    let doc = doc_of(&updates[..5]);
    store.compact(ROOM, &doc.encode_state(), &doc.content()).expect("a faithful snapshot");
    append(&store, ROOM, &updates[5..]);
    let loaded = store.load(ROOM).expect("a readable database").records;
    let keys: Vec<RecordKey> = loaded.iter().map(|record| record.key).collect();
    assert_eq!(keys[..2], [RecordKey::Snapshot, RecordKey::Update(1)]);
    assert_eq!(keys.len(), 7);
    assert_eq!(doc_of(&updates_of(&store, ROOM)).content(), doc_of(&updates).content());
}

#[test]
fn a_snapshot_that_is_another_document_replaces_nothing() {
    let store = Store::in_memory().expect("memory");
    let updates = typed(1, "hello");
    append(&store, ROOM, &updates);
    let (other, full) = (doc_of(&updates[..3]), doc_of(&updates));
    let unfaithful = store.compact(ROOM, &other.encode_state(), &full.content());
    assert!(matches!(unfaithful, Err(StoreError::Unfaithful)));
    let unreadable = store.compact(ROOM, &[1, 2, 3], &full.content());
    assert!(matches!(unreadable, Err(StoreError::Unreadable(_))));
    assert_eq!(updates_of(&store, ROOM), updates);
}

#[test]
fn a_damaged_record_is_set_aside_with_its_bytes_and_told_once() {
    let store = Store::in_memory().expect("memory");
    let updates = typed(1, "abc");
    append(&store, ROOM, &updates);
    damage(&store, ROOM, 2);
    let loaded = store.load(ROOM).expect("a readable database");
    assert_eq!(loaded.damaged, [RecordKey::Update(2)]);
    assert_eq!(loaded.records.len(), 2);
    let aside = store.read_set_aside(ROOM).expect("a readable database");
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].len(), updates[1].len() + 4);
    let again = store.load(ROOM).expect("a readable database");
    assert_eq!((again.damaged.len(), again.records.len()), (0, 2));
}

#[test]
fn a_snapshot_can_be_set_aside_too() {
    let store = Store::in_memory().expect("memory");
    let doc = doc_of(&typed(1, "abc"));
    store.compact(ROOM, &doc.encode_state(), &doc.content()).expect("a faithful snapshot");
    store.set_aside(ROOM, RecordKey::Snapshot).expect("space on the disk");
    assert!(updates_of(&store, ROOM).is_empty());
    assert_eq!(store.read_set_aside(ROOM).expect("a readable database").len(), 1);
}

#[test]
fn the_worker_answers_in_order_and_finishes_before_it_closes() {
    use std::sync::mpsc::channel;

    use crate::hub::{HubInput, RoomName, Ticket};

    let directory = directory();
    let (answers, answered) = channel();
    let send = move |answer| answers.send(answer).expect("the test listens");
    let mut worker = worker::Worker::start(open(&directory), send).expect("a thread");
    let room = RoomName::from(ROOM);
    let updates = typed(1, "abcdef");
    worker.ask(worker::Task::Load(room.clone(), Ticket(0)));
    for (ticket, update) in (1..).zip(&updates) {
        let records = Records { updates: vec![update.clone()], ..Records::default() };
        worker.ask(worker::Task::Append(room.clone(), Ticket(ticket), records));
    }
    worker.close();
    let tickets: Vec<u64> = answered
        .try_iter()
        .map(|answer| match answer {
            HubInput::Loaded { ticket, result: Ok(_), .. }
            | HubInput::Stored { ticket, result: Ok(()), .. } => ticket.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tickets, [0, 1, 2, 3, 4, 5, 6]);
    let store = {
        drop(worker);
        open(&directory)
    };
    assert_eq!(updates_of(&store, ROOM), updates);
    let transaction = store.read().expect("a readable database");
    assert_eq!(transaction.open_table(UPDATES).expect("the table").len().expect("its length"), 6);
}

fn append_messages(store: &Store, room: &str, numbers: std::ops::RangeInclusive<u64>, first: u64) {
    let messages = numbers.map(|seq| (seq, format!("message {seq}").into_bytes())).collect();
    let records = Records { messages, first, ..Records::default() };
    store.append(&[Batch { room, records: &records }]).expect("space on the disk");
}

fn messages_of(store: &Store, room: &str) -> Vec<(u64, String)> {
    let messages = store.load(room).expect("a readable database").messages.messages;
    let text = |bytes| String::from_utf8(bytes).expect("text");
    messages.into_iter().map(|(seq, bytes)| (seq, text(bytes))).collect()
}

#[test]
fn messages_are_kept_by_room_and_number_and_trimmed_with_the_next_ones() {
    let directory = directory();
    let store = open(&directory);
    append_messages(&store, "a", 1..=3, 1);
    append_messages(&store, "ab", 1..=1, 1);
    append_messages(&store, "a", 4..=5, 3);
    drop(store);
    let store = open(&directory);
    let kept: Vec<u64> = messages_of(&store, "a").into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(kept, [3, 4, 5]);
    assert_eq!(messages_of(&store, "ab"), [(1, "message 1".to_owned())]);
    assert!(store.load("a").expect("a readable database").records.is_empty());
}

#[test]
fn a_damaged_message_shows_as_a_hole() {
    let store = Store::in_memory().expect("memory");
    append_messages(&store, ROOM, 1..=3, 1);
    let change = |transaction: &WriteTransaction| {
        let mut table = transaction.open_table(messages::MESSAGES)?;
        table.insert((ROOM, 2), b"damaged".as_slice())?;
        Ok(())
    };
    store.write(change).expect("space on the disk");
    let stored = messages_of(&store, ROOM);
    assert_eq!(stored[1], (2, String::new()));
}

#[test]
fn each_database_has_an_epoch_of_its_own_for_good() {
    let directory = directory();
    let epoch = |store: &Store| store.load(ROOM).expect("a readable database").messages.epoch;
    let first = epoch(&open(&directory));
    assert_eq!(epoch(&open(&directory)), first);
    assert!(first > 0 && first < 1 << 53);
    assert_ne!(epoch(&Store::in_memory().expect("memory")), first);
}

#[test]
fn a_file_that_its_last_owner_is_about_to_let_go_of_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let owner = Store::open(directory.path()).unwrap();
    let (waiting, is_waiting) = std::sync::mpsc::channel();
    let path = directory.path().to_owned();
    let heir = std::thread::spawn(move || {
        waiting.send(()).unwrap();
        Store::open(&path).map(drop)
    });
    is_waiting.recv().unwrap();
    // Long enough to be refused once, not long enough to be given up.
    pause();
    drop(owner);
    assert!(heir.join().unwrap().is_ok());
}
