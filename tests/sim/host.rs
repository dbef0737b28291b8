//! A browser tab: the real client, its disk, and what it told its user.

use std::collections::BTreeMap;

use rejoin::client::Client;
use rejoin::config::{Config, LinkConfig, RoomOptions, StorageConfig, Ways};
use rejoin::doc::RootKind;
use rejoin::event::SyncState;
use rejoin::io::RoomId;
use rejoin::ordered::OrderedMap;
use rejoin::time::Instant;

use crate::disk::Disk;
use crate::presence::View;
use crate::world::Setup;

/// One tab. It may be dead; its disk stays.
#[derive(Debug)]
pub struct Host {
    pub disk: Disk,
    pub boot: u64,
    pub tab: Option<Tab>,
    pub edits: u64,
    /// How far its clock is ahead of the world's.
    pub skew: u64,
    /// Nothing happens there before.
    pub asleep_until: u64,
    /// It may only read before.
    pub reads_until: u64,
    /// Client ids of each run.
    pub ids: BTreeMap<u64, Vec<u64>>,
}

/// What dies in a crash.
#[derive(Debug)]
pub struct Tab {
    pub client: Client,
    pub room: RoomId,
    pub ready: bool,
    /// It was told that its log could not be read, and is ready without.
    pub unread: bool,
    pub sync: Option<SyncState>,
    /// When the timer is set to.
    pub timer: Option<u64>,
    /// Tokens typed since the start.
    pub typed: Vec<String>,
    /// Own presence, and since when.
    pub shown: (String, u64),
    pub view: View,
    /// What was typed and who was there when all peers were last said to have everything.
    pub shared: (usize, Vec<(usize, u64)>),
    /// Runs to which there was a path, and until when.
    pub parted: BTreeMap<(usize, u64), u64>,
}

impl Host {
    pub fn new() -> Self {
        Self {
            disk: Disk::default(),
            boot: 0,
            tab: None,
            edits: 0,
            skew: 0,
            asleep_until: 0,
            reads_until: 0,
            ids: BTreeMap::new(),
        }
    }

    /// Opens the page.
    pub fn start(&mut self, now: u64, seed: u64, setup: Setup, (at, http): (usize, bool)) {
        self.boot += 1;
        self.asleep_until = 0;
        let now = now + self.skew;
        let compact_records = if setup.script.is_some() { 4 } else { 25 };
        let mut broken = setup.broken;
        broken.reuse_id = broken.reuse_id.map(|id| id + at as u64);
        self.disk.unordered = setup.unordered;
        self.disk.slow = setup.slow;
        let storage = StorageConfig::default();
        let config = Config {
            url: Some("ws://server".into()),
            storage: StorageConfig {
                compact_records,
                storage_timeout: if setup.hangs { 2_000 } else { storage.storage_timeout },
                ..storage
            },
            broken,
            link: LinkConfig { ways: Ways { http, ..Ways::default() }, ..LinkConfig::default() },
            ..Config::default()
        };
        let mut client = Client::new(config, seed);
        let presence = Some("{}".into());
        let options =
            RoomOptions { roots: roots(), presence, connect: true, mode: setup.mode_of(at) };
        let room = client.enter_room(Instant::from_millis(now), "room", options).expect("a room");
        self.tab = Some(Tab {
            client,
            room,
            ready: false,
            unread: false,
            sync: None,
            timer: None,
            typed: Vec::new(),
            shown: ("{}".into(), now),
            view: View::default(),
            shared: (0, Vec::new()),
            parted: BTreeMap::new(),
        });
    }
}

pub fn roots() -> OrderedMap<String, RootKind> {
    [("log", RootKind::List), ("text", RootKind::Text), ("map", RootKind::Map)]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into()
}
