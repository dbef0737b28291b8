//! Perfect negotiation (WebRTC 1.0 §10.7) without a browser: both sides run the same machine, and any order of events ends
//! in agreement.
//!
//! ```text
//!              owed               done              answer of this very offer
//!   Settled ─────────► (Offer) ─────────► Offered ───────────────────────────► (TakeAnswer) ─► Settled
//!      │                                     │ offer of the other side
//!      │ offer of the other side             │   polite: rolled back, and owed again
//!      └──────────► (TakeOffer) ─► (Answer) ◄┘   impolite: the other's is dropped
//! ```
//!
//! In brackets: the browser is at work. There is one operation at a time, and an answer counts only for the offer it names.

mod description;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::io::{Candidate, Operation};
use description::{Setup, fingerprint, ufrags};

/// Candidates that may wait for their description, or be kept to be repeated.
const MAX_CANDIDATES: usize = 64;
/// Operations that may fail before the connection is worth nothing.
const MAX_FAILURES: u8 = 3;

/// Who yields when both offer at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Rolls its own offer back.
    Polite,
    /// Drops the other's.
    Impolite,
}

/// What the two sides say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A description that opens.
    Offer {
        /// Number of the offer, growing.
        id: u32,
        /// The description.
        sdp: String,
    },
    /// A description that accepts.
    Answer {
        /// Number of the offer.
        id: u32,
        /// The description.
        sdp: String,
    },
    /// A network address.
    Candidate(Candidate),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Do this in the browser, and tell when it is done.
    Do(Operation),
    /// Send this to the other side.
    Send(Message),
    /// The browser refused too often: this connection will not come about.
    Failed(String),
    /// A description of another certificate came and was dropped. Said once.
    Foreign,
}

/// What both sides' certificates and addresses are, by the descriptions that are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Identity {
    ufrags: Vec<String>,
    fingerprint: Option<String>,
    setup: Option<Setup>,
}

/// Where the exchange stands while the browser is idle.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Settled,
    Offered { id: u32, sdp: String },
}

/// What the browser is at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Task {
    Offer,
    Answer { id: u32 },
    TakeOffer { id: u32, identity: Identity, collided: bool },
    TakeAnswer { identity: Identity },
    AddCandidate,
}

/// One side of one connection.
#[derive(Debug)]
pub struct Negotiation {
    role: Role,
    state: State,
    task: Option<Task>,
    /// An offer is to be made.
    owed: bool,
    /// An answer is to be made, to this offer.
    unanswered: Option<u32>,
    /// Last offer of this side.
    last_offer: u32,
    /// Last offer taken from the other side, and the answer to it once there is one.
    taken: u32,
    answer: Option<String>,
    /// What came and waits for the browser: the latest of each kind.
    offer_in: Option<(u32, String)>,
    answer_in: Option<(u32, String)>,
    local: Identity,
    remote: Option<Identity>,
    /// Which end of the handshake this side is, once it has been agreed on: that cannot change any more.
    setup: Option<Setup>,
    early: VecDeque<Candidate>,
    own: Vec<Candidate>,
    excess: u32,
    /// Whether a description of another certificate came.
    foreign: bool,
    failures: u8,
    actions: VecDeque<Action>,
}

impl Negotiation {
    /// A side with nothing owed.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            state: State::Settled,
            task: None,
            owed: false,
            unanswered: None,
            last_offer: 0,
            taken: 0,
            answer: None,
            offer_in: None,
            answer_in: None,
            local: Identity::default(),
            remote: None,
            setup: None,
            early: VecDeque::new(),
            own: Vec::new(),
            excess: 0,
            foreign: false,
            failures: 0,
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Something must be offered: the browser said so, or ICE is to be restarted.
    pub fn handle_needed(&mut self) {
        self.owed = true;
        self.advance();
    }

    /// The other side said something.
    pub fn handle_message(&mut self, message: Message) {
        match message {
            Message::Offer { id, .. } if id < self.taken => {}
            Message::Offer { id, .. } if id == self.taken => self.repeat_answer(),
            Message::Offer { id, sdp } => {
                if self.offer_in.as_ref().is_none_or(|(waiting, _)| *waiting < id) {
                    self.offer_in = Some((id, sdp));
                }
            }
            Message::Answer { id, sdp } => self.answer_in = Some((id, sdp)),
            Message::Candidate(candidate) => self.keep_early(candidate),
        }
        self.advance();
    }

    /// The browser ended the operation, with the local description if it made one.
    pub fn handle_done(&mut self, result: Result<Option<String>, String>) {
        let Some(task) = self.task.take() else { return };
        match result {
            Ok(made) => self.on_success(task, made.unwrap_or_default()),
            Err(words) => self.on_failure(&task, words),
        }
        self.advance();
    }

    /// The browser found an address of this side.
    pub fn handle_candidate(&mut self, candidate: Candidate) {
        if self.own.len() < MAX_CANDIDATES {
            self.own.push(candidate.clone());
        }
        self.send(Message::Candidate(candidate));
    }

    /// Says again what may have been lost: the offer that nobody answered, and the addresses.
    pub fn repeat(&mut self) {
        if let State::Offered { id, sdp } = &self.state {
            let offer = Message::Offer { id: *id, sdp: sdp.clone() };
            self.send(offer);
            self.repeat_candidates();
        }
    }

    /// Whether an offer of this side waits for its answer.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Offered { .. }) && self.task.is_none()
    }

    /// Whether nothing is under way, owed or waited for.
    pub fn is_settled(&self) -> bool {
        self.state == State::Settled
            && self.task.is_none()
            && !self.owed
            && self.unanswered.is_none()
            && self.offer_in.is_none()
    }

    /// Certificates of this and of the other side, as the descriptions have them.
    pub fn fingerprints(&self) -> Option<(&str, &str)> {
        let remote = self.remote.as_ref()?.fingerprint.as_deref()?;
        Some((self.local.fingerprint.as_deref()?, remote))
    }

    /// Number of the offer of this side that waits for its answer.
    pub fn offered(&self) -> Option<u32> {
        match self.state {
            State::Offered { id, .. } => Some(id),
            State::Settled => None,
        }
    }

    /// Whether a description is of the connection that the other side's last one was of.
    pub fn is_of_remote(&self, sdp: &str) -> bool {
        let known = self.remote.as_ref().and_then(|remote| remote.fingerprint.as_ref());
        known.is_some() && known == fingerprint(sdp).as_ref()
    }

    /// Candidates of the other side that there was no room for.
    pub fn excess(&self) -> u32 {
        self.excess
    }

    /// Starts the browser on what is most urgent: answers, then the other's offer, then addresses, then one's own offer.
    fn advance(&mut self) {
        while self.task.is_none() && self.failures < MAX_FAILURES {
            let step = self.next_step();
            let Some((task, operation)) = step else { return };
            self.task = Some(task);
            self.actions.push_back(Action::Do(operation));
        }
    }

    fn next_step(&mut self) -> Option<(Task, Operation)> {
        if let Some(id) = self.unanswered.take() {
            return Some((Task::Answer { id }, Operation::Answer));
        }
        self.take_answer().or_else(|| self.take_offer()).or_else(|| self.add_candidate()).or_else(
            || {
                let free = self.state == State::Settled && self.owed;
                free.then(|| {
                    self.owed = false;
                    (Task::Offer, Operation::Offer)
                })
            },
        )
    }

    fn take_answer(&mut self) -> Option<(Task, Operation)> {
        let (id, sdp) = self.answer_in.take()?;
        if self.offered() != Some(id) {
            return None;
        }
        let identity = self.identify(&sdp)?;
        Some((Task::TakeAnswer { identity }, Operation::TakeAnswer(sdp)))
    }

    fn take_offer(&mut self) -> Option<(Task, Operation)> {
        // It may have come twice before the browser took the first.
        let (id, sdp) = self.offer_in.take().filter(|(id, _)| *id > self.taken)?;
        let collided = matches!(self.state, State::Offered { .. });
        let identity = self.identify(&sdp)?;
        if collided && self.role == Role::Impolite {
            self.drop_candidates_of(&identity);
            return None;
        }
        Some((Task::TakeOffer { id, identity, collided }, Operation::TakeOffer(sdp)))
    }

    /// Whose description it is. A connection keeps its certificates: who knows these has proven it for these alone.
    fn identify(&mut self, sdp: &str) -> Option<Identity> {
        let identity = Identity::of(sdp);
        let known = self.remote.as_ref().and_then(|remote| remote.fingerprint.as_ref());
        if known.is_none() || known == identity.fingerprint.as_ref() {
            return Some(identity);
        }
        if !std::mem::replace(&mut self.foreign, true) {
            self.actions.push_back(Action::Foreign);
        }
        None
    }

    fn add_candidate(&mut self) -> Option<(Task, Operation)> {
        let remote = self.remote.as_ref()?;
        let at = self.early.iter().position(|candidate| remote.owns(candidate))?;
        let candidate = self.early.remove(at)?;
        Some((Task::AddCandidate, Operation::AddCandidate(candidate)))
    }

    fn on_success(&mut self, task: Task, made: String) {
        match task {
            Task::Offer => {
                self.last_offer = self.last_offer.wrapping_add(1);
                self.describe_self(&made);
                // Firefox would begin another handshake when ICE is restarted; Chromium refuses that.
                let sdp = match self.setup {
                    Some(setup) => setup.fix(&made),
                    None => made,
                };
                self.state = State::Offered { id: self.last_offer, sdp: sdp.clone() };
                self.send(Message::Offer { id: self.last_offer, sdp });
            }
            Task::Answer { id } => {
                self.describe_self(&made);
                self.setup = self.setup.or(self.local.setup);
                self.answer = Some(made.clone());
                self.failures = 0;
                self.send(Message::Answer { id, sdp: made });
            }
            Task::TakeOffer { id, identity, collided } => {
                self.owed |= collided;
                self.state = State::Settled;
                self.taken = id;
                self.answer = None;
                self.remote = Some(identity);
                self.unanswered = Some(id);
            }
            Task::TakeAnswer { identity } => {
                self.state = State::Settled;
                self.failures = 0;
                self.setup = self.setup.or_else(|| identity.setup.map(Setup::other));
                self.remote = Some(identity);
            }
            Task::AddCandidate => {}
        }
    }

    /// A candidate may be refused, it is only an attempt. An offer is made anew: in the browser ours is still pending, or
    /// was rolled back.
    fn on_failure(&mut self, task: &Task, words: String) {
        match task {
            Task::AddCandidate => return,
            Task::Offer | Task::TakeAnswer { .. } => {
                self.state = State::Settled;
                self.owed = true;
            }
            Task::TakeOffer { collided, .. } => {
                if *collided {
                    self.state = State::Settled;
                    self.owed = true;
                }
            }
            // The other's offer stays pending in the browser, and nothing takes it back but a new connection.
            Task::Answer { .. } => self.failures = MAX_FAILURES - 1,
        }
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            self.actions.push_back(Action::Failed(words));
        }
    }

    fn describe_self(&mut self, sdp: &str) {
        self.local = Identity::of(sdp);
        let local = &self.local;
        self.own.retain(|candidate| local.owns(candidate));
    }

    /// The other side asks again, so it did not get the answer; nothing is said while it is being made.
    fn repeat_answer(&mut self) {
        if let Some(sdp) = self.answer.clone() {
            self.send(Message::Answer { id: self.taken, sdp });
            self.repeat_candidates();
        }
    }

    fn repeat_candidates(&mut self) {
        let own =
            self.own.iter().cloned().map(|candidate| Action::Send(Message::Candidate(candidate)));
        self.actions.extend(own);
    }

    /// What waits for a description is bounded: of a peer that floods, the oldest go.
    fn keep_early(&mut self, mut candidate: Candidate) {
        if candidate.ufrag.is_none() {
            candidate.ufrag = description::ufrag_of(&candidate.candidate);
        }
        if self.early.len() >= MAX_CANDIDATES {
            self.early.pop_front();
            self.excess = self.excess.saturating_add(1);
        }
        self.early.push_back(candidate);
    }

    fn drop_candidates_of(&mut self, dropped: &Identity) {
        let current = self.remote.clone().unwrap_or_default();
        self.early.retain(|candidate| {
            let named = candidate.ufrag.is_some() && dropped.owns(candidate);
            !named || current.owns(candidate)
        });
    }

    fn send(&mut self, message: Message) {
        self.actions.push_back(Action::Send(message));
    }
}

impl Identity {
    fn of(sdp: &str) -> Self {
        Self { ufrags: ufrags(sdp), fingerprint: fingerprint(sdp), setup: Setup::of(sdp) }
    }

    /// Whether a candidate is of this description. One that does not say is taken to be.
    fn owns(&self, candidate: &Candidate) -> bool {
        let named = candidate.ufrag.as_ref();
        named.is_none_or(|name| self.ufrags.is_empty() || self.ufrags.contains(name))
    }
}
