//! The exported class of documents.

mod document;
mod messages;
mod paths;

use std::rc::Rc;

use js_sys::{Function, Set};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::Client;
use crate::config::{Config, Fields, RoomOptions};
use crate::connection::answer::Answer;
use crate::connection::manner::Ruling;
use crate::connection::{EndpointAnswer, EndpointFailure};
use crate::error::Misuse;
use crate::io::RoomId;
use crate::web::adapter::Adapter;
use crate::web::convert::{events_to_js, from_js};
use crate::web::driver::{Driver, Settings};
use crate::web::indexed_db::{Durability, Vault};
use crate::web::{clock, thrown};

/// One running client. Rooms, types and questions are numbers and strings, so nothing but this needs `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    driver: Rc<Driver<Client>>,
}

#[wasm_bindgen]
impl Core {
    /// Starts a client. `wake` is called without arguments when there are events; it may only schedule a microtask.
    /// `sockets` is used like `WebSocket` where it is given, `vault` seals what is written to the disk, `adapter` keeps records in
    /// its place.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for a configuration that makes no sense.
    #[wasm_bindgen(constructor)]
    pub fn new(
        config: &JsValue,
        wake: Function,
        sockets: Option<Function>,
        vault: Option<Function>,
        adapter: Option<Function>,
    ) -> Result<Self, JsValue> {
        let (config, settings) = thrown(configuration(config))?;
        let (vault, adapter) = (vault.map(Vault::from), adapter.map(Adapter::from));
        let settings = Settings { sockets, vault, adapter, ..settings };
        let client = Client::new(config, clock::seed());
        Ok(Self { driver: Driver::start(client, wake, settings) })
    }

    /// The events since the last call, as plain objects; bytes are in the member `attachments`.
    ///
    /// # Errors
    /// `E_INTERNAL` if this instance is broken.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&self) -> Result<JsValue, JsValue> {
        events_to_js(&thrown(self.driver.take_events())?, clock::wall())
    }

    /// Enters a room and returns its number.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for an empty or odd name.
    #[wasm_bindgen(js_name = enterRoom)]
    pub fn enter_room(&self, name: &str, options: &JsValue) -> Result<u32, JsValue> {
        let options = from_js("the options of a room", options);
        let options = thrown(options.and_then(|options| RoomOptions::from_json(&options)))?;
        thrown(self.driver.command(|client, now| client.enter_room(now, name, options)))
            .map(|room| room.0)
    }

    /// Says goodbye, writes what is unsaved and lets go of the room.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been left.
    #[wasm_bindgen(js_name = leaveRoom)]
    pub fn leave_room(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.leave_room(now, RoomId(room))))
    }

    /// Connects, and stays connected.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    pub fn connect(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.connect(now, RoomId(room))))
    }

    /// Disconnects, and stays disconnected.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    pub fn disconnect(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.disconnect(now, RoomId(room))))
    }

    /// Answers an `endpoint` event; `lifetime` is for how many milliseconds the token lasts, if that is known.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = provideEndpoint)]
    pub fn provide_endpoint(
        &self,
        room: u32,
        request: u32,
        url: &str,
        token: Option<String>,
        lifetime: Option<f64>,
    ) -> Result<(), JsValue> {
        let lifetime = lifetime.map(|millis| millis as u64);
        let given = EndpointAnswer { url, token: token.as_deref(), lifetime };
        self.answer(room, request, Answer::Endpoint(given))
    }

    /// Answers an `endpoint` event with a failure, `unauthorized` or `unavailable`, and its `message`; or a `verdict` event with `default`,
    /// `retry` (after `wait` milliseconds if any), `refresh` or `fail`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word, `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = answerWith)]
    pub fn answer_with(
        &self,
        room: u32,
        request: u32,
        word: &str,
        message: &str,
        wait: Option<u32>,
    ) -> Result<(), JsValue> {
        let answer = match word {
            "unauthorized" => Answer::Failure(EndpointFailure::Unauthorized, message),
            "unavailable" => Answer::Failure(EndpointFailure::Unavailable, message),
            _ => Answer::Ruling(thrown(Ruling::from_word(word, wait))?),
        };
        self.answer(room, request, answer)
    }

    /// Shows `json` to the others in the room, or nothing any more.
    ///
    /// # Errors
    /// `E_PRESENCE` if it is no JSON or too large.
    #[wasm_bindgen(js_name = setPresence)]
    pub fn set_presence(&self, room: u32, json: Option<String>) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.set_presence(now, RoomId(room), json)))
    }

    /// The id of this replica in this room.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = clientId)]
    pub fn client_id(&self, room: u32) -> Result<f64, JsValue> {
        thrown(self.driver.read(|client| client.client_id(RoomId(room)))).map(|id| id as f64)
    }

    /// Says goodbye in all rooms and closes sockets and databases.
    ///
    /// # Errors
    /// Only for a bug of ours.
    pub fn close(&self) -> Result<(), JsValue> {
        self.driver.leave_page();
        thrown(self.driver.command(|client, now| {
            client.close(now);
            Ok(())
        }))
    }

    /// Functions to call, in any order, if this instance has trapped: they close its sockets and databases, release
    /// its locks and take its listeners away. Ask for the set at the start; it changes by itself.
    pub fn remains(&self) -> Set {
        self.driver.remains().as_set().clone()
    }

    /// Traps on purpose, so that tests can see what an app sees then.
    #[wasm_bindgen(js_name = crashForTest)]
    pub fn crash_for_test(&self) {
        std::process::abort();
    }
}

/// The core's part of the configuration, and what only the browser side reads.
impl Core {
    fn answer(&self, room: u32, request: u32, answer: Answer<'_>) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.answer(now, RoomId(room), request, answer)))
    }
}

fn configuration(value: &JsValue) -> Result<(Config, Settings), Misuse> {
    let value = from_js("the configuration", value)?;
    let mut durability = Durability::default();
    let words = [("relaxed", Durability::Relaxed), ("strict", Durability::Strict)];
    Fields::of("the configuration", &value)?.word("durability", &words, &mut durability)?;
    Ok((Config::from_json(&value)?, Settings { durability, ..Settings::default() }))
}
