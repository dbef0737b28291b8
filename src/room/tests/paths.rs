//! Rooms joined by paths, whose frames the test carries.

use super::*;
use crate::event::PathChannel;
use crate::protocol::peer::{Hello, Peer};
use crate::room::paths::Dialect;

mod hostile;
mod marks;
mod modes;
mod presence;
mod server;
mod standing;
mod sync;

/// Rooms that are joined by paths. The path from one to another has the other's index as its number.
struct Mesh {
    rigs: Vec<Rig>,
    links: Vec<(usize, usize)>,
    /// Live updates carried, from whom to whom.
    updates: Vec<(usize, usize)>,
}

impl Mesh {
    /// Rooms in memory without a server, all joined to all, at rest.
    fn full(size: usize) -> Self {
        let mut mesh = Self::of((0..size as u64).map(serverless).collect());
        for a in 0..size {
            for b in a + 1..size {
                mesh.join(a, b);
            }
        }
        mesh.settle();
        mesh
    }

    fn of(rigs: Vec<Rig>) -> Self {
        Self { rigs, links: Vec::new(), updates: Vec::new() }
    }

    fn join(&mut self, a: usize, b: usize) {
        self.links.extend([(a, b), (b, a)]);
        for (here, there) in [(a, b), (b, a)] {
            self.rigs[here].path_up(there);
        }
        self.tell_neighbours();
    }

    fn part(&mut self, a: usize, b: usize, bye: bool) {
        self.links.retain(|link| *link != (a, b) && *link != (b, a));
        for (here, there) in [(a, b), (b, a)] {
            self.rigs[here].run(|room, cx| room.path_down(cx, there as u32, bye)).unwrap();
        }
        self.tell_neighbours();
    }

    /// Everybody learns whom its peers are joined to.
    fn tell_neighbours(&mut self) {
        for (here, there) in self.links.clone() {
            let of_there = self.links.iter().filter(|(from, _)| *from == there);
            let names = of_there.map(|(_, to)| instance(*to)).collect();
            self.rigs[here].run(|room, cx| room.path_neighbours(cx, there as u32, names)).unwrap();
        }
    }

    /// Carries frames until there are none.
    fn carry(&mut self) {
        for _ in 0..1_000 {
            let mut idle = true;
            for here in 0..self.rigs.len() {
                for (there, channel, frame) in self.rigs[here].take_frames() {
                    idle = false;
                    if !self.links.contains(&(here, there as usize)) {
                        continue;
                    }
                    if is_update(&frame) {
                        self.updates.push((here, there as usize));
                    }
                    self.rigs[there as usize].hear(here, channel, &frame);
                }
            }
            if idle {
                return;
            }
        }
        panic!("the peers do not come to rest");
    }

    /// Carries frames, and lets a quarter of a second pass for marks.
    fn settle(&mut self) {
        self.carry();
        self.wait(250);
    }

    fn wait(&mut self, millis: u64) {
        for rig in &mut self.rigs {
            rig.wait(millis);
        }
        self.carry();
    }

    fn texts(&self) -> Vec<String> {
        self.rigs.iter().map(Rig::text).collect()
    }
}

impl Rig {
    pub(super) fn path_up(&mut self, there: usize) {
        let name = instance(there);
        self.run(|room, cx| room.path_up(cx, there as u32, &name, Dialect::Ours)).unwrap();
    }

    pub(super) fn hear(&mut self, from: usize, channel: PathChannel, frame: &[u8]) {
        self.run(|room, cx| room.path_frame(cx, from as u32, channel, frame)).unwrap();
    }

    pub(super) fn take_frames(&mut self) -> Vec<(u32, PathChannel, Vec<u8>)> {
        let mut frames = Vec::new();
        self.events.retain_mut(|event| match event {
            EventKind::Path { path, channel, frame } => {
                frames.push((*path, *channel, std::mem::take(frame)));
                false
            }
            _ => true,
        });
        frames
    }

    pub(super) fn text(&self) -> String {
        self.room.doc.read().get("text").and_then(|text| text.as_str()).unwrap_or("").to_owned()
    }

    /// What peers were told, decoded, without presence.
    fn told(&mut self, path: u32) -> Vec<Peer> {
        let frames = self.take_frames();
        let mut told = Vec::new();
        for (_, _, frame) in frames.iter().filter(|(to, ..)| *to == path) {
            for message in decode(frame, &FrameLimits::default()).unwrap() {
                if let Message::Peer(body) = message {
                    told.extend(Peer::decode(body).unwrap());
                }
            }
        }
        told
    }

    fn dropped(&self) -> Vec<(u32, ErrorCode)> {
        let dropped = self.events.iter().filter_map(|event| match event {
            EventKind::Dropped { path, problem } => Some((*path, problem.code)),
            _ => None,
        });
        dropped.collect()
    }

    fn peers(&self) -> (u32, u32) {
        let peers = self.sync().peers;
        (peers.synced, peers.of)
    }
}

fn instance(index: usize) -> String {
    format!("peer-{index}")
}

fn is_update(frame: &[u8]) -> bool {
    matches!(frame, [0, 2, ..])
}

/// A room in memory that never connects.
fn serverless(seed: u64) -> Rig {
    let mut rig = Rig::with_mode(PersistenceMode::Memory, seed, PathMode::PeersOnly);
    rig.events.clear();
    rig
}

/// A room in memory with the server's handshake behind it.
fn served(seed: u64, mode: PathMode) -> Rig {
    let mut rig = Rig::with_mode(PersistenceMode::Memory, seed, mode);
    rig.open();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.sent.clear();
    rig.events.clear();
    rig
}

/// What our own client says first.
fn hello(client: u64, server: bool) -> Vec<u8> {
    Peer::Hello(Hello { epoch: 5, client, server, heard: true }).encode()
}
