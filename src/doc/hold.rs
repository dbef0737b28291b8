//! Updates that wait for a missing one. Bounded: the oldest go, and the caller asks for everything anew.

use std::collections::VecDeque;

use crate::doc::gate::Missing;
use crate::doc::limits::Limits;

#[derive(Debug)]
struct Held {
    update: Vec<u8>,
    missing: Missing,
}

/// The waiting updates, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    waiting: VecDeque<Held>,
    bytes: usize,
}

impl Holds {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Keeps an update until `missing` is there. One that waits already is not kept twice.
    pub(crate) fn push(&mut self, update: &[u8], missing: Missing, limits: &Limits) {
        if self.waiting.iter().any(|held| held.update == update) {
            return;
        }
        self.bytes += update.len();
        self.waiting.push_back(Held { update: update.to_vec(), missing });
        while self.waiting.len() > limits.held_updates || self.bytes > limits.held_bytes {
            let Some(oldest) = self.waiting.pop_front() else { break };
            self.bytes -= oldest.update.len();
        }
    }

    /// Takes out one update whose missing unit is known by now.
    pub(crate) fn take_ready(&mut self, clock: impl Fn(u64) -> u32) -> Option<Vec<u8>> {
        let at =
            self.waiting.iter().position(|held| clock(held.missing.client) > held.missing.clock)?;
        let held = self.waiting.remove(at)?;
        self.bytes -= held.update.len();
        Some(held.update)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Missing = Missing { client: 1, clock: 5 };

    #[test]
    fn an_update_waits_until_its_unit_is_known() {
        let mut holds = Holds::default();
        holds.push(b"abc", MISSING, &Limits::default());
        holds.push(b"abc", MISSING, &Limits::default());
        assert_eq!((holds.len(), holds.take_ready(|_| 5)), (1, None));
        assert_eq!(holds.take_ready(|_| 6), Some(b"abc".to_vec()));
        assert_eq!((holds.len(), holds.bytes), (0, 0));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_large_ones() {
        let limits = Limits { held_updates: 2, held_bytes: 5, ..Limits::default() };
        let mut holds = Holds::default();
        for update in [b"a", b"b", b"c"] {
            holds.push(update, MISSING, &limits);
        }
        assert_eq!(holds.len(), 2);
        holds.push(b"dddd", MISSING, &limits);
        assert_eq!((holds.len(), holds.bytes), (2, 5));
        holds.push(b"too long", MISSING, &limits);
        assert_eq!((holds.len(), holds.bytes), (0, 0));
    }
}
