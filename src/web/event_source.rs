//! The browser's own `EventSource`, for pages that ask for it.
//!
//! It tells no status and no body, waits for no reader, and reconnects as it likes: at its first error it is closed, and
//! the core decides. What it tells goes to the core as the bytes it came from, so that there is one way to read events.
//! Where the browser has given a server up (any answer but a stream, 204 among them), `fetch` asks next: it learns why.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, MessageEvent};

use crate::io::{FetchId, FetchInput, Input};
use crate::web::host::Host;
use crate::web::listener::Listener;
use crate::web::remains::{Remnant, method};

#[wasm_bindgen]
extern "C" {
    /// Own extern: it may be missing.
    #[wasm_bindgen(extends = EventTarget)]
    #[derive(Clone, Debug)]
    type EventSource;
    #[wasm_bindgen(constructor, catch)]
    fn new(url: &str, options: &Object) -> Result<EventSource, JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &EventSource);
    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &EventSource) -> u16;
}

/// `EventSource.CLOSED` (HTML §9.2.2): the browser does not try again.
const CLOSED: u16 = 2;

/// Sources whose server the browser has given up.
pub type GivenUp = Rc<RefCell<Vec<u32>>>;

/// Where the events of one request come from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The request.
    pub id: FetchId,
    /// Whose it is.
    pub source: u32,
    /// Where to.
    pub url: &'a str,
}

/// One `EventSource`, closed when dropped.
#[derive(Debug)]
pub struct NativeEvents {
    browser: EventSource,
    _listeners: Vec<Listener>,
    _remnant: Remnant,
}

impl NativeEvents {
    /// Opens one. `options.events` are the names to listen to besides `message`; `credentials: 'include'` sends cookies
    /// to other origins.
    ///
    /// # Errors
    /// What the constructor threw.
    pub fn open(
        host: &Host,
        origin: Origin<'_>,
        options: &Object,
        given_up: &GivenUp,
    ) -> Result<Self, JsValue> {
        let credentials = Reflect::get(options, &"credentials".into())?;
        let include = credentials.as_string().as_deref() == Some("include");
        let init = Object::new();
        Reflect::set(&init, &"withCredentials".into(), &include.into())?;
        let browser = EventSource::new(origin.url, &init)?;
        let listeners = listen(host, origin, &browser, names(options), given_up)
            .inspect_err(|_| browser.close())?;
        let remnant = host.remains().keep(method(&browser, "close"));
        Ok(Self { browser, _listeners: listeners, _remnant: remnant })
    }
}

impl Drop for NativeEvents {
    fn drop(&mut self) {
        self.browser.close();
    }
}

fn names(options: &Object) -> Vec<String> {
    let given = Reflect::get(options, &"events".into()).unwrap_or(JsValue::UNDEFINED);
    let given = given.dyn_into::<Array>().unwrap_or_default();
    let mut names: Vec<String> = given.iter().filter_map(|name| name.as_string()).collect();
    names.retain(|name| !matches!(name.as_str(), "message" | "open" | "error"));
    names.push("message".to_owned());
    names
}

/// What an event of this name says to the core.
type Convert = Box<dyn Fn(&str, JsValue) -> FetchInput>;

fn listen(
    host: &Host,
    origin: Origin<'_>,
    browser: &EventSource,
    names: Vec<String>,
    given_up: &GivenUp,
) -> Result<Vec<Listener>, JsValue> {
    let Origin { id, source, .. } = origin;
    let last_id = Rc::new(RefCell::new(String::new()));
    let on = |kind: String, convert: Convert| {
        let (host, name) = (host.clone(), kind.clone());
        Listener::passing(browser, kind, move |event| {
            host.feed(Input::Fetch(id, convert(&name, event)));
        })
    };
    let told = Rc::clone(&last_id);
    let (owner, given_up) = (browser.clone(), Rc::clone(given_up));
    let failed = move |name: &str, event: JsValue| {
        // A server may send an event named `error`, which arrives here too.
        if Reflect::has(&event, &"data".into()).unwrap_or(false) {
            return received(&told, name, event);
        }
        if owner.ready_state() == CLOSED
            && let Ok(mut all) = given_up.try_borrow_mut()
        {
            all.push(source);
        }
        owner.close();
        FetchInput::Failed { message: "the browser's EventSource tells no reason".to_owned() }
    };
    let fixed = [on("open".to_owned(), Box::new(opened)), on("error".to_owned(), Box::new(failed))];
    let events = names.into_iter().map(|name| {
        let told = Rc::clone(&last_id);
        on(name, Box::new(move |name, event| received(&told, name, event)))
    });
    fixed.into_iter().chain(events).collect()
}

fn opened(_: &str, _: JsValue) -> FetchInput {
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    FetchInput::Response { status: 200, headers }
}

fn received(last_id: &RefCell<String>, name: &str, event: JsValue) -> FetchInput {
    let event: MessageEvent = event.unchecked_into();
    let data = event.data().as_string().unwrap_or_default();
    let id = event.last_event_id();
    let earlier = last_id.replace(id.clone());
    FetchInput::Chunk(event_bytes(name, &data, (id != earlier).then_some(&id)))
}

/// An event as it stood in the stream. The browser begins each stream with an empty id, which the server has not sent; a
/// later empty one takes an earlier one back.
fn event_bytes(name: &str, data: &str, new_id: Option<&String>) -> Vec<u8> {
    let mut text = format!("event: {name}\n");
    if let Some(id) = new_id {
        text.push_str(&format!("id: {id}\n"));
    }
    for line in data.split('\n') {
        text.push_str(&format!("data: {line}\n"));
    }
    text.push('\n');
    text.into_bytes()
}
