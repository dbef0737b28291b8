//! Meshes, their server and their browsers under a virtual clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use fastrand::Rng;
use serde_json::{Value, json};

use super::browser::{Browser, Network, Step};
use crate::connection::Context;
use crate::io::Input;
use crate::io::{Environment, Output, PeerConnectionId, PeerInput};
use crate::machine::Machine;
use crate::mesh::event::MeshEvent;
use crate::mesh::file::FileEvent;
use crate::mesh::link::{LinkState, LinkStatus};
use crate::mesh::options::MeshOptions;
use crate::mesh::{Channel, Mesh};
use crate::peers::Peers;
use crate::time::Instant;

/// One page.
pub(in crate::mesh) struct Page {
    pub(in crate::mesh) peers: Peers,
    pub(in crate::mesh) mesh: u32,
    pub(in crate::mesh) name: String,
    pub(in crate::mesh) alive: bool,
    signaling: bool,
    in_room: bool,
    numbers: BTreeMap<String, u32>,
    pub(in crate::mesh) status: BTreeMap<String, LinkStatus>,
    pub(in crate::mesh) history: Vec<(String, LinkState)>,
    pub(in crate::mesh) frames: Vec<(Channel, Vec<u8>)>,
    pub(in crate::mesh) neighbours: BTreeMap<u32, Vec<String>>,
    pub(in crate::mesh) blocked: Vec<&'static str>,
    pub(in crate::mesh) errors: Vec<&'static str>,
    pub(in crate::mesh) questions: Vec<(u32, &'static str)>,
    pub(in crate::mesh) files: Vec<FileEvent>,
    /// Offers and answers it said.
    pub(in crate::mesh) said: usize,
    /// Servers of y-webrtc with which it has an open socket.
    pub(in crate::mesh) servers: Vec<u32>,
    pub(in crate::mesh) password: Vec<u8>,
    /// What it published there.
    pub(in crate::mesh) published: Vec<String>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: u64,
    order: u64,
    what: What,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Browser(usize, u32, Step),
    Server(usize, String),
    Signal(usize, String),
    Publish(usize, u32, String),
}

pub(in crate::mesh) struct World {
    pub(in crate::mesh) now: u64,
    order: u64,
    pub(in crate::mesh) rng: Rng,
    pub(in crate::mesh) pages: Vec<Page>,
    pub(in crate::mesh) network: Network,
    queue: BinaryHeap<Reverse<Due>>,
    /// Share of signaling that is lost, out of 100.
    pub(in crate::mesh) loss: u8,
    /// A line that the server puts at the end of each description it brings.
    pub(super) inserted: &'static str,
    pub(in crate::mesh) connections_made: usize,
}

impl World {
    pub(in crate::mesh) fn new(seed: u64, count: usize, options: &MeshOptions) -> Self {
        let mut world = Self {
            now: 0,
            order: 0,
            rng: Rng::with_seed(seed),
            pages: Vec::new(),
            network: Network::default(),
            queue: BinaryHeap::new(),
            loss: 0,
            inserted: "",
            connections_made: 0,
        };
        for at in 0..count {
            let name = format!("{:03}-{at}", world.rng.u32(..) % 1000);
            let options =
                MeshOptions { room: "r".into(), instance: Some(name.clone()), ..options.clone() };
            world.pages.push(Page::new(world.rng.u64(..), name, options));
        }
        world
    }

    /// Another page in the place of one that has not entered.
    pub(in crate::mesh) fn replace(&mut self, at: usize, options: MeshOptions) {
        let name = self.pages[at].name.clone();
        let options = MeshOptions { room: "r".into(), instance: Some(name.clone()), ..options };
        self.pages[at] = Page::new(self.rng.u64(..), name, options);
    }

    /// Two pages with usual options, both in the room.
    pub(in crate::mesh) fn pair(seed: u64) -> Self {
        let mut world = Self::new(seed, 2, &MeshOptions::default());
        world.enter(0);
        world.enter(1);
        world
    }

    pub(in crate::mesh) fn enter(&mut self, at: usize) {
        self.pages[at].signaling = true;
        self.with(at, |mesh, cx| mesh.signal_up(cx));
    }

    pub(in crate::mesh) fn lose_signaling(&mut self, at: usize) {
        self.pages[at].signaling = false;
        self.with(at, |mesh, cx| mesh.signal_down(cx));
    }

    /// The page is gone without a word; its server notices.
    pub(in crate::mesh) fn kill(&mut self, at: usize) {
        self.pages[at].alive = false;
        self.network.silence(at);
        self.part(at, "lost");
    }

    pub(in crate::mesh) fn environment(&mut self, at: usize, environment: Environment) {
        let now = Instant::from_millis(self.now);
        self.pages[at].peers.handle_input(now, Input::Environment(environment));
        self.drain(at);
    }

    pub(in crate::mesh) fn feed(&mut self, at: usize, id: PeerConnectionId, input: PeerInput) {
        let now = Instant::from_millis(self.now);
        self.pages[at].peers.handle_input(now, Input::Peer(id, input));
        self.drain(at);
    }

    pub(in crate::mesh) fn send(&mut self, from: usize, to: usize, channel: Channel, bytes: &[u8]) {
        let peer = self.pages[from].numbers[&self.pages[to].name];
        let bytes = bytes.to_vec();
        self.with(from, |mesh, cx| mesh.send(cx, peer, channel, bytes).unwrap());
    }

    pub(in crate::mesh) fn with<T>(
        &mut self,
        at: usize,
        act: impl FnOnce(&mut Mesh, &mut Context<'_>) -> T,
    ) -> T {
        let now = Instant::from_millis(self.now);
        let page = &mut self.pages[at];
        let result = page.peers.with(now, page.mesh, |mesh, cx| Ok(act(mesh, cx))).unwrap();
        self.drain(at);
        result
    }

    pub(in crate::mesh) fn number(&self, at: usize, of: usize) -> u32 {
        self.pages[at].numbers[&self.pages[of].name]
    }

    pub(in crate::mesh) fn state(&self, at: usize, of: usize) -> Option<LinkState> {
        self.pages[at].status.get(&self.pages[of].name).map(|status| status.state)
    }

    pub(in crate::mesh) fn are_up(&self, a: usize, b: usize) -> bool {
        self.state(a, b) == Some(LinkState::Up) && self.state(b, a) == Some(LinkState::Up)
    }

    /// Whether each page has so many links, and knows that each of the others has as many.
    pub(in crate::mesh) fn all_know_of_links(&self, count: usize) -> bool {
        self.pages.iter().all(|page| {
            let mut known = page.neighbours.values();
            page.neighbours.len() == count && known.all(|names| names.len() == count)
        })
    }

    pub(in crate::mesh) fn connection(&self, at: usize, of: usize) -> Option<u32> {
        self.network.between(at, of)
    }

    /// Lets time pass until it is so, at most `millis`; how long it took.
    pub(in crate::mesh) fn until(&mut self, millis: u64, so: impl Fn(&Self) -> bool) -> u64 {
        let (start, end) = (self.now, self.now + millis);
        while !so(self) {
            assert!(self.step(end), "not within {millis} ms: {:?}", self.summary());
        }
        self.now - start
    }

    /// Lets time pass.
    pub(in crate::mesh) fn run(&mut self, millis: u64) {
        let end = self.now + millis;
        while self.step(end) {}
        self.now = end;
    }

    /// What the server would say to one page.
    pub(in crate::mesh) fn tell(&mut self, to: usize, message: &Value) {
        self.schedule(10, What::Signal(to, message.to_string()));
    }

    pub(in crate::mesh) fn summary(&self) -> Vec<String> {
        let pages = self.pages.iter();
        pages.map(|page| format!("{}: {:?} {:?}", page.name, page.status, page.errors)).collect()
    }

    fn step(&mut self, end: u64) -> bool {
        let timers = (0..self.pages.len()).filter(|at| self.pages[*at].alive).filter_map(|at| {
            let deadline = self.pages[at].peers.poll_timeout()?;
            Some((deadline.at.as_millis().max(self.now), at))
        });
        let timer = timers.min();
        let next = self.queue.peek().map(|Reverse(due)| due.at);
        match (timer, next) {
            (Some((at, page)), next) if next.is_none_or(|next| at < next) => {
                if at > end {
                    return false;
                }
                self.now = at;
                self.pages[page].peers.handle_input(Instant::from_millis(at), Input::Timeout);
                self.drain(page);
            }
            (_, Some(at)) if at <= end => {
                if let Some(Reverse(due)) = self.queue.pop() {
                    self.now = due.at;
                    self.perform(due.what);
                }
            }
            _ => return false,
        }
        true
    }

    fn perform(&mut self, what: What) {
        match what {
            What::Browser(page, connection, step) => {
                for (page, id, input) in self.network.perform(self.now, page, connection, step) {
                    if self.pages[page].alive {
                        self.feed(page, PeerConnectionId(id), input);
                    }
                }
                self.collect_steps();
            }
            What::Server(from, text) => self.on_server(from, &text),
            What::Publish(to, server, text) => {
                if self.pages[to].alive && self.pages[to].servers.contains(&server) {
                    self.with(to, |mesh, cx| mesh.handle_server(cx, server, &text));
                }
            }
            What::Signal(to, text) => {
                if self.pages[to].alive && self.pages[to].signaling {
                    self.with(to, |mesh, cx| mesh.handle_signal(cx, &text));
                }
            }
        }
    }

    fn drain(&mut self, at: usize) {
        while let Some(output) = self.pages[at].peers.poll_output() {
            match output {
                Output::Peer(id, output) => {
                    let made = Browser::is_creation(&output);
                    self.connections_made += usize::from(made);
                    self.network.command(self.now, at, id.0, output);
                }
                Output::Event(event) => self.on_event(at, event.kind),
                _ => unreachable!("a mesh does nothing else"),
            }
        }
        self.collect_steps();
    }

    fn collect_steps(&mut self) {
        for (delay, page, connection, step) in self.network.take_steps() {
            self.schedule(delay, What::Browser(page, connection, step));
        }
    }

    fn on_event(&mut self, at: usize, event: MeshEvent) {
        let page = &mut self.pages[at];
        match event {
            MeshEvent::Peer { peer, instance, status, .. } => {
                page.numbers.insert(instance.clone(), peer);
                page.history.push((instance.clone(), status.state));
                if status.state != LinkState::Up {
                    page.neighbours.remove(&peer);
                }
                page.status.insert(instance, status);
            }
            // As the document's paths do: what is told of a link that is not up is nobody's.
            MeshEvent::Neighbours { peer, instances } => {
                if page.is_up(peer) {
                    page.neighbours.insert(peer, instances);
                }
            }
            MeshEvent::Frame { channel, bytes, .. } => page.frames.push((channel, bytes)),
            MeshEvent::Blocked { reason, .. } => page.blocked.push(reason.name()),
            MeshEvent::Error(problem) => page.errors.push(problem.code.as_str()),
            MeshEvent::Ice { request, reason } => page.questions.push((request, reason.name())),
            MeshEvent::Track { .. } => {}
            MeshEvent::Publish { server, sealed, bytes } => {
                self.on_publish(at, server, sealed, bytes);
            }
            // A cipher for tests: the nonce says whose password it is.
            MeshEvent::Unseal { server, parts: [nonce, plain] } => {
                let known = nonce == self.pages[at].password;
                let plain = known.then_some(plain.as_slice());
                self.with(at, |mesh, cx| mesh.handle_unsealed(cx, server, plain));
            }
            MeshEvent::File(event) => page.files.push(event),
            MeshEvent::Signal(text) => {
                page.said += usize::from(text.contains("\"offer\"") || text.contains("\"answer\""));
                if page.signaling && self.rng.u8(..100) >= self.loss {
                    self.schedule(10, What::Server(at, text));
                }
            }
        }
    }

    /// A server of y-webrtc brings everything to everybody, also to who said it.
    fn on_publish(&mut self, at: usize, server: Option<u32>, sealed: bool, bytes: Vec<u8>) {
        let page = &self.pages[at];
        let text = if sealed {
            let mesh = page.peers.mesh(page.mesh).unwrap();
            mesh.seal(&page.password, &bytes)
        } else {
            String::from_utf8(bytes).unwrap()
        };
        self.pages[at].published.push(text.clone());
        let servers = server.map_or_else(|| self.pages[at].servers.clone(), |server| vec![server]);
        for server in servers {
            self.publish(server, &text);
        }
    }

    /// A server of y-webrtc brings this to all of its clients.
    pub(in crate::mesh) fn publish(&mut self, server: u32, text: &str) {
        for to in 0..self.pages.len() {
            self.schedule(10, What::Publish(to, server, text.to_owned()));
        }
    }

    /// A page opens a socket with a server of y-webrtc.
    pub(in crate::mesh) fn open(&mut self, at: usize, server: u32) {
        self.pages[at].servers.push(server);
        self.with(at, |mesh, cx| mesh.server_up(cx, server));
    }

    /// A server of y-webrtc is gone.
    pub(in crate::mesh) fn shut(&mut self, server: u32) {
        for at in 0..self.pages.len() {
            self.pages[at].servers.retain(|open| *open != server);
            self.with(at, |mesh, cx| mesh.server_down(cx, server));
        }
    }

    fn on_server(&mut self, from: usize, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap();
        let name = self.pages[from].name.clone();
        match message["t"].as_str().unwrap() {
            "hello" => {
                let others: Vec<Value> = self
                    .pages
                    .iter()
                    .filter(|page| page.in_room && page.name != name)
                    .map(|page| json!({"inst": page.name}))
                    .collect();
                self.pages[from].in_room = true;
                self.tell(from, &json!({"t": "welcome", "you": name, "peers": others}));
                self.tell_others(from, &json!({"t": "join", "inst": name}));
            }
            "sig" => {
                let to =
                    self.pages.iter().position(|page| page.in_room && message["to"] == page.name);
                if let Some(to) = to {
                    let body = self.forward(message["body"].clone());
                    self.tell(to, &json!({"t": "sig", "from": name, "body": body}));
                }
            }
            "bye" => self.part(from, "bye"),
            _ => {}
        }
    }

    fn forward(&self, mut body: Value) -> Value {
        for kind in ["offer", "answer"] {
            if let Some(sdp) = body.pointer_mut(&format!("/{kind}/sdp")) {
                *sdp = format!("{}{}", sdp.as_str().unwrap(), self.inserted).into();
            }
        }
        body
    }

    pub(in crate::mesh) fn part(&mut self, at: usize, why: &str) {
        if std::mem::replace(&mut self.pages[at].in_room, false) {
            let name = self.pages[at].name.clone();
            self.tell_others(at, &json!({"t": "leave", "inst": name, "why": why}));
        }
    }

    fn tell_others(&mut self, from: usize, message: &Value) {
        let others: BTreeSet<usize> =
            (0..self.pages.len()).filter(|at| *at != from && self.pages[*at].in_room).collect();
        for at in others {
            self.tell(at, message);
        }
    }

    fn schedule(&mut self, delay: u64, what: What) {
        self.order += 1;
        self.queue.push(Reverse(Due { at: self.now + delay, order: self.order, what }));
    }
}

impl Page {
    fn new(seed: u64, name: String, options: MeshOptions) -> Self {
        let mut peers = Peers::new(seed);
        let mesh = peers.join(Instant::default(), options);
        Self {
            peers,
            mesh,
            name,
            alive: true,
            signaling: false,
            in_room: false,
            numbers: BTreeMap::new(),
            status: BTreeMap::new(),
            history: Vec::new(),
            frames: Vec::new(),
            neighbours: BTreeMap::new(),
            blocked: Vec::new(),
            errors: Vec::new(),
            questions: Vec::new(),
            files: Vec::new(),
            said: 0,
            servers: Vec::new(),
            password: vec![1],
            published: Vec::new(),
        }
    }

    fn is_up(&self, peer: u32) -> bool {
        let named = self.numbers.iter().find(|(_, number)| **number == peer);
        let status = named.and_then(|(instance, _)| self.status.get(instance));
        status.is_some_and(|status| status.state == LinkState::Up)
    }

    pub(in crate::mesh) fn heard(&self, channel: Channel) -> Vec<&[u8]> {
        let frames = self.frames.iter().filter(|(known, _)| *known == channel);
        frames.map(|(_, bytes)| bytes.as_slice()).collect()
    }
}
