//! The exported class as TypeScript uses it.

use js_sys::{Date, Object, Reflect};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::seat::{Seat, code, js, value};
use crate::support::{page, sleep};

#[wasm_bindgen_test]
async fn a_room_in_memory_is_ready_and_takes_edits() {
    let seat = Seat::new(in_memory());
    let room = seat.enter("memory", false);
    seat.ready().await;
    seat.insert(room, 0, "hi 👋").unwrap();
    assert_eq!(seat.core.length_of(room, "r/text").ok(), Some(5));
    let doc: serde_json::Value = serde_json::from_str(&seat.core.read_doc(room).unwrap()).unwrap();
    assert_eq!(doc, json!({ "text": "hi 👋", "root": {} }));
    let change = seat.event("doc", |_| true).await;
    assert_eq!(change["room"], room);
    assert_eq!(change["origin"], "local");
    assert_eq!(change["changes"][0]["delta"], json!([{ "insert": "hi 👋" }]));
}

#[wasm_bindgen_test]
async fn a_nested_text_is_reached_and_a_sticky_index_moves_with_it() {
    let seat = Seat::new(in_memory());
    let room = seat.enter("nested", false);
    seat.ready().await;
    seat.core.map_set(room, "r/root", "note".to_owned(), r#"{"t":"abc"}"#).unwrap();
    let note = seat.core.child_of(room, "r/root", &"note".into()).unwrap().unwrap();
    let sticky = seat.core.sticky_index(room, &note, 2, 1).unwrap();
    seat.core.text_insert(room, &note, 0, "12".to_owned(), None).unwrap();
    assert_eq!(seat.core.text_to_string(room, &note).unwrap(), "12abc");
    assert_eq!(seat.core.resolve_sticky(room, &sticky).unwrap(), Some(4));
    assert!(seat.core.map_delete(room, "r/root", "note".to_owned()).unwrap());
    assert!(!seat.core.map_delete(room, "r/root", "note".to_owned()).unwrap());
    assert_eq!(seat.core.child_of(room, "r/root", &"note".into()).unwrap(), None);
}

#[wasm_bindgen_test]
async fn an_update_of_one_core_makes_the_other_equal() {
    let (one, two) = (Seat::new(in_memory()), Seat::new(in_memory()));
    let (here, there) = (one.enter("update", false), two.enter("update", false));
    one.ready().await;
    two.ready().await;
    one.insert(here, 0, "moved").unwrap();
    let known = two.core.state_vector(there).unwrap();
    let update = one.core.encode_state_as_update(here, Some(known)).unwrap();
    two.core.apply_update(there, &update).unwrap();
    assert_eq!(two.text(there), "moved");
    let whole = one.core.encode_state_as_update(here, None).unwrap();
    assert_eq!(whole, two.core.encode_state_as_update(there, None).unwrap());
}

#[wasm_bindgen_test]
async fn misuse_is_thrown_as_a_plain_object_with_a_code() {
    let seat = Seat::new(in_memory());
    let no_room =
        seat.core.enter_room("", &js(&json!({ "roots": {}, "presence": null, "connect": false })));
    let thrown = value(&no_room.unwrap_err());
    assert_eq!(thrown["code"], "E_INVALID_ARGUMENT");
    assert_eq!(thrown["retryable"], false);
    assert!(thrown["message"].as_str().is_some_and(|message| !message.is_empty()));

    let room = seat.enter("misuse", false);
    seat.ready().await;
    assert_eq!(code(seat.insert(room, 9, "x")), "E_INVALID_ARGUMENT");
    assert_eq!(code(seat.core.text_to_string(room, "text")), "E_INVALID_ARGUMENT");
    assert_eq!(code(seat.core.list_insert(room, "r/text", 0, "[")), "E_INVALID_ARGUMENT");
    assert_eq!(
        code(seat.core.child_of(room, "r/root", &JsValue::from_f64(0.5))),
        "E_INVALID_ARGUMENT"
    );
    assert_eq!(code(seat.core.resolve_sticky(room, "not base64!")), "E_INVALID_ARGUMENT");
    assert_eq!(code(seat.core.set_presence(room, Some("{".to_owned()))), "E_PRESENCE");
    assert_eq!(code(seat.core.apply_update(room, &[255, 255, 255, 255])), "E_UPDATE");
    assert_eq!(code(seat.core.encode_state_as_update(room, Some(vec![200, 200]))), "E_UPDATE");
    assert_eq!(code(seat.core.answer_with(room, 1, "never", "", None)), "E_INVALID_ARGUMENT");
    assert_eq!(code(seat.core.connect(room + 100)), "E_DISPOSED");
}

#[wasm_bindgen_test]
fn a_configuration_that_makes_no_sense_is_thrown_back() {
    let wake = js_sys::Function::new_no_args("");
    for config in [JsValue::UNDEFINED, js(&json!("x")), js(&json!({ "persistence": "floppy" }))] {
        assert_eq!(
            code(rejoin::web::Core::new(&config, wake.clone(), None, None, None)),
            "E_INVALID_ARGUMENT"
        );
    }
}

#[wasm_bindgen_test]
async fn a_key_named_like_the_prototype_is_only_a_key() {
    let seat = Seat::new(in_memory());
    let room = seat.enter("proto", false);
    seat.ready().await;
    seat.core.take_events().unwrap();
    let hostile = r#"{"v":{"admin":true}}"#;
    seat.core.map_set(room, "r/root", "__proto__".to_owned(), hostile).unwrap();
    let events: js_sys::Array = seat.core.take_events().unwrap().unchecked_into();
    let change =
        events.iter().find(|event| get(event, "type").as_string().as_deref() == Some("doc"));
    let change = get(&get(&get(&change.expect("a change"), "changes"), "0"), "set");
    let set: Object = change.unchecked_into();
    assert_eq!(Object::keys(&set).length(), 1);
    assert!(get(&set, "admin").is_undefined());
}

#[wasm_bindgen_test]
async fn the_next_retry_is_told_in_milliseconds_since_1970() {
    let seat = Seat::new(json!({ "url": "ws://127.0.0.1:9", "persistence": "memory" }));
    seat.enter("nowhere", true);
    let waiting = seat.event("connection", |event| event["nextRetryAt"].is_number()).await;
    let wait = waiting["nextRetryAt"].as_f64().unwrap() - Date::now();
    assert!((-1_000.0..120_000.0).contains(&wait), "{wait}");
}

#[wasm_bindgen_test]
async fn the_app_is_asked_for_an_endpoint_and_its_answer_is_used() {
    let seat = Seat::new(json!({ "url": null, "persistence": "memory" }));
    let room = seat.enter("asked", true);
    let question = seat.event("endpoint", |_| true).await;
    let request = question["request"].as_u64().unwrap() as u32;
    seat.core.provide_endpoint(room, request, "ws://127.0.0.1:9", None, None).unwrap();
    seat.event("connection", |event| event["reason"]["kind"] == "closed").await;
}

#[wasm_bindgen_test]
async fn edits_are_there_after_a_restart() {
    let config = || json!({ "url": null, "persistence": "indexeddb", "namespace": "restart" });
    page::delete_database("rejoin/restart/kept").await;
    let first = Seat::new(config());
    let room = first.enter("kept", false);
    first.ready().await;
    first.insert(room, 0, "still here").unwrap();
    first.saved().await;
    drop(first);
    let second = Seat::new(config());
    let room = second.enter("kept", false);
    second.ready().await;
    assert_eq!(second.text(room), "still here");
}

#[wasm_bindgen_test]
async fn edits_made_just_before_leaving_are_written_too() {
    let config = || json!({ "url": null, "persistence": "indexeddb", "namespace": "leave" });
    page::delete_database("rejoin/leave/kept").await;
    let first = Seat::new(config());
    let room = first.enter("kept", false);
    first.ready().await;
    for index in 0..50 {
        first.insert(room, index, "x").unwrap();
    }
    first.core.close().unwrap();
    sleep(300).await;
    let second = Seat::new(config());
    let room = second.enter("kept", false);
    second.ready().await;
    assert_eq!(second.text(room), "x".repeat(50));
}

fn in_memory() -> serde_json::Value {
    json!({ "url": null, "persistence": "memory" })
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("a property")
}
