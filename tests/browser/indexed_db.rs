//! The log in the browser's database: what is written, in which order, and what a second tab sees.

use rejoin::io::{RecordKey, StorageReply, StorageTask};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Log, page};

#[wasm_bindgen_test]
async fn loading_a_new_database_finds_nothing_and_writes_nothing() {
    let log = Log::new("new").await;
    assert_eq!(log.load().await, Ok(StorageReply::Loaded(Vec::new())));
    assert_eq!(page::count_records(&log.name).await, 0.0);
}

#[wasm_bindgen_test]
async fn records_keep_their_order_and_get_growing_keys() {
    let log = Log::new("order").await;
    let first = log.append(&[b"one", b"two"]).await;
    let second = log.append(&[b"three"]).await;
    assert_eq!(first, Ok(StorageReply::Written(vec![RecordKey(1), RecordKey(2)])));
    assert_eq!(second, Ok(StorageReply::Written(vec![RecordKey(3)])));
    let all = [(1, b"one".to_vec()), (2, b"two".to_vec()), (3, b"three".to_vec())];
    let expected = all.map(|(key, bytes)| (RecordKey(key), bytes)).to_vec();
    assert_eq!(log.load().await, Ok(StorageReply::Loaded(expected)));
}

#[wasm_bindgen_test]
async fn tasks_are_answered_in_the_order_they_were_given() {
    let log = Log::new("queue").await;
    let mut tasks = Vec::new();
    for byte in 0..20u8 {
        tasks.push(log.start(log.appending(&[&[byte]])));
    }
    for (place, id) in tasks.into_iter().enumerate() {
        let key = RecordKey(place as u64 + 1);
        assert_eq!(log.answer(id).await, Ok(StorageReply::Written(vec![key])));
    }
    assert_eq!(log.records().await, (0..20).map(|byte| vec![byte]).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn an_answered_record_is_there_for_another_connection() {
    let log = Log::new("second-tab").await;
    log.append(&[b"mine"]).await.unwrap();
    let other = Log::reopen(&log.name);
    assert_eq!(other.records().await, [b"mine"]);
    other.append(&[b"theirs"]).await.unwrap();
    assert_eq!(log.records().await, [b"mine".to_vec(), b"theirs".to_vec()]);
}

#[wasm_bindgen_test]
async fn a_closed_database_opens_again_and_has_everything() {
    let log = Log::new("close").await;
    log.append(&[b"kept"]).await.unwrap();
    let close = StorageTask::Close { database: log.name.clone() };
    assert_eq!(log.run(close).await, Ok(StorageReply::Closed));
    assert!(page::upgrade(&log.name).await, "the connection was still open");
    page::delete_database(&log.name).await;
    assert_eq!(log.append(&[b"new"]).await, Ok(StorageReply::Written(vec![RecordKey(1)])));
}

#[wasm_bindgen_test]
async fn one_record_can_be_read_back_and_a_missing_one_is_none() {
    let log = Log::new("read").await;
    log.append(&[b"one", b""]).await.unwrap();
    let read = |key| StorageTask::Read { database: log.name.clone(), key: RecordKey(key) };
    assert_eq!(log.run(read(1)).await, Ok(StorageReply::Record(Some(b"one".to_vec()))));
    assert_eq!(log.run(read(2)).await, Ok(StorageReply::Record(Some(Vec::new()))));
    assert_eq!(log.run(read(3)).await, Ok(StorageReply::Record(None)));
}

#[wasm_bindgen_test]
async fn replacing_adds_the_snapshot_and_takes_only_the_named_records() {
    let log = Log::new("replace").await;
    log.append(&[b"a", b"b", b"c"]).await.unwrap();
    let replaced = log.run(replacing(&log, &[1, 2])).await;
    assert_eq!(replaced, Ok(StorageReply::Written(vec![RecordKey(4)])));
    assert_eq!(log.records().await, [b"c".to_vec(), b"snapshot".to_vec()]);
}

#[wasm_bindgen_test]
async fn a_replacement_that_fails_half_way_changes_nothing() {
    let log = Log::new("atomic").await;
    log.append(&[b"a", b"b"]).await.unwrap();
    let repair = page::sabotage("IDBObjectStore", "delete", "DataError");
    let failed = log.run(replacing(&log, &[1, 2])).await;
    page::call(&repair);
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(log.records().await, [b"a", b"b"]);
}

#[wasm_bindgen_test]
async fn another_connection_sees_a_replacement_whole_or_not_at_all() {
    let log = Log::new("isolated").await;
    log.append(&[b"a", b"b"]).await.unwrap();
    let other = Log::reopen(&log.name);
    other.load().await.unwrap();
    let replacement = log.start(replacing(&log, &[1, 2]));
    let (before, after) = (vec![b"a".to_vec(), b"b".to_vec()], vec![b"snapshot".to_vec()]);
    for _ in 0..20 {
        let seen = other.records().await;
        assert!(seen == before || seen == after, "{seen:?}");
    }
    log.answer(replacement).await.unwrap();
    assert_eq!(other.records().await, after);
}

#[wasm_bindgen_test]
async fn appending_nothing_writes_nothing() {
    let log = Log::new("empty").await;
    assert_eq!(log.append(&[]).await, Ok(StorageReply::Written(Vec::new())));
    assert_eq!(page::count_records(&log.name).await, -1.0);
}

fn replacing(log: &Log, remove: &[u64]) -> StorageTask {
    StorageTask::Replace {
        database: log.name.clone(),
        record: b"snapshot".to_vec(),
        remove: remove.iter().map(|key| RecordKey(*key)).collect(),
    }
}
