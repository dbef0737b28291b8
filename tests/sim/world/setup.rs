//! What a run is made of, and what it shows.

use rejoin::config::{Broken, PathMode};
use rejoin_server::hub::Broken as HubBroken;

use super::{HEALING, Letters, Peers};
use crate::actions::Action;

/// What fails in the time of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weather {
    /// Everything.
    #[default]
    All,
    /// Relays that lose frames, and nothing else.
    Relays,
    /// The same in the first half, and nobody deletes: what is lost leaves a gap.
    EarlyRelays,
}

/// What a run is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup {
    /// Rules switched off in the clients.
    pub broken: Broken,
    /// Rules switched off in the server.
    pub server: HubBroken,
    /// Whether hosts write messages.
    pub letters: Letters,
    /// How many of the hosts reach the server by HTTP only.
    pub tunnels: usize,
    /// Whether and how hosts are joined to each other too.
    pub peers: Option<Peers>,
    /// Whether machines sleep, disks rot, servers go back in time and somebody means harm, too.
    pub hardships: bool,
    /// Whether hosts may only read at times, and the server goes back in time or begins anew.
    pub footing: bool,
    /// Whether sockets speak that are gone.
    pub ghosts: bool,
    /// Whether the hosts' disks are slow.
    pub slow: bool,
    /// Whether the hosts' databases at times do not answer.
    pub hangs: bool,
    /// Whether the hosts' disks forget the order of what is under way when they die.
    pub unordered: bool,
    /// What happens, instead of what the seed says.
    pub script: Option<&'static [(u64, Action)]>,
    /// How long faults last, if not as long as usual.
    pub lasts: Option<u64>,
    /// The machine that gets to this point dies there.
    pub dies_at: Option<u64>,
    /// The machine that gets to this point has its storage cleared, and dies some time later.
    pub cleared_at: Option<u64>,
    /// What fails at all.
    pub weather: Weather,
    /// Of the script, only these actions.
    pub keep: Option<&'static [usize]>,
    /// Whether the script is printed.
    pub print: bool,
}

impl Setup {
    /// What a host uses first.
    pub fn mode_of(&self, host: usize) -> PathMode {
        self.peers.map_or(PathMode::Both, |peers| peers.mode_of(host))
    }

    /// Whether a host cannot reach the server.
    pub fn is_guest(&self, host: usize) -> bool {
        self.peers.is_some_and(|peers| peers.is_guest(host))
    }

    /// Peers tell each other at once; without them a lost frame is noticed by an audit.
    pub(super) fn healing(&self) -> u64 {
        if self.peers.is_some() { HEALING / 2 } else { HEALING }
    }
}

/// What a run showed.
#[derive(Debug)]
pub struct Outcome<A = Action> {
    pub broken: Option<String>,
    pub edits: u64,
    pub messages: u64,
    pub faults: u64,
    /// What sockets said that were gone.
    pub ghosts: u64,
    /// Most connections a host asked for within 20 seconds.
    pub busiest: usize,
    /// How long each host with a silent link took to give it up, in milliseconds.
    pub noticed: Vec<u64>,
    /// Hash of everything that happened.
    pub trace: u64,
    /// Writes and frames, before and behind each.
    pub points: u64,
    /// When, after the faults, everybody had everything and said so.
    pub rested: Option<u64>,
    /// Every action of the script, those that were left out too.
    pub script: Vec<(u64, A)>,
}
