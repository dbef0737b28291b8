//! Updates that wait for a missing one. Those of others are bounded: the oldest go, and the caller asks for everything anew.
//! What is stored here stays, since a snapshot would stand for it.

use crate::doc::Origin;
use crate::doc::gate::Missing;
use crate::doc::limits::Limits;

#[derive(Debug)]
struct Held {
    update: Vec<u8>,
    /// Who sent it, each once.
    origins: Vec<Origin>,
    missing: Missing,
}

impl Held {
    /// Whether this device brings it.
    fn is_own(&self) -> bool {
        self.origins.iter().any(|origin| matches!(origin, Origin::Local | Origin::Storage))
    }
}

/// The waiting updates, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    waiting: Vec<Held>,
}

impl Holds {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Keeps an update until `missing` is there. One that waits already is not kept twice.
    pub(crate) fn push(
        &mut self,
        update: &[u8],
        origin: Origin,
        missing: Missing,
        limits: &Limits,
    ) {
        if let Some(held) = self.waiting.iter_mut().find(|held| held.update == update) {
            if !held.origins.contains(&origin) {
                held.origins.push(origin);
            }
            return;
        }
        self.waiting.push(Held { update: update.to_vec(), origins: vec![origin], missing });
        self.trim(limits);
    }

    fn trim(&mut self, limits: &Limits) {
        let others = self.waiting.iter().filter(|held| !held.is_own());
        let (mut count, mut bytes) =
            others.fold((0, 0), |(count, bytes), held| (count + 1, bytes + held.update.len()));
        self.waiting.retain(|held| {
            let goes = (count > limits.held_updates || bytes > limits.held_bytes) && !held.is_own();
            if goes {
                count -= 1;
                bytes -= held.update.len();
            }
            !goes
        });
    }

    /// Takes out one update whose missing unit is known by now, with where it came from.
    pub(crate) fn take_ready(&mut self, clock: impl Fn(u64) -> u32) -> Option<(Vec<u8>, Origin)> {
        let at =
            self.waiting.iter().position(|held| clock(held.missing.client) > held.missing.clock)?;
        let held = self.waiting.remove(at);
        Some((held.update, held.origins.first().copied().unwrap_or_default()))
    }

    /// Those that only this device brings, oldest first.
    pub(crate) fn own(&self) -> impl Iterator<Item = &[u8]> {
        self.waiting.iter().filter(|held| held.is_own()).map(|held| held.update.as_slice())
    }

    /// Whether something came from there.
    pub(crate) fn any_from(&self, origin: Origin) -> bool {
        self.waiting.iter().any(|held| held.origins.contains(&origin))
    }

    /// Lets go of what came from there.
    pub(crate) fn forget(&mut self, origin: Origin) {
        self.waiting.retain_mut(|held| {
            held.origins.retain(|from| *from != origin);
            !held.origins.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Missing = Missing { client: 1, clock: 5 };

    fn bytes(holds: &Holds) -> usize {
        holds.waiting.iter().map(|held| held.update.len()).sum()
    }

    #[test]
    fn an_update_waits_until_its_unit_is_known() {
        let mut holds = Holds::default();
        holds.push(b"abc", Origin::Path(3), MISSING, &Limits::default());
        holds.push(b"abc", Origin::Remote, MISSING, &Limits::default());
        assert!(holds.any_from(Origin::Path(3)) && holds.any_from(Origin::Remote));
        assert_eq!((holds.len(), holds.take_ready(|_| 5)), (1, None));
        assert_eq!(holds.take_ready(|_| 6), Some((b"abc".to_vec(), Origin::Path(3))));
        assert_eq!(holds.len(), 0);
    }

    #[test]
    fn what_came_over_one_path_can_be_let_go_of() {
        let mut holds = Holds::default();
        holds.push(b"ab", Origin::Path(3), MISSING, &Limits::default());
        holds.push(b"c", Origin::Path(4), MISSING, &Limits::default());
        assert!(holds.any_from(Origin::Path(3)) && !holds.any_from(Origin::Remote));
        holds.forget(Origin::Path(3));
        assert!(!holds.any_from(Origin::Path(3)));
        assert_eq!((holds.len(), bytes(&holds)), (1, 1));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_large_ones() {
        let limits = Limits { held_updates: 2, held_bytes: 5, ..Limits::default() };
        let mut holds = Holds::default();
        for update in [b"a", b"b", b"c"] {
            holds.push(update, Origin::Remote, MISSING, &limits);
        }
        assert_eq!(holds.len(), 2);
        holds.push(b"dddd", Origin::Remote, MISSING, &limits);
        assert_eq!((holds.len(), bytes(&holds)), (2, 5));
        holds.push(b"too long", Origin::Remote, MISSING, &limits);
        assert_eq!(holds.len(), 0);
    }

    #[test]
    fn what_is_stored_here_stays_and_takes_no_room_from_others() {
        let limits = Limits { held_updates: 2, held_bytes: 5, ..Limits::default() };
        let mut holds = Holds::default();
        for update in [b"1", b"2", b"3"] {
            holds.push(update, Origin::Storage, MISSING, &limits);
        }
        for update in [b"a", b"b", b"c"] {
            holds.push(update, Origin::Remote, MISSING, &limits);
        }
        assert_eq!(holds.own().collect::<Vec<_>>(), [b"1", b"2", b"3"]);
        assert_eq!(holds.len(), 5);
    }
}
