//! The link with one peer: made, watched, restarted, and never given up while the peer is there.
//!
//! ```text
//!            begin            open, hello          silence                2 s
//!   Waiting ───────► Connecting ────────► Up ─────────────────► Suspect ──────► Restarting(n)
//!      │ offer            ▲               ▲ ▲                      │                │
//!      └──────────────────┤               │ └───── connected ──────┴────────────────┤
//!                         │ replaced      └─────── connected ──── Parked(n) ◄───────┘ failed
//!                         └───────────────────────────────────────┘
//!   any ── bye, channel closed, left and lost, forged ──► Gone
//! ```
//!
//! `failed` is not the end: the browser goes on probing, and links come back after minutes of sleep (WebRTC 1.0 §4.3.3).

mod attempt;
mod channels;
mod files;
mod refusal;
mod timers;

use std::collections::VecDeque;

use super::body::Body;
use super::file::FileMessage;
use super::lane::{Channel, Lane};
use super::media::Media;
use super::negotiation::Role;
use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::io::{Channels, PeerConfig, PeerConnectionId, PeerInput, PeerOutput, PeerState, Slot};
use crate::status::Problem;
use crate::time::{Deadline, Instant};
use attempt::Attempt;

/// What a link needs to know of its mesh.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// This side's instance.
    pub instance: String,
    /// What it shows to go on under this name on another socket.
    pub secret: String,
    /// The room's key, if links are to be proven.
    pub key: Option<Vec<u8>>,
    /// How connections are made.
    pub config: PeerConfig,
    /// Whether signaling works.
    pub signaling: bool,
    /// Whether signaling does not tell who has gone: then silence does.
    pub silence_parts: bool,
    /// Number of the mesh.
    pub source: u32,
    /// Slots for tracks that have been used.
    pub media: Media,
}

/// What a link wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkAction {
    /// Do this with a connection.
    Peer(PeerConnectionId, PeerOutput),
    /// Bring this to the peer.
    Signal(Body),
    /// The link wants a new connection in place of this one; there is a limit for all of them.
    Replace,
    /// Where the link stands has changed.
    Status(LinkStatus),
    /// There is no way out of here.
    Blocked(Blocked),
    /// A message came.
    Message(Channel, Vec<u8>),
    /// The peer has a track for this slot.
    Track(Slot),
    /// Whom the peer has links with.
    Neighbours(Vec<String>),
    /// The peer said something about a file.
    File(FileMessage),
    /// A piece of a file came.
    Piece(u32, Vec<u8>),
    /// Tell the app.
    Problem(Problem),
}

/// Where a link stands, for the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// The state.
    pub state: LinkState,
    /// Whether the bytes go through a TURN server, once that is known.
    pub relayed: Option<bool>,
    /// Why it left the state before.
    pub reason: Option<&'static str>,
}

/// States of a link, for the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// On its way.
    Connecting,
    /// Messages go.
    Up,
    /// Nothing is heard; nothing is lost yet.
    Suspect,
    /// A new way is being looked for.
    Restarting,
    /// No way was found; it is still listened for.
    Parked,
    /// Over.
    Gone,
}

impl LinkState {
    /// The word in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Suspect => "suspect",
            Self::Restarting => "restarting",
            Self::Parked => "parked",
            Self::Gone => "gone",
        }
    }
}

/// Why no connection comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The browser offers no address of this machine.
    NoCandidates,
    /// Addresses were exchanged, and none of them reaches the other one.
    NoRoute,
    /// A TURN server refused the credentials (STUN errors 401, 403 and 438).
    Unauthorized,
    /// A TURN server refused something else, as one more allocation (STUN errors 486 and 508).
    Refused,
    /// No TURN server was reached (701).
    Unreachable,
    /// The page has as many connections as the browser allows.
    TooMany,
    /// The browser makes no connections.
    Unavailable,
}

impl Blocked {
    /// The word in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoCandidates => "no-candidates",
            Self::NoRoute => "no-route",
            Self::Unauthorized => "turn-unauthorized",
            Self::Refused => "turn-refused",
            Self::Unreachable => "turn-unreachable",
            Self::TooMany => "too-many-connections",
            Self::Unavailable => "unavailable",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The other side is to begin.
    Waiting,
    Connecting(Restart),
    Up,
    Suspect(Restart),
    Restarting(Restart),
    Parked(Restart),
    /// The browser made no connection; until then.
    Refused(Instant),
    Gone,
}

/// When ICE is restarted next, and how often it has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Restart {
    at: Instant,
    count: u8,
}

/// A ping that waits for its pong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ping {
    number: u32,
    until: Instant,
    doubt: Doubt,
}

/// Why a peer is asked whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// Nothing came for a while: whatever comes is an answer.
    Quiet,
    /// This page slept, or the peer left signaling: what comes may have been on its way for long.
    Change,
}

/// The link with one peer.
#[derive(Debug)]
pub struct Link {
    /// What tells it from a later one with the same peer, at both ends.
    number: u32,
    other_number: Option<u32>,
    role: Role,
    instance: String,
    phase: Phase,
    attempt: Option<Attempt>,
    /// Messages of a connection that was replaced, until the next one works.
    unsent: Option<Lane>,
    told: Option<LinkStatus>,
    relayed: Option<bool>,
    /// When it is over unless the link is up: the peer has left signaling, or nothing is heard of it.
    leaves_at: Option<Instant>,
    /// Last time a connection was put in the place of another.
    replaced: Option<Instant>,
    /// How often the browser has made no connection since the link was up.
    refusals: u8,
    /// When the browser is to have found an address; else its search hangs, and a new connection searches anew, once.
    found_by: Option<Instant>,
    ping: Option<Ping>,
    pings: u32,
    /// Whom the peer has links with, as it said last: perhaps before this end was up.
    neighbours: Vec<String>,
    /// Bytes that broke a rule, candidates nobody had room for: told once.
    warned: bool,
    actions: VecDeque<LinkAction>,
}

impl Link {
    /// A link that waits for its peer, `instance`, to begin, or for [`begin`](Self::begin).
    pub fn new(own: &str, instance: &str) -> Self {
        let role = if own < instance { Role::Polite } else { Role::Impolite };
        Self {
            number: 0,
            other_number: None,
            role,
            instance: instance.to_owned(),
            phase: Phase::Waiting,
            attempt: None,
            unsent: None,
            told: None,
            relayed: None,
            leaves_at: None,
            replaced: None,
            refusals: 0,
            found_by: None,
            ping: None,
            pings: 0,
            neighbours: Vec::new(),
            warned: false,
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<LinkAction> {
        self.actions.pop_front()
    }

    /// Makes the connection.
    pub fn begin(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        if self.phase == Phase::Waiting {
            self.attach(cx, settings);
        }
    }

    /// The peer said something through signaling.
    pub fn handle_body(&mut self, cx: &mut Context<'_>, settings: &Settings, body: Body) {
        if self.phase == Phase::Gone || (self.attempt.is_none() && !body.opens()) {
            return;
        }
        self.note_heard(cx.now, settings);
        match &self.attempt {
            None => self.attach(cx, settings),
            // The peer has a new connection, so this one has no other end any more.
            Some(attempt) if attempt.remote != 0 && body.own > attempt.remote => {
                self.replace(cx, settings, body);
                return;
            }
            Some(_) => {}
        }
        if let Some(attempt) = &mut self.attempt {
            attempt.aside |= body.is_offer();
        }
        self.take_body(cx.now, body);
    }

    /// Something happened to a connection.
    pub fn handle_peer(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        id: PeerConnectionId,
        input: PeerInput,
    ) {
        if self.connection() != Some(id) {
            return;
        }
        match input {
            PeerInput::State(state) => self.on_state(cx, settings, state),
            PeerInput::Path { relayed } => {
                self.relayed = Some(relayed);
                self.tell(self.told.as_ref().and_then(|told| told.reason));
            }
            PeerInput::Track(slot) => self.actions.push_back(LinkAction::Track(slot)),
            PeerInput::Refused { refusal, .. } => self.on_refusal(cx.now, refusal),
            PeerInput::Unconfigured(_) => {}
            PeerInput::Needed
            | PeerInput::Done(_)
            | PeerInput::Candidate(_)
            | PeerInput::CandidateError { .. } => self.on_negotiation(cx.now, input),
            PeerInput::Opened { .. }
            | PeerInput::Message { .. }
            | PeerInput::Drained { .. }
            | PeerInput::Unsent { .. }
            | PeerInput::ChannelClosed(_) => self.on_channel(cx, settings, input),
        }
        self.drain(cx.now);
    }

    /// Sends a message.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED` without a link, or as of the channel.
    pub fn send(&mut self, now: Instant, channel: Channel, bytes: Vec<u8>) -> Result<(), Misuse> {
        if let (Channel::Message, Some(unsent)) = (channel, &mut self.unsent) {
            return unsent.push(bytes);
        }
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.greeted) else {
            let message = "there is no link with this peer; wait until its state is `up`";
            return Err(Misuse::new(ErrorCode::NotConnected, message));
        };
        attempt.lanes.push(now, channel, bytes)?;
        self.drain(now);
        Ok(())
    }

    /// Whether messages can be handed over: they go now, or when the link is back.
    pub fn is_linked(&self) -> bool {
        let greeted = self.attempt.as_ref().is_some_and(|attempt| attempt.greeted);
        greeted || self.unsent.is_some()
    }

    /// Whether messages go.
    pub fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    /// Whether the first connection is on its way.
    pub fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting(_))
    }

    /// Whether that is in its first try: what lasts longer may never end, and must not keep others waiting.
    pub fn is_beginning(&self) -> bool {
        matches!(self.phase, Phase::Connecting(Restart { count: 0, .. })) && self.replaced.is_none()
    }

    /// Whether it is over.
    pub fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// The connection's number, while there is one.
    pub fn connection(&self) -> Option<PeerConnectionId> {
        self.attempt.as_ref().map(|attempt| attempt.id)
    }

    /// Says goodbye and ends it.
    pub fn close(&mut self, now: Instant, reason: &'static str) {
        self.say_bye(now, super::control::Farewell::Leave);
        self.finish(reason);
    }

    /// When something falls due.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        timers::deadline(self)
    }

    fn on_state(&mut self, cx: &mut Context<'_>, settings: &Settings, state: PeerState) {
        let patience = timers::patience(self.relayed);
        let soon = Restart { at: cx.now + patience, count: 0 };
        if let Some(attempt) = &mut self.attempt {
            attempt.state = state;
            attempt.aside &= state != PeerState::Connected;
        }
        if state != PeerState::Connected {
            self.note_down(cx.now);
        }
        match (state, self.phase) {
            (PeerState::Connected, _) => self.settle(cx.now, settings),
            (PeerState::Disconnected, Phase::Up) => {
                self.enter(Phase::Suspect(soon), Some("disconnected"));
            }
            (PeerState::Failed, Phase::Up) => self.enter(Phase::Parked(soon), Some("failed")),
            (PeerState::Failed, Phase::Suspect(next) | Phase::Restarting(next)) => {
                self.enter(Phase::Parked(next), Some("failed"));
            }
            (PeerState::Failed, Phase::Connecting(next)) => {
                let at = next.at.min(cx.now + patience);
                self.phase = Phase::Connecting(Restart { at, ..next });
            }
            (PeerState::Closed, _) => self.finish("closed"),
            _ => {}
        }
    }

    /// The transport works; the link is up once both ends know each other.
    fn settle(&mut self, now: Instant, settings: &Settings) {
        let Some(attempt) = &mut self.attempt else { return };
        if !attempt.greeted || !attempt.lanes.are_open() || attempt.state != PeerState::Connected {
            return;
        }
        let id = attempt.id;
        if self.phase != Phase::Up {
            attempt.heard = now;
            (self.ping, self.refusals) = (None, 0);
            self.enter(Phase::Up, None);
            self.show_neighbours();
            self.actions.push_back(LinkAction::Peer(id, PeerOutput::FindPath));
            self.publish(settings);
        }
        self.drain(now);
    }

    /// The connection that tracks can be sent over.
    pub fn carries_media(&self) -> Option<PeerConnectionId> {
        self.attempt.as_ref().filter(|attempt| attempt.published).map(|attempt| attempt.id)
    }

    /// Sends what the page shows over a connection that has just come up.
    fn publish(&mut self, settings: &Settings) {
        let Some(attempt) = &mut self.attempt else { return };
        if std::mem::replace(&mut attempt.published, true) {
            return;
        }
        let (id, source) = (attempt.id, settings.source);
        let outputs = settings.media.used().map(|slot| PeerOutput::Publish { source, slot });
        self.actions.extend(outputs.map(|output| LinkAction::Peer(id, output)));
    }

    fn attach(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        let id = PeerConnectionId(cx.fresh());
        let channels = Channels::Negotiated(Channel::ALL.map(Channel::plan).to_vec());
        let config = settings.config.clone();
        self.actions.push_back(LinkAction::Peer(id, PeerOutput::Create { config, channels }));
        self.attempt = Some(Attempt::new(id, self.role, cx.now));
        if self.number == 0 {
            self.number = id.0;
            self.found_by = Some(cx.now + timers::search(cx));
        }
        self.relayed = None;
        self.ping = None;
        self.note_unheard(cx.now, settings);
        let at = cx.now + timers::FIRST_RESTART;
        self.enter(Phase::Connecting(Restart { at, count: 0 }), None);
    }

    fn enter(&mut self, phase: Phase, reason: Option<&'static str>) {
        self.phase = phase;
        self.tell(reason);
    }

    fn tell(&mut self, reason: Option<&'static str>) {
        let state = match self.phase {
            Phase::Waiting => return,
            Phase::Connecting(_) => LinkState::Connecting,
            Phase::Up => LinkState::Up,
            Phase::Suspect(_) => LinkState::Suspect,
            Phase::Restarting(_) => LinkState::Restarting,
            Phase::Parked(_) | Phase::Refused(_) => LinkState::Parked,
            Phase::Gone => LinkState::Gone,
        };
        let status = LinkStatus { state, relayed: self.relayed, reason };
        if self.told.as_ref() != Some(&status) {
            self.told = Some(status.clone());
            self.actions.push_back(LinkAction::Status(status));
        }
    }

    fn finish(&mut self, reason: &'static str) {
        if let Some(attempt) = self.attempt.take() {
            self.actions.push_back(LinkAction::Peer(attempt.id, PeerOutput::Close));
        }
        self.unsent = None;
        if self.phase != Phase::Gone {
            self.relayed = None;
            self.enter(Phase::Gone, Some(reason));
        }
    }

    /// The peer broke a rule: nothing it says can be trusted to mean what we think.
    fn on_violation(&mut self, words: &str) {
        let message = format!("a peer was disconnected: {words}");
        self.actions.push_back(LinkAction::Problem(Problem::new(ErrorCode::Protocol, message)));
        self.finish("protocol");
    }
}
