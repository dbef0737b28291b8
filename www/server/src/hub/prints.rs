//! What members ask of what the document shows.
//!
//! To hash it takes the hub's one thread the longer the larger it is. So a room is hashed at a pace of its own, whoever asks and
//! however many do, and one answer is for all who wait for it.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use rejoin::doc::Doc;
use rejoin::protocol::standing::Print;
use rejoin::time::Instant;

use super::MemberId;
use super::context::Context;

/// Bytes of a document for which its room waits a millisecond before it is hashed again: some thirty times what hashing takes.
const ROOM_PACE: usize = 256;
/// The same for all rooms together: they take about a seventh of the hub's time at most.
const HUB_PACE: usize = 1_024;
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
    /// When the room may be hashed again.
    free_at: Instant,
    /// When it is to be looked again whether it is its turn.
    wake_at: Instant,
    place: Option<Arc<u64>>,
}

/// When the hub may hash again, and the rooms that wait for that: in the order in which their own pace let them, so that none of them
/// waits for ever.
#[derive(Debug, Default)]
pub(super) struct Turns {
    free_at: Instant,
    last: u64,
    /// A room that is gone has left its place.
    line: VecDeque<Weak<u64>>,
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
            self.place = None;
        }
    }

    /// The document has changed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// When somebody who waits may be answered.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        (!self.waiting.is_empty()).then_some(self.wake_at)
    }

    /// Its place in the line of rooms that wait to be hashed.
    pub(super) fn place(&self) -> Option<u64> {
        self.place.as_deref().copied()
    }

    /// Answers whom it can now. `size` is that of the document, in bytes; of one over the limit nothing is told.
    pub(super) fn answer(&mut self, cx: &mut Context<'_>, doc: &Doc, size: usize) -> Vec<Answer> {
        if size > cx.config.max_print {
            self.waiting.clear();
        }
        let mut answers = self.answer_known();
        if !self.has_turn(cx) {
            return answers;
        }
        let Some(Asked { outline, .. }) = self.waiting.front() else { return answers };
        let outline = outline.clone();
        self.pay(cx, size + outline.len());
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

    /// Whether the room is hashed now.
    fn has_turn(&mut self, cx: &mut Context<'_>) -> bool {
        if self.waiting.is_empty() {
            self.place = None;
            return false;
        }
        if self.free_at > cx.now {
            self.wake_at = self.free_at;
            return false;
        }
        let place = self.place.get_or_insert_with(|| cx.turns.stand());
        self.wake_at = cx.turns.free_at.max(cx.now + 1);
        cx.turns.free_at <= cx.now && cx.turns.is_first(place)
    }

    fn pay(&mut self, cx: &mut Context<'_>, bytes: usize) {
        let wait = |pace: usize| u64::try_from(bytes / pace).unwrap_or(u64::MAX);
        self.free_at = cx.now + wait(ROOM_PACE).max(1);
        self.wake_at = self.free_at;
        self.place = None;
        cx.turns.free_at = cx.now + wait(HUB_PACE);
        cx.counters.prints += 1;
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

impl Turns {
    /// A place at the end, until it is dropped.
    fn stand(&mut self) -> Arc<u64> {
        self.last += 1;
        let place = Arc::new(self.last);
        self.line.push_back(Arc::downgrade(&place));
        place
    }

    fn is_first(&mut self, place: &Arc<u64>) -> bool {
        while self.line.front().is_some_and(|first| first.strong_count() == 0) {
            self.line.pop_front();
        }
        self.line.front().is_some_and(|first| first.as_ptr() == Arc::as_ptr(place))
    }
}
