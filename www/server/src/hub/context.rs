//! What a room gets to work with while it handles one input.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use rejoin::time::{Deadline, Instant};

use super::turns::Turns;
use super::{Counters, HubConfig, HubOutput, MemberId, Notice, RoomName, Ticket, answers, prints};

/// The hub's side of a room.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) now: Instant,
    pub(super) config: &'a HubConfig,
    pub(super) counters: &'a mut Counters,
    pub(super) outputs: &'a mut VecDeque<HubOutput>,
    /// Members the room sent away; the hub forgets them.
    pub(super) left: &'a mut Vec<MemberId>,
    pub(super) last_ticket: &'a mut u64,
    pub(super) poison: &'a mut Poison,
    pub(super) turns: &'a mut Lines,
}

/// The lines in which rooms wait.
#[derive(Debug)]
pub(super) struct Lines {
    /// To be hashed.
    pub(super) prints: Turns,
    /// To have an answer to a state vector made.
    pub(super) answers: Turns,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { prints: Turns::new(prints::PRICE), answers: Turns::new(answers::PRICE) }
    }

    /// When somebody in one of them is to be woken.
    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        Deadline::earliest(self.prints.poll_timeout(), self.answers.poll_timeout())
    }

    /// Whom to wake now.
    pub(super) fn due(&mut self, now: Instant) -> Option<RoomName> {
        self.prints.due(now).or_else(|| self.answers.due(now))
    }

    /// Forgets who has left at their heads.
    pub(super) fn tidy(&mut self) {
        self.prints.tidy();
        self.answers.tidy();
    }
}

/// Updates on which the engine failed: they fail one room once, and are refused from then on.
#[derive(Debug, Default)]
pub(super) struct Poison(BTreeSet<u64>);

impl Poison {
    pub(super) fn add(&mut self, update: &[u8]) {
        if self.0.len() < MAX_POISON {
            self.0.insert(digest(update));
        }
    }

    pub(super) fn contains(&self, update: &[u8]) -> bool {
        !self.0.is_empty() && self.0.contains(&digest(update))
    }
}

fn digest(update: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    update.hash(&mut hasher);
    hasher.finish()
}

/// Most digests kept: one is a bug, a thousand an attack.
const MAX_POISON: usize = 1_024;

impl Context<'_> {
    /// Milliseconds since 1970.
    pub(super) fn wall(&self) -> u64 {
        self.config.wall_at(self.now)
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        *self.last_ticket += 1;
        Ticket(*self.last_ticket)
    }

    pub(super) fn output(&mut self, output: HubOutput) {
        self.outputs.push_back(output);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.output(HubOutput::Notice(notice));
    }

    pub(super) fn close(&mut self, member: MemberId, code: u16, reason: &str) {
        self.counters.closed += 1;
        self.left.push(member);
        self.output(HubOutput::Close { member, code, reason: reason.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_that_broke_the_engine_once_is_known_again() {
        let mut poison = Poison::default();
        assert!(!poison.contains(b"bad"));
        poison.add(b"bad");
        assert!(poison.contains(b"bad") && !poison.contains(b"good"));
    }
}
