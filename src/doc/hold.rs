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
    /// How often it was tried again.
    tries: u32,
}

/// An update that is tried again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Released {
    pub(crate) update: Vec<u8>,
    /// Who sent it, each once.
    pub(crate) origins: Vec<Origin>,
    /// How often, this time included.
    pub(crate) tries: u32,
}

impl Released {
    /// Whose it counts as: this device's, if it is among those who sent it.
    pub(crate) fn origin(&self) -> Origin {
        let own = self.origins.iter().find(|origin| is_own(**origin));
        own.or_else(|| self.origins.first()).copied().unwrap_or_default()
    }
}

impl Held {
    /// Whether this device brings it.
    fn is_own(&self) -> bool {
        self.origins.iter().any(|origin| is_own(*origin))
    }
}

fn is_own(origin: Origin) -> bool {
    matches!(origin, Origin::Local | Origin::Storage)
}

/// The waiting updates, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    waiting: Vec<Held>,
    /// Bytes of what was tried again.
    #[cfg(test)]
    pub(crate) released: usize,
}

impl Holds {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Keeps an update until `missing` is there. One that waits already is not kept twice.
    pub(crate) fn push(
        &mut self,
        Released { update, mut origins, tries }: Released,
        missing: Missing,
        limits: &Limits,
    ) {
        if let Some(held) = self.waiting.iter_mut().find(|held| held.update == update) {
            origins.retain(|origin| !held.origins.contains(origin));
            held.origins.append(&mut origins);
            return;
        }
        self.waiting.push(Held { update, origins, missing, tries });
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

    /// Takes out one update whose missing unit is known by now.
    pub(crate) fn take_ready(&mut self, clock: impl Fn(u64) -> u32) -> Option<Released> {
        let at =
            self.waiting.iter().position(|held| clock(held.missing.client) > held.missing.clock)?;
        let Held { update, origins, tries, .. } = self.waiting.remove(at);
        #[cfg(test)]
        self.count(update.len());
        Some(Released { update, origins, tries: tries + 1 })
    }

    #[cfg(test)]
    fn count(&mut self, bytes: usize) {
        self.released += bytes;
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
    use crate::doc::preflight::write_number;
    use crate::doc::{Doc, Edit, RootKind, TypeId};
    use crate::ordered::OrderedMap;

    const MISSING: Missing = Missing { client: 1, clock: 5 };

    fn push(holds: &mut Holds, update: &[u8], origin: Origin, limits: &Limits) {
        let offered = Released { update: update.to_vec(), origins: vec![origin], tries: 0 };
        holds.push(offered, MISSING, limits);
    }

    fn bytes(holds: &Holds) -> usize {
        holds.waiting.iter().map(|held| held.update.len()).sum()
    }

    #[test]
    fn an_update_waits_until_its_unit_is_known() {
        let mut holds = Holds::default();
        push(&mut holds, b"abc", Origin::Path(3), &Limits::default());
        push(&mut holds, b"abc", Origin::Remote, &Limits::default());
        assert!(holds.any_from(Origin::Path(3)) && holds.any_from(Origin::Remote));
        assert_eq!((holds.len(), holds.take_ready(|_| 5)), (1, None));
        let origins = vec![Origin::Path(3), Origin::Remote];
        let released = Released { update: b"abc".to_vec(), origins, tries: 1 };
        assert_eq!(holds.take_ready(|_| 6), Some(released));
        assert_eq!(holds.len(), 0);
    }

    #[test]
    fn what_is_tried_again_in_vain_is_still_everybodys_who_sent_it() {
        let mut holds = Holds::default();
        push(&mut holds, b"abc", Origin::Path(3), &Limits::default());
        push(&mut holds, b"abc", Origin::Local, &Limits::default());
        let tried = holds.take_ready(|_| 6).expect("its unit is known");
        assert_eq!((tried.origin(), tried.tries), (Origin::Local, 1));
        holds.push(tried, Missing { client: 1, clock: 9 }, &Limits::default());
        assert_eq!((holds.own().count(), holds.any_from(Origin::Path(3))), (1, true));
        holds.forget(Origin::Path(3));
        assert_eq!(holds.own().count(), 1, "it is this device's, too");
    }

    #[test]
    fn what_came_over_one_path_can_be_let_go_of() {
        let mut holds = Holds::default();
        push(&mut holds, b"ab", Origin::Path(3), &Limits::default());
        push(&mut holds, b"c", Origin::Path(4), &Limits::default());
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
            push(&mut holds, update, Origin::Remote, &limits);
        }
        assert_eq!(holds.len(), 2);
        push(&mut holds, b"dddd", Origin::Remote, &limits);
        assert_eq!((holds.len(), bytes(&holds)), (2, 5));
        push(&mut holds, b"too long", Origin::Remote, &limits);
        assert_eq!(holds.len(), 0);
    }

    #[test]
    fn what_is_stored_here_stays_and_takes_no_room_from_others() {
        let limits = Limits { held_updates: 2, held_bytes: 5, ..Limits::default() };
        let mut holds = Holds::default();
        for update in [b"1", b"2", b"3"] {
            push(&mut holds, update, Origin::Storage, &limits);
        }
        for update in [b"a", b"b", b"c"] {
            push(&mut holds, update, Origin::Remote, &limits);
        }
        assert_eq!(holds.own().collect::<Vec<_>>(), [b"1", b"2", b"3"]);
        assert_eq!(holds.len(), 5);
    }

    /// A letter of writer 9 hangs on each of writer 8.
    fn hung(units: u32) -> Vec<u8> {
        let mut out = vec![1];
        write_number(&mut out, u64::from(units));
        out.extend([9, 0]);
        for unit in 0..units {
            out.extend([0x84, 8]);
            write_number(&mut out, u64::from(unit));
            out.extend([1, b'a']);
        }
        out.push(0);
        out
    }

    #[test]
    fn what_advances_by_one_unit_at_a_time_is_not_read_as_often() {
        const UNITS: u32 = 1_000;
        let mut doc = Doc::new(1, &OrderedMap::new(), Limits::default());
        let mut author =
            Doc::new(8, &OrderedMap::from([("t".into(), RootKind::Text)]), doc.limits());
        let update = hung(UNITS);
        doc.apply(&update, Origin::Remote).expect("it waits");
        for index in 0..UNITS {
            let (ty, text) = (TypeId::root("t"), "b".to_owned());
            let edit = Edit::TextInsert { ty, index, text, attributes: None };
            let letter = author.edit(edit).expect("a letter").update;
            doc.apply(&letter, Origin::Remote).expect("a letter");
        }
        assert_eq!(doc.held(), 0);
        let often = doc.holds.released / update.len();
        assert!(often < 32, "{often} times");
    }
}
