//! What members ask of what the document shows.
//!
//! To hash it takes the hub's one thread the longer the larger it is. So a room is hashed at a pace of its own, whoever asks and
//! however many do, and one answer is for all who wait for it.

use std::collections::VecDeque;

use rejoin::doc::Doc;
use rejoin::protocol::standing::Print;
use rejoin::time::Instant;

use super::context::Context;
use super::turns::{Price, Turn};
use super::{MemberId, RoomName};

/// Some thirty times what hashing takes, and for all rooms together about a seventh of the hub's time.
pub(super) const PRICE: Price = Price { room: 256, hub: 1_024, slack: 0, reason: "prints" };
/// Outlines that are remembered of a document: its members use an app in a version or two.
const MOST_KNOWN: usize = 4;
/// Largest outline that is looked at, in bytes: they wait, one of each member.
const MAX_OUTLINE: usize = 64 << 10;

/// Questions of a room's members, and what the document showed since it last changed.
#[derive(Debug, Default)]
pub(super) struct Prints {
    /// In the order they came, one of a member.
    waiting: VecDeque<Asked>,
    /// The latest first.
    known: VecDeque<Shown>,
    turn: Turn,
}

#[derive(Debug)]
struct Asked {
    member: MemberId,
    client: u64,
    outline: Vec<u8>,
}

#[derive(Debug)]
struct Shown {
    outline: Vec<u8>,
    digest: u64,
    hash: u64,
}

/// What a member is told; `None` if its outline makes no sense.
pub(super) type Answer = (MemberId, Option<Print>);

impl Prints {
    /// A member asks; what it asked before counts no more, its place among those who wait does.
    pub(super) fn ask(&mut self, member: MemberId, client: u64, outline: Vec<u8>) {
        if outline.len() > MAX_OUTLINE {
            return;
        }
        let asked = Asked { member, client, outline };
        match self.waiting.iter_mut().find(|waiting| waiting.member == member) {
            Some(waiting) => *waiting = asked,
            None => self.waiting.push_back(asked),
        }
    }

    /// A member is gone.
    pub(super) fn leave(&mut self, member: MemberId) {
        self.waiting.retain(|asked| asked.member != member);
        if self.waiting.is_empty() {
            self.turn.leave();
        }
    }

    /// The document has changed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// When somebody who waits may be answered, unless the hub wakes the room for that.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.waiting.is_empty() { None } else { self.turn.poll_timeout(PRICE) }
    }

    /// Answers whom it can now. `size` is that of the document, in bytes; of one over the limit nothing is told.
    pub(super) fn answer(
        &mut self,
        cx: &mut Context<'_>,
        (room, doc): (&RoomName, &Doc),
        size: usize,
    ) -> Vec<Answer> {
        if size > cx.config.max_print {
            self.waiting.clear();
        }
        let mut answers = self.answer_known();
        let Some(Asked { outline, .. }) = self.waiting.front() else {
            self.turn.leave();
            return answers;
        };
        if !self.turn.take(cx.now, &mut cx.turns.prints, room) {
            return answers;
        }
        let outline = outline.clone();
        self.turn.pay(cx.now, &mut cx.turns.prints, size + outline.len());
        cx.counters.prints += 1;
        match doc.hash_by(&outline) {
            Some(hash) => {
                let digest = doc.content().digest();
                self.known.push_front(Shown { outline, digest, hash: hash >> 11 });
                self.known.truncate(MOST_KNOWN);
                answers.extend(self.answer_known());
            }
            None => answers.extend(self.take(&outline).map(|(member, _)| (member, None))),
        }
        answers
    }

    fn answer_known(&mut self) -> Vec<Answer> {
        let known = std::mem::take(&mut self.known);
        let mut answers = Vec::new();
        for Shown { outline, digest, hash } in &known {
            let (digest, hash) = (*digest, *hash);
            let print = |client| Print { client, digest, hash };
            answers
                .extend(self.take(outline).map(|(member, client)| (member, Some(print(client)))));
        }
        self.known = known;
        answers
    }

    /// Takes out who asked by this outline: each with the client it asked for.
    fn take(&mut self, outline: &[u8]) -> impl Iterator<Item = (MemberId, u64)> + use<> {
        let waiting = std::mem::take(&mut self.waiting);
        let (taken, rest): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|asked| asked.outline == outline);
        self.waiting = rest;
        taken.into_iter().map(|Asked { member, client, .. }| (member, client))
    }
}
