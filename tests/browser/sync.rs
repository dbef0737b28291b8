//! Two cores and the real server.

use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::page;
use crate::support::seat::Seat;

#[wasm_bindgen_test]
async fn an_edit_of_one_core_reaches_the_other() {
    let (one, two) = (Seat::new(in_memory()), Seat::new(in_memory()));
    let name = fresh("edit");
    let (here, there) = (one.enter(&name, true), two.enter(&name, true));
    connected(&one).await;
    connected(&two).await;
    one.insert(here, 0, "to everyone").unwrap();
    let change = two.event("doc", |event| event["origin"] == "remote").await;
    assert_eq!(change["changes"][0]["delta"], json!([{ "insert": "to everyone" }]));
    assert_eq!(two.text(there), "to everyone");
    synchronized(&one).await;
}

#[wasm_bindgen_test]
async fn two_cores_meet_over_http_as_over_a_websocket() {
    let (one, two) = (Seat::new(over_http()), Seat::new(in_memory()));
    let name = fresh("http");
    let (here, there) = (one.enter(&name, true), two.enter(&name, true));
    let state = one.event("connection", |event| event["status"] == "connected").await;
    assert_eq!(state["transport"], "sse");
    connected(&two).await;
    one.insert(here, 0, "up and ").unwrap();
    two.event("doc", |event| event["origin"] == "remote").await;
    two.insert(there, 7, "down").unwrap();
    one.event("doc", |event| event["origin"] == "remote").await;
    assert_eq!(one.text(here), "up and down");
    synchronized(&one).await;
    // The farewell is a request of its own: presence goes with it.
    one.core.set_presence(here, Some(r#"{"name":"Ann"}"#.to_owned())).unwrap();
    let id = json!(one.core.client_id(here).unwrap() as u64);
    two.event("presence", |event| event["updated"][0][0] == id).await;
    one.core.leave_room(here).unwrap();
    two.event("presence", |event| event["removed"] == json!([id])).await;
}

#[wasm_bindgen_test]
async fn edits_made_while_disconnected_arrive_after_connecting() {
    let (one, two) = (Seat::new(in_memory()), Seat::new(in_memory()));
    let name = fresh("later");
    let (here, there) = (one.enter(&name, true), two.enter(&name, true));
    connected(&one).await;
    connected(&two).await;
    one.core.disconnect(here).unwrap();
    one.insert(here, 0, "offline").unwrap();
    one.core.connect(here).unwrap();
    two.event("doc", |event| event["origin"] == "remote").await;
    assert_eq!(two.text(there), "offline");
}

#[wasm_bindgen_test]
async fn presence_comes_and_goes() {
    let (one, two) = (Seat::new(in_memory()), Seat::new(in_memory()));
    let name = fresh("presence");
    let (here, _) = (one.enter(&name, true), two.enter(&name, true));
    connected(&one).await;
    connected(&two).await;
    one.core.set_presence(here, Some(r#"{"name":"Ann"}"#.to_owned())).unwrap();
    let id = json!(one.core.client_id(here).unwrap() as u64);
    let came = two.event("presence", |event| event["updated"][0][0] == id).await;
    let state: Value = serde_json::from_str(came["updated"][0][1].as_str().unwrap()).unwrap();
    assert_eq!(state, json!({ "name": "Ann" }));
    one.core.leave_room(here).unwrap();
    two.event("presence", |event| event["removed"] == json!([id])).await;
}

#[wasm_bindgen_test]
async fn after_the_page_was_kept_aside_the_link_comes_back_and_nothing_is_lost() {
    let (one, two) = (Seat::new(in_memory()), Seat::new(in_memory()));
    let name = fresh("bfcache");
    let (here, there) = (one.enter(&name, true), two.enter(&name, true));
    connected(&one).await;
    connected(&two).await;
    page::dispatch("window", "pagehide", true);
    one.event("connection", |event| event["reason"]["kind"] == "suspended").await;
    one.insert(here, 0, "kept").unwrap();
    page::dispatch("window", "pageshow", true);
    connected(&one).await;
    two.event("doc", |event| event["origin"] == "remote").await;
    assert_eq!(two.text(there), "kept");
}

#[wasm_bindgen_test]
async fn a_socket_is_among_the_remains_while_it_is_open() {
    let seat = Seat::new(in_memory());
    let before = seat.core.remains().size();
    let room = seat.enter(&fresh("remains"), true);
    connected(&seat).await;
    assert_eq!(seat.core.remains().size(), before + 1);
    seat.core.disconnect(room).unwrap();
    assert_eq!(seat.core.remains().size(), before);
}

async fn connected(seat: &Seat) {
    seat.event("connection", |event| event["status"] == "connected").await;
}

async fn synchronized(seat: &Seat) {
    seat.event("sync", |event| event["status"] == "synchronized" && event["pending"] == 0).await;
}

fn over_http() -> Value {
    let mut config = in_memory();
    config["websocket"] = false.into();
    config["http"] = true.into();
    config
}

fn in_memory() -> Value {
    let url = option_env!("REJOIN_TEST_SERVER").expect("REJOIN_TEST_SERVER: the server's URL");
    json!({ "url": url.replacen("http", "ws", 1), "persistence": "memory" })
}

/// A room that no other test and no earlier run has used.
fn fresh(name: &str) -> String {
    format!("browser-{name}-{}", rejoin::web::clock::seed())
}
