//! What the browser may do to a database, and how it is told.

use rejoin::io::{Input, RecordKey, StorageError, StorageReply, StorageTask};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Log, page};

#[wasm_bindgen_test]
async fn a_connection_lost_between_tasks_is_told_at_once_and_the_next_task_reopens() {
    let log = Log::new("lost").await;
    log.append(&[b"gone"]).await.unwrap();
    page::delete_database(&log.name).await;
    assert_eq!(log.probe.next().await, Input::StorageLost(log.name.clone()));
    assert_eq!(log.append(&[b"first"]).await, Ok(StorageReply::Written(vec![RecordKey(1)])));
    assert_eq!(log.records().await, [b"first"]);
    assert_eq!(log.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn a_connection_lost_in_a_commit_whose_end_is_never_told_is_told_by_its_task() {
    let log = Log::new("lost-commit").await;
    log.append(&[b"before"]).await.unwrap();
    for task in [log.appending(&[b"lost"]), replacing(&log)] {
        page::close_in_commit();
        assert_eq!(log.run(task).await, Err(StorageError::Closed));
        log.append(&[b"after"]).await.unwrap();
    }
    assert_eq!(log.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn of_many_tasks_the_one_that_loses_its_database_says_so_and_the_others_go_on() {
    let log = Log::new("lost-queue").await;
    log.append(&[b"gone"]).await.unwrap();
    let tasks: Vec<_> = (0..20).map(|_| log.start(log.appending(&[b"x"]))).collect();
    page::delete_database(&log.name).await;
    let mut lost = 0;
    for id in tasks {
        lost += usize::from(log.answer(id).await == Err(StorageError::Closed));
    }
    let told = log.probe.heard();
    assert!(told.iter().all(|input| *input == Input::StorageLost(log.name.clone())), "{told:?}");
    assert_eq!(lost + told.len(), 1);
}

#[wasm_bindgen_test]
async fn a_load_after_a_lost_connection_shows_what_is_there() {
    let log = Log::new("lost-load").await;
    log.append(&[b"gone"]).await.unwrap();
    page::delete_database(&log.name).await;
    assert_eq!(log.probe.next().await, Input::StorageLost(log.name.clone()));
    assert_eq!(log.load().await, Ok(StorageReply::Loaded(Vec::new())));
}

#[wasm_bindgen_test]
async fn a_newer_version_made_by_another_tab_is_not_blocked_and_then_told() {
    let log = Log::new("version").await;
    log.append(&[b"old"]).await.unwrap();
    assert!(page::upgrade(&log.name).await, "we blocked the upgrade");
    assert_eq!(log.probe.next().await, Input::StorageLost(log.name.clone()));
    assert_eq!(log.append(&[b"lost"]).await, Err(StorageError::Version));
    assert_eq!(log.load().await, Err(StorageError::Version));
    page::delete_database(&log.name).await;
}

#[wasm_bindgen_test]
async fn a_deletion_that_another_tab_blocks_blocks_us_for_a_bounded_time() {
    let log = Log::new("blocked").await;
    log.append(&[b"x"]).await.unwrap();
    log.run(StorageTask::Close { database: log.name.clone() }).await.unwrap();
    let let_go = page::open_stubbornly(&log.name).await;
    page::start_deletion(&log.name);
    assert_eq!(log.load().await, Err(StorageError::Blocked));
    page::call(&let_go);
    assert_eq!(log.load().await, Ok(StorageReply::Loaded(Vec::new())));
    page::delete_database(&log.name).await;
}

#[wasm_bindgen_test]
async fn a_full_disk_is_told_and_leaves_the_log_as_it_was() {
    let log = Log::new("quota").await;
    log.append(&[b"a"]).await.unwrap();
    let repair = page::sabotage("IDBObjectStore", "add", "QuotaExceededError");
    let refused = log.append(&[b"b"]).await;
    page::call(&repair);
    assert_eq!(refused, Err(StorageError::Quota));
    assert_eq!(log.append(&[b"c"]).await, Ok(StorageReply::Written(vec![RecordKey(2)])));
    assert_eq!(log.records().await, [b"a", b"c"]);
}

#[wasm_bindgen_test]
async fn a_connection_the_browser_closed_is_reopened() {
    let log = Log::new("closing").await;
    log.append(&[b"a"]).await.unwrap();
    let repair = page::sabotage("IDBDatabase", "transaction", "InvalidStateError");
    let refused = log.append(&[b"b"]).await;
    page::call(&repair);
    assert_eq!(refused, Err(StorageError::Closed));
    log.append(&[b"c"]).await.unwrap();
    assert_eq!(log.records().await, [b"a", b"c"]);
}

#[wasm_bindgen_test]
async fn a_browser_without_databases_says_so() {
    let log = Log::new("absent").await;
    let restore = page::hide("indexedDB");
    let answer = log.load().await;
    page::call(&restore);
    assert_eq!(answer, Err(StorageError::Unavailable));
    assert_eq!(log.load().await, Ok(StorageReply::Loaded(Vec::new())));
}

#[wasm_bindgen_test]
async fn a_forbidden_database_is_unavailable() {
    let log = Log::new("forbidden").await;
    let repair = page::sabotage("IDBFactory", "open", "SecurityError");
    let answer = log.load().await;
    page::call(&repair);
    assert_eq!(answer, Err(StorageError::Unavailable));
}

fn replacing(log: &Log) -> StorageTask {
    StorageTask::Replace { database: log.name.clone(), record: b"all".to_vec(), remove: Vec::new() }
}
