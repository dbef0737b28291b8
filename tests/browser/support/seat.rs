//! One running core as a page has it: a wake function and a pile of events.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function, JSON};
use rejoin::web::Core;
use serde_json::{Value, json};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::sleep;

/// How often an event is looked for; a browser makes at least four milliseconds of each.
const LOOKS: u32 = 2_000;

pub(crate) struct Seat {
    pub(crate) core: Core,
    wakes: Cell<u32>,
    on_wake: RefCell<Option<Box<dyn Fn(&Core)>>>,
    events: RefCell<Vec<Value>>,
    wake: RefCell<Option<Closure<dyn Fn()>>>,
}

impl Seat {
    /// Starts a core with this configuration.
    pub(crate) fn new(config: Value) -> Rc<Self> {
        Rc::new_cyclic(|seat: &Weak<Self>| {
            let weak = Weak::clone(seat);
            let wake = Closure::<dyn Fn()>::new(move || {
                if let Some(seat) = weak.upgrade() {
                    seat.woken();
                }
            });
            let function: Function = wake.as_ref().clone().unchecked_into();
            let core = Core::new(&js(&config), function, None, None, None).expect("a core");
            Self {
                core,
                wakes: Cell::new(0),
                on_wake: RefCell::default(),
                events: RefCell::default(),
                wake: RefCell::new(Some(wake)),
            }
        })
    }

    /// Has `listener` called within each wake, which no app may rely on and which must do no harm.
    pub(crate) fn on_wake(&self, listener: impl Fn(&Core) + 'static) {
        self.on_wake.replace(Some(Box::new(listener)));
    }

    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.get()
    }

    /// Enters a room with a text `text` and a map `root`.
    pub(crate) fn enter(&self, name: &str, connect: bool) -> u32 {
        let options = json!({
            "roots": { "text": "text", "root": "map" }, "presence": null, "connect": connect,
        });
        self.core.enter_room(name, &js(&options)).expect("a room")
    }

    /// The next event of this type that fits, waited for.
    pub(crate) async fn event(&self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..LOOKS {
            self.drain();
            let mut events = self.events.borrow_mut();
            let place = events.iter().position(|event| event["type"] == kind && fits(event));
            if let Some(place) = place {
                return events.remove(place);
            }
            drop(events);
            sleep(1).await;
        }
        panic!("no such `{kind}` event among {:?}", self.events.borrow());
    }

    pub(crate) async fn ready(&self) {
        self.event("ready", |_| true).await;
    }

    pub(crate) async fn saved(&self) {
        self.event("sync", |event| event["local"] == "saved").await;
    }

    pub(crate) fn text(&self, room: u32) -> String {
        self.core.text_to_string(room, "r/text").expect("a text")
    }

    pub(crate) fn insert(&self, room: u32, index: u32, text: &str) -> Result<(), JsValue> {
        self.core.text_insert(room, "r/text", index, text.to_owned(), None)
    }

    fn woken(&self) {
        self.wakes.set(self.wakes.get() + 1);
        if let Ok(listener) = self.on_wake.try_borrow()
            && let Some(listener) = &*listener
        {
            listener(&self.core);
        }
    }

    fn drain(&self) {
        let events: Array = self.core.take_events().expect("events").unchecked_into();
        self.events.borrow_mut().extend(events.iter().map(|event| value(&event)));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.core.close().ok();
        self.wake.take();
    }
}

/// A plain object.
pub(crate) fn js(value: &Value) -> JsValue {
    JSON::parse(&value.to_string()).expect("JSON")
}

/// What a plain object says.
pub(crate) fn value(object: &JsValue) -> Value {
    let text = JSON::stringify(object).ok().and_then(|text| text.as_string()).expect("an object");
    serde_json::from_str(&text).expect("JSON")
}

/// The code of what an export threw.
pub(crate) fn code<T>(result: Result<T, JsValue>) -> String {
    match result {
        Ok(_) => "nothing thrown".to_owned(),
        Err(thrown) => value(&thrown)["code"].as_str().unwrap_or("no code").to_owned(),
    }
}
