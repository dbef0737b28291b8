//! The virtual world: one clock, one queue of happenings, everything drawn from one seed.

mod disks;
mod ending;
mod footing;
mod ghosts;
mod hardships;
mod letters;
mod peers;
mod plan;
mod setup;
mod tunnels;
mod wires;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fastrand::Rng;
use rejoin::io::{Environment, Input, Output, SocketId, SocketInput};
use rejoin::machine::Machine;
use rejoin::time::Instant;
use rejoin_server::hub::{HubInput, MemberId};

use crate::actions::{Action, draw_edit, draw_storage_error};
use crate::bounds::Bounds;
use crate::host::{Host, Tab};
use crate::mailbox::Mailbox;
use crate::net::{Health, LinkId, Net};
use crate::oracle::Oracle;
use crate::peer_net::PeerNet;
use crate::server::Server;
pub use letters::Letters;
use peers::PeerHappening;
pub use peers::Peers;
pub use setup::{Outcome, Setup, Weather};
use tunnels::{TunnelEnd, TunnelHappening};

/// How long faults last, and how long healing may take.
const FAULTS: u64 = 30_000;
const HEALING: u64 = 120_000;
/// Until then, on a quiet day, nobody edits: all are joined first.
const CALM: u64 = 8_000;
/// Without peers.
const HOSTS: usize = 3;

#[derive(Debug)]
enum Happening {
    Act(Action),
    Heal,
    Timer { host: usize, boot: u64, at: u64 },
    ServerTimer { at: u64 },
    Socket { link: LinkId, input: SocketInput },
    Up { link: LinkId, frame: Vec<u8> },
    Join { link: LinkId },
    Tunnel(TunnelHappening),
    Peer(PeerHappening),
    Gone { link: LinkId },
    Ghost { host: usize, boot: u64, socket: SocketId, input: SocketInput },
    Disk { host: usize, boot: u64 },
    ServerDisk { life: u64 },
    Look,
}

/// Everything there is.
pub struct World {
    setup: Setup,
    rng: Rng,
    now: u64,
    serial: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    hosts: Vec<Host>,
    server: Server,
    server_life: u64,
    net: Net,
    tunnels: BTreeMap<LinkId, TunnelEnd>,
    peers: PeerNet,
    oracle: Oracle,
    mailbox: Mailbox,
    points: u64,
    bounds: Bounds,
    script: Vec<(u64, Action)>,
    /// The link of somebody who means harm, and the run of the server that it is with.
    hostile: Option<(LinkId, u64)>,
    rested: Option<u64>,
    trace: DefaultHasher,
    edits: u64,
    faults: u64,
    ghosts: u64,
    healed: bool,
    /// When it is looked next whether all is done, and whether it was when it was looked last.
    looks_at: u64,
    calm: bool,
}

impl World {
    pub fn new(seed: u64, setup: Setup) -> Self {
        let mut rng = Rng::with_seed(seed);
        let net = Net::new(&mut rng);
        let hosts = setup.peers.map_or(HOSTS, |peers| peers.hosts);
        let mut world = Self {
            setup,
            rng,
            now: 0,
            serial: 0,
            queue: BTreeMap::new(),
            hosts: (0..hosts).map(|_| Host::new()).collect(),
            server: Server::new(setup.server, if setup.script.is_some() { 5 } else { 40 }),
            server_life: 0,
            net,
            tunnels: BTreeMap::new(),
            peers: PeerNet::default(),
            oracle: Oracle::default(),
            mailbox: Mailbox::default(),
            points: 0,
            bounds: Bounds::default(),
            script: Vec::new(),
            hostile: None,
            rested: None,
            trace: DefaultHasher::new(),
            edits: 0,
            faults: 0,
            ghosts: 0,
            healed: false,
            looks_at: 0,
            calm: false,
        };
        for host in 0..hosts {
            world.start(host);
        }
        world.plan();
        world
    }

    /// Runs to the end, or to the first broken promise.
    pub fn run(mut self) -> Outcome {
        while self.oracle.broken.is_none()
            && let Some(((at, _), happening)) = self.queue.pop_first()
            && at <= self.faults_end() + self.setup.healing()
            && !self.is_over(at)
        {
            self.now = at;
            if self.setup.letters != Letters::Alone {
                (at, format!("{happening:?}")).hash(&mut self.trace);
            }
            if self.setup.print && !matches!(happening, Happening::Timer { .. }) {
                println!("{at:>7} {happening:.160?}");
            }
            if let Some(until) = self.sleeps_through(&happening) {
                self.later(until, happening);
                continue;
            }
            let claim = self.bounds.step(at);
            self.oracle.claim(claim);
            self.happen(happening);
        }
        if self.oracle.broken.is_none() {
            self.check_end();
        }
        Outcome {
            broken: self.oracle.broken,
            edits: self.edits,
            messages: self.mailbox.written,
            faults: self.faults,
            ghosts: self.ghosts,
            busiest: self.bounds.busiest,
            noticed: self.bounds.noticed,
            trace: self.trace.finish(),
            points: self.points,
            rested: self.rested,
            script: self.script,
        }
    }

    fn later(&mut self, at: u64, happening: Happening) {
        self.serial += 1;
        self.queue.insert((at, self.serial), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act(action) => self.act(action),
            Happening::Heal => self.heal(),
            Happening::Timer { host, boot, at } => {
                if self.tab(host, boot).is_some_and(|tab| tab.timer == Some(at)) {
                    self.feed(host, Input::Timeout);
                }
            }
            Happening::ServerTimer { at } => {
                if self.server.timer == Some(at) {
                    self.feed_server(HubInput::Timeout);
                }
            }
            Happening::Socket { link, input } => self.on_socket(link, input),
            Happening::Up { link, frame } => {
                if self.net.links.get(&link).is_some_and(|link| link.joined) {
                    self.feed_server(HubInput::Frame {
                        member: MemberId(link),
                        bytes: frame.into(),
                    });
                }
            }
            Happening::Join { link } => self.on_join(link),
            Happening::Tunnel(happening) => self.on_tunnel(happening),
            Happening::Peer(happening) => self.on_peer(happening),
            Happening::Gone { link } => {
                self.tunnels.remove(&link);
                if self.net.links.remove(&link).is_some_and(|link| link.joined) {
                    self.feed_server(HubInput::Leave { member: MemberId(link) });
                }
            }
            Happening::Ghost { host, boot, socket, input } => {
                self.on_ghost(host, boot, socket, input);
            }
            Happening::Disk { host, boot } => self.on_disk(host, boot),
            Happening::ServerDisk { life } => {
                if life == self.server_life
                    && !self.server_dies()
                    && let Some(input) = self.server.complete(self.now)
                    && !self.server_dies()
                {
                    self.feed_server(input);
                }
            }
            Happening::Look => self.look(),
        }
    }

    fn act(&mut self, action: Action) {
        if action.is_fault() && (self.healed || !self.is_weather_for(action)) {
            return;
        }
        self.faults += u64::from(action.is_fault());
        match action {
            Action::Edit(_) if self.setup.letters == Letters::Alone => {}
            Action::Edit(host) => self.edit(host),
            Action::Write(host) => self.write(host),
            Action::Crash(host) => self.crash(host),
            Action::Restart(host) => self.start(host),
            Action::Cut(host) => self.cut(host),
            Action::Silence(host) => self.silence(host),
            Action::BadRelay(percent) => self.net.bad_relay = percent,
            Action::ServerCrash => self.crash_server(4_000),
            Action::ServerOutage => self.crash_server(25_000),
            Action::CutPeers(a, b) => self.cut_peers(|x, y| (x, y) == (a, b) || (y, x) == (a, b)),
            Action::Partition(sides) => self.part(sides),
            Action::ServerRestart => self.restart_server(),
            Action::Wake(host, environment) => self.feed(host, Input::Environment(environment)),
            Action::FullDisk(host) => {
                self.hosts[host].disk.failing = Some(draw_storage_error(&mut self.rng));
                let at = self.now + self.rng.u64(100..6_000);
                self.later(at, Happening::Act(Action::EmptyDisk(host)));
            }
            Action::EmptyDisk(host) => self.hosts[host].disk.failing = None,
            Action::Hang(host, millis) => self.hang(host, millis),
            Action::Answer(host) => self.end_hang(host),
            Action::Reconnect(host) => self.command(host, |tab, now| {
                let _ = tab.client.disconnect(now, tab.room);
                let _ = tab.client.connect(now, tab.room);
            }),
            hardship => self.suffer(hardship),
        }
    }

    fn is_weather_for(&self, action: Action) -> bool {
        match self.setup.weather {
            Weather::All => true,
            Weather::Relays => matches!(action, Action::BadRelay(_)),
            Weather::EarlyRelays => match action {
                Action::BadRelay(percent) => self.now < FAULTS / 2 || percent == 0,
                _ => false,
            },
        }
    }

    /// All faults end. Links that are silent stay so: noticing is the client's business.
    fn heal(&mut self) {
        self.healed = true;
        self.server.refuses_until = 0;
        self.server.crawls_until = 0;
        self.server.fails_until = 0;
        self.net.bad_relay = 0;
        self.peers.partition = 0;
        self.restart_server();
        self.permit_all();
        for host in 0..self.hosts.len() {
            self.hosts[host].disk.failing = None;
            self.end_hang(host);
            self.hosts[host].asleep_until = 0;
            self.start(host);
            if self.setup.weather != Weather::All {
                continue;
            }
            for environment in [
                Environment::PageShow { persisted: false },
                Environment::Visible,
                Environment::Online,
            ] {
                self.feed(host, Input::Environment(environment));
            }
            self.command(host, |tab, now| {
                let _ = tab.client.connect(now, tab.room);
            });
        }
    }

    fn tab(&mut self, host: usize, boot: u64) -> Option<&mut Tab> {
        let host = &mut self.hosts[host];
        host.tab.as_mut().filter(|_| host.boot == boot)
    }

    fn start(&mut self, host: usize) {
        if self.hosts[host].tab.is_some() {
            return;
        }
        let seed = self.rng.u64(..);
        let http = host < self.setup.tunnels;
        self.hosts[host].start(self.now, seed, self.setup, (host, http));
        self.mailbox.started(host);
        self.subscribe(host);
        self.drain(host);
    }

    fn crash(&mut self, host: usize) {
        if self.hosts[host].tab.take().is_none() {
            return;
        }
        self.hosts[host].disk.crash(&mut self.rng);
        self.cut_peers(|a, b| a == host || b == host);
        let links: Vec<LinkId> = self
            .net
            .links
            .iter()
            .filter(|(_, link)| link.host == host)
            .map(|(id, _)| *id)
            .collect();
        for link in links {
            let at = self.now + self.net.delay(&mut self.rng);
            self.later(at, Happening::Gone { link });
        }
        let at = self.now + self.rng.u64(50..5_000);
        self.later(at, Happening::Act(Action::Restart(host)));
    }

    fn cut(&mut self, host: usize) {
        let links: Vec<LinkId> = self
            .net
            .links
            .iter()
            .filter(|(_, link)| link.host == host)
            .map(|(id, _)| *id)
            .collect();
        for link in links {
            self.drop_link(link);
        }
    }

    /// Both ends hear of it, each in its time, unless the link is silent.
    fn drop_link(&mut self, link: LinkId) {
        if self.tunnels.contains_key(&link) {
            return self.cut_tunnel(link);
        }
        let silent = self.net.links.get(&link).is_none_or(|link| link.health == Health::Silent);
        if !silent {
            let at = self.now + self.net.delay(&mut self.rng);
            let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
            self.later(at, Happening::Socket { link, input: closed });
            self.later(at + 1, Happening::Gone { link });
        }
    }

    /// A point at which a host may be made to die; `true` if it did.
    pub(super) fn dies(&mut self, host: usize) -> bool {
        self.points += 1;
        self.may_be_cleared(host);
        let dies = self.setup.dies_at == Some(self.points);
        if dies {
            self.crash(host);
        }
        dies
    }

    /// The same for the server.
    pub(super) fn server_dies(&mut self) -> bool {
        self.points += 1;
        let dies = self.setup.dies_at == Some(self.points);
        if dies {
            self.crash_server(500);
        }
        dies
    }

    fn crash_server(&mut self, longest: u64) {
        if self.server.hub.is_none() {
            return;
        }
        self.server.crash();
        self.server_life += 1;
        self.crash_tunnels();
        let links: Vec<LinkId> = self.net.links.keys().copied().collect();
        for link in links {
            self.drop_link(link);
            if let Some(link) = self.net.links.get_mut(&link) {
                link.joined = false;
            }
        }
        let at = self.now + self.rng.u64(50..longest);
        self.later(at, Happening::Act(Action::ServerRestart));
    }

    fn restart_server(&mut self) {
        if self.server.hub.is_none() {
            self.server.start();
        }
    }

    fn edit(&mut self, host: usize) {
        let Host { boot, tab, edits, skew, .. } = &mut self.hosts[host];
        let skew = *skew;
        let Some(tab) = tab.as_mut().filter(|tab| tab.ready) else { return };
        let mark = if self.rng.bool() { "✎" } else { "𝄞" };
        let token = format!("h{host}b{boot}n{edits}{mark};");
        *edits += 1;
        let Some(draft) = draw_edit(&mut self.rng, tab, token) else { return };
        if self.setup.weather == Weather::EarlyRelays && !draft.deleted.is_empty() {
            return;
        }
        if self.setup.print {
            println!(
                "{:>7} host {host} types {:?}, deletes {:?}",
                self.now, draft.typed, draft.deleted
            );
        }
        for token in &draft.deleted {
            self.oracle.deleted(token);
        }
        tab.typed.extend(draft.typed);
        self.edits += 1;
        let now = Instant::from_millis(self.now + skew);
        if let Err(misuse) = tab.client.edit(now, tab.room, draft.edit) {
            self.oracle.fail(format!("an edit that fits was refused: {misuse}"));
        }
        self.drain(host);
    }

    fn command(&mut self, host: usize, run: impl FnOnce(&mut Tab, Instant)) {
        let skew = self.hosts[host].skew;
        if let Some(tab) = &mut self.hosts[host].tab {
            run(tab, Instant::from_millis(self.now + skew));
            self.drain(host);
        }
    }

    pub(super) fn feed(&mut self, host: usize, input: Input) {
        self.command(host, |tab, now| tab.client.handle_input(now, input));
    }

    /// Does what a client asks for, then sets its timer.
    fn drain(&mut self, host: usize) {
        while let Some(output) =
            self.hosts[host].tab.as_mut().and_then(|tab| tab.client.poll_output())
        {
            let boot = self.hosts[host].boot;
            match output {
                Output::Socket(socket, output) => self.on_socket_output(host, boot, socket, output),
                Output::Fetch(fetch, output) => self.on_fetch_output(host, boot, fetch, output),
                Output::Storage(task, work) => self.store(host, boot, task, work),
                Output::AbandonStorage(_) => self.hosts[host].disk.let_go(&mut self.rng),
                Output::Event(event) => self.on_event(host, event),
                Output::Peer(..) => unreachable!("a client has no connections to peers"),
            }
        }
        self.set_timer(host);
    }

    fn set_timer(&mut self, host: usize) {
        let (now, boot) = (self.now, self.hosts[host].boot);
        let skew = self.hosts[host].skew;
        let Some(tab) = &mut self.hosts[host].tab else { return };
        let wanted = tab.client.poll_timeout();
        let wanted =
            wanted.map(|deadline| deadline.at.as_millis().saturating_sub(skew).max(now + 1));
        if tab.timer != wanted || wanted.is_some_and(|at| at <= now) {
            tab.timer = wanted;
            if let Some(at) = wanted {
                self.later(at, Happening::Timer { host, boot, at });
            }
        }
    }
}
