//! A hostile member of a room, and an honest one beside it.

use std::collections::BTreeMap;

use rejoin::doc::RootKind;
use rejoin::ordered::OrderedMap;
use rejoin::protocol::encode;
use rejoin::time::Instant;
use rejoin_server::hub::{Hub, HubConfig, HubInput, HubOutput, MemberId, Permission, RoomName};

use super::frames::frames;
use crate::hostile::{grammar, history};
use crate::pieces;
use crate::support::bytes::{At, text, update};
use crate::support::random::Rng;
use crate::target::{Outcome, Target, bounded, ensure};

const HONEST: MemberId = MemberId(1);
const HOSTILE: MemberId = MemberId(2);

pub(super) fn targets() -> Vec<Target> {
    vec![Target {
        name: "hub_frames",
        seeds: talks,
        generate: Some(talk),
        longest: 32 << 10,
        feed: hears,
    }]
}

fn talks() -> Vec<Vec<u8>> {
    frames().windows(3).step_by(3).map(pieces::join).collect()
}

fn talk(rng: &mut Rng) -> Vec<u8> {
    thread_local! {
        static FRAMES: Vec<Vec<u8>> = frames();
    }
    FRAMES.with(|frames| {
        let one = |rng: &mut Rng| match rng.below(3) {
            0 => encode::update(&grammar(rng)),
            _ => frames[rng.below(frames.len())].clone(),
        };
        pieces::join(&(0..1 + rng.below(6)).map(|_| one(rng)).collect::<Vec<_>>())
    })
}

/// Whatever one member sends: the other's edit is stored and returned, and the hub says no more than it may.
fn hears(input: &[u8]) -> Outcome {
    let mut server = Server::new();
    server.input(HubInput::Frame { member: HONEST, bytes: encode::sync_step_1(&[0]).into() });
    for frame in pieces::split(input) {
        let before = server.sent.clone();
        bounded("the hub", frame.len(), || {
            server.input(HubInput::Frame { member: HOSTILE, bytes: frame.to_vec().into() });
        })?;
        server.pass(50);
        let sent = |who| {
            server.sent.get(&who).copied().unwrap_or_default()
                - before.get(&who).copied().unwrap_or_default()
        };
        ensure(sent(HONEST) <= 600, || format!("{} frames to the honest for one", sent(HONEST)))?;
        ensure(sent(HOSTILE) <= 600, || format!("{} answers to one frame", sent(HOSTILE)))?;
    }
    let (state, _) = history(1, 8);
    for update in [state, update(&[(7_777, 0, &[text(At::Root("text"), "honest")])], &[])] {
        server.input(HubInput::Frame { member: HONEST, bytes: encode::update(&update).into() });
        server.pass(2_000);
    }
    ensure(!server.closed.contains(&HONEST), || "the honest member was sent away".into())?;
    ensure(
        server.stored.iter().any(|update| update.windows(6).any(|window| window == b"honest")),
        || "the honest edit is not stored".into(),
    )
}

/// A hub whose disk commits at once.
struct Server {
    hub: Hub,
    now: u64,
    sent: BTreeMap<MemberId, usize>,
    closed: Vec<MemberId>,
    stored: Vec<Vec<u8>>,
}

impl Server {
    fn new() -> Self {
        // Without a declaration the first to write into a root decides what it holds.
        let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
        let hub = Hub::new(HubConfig { roots, ..HubConfig::default() });
        let mut server =
            Self { hub, now: 1_000, sent: BTreeMap::new(), closed: Vec::new(), stored: Vec::new() };
        for member in [HONEST, HOSTILE] {
            server.input(HubInput::Join {
                member,
                room: RoomName::from("room"),
                permission: Permission::Write,
            });
        }
        server
    }

    fn input(&mut self, input: HubInput) {
        let mut inputs = std::collections::VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.hub.handle_input(Instant::from_millis(self.now), input);
            while let Some(output) = self.hub.poll_output() {
                inputs.extend(self.perform(output));
            }
        }
    }

    fn perform(&mut self, output: HubOutput) -> Option<HubInput> {
        match output {
            HubOutput::Send { member, .. } => *self.sent.entry(member).or_default() += 1,
            HubOutput::Probe { member } => return Some(HubInput::Heard { member }),
            HubOutput::Close { member, .. } | HubOutput::Cut { member } => self.closed.push(member),
            HubOutput::Load { room, ticket } => {
                return Some(HubInput::Loaded {
                    room,
                    ticket,
                    result: Ok(Vec::new()),
                    messages: Default::default(),
                });
            }
            HubOutput::Store { room, ticket, updates, .. } => {
                self.stored.extend(updates);
                return Some(HubInput::Stored { room, ticket, result: Ok(()) });
            }
            HubOutput::Compact { room, ticket, .. } => {
                return Some(HubInput::Compacted { room, ticket, result: Ok(()) });
            }
            _ => {}
        }
        None
    }

    fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some(due) = self.hub.poll_timeout().filter(|due| due.at.as_millis() <= end) {
            self.now = self.now.max(due.at.as_millis());
            self.input(HubInput::Timeout);
        }
        self.now = end;
    }
}
