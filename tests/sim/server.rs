//! The server: the real hub on a disk that forgets what it had not flushed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use fastrand::Rng;
use rejoin::doc::limits::Limits;
use rejoin::doc::{Doc, Origin};
use rejoin::time::Instant;
use rejoin_server::hub::{
    Broken, Hub, HubConfig, HubInput, HubOutput, MemberId, MessageLimits, Permission, Record,
    RecordKey, StoreFailure, StoredMessages,
};

use crate::host::roots;

/// How often the server's disk is backed up.
const BACKUP: u64 = 2_000;
/// Of the one disk there is.
const EPOCH: u64 = 4_711;

/// The server machine.
#[derive(Debug)]
pub struct Server {
    pub hub: Option<Hub>,
    /// Of the rooms' store; 0 where the server says nothing of itself.
    epoch: u64,
    /// Rules switched off by the mutation proof.
    broken: Broken,
    compact_records: usize,
    /// Rows on the disk.
    rows: Vec<Record>,
    /// Messages on the disk.
    pub messages: BTreeMap<u64, Vec<u8>>,
    last_key: u64,
    under_way: VecDeque<HubOutput>,
    free_at: u64,
    pub timer: Option<u64>,
    /// Nobody is taken in before.
    pub refuses_until: u64,
    /// The disk is slow until then.
    pub crawls_until: u64,
    /// The disk takes nothing before.
    pub fails_until: u64,
    /// What was on the disk now and then.
    backups: Vec<Vec<Record>>,
    backed_up_at: u64,
    /// A document made of what is on the disk: what the server can promise.
    pub durable: Doc,
}

impl Server {
    pub fn new(broken: Broken, compact_records: usize) -> Self {
        let mut server = Self {
            hub: None,
            epoch: 0,
            broken,
            compact_records,
            rows: Vec::new(),
            messages: BTreeMap::new(),
            last_key: 0,
            under_way: VecDeque::new(),
            free_at: 0,
            timer: None,
            refuses_until: 0,
            crawls_until: 0,
            fails_until: 0,
            backups: vec![Vec::new()],
            backed_up_at: 0,
            durable: Doc::new(1, &roots(), Limits::default()),
        };
        server.start();
        server
    }

    pub fn start(&mut self) {
        let config = HubConfig {
            compact_records: self.compact_records,
            // Few enough for a burst to be refused.
            messages: MessageLimits { per_second: 8, ..MessageLimits::default() },
            broken: self.broken,
            epoch: self.epoch,
            ..HubConfig::default()
        };
        self.hub = Some(Hub::new(config));
    }

    /// Dies: sockets and writes under way are gone.
    pub fn crash(&mut self) {
        self.hub = None;
        self.timer = None;
        self.under_way.clear();
        self.free_at = 0;
    }

    pub fn input(&mut self, now: u64, input: HubInput) -> Vec<HubOutput> {
        let Some(hub) = &mut self.hub else { return Vec::new() };
        hub.handle_input(Instant::from_millis(now), input);
        std::iter::from_fn(|| hub.poll_output()).collect()
    }

    pub fn join(&mut self, now: u64, member: u64, permission: Permission) -> Vec<HubOutput> {
        self.input(
            now,
            HubInput::Join { member: MemberId(member), room: Arc::from("room"), permission },
        )
    }

    /// Begins a storage task; says when it will be done.
    pub fn begin(&mut self, now: u64, takes: u64, task: HubOutput) -> u64 {
        self.under_way.push_back(task);
        self.free_at = self.free_at.max(now) + takes;
        self.free_at
    }

    /// Completes the oldest storage task.
    pub fn complete(&mut self, now: u64) -> Option<HubInput> {
        if now >= self.backed_up_at + BACKUP {
            self.backups.push(self.rows.clone());
            self.backed_up_at = now;
        }
        let task = self.under_way.pop_front()?;
        if now < self.fails_until {
            return Some(failed(task));
        }
        match task {
            HubOutput::Load { room, ticket } => {
                let messages = self.messages.clone().into_iter().collect();
                let messages = StoredMessages { epoch: EPOCH, messages };
                Some(HubInput::Loaded { room, ticket, result: Ok(self.rows.clone()), messages })
            }
            HubOutput::Store { room, ticket, updates, messages, first } => {
                self.messages.extend(messages);
                self.messages.retain(|seq, _| *seq >= first);
                for update in updates {
                    self.last_key += 1;
                    let applied =
                        self.durable.apply(&update, Origin::Remote).expect("a sound update");
                    assert!(!applied.held, "the server stored an update with a hole");
                    self.rows.push(Record { key: RecordKey::Update(self.last_key), update });
                }
                Some(HubInput::Stored { room, ticket, result: Ok(()) })
            }
            HubOutput::Compact { room, ticket, snapshot, .. } => {
                // It may hold what the hub has integrated and not yet asked to store.
                self.durable.apply(&snapshot, Origin::Remote).expect("a sound snapshot");
                self.rows = vec![Record { key: RecordKey::Snapshot, update: snapshot }];
                Some(HubInput::Compacted { room, ticket, result: Ok(()) })
            }
            _ => None,
        }
    }

    /// Tells its epoch from now on.
    pub fn found(&mut self) {
        self.epoch = 1;
        self.start();
    }

    /// Its disk is empty, and what comes to it is another history.
    pub fn lose_everything(&mut self) {
        self.epoch += 1;
        self.rows.clear();
        self.backups = vec![Vec::new()];
        self.durable = Doc::new(1, &roots(), Limits::default());
    }

    /// Goes back to a backup: everything newer is gone.
    pub fn roll_back(&mut self, rng: &mut Rng) {
        let at = rng.usize(0..self.backups.len());
        self.backups.truncate(at + 1);
        self.rows = self.backups[at].clone();
        self.durable = Doc::new(1, &roots(), Limits::default());
        for record in &self.rows {
            self.durable.apply(&record.update, Origin::Remote).expect("a sound record");
        }
    }
}

/// The disk is full, or gone.
fn failed(task: HubOutput) -> HubInput {
    let full = || Err(StoreFailure("the disk is full".into()));
    match task {
        HubOutput::Load { room, ticket } => {
            let messages = StoredMessages { epoch: EPOCH, messages: Vec::new() };
            let result = Err(StoreFailure("the disk is gone".into()));
            HubInput::Loaded { room, ticket, result, messages }
        }
        HubOutput::Compact { room, ticket, .. } => {
            HubInput::Compacted { room, ticket, result: full() }
        }
        HubOutput::Store { room, ticket, .. } => HubInput::Stored { room, ticket, result: full() },
        other => unreachable!("no storage task: {other:?}"),
    }
}
