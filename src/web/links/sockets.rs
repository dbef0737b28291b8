//! Exports for plain sockets.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::Links;
use crate::connection::Context;
use crate::connection::manner::{Ruling, VerdictRequest};
use crate::error::Misuse;
use crate::io::EndpointRequest;
use crate::socket::message::Message;
use crate::socket::options::SocketOptions;
use crate::socket::outgoing::Handed;
use crate::socket::{Answer, Socket};
use crate::web::convert::from_js;
use crate::web::{endpoint_failure, thrown};

#[wasm_bindgen]
impl Links {
    /// Opens a socket, which stays connected, and returns its number.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for options that make no sense.
    #[wasm_bindgen(js_name = openSocket)]
    pub fn open_socket(&self, options: &JsValue) -> Result<u32, JsValue> {
        let options = from_js("the options of a socket", options);
        let options = thrown(options.and_then(|options| SocketOptions::from_json(&options)))?;
        thrown(self.driver.command(|links, now| Ok(links.open_socket(now, options))))
    }

    /// Connects again after it ended, or retries now.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = connectSocket)]
    pub fn connect_socket(&self, link: u32) -> Result<(), JsValue> {
        self.socket(link, |socket, cx| {
            socket.connect(cx);
            Ok(())
        })
    }

    /// Sends what may go, closes, and stays away.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = closeSocket)]
    pub fn close_socket(&self, link: u32, code: u16, reason: &str) -> Result<(), JsValue> {
        self.socket(link, |socket, cx| {
            socket.close(cx, code, reason);
            Ok(())
        })
    }

    /// Sends a text message; `false` if it waits and its ticket will be told.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED`, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL` or `E_RATE_LIMIT`.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, link: u32, ticket: u32, text: String) -> Result<bool, JsValue> {
        self.send(link, ticket, Message::Text(text))
    }

    /// Sends a binary message; `false` if it waits and its ticket will be told.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED`, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL` or `E_RATE_LIMIT`.
    #[wasm_bindgen(js_name = sendBytes)]
    pub fn send_bytes(&self, link: u32, ticket: u32, bytes: Vec<u8>) -> Result<bool, JsValue> {
        self.send(link, ticket, Message::Binary(bytes))
    }

    /// Sends a value of which only the latest counts: `bytes` if there are some, else `text`.
    ///
    /// # Errors
    /// `E_BUFFER_FULL` for too many keys.
    #[wasm_bindgen(js_name = sendVolatile)]
    pub fn send_volatile(
        &self,
        link: u32,
        key: String,
        text: String,
        bytes: Option<Vec<u8>>,
    ) -> Result<(), JsValue> {
        let message = bytes.map_or(Message::Text(text), Message::Binary);
        self.socket(link, |socket, cx| socket.send_volatile(cx, key, message))
    }

    /// Answers an `endpoint` event of a socket. Protocols and first message are those of this attempt.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = provideSocket)]
    pub fn provide_socket(
        &self,
        link: u32,
        request: u32,
        url: String,
        token: Option<String>,
        protocols: Option<Vec<String>>,
        hello: Option<String>,
    ) -> Result<(), JsValue> {
        let answer = Answer { url, token, protocols, hello: hello.map(Message::Text) };
        self.socket(link, |socket, cx| {
            socket.provide_endpoint(cx, EndpointRequest(request), answer);
            Ok(())
        })
    }

    /// Answers an `endpoint` event of a socket with a failure: `unauthorized` or `unavailable`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word, `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = refuseSocket)]
    pub fn refuse_socket(
        &self,
        link: u32,
        request: u32,
        failure: &str,
        message: &str,
    ) -> Result<(), JsValue> {
        let failure = thrown(endpoint_failure(failure))?;
        self.socket(link, |socket, cx| {
            socket.refuse_endpoint(cx, EndpointRequest(request), failure, message);
            Ok(())
        })
    }

    /// Answers a `verdict` event: `default`, `retry` (after `wait` milliseconds if any), `refresh` or `fail`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word, `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = ruleSocket)]
    pub fn rule_socket(
        &self,
        link: u32,
        request: u32,
        word: &str,
        wait: Option<u32>,
    ) -> Result<(), JsValue> {
        let ruling = thrown(Ruling::from_word(word, wait))?;
        self.socket(link, |socket, cx| {
            socket.provide_ruling(cx, VerdictRequest(request), ruling);
            Ok(())
        })
    }

    /// Bytes that have been handed over and not been sent: those that wait here, and those the browser has.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    #[wasm_bindgen(js_name = bufferedAmount)]
    pub fn buffered_amount(&self, link: u32) -> Result<f64, JsValue> {
        let (waiting, id) = thrown(self.driver.read(|links| {
            links.socket(link).map(|socket| (socket.waiting_bytes(), socket.link()))
        }))?;
        let browser = id.map_or(0, |id| self.driver.sockets().buffered(id));
        Ok(waiting as f64 + f64::from(browser))
    }

    fn send(&self, link: u32, ticket: u32, message: Message) -> Result<bool, JsValue> {
        self.socket(link, |socket, cx| Ok(socket.send(cx, ticket, message)? == Handed::Over))
    }

    fn socket<T>(
        &self,
        link: u32,
        command: impl FnOnce(&mut Socket, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, JsValue> {
        thrown(self.driver.command(|links, now| links.with_socket(now, link, command)))
    }
}
