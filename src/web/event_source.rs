//! The browser's own `EventSource`, for pages that ask for it.
//!
//! It tells no status and no body, waits for no reader, and reconnects as it likes: at its first error it is closed, and
//! the core decides. What it tells goes to the core as the bytes it came from, so that there is one way to read events.

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
    pub fn open(host: &Host, id: FetchId, url: &str, options: &Object) -> Result<Self, JsValue> {
        let credentials = Reflect::get(options, &"credentials".into())?;
        let include = credentials.as_string().as_deref() == Some("include");
        let init = Object::new();
        Reflect::set(&init, &"withCredentials".into(), &include.into())?;
        let browser = EventSource::new(url, &init)?;
        let listeners =
            listen(host, id, &browser, names(options)).inspect_err(|_| browser.close())?;
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

fn listen(
    host: &Host,
    id: FetchId,
    browser: &EventSource,
    names: Vec<String>,
) -> Result<Vec<Listener>, JsValue> {
    let on = |kind: String, convert: fn(&EventSource, &str, JsValue) -> FetchInput| {
        let (host, source, name) = (host.clone(), browser.clone(), kind.clone());
        let remains = host.remains().clone();
        Listener::new(&remains, browser, kind, move |event| {
            host.feed(Input::Fetch(id, convert(&source, &name, event)));
        })
    };
    let fixed = [on("open".to_owned(), opened), on("error".to_owned(), failed)];
    fixed.into_iter().chain(names.into_iter().map(|name| on(name, received))).collect()
}

fn opened(_: &EventSource, _: &str, _: JsValue) -> FetchInput {
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    FetchInput::Response { status: 200, headers }
}

fn received(_: &EventSource, name: &str, event: JsValue) -> FetchInput {
    let event: MessageEvent = event.unchecked_into();
    FetchInput::Chunk(event_bytes(
        name,
        &event.data().as_string().unwrap_or_default(),
        &event.last_event_id(),
    ))
}

/// A server may send an event named `error`, which arrives here too.
fn failed(source: &EventSource, name: &str, event: JsValue) -> FetchInput {
    if Reflect::has(&event, &"data".into()).unwrap_or(false) {
        return received(source, name, event);
    }
    source.close();
    FetchInput::Failed { message: "the browser's EventSource tells no reason".to_owned() }
}

/// An event as it stood in the stream.
fn event_bytes(name: &str, data: &str, id: &str) -> Vec<u8> {
    // An empty id is told too: it takes an earlier one back.
    let mut text = format!("event: {name}\nid: {id}\n");
    for line in data.split('\n') {
        text.push_str(&format!("data: {line}\n"));
    }
    text.push('\n');
    text.into_bytes()
}
