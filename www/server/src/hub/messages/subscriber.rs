//! What the room knows of one member that hears its messages.

use std::collections::{BTreeMap, VecDeque};

use rejoin::protocol::messages::{RejectCode, Subscribe};
use rejoin::time::Instant;

use super::MessageLimits;
use crate::hub::rate::Pace;

/// Most refusals of a link that are remembered.
const MAX_REFUSED: usize = 64;

/// One member that hears messages.
#[derive(Debug)]
pub(super) struct Subscriber {
    /// Random number of the client's run.
    pub(super) session: u64,
    /// Connection id it is known by, 0 if another holds the one it wants.
    pub(super) connection: u64,
    /// Last number of its link that was dealt with.
    pub(super) last: u64,
    refused: VecDeque<(u64, RejectCode)>,
    /// Pace of what is stored and of what goes to one.
    pub(super) pace: Pace,
    questions: Pace,
    pending: Option<Subscribe>,
    volatile: Pace,
    passing: BTreeMap<u64, String>,
}

impl Subscriber {
    pub(super) fn new(limits: &MessageLimits) -> Self {
        Self {
            session: 0,
            connection: 0,
            last: 0,
            refused: VecDeque::new(),
            pace: Pace::per_second(limits.per_second),
            questions: Pace::per_second(limits.questions_per_second),
            pending: None,
            volatile: Pace::per_second(limits.volatile_per_second),
            passing: BTreeMap::new(),
        }
    }

    /// Takes a subscription; a later one stands for it until [`Self::take_subscription`].
    pub(super) fn subscribe(&mut self, subscribe: Subscribe) {
        self.pending = Some(subscribe);
    }

    /// The subscription to answer now.
    pub(super) fn take_subscription(&mut self, now: Instant) -> Option<Subscribe> {
        if self.pending.is_some() && self.questions.take(now) { self.pending.take() } else { None }
    }

    /// How long a page has to wait, 0 if it is answered now.
    pub(super) fn page_wait(&mut self, now: Instant) -> u64 {
        wait(&mut self.questions, now)
    }

    /// How long a message has to wait, 0 if it is taken now.
    pub(super) fn message_wait(&mut self, now: Instant) -> u64 {
        wait(&mut self.pace, now)
    }

    /// Takes a volatile message; a newer one of its kind takes its place.
    pub(super) fn pass(&mut self, kind: u64, data: &str, most: usize) {
        if self.passing.len() < most || self.passing.contains_key(&kind) {
            self.passing.insert(kind, data.to_owned());
        }
    }

    /// Volatile messages to give on now.
    pub(super) fn take_passing(&mut self, now: Instant) -> BTreeMap<u64, String> {
        if self.passing.is_empty() || !self.volatile.take(now) {
            return BTreeMap::new();
        }
        std::mem::take(&mut self.passing)
    }

    pub(super) fn refuse(&mut self, n: u64, code: RejectCode) {
        if self.refused.len() >= MAX_REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back((n, code));
    }

    pub(super) fn refusal(&self, n: u64) -> Option<RejectCode> {
        self.refused.iter().find(|(refused, _)| *refused == n).map(|(_, code)| *code)
    }

    /// When something that waits is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let subscription = self.pending.is_some().then(|| self.questions.ready_at());
        let passing = (!self.passing.is_empty()).then(|| self.volatile.ready_at());
        subscription.into_iter().chain(passing).min()
    }
}

/// Takes from a pace, or says how long to wait.
fn wait(pace: &mut Pace, now: Instant) -> u64 {
    if pace.take(now) { 0 } else { pace.ready_at().since(now).max(1) }
}
