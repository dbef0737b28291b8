//! [`PeerOutput`] → `RTCPeerConnection`, and its events → [`PeerInput`].
//!
//! Gathering is never waited for: it may hang for ever. A connection that is let go is closed at once, since one that is
//! not is never collected, and a page may have 500.

mod binding;
mod channel;
mod media;
mod path;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, JSON, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::io::{
    Candidate, ChannelId, Channels, Input, Operation, PeerConfig, PeerConnectionId, PeerInput,
    PeerOutput, PeerState, Refusal, Slot,
};
use crate::json::JsonText;
use crate::mesh::body::{read_candidate, write_candidate};
use crate::ordered::OrderedMap;
use crate::web::convert::error_name;
use crate::web::host::Host;
use crate::web::listener::Listener;
use crate::web::remains::{Remnant, method};
use binding::Connection;
use channel::DataChannel;

/// Garbage that makes Chromium collect, as it was found to (128 pieces do not, 160 do).
const GARBAGE_PIECES: u32 = 256;
const GARBAGE_PIECE: u32 = 1 << 20;

/// All connections of a driver.
#[derive(Debug)]
pub struct PeerConnections {
    host: Host,
    open: RefCell<OrderedMap<PeerConnectionId, PeerConnection>>,
    /// Tracks of the page, by mesh and slot.
    tracks: RefCell<OrderedMap<(u32, Slot), JsValue>>,
}

/// The channels of a connection; those that the other side makes come later.
type OpenChannels = Rc<RefCell<Vec<DataChannel>>>;

/// One connection of the browser, its channels and its listeners.
#[derive(Debug)]
struct PeerConnection {
    browser: Rc<Connection>,
    channels: OpenChannels,
    listeners: Vec<Listener>,
    remnant: Remnant,
}

impl PeerConnections {
    /// No connections yet.
    pub fn new(host: Host) -> Self {
        Self { host, open: RefCell::default(), tracks: RefCell::default() }
    }

    /// Keeps the app's track, or null, for a slot of a mesh. It is never stopped here.
    pub fn keep_track(&self, mesh: u32, slot: Slot, track: JsValue) {
        if let Ok(mut tracks) = self.tracks.try_borrow_mut() {
            tracks.insert((mesh, slot), track);
        }
    }

    /// Lets go of the tracks of a mesh.
    pub fn forget_tracks(&self, mesh: u32) {
        if let Ok(mut tracks) = self.tracks.try_borrow_mut() {
            tracks.retain(|(of, _), _| *of != mesh);
        }
    }

    /// The other side's track in a slot of a connection, or null.
    pub fn remote_track(&self, id: PeerConnectionId, slot: Slot) -> JsValue {
        self.browser(id).and_then(|browser| media::remote(&browser, slot)).unwrap_or(JsValue::NULL)
    }

    /// The browser's own object of a connection, or null: for its statistics, and for how much it sends.
    pub fn handle(&self, id: PeerConnectionId) -> JsValue {
        self.browser(id).map_or(JsValue::NULL, |browser| Connection::clone(&browser).into())
    }

    /// Does what the core asked for.
    pub fn perform(&self, id: PeerConnectionId, output: PeerOutput) {
        match output {
            PeerOutput::Create { config, channels } => self.create(id, &config, &channels),
            PeerOutput::Configure(config) => {
                if let Some(browser) = self.browser(id) {
                    self.configure(id, &browser, &config);
                }
            }
            PeerOutput::Do(operation) => self.operate(id, &operation),
            PeerOutput::RestartIce => {
                if let Some(browser) = self.browser(id) {
                    browser.restart_ice().ok();
                }
            }
            PeerOutput::Send { channel, bytes } => self.send(id, channel, bytes),
            PeerOutput::Publish { source, slot } => self.publish(id, source, slot),
            PeerOutput::FindPath => self.find_path(id),
            PeerOutput::Close => self.close(id),
        }
    }

    fn create(&self, id: PeerConnectionId, config: &PeerConfig, plans: &Channels) {
        self.close(id);
        match PeerConnection::open(&self.host, id, config, plans) {
            Ok(connection) => {
                if let Ok(mut open) = self.open.try_borrow_mut() {
                    open.insert(id, connection);
                }
            }
            Err(thrown) => {
                let refusal = refusal(&thrown);
                if refusal == Refusal::TooMany {
                    provoke_collection();
                }
                self.tell(id, PeerInput::Refused { refusal, words: words(&thrown) });
            }
        }
    }

    fn configure(&self, id: PeerConnectionId, browser: &Connection, config: &PeerConfig) {
        if let Err(thrown) = browser.set_configuration(&configuration(config)) {
            self.tell(id, PeerInput::Unconfigured(words(&thrown)));
        }
    }

    /// Answered by `Done`, also where there is no connection any more.
    fn operate(&self, id: PeerConnectionId, operation: &Operation) {
        let Some(browser) = self.browser(id) else { return };
        let describes = matches!(operation, Operation::Offer | Operation::Answer);
        let promise = start(&browser, operation);
        // What a connection had begun when it was closed never ends, and must not keep it from being collected.
        let (host, browser) = (self.host.clone(), Rc::downgrade(&browser));
        spawn_local(async move {
            let result = match promise {
                Ok(promise) => JsFuture::from(promise).await.map(drop),
                Err(thrown) => Err(thrown),
            };
            let described =
                || browser.upgrade().filter(|_| describes).and_then(|of| local_sdp(&of));
            let made = result.map(|()| described());
            let done = PeerInput::Done(made.map_err(|thrown| words(&thrown)));
            host.feed(Input::Peer(id, done));
        });
    }

    fn send(&self, id: PeerConnectionId, channel: ChannelId, bytes: Vec<u8>) {
        let Some(browser) = self.channel(id, channel) else { return };
        match browser.send(&bytes) {
            Ok(()) => {
                let buffered = browser.buffered_amount();
                self.tell(id, PeerInput::Drained { channel, buffered });
            }
            // A channel that is closing says so by itself.
            Err(thrown) => match error_name(&thrown).as_str() {
                "OperationError" => {
                    self.tell(id, PeerInput::Unsent { channel, bytes, too_large: false });
                }
                "TypeError" => {
                    self.tell(id, PeerInput::Unsent { channel, bytes, too_large: true });
                }
                _ => {}
            },
        }
    }

    fn publish(&self, id: PeerConnectionId, mesh: u32, slot: Slot) {
        let Some(browser) = self.browser(id) else { return };
        let track =
            self.tracks.try_borrow().ok().and_then(|tracks| tracks.get(&(mesh, slot)).cloned());
        media::publish(&browser, slot, &track.unwrap_or(JsValue::NULL)).ok();
    }

    fn find_path(&self, id: PeerConnectionId) {
        let Some(browser) = self.browser(id) else { return };
        let Ok(promise) = browser.get_stats() else { return };
        let host = self.host.clone();
        spawn_local(async move {
            let Ok(report) = JsFuture::from(promise).await else { return };
            if let Some(relayed) = path::is_relayed(&report) {
                host.feed(Input::Peer(id, PeerInput::Path { relayed }));
            }
        });
    }

    /// The listeners go first, so nothing of this connection is heard any more.
    fn close(&self, id: PeerConnectionId) {
        let connection = self.open.try_borrow_mut().ok().and_then(|mut open| open.remove(&id));
        let Some(PeerConnection { browser, channels, listeners, remnant }) = connection else {
            return;
        };
        let channels = channels.take();
        drop((listeners, channels));
        browser.close();
        drop(remnant);
    }

    fn browser(&self, id: PeerConnectionId) -> Option<Rc<Connection>> {
        let open = self.open.try_borrow().ok()?;
        open.get(&id).map(|connection| connection.browser.clone())
    }

    fn channel(&self, id: PeerConnectionId, channel: ChannelId) -> Option<binding::Channel> {
        let open = self.open.try_borrow().ok()?;
        let channels = open.get(&id)?.channels.try_borrow().ok()?;
        channels.iter().find(|known| known.id == channel).map(|known| known.browser.clone())
    }

    fn tell(&self, id: PeerConnectionId, input: PeerInput) {
        self.host.feed(Input::Peer(id, input));
    }
}

impl PeerConnection {
    fn open(
        host: &Host,
        id: PeerConnectionId,
        config: &PeerConfig,
        plans: &Channels,
    ) -> Result<Self, JsValue> {
        let browser = Connection::new(&configuration(config))?;
        let remnant = host.remains().keep(method(&browser, "close"));
        let made = listen(host, id, &browser).and_then(|mut listeners| {
            let channels = OpenChannels::default();
            listeners.extend(open_channels(host, id, &browser, plans, &channels)?);
            Ok((listeners, channels))
        });
        match made {
            Ok((listeners, channels)) => {
                Ok(Self { browser: Rc::new(browser), channels, listeners, remnant })
            }
            Err(thrown) => {
                browser.close();
                Err(thrown)
            }
        }
    }
}

/// Closed connections count until they are collected, and a page that is idle never collects: garbage beyond what V8 lets
/// lie about (some 130 MB) makes it. In pieces, of which the first are free before the last are there.
fn provoke_collection() {
    for _ in 0..GARBAGE_PIECES {
        drop(ArrayBuffer::new(GARBAGE_PIECE));
    }
}

/// Makes the channels; the listener to those that the other side makes, where it does.
fn open_channels(
    host: &Host,
    id: PeerConnectionId,
    browser: &Connection,
    plans: &Channels,
    into: &OpenChannels,
) -> Result<Option<Listener>, JsValue> {
    let low_water = match plans {
        Channels::Negotiated(plans) => {
            for plan in plans {
                keep(into, DataChannel::open(host, id, browser, plan)?);
            }
            return Ok(None);
        }
        Channels::InBand { label, low_water } => {
            if let Some(label) = label {
                let made = browser.create_data_channel(label, &JsValue::UNDEFINED)?;
                let own = ChannelId::OWN;
                keep(into, DataChannel::adopt(host, id, browser, own, made, *low_water)?);
            }
            *low_water
        }
    };
    let (channels, adopter, connection) = (into.clone(), host.clone(), browser.clone());
    let adopt = move |event: JsValue| {
        let made: binding::Channel = media::member(&event, "channel").unchecked_into();
        let theirs = ChannelId::THEIRS;
        let known = |known: &DataChannel| known.id == theirs;
        // Whoever opens more than one is no client of y-webrtc.
        if channels.try_borrow().is_ok_and(|channels| channels.iter().any(known)) {
            return made.close();
        }
        let adopted = DataChannel::adopt(&adopter, id, &connection, theirs, made, low_water);
        if let Ok(adopted) = adopted {
            keep(&channels, adopted);
        }
    };
    Listener::new(host.remains(), browser, "datachannel", adopt).map(Some)
}

fn keep(channels: &OpenChannels, channel: DataChannel) {
    if let Ok(mut channels) = channels.try_borrow_mut() {
        channels.push(channel);
    }
}

fn listen(
    host: &Host,
    id: PeerConnectionId,
    browser: &Connection,
) -> Result<Vec<Listener>, JsValue> {
    let on = |kind, convert: fn(&Connection, &JsValue) -> Option<PeerInput>| {
        let (host, connection) = (host.clone(), browser.clone());
        let remains = host.remains().clone();
        Listener::new(&remains, browser, kind, move |event| {
            if let Some(input) = convert(&connection, &event) {
                host.feed(Input::Peer(id, input));
            }
        })
    };
    Ok(vec![
        on("negotiationneeded", |_, _| Some(PeerInput::Needed))?,
        on("icecandidate", |_, event| found(event).map(PeerInput::Candidate))?,
        on("track", |connection, event| {
            media::slot_of(connection, &media::member(event, "transceiver")).map(PeerInput::Track)
        })?,
        on("icecandidateerror", |_, event| Some(candidate_error(event)))?,
        on("connectionstatechange", |connection, _| state(connection).map(PeerInput::State))?,
    ])
}

fn start(browser: &Connection, operation: &Operation) -> Result<Promise, JsValue> {
    match operation {
        Operation::Offer | Operation::Answer => browser.set_local_description(),
        Operation::TakeOffer(sdp) => browser.set_remote_description(&description("offer", sdp)),
        Operation::TakeAnswer(sdp) => browser.set_remote_description(&description("answer", sdp)),
        Operation::AddCandidate(candidate) => browser.add_ice_candidate(&init(candidate)),
    }
}

fn local_sdp(browser: &Connection) -> Option<String> {
    Reflect::get(&browser.local_description(), &"sdp".into()).ok()?.as_string()
}

fn configuration(config: &PeerConfig) -> JsValue {
    object(|json| {
        json.word("iceTransportPolicy", if config.relay_only { "relay" } else { "all" });
        json.array("iceServers", &config.servers, |json, server| {
            json.object(|json| {
                json.array("urls", &server.urls, |json, url| json.text(url));
                if let Some(username) = &server.username {
                    json.word("username", username);
                }
                if let Some(credential) = &server.credential {
                    json.word("credential", credential);
                }
            });
        });
    })
}

fn description(kind: &str, sdp: &str) -> JsValue {
    object(|json| {
        json.word("type", kind);
        json.word("sdp", sdp);
    })
}

fn init(candidate: &Candidate) -> JsValue {
    let mut json = JsonText::default();
    write_candidate(&mut json, candidate);
    JSON::parse(&json.finish()).unwrap_or_default()
}

fn object(members: impl FnOnce(&mut JsonText)) -> JsValue {
    let mut json = JsonText::default();
    json.object(members);
    JSON::parse(&json.finish()).unwrap_or_default()
}

/// The last one is null, or an empty text for each media section: nobody waits for the end.
fn found(event: &JsValue) -> Option<Candidate> {
    let candidate = Reflect::get(event, &"candidate".into()).ok()?;
    let text = JSON::stringify(&candidate).ok()?.as_string()?;
    let json = serde_json::from_str(&text).ok()?;
    read_candidate(&json).filter(|candidate| !candidate.candidate.is_empty())
}

fn candidate_error(event: &JsValue) -> PeerInput {
    let member = |name: &str| Reflect::get(event, &name.into()).unwrap_or_default();
    let text = |name| member(name).as_string().unwrap_or_default();
    let code = member("errorCode").as_f64().unwrap_or(701.0) as u16;
    PeerInput::CandidateError { url: text("url"), code, text: text("errorText") }
}

fn state(connection: &Connection) -> Option<PeerState> {
    match connection.connection_state().as_str() {
        "connecting" => Some(PeerState::Connecting),
        "connected" => Some(PeerState::Connected),
        "disconnected" => Some(PeerState::Disconnected),
        "failed" => Some(PeerState::Failed),
        "closed" => Some(PeerState::Closed),
        _ => None,
    }
}

fn refusal(thrown: &JsValue) -> Refusal {
    match error_name(thrown).as_str() {
        // Chromium: `UnknownError: Cannot create so many PeerConnections`.
        "UnknownError" => Refusal::TooMany,
        "SyntaxError" | "InvalidAccessError" => Refusal::Configuration,
        _ => Refusal::Unavailable,
    }
}

fn words(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).ok();
    message.and_then(|message| message.as_string()).unwrap_or_else(|| error_name(thrown))
}

/// Largest message the other side takes, as the browser knows it once they have agreed.
fn max_message(browser: &Connection) -> u32 {
    const UNSAID: f64 = 65_536.0;
    let sctp = Reflect::get(browser.unchecked_ref(), &"sctp".into()).unwrap_or_default();
    let size = Reflect::get(&sctp, &"maxMessageSize".into()).ok().and_then(|size| size.as_f64());
    size.filter(|size| *size > 0.0).unwrap_or(UNSAID).min(f64::from(u32::MAX)) as u32
}
