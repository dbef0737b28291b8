//! The web driver in a worker, which has no document and no window: the same tests as in a page.
#![cfg(target_family = "wasm")]
#![allow(clippy::option_env_unwrap, clippy::type_complexity, clippy::await_holding_refcell_ref)]

#[path = "../browser/core.rs"]
mod core;
#[path = "../browser/hanging.rs"]
mod hanging;
#[path = "../browser/indexed_db.rs"]
mod indexed_db;
#[path = "../browser/indexed_db_failures.rs"]
mod indexed_db_failures;
#[path = "../browser/listener.rs"]
mod listener;
#[path = "../browser/reentry.rs"]
mod reentry;
#[path = "../browser/support.rs"]
mod support;
#[path = "../browser/sync.rs"]
mod sync;
#[path = "../browser/timer.rs"]
mod timer;
#[path = "../browser/web_locks.rs"]
mod web_locks;
#[path = "../browser/web_socket.rs"]
mod web_socket;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
