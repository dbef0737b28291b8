//! Compaction happens under a Web Lock named like the database.

use rejoin::io::{RecordKey, StorageError, StorageReply, StorageTask};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Log, page, sleep};

#[wasm_bindgen_test]
async fn a_lock_held_by_another_tab_delays_the_replacement() {
    let log = Log::new("lock").await;
    log.append(&[b"a"]).await.unwrap();
    let release = page::hold_lock(&log.name).await;
    let replacement = log.start(replacing(&log));
    sleep(300).await;
    assert_eq!(log.probe.heard(), []);
    assert_eq!(page::count_records(&log.name).await, 1.0);
    page::call(&release);
    assert_eq!(log.answer(replacement).await, Ok(StorageReply::Written(vec![RecordKey(2)])));
    assert_eq!(log.records().await, [b"snapshot"]);
}

#[wasm_bindgen_test]
async fn a_lock_held_too_long_blocks_the_replacement_but_nothing_else() {
    let log = Log::new("lock-long").await;
    log.append(&[b"a"]).await.unwrap();
    let release = page::hold_lock(&log.name).await;
    assert_eq!(log.run(replacing(&log)).await, Err(StorageError::Blocked));
    assert_eq!(log.append(&[b"b"]).await, Ok(StorageReply::Written(vec![RecordKey(2)])));
    page::call(&release);
    assert_eq!(log.records().await, [b"a", b"b"]);
}

#[wasm_bindgen_test]
async fn the_lock_is_given_back_afterwards() {
    let log = Log::new("lock-back").await;
    log.append(&[b"a"]).await.unwrap();
    log.run(replacing(&log)).await.unwrap();
    let release = page::hold_lock(&log.name).await;
    page::call(&release);
}

#[wasm_bindgen_test]
async fn a_browser_without_locks_replaces_all_the_same() {
    let log = Log::new("lock-none").await;
    log.append(&[b"a"]).await.unwrap();
    let repair = page::sabotage("LockManager", "request", "NotSupportedError");
    let replaced = log.run(replacing(&log)).await;
    page::call(&repair);
    assert_eq!(replaced, Ok(StorageReply::Written(vec![RecordKey(2)])));
}

fn replacing(log: &Log) -> StorageTask {
    let (database, record) = (log.name.clone(), b"snapshot".to_vec());
    StorageTask::Replace { database, record, remove: vec![RecordKey(1)] }
}
