//! Two cores in one page, joined by handing the bytes of one to the other.

use std::rc::Rc;

use js_sys::{Array, Reflect, Uint8Array};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::seat::{Seat, code};
use crate::support::sleep;

/// One end: a core, its room, and what it was told beside frames for the other.
struct End {
    seat: Rc<Seat>,
    room: u32,
    told: Vec<String>,
}

impl End {
    async fn new(name: &str) -> Self {
        let seat = Seat::new(json!({ "url": null, "persistence": "memory" }));
        let room = seat.enter(name, false);
        seat.ready().await;
        Self { seat, room, told: Vec::new() }
    }

    /// Hands what it wants sent to the other; whether there was anything.
    fn carry(&mut self, other: &Self) -> bool {
        let events: Array = self.seat.core.take_events().unwrap().unchecked_into();
        let mut carried = false;
        for event in events.iter() {
            let text = |name| get(&event, name).as_string().unwrap_or_default();
            if text("type") != "path" {
                self.told.push(text("type"));
                continue;
            }
            carried = true;
            let buffer = get(&get(&event, "attachments"), "0");
            let bytes = Uint8Array::new(&buffer).to_vec();
            let path = get(&event, "path").as_f64().unwrap() as u32;
            other.seat.core.path_frame(other.room, path, &text("channel"), &bytes).unwrap();
        }
        carried
    }
}

async fn settle(one: &mut End, two: &mut End) {
    for _ in 0..20 {
        while one.carry(two) | two.carry(one) {}
        sleep(25).await;
    }
}

#[wasm_bindgen_test]
async fn two_cores_share_a_document_by_the_bytes_of_their_path_events() {
    let (mut one, mut two) = (End::new("paths").await, End::new("paths").await);
    one.seat.insert(one.room, 0, "hello").unwrap();
    one.seat.core.path_up(one.room, 1, "two", 0).unwrap();
    two.seat.core.path_up(two.room, 1, "one", 0).unwrap();
    one.seat.core.path_neighbours(one.room, 1, &Array::of1(&"one".into())).unwrap();
    settle(&mut one, &mut two).await;
    assert_eq!(two.seat.text(two.room), "hello");
    two.seat.insert(two.room, 5, " 👋").unwrap();
    two.seat.core.set_presence(two.room, Some(r#"{"n":1}"#.to_owned())).unwrap();
    settle(&mut one, &mut two).await;
    assert_eq!(one.seat.text(one.room), "hello 👋");
    assert!(one.told.contains(&"presence".to_owned()), "{:?}", one.told);

    one.seat.core.path_down(one.room, 1, true).unwrap();
    two.seat.insert(two.room, 0, "x").unwrap();
    settle(&mut one, &mut two).await;
    assert_eq!(one.seat.text(one.room), "hello 👋");
}

#[wasm_bindgen_test]
async fn a_hostile_peer_is_dropped_with_an_event_and_misuse_is_thrown() {
    let (mut one, two) = (End::new("hostile").await, End::new("hostile").await);
    let core = &one.seat.core;
    core.path_up(one.room, 1, "two", 0).unwrap();
    for _ in 0..3 {
        core.path_frame(one.room, 1, "sync", &[0, 2, 200]).unwrap();
    }
    one.carry(&two);
    assert!(one.told.contains(&"dropped".to_owned()), "{:?}", one.told);
    let core = &one.seat.core;
    assert_eq!(code(core.path_frame(one.room, 1, "video", &[])), "E_INVALID_ARGUMENT");
    assert_eq!(code(core.path_up(one.room, 2, "", 0)), "E_INVALID_ARGUMENT");
    assert_eq!(code(core.signal(one.room, "{}")), "E_NOT_CONNECTED");
    assert_eq!(code(core.path_up(one.room + 100, 2, "x", 0)), "E_DISPOSED");
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
