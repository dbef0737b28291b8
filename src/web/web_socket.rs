//! [`SocketOutput`] → `WebSocket`, and its events → [`SocketInput`].

use std::cell::RefCell;

use js_sys::{Array, ArrayBuffer, Function, JsString, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::io::{Input, SocketId, SocketInput, SocketOutput, SocketRefusal};
use crate::ordered::OrderedMap;
use crate::web::convert::error_name;
use crate::web::host::Host;
use crate::web::listener::Listener;
use crate::web::preflight::Preflight;
use crate::web::remains::{Remnant, method};

/// Close code of a socket we no longer wait for.
const ABANDONED: u16 = 4000;

/// All sockets of a driver.
#[derive(Debug)]
pub struct Sockets {
    host: Host,
    /// What makes sockets, if not the browser's own `WebSocket`.
    constructor: RefCell<Option<Function>>,
    open: RefCell<OrderedMap<SocketId, Socket>>,
    preflights: RefCell<OrderedMap<SocketId, Preflight>>,
}

impl Sockets {
    /// No sockets yet. `constructor` is used like `WebSocket`, and what it makes has the same surface.
    pub fn new(host: Host, constructor: Option<Function>) -> Self {
        Self {
            host,
            constructor: RefCell::new(constructor),
            open: RefCell::default(),
            preflights: RefCell::default(),
        }
    }

    /// From now on sockets are made by `constructor`.
    #[cfg(feature = "links")]
    pub fn make_by(&self, constructor: Function) {
        if let Ok(mut made_by) = self.constructor.try_borrow_mut() {
            *made_by = Some(constructor);
        }
    }

    /// Does what the core asked for.
    pub fn perform(&self, id: SocketId, output: SocketOutput) {
        match output {
            SocketOutput::Open { url, protocols } => self.open(id, &url, &protocols),
            SocketOutput::Send(frame) => self.send(id, |socket| socket.send_with_u8_array(&frame)),
            SocketOutput::SendText(text) => self.send(id, |socket| socket.send_with_str(&text)),
            SocketOutput::Measure => {
                let bytes = u64::from(self.buffered(id));
                self.tell(id, SocketInput::Buffered(bytes));
            }
            SocketOutput::Close { code, reason } => self.close(id, code, &reason),
            SocketOutput::Abandon => self.close(id, ABANDONED, ""),
            SocketOutput::Preflight { url, token } => self.preflight(id, &url, token),
            // The core makes requests of it.
            SocketOutput::OpenTunnel { .. } => {}
        }
    }

    fn open(&self, id: SocketId, url: &str, protocols: &[String]) {
        self.close(id, ABANDONED, "");
        // A copy: no borrow may be alive when it is called.
        let constructor = self.constructor.try_borrow().ok().and_then(|given| given.clone());
        let browser = match constructor {
            Some(constructor) => create_by(&constructor, url, protocols),
            None => create(url, protocols),
        };
        match Socket::open(&self.host, id, browser) {
            Ok(socket) => self.keep(id, socket),
            Err(refusal) => self.tell(id, SocketInput::Refused(refusal)),
        }
    }

    fn keep(&self, id: SocketId, socket: Socket) {
        if let Ok(mut open) = self.open.try_borrow_mut() {
            open.insert(id, socket);
        }
    }

    /// Bytes the browser has not sent yet.
    pub fn buffered(&self, id: SocketId) -> u32 {
        self.browser(id).map_or(0, |browser| browser.buffered_amount())
    }

    fn browser(&self, id: SocketId) -> Option<WebSocket> {
        let open = self.open.try_borrow().ok()?;
        open.get(&id).map(|socket| socket.browser.clone())
    }

    fn send(&self, id: SocketId, send: impl FnOnce(&WebSocket) -> Result<(), JsValue>) {
        let Some(browser) = self.browser(id) else { return };
        if send(&browser).is_err() {
            self.close(id, ABANDONED, "");
            self.tell(id, SocketInput::Closed { code: 1006, reason: String::new(), clean: false });
        }
    }

    /// The listeners go first, so nothing of this socket is heard any more.
    fn close(&self, id: SocketId, code: u16, reason: &str) {
        let preflight =
            self.preflights.try_borrow_mut().ok().and_then(|mut preflights| preflights.remove(&id));
        drop(preflight);
        let socket = self.open.try_borrow_mut().ok().and_then(|mut open| open.remove(&id));
        if let Some(socket) = socket {
            socket.close(code, reason);
        }
    }

    fn preflight(&self, id: SocketId, url: &str, token: Option<String>) {
        let preflight = Preflight::start(&self.host, id, url, token);
        let Ok(mut preflights) = self.preflights.try_borrow_mut() else { return };
        preflights.retain(|_, preflight| !preflight.is_over());
        let replaced = preflights.insert(id, preflight);
        drop(preflights);
        drop(replaced);
    }

    fn tell(&self, id: SocketId, input: SocketInput) {
        self.host.feed(Input::Socket(id, input));
    }
}

/// One browser socket and its listeners.
#[derive(Debug)]
struct Socket {
    browser: WebSocket,
    listeners: [Listener; 5],
    remnant: Remnant,
}

impl Socket {
    fn open(
        host: &Host,
        id: SocketId,
        browser: Result<WebSocket, JsValue>,
    ) -> Result<Self, SocketRefusal> {
        let browser = browser.map_err(|thrown| refusal(&thrown))?;
        browser.set_binary_type(BinaryType::Arraybuffer);
        let listeners = listen(host, id, &browser).map_err(|_| SocketRefusal::Unavailable)?;
        let remnant = host.remains().keep(method(&browser, "close"));
        Ok(Self { browser, listeners, remnant })
    }

    fn close(self, code: u16, reason: &str) {
        let Self { browser, listeners, remnant } = self;
        drop(listeners);
        if browser.close_with_code_and_reason(code, reason).is_err() {
            browser.close().ok();
        }
        drop(remnant);
    }
}

fn create(url: &str, protocols: &[String]) -> Result<WebSocket, JsValue> {
    if protocols.is_empty() {
        return WebSocket::new(url);
    }
    let offered: Array = protocols.iter().map(JsValue::from).collect();
    WebSocket::new_with_str_sequence(url, &offered)
}

/// A socket that other tabs may share; it is no `WebSocket` by class.
fn create_by(
    constructor: &Function,
    url: &str,
    protocols: &[String],
) -> Result<WebSocket, JsValue> {
    let offered: Array = protocols.iter().map(JsValue::from).collect();
    Reflect::construct(constructor, &Array::of2(&url.into(), &offered)).map(JsCast::unchecked_into)
}

fn listen(host: &Host, id: SocketId, browser: &WebSocket) -> Result<[Listener; 5], JsValue> {
    let on = |kind, convert: fn(&WebSocket, JsValue) -> SocketInput| {
        let (host, socket) = (host.clone(), browser.clone());
        Listener::passing(browser, kind, move |event| {
            host.feed(Input::Socket(id, convert(&socket, event)));
        })
    };
    // Says nothing that `close` does not; but Node's `ws` throws at everybody what nobody hears.
    let error = Listener::passing(browser, "error", |_| {})?;
    let relay = on("relay", relayed)?;
    Ok([on("open", opened)?, on("message", received)?, on("close", closed)?, relay, error])
}

fn opened(socket: &WebSocket, _: JsValue) -> SocketInput {
    SocketInput::Opened { protocol: socket.protocol() }
}

fn received(_: &WebSocket, event: JsValue) -> SocketInput {
    let data = event.unchecked_into::<MessageEvent>().data();
    match data.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => SocketInput::Frame(Uint8Array::new(&buffer).to_vec()),
        Err(text) => {
            SocketInput::Text(text.dyn_ref::<JsString>().map(String::from).unwrap_or_default())
        }
    }
}

/// Only a shared socket says this.
fn relayed(_: &WebSocket, event: JsValue) -> SocketInput {
    let data = event.unchecked_into::<MessageEvent>().data();
    SocketInput::Relayed(Uint8Array::new(&data).to_vec())
}

fn closed(_: &WebSocket, event: JsValue) -> SocketInput {
    let event: CloseEvent = event.unchecked_into();
    SocketInput::Closed { code: event.code(), reason: event.reason(), clean: event.was_clean() }
}

/// What the constructor threw (WebSockets §3.1); no such global is a `ReferenceError`.
fn refusal(thrown: &JsValue) -> SocketRefusal {
    match error_name(thrown).as_str() {
        "SyntaxError" => SocketRefusal::InvalidUrl,
        "SecurityError" => SocketRefusal::Forbidden,
        _ => SocketRefusal::Unavailable,
    }
}
