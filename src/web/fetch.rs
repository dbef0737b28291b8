//! [`FetchOutput`] → `fetch`, and its answer piece by piece → [`FetchInput`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array, try_iter};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, Headers, Response};

use crate::io::{FetchId, FetchInput, FetchOutput, Input};
use crate::ordered::OrderedMap;
use crate::web::event_source::{GivenUp, NativeEvents, Origin};
use crate::web::host::Host;
use crate::web::preflight::retry_after;
use crate::web::remains::{Remnant, method};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &Object) -> Result<Promise, JsValue>;

    /// Own extern: web-sys has no `catch` on `read`.
    type Reader;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<Promise, JsValue>;
}

/// All requests of a driver.
#[derive(Debug)]
pub struct Fetches {
    host: Host,
    open: RefCell<OrderedMap<FetchId, Request>>,
    /// The app's part of the next request of each source.
    options: RefCell<OrderedMap<u32, Object>>,
    /// Sources that `fetch` asks next, whatever their options say.
    given_up: GivenUp,
}

/// One request; dropped, it is aborted and its answer unheard.
#[derive(Debug)]
enum Request {
    Fetched(Fetched),
    Native(#[expect(dead_code, reason = "it ends when it is dropped")] NativeEvents),
}

impl Fetches {
    /// No requests yet.
    pub fn new(host: Host) -> Self {
        Self {
            host,
            open: RefCell::default(),
            options: RefCell::default(),
            given_up: GivenUp::default(),
        }
    }

    /// The app's options for the requests of `source`: those of `fetch`, and `native` for an `EventSource`.
    pub fn prepare(&self, source: u32, options: Object) {
        if let Ok(mut all) = self.options.try_borrow_mut() {
            all.insert(source, options);
        }
    }

    /// Forgets the options of `source`.
    pub fn forget(&self, source: u32) {
        if let Ok(mut all) = self.options.try_borrow_mut() {
            all.remove(&source);
        }
    }

    /// Does what the core asked for.
    pub fn perform(&self, id: FetchId, output: FetchOutput) {
        match output {
            FetchOutput::Open { source, url, headers } => self.open(id, source, &url, &headers),
            FetchOutput::Send { url, headers, body, outlives } => {
                let options = own_options(body.as_deref(), outlives);
                self.keep(
                    id,
                    Fetched::open(&self.host, id, &url, &options, &headers).map(Request::Fetched),
                );
            }
            FetchOutput::Read => self.read(id),
            FetchOutput::Abort => self.let_go(id),
        }
    }

    fn let_go(&self, id: FetchId) {
        let request = self.open.try_borrow_mut().ok().and_then(|mut all| all.remove(&id));
        drop(request);
    }

    /// Lets go of a request whose answer is over.
    pub fn settle(&self, input: &Input) {
        if let Input::Fetch(id, FetchInput::End | FetchInput::Failed { .. }) = input {
            self.let_go(*id);
        }
    }

    fn open(&self, id: FetchId, source: u32, url: &str, headers: &[(String, String)]) {
        let options = self.options.try_borrow().ok().and_then(|all| all.get(&source).cloned());
        let options = options.unwrap_or_default();
        let native =
            Reflect::get(&options, &"native".into()).is_ok_and(|native| native.is_truthy());
        let request = if native && !self.was_given_up(source) {
            let origin = Origin { id, source, url };
            NativeEvents::open(&self.host, origin, &options, &self.given_up).map(Request::Native)
        } else {
            Fetched::open(&self.host, id, url, &options, headers).map(Request::Fetched)
        };
        self.keep(id, request);
    }

    fn was_given_up(&self, source: u32) -> bool {
        let Ok(mut all) = self.given_up.try_borrow_mut() else { return false };
        let before = all.len();
        all.retain(|known| *known != source);
        all.len() < before
    }

    fn keep(&self, id: FetchId, request: Result<Request, JsValue>) {
        match request {
            Ok(request) => {
                let replaced =
                    self.open.try_borrow_mut().ok().and_then(|mut all| all.insert(id, request));
                drop(replaced);
            }
            Err(thrown) => {
                let failed = FetchInput::Failed { message: words(&thrown) };
                self.host.feed(Input::Fetch(id, failed));
            }
        }
    }

    fn read(&self, id: FetchId) {
        let Ok(open) = self.open.try_borrow() else { return };
        if let Some(Request::Fetched(fetched)) = open.get(&id) {
            fetched.read(&self.host, id);
        }
    }
}

/// One `fetch`.
#[derive(Debug)]
struct Fetched {
    controller: Option<AbortController>,
    body: Rc<RefCell<Option<JsValue>>>,
    /// Whether nobody wants the answer any more.
    gone: Rc<Cell<bool>>,
    _remnant: Remnant,
}

impl Fetched {
    fn open(
        host: &Host,
        id: FetchId,
        url: &str,
        options: &Object,
        headers: &[(String, String)],
    ) -> Result<Self, JsValue> {
        let controller = AbortController::new().ok();
        let options = complete(options, headers, controller.as_ref())?;
        let promise = fetch(url, &options)?;
        let abort = controller.as_ref().and_then(|controller| method(controller, "abort"));
        let fetched = Self {
            controller,
            body: Rc::default(),
            gone: Rc::default(),
            _remnant: host.remains().keep(abort),
        };
        let (host, gone, body) = (host.clone(), Rc::clone(&fetched.gone), Rc::clone(&fetched.body));
        spawn_local(async move {
            let answer = JsFuture::from(promise).await;
            if gone.get() {
                return;
            }
            let input = match answer {
                Ok(response) => head(response.unchecked_into(), &body),
                Err(thrown) => FetchInput::Failed { message: words(&thrown) },
            };
            host.feed(Input::Fetch(id, input));
        });
        Ok(fetched)
    }

    fn read(&self, host: &Host, id: FetchId) {
        let (host, gone) = (host.clone(), Rc::clone(&self.gone));
        let reader = self.body.try_borrow().ok().and_then(|body| body.clone());
        spawn_local(async move {
            let input = piece(reader).await;
            if !gone.get() {
                host.feed(Input::Fetch(id, input));
            }
        });
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        self.gone.set(true);
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }
}

/// Options of a request of our own: with cookies, as the handshake of a WebSocket has them. Without a content type it
/// needs no question beforehand (Fetch §2.2.2).
fn own_options(body: Option<&[u8]>, outlives: bool) -> Object {
    let options = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).ok();
    set("credentials", "include".into());
    set("keepalive", outlives.into());
    if let Some(body) = body {
        set("method", "POST".into());
        set("body", Uint8Array::from(body).into());
    }
    options
}

/// The app's options with what a stream needs on top of them.
fn complete(
    options: &Object,
    headers: &[(String, String)],
    controller: Option<&AbortController>,
) -> Result<Object, JsValue> {
    let complete = Object::assign(&Object::new(), options);
    let given = Reflect::get(options, &"headers".into())?;
    // Despite its name this takes whatever `new Headers()` takes.
    let all = if given.is_undefined() || given.is_null() {
        Headers::new()?
    } else {
        Headers::new_with_str_sequence_sequence(&given)?
    };
    for (name, value) in headers {
        // What the app accepts it knows best.
        if name != "accept" || !all.has(name)? {
            all.set(name, &byte_string(value))?;
        }
    }
    Reflect::set(&complete, &"headers".into(), &all)?;
    if let Some(controller) = controller {
        Reflect::set(&complete, &"signal".into(), &controller.signal())?;
    }
    if !Reflect::has(&complete, &"cache".into())? {
        Reflect::set(&complete, &"cache".into(), &"no-store".into())?;
    }
    Ok(complete)
}

/// Header values are bytes, one character each (Fetch §2.2): an id may be any UTF-8.
fn byte_string(value: &str) -> String {
    value.bytes().map(char::from).collect()
}

fn head(response: Response, body: &RefCell<Option<JsValue>>) -> FetchInput {
    let stream = Reflect::get(&response, &"body".into()).unwrap_or(JsValue::NULL);
    let reader = method(&stream, "getReader").and_then(|get| get.call0(&stream).ok());
    if let Ok(mut body) = body.try_borrow_mut() {
        *body = reader;
    }
    FetchInput::Response { status: response.status(), headers: headers_of(&response.headers()) }
}

fn headers_of(headers: &Headers) -> Vec<(String, String)> {
    let entries = try_iter(headers).ok().flatten().into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let entry: Array = entry.unchecked_into();
            let (name, value) = (text(&entry.get(0)), text(&entry.get(1)));
            let wait = (name == "retry-after").then(|| retry_after(&value)).flatten();
            // The core has no calendar.
            let value = wait.map_or(value, |wait| wait.div_ceil(1_000).to_string());
            (name, value)
        })
        .collect()
}

/// The next piece of a body; one that is not there has ended.
async fn piece(reader: Option<JsValue>) -> FetchInput {
    let Some(reader) = reader else { return FetchInput::End };
    let failed = |thrown: JsValue| FetchInput::Failed { message: words(&thrown) };
    let promise = match reader.unchecked_ref::<Reader>().read() {
        Ok(promise) => promise,
        Err(thrown) => return failed(thrown),
    };
    match JsFuture::from(promise).await {
        Ok(result) => {
            let value = Reflect::get(&result, &"value".into()).unwrap_or(JsValue::UNDEFINED);
            match value.dyn_into::<Uint8Array>() {
                Ok(bytes) => FetchInput::Chunk(bytes.to_vec()),
                Err(_) => FetchInput::End,
            }
        }
        Err(thrown) => failed(thrown),
    }
}

fn words(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).ok();
    message.and_then(|message| message.as_string()).unwrap_or_default()
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}
