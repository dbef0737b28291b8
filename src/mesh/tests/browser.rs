//! Connections of browsers as links see them: when they connect, fall silent, fail, and come back (WebRTC 1.0 §4.3.3 and
//! what Chromium was measured to do: `disconnected` after 5 s, `failed` after 15 s, and never the end).

use std::collections::BTreeMap;

use crate::io::{Candidate, ChannelId, Channels, Operation, PeerInput, PeerOutput, PeerState};

/// Something a browser does after a while.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mesh) enum Step {
    Needed,
    Operate(String),
    Find,
    Path,
    /// The transport is looked at, once or every second.
    Look,
    Tick,
    Deliver(u8, Vec<u8>),
    Drained(u8),
    Open(u8),
    Abort,
}

pub(in crate::mesh) struct Browser {
    hangs: bool,
    ufrag: u32,
    restarting: bool,
    busy: bool,
    local: Option<u32>,
    /// The other end by the description of it: page, connection, ufrag.
    remote: Option<(usize, u32, u32)>,
    /// Who will be the other end when the operation that is under way ends.
    taking: Option<(usize, u32, u32)>,
    state: PeerState,
    silent_since: Option<u64>,
    opened: bool,
    channels: Vec<ChannelId>,
    waiting: Vec<(u8, Vec<u8>)>,
    /// Allocations were lost: nothing goes before ICE was restarted with these names.
    broken_at: Option<u32>,
}

impl Browser {
    pub(in crate::mesh) fn is_creation(output: &PeerOutput) -> bool {
        matches!(output, PeerOutput::Create { .. })
    }
}

#[derive(Default)]
pub(in crate::mesh) struct Network {
    browsers: BTreeMap<(usize, u32), Browser>,
    steps: Vec<(u64, usize, u32, Step)>,
    /// Pages between which nothing goes.
    cuts: Vec<(usize, usize)>,
    /// Connections that are made now never find an address, and stay `new` with their other ends, as in Chromium.
    pub(super) hanging: bool,
    /// Everything goes through a TURN server.
    pub(super) relayed: bool,
    /// Pages whose browser finds no address.
    pub(in crate::mesh) blind: Vec<usize>,
    silenced: Vec<usize>,
    /// Pages whose browser is busy: of new connections it tells at first that their control channel is open, and of the others later.
    pub(super) busy: Vec<usize>,
    /// Answers that browsers took.
    pub(super) answers: u32,
    /// How often connections were given other servers.
    pub(super) configured: u32,
    /// Whatever browsers were told to do.
    pub(super) operations: u32,
}

type Inputs = Vec<(usize, u32, PeerInput)>;

impl Network {
    pub(in crate::mesh) fn cut(&mut self, a: usize, b: usize) {
        self.cuts.push((a, b));
    }

    pub(in crate::mesh) fn heal(&mut self) {
        self.cuts.clear();
        self.look_at_all();
    }

    pub(in crate::mesh) fn silence(&mut self, page: usize) {
        self.silenced.push(page);
    }

    /// The TURN server forgot its allocations: only new addresses help.
    pub(in crate::mesh) fn lose_allocations(&mut self) {
        for browser in self.browsers.values_mut() {
            browser.broken_at = Some(browser.ufrag);
        }
    }

    pub(in crate::mesh) fn between(&self, at: usize, of: usize) -> Option<u32> {
        let mut known = self.browsers.iter().rev();
        known
            .find(|((page, _), browser)| {
                *page == at && browser.remote.is_some_and(|remote| remote.0 == of)
            })
            .map(|((_, id), _)| *id)
    }

    pub(in crate::mesh) fn open_connections(&self, page: usize) -> usize {
        self.browsers.keys().filter(|(owner, _)| *owner == page).count()
    }

    pub(in crate::mesh) fn take_steps(&mut self) -> Vec<(u64, usize, u32, Step)> {
        std::mem::take(&mut self.steps)
    }

    pub(in crate::mesh) fn command(&mut self, _: u64, page: usize, id: u32, output: PeerOutput) {
        match output {
            PeerOutput::Create { channels, .. } => {
                let channels = match channels {
                    Channels::Negotiated(plans) => plans.iter().map(|plan| plan.id).collect(),
                    Channels::InBand { .. } => Vec::new(),
                };
                self.browsers.insert(
                    (page, id),
                    Browser {
                        hangs: self.hanging,
                        ufrag: 0,
                        restarting: false,
                        busy: false,
                        local: None,
                        remote: None,
                        taking: None,
                        state: PeerState::Connecting,
                        silent_since: None,
                        opened: false,
                        channels,
                        waiting: Vec::new(),
                        broken_at: None,
                    },
                );
                self.after(2, page, id, Step::Needed);
                self.after(1_000, page, id, Step::Tick);
            }
            PeerOutput::Do(operation) => self.start(page, id, &operation),
            PeerOutput::RestartIce => {
                if let Some(browser) = self.browsers.get_mut(&(page, id)) {
                    browser.restarting = true;
                }
                self.after(1, page, id, Step::Needed);
            }
            PeerOutput::Send { channel, bytes } => {
                if let Some(browser) = self.browsers.get_mut(&(page, id)) {
                    browser.waiting.push((channel.0, bytes));
                }
                self.flush(page, id);
                self.after(1, page, id, Step::Drained(channel.0));
            }
            PeerOutput::Close => self.close(page, id),
            PeerOutput::FindPath if self.relayed => self.after(1, page, id, Step::Path),
            PeerOutput::Configure(_) => self.configured += 1,
            PeerOutput::FindPath | PeerOutput::Publish { .. } => {}
        }
    }

    pub(in crate::mesh) fn perform(
        &mut self,
        now: u64,
        page: usize,
        id: u32,
        step: Step,
    ) -> Inputs {
        let Some(browser) = self.browsers.get_mut(&(page, id)) else { return Vec::new() };
        match step {
            Step::Needed => {
                let owed =
                    (browser.local.is_none() && browser.remote.is_none()) || browser.restarting;
                if owed && !browser.busy {
                    return vec![(page, id, PeerInput::Needed)];
                }
                Vec::new()
            }
            Step::Operate(made) => {
                browser.busy = false;
                browser.remote = browser.taking.take().or(browser.remote);
                let made = (!made.is_empty()).then_some(made);
                self.look_at_all();
                vec![(page, id, PeerInput::Done(Ok(made)))]
            }
            Step::Find => {
                let ufrag = format!("{page}.{id}.{}", browser.ufrag);
                let candidate = Candidate {
                    candidate: "candidate:1".into(),
                    mid: None,
                    line: None,
                    ufrag: Some(ufrag),
                };
                vec![(page, id, PeerInput::Candidate(candidate))]
            }
            Step::Look => self.look(now, page, id),
            Step::Tick => {
                self.after(1_000, page, id, Step::Tick);
                self.look(now, page, id)
            }
            Step::Deliver(channel, bytes) => {
                vec![(page, id, PeerInput::Message { channel: ChannelId(channel), bytes })]
            }
            Step::Drained(channel) => {
                vec![(page, id, PeerInput::Drained { channel: ChannelId(channel), buffered: 0 })]
            }
            Step::Open(channel) => vec![(page, id, opened(ChannelId(channel)))],
            Step::Path => vec![(page, id, PeerInput::Path { relayed: true })],
            Step::Abort => vec![(page, id, PeerInput::ChannelClosed(ChannelId(0)))],
        }
    }

    fn start(&mut self, page: usize, id: u32, operation: &Operation) {
        let blind = self.blind.contains(&page) || self.hangs(page, id);
        let Some(browser) = self.browsers.get_mut(&(page, id)) else { return };
        assert!(!browser.busy, "one operation at a time");
        browser.busy = true;
        let mut made = String::new();
        self.operations += 1;
        self.answers += u32::from(matches!(operation, Operation::TakeAnswer(_)));
        match operation {
            Operation::Offer | Operation::Answer => {
                if browser.local.is_none() || browser.restarting {
                    browser.ufrag += 1;
                    browser.restarting = false;
                    if !blind {
                        self.steps.push((8, page, id, Step::Find));
                    }
                }
                browser.local = Some(browser.ufrag);
                made = format!(
                    "a=ice-ufrag:{page}.{id}.{}\na=fingerprint:sha-256 {page}\n",
                    browser.ufrag
                );
            }
            Operation::TakeOffer(sdp) | Operation::TakeAnswer(sdp) => {
                let name = sdp
                    .lines()
                    .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
                    .unwrap_or("9.9.9");
                let mut parts = name.split('.').map(|part| part.parse::<u32>().unwrap());
                let mut next = || parts.next().unwrap();
                let remote = (next() as usize, next(), next());
                let restarted = browser.remote.is_some_and(|known| known.2 != remote.2);
                browser.restarting |= restarted && matches!(operation, Operation::TakeOffer(_));
                browser.taking = Some(remote);
            }
            Operation::AddCandidate(_) => {}
        }
        self.after(5, page, id, Step::Operate(made));
    }

    /// Whether both ends have each other's latest description, and the ways between them are open.
    fn joined(&self, page: usize, id: u32) -> Option<(usize, u32)> {
        let browser = self.browsers.get(&(page, id))?;
        let (other, remote, ufrag) = browser.remote?;
        let end = self.browsers.get(&(other, remote))?;
        let mutual = end.remote == Some((page, id, browser.ufrag)) && end.ufrag == ufrag;
        let whole = [browser, end].iter().all(|end| end.broken_at.is_none_or(|at| end.ufrag > at));
        let sighted = !self.blind.contains(&page) && !self.blind.contains(&other);
        (mutual && whole && sighted && self.open(page, other)).then_some((other, remote))
    }

    fn open(&self, a: usize, b: usize) -> bool {
        let cut = |&(x, y): &(usize, usize)| (x, y) == (a, b) || (y, x) == (a, b);
        !self.cuts.iter().any(cut) && !self.silenced.contains(&a) && !self.silenced.contains(&b)
    }

    fn hangs(&self, page: usize, id: u32) -> bool {
        let Some(browser) = self.browsers.get(&(page, id)) else { return false };
        let other = browser.remote.and_then(|(page, id, _)| self.browsers.get(&(page, id)));
        browser.hangs || other.is_some_and(|other| other.hangs)
    }

    fn look(&mut self, now: u64, page: usize, id: u32) -> Inputs {
        if self.hangs(page, id) {
            return Vec::new();
        }
        let joined = self.joined(page, id).is_some();
        let Some(browser) = self.browsers.get_mut(&(page, id)) else { return Vec::new() };
        let since = if joined { now } else { *browser.silent_since.get_or_insert(now) };
        let state = match now - since {
            _ if joined => PeerState::Connected,
            15_000.. => PeerState::Failed,
            5_000.. if browser.opened => PeerState::Disconnected,
            _ => browser.state,
        };
        if joined {
            browser.silent_since = None;
        }
        let mut inputs = Vec::new();
        if joined && !std::mem::replace(&mut browser.opened, true) {
            let all = browser.channels.len();
            let at_once = if self.busy.contains(&page) { all.min(1) } else { all };
            let (now, later) = browser.channels.split_at(at_once);
            inputs.extend(now.iter().map(|channel| (page, id, opened(*channel))));
            self.steps.extend(later.iter().map(|channel| (200, page, id, Step::Open(channel.0))));
        }
        if state != browser.state {
            browser.state = state;
            inputs.insert(0, (page, id, PeerInput::State(state)));
        }
        self.flush(page, id);
        inputs
    }

    /// What is reliable waits for the way to open again.
    fn flush(&mut self, page: usize, id: u32) {
        let Some((other, remote)) = self.joined(page, id) else { return };
        let Some(browser) = self.browsers.get_mut(&(page, id)) else { return };
        for (channel, bytes) in std::mem::take(&mut browser.waiting) {
            self.steps.push((10, other, remote, Step::Deliver(channel, bytes)));
        }
    }

    fn close(&mut self, page: usize, id: u32) {
        self.flush(page, id);
        let joined = self.joined(page, id);
        self.browsers.remove(&(page, id));
        if let Some((other, remote)) = joined {
            self.after(30, other, remote, Step::Abort);
        }
    }

    fn look_at_all(&mut self) {
        let all: Vec<(usize, u32)> = self.browsers.keys().copied().collect();
        for (page, id) in all {
            self.after(20, page, id, Step::Look);
        }
    }

    fn after(&mut self, delay: u64, page: usize, id: u32, step: Step) {
        self.steps.push((delay, page, id, step));
    }
}

fn opened(channel: ChannelId) -> PeerInput {
    PeerInput::Opened { channel, max_message: 262_144 }
}
