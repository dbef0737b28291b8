//! Some meshes and a server in memory that routes what they say.

use std::collections::BTreeMap;

use js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array};
use rejoin::web::Peers;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::support::sleep;

const PATIENCE: u32 = 5_000;

/// What one page has been told.
struct Page {
    core: Peers,
    mesh: u32,
    name: String,
    in_room: bool,
    connected: bool,
    numbers: BTreeMap<String, u32>,
    states: BTreeMap<String, Value>,
    neighbours: BTreeMap<u32, Vec<String>>,
    frames: Vec<(String, Vec<u8>)>,
    errors: Vec<String>,
    files: Vec<String>,
    tracks: Vec<(u32, String)>,
    received: usize,
}

pub(super) struct Room {
    pages: Vec<Page>,
}

impl Room {
    /// Pages with these options, nobody in the room yet.
    pub(super) fn new(options: &[&str]) -> Self {
        Self { pages: options.iter().map(|options| Page::new(options)).collect() }
    }

    /// All enter.
    pub(super) fn open(&mut self) {
        (0..self.pages.len()).for_each(|at| self.enter(at));
    }

    /// One enters.
    pub(super) fn enter(&mut self, at: usize) {
        let page = &mut self.pages[at];
        page.connected = true;
        page.core.signal_up(page.mesh, None).unwrap();
        self.route();
    }

    pub(super) fn show(&self, at: usize, slot: &str, track: &JsValue) {
        let page = &self.pages[at];
        page.core.replace_track(page.mesh, slot, track.clone()).unwrap();
    }

    /// Whether something comes in a slot of another.
    pub(super) fn sees(&self, at: usize, of: usize, slot: &str) -> bool {
        let page = &self.pages[at];
        let Some(peer) = page.numbers.get(&self.pages[of].name) else { return false };
        let told = page.tracks.contains(&(*peer, slot.to_owned()));
        let track = page.core.remote_track(page.mesh, *peer, slot).unwrap();
        let muted = Reflect::get(&track, &"muted".into()).is_ok_and(|muted| muted.is_truthy());
        told && track.is_object() && !muted
    }

    /// The server is gone for one.
    pub(super) fn cut(&mut self, at: usize) {
        self.pages[at].connected = false;
        self.pages[at].core.signal_down(self.pages[at].mesh, None).unwrap();
    }

    pub(super) fn leave(&mut self, at: usize) {
        self.pages[at].core.leave(self.pages[at].mesh).unwrap();
    }

    pub(super) fn send(&self, from: usize, to: usize, channel: &str, bytes: &[u8]) {
        let page = &self.pages[from];
        let peer = page.numbers[&self.pages[to].name];
        page.core.send(page.mesh, peer, channel, bytes.to_vec()).unwrap();
    }

    /// A file whose bytes follow from their place.
    pub(super) fn send_file(&self, from: usize, to: usize, size: u32) {
        let page = &self.pages[from];
        let peer = page.numbers[&self.pages[to].name];
        let (name, mime) = ("f".to_owned(), String::new());
        page.core.send_file(page.mesh, peer, name, f64::from(size), mime).unwrap();
    }

    /// Where the transfers of a page stood, one after the other.
    pub(super) fn files(&self, at: usize) -> Vec<&str> {
        self.pages[at].files.iter().map(String::as_str).collect()
    }

    /// Bytes of files that came.
    pub(super) fn received(&self, at: usize) -> usize {
        self.pages[at].received
    }

    pub(super) fn state(&self, at: usize, of: usize) -> &str {
        let status = self.pages[at].states.get(&self.pages[of].name);
        status.and_then(|status| status["state"].as_str()).unwrap_or("unknown")
    }

    pub(super) fn is_up(&self, at: usize, of: usize) -> bool {
        self.state(at, of) == "up"
    }

    pub(super) fn path(&self, at: usize, of: usize) -> &str {
        let status = self.pages[at].states.get(&self.pages[of].name);
        status.and_then(|status| status["path"].as_str()).unwrap_or("unknown")
    }

    pub(super) fn neighbours(&self, at: usize, of: usize) -> &[String] {
        let page = &self.pages[at];
        let number = page.numbers.get(&self.pages[of].name);
        number.and_then(|number| page.neighbours.get(number)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn heard(&self, at: usize, channel: &str) -> Vec<Vec<u8>> {
        let frames = self.pages[at].frames.iter().filter(|(known, _)| known == channel);
        frames.map(|(_, bytes)| bytes.clone()).collect()
    }

    pub(super) fn errors(&self) -> Vec<String> {
        self.pages.iter().flat_map(|page| page.errors.clone()).collect()
    }

    /// Turns until it is so.
    pub(super) async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        for _ in 0..PATIENCE {
            self.route();
            if so(self) {
                return;
            }
            sleep(1).await;
        }
        let states: Vec<_> = self.pages.iter().map(|page| &page.states).collect();
        panic!("never: {what}; {states:?}; {:?}", self.errors());
    }

    fn route(&mut self) {
        let said: Vec<(usize, Value)> = (0..self.pages.len())
            .flat_map(|at| self.pages[at].take().into_iter().map(move |text| (at, text)))
            .collect();
        for (from, message) in said {
            if self.pages[from].connected {
                self.on_message(from, &message);
            }
        }
    }

    fn on_message(&mut self, from: usize, message: &Value) {
        let name = self.pages[from].name.clone();
        match message["t"].as_str().unwrap() {
            "hello" => {
                self.pages[from].in_room = true;
                let others: Vec<Value> = self
                    .pages
                    .iter()
                    .filter(|page| page.in_room && page.name != name)
                    .map(|page| json!({"inst": page.name}))
                    .collect();
                self.tell_others(&name, &json!({"t": "join", "inst": name}));
                let welcome = json!({"t": "welcome", "you": name, "peers": others, "ice": null});
                self.pages[from].hear(&welcome);
            }
            "sig" => {
                let to = message["to"].as_str().unwrap();
                let routed = json!({"t": "sig", "from": name, "body": message["body"]});
                let known = self.pages.iter().find(|page| page.name == to && page.in_room);
                if let Some(page) = known.filter(|page| page.connected) {
                    page.hear(&routed);
                }
            }
            "bye" => {
                self.pages[from].in_room = false;
                self.tell_others(&name, &json!({"t": "leave", "inst": name, "why": "bye"}));
            }
            other => panic!("nobody says {other}"),
        }
    }

    fn tell_others(&self, name: &str, message: &Value) {
        for page in self.pages.iter().filter(|page| page.in_room && page.name != name) {
            page.hear(message);
        }
    }
}

impl Page {
    fn new(options: &str) -> Self {
        let core = Peers::new(Function::new_no_args(""));
        let mesh = core.join(&JSON::parse(options).unwrap()).unwrap();
        let name = core.instance(mesh).unwrap();
        Self {
            core,
            mesh,
            name,
            in_room: false,
            connected: false,
            numbers: BTreeMap::new(),
            states: BTreeMap::new(),
            neighbours: BTreeMap::new(),
            frames: Vec::new(),
            errors: Vec::new(),
            files: Vec::new(),
            tracks: Vec::new(),
            received: 0,
        }
    }

    fn hear(&self, message: &Value) {
        self.core.signal(self.mesh, &message.to_string(), None).unwrap();
    }

    fn on_file(&mut self, event: &Value, object: &JsValue) {
        let number = |name: &str| event[name].as_u64().unwrap();
        let transfer = number("transfer") as u32;
        match event["type"].as_str().unwrap() {
            "want" => {
                let (offset, length) = (number("offset"), number("length"));
                let piece = (offset..offset + length).map(byte_at).collect();
                self.core.file_chunk(self.mesh, transfer, offset as f64, piece).unwrap();
            }
            "chunk" => {
                let bytes = attachment(object);
                assert_eq!(number("offset"), self.received as u64);
                let right = bytes.iter().zip(self.received as u64..);
                assert!(right.into_iter().all(|(byte, at)| *byte == byte_at(at)));
                self.received += bytes.len();
                self.core.file_taken(self.mesh, transfer, bytes.len() as u32).unwrap();
            }
            _ => {
                let status = event["status"].as_str().unwrap();
                if status == "offered" && event["direction"] == "in" {
                    self.core.accept_file(self.mesh, transfer).unwrap();
                }
                self.files.push(status.to_owned());
            }
        }
    }

    /// Takes the events in and gives what is for the server.
    fn take(&mut self) -> Vec<Value> {
        let events: Array = self.core.take_events().unwrap().into();
        let mut said = Vec::new();
        for object in events.iter() {
            let event: Value =
                serde_json::from_str(&JSON::stringify(&object).unwrap().as_string().unwrap())
                    .unwrap();
            let peer = event["peer"].as_u64().unwrap_or(0) as u32;
            match event["type"].as_str().unwrap() {
                "signal" => {
                    said.push(serde_json::from_str(event["text"].as_str().unwrap()).unwrap())
                }
                "peer" => {
                    let instance = event["instance"].as_str().unwrap().to_owned();
                    self.numbers.insert(instance.clone(), peer);
                    self.states.insert(instance, event);
                }
                "neighbours" => {
                    let names = serde_json::from_value(event["instances"].clone()).unwrap();
                    self.neighbours.insert(peer, names);
                }
                "frame" => {
                    let channel = event["channel"].as_str().unwrap().to_owned();
                    self.frames.push((channel, attachment(&object)));
                }
                "track" => {
                    self.tracks.push((peer, event["slot"].as_str().unwrap().to_owned()));
                }
                "file" | "want" | "chunk" => self.on_file(&event, &object),
                "error" => self.errors.push(event["code"].as_str().unwrap().to_owned()),
                _ => {}
            }
        }
        said
    }
}

/// A track of the browser's fake camera.
pub(super) async fn camera() -> JsValue {
    let code =
        "navigator.mediaDevices.getUserMedia({video: true}).then((media) => media.getTracks()[0])";
    let promise: Promise = js_sys::eval(code).unwrap().into();
    JsFuture::from(promise).await.unwrap()
}

pub(super) fn is_live(track: &JsValue) -> bool {
    Reflect::get(track, &"readyState".into()).unwrap() == "live"
}

pub(super) fn stop(track: &JsValue) {
    let stop: Function = Reflect::get(track, &"stop".into()).unwrap().into();
    stop.call0(track).unwrap();
}

fn byte_at(place: u64) -> u8 {
    (place ^ (place >> 8) ^ (place >> 16)) as u8
}

fn attachment(event: &JsValue) -> Vec<u8> {
    let attachments: Array = Reflect::get(event, &"attachments".into()).unwrap().into();
    Uint8Array::new(&attachments.get(0)).to_vec()
}

impl Drop for Page {
    fn drop(&mut self) {
        self.core.close().ok();
    }
}
