//! The server: the real hub on a disk that forgets what it had not flushed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rejoin::doc::limits::Limits;
use rejoin::doc::{Doc, Origin};
use rejoin::time::Instant;
use rejoin_server::hub::{
    Broken, Hub, HubConfig, HubInput, HubOutput, MemberId, MessageLimits, Record, RecordKey,
    StoredMessages,
};

use crate::host::roots;

/// Of the one disk there is.
const EPOCH: u64 = 4_711;

/// The server machine.
#[derive(Debug)]
pub struct Server {
    pub hub: Option<Hub>,
    /// Rules switched off by the mutation proof.
    broken: Broken,
    /// Rows on the disk.
    rows: Vec<Record>,
    /// Messages on the disk.
    pub messages: BTreeMap<u64, Vec<u8>>,
    last_key: u64,
    under_way: VecDeque<HubOutput>,
    free_at: u64,
    pub timer: Option<u64>,
    /// A document made of what is on the disk: what the server can promise.
    pub durable: Doc,
}

impl Server {
    pub fn new(broken: Broken) -> Self {
        let mut server = Self {
            hub: None,
            broken,
            rows: Vec::new(),
            messages: BTreeMap::new(),
            last_key: 0,
            under_way: VecDeque::new(),
            free_at: 0,
            timer: None,
            durable: Doc::new(1, &roots(), Limits::default()),
        };
        server.start();
        server
    }

    pub fn start(&mut self) {
        let config = HubConfig {
            compact_records: 40,
            // Few enough for a burst to be refused.
            messages: MessageLimits { per_second: 8, ..MessageLimits::default() },
            broken: self.broken,
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

    pub fn join(&mut self, now: u64, member: u64) -> Vec<HubOutput> {
        self.input(now, HubInput::Join { member: MemberId(member), room: Arc::from("room") })
    }

    /// Begins a storage task; says when it will be done.
    pub fn begin(&mut self, now: u64, takes: u64, task: HubOutput) -> u64 {
        self.under_way.push_back(task);
        self.free_at = self.free_at.max(now) + takes;
        self.free_at
    }

    /// Completes the oldest storage task.
    pub fn complete(&mut self) -> Option<HubInput> {
        match self.under_way.pop_front()? {
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
}
