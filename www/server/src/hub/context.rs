//! What a room gets to work with while it handles one input.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use rejoin::time::Instant;

use super::prints::Turns;
use super::{Counters, HubConfig, HubOutput, MemberId, Notice, Ticket};

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
    /// When a document may be hashed again, and of which room.
    pub(super) turns: &'a mut Turns,
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
