//! One connection of a link, and its negotiation.

use super::{Blocked, Link, LinkAction};
use crate::error::ErrorCode;
use crate::io::{Operation, PeerConnectionId, PeerInput, PeerOutput, PeerState};
use crate::mesh::body::Body;
use crate::mesh::control::Control;
use crate::mesh::lane::Channel;
use crate::mesh::lanes::Lanes;
use crate::mesh::negotiation::{Action, Negotiation, Role};
use crate::status::Problem;
use crate::time::Instant;

/// Candidates that had no room, from which on the app is told.
const FLOOD: u32 = 1_000;
/// Only who brings what the peer says can have put in another certificate.
const FOREIGN: &str =
    "what came as a peer's description has another certificate than its connection; it was dropped";

/// One connection: the browser's, what both sides agreed on, and its channels.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) id: PeerConnectionId,
    /// Number of the other side's connection, 0 while it is not known.
    pub(super) remote: u32,
    pub(super) negotiation: Negotiation,
    pub(super) lanes: Lanes,
    pub(super) state: PeerState,
    /// Whether the other side has said, and proven, who it is.
    pub(super) greeted: bool,
    /// What overtook its word of who it is, and how much.
    pub(super) early: Vec<(Channel, Vec<u8>)>,
    pub(super) early_bytes: usize,
    pub(super) since: Instant,
    /// When something came last.
    pub(super) heard: Instant,
    /// Whether an address of this side was found, and whether one was since ICE was restarted.
    pub(super) located: bool,
    pub(super) found: bool,
    /// Whether a TURN server gave one, and what one said that gave none.
    pub(super) relayed: bool,
    pub(super) refusal: Option<u16>,
    pub(super) blocked: bool,
    /// Whether the other side said that a new connection takes this one's place.
    pub(super) outlived: bool,
    /// Whether this is negotiated through signaling though the link is up: ICE is restarted, or the other side does so.
    pub(super) aside: bool,
    /// Whether tracks are sent over it.
    pub(super) published: bool,
    /// When an offer without an answer is sent again, and how often it has been.
    pub(super) repeat_at: Option<Instant>,
    pub(super) repeats: u8,
}

impl Attempt {
    pub(super) fn new(id: PeerConnectionId, role: Role, now: Instant) -> Self {
        Self {
            id,
            remote: 0,
            negotiation: Negotiation::new(role),
            lanes: Lanes::new(),
            state: PeerState::Connecting,
            greeted: false,
            early: Vec::new(),
            early_bytes: 0,
            since: now,
            heard: now,
            located: false,
            found: false,
            relayed: false,
            refusal: None,
            blocked: false,
            outlived: false,
            aside: false,
            published: false,
            repeat_at: None,
            repeats: 0,
        }
    }

    /// Whether the last restart was a real try: addresses were exchanged, and none of them worked.
    pub(super) fn has_tried(&self) -> bool {
        self.found && self.negotiation.is_settled()
    }

    /// What the other side knows this connection by: numbers of one page only grow.
    pub(super) fn number(&self) -> u32 {
        self.id.0
    }

    /// Says a step of the negotiation over the link itself; whether it goes there.
    fn tell(&mut self, now: Instant, body: &Body) -> bool {
        let control = Control::Signal(body.clone());
        self.lanes.push(now, Channel::Control, control.encode()).is_ok()
    }

    /// Whether something keeps this connection from coming about, as soon as it had its time: no address was found, or each side
    /// knows the other's. A peer that does not answer is not in the way of anything here.
    pub(super) fn may_be_blocked(&self) -> bool {
        !self.blocked && (!self.located || self.negotiation.is_settled())
    }

    /// Why nothing comes about.
    pub(super) fn blockage(&self) -> Blocked {
        match self.refusal {
            Some(401 | 403 | 438) => Blocked::Unauthorized,
            Some(701) if !self.relayed => Blocked::Unreachable,
            Some(code) if code != 701 && !self.relayed => Blocked::Refused,
            _ if self.located => Blocked::NoRoute,
            _ => Blocked::NoCandidates,
        }
    }
}

impl Link {
    pub(super) fn on_negotiation(&mut self, now: Instant, input: PeerInput) {
        let Some(attempt) = &mut self.attempt else { return };
        match input {
            PeerInput::Needed => attempt.negotiation.handle_needed(),
            PeerInput::Done(result) => attempt.negotiation.handle_done(result),
            PeerInput::Candidate(candidate) => {
                (attempt.located, attempt.found) = (true, true);
                attempt.relayed |= candidate.candidate.contains(" typ relay");
                attempt.negotiation.handle_candidate(candidate);
            }
            // 701 is told of every interface that cannot reach a server; a refusal says more. Without a STUN server there may be a way.
            PeerInput::CandidateError { url, code, .. } if url.starts_with("turn") => {
                let telling = attempt.refusal.filter(|known| *known != 701);
                attempt.refusal = Some(telling.unwrap_or(code));
            }
            _ => {}
        }
        self.negotiate(now);
    }

    /// Goes on with what the peer said of the connection that is there.
    pub(super) fn take_body(&mut self, now: Instant, body: Body) {
        let Some(attempt) = &mut self.attempt else { return };
        if body.own < attempt.remote || (body.yours != 0 && body.yours != attempt.number()) {
            return;
        }
        attempt.remote = body.own;
        attempt.negotiation.handle_message(body.message);
        self.negotiate(now);
    }

    /// Does what the negotiation wants. The two ends tell each other while the link is up for both; else signaling has to bring it.
    pub(super) fn negotiate(&mut self, now: Instant) {
        let is_up = self.is_up();
        let Some(attempt) = &mut self.attempt else { return };
        let over_link = is_up && !attempt.aside;
        let (id, own, yours) = (attempt.id, attempt.number(), attempt.remote);
        let mut failed = None;
        while let Some(action) = attempt.negotiation.poll_action() {
            match action {
                Action::Do(operation) => {
                    let answers = matches!(operation, Operation::TakeAnswer(_));
                    attempt.repeat_at = attempt.repeat_at.filter(|_| !answers);
                    self.actions.push_back(LinkAction::Peer(id, PeerOutput::Do(operation)));
                }
                Action::Send(message) => {
                    let body = Body { own, yours, message };
                    if !(over_link && attempt.tell(now, &body)) {
                        self.actions.push_back(LinkAction::Signal(body));
                    }
                }
                Action::Failed(words) => failed = Some(words),
                Action::Foreign => {
                    let problem = Problem::new(ErrorCode::Forbidden, FOREIGN);
                    self.actions.push_back(LinkAction::Problem(problem));
                }
            }
        }
        self.drain(now);
        self.schedule_repeat(now);
        self.note_flood();
        if let Some(words) = failed {
            self.on_violation(&format!("the browser refused its descriptions ({words})"));
        }
    }

    fn schedule_repeat(&mut self, now: Instant) {
        let Some(attempt) = &mut self.attempt else { return };
        if !attempt.negotiation.is_waiting() {
            attempt.repeat_at = None;
            attempt.repeats = 0;
        } else if attempt.repeat_at.is_none() {
            attempt.repeat_at = Some(now + super::timers::repeat_after(attempt.repeats));
        }
    }

    fn note_flood(&mut self) {
        let excess = self.attempt.as_ref().map_or(0, |attempt| attempt.negotiation.excess());
        if excess >= FLOOD && !std::mem::replace(&mut self.warned, true) {
            let message =
                "a peer sends more addresses than there is room for; the oldest are dropped";
            let problem = Problem::new(ErrorCode::Protocol, message);
            self.actions.push_back(LinkAction::Problem(problem));
        }
    }
}
