//! Listeners that call back in, close inside a listener, throw in a listener.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rejoin::web::Core;
use serde_json::json;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::seat::{Seat, code, js};
use crate::support::{page, sleep};

#[wasm_bindgen_test]
async fn everything_may_be_called_from_within_a_wake() {
    let seat = Seat::new(in_memory());
    let room = seat.enter("wake", false);
    seat.ready().await;
    let outcomes: Rc<RefCell<Vec<bool>>> = Rc::default();
    let heard = Rc::clone(&outcomes);
    seat.on_wake(move |core: &Core| {
        if heard.borrow().is_empty() {
            let edited = core.text_insert(room, "r/text", 0, "again ".to_owned(), None).is_ok();
            let read = core.text_to_string(room, "r/text").is_ok_and(|text| text == "again first");
            heard.borrow_mut().extend([edited, read, core.take_events().is_ok()]);
        }
    });
    seat.insert(room, 0, "first").unwrap();
    assert_eq!(*outcomes.borrow(), [true, true, true]);
    assert_eq!(seat.text(room), "again first");
}

#[wasm_bindgen_test]
async fn the_app_is_woken_once_until_it_takes_the_events() {
    let seat = Seat::new(in_memory());
    let room = seat.enter("once", false);
    seat.ready().await;
    let before = seat.wakes();
    for index in 0..10 {
        seat.insert(room, index, "x").unwrap();
    }
    assert_eq!(seat.wakes(), before + 1);
    seat.core.take_events().unwrap();
    seat.insert(room, 0, "y").unwrap();
    assert_eq!(seat.wakes(), before + 2);
}

#[wasm_bindgen_test]
async fn a_core_may_be_closed_from_within_a_wake() {
    let seat = Seat::new(in_memory());
    let room = seat.enter("closing", false);
    seat.ready().await;
    seat.on_wake(|core| core.close().unwrap());
    seat.insert(room, 0, "last").unwrap();
    assert_eq!(code(seat.insert(room, 0, "too late")), "E_DISPOSED");
    assert!(seat.core.take_events().is_ok());
}

#[wasm_bindgen_test]
async fn a_wake_that_throws_does_no_harm() {
    let wake = js_sys::Function::new_no_args("throw new Error('from the app')");
    let core = Core::new(&js(&in_memory()), wake, None, None, None).unwrap();
    let options = json!({ "roots": { "text": "text" }, "presence": null, "connect": false });
    let room = core.enter_room("throwing", &js(&options)).unwrap();
    sleep(20).await;
    core.text_insert(room, "r/text", 0, "fine".to_owned(), None).unwrap();
    core.take_events().unwrap();
    core.text_insert(room, "r/text", 4, "!".to_owned(), None).unwrap();
    assert_eq!(core.text_to_string(room, "r/text").unwrap(), "fine!");
    core.close().unwrap();
}

/// A polyfilled or instrumented browser object may call the app back while we call it.
#[wasm_bindgen_test]
async fn a_browser_call_that_calls_back_at_once_finds_no_borrow_alive() {
    let seat = Seat::new(json!({ "url": "ws://127.0.0.1:9", "persistence": "memory" }));
    let room = seat.enter("instrumented", false);
    seat.ready().await;
    let (calls, inner) = (Rc::new(Cell::new(0)), Rc::downgrade(&seat));
    let count = Rc::clone(&calls);
    let callback = Closure::<dyn Fn()>::new(move || {
        let edited = inner.upgrade().is_some_and(|seat| {
            seat.core.text_insert(room, "r/text", 0, "x".to_owned(), None).is_ok()
                && seat.core.disconnect(room).is_ok()
                && seat.core.take_events().is_ok()
        });
        count.set(count.get() + if edited { 1 } else { 1_000 });
    });
    let restore = page::replace_socket(callback.as_ref());
    let connected = seat.core.connect(room);
    page::call(&restore);
    connected.unwrap();
    assert_eq!(calls.get(), 1);
    assert_eq!(seat.text(room), "x");
}

#[wasm_bindgen_test]
async fn a_dropped_core_hears_nothing_any_more() {
    let wakes = Rc::new(Cell::new(0));
    let count = Rc::clone(&wakes);
    let wake = Closure::<dyn Fn()>::new(move || count.set(count.get() + 1));
    let core =
        Core::new(&js(&in_memory()), wake.as_ref().clone().unchecked_into(), None, None, None)
            .unwrap();
    let options = json!({ "roots": {}, "presence": null, "connect": true });
    core.enter_room("dropped", &js(&options)).unwrap();
    sleep(20).await;
    core.take_events().unwrap();
    page::dispatch("window", "offline", false);
    let heard = wakes.get();
    core.take_events().unwrap();
    drop(core);
    page::dispatch("window", "online", false);
    sleep(50).await;
    assert!(heard > 0);
    assert_eq!(wakes.get(), heard);
}

fn in_memory() -> serde_json::Value {
    json!({ "url": null, "persistence": "memory" })
}
