//! Links between hosts and the server: ordered like TCP, but they cut, go silent, and pass relays that
//! lose, repeat and swap frames.

use std::collections::BTreeMap;

use fastrand::Rng;
use rejoin::io::SocketId;

/// Number of a link; also the server's member id.
pub type LinkId = u64;

/// How a link treats what is put on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Everything arrives, in order.
    Good,
    /// Nothing arrives and nobody is told: half-open.
    Silent,
}

/// One socket between a host and the server.
#[derive(Debug)]
pub struct Link {
    pub host: usize,
    pub boot: u64,
    pub socket: SocketId,
    pub health: Health,
    pub joined: bool,
    /// The client's handshake diff has passed; live updates may follow.
    pub pushed: bool,
    up_free: u64,
    down_free: u64,
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
}

/// All links.
#[derive(Debug)]
pub struct Net {
    pub links: BTreeMap<LinkId, Link>,
    last: LinkId,
    latency: (u64, u64),
    /// Percent of frames that a bad relay loses; it repeats and swaps as many.
    pub bad_relay: u32,
}

impl Net {
    pub fn new(rng: &mut Rng) -> Self {
        let slow = rng.u64(5..80);
        Self { links: BTreeMap::new(), last: 0, latency: (1, slow), bad_relay: 0 }
    }

    pub fn open(&mut self, host: usize, boot: u64, socket: SocketId) -> LinkId {
        self.last += 1;
        let link = Link {
            host,
            boot,
            socket,
            health: Health::Good,
            joined: false,
            pushed: false,
            up_free: 0,
            down_free: 0,
        };
        self.links.insert(self.last, link);
        self.last
    }

    /// A number for a link of nobody's.
    pub fn reserve(&mut self) -> LinkId {
        self.last += 1;
        self.last
    }

    /// What is put on a host's links until then arrives then, in order.
    pub fn stall(&mut self, host: usize, until: u64) {
        for link in self.links.values_mut().filter(|link| link.host == host) {
            link.up_free = link.up_free.max(until);
            link.down_free = link.down_free.max(until);
        }
    }

    pub fn find(&self, host: usize, boot: u64, socket: SocketId) -> Option<LinkId> {
        let mut links = self.links.iter();
        links
            .find(|(_, link)| (link.host, link.boot, link.socket) == (host, boot, socket))
            .map(|(id, _)| *id)
    }

    pub fn delay(&self, rng: &mut Rng) -> u64 {
        rng.u64(self.latency.0..=self.latency.1)
    }

    /// When a frame put on the link now arrives, if it does: never before the one ahead of it, unless a
    /// bad relay is in the way.
    pub fn arrivals(&mut self, rng: &mut Rng, now: u64, id: LinkId, way: Way) -> Vec<u64> {
        let delay = self.delay(rng);
        let Some(link) = self.links.get_mut(&id) else { return Vec::new() };
        if link.health == Health::Silent {
            return Vec::new();
        }
        let free = match way {
            Way::Up => &mut link.up_free,
            Way::Down => &mut link.down_free,
        };
        let at = (now + delay).max(*free);
        *free = at;
        match rng.u32(0..100) {
            roll if roll < self.bad_relay => Vec::new(),
            roll if roll < self.bad_relay * 2 => vec![at, at + rng.u64(1..300)],
            roll if roll < self.bad_relay * 3 => vec![at + rng.u64(1..300)],
            _ => vec![at],
        }
    }
}
