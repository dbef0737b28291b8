//! The exported class of peers, in a module of its own that is loaded when they are used.

use std::rc::Rc;

use js_sys::{Function, Set};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::connection::Context;
use crate::error::Misuse;
use crate::io::Slot;
use crate::mesh::Mesh;
use crate::mesh::file::FileInfo;
use crate::mesh::ice::IceAnswer;
use crate::mesh::lane::Channel;
use crate::mesh::options::MeshOptions;
use crate::web::clock;
use crate::web::convert::{events_to_js, from_js};
use crate::web::driver::{Driver, Settings};
use crate::web::thrown;

/// All meshes of a page. Meshes, peers and questions are numbers, so nothing but this needs `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Peers {
    driver: Rc<Driver<crate::peers::Peers>>,
}

#[wasm_bindgen]
impl Peers {
    /// Starts without meshes. `wake` is called without arguments when there are events; it may only schedule a microtask.
    #[wasm_bindgen(constructor)]
    pub fn new(wake: Function) -> Self {
        let peers = crate::peers::Peers::new(clock::seed());
        Self { driver: Driver::start(peers, wake, Settings::default()) }
    }

    /// The events since the last call, as plain objects; bytes are in the member `attachments`.
    ///
    /// # Errors
    /// `E_INTERNAL` if this instance is broken.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&self) -> Result<JsValue, JsValue> {
        events_to_js(&thrown(self.driver.take_events())?, clock::wall())
    }

    /// Joins the peers of a room and returns the mesh's number. Nothing happens before [`signal_up`](Self::signal_up).
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for options that make no sense.
    pub fn join(&self, options: &JsValue) -> Result<u32, JsValue> {
        let options = from_js("the options of a mesh", options);
        let options = thrown(options.and_then(|options| MeshOptions::from_json(&options)))?;
        let options = MeshOptions { epoch: clock::wall().at(0), ..options };
        thrown(self.driver.command(|peers, now| Ok(peers.join(now, options))))
    }

    /// The name under which the others know this side.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    pub fn instance(&self, mesh: u32) -> Result<String, JsValue> {
        thrown(self.driver.read(|peers| Ok(peers.mesh(mesh)?.instance().to_owned())))
    }

    /// Says goodbye and lets go of a mesh.
    ///
    /// # Errors
    /// Only for a bug of ours.
    pub fn leave(&self, mesh: u32) -> Result<(), JsValue> {
        self.driver.peers().forget_tracks(mesh);
        thrown(self.driver.command(|peers, now| {
            peers.leave(now, mesh);
            Ok(())
        }))
    }

    /// The room's socket is open, or that of a server of y-webrtc: what `signal` and `publish` events hold can be sent over it.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = signalUp)]
    pub fn signal_up(&self, mesh: u32, server: Option<u32>) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            match server {
                Some(server) => mesh.server_up(cx, server),
                None => mesh.signal_up(cx),
            }
            Ok(())
        })
    }

    /// That socket is gone.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = signalDown)]
    pub fn signal_down(&self, mesh: u32, server: Option<u32>) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            match server {
                Some(server) => mesh.server_down(cx, server),
                None => mesh.signal_down(cx),
            }
            Ok(())
        })
    }

    /// Hands in one text of signaling that came over that socket.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    pub fn signal(&self, mesh: u32, text: &str, server: Option<u32>) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            match server {
                Some(server) => mesh.handle_server(cx, server, text),
                None => mesh.handle_signal(cx, text),
            }
            Ok(())
        })
    }

    /// Hands in what an `unseal` event held, decrypted, or nothing if the password does not open it.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    pub fn unsealed(&self, mesh: u32, server: u32, plain: Option<Vec<u8>>) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            mesh.handle_unsealed(cx, server, plain.as_deref());
            Ok(())
        })
    }

    /// The text to send for what a `publish` event held, encrypted under this nonce.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    pub fn sealed(&self, mesh: u32, nonce: &[u8], sealed: &[u8]) -> Result<String, JsValue> {
        thrown(self.driver.read(|peers| Ok(peers.mesh(mesh)?.seal(nonce, sealed))))
    }

    /// What to say to a server of y-webrtc when the page goes, as in a `publish` event.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    pub fn farewell(&self, mesh: u32) -> Result<Vec<u8>, JsValue> {
        thrown(self.driver.read(|peers| Ok(peers.mesh(mesh)?.farewell())))
    }

    /// Sends bytes to a peer on `sync`, `presence` or `msg`.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED` without a link, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL`, `E_INVALID_ARGUMENT`.
    pub fn send(&self, mesh: u32, peer: u32, channel: &str, bytes: Vec<u8>) -> Result<(), JsValue> {
        let channel = thrown(channel_named(channel))?;
        self.mesh(mesh, |mesh, cx| mesh.send(cx, peer, channel, bytes))
    }

    /// Offers a file to a peer and returns the transfer's number; `want` events ask for its pieces.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED` without a link, `E_BUFFER_FULL` for too many at once, `E_INVALID_ARGUMENT`.
    #[wasm_bindgen(js_name = sendFile)]
    pub fn send_file(
        &self,
        mesh: u32,
        peer: u32,
        name: String,
        size: f64,
        mime: String,
    ) -> Result<u32, JsValue> {
        let info = FileInfo { name, size: size as u64, mime };
        self.mesh(mesh, |mesh, cx| mesh.send_file(cx, peer, info))
    }

    /// Takes an offered file; `chunk` events bring its pieces.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if it is not on offer.
    #[wasm_bindgen(js_name = acceptFile)]
    pub fn accept_file(&self, mesh: u32, transfer: u32) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| mesh.accept_file(cx, transfer))
    }

    /// Ends a transfer or refuses an offer. Harmless once it is over.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = cancelFile)]
    pub fn cancel_file(&self, mesh: u32, transfer: u32) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            mesh.cancel_file(cx, transfer);
            Ok(())
        })
    }

    /// The piece that a `want` event asked for.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another.
    #[wasm_bindgen(js_name = fileChunk)]
    pub fn file_chunk(
        &self,
        mesh: u32,
        transfer: u32,
        offset: f64,
        bytes: Vec<u8>,
    ) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| mesh.file_chunk(cx, transfer, offset as u64, bytes))
    }

    /// So many bytes of `chunk` events have been put away: as many more may come.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = fileTaken)]
    pub fn file_taken(&self, mesh: u32, transfer: u32, bytes: u32) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            mesh.file_taken(cx, transfer, bytes);
            Ok(())
        })
    }

    /// Shows a `MediaStreamTrack` to all peers in the slot `mic`, `camera` or `screen`, or nothing any more. It is never
    /// stopped here.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another slot, `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = replaceTrack)]
    pub fn replace_track(&self, mesh: u32, slot: &str, track: JsValue) -> Result<(), JsValue> {
        let slot = thrown(slot_named(slot))?;
        self.driver.peers().keep_track(mesh, slot, track);
        self.mesh(mesh, |mesh, cx| {
            mesh.publish(cx, slot);
            Ok(())
        })
    }

    /// The `RTCPeerConnection` of a peer, or null: to look at its statistics and to limit what it sends, and for nothing else.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    pub fn connection(&self, mesh: u32, peer: u32) -> Result<JsValue, JsValue> {
        let id = thrown(self.driver.read(|peers| Ok(peers.mesh(mesh)?.connection(peer))))?;
        Ok(id.map_or(JsValue::NULL, |id| self.driver.peers().handle(id)))
    }

    /// The `MediaStreamTrack` of a peer in a slot, or null; told of by `track` events.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another slot, `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = remoteTrack)]
    pub fn remote_track(&self, mesh: u32, peer: u32, slot: &str) -> Result<JsValue, JsValue> {
        let slot = thrown(slot_named(slot))?;
        let id = thrown(self.driver.read(|peers| Ok(peers.mesh(mesh)?.connection(peer))))?;
        Ok(id.map_or(JsValue::NULL, |id| self.driver.peers().remote_track(id, slot)))
    }

    /// Answers an `ice` event with `{ servers, ttlSeconds }`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for an answer that makes no sense, `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = provideIce)]
    pub fn provide_ice(&self, mesh: u32, request: u32, answer: &JsValue) -> Result<(), JsValue> {
        let answer = thrown(from_js("the answer with ICE servers", answer).and_then(|answer| {
            let wrong =
                || Misuse::argument("ICE servers are { servers: RTCIceServer[], ttlSeconds }");
            IceAnswer::read(&answer).ok_or_else(wrong)
        }))?;
        self.mesh(mesh, |mesh, cx| {
            mesh.provide_ice(cx, request, answer);
            Ok(())
        })
    }

    /// Answers an `ice` event: there is no answer now.
    ///
    /// # Errors
    /// `E_DISPOSED` if the mesh was left.
    #[wasm_bindgen(js_name = refuseIce)]
    pub fn refuse_ice(&self, mesh: u32, request: u32) -> Result<(), JsValue> {
        self.mesh(mesh, |mesh, cx| {
            mesh.refuse_ice(cx, request);
            Ok(())
        })
    }

    /// Says goodbye everywhere.
    ///
    /// # Errors
    /// Only for a bug of ours.
    pub fn close(&self) -> Result<(), JsValue> {
        self.driver.leave_page();
        thrown(self.driver.command(|peers, now| {
            peers.close(now);
            Ok(())
        }))
    }

    /// Functions to call, in any order, if this instance has trapped: they close its connections and take its listeners
    /// away. Ask for the set at the start; it changes by itself.
    pub fn remains(&self) -> Set {
        self.driver.remains().as_set().clone()
    }

    fn mesh<T>(
        &self,
        mesh: u32,
        command: impl FnOnce(&mut Mesh, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, JsValue> {
        thrown(self.driver.command(|peers, now| peers.with(now, mesh, command)))
    }
}

fn slot_named(name: &str) -> Result<Slot, Misuse> {
    let wrong = || Misuse::argument(format!("expected `mic`, `camera` or `screen`, got `{name}`"));
    Slot::ALL.into_iter().find(|slot| slot.name() == name).ok_or_else(wrong)
}

fn channel_named(name: &str) -> Result<Channel, Misuse> {
    let channels = [Channel::Sync, Channel::Presence, Channel::Message];
    let wrong = || Misuse::argument(format!("expected `sync`, `presence` or `msg`, got `{name}`"));
    channels.into_iter().find(|channel| channel.name() == name).ok_or_else(wrong)
}
