//! One `fetch` of a WebSocket's URL, to learn the HTTP status that the WebSocket API hides.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Date, Object, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, Response};

use crate::io::{Input, Shown, SocketId, SocketInput};
use crate::web::host::Host;
use crate::web::remains::method;

/// How long the answer may take.
const PATIENCE: u32 = 5_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &Object) -> Result<Promise, JsValue>;
}

/// A request under way; dropped, it is aborted and its answer unheard.
#[derive(Debug)]
pub struct Preflight {
    controller: Option<AbortController>,
    answered: Rc<Cell<bool>>,
}

impl Preflight {
    /// Asks; the answer is fed as [`SocketInput::HttpStatus`] or [`SocketInput::PreflightFailed`].
    pub fn start(host: &Host, id: SocketId, url: &str, token: Option<String>) -> Self {
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        let (host, url, limit) = (host.clone(), http_twin(url), controller.clone());
        let answered = Rc::new(Cell::new(false));
        let done = Rc::clone(&answered);
        spawn_local(async move {
            let timeout = Timeout::new(PATIENCE, move || {
                if let Some(controller) = limit {
                    controller.abort_with_reason(&"timeout".into());
                }
            });
            let answer = ask_in_turn(&url, token.as_deref(), signal.as_ref()).await;
            drop(timeout);
            done.set(true);
            if !forgotten(signal.as_ref()) {
                host.feed(Input::Socket(id, answer.unwrap_or(SocketInput::PreflightFailed)));
            }
        });
        Self { controller, answered }
    }

    /// Whether the answer has come.
    pub fn is_over(&self) -> bool {
        self.answered.get()
    }
}

impl Drop for Preflight {
    fn drop(&mut self) {
        if let Some(controller) = &self.controller {
            controller.abort_with_reason(&FORGOTTEN.into());
        }
    }
}

/// Reason of an abort after which nobody wants the answer.
const FORGOTTEN: &str = "forgotten";

fn forgotten(signal: Option<&AbortSignal>) -> bool {
    signal.is_some_and(|signal| signal.reason().as_string().as_deref() == Some(FORGOTTEN))
}

/// Shows as much as the server lets a page show it.
async fn ask_in_turn(
    url: &str,
    token: Option<&str>,
    signal: Option<&AbortSignal>,
) -> Option<SocketInput> {
    let ways = [
        (Shown::Everything, "include", token),
        (Shown::NoCookies, "omit", token),
        (Shown::Nothing, "omit", None),
    ];
    for (shown, credentials, token) in ways.into_iter().take(2 + usize::from(token.is_some())) {
        let options = options(credentials, token, signal);
        if let Some((status, retry_after)) = ask(url, &options).await {
            return Some(SocketInput::HttpStatus { status, retry_after, shown });
        }
    }
    None
}

async fn ask(url: &str, options: &Object) -> Option<(u16, Option<u64>)> {
    let promise = fetch(url, options).ok()?;
    let response: Response = JsFuture::from(promise).await.ok()?.unchecked_into();
    let status = response.status();
    let retry_after =
        response.headers().get("retry-after").ok().flatten().and_then(|value| retry_after(&value));
    cancel_body(&response);
    (status != 0).then_some((status, retry_after))
}

/// As the handshake would: with cookies if possible, not following redirects (RFC 6455 §4.1, Fetch §2.9).
fn options(credentials: &str, token: Option<&str>, signal: Option<&AbortSignal>) -> Object {
    let options = Object::new();
    let fields = [
        ("method", "GET"),
        ("cache", "no-store"),
        ("credentials", credentials),
        ("redirect", "manual"),
    ];
    for (name, value) in fields {
        Reflect::set(&options, &name.into(), &value.into()).ok();
    }
    if let Some(token) = token {
        let headers = Object::new();
        let bearer = format!("Bearer {token}");
        Reflect::set(&headers, &"authorization".into(), &bearer.into()).ok();
        Reflect::set(&options, &"headers".into(), &headers).ok();
    }
    if let Some(signal) = signal {
        Reflect::set(&options, &"signal".into(), signal).ok();
    }
    options
}

/// The status is all we wanted; a body that never ends must not keep the connection.
fn cancel_body(response: &Response) {
    let body = Reflect::get(response, &"body".into()).unwrap_or(JsValue::NULL);
    if let Some(cancel) = method(&body, "cancel") {
        cancel.call0(&JsValue::UNDEFINED).ok();
    }
}

fn http_twin(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => format!("https:{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http:{rest}"),
        _ => url.to_owned(),
    }
}

/// Seconds or a date (RFC 9110 §10.2.3), as milliseconds from now.
pub(super) fn retry_after(value: &str) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let wait = Date::parse(value) - Date::now();
    wait.is_finite().then_some(wait.max(0.0) as u64)
}
