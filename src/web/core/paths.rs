//! The exports between a room and what connects peers: their frames pass through TypeScript, as does their signaling.

use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::Client;
use crate::error::Misuse;
use crate::event::PathChannel;
use crate::io::RoomId;
use crate::room::paths::Dialect;
use crate::time::Instant;
use crate::web::{Core, thrown};

#[wasm_bindgen]
impl Core {
    /// A peer link carries the room's document from now on; its number is the caller's. What the peer is to get is told
    /// by `path` events. With a `limit` above 0 it speaks y-sync and awareness only, as y-webrtc does, and takes no larger frames.
    ///
    /// # Errors
    /// `E_NOT_READY` before `ready`, `E_BUFFER_FULL` beyond 32 paths, `E_INVALID_ARGUMENT` for an odd instance.
    #[wasm_bindgen(js_name = pathUp)]
    pub fn path_up(&self, room: u32, path: u32, instance: &str, limit: u32) -> Result<(), JsValue> {
        let dialect = match limit {
            0 => Dialect::Ours,
            _ => Dialect::Stock { limit: limit as usize },
        };
        self.path(|client, now| client.path_up(now, RoomId(room), path, instance, dialect))
    }

    /// A peer sent this on the channel `sync` or `presence`. A path that is not up is ignored.
    ///
    /// # Errors
    /// `E_NOT_READY` before `ready`, `E_INVALID_ARGUMENT` for another channel.
    #[wasm_bindgen(js_name = pathFrame)]
    pub fn path_frame(
        &self,
        room: u32,
        path: u32,
        channel: &str,
        frame: &[u8],
    ) -> Result<(), JsValue> {
        let channel = match channel {
            "sync" => PathChannel::Sync,
            "presence" => PathChannel::Presence,
            _ => return thrown(Err(Misuse::argument("a channel is `sync` or `presence`"))),
        };
        self.path(|client, now| client.path_frame(now, RoomId(room), path, channel, frame))
    }

    /// The instances that the peer has links to, which need not be sent to it from here.
    ///
    /// # Errors
    /// `E_NOT_READY` before `ready`.
    #[wasm_bindgen(js_name = pathNeighbours)]
    pub fn path_neighbours(&self, room: u32, path: u32, instances: &Array) -> Result<(), JsValue> {
        let names = instances.iter().filter_map(|name| name.as_string()).collect();
        self.path(|client, now| client.path_neighbours(now, RoomId(room), path, names))
    }

    /// The peer link carries the document no more; `bye` if the peer said that it leaves the room.
    ///
    /// # Errors
    /// `E_NOT_READY` before `ready`.
    #[wasm_bindgen(js_name = pathDown)]
    pub fn path_down(&self, room: u32, path: u32, bye: bool) -> Result<(), JsValue> {
        self.path(|client, now| client.path_down(now, RoomId(room), path, bye))
    }

    /// Whether the peer of a path has confirmed everything of ours: ask after a `sync` event.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room was left.
    #[wasm_bindgen(js_name = pathSynced)]
    pub fn path_synced(&self, room: u32, path: u32) -> Result<bool, JsValue> {
        thrown(self.driver.read(|client| client.path_synced(RoomId(room), path)))
    }

    /// Sends signaling of peers, JSON text, over the room's link; what comes is told by `signal` events.
    ///
    /// # Errors
    /// `E_MESSAGE` if it is no JSON or too large, `E_NOT_CONNECTED` without a link.
    pub fn signal(&self, room: u32, text: &str) -> Result<(), JsValue> {
        self.path(|client, now| client.signal(now, RoomId(room), text))
    }
}

impl Core {
    fn path(
        &self,
        command: impl FnOnce(&mut Client, Instant) -> Result<(), Misuse>,
    ) -> Result<(), JsValue> {
        thrown(self.driver.command(command))
    }
}
