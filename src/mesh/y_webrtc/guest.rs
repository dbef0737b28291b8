//! The link with one stock client of y-webrtc: one data channel, and a connection that the other side throws away when it fails.
//!
//! ```text
//!            begin, offer            open           disconnected
//!   Waiting ─────────────► Connecting ────► Up ───────────────────► Suspect
//!                               │           ▲                          │
//!                               │           └────────── connected ─────┤
//!                               ▼ no answer                            ▼ failed, half a minute
//!   any ── channel closed ──► Gone ◄───────────────────────────────────┘
//! ```
//!
//! Of two offers the one with the greater token stands. A stock client that has offered listens only to the channel that it made itself,
//! also if its offer was dropped: then that channel is waited for.

use std::collections::VecDeque;

use super::attempt::Attempt;
use super::message::Signal;
use super::pipe::LOW_WATER;
use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::io::{ChannelId, Channels, PeerConnectionId, PeerInput, PeerOutput, PeerState};
use crate::mesh::link::{Blocked, LinkState, LinkStatus, Settings};
use crate::mesh::negotiation::{Action, Message, Role};
use crate::status::Problem;
use crate::time::{Deadline, Instant};

/// How long an offer may stay without an answer, in milliseconds.
const ANSWER: u64 = 10_000;
/// How long it may take from there to an open channel, and how long a link may be silent.
const PATIENCE: u64 = 30_000;
/// Least time between two connections with one client.
const REPLACE_EVERY: u64 = 1_000;
/// Candidates that had no room, from which on the app is told.
const FLOOD: u32 = 1_000;

/// What a link with a stock client wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum GuestAction {
    /// Do this with a connection.
    Peer(PeerConnectionId, PeerOutput),
    /// Say this to it.
    Signal(f64, Signal),
    /// Where the link stands has changed.
    Status(LinkStatus),
    /// There is no way out of here.
    Blocked(Blocked),
    /// A frame came.
    Frame(Vec<u8>),
    /// Tell the app.
    Problem(Problem),
}

/// What a guest needs to know of its mesh at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    /// As of links with our own clients.
    pub(super) settings: &'a Settings,
    /// Milliseconds since 1970.
    pub(super) wall: u64,
    /// Whether another connection may be made now.
    pub(super) may_connect: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// To be begun at that moment, if this side begins.
    Waiting(Option<Instant>),
    /// Given up at that moment.
    Connecting(Instant),
    Up,
    /// Given up at that moment.
    Suspect(Instant),
    Gone,
}

/// The link with one stock client.
#[derive(Debug)]
pub(super) struct Guest {
    /// Number of the peer.
    pub(super) peer: u32,
    /// Server by which it is reached.
    pub(super) server: u32,
    phase: Phase,
    attempt: Option<Attempt>,
    /// Token of the last offer taken: what is older is a repetition.
    newest: f64,
    replaced: Option<Instant>,
    told: Option<LinkStatus>,
    relayed: Option<bool>,
    /// Whether it has ever answered.
    answered: bool,
    warned: bool,
    actions: VecDeque<GuestAction>,
}

impl Guest {
    /// A link that is begun at that moment, or by the other side.
    pub(super) fn new(peer: u32, server: u32, begin_at: Option<Instant>) -> Self {
        Self {
            peer,
            server,
            phase: Phase::Waiting(begin_at),
            attempt: None,
            newest: f64::NEG_INFINITY,
            replaced: None,
            told: None,
            relayed: None,
            answered: false,
            warned: false,
            actions: VecDeque::new(),
        }
    }

    pub(super) fn poll_action(&mut self) -> Option<GuestAction> {
        self.actions.pop_front()
    }

    /// When this side begins, if it does.
    pub(super) fn begins_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting(at) => at,
            _ => None,
        }
    }

    /// Makes the connection.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>, around: Surroundings<'_>) {
        self.attach(cx, around, Role::Impolite);
    }

    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting(_))
    }

    pub(super) fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// Whether there was somebody at the other end.
    pub(super) fn has_answered(&self) -> bool {
        self.answered
    }

    pub(super) fn connection(&self) -> Option<PeerConnectionId> {
        self.attempt.as_ref().map(|attempt| attempt.id)
    }

    /// Largest frame that it takes, once there is a link.
    pub(super) fn limit(&self) -> u32 {
        self.attempt.as_ref().and_then(|attempt| attempt.pipe.limit()).unwrap_or_default()
    }

    /// It announces itself. A link that works, or is on its way, is not disturbed by that; any other is over at its end.
    pub(super) fn handle_announce(&mut self) {
        if matches!(self.phase, Phase::Suspect(_)) {
            self.finish("replaced");
        }
    }

    /// It said something through signaling.
    pub(super) fn handle_signal(
        &mut self,
        cx: &mut Context<'_>,
        around: Surroundings<'_>,
        token: Option<f64>,
        signal: Signal,
    ) {
        match signal {
            Signal::Offer(sdp) => self.on_offer(cx, around, token, sdp),
            Signal::Answer(sdp) => self.on_answer(cx.now, sdp),
            Signal::Candidate(candidate) => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.negotiation.handle_message(Message::Candidate(candidate));
                }
            }
        }
        self.negotiate(cx, around.wall);
    }

    /// Something happened to a connection.
    pub(super) fn handle_peer(&mut self, cx: &mut Context<'_>, wall: u64, input: PeerInput) {
        let Some(attempt) = &mut self.attempt else { return };
        match input {
            // Whoever did not begin has nothing to offer.
            PeerInput::Needed if attempt.role == Role::Impolite => {
                attempt.negotiation.handle_needed();
            }
            PeerInput::Done(result) => attempt.negotiation.handle_done(result),
            PeerInput::Candidate(candidate) => {
                attempt.located = true;
                attempt.negotiation.handle_candidate(candidate);
            }
            PeerInput::State(state) => self.on_state(cx.now, state),
            PeerInput::Path { relayed } => {
                self.relayed = Some(relayed);
                self.tell(None);
            }
            PeerInput::Refused { refusal, .. } => {
                self.actions.push_back(GuestAction::Blocked(refusal.into()));
                self.finish("refused");
            }
            PeerInput::Needed
            | PeerInput::CandidateError { .. }
            | PeerInput::Unconfigured(_)
            | PeerInput::Track(_) => {}
            PeerInput::Opened { .. }
            | PeerInput::Message { .. }
            | PeerInput::Drained { .. }
            | PeerInput::Unsent { .. }
            | PeerInput::ChannelClosed(_) => self.on_channel(input),
        }
        self.negotiate(cx, wall);
        self.drain();
    }

    /// Sends a frame; one that is `lossy` only if nothing else waits.
    pub(super) fn send(&mut self, bytes: Vec<u8>, lossy: bool) -> Result<(), Misuse> {
        let linked = matches!(self.phase, Phase::Up | Phase::Suspect(_));
        let Some(attempt) = self.attempt.as_mut().filter(|_| linked) else {
            let message = "there is no link with this peer; wait until its state is `up`";
            return Err(Misuse::new(ErrorCode::NotConnected, message));
        };
        attempt.pipe.push(bytes, lossy)?;
        self.drain();
        Ok(())
    }

    /// Servers or policy changed.
    pub(super) fn configure(&mut self, settings: &Settings) {
        if let Some(id) = self.connection() {
            let config = settings.config.clone();
            self.actions.push_back(GuestAction::Peer(id, PeerOutput::Configure(config)));
        }
    }

    /// A deadline may have passed.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Connecting(until) if now >= until => {
                if self.attempt.as_ref().is_some_and(|attempt| !attempt.located) {
                    self.actions.push_back(GuestAction::Blocked(Blocked::NoCandidates));
                }
                self.finish("silent");
            }
            Phase::Suspect(until) if now >= until => self.finish("lost"),
            _ => {}
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        match self.phase {
            Phase::Connecting(at) | Phase::Suspect(at) => Some(Deadline { at, reason: "silence" }),
            Phase::Waiting(_) | Phase::Up | Phase::Gone => None,
        }
    }

    /// Ends it: the other side sees its channel close.
    pub(super) fn finish(&mut self, reason: &'static str) {
        self.detach();
        if self.phase != Phase::Gone {
            self.relayed = None;
            self.phase = Phase::Gone;
            self.tell(Some(reason));
        }
    }

    fn on_offer(
        &mut self,
        cx: &mut Context<'_>,
        around: Surroundings<'_>,
        token: Option<f64>,
        sdp: String,
    ) {
        if token.is_some_and(|token| token <= self.newest) {
            return;
        }
        let early = self.replaced.is_some_and(|at| cx.now.since(at) < REPLACE_EVERY);
        match &mut self.attempt {
            Some(attempt) if attempt.negotiation.is_of_remote(&sdp) => {}
            Some(attempt) if attempt.outranks(token) => {
                attempt.crossed = true;
                return;
            }
            _ if early || !around.may_connect => return,
            known => {
                self.replaced = known.is_some().then_some(cx.now);
                self.attach(cx, around, Role::Polite);
            }
        }
        self.newest = token.unwrap_or(self.newest);
        self.note_answered(cx.now);
        let Some(attempt) = &mut self.attempt else { return };
        attempt.token = None;
        attempt.taken += 1;
        attempt.negotiation.handle_message(Message::Offer { id: attempt.taken, sdp });
    }

    /// An answer to nothing that was offered is a repetition.
    fn on_answer(&mut self, now: Instant, sdp: String) {
        let Some(attempt) = &mut self.attempt else { return };
        let Some(id) = attempt.negotiation.offered() else { return };
        attempt.token = None;
        attempt.negotiation.handle_message(Message::Answer { id, sdp });
        self.note_answered(now);
    }

    fn note_answered(&mut self, now: Instant) {
        self.answered = true;
        if let Phase::Connecting(until) = &mut self.phase {
            *until = now + PATIENCE;
        }
    }

    fn on_state(&mut self, now: Instant, state: PeerState) {
        match (state, self.phase) {
            (PeerState::Connected, Phase::Suspect(_)) => {
                self.phase = Phase::Up;
                self.tell(None);
            }
            (PeerState::Disconnected, Phase::Up) => {
                self.phase = Phase::Suspect(now + PATIENCE);
                self.tell(Some("disconnected"));
            }
            // The other side gives up its connection as well.
            (PeerState::Failed, _) => self.finish("failed"),
            (PeerState::Closed, _) => self.finish("closed"),
            _ => {}
        }
    }

    fn on_channel(&mut self, input: PeerInput) {
        let Some(attempt) = &mut self.attempt else { return };
        match input {
            PeerInput::Opened { channel, max_message } => self.on_open(channel, max_message),
            // A text is nothing of theirs, and comes as no bytes.
            PeerInput::Message { channel, bytes }
                if attempt.channel == Some(channel) && !bytes.is_empty() =>
            {
                self.actions.push_back(GuestAction::Frame(bytes));
            }
            PeerInput::ChannelClosed(channel) if attempt.channel == Some(channel) => {
                self.finish("closed");
            }
            PeerInput::Drained { channel, buffered } if attempt.channel == Some(channel) => {
                attempt.pipe.handle_drained(buffered);
            }
            PeerInput::Unsent { too_large: true, .. } => {
                let message = "a client of y-webrtc takes smaller frames than it had said";
                let problem = Problem::new(ErrorCode::PeerLimit, message);
                self.actions.push_back(GuestAction::Problem(problem));
            }
            PeerInput::Unsent { bytes, .. } => attempt.pipe.handle_unsent(bytes),
            _ => {}
        }
    }

    /// What the other side opens by itself is what it listens to.
    fn on_open(&mut self, channel: ChannelId, limit: u32) {
        let Some(attempt) = &mut self.attempt else { return };
        if attempt.crossed && channel == ChannelId::OWN {
            return;
        }
        let id = attempt.id;
        attempt.channel = Some(channel);
        attempt.pipe.handle_open(limit);
        if self.phase != Phase::Up {
            self.phase = Phase::Up;
            self.actions.push_back(GuestAction::Peer(id, PeerOutput::FindPath));
            self.tell(None);
        }
    }

    /// Does what the negotiation wants.
    fn negotiate(&mut self, cx: &mut Context<'_>, wall: u64) {
        let Some(attempt) = &mut self.attempt else { return };
        let id = attempt.id;
        let mut failed = None;
        while let Some(action) = attempt.negotiation.poll_action() {
            let signal = match action {
                Action::Do(operation) => {
                    let action = GuestAction::Peer(id, PeerOutput::Do(operation));
                    self.actions.push_back(action);
                    continue;
                }
                Action::Failed(words) => {
                    failed = Some(words);
                    continue;
                }
                // One that begins anew is heard by its offer.
                Action::Foreign => continue,
                Action::Send(Message::Offer { sdp, .. }) => Signal::Offer(sdp),
                Action::Send(Message::Answer { sdp, .. }) => Signal::Answer(sdp),
                Action::Send(Message::Candidate(candidate)) => Signal::Candidate(candidate),
            };
            let token = *attempt.token.get_or_insert_with(|| wall as f64 + cx.rng.f64());
            self.actions.push_back(GuestAction::Signal(token, signal));
        }
        let flooded = attempt.negotiation.excess() >= FLOOD;
        if flooded && !std::mem::replace(&mut self.warned, true) {
            self.complain(
                "a peer sends more addresses than there is room for; the oldest are dropped",
            );
        }
        if let Some(words) = failed {
            self.complain(&format!(
                "a peer was disconnected: the browser refused its descriptions ({words})"
            ));
            self.finish("protocol");
        }
    }

    fn complain(&mut self, words: &str) {
        let problem = Problem::new(ErrorCode::Protocol, words);
        self.actions.push_back(GuestAction::Problem(problem));
    }

    /// Hands the browser what may go.
    fn drain(&mut self) {
        let Some(attempt) = &mut self.attempt else { return };
        let Some(channel) = attempt.channel else { return };
        while let Some(bytes) = attempt.pipe.poll_frame() {
            let output = PeerOutput::Send { channel, bytes };
            self.actions.push_back(GuestAction::Peer(attempt.id, output));
        }
    }

    /// The label is of the length that simple-peer makes.
    fn attach(&mut self, cx: &mut Context<'_>, around: Surroundings<'_>, role: Role) {
        self.detach();
        let id = PeerConnectionId(cx.fresh());
        let label = (role == Role::Impolite).then(|| {
            let [a, b] = [cx.rng.u128(..), cx.rng.u128(..)];
            format!("{a:032x}{:08x}", b as u32)
        });
        let channels = Channels::InBand { label, low_water: LOW_WATER };
        let config = around.settings.config.clone();
        self.actions.push_back(GuestAction::Peer(id, PeerOutput::Create { config, channels }));
        self.attempt = Some(Attempt::new(id, role));
        self.relayed = None;
        self.phase = Phase::Connecting(cx.now + ANSWER);
        self.tell(None);
    }

    fn detach(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.actions.push_back(GuestAction::Peer(attempt.id, PeerOutput::Close));
        }
    }

    fn tell(&mut self, reason: Option<&'static str>) {
        let state = match self.phase {
            Phase::Waiting(_) => return,
            Phase::Connecting(_) => LinkState::Connecting,
            Phase::Up => LinkState::Up,
            Phase::Suspect(_) => LinkState::Suspect,
            Phase::Gone => LinkState::Gone,
        };
        let status = LinkStatus { state, relayed: self.relayed, reason };
        if self.told.as_ref() != Some(&status) {
            self.told = Some(status.clone());
            self.actions.push_back(GuestAction::Status(status));
        }
    }
}
