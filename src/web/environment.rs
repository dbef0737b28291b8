//! Life of the page and of the network → [`Environment`].

use js_sys::{Reflect, global};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

use crate::io::{Environment, Input};
use crate::web::host::Host;
use crate::web::listener::Listener;

/// Listens to what this scope has: a window, a worker, or neither.
pub fn listen(host: &Host) -> Vec<Listener> {
    let scope: JsValue = global().into();
    let document = property(&scope, "document");
    let on_scope =
        SCOPE_EVENTS.iter().filter_map(|&(kind, convert)| attach(host, &scope, kind, convert));
    let on_document = DOCUMENT_EVENTS
        .iter()
        .filter_map(|&(kind, convert)| attach(host, &document, kind, convert));
    on_scope.chain(on_document).collect()
}

/// What is already so when a driver starts.
pub fn initial() -> Vec<Environment> {
    let online = property(&property(&global().into(), "navigator"), "onLine");
    let offline = (online.as_bool() == Some(false)).then_some(Environment::Offline);
    let hidden = is_hidden().then_some(Environment::Hidden);
    offline.into_iter().chain(hidden).collect()
}

type Convert = fn(&JsValue) -> Environment;

/// `freeze` and `resume` go to the document (Page Lifecycle §4), the others to the window.
const SCOPE_EVENTS: [(&str, Convert); 4] = [
    ("online", |_| Environment::Online),
    ("offline", |_| Environment::Offline),
    ("pagehide", |event| Environment::PageHide { persisted: persisted(event) }),
    ("pageshow", |event| Environment::PageShow { persisted: persisted(event) }),
];

const DOCUMENT_EVENTS: [(&str, Convert); 3] = [
    ("visibilitychange", |_| if is_hidden() { Environment::Hidden } else { Environment::Visible }),
    ("freeze", |_| Environment::Freeze),
    ("resume", |_| Environment::Resume),
];

fn attach(host: &Host, target: &JsValue, kind: &'static str, convert: Convert) -> Option<Listener> {
    if !target.is_object() {
        return None;
    }
    let sink = host.clone();
    let target: &EventTarget = target.unchecked_ref();
    Listener::new(host.remains(), target, kind, move |event| {
        sink.feed(Input::Environment(convert(&event)))
    })
    .ok()
}

fn persisted(event: &JsValue) -> bool {
    property(event, "persisted").is_truthy()
}

fn is_hidden() -> bool {
    let document = property(&global().into(), "document");
    property(&document, "visibilityState").as_string().as_deref() == Some("hidden")
}

/// `undefined` also where `object` is none.
fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
