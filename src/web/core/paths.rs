//! The exports between a room and what connects peers: signaling.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::io::RoomId;
use crate::web::{Core, thrown};

#[wasm_bindgen]
impl Core {
    /// Sends signaling of peers, JSON text, over the room's link; what comes is told by `signal` events.
    ///
    /// # Errors
    /// `E_MESSAGE` if it is no JSON or too large, `E_NOT_CONNECTED` without a link.
    pub fn signal(&self, room: u32, text: &str) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.signal(now, RoomId(room), text)))
    }
}
