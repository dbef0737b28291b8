//! Exports for Socket.IO sessions.

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::Links;
use crate::connection::Context;
use crate::error::Misuse;
use crate::io::EndpointRequest;
use crate::socket::outgoing::Handed;
use crate::socket_io::options::SocketIoOptions;
use crate::socket_io::{Answer, Delivery, Outbound, SocketIo};
use crate::web::convert::from_js;
use crate::web::{endpoint_failure, thrown};

#[wasm_bindgen]
impl Links {
    /// Opens a Socket.IO session, which stays connected, and returns its number. `sockets` is used like `WebSocket` from now on:
    /// several sessions may share a connection.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for options that make no sense.
    #[wasm_bindgen(js_name = openSession)]
    pub fn open_session(&self, options: &JsValue, sockets: Function) -> Result<u32, JsValue> {
        let options = from_js("the options of a Socket.IO session", options);
        let options = thrown(options.and_then(|options| SocketIoOptions::from_json(&options)))?;
        self.driver.sockets().make_by(sockets);
        thrown(self.driver.command(|links, now| Ok(links.open_session(now, options))))
    }

    /// Connects again after it ended, or retries now.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = connectSession)]
    pub fn connect_session(&self, link: u32) -> Result<(), JsValue> {
        self.session(link, |session, cx| {
            session.connect(cx);
            Ok(())
        })
    }

    /// Sends what may go, leaves the namespace, and stays away.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = closeSession)]
    pub fn close_session(&self, link: u32) -> Result<(), JsValue> {
        self.session(link, |session, cx| {
            session.close(cx);
            Ok(())
        })
    }

    /// Sends an event: `data` is JSON text of an array, `attachments` are its bytes. `wait` are the milliseconds for its
    /// answer, 0 if none is wanted; less than 0 sends it now or never. `false` if it waits and its ticket will be told.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT`, `E_NOT_CONNECTED`, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL` or `E_RATE_LIMIT`.
    #[wasm_bindgen(js_name = emitEvent)]
    pub fn emit_event(
        &self,
        link: u32,
        ticket: u32,
        data: String,
        attachments: &Array,
        wait: i32,
    ) -> Result<bool, JsValue> {
        let delivery = match u64::try_from(wait) {
            Ok(0) => Delivery::Plain,
            Ok(wait) => Delivery::Answered(wait),
            Err(_) => Delivery::Volatile,
        };
        let event = Outbound { data, attachments: bytes(attachments) };
        self.session(link, |session, cx| {
            Ok(session.emit(cx, ticket, event, delivery)? == Handed::Over)
        })
    }

    /// Answers an event that came with a number.
    ///
    /// # Errors
    /// As [`emit_event`](Self::emit_event).
    #[wasm_bindgen(js_name = answerEvent)]
    pub fn answer_event(
        &self,
        link: u32,
        id: f64,
        data: String,
        attachments: &Array,
    ) -> Result<(), JsValue> {
        let answer = Outbound { data, attachments: bytes(attachments) };
        self.session(link, |session, cx| session.answer(cx, id as u64, answer))
    }

    /// Answers an `endpoint` event of a session: where to connect, what to join there, and JSON text of what is shown to it.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = provideSession)]
    pub fn provide_session(
        &self,
        link: u32,
        request: u32,
        url: String,
        namespace: String,
        auth: Option<String>,
    ) -> Result<(), JsValue> {
        self.session(link, |session, cx| {
            let answer = Answer { url, namespace, auth };
            session.provide_endpoint(cx, EndpointRequest(request), answer);
            Ok(())
        })
    }

    /// Answers an `endpoint` event of a session with a failure: `unauthorized` or `unavailable`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word, `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = refuseSession)]
    pub fn refuse_session(
        &self,
        link: u32,
        request: u32,
        failure: &str,
        message: &str,
    ) -> Result<(), JsValue> {
        let failure = thrown(endpoint_failure(failure))?;
        self.session(link, |session, cx| {
            session.refuse_endpoint(cx, EndpointRequest(request), failure, message);
            Ok(())
        })
    }

    fn session<T>(
        &self,
        link: u32,
        command: impl FnOnce(&mut SocketIo, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, JsValue> {
        thrown(self.driver.command(|links, now| links.with_session(now, link, command)))
    }
}

fn bytes(attachments: &Array) -> Vec<Vec<u8>> {
    let list = attachments.iter();
    list.filter_map(|item| item.dyn_into::<Uint8Array>().ok()).map(|item| item.to_vec()).collect()
}
