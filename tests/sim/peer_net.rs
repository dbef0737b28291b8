//! Links between hosts: reliable and ordered while they live, with a second channel that is neither; each end hears of
//! the other's death in its own time.

use std::collections::BTreeMap;

/// Number of a peer link; also the number of the path at both ends.
pub type PeerLinkId = u32;

/// One peer link.
#[derive(Debug)]
pub struct PeerLink {
    pub ends: [End; 2],
    /// Nothing passes any more.
    pub dead: bool,
}

/// One end of it.
#[derive(Debug)]
pub struct End {
    pub host: usize,
    pub boot: u64,
    pub state: EndState,
    /// A step 2 has left; live updates may follow.
    pub answered: bool,
    /// Questions and answers that left here.
    pub talk: [u64; 2],
    /// When the last frame that left here arrives.
    pub free: u64,
    /// The last frame of the lossy channel was lost.
    pub lost: bool,
}

/// What the host at this end knows of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndState {
    /// Nothing yet.
    Coming,
    /// It is up, since then.
    Up(u64),
    /// It was.
    Down,
}

impl End {
    fn new(host: usize, boot: u64) -> Self {
        let state = EndState::Coming;
        Self { host, boot, state, answered: false, talk: [0; 2], free: 0, lost: false }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.state, EndState::Up(_))
    }
}

/// All peer links.
#[derive(Debug, Default)]
pub struct PeerNet {
    pub links: BTreeMap<PeerLinkId, PeerLink>,
    last: PeerLinkId,
    /// Hosts on the other side of a broken network, bit by bit; links across are cut.
    pub partition: u32,
    /// Live updates that were handed to links.
    pub updates: u64,
}

impl PeerNet {
    pub fn open(&mut self, a: (usize, u64), b: (usize, u64)) -> PeerLinkId {
        self.last += 1;
        let ends = [End::new(a.0, a.1), End::new(b.0, b.1)];
        self.links.insert(self.last, PeerLink { ends, dead: false });
        self.last
    }

    /// Lets go of links that both ends have heard the last of.
    pub fn forget_dead(&mut self) {
        let ended = |end: &End| end.state == EndState::Down;
        self.links.retain(|_, link| !link.dead || !link.ends.iter().all(ended));
    }

    pub fn is_cut(&self, a: usize, b: usize) -> bool {
        (self.partition >> a) & 1 != (self.partition >> b) & 1
    }

    /// Whether two runs are joined, or about to be.
    pub fn joins(&self, a: (usize, u64), b: (usize, u64)) -> bool {
        self.links.values().any(|link| {
            let ends = [0, 1].map(|at| (link.ends[at].host, link.ends[at].boot));
            !link.dead && (ends == [a, b] || ends == [b, a])
        })
    }

    /// Links that a host is at the end of, with the side that is its.
    pub fn of(&self, host: usize, boot: u64) -> Vec<(PeerLinkId, usize)> {
        let mut found = Vec::new();
        for (id, link) in &self.links {
            for side in [0, 1] {
                if (link.ends[side].host, link.ends[side].boot) == (host, boot) {
                    found.push((*id, side));
                }
            }
        }
        found
    }

    /// The runs that a host believes to be joined to.
    pub fn neighbours(&self, host: usize, boot: u64) -> Vec<(usize, u64)> {
        let links = self.of(host, boot).into_iter();
        let up = links.filter(|(id, side)| self.links[id].ends[*side].is_up());
        up.map(|(id, side)| {
            let other = &self.links[&id].ends[1 - side];
            (other.host, other.boot)
        })
        .collect()
    }
}
