//! The web driver in a real browser, with its real database, sockets and timers.
#![cfg(target_family = "wasm")]
#![allow(clippy::option_env_unwrap, clippy::type_complexity, clippy::await_holding_refcell_ref)]

mod core;
mod environment;
mod hanging;
mod indexed_db;
mod indexed_db_failures;
mod listener;
mod paths;
mod peers;
mod reentry;
mod stream;
mod support;
mod sync;
mod timer;
#[path = "../fixtures/sse/vectors.rs"]
mod vectors;
mod web_locks;
mod web_socket;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
