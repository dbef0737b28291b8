//! A database on which a transaction of somebody else's never ends: nothing that is asked of it is answered, and nothing fails.

use js_sys::{Function, Promise};
use rejoin::io::{Input, StorageError, StorageReply};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::seat::Seat;
use crate::support::{Log, page, sleep};

#[wasm_bindgen_test]
async fn what_is_under_way_ends_at_once_and_is_written_before_what_follows_if_at_all() {
    let log = Log::new("hanging").await;
    log.append(&[b"before"]).await.unwrap();
    let release = page::occupy(&log.name).await;
    let stuck = log.start(log.appending(&[b"abandoned"]));
    sleep(100).await;
    assert_eq!(log.probe.heard(), []);
    log.storage.abandon(&log.name);
    assert_eq!(log.answer(stuck).await, Err(StorageError::Closed));
    page::call(&release);
    assert!(matches!(log.append(&[b"after"]).await, Ok(StorageReply::Written(_))));
    let records = log.records().await;
    assert_eq!(records.first().map(Vec::as_slice), Some(b"before".as_slice()));
    assert_eq!(records.last().map(Vec::as_slice), Some(b"after".as_slice()));
    assert_eq!(log.probe.heard(), Vec::<Input>::new());
}

#[wasm_bindgen_test]
async fn what_is_still_being_sealed_when_its_database_is_let_go_of_is_never_written() {
    let mut release = None;
    let gate = Promise::new(&mut |resolve, _| release = Some(resolve));
    let body = "return open ? records : gate.then(() => records)";
    let vault = Function::new_with_args("gate, database, open, records", body);
    let vault = vault.bind1(&JsValue::UNDEFINED, &gate);
    let name = Log::new("sealing").await.name;
    let log = Log::sealed(&name, Some(vault.unchecked_into::<Function>().into()));
    let stuck = log.start(log.appending(&[b"abandoned"]));
    sleep(10).await;
    log.storage.abandon(&name);
    page::call(&release.unwrap());
    assert_eq!(log.answer(stuck).await, Err(StorageError::Closed));
    log.append(&[b"after"]).await.unwrap();
    assert_eq!(log.records().await, [b"after"]);
}

#[wasm_bindgen_test]
async fn a_room_opens_in_memory_says_so_and_saves_everything_when_it_answers() {
    let config = |timeout: u32| json!({ "namespace": "hanging", "storageTimeout": timeout, "storageRetry": 50 });
    page::delete_database("rejoin/hanging/room").await;
    let before = Seat::new(config(30_000));
    let room = before.enter("room", false);
    before.ready().await;
    before.insert(room, 0, "before ").unwrap();
    before.saved().await;
    drop(before);

    let release = page::occupy("rejoin/hanging/room").await;
    let seat = Seat::new(config(200));
    let room = seat.enter("room", false);
    seat.event("error", |event| event["code"] == "E_STORAGE").await;
    seat.ready().await;
    seat.insert(room, 0, "meanwhile ").unwrap();
    // Nothing was written so far, and all of that was saved.
    seat.saved().await;
    seat.event("sync", |event| event["local"] == "unavailable").await;
    page::call(&release);
    seat.saved().await;
    assert!(["before meanwhile ", "meanwhile before "].contains(&seat.text(room).as_str()));
    drop(seat);

    let again = Seat::new(config(30_000));
    let room = again.enter("room", false);
    again.ready().await;
    assert_eq!(again.text(room).len(), "before meanwhile ".len());
}
