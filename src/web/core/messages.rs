//! The exports that send a room's messages. What comes is told by `messages` events.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::io::RoomId;
use crate::web::{Core, thrown};

#[wasm_bindgen]
impl Core {
    /// Sends a message that is stored, JSON text; returns its id. A `sent` or `refused` event follows.
    ///
    /// # Errors
    /// `E_MESSAGE` if it is no JSON or too large, `E_BUFFER_FULL` while too many wait.
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, room: u32, kind: u32, data: String) -> Result<String, JsValue> {
        thrown(
            self.driver
                .command(|client, now| client.send_message(now, RoomId(room), kind.into(), data)),
        )
    }

    /// Sends a message to one connection; returns the number of the question that an event answers.
    ///
    /// # Errors
    /// As `sendMessage`, and `E_UNSUPPORTED`.
    #[wasm_bindgen(js_name = sendDirect)]
    pub fn send_direct(&self, room: u32, to: f64, kind: u32, data: &str) -> Result<f64, JsValue> {
        let (room, to) = (RoomId(room), to as u64);
        thrown(
            self.driver.command(|client, now| client.send_direct(now, room, to, kind.into(), data)),
        )
        .map(|request| request as f64)
    }

    /// Sends a message to everyone else who is here now.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED` without a link, `E_UNSUPPORTED`, `E_MESSAGE`.
    #[wasm_bindgen(js_name = sendVolatile)]
    pub fn send_volatile(&self, room: u32, kind: u32, data: &str) -> Result<(), JsValue> {
        thrown(
            self.driver
                .command(|client, now| client.send_volatile(now, RoomId(room), kind.into(), data)),
        )
    }

    /// Asks for the messages before a number; returns the number of the question that an event answers.
    ///
    /// # Errors
    /// `E_UNSUPPORTED`, `E_BUFFER_FULL`.
    #[wasm_bindgen(js_name = loadMessages)]
    pub fn load_messages(&self, room: u32, before: f64, limit: u32) -> Result<f64, JsValue> {
        let (room, before) = (RoomId(room), before as u64);
        thrown(
            self.driver
                .command(|client, now| client.load_messages(now, room, before, limit.into())),
        )
        .map(|request| request as f64)
    }

    /// From now on the room's messages are told.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = subscribeMessages)]
    pub fn subscribe_messages(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.subscribe_messages(now, RoomId(room))))
    }
}
