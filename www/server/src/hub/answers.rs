//! Answers to state vectors, each made once for all who lack the same: after a restart that is everybody.
//!
//! To make one looks at each block of the document, however little is lacking. So of a large document they are made at a pace.

use bytes::Bytes;
use rejoin::time::Instant;

use super::context::Context;
use super::turns::{Price, Turn};
use super::{MemberId, RoomName};

/// A document of 4 MiB is looked through four times a second, after a burst of as many; all rooms' together are for four times as much.
pub(super) const PRICE: Price =
    Price { room: 16 << 10, hub: 64 << 10, slack: 1_000, reason: "answers" };

/// How long the latest answer is kept for others, in milliseconds.
const KEPT: u64 = 10_000;
/// Those of a smaller document are as quickly made anew.
const MIN_SIZE: usize = 16 << 10;

/// The latest answer of a large room, as long as the document stays as it was, and when the next one may be made.
#[derive(Debug, Default)]
pub(super) struct Answers {
    latest: Option<Latest>,
    turn: Turn,
    /// Whether somebody waits for the room's turn: nobody gets before those who do.
    waits: bool,
    /// Whom the last one was made for: others come first.
    last: Option<MemberId>,
}

#[derive(Debug)]
struct Latest {
    state_vector: Vec<u8>,
    greeting: Vec<u8>,
    frame: Bytes,
    until: Instant,
}

impl Answers {
    /// The answer to this state vector with this greeting behind it, if it was the latest.
    pub(super) fn find(&self, state_vector: &[u8], greeting: &[u8]) -> Option<Bytes> {
        let is_it = |kept: &&Latest| kept.state_vector == state_vector && kept.greeting == greeting;
        self.latest.as_ref().filter(is_it).map(|kept| kept.frame.clone())
    }

    /// Whether one may be made now of a document of this size; if not, the room is woken when it may.
    pub(super) fn may_make(&mut self, cx: &mut Context<'_>, room: &RoomName, size: usize) -> bool {
        let may =
            size < MIN_SIZE || (!self.waits && self.turn.take(cx.now, &mut cx.turns.answers, room));
        self.waits |= !may;
        may
    }

    /// One was made for a member.
    pub(super) fn made(&mut self, cx: &mut Context<'_>, member: MemberId, size: usize) {
        cx.counters.answers += 1;
        if size >= MIN_SIZE {
            self.turn.pay(cx.now, &mut cx.turns.answers, size);
            self.last = Some(member);
        }
    }

    /// Whether somebody waits for the room's turn.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// The room was woken: who waits may try again.
    pub(super) fn begin_turn(&mut self) {
        self.waits = false;
    }

    /// They have tried: if nobody waits any more, the room is in nobody's way.
    pub(super) fn end_turn(&mut self) {
        if !self.waits {
            self.turn.leave();
        }
    }

    /// Puts those first who come behind whom the last answer was made for. They are in ascending order.
    pub(super) fn order(&self, members: &mut [MemberId]) {
        let before = members.partition_point(|member| Some(*member) <= self.last);
        members.rotate_left(before);
    }

    /// Keeps an answer of a document of this size in the place of the one before.
    pub(super) fn keep(
        &mut self,
        (now, size): (Instant, usize),
        state_vector: &[u8],
        greeting: Vec<u8>,
        frame: &Bytes,
    ) {
        let (state_vector, frame) = (state_vector.to_vec(), frame.clone());
        self.latest = (size >= MIN_SIZE).then_some(Latest {
            state_vector,
            greeting,
            frame,
            until: now + KEPT,
        });
    }

    /// The document has changed.
    pub(super) fn forget(&mut self) {
        self.latest = None;
    }

    /// Time has passed.
    pub(super) fn on_timeout(&mut self, now: Instant) {
        self.latest.take_if(|kept| kept.until <= now);
    }

    /// When the one that is kept goes, or who waits may try again.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let turn = if self.waits { self.turn.poll_timeout(PRICE) } else { None };
        let kept = self.latest.as_ref().map(|kept| kept.until);
        [turn, kept].into_iter().flatten().min()
    }
}
