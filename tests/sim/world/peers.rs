//! Hosts that are joined to each other: what the mesh does, in the order in which each host hears of it.

use rejoin::config::PathMode;
use rejoin::event::{PathChannel, Status, SyncState};
use rejoin::room::paths::Dialect;

use super::{FAULTS, Happening, World};
use crate::actions::Action;
use crate::host::Host;
use crate::peer_net::{End, EndState, PeerLinkId};
use crate::presence;

/// Pace of the mesh: who is not joined is joined, and presence is looked at.
const TICK: u64 = 500;

/// What a run with peers is made of.
#[derive(Clone, Copy, Debug)]
pub struct Peers {
    pub hosts: usize,
    /// How many of them have no server.
    pub guests: usize,
    /// What the others use first.
    pub mode: PathMode,
    /// Whether all are joined to all; else a ring and a few more.
    pub full: bool,
    /// Nothing fails, and updates are counted.
    pub calm: bool,
}

impl Peers {
    /// Drawn from a seed.
    pub fn of(seed: u64) -> Self {
        let modes = [PathMode::Both, PathMode::Both, PathMode::ServerFirst, PathMode::PeersFirst];
        let pick = |shift: u32, of: u64| ((seed.wrapping_mul(0x9e37_79b9) >> shift) % of) as usize;
        Self {
            hosts: 3 + pick(3, 3),
            guests: pick(7, 3),
            mode: modes[pick(11, 4)],
            full: pick(17, 3) > 0,
            calm: false,
        }
    }

    /// Five hosts, all joined, on a quiet day.
    pub fn calm() -> Self {
        Self { hosts: 5, guests: 0, mode: PathMode::Both, full: true, calm: true }
    }

    pub fn is_guest(&self, host: usize) -> bool {
        host + self.guests >= self.hosts
    }

    /// What a host uses: one guest knows that it has no server, the other thinks that it is down.
    pub fn mode_of(&self, host: usize) -> PathMode {
        match self.is_guest(host) {
            true if host.is_multiple_of(2) => PathMode::PeersOnly,
            true => PathMode::Both,
            false => self.mode,
        }
    }

    /// Whether the mesh joins two hosts.
    fn joins(&self, a: usize, b: usize) -> bool {
        let apart = a.abs_diff(b);
        self.full || apart == 1 || apart == self.hosts - 1 || (a * b) % 5 == 2
    }
}

/// What happens between hosts.
#[derive(Debug)]
pub enum PeerHappening {
    Tick,
    /// A host is told that a link is up.
    Up {
        link: PeerLinkId,
        side: usize,
    },
    /// A host notices that it is down.
    Down {
        link: PeerLinkId,
        side: usize,
    },
    /// A frame arrives at a side.
    Frame {
        link: PeerLinkId,
        side: usize,
        channel: PathChannel,
        frame: Vec<u8>,
    },
    /// A host learns whom its peer is joined to.
    Neighbours {
        link: PeerLinkId,
        side: usize,
        names: Vec<String>,
    },
    /// A host shows something else.
    Show {
        host: usize,
    },
}

impl World {
    /// Draws what happens to peers in the time of faults.
    pub(super) fn plan_peers(&mut self, peers: Peers) {
        self.peer_later(1, PeerHappening::Tick);
        let mut at = 0;
        while at < FAULTS {
            at += self.rng.u64(100..2_000);
            let host = self.rng.usize(0..peers.hosts);
            self.peer_later(at, PeerHappening::Show { host });
            let other = self.rng.usize(0..peers.hosts);
            match self.rng.u32(0..10) {
                _ if peers.calm => {}
                0..=2 => self.schedule(at, Action::CutPeers(host, other)),
                3 => {
                    let sides = self.rng.u32(1..1 << peers.hosts);
                    self.schedule(at, Action::Partition(sides));
                    let until = at + self.rng.u64(500..12_000);
                    self.later(until, Happening::Act(Action::Partition(0)));
                }
                _ => {}
            }
        }
        if !peers.calm && self.rng.bool() {
            let at = self.rng.u64(0..FAULTS / 2);
            self.schedule(at, Action::ServerOutage);
        }
    }

    pub(super) fn on_peer(&mut self, happening: PeerHappening) {
        match happening {
            PeerHappening::Tick => self.on_tick(),
            PeerHappening::Up { link, side } => self.on_peer_up(link, side),
            PeerHappening::Down { link, side } => self.on_peer_down(link, side),
            PeerHappening::Frame { link, side, channel, frame } => {
                self.on_peer_frame(link, side, channel, frame);
            }
            PeerHappening::Neighbours { link, side, names } => {
                let Some((host, boot)) = self.listener(link, side) else { return };
                if self.tab(host, boot).is_some() {
                    self.command(host, |tab, now| {
                        tab.client
                            .path_neighbours(now, tab.room, link, names)
                            .expect("a ready room");
                    });
                }
            }
            PeerHappening::Show { host } => {
                let state = format!(r#"{{"n":{}}}"#, self.now);
                let now = self.now;
                self.command(host, |tab, at| {
                    tab.client.set_presence(at, tab.room, Some(state.clone())).expect("a state");
                    tab.shown = (state, now);
                });
            }
        }
    }

    /// Joins who should be and is not, then looks at who sees whom.
    fn on_tick(&mut self) {
        let Some(peers) = self.setup.peers else { return };
        self.peers.forget_dead();
        self.peer_later(self.now + TICK, PeerHappening::Tick);
        for a in 0..peers.hosts {
            for b in a + 1..peers.hosts {
                let here = self.run_of(a);
                let there = self.run_of(b);
                let (Some(here), Some(there)) = (here, there) else { continue };
                let wanted = peers.joins(a, b) && !self.peers.is_cut(a, b);
                if wanted && !self.peers.joins(here, there) && self.rng.bool() {
                    let link = self.peers.open(here, there);
                    for side in [0, 1] {
                        let at = self.now + self.rng.u64(30..400);
                        self.peer_later(at, PeerHappening::Up { link, side });
                    }
                }
            }
        }
        for (host, Host { boot, tab, .. }) in self.hosts.iter_mut().enumerate() {
            let linked =
                self.net.links.values().any(|link| (link.host, link.boot) == (host, *boot));
            if let Some(tab) = tab
                && (linked || tab.view.status == Some(Status::Connected))
            {
                tab.view.online = self.now;
            }
        }
        if let Some(claim) = presence::check(self.now, &self.hosts, &self.peers) {
            self.oracle.fail(claim);
        }
    }

    /// A host that is ready, and its run.
    fn run_of(&self, host: usize) -> Option<(usize, u64)> {
        let host_ = &self.hosts[host];
        host_.tab.as_ref().filter(|tab| tab.ready).map(|_| (host, host_.boot))
    }

    fn on_peer_up(&mut self, link: PeerLinkId, side: usize) {
        let Some(found) = self.peers.links.get_mut(&link) else { return };
        if found.dead || found.ends[side].state != EndState::Coming {
            return;
        }
        found.ends[side].state = EndState::Up(self.now);
        let (end, other) = (&found.ends[side], &found.ends[1 - side]);
        let (host, boot, peer, its_boot) = (end.host, end.boot, other.host, other.boot);
        if self.tab(host, boot).is_none() {
            return;
        }
        let name = instance(peer, its_boot);
        self.command(host, |tab, now| {
            tab.client.path_up(now, tab.room, link, &name, Dialect::Ours).expect("a path");
        });
        self.advertise(host, boot);
        self.advertise(peer, its_boot);
    }

    fn on_peer_down(&mut self, link: PeerLinkId, side: usize) {
        let Some(found) = self.peers.links.get_mut(&link) else { return };
        let end = &mut found.ends[side];
        let was_up = std::mem::replace(&mut end.state, EndState::Down) != EndState::Coming;
        let (host, boot) = (end.host, end.boot);
        if was_up && self.tab(host, boot).is_some() {
            let peer = &self.peers.links[&link].ends[1 - side];
            let run = (peer.host, peer.boot);
            let now = self.now;
            self.command(host, |tab, at| {
                tab.client.path_down(at, tab.room, link, false).expect("a ready room");
                tab.parted.insert(run, now);
            });
            self.advertise(host, boot);
        }
    }

    fn on_peer_frame(
        &mut self,
        link: PeerLinkId,
        side: usize,
        channel: PathChannel,
        frame: Vec<u8>,
    ) {
        let Some(found) = self.peers.links.get(&link).filter(|found| !found.dead) else { return };
        let end = &found.ends[side];
        match end.state {
            // Every other mesh keeps what comes early; the rest was not listening.
            EndState::Coming if link.is_multiple_of(2) => {
                let at = self.now + 10;
                return self.peer_later(at, PeerHappening::Frame { link, side, channel, frame });
            }
            EndState::Coming | EndState::Down => return,
            EndState::Up(_) => {}
        }
        let (host, boot) = (end.host, end.boot);
        if self.tab(host, boot).is_some() {
            let before = self.undecided(host);
            self.command(host, |tab, now| {
                tab.client.path_frame(now, tab.room, link, channel, &frame).expect("a ready room");
            });
            if before.is_some() && self.undecided(host) != before {
                self.oracle.fail(format!("host {host} takes from a peer before it has decided"));
            }
        }
    }

    /// Hands a frame to a link.
    pub(super) fn send_to_peer(
        &mut self,
        host: usize,
        link: PeerLinkId,
        channel: PathChannel,
        frame: Vec<u8>,
    ) {
        self.check_path_footing(host, &frame);
        let (now, delay) = (self.now, self.net.delay(&mut self.rng));
        let Some(found) = self.peers.links.get_mut(&link) else { return };
        let side = usize::from(found.ends[0].host != host);
        let end = &mut found.ends[side];
        if let Some(claim) = check_wire(end, now, &frame) {
            self.oracle.fail(format!("host {host} on path {link}: {claim}"));
        }
        if frame.starts_with(&[0, 2]) {
            self.peers.updates += 1;
        }
        if found.dead {
            return;
        }
        let at = match channel {
            PathChannel::Sync => {
                end.free = (now + delay).max(end.free);
                end.free
            }
            PathChannel::Presence => {
                end.lost = !end.lost && self.rng.u32(0..4) == 0;
                if end.lost {
                    return;
                }
                now + self.rng.u64(1..150)
            }
        };
        self.peer_later(at, PeerHappening::Frame { link, side: 1 - side, channel, frame });
    }

    /// Tells all peers of a host whom it is joined to.
    fn advertise(&mut self, host: usize, boot: u64) {
        if self.tab(host, boot).is_none() {
            return;
        }
        let joined = self.peers.neighbours(host, boot);
        let names: Vec<String> = joined.iter().map(|(host, boot)| instance(*host, *boot)).collect();
        for (link, side) in self.peers.of(host, boot) {
            let delay = self.net.delay(&mut self.rng);
            let Some(found) = self.peers.links.get_mut(&link) else { continue };
            if found.dead || !found.ends[side].is_up() {
                continue;
            }
            let end = &mut found.ends[side];
            end.free = (self.now + delay).max(end.free);
            let (at, names) = (end.free, names.clone());
            self.peer_later(at, PeerHappening::Neighbours { link, side: 1 - side, names });
        }
    }

    /// Who takes in what arrives at a side, if anybody does.
    fn listener(&self, link: PeerLinkId, side: usize) -> Option<(usize, u64)> {
        let found = self.peers.links.get(&link).filter(|found| !found.dead)?;
        let end = &found.ends[side];
        end.is_up().then_some((end.host, end.boot))
    }

    /// A link dies: what is on it is lost, and each end hears of it in its own time.
    pub(super) fn cut_peers(&mut self, doomed: impl Fn(usize, usize) -> bool) {
        let links = self.peers.links.iter_mut();
        let dying =
            links.filter(|(_, link)| !link.dead && doomed(link.ends[0].host, link.ends[1].host));
        let mut dead = Vec::new();
        for (id, link) in dying {
            link.dead = true;
            dead.push(*id);
        }
        for link in dead {
            for side in [0, 1] {
                let at = self.now + self.rng.u64(20..6_000);
                self.peer_later(at, PeerHappening::Down { link, side });
            }
        }
    }

    pub(super) fn part(&mut self, sides: u32) {
        self.peers.partition = sides;
        self.cut_peers(|a, b| (sides >> a) & 1 != (sides >> b) & 1);
    }

    /// Who is told that all peers have everything: they have.
    pub(super) fn check_peers_synced(&mut self, host: usize, state: SyncState) {
        let joined = self.peers.neighbours(host, self.hosts[host].boot);
        let all = state.peers.of as usize == joined.len() && state.peers.synced == state.peers.of;
        let Some(tab) = &mut self.hosts[host].tab else { return };
        let claim = (tab.typed.len(), joined.clone());
        if !all || self.setup.peers.is_none() || tab.shared == claim {
            return;
        }
        tab.shared = claim;
        let typed = tab.typed.clone();
        for (peer, boot) in joined {
            let other = &self.hosts[peer];
            if let Some(its) = other.tab.as_ref().filter(|tab| other.boot == boot && tab.ready)
                && let Ok(doc) = its.client.doc(its.room)
            {
                self.oracle.told_shared(host, peer, &typed, doc);
            }
        }
    }

    /// In a full mesh on a quiet day each edit was sent once to each other host.
    pub(super) fn check_sends(&mut self, peers: Peers) {
        let wanted = self.edits * (peers.hosts as u64 - 1);
        if peers.calm && self.peers.updates != wanted {
            let claim = format!(
                "P2: {} edits among {} hosts cost {} sends instead of {wanted}",
                self.edits, peers.hosts, self.peers.updates
            );
            self.oracle.fail(claim);
        }
    }

    fn peer_later(&mut self, at: u64, happening: PeerHappening) {
        self.later(at, Happening::Peer(happening));
    }
}

/// The wire's discipline: an update follows a diff, and peers are asked and answered once a second at most.
fn check_wire(end: &mut End, now: u64, frame: &[u8]) -> Option<&'static str> {
    let EndState::Up(since) = end.state else { return None };
    let [asked, answered] = &mut end.talk;
    let most = 3 + (now - since) / 1_000;
    match frame {
        [0, 0, ..] => *asked += 1,
        [0, 1, ..] => {
            end.answered = true;
            *answered += 1;
        }
        [0, 2, ..] if !end.answered => return Some("streams before the handshake was answered"),
        _ => {}
    }
    (*asked > most || *answered > most).then_some("asks or answers more than once a second")
}

/// Name of a run.
fn instance(host: usize, boot: u64) -> String {
    format!("h{host}b{boot}")
}
