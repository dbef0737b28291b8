//! What an update carries, counted by ids: the ground of every acknowledgement.

use yrs::{ClientID, ID, IdSet};

/// Sets of inserted and deleted units. An edit is acknowledged when the server returned both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Ids of inserted units.
    pub inserts: IdSet,
    /// Ids of deleted units.
    pub deletes: IdSet,
}

impl Content {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.inserts.is_empty() && self.deletes.is_empty()
    }

    /// Inserted and deleted units together.
    pub fn units(&self) -> u64 {
        units(&self.inserts) + units(&self.deletes)
    }

    /// Takes in what `other` has.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.inserts, &other.inserts);
        add(&mut self.deletes, &other.deletes);
    }

    /// Takes out what `other` has.
    pub fn subtract(&mut self, other: &Self) {
        remove(&mut self.inserts, &other.inserts);
        remove(&mut self.deletes, &other.deletes);
    }

    /// The same for replicas that have the same units and deletions, whatever the order; 53 bits, as numbers on the wire.
    pub fn digest(&self) -> u64 {
        let sum = |set| {
            ranges(set).fold(0_u64, |sum, (client, start, end)| {
                sum.wrapping_add(mix(mix(mix(0, client.get()), start.into()), end.into()))
            })
        };
        mix(sum(&self.inserts), sum(&self.deletes)) >> 11
    }
}

/// One step of a hash (SplitMix64's finisher).
fn mix(seed: u64, value: u64) -> u64 {
    let mut hash = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(value);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Units in a set.
pub(crate) fn units(set: &IdSet) -> u64 {
    ranges(set).map(|(_, start, end)| u64::from(end - start)).sum()
}

/// The set's ranges as client, start and end.
pub(crate) fn ranges(set: &IdSet) -> impl Iterator<Item = (ClientID, u32, u32)> + '_ {
    set.iter().flat_map(|(client, ranges)| {
        ranges.into_iter().map(move |range| (*client, range.start, range.end))
    })
}

/// Whether every unit of the range is in the set. Costs a binary search.
pub(crate) fn covers(set: &IdSet, client: ClientID, start: u32, end: u32) -> bool {
    let Some(ranges) = set.get(&client) else { return start >= end };
    let ranges = ranges.as_slice();
    let at = ranges.partition_point(|(range, ())| range.end <= start);
    start >= end
        || ranges.get(at).is_some_and(|(range, ())| range.start <= start && end <= range.end)
}

/// Whether any unit of the range is in the set. Costs a binary search.
pub(crate) fn touches(set: &IdSet, client: ClientID, start: u32, end: u32) -> bool {
    let Some(ranges) = set.get(&client) else { return false };
    let ranges = ranges.as_slice();
    let at = ranges.partition_point(|(range, ())| range.end <= start);
    ranges.get(at).is_some_and(|(range, ())| range.start < end)
}

/// Takes in what `from` has.
pub(crate) fn add(to: &mut IdSet, from: &IdSet) {
    for (client, start, end) in ranges(from) {
        to.insert(ID::new(client, start), end - start);
    }
}

fn remove(from: &mut IdSet, what: &IdSet) {
    if !from.is_empty() {
        from.diff_with(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(parts: &[(u64, u32, u32)]) -> IdSet {
        let mut set = IdSet::new();
        for (client, start, end) in parts {
            set.insert(ID::new(ClientID::new(*client), *start), end - start);
        }
        set
    }

    #[test]
    fn what_is_taken_in_can_be_taken_out_again() {
        let mut content = Content { inserts: set(&[(1, 0, 5)]), deletes: set(&[(2, 3, 4)]) };
        let other = Content { inserts: set(&[(1, 3, 9), (4, 0, 1)]), deletes: IdSet::new() };
        content.merge(&other);
        assert_eq!(content.units(), 11);
        content.subtract(&other);
        assert_eq!(content, Content { inserts: set(&[(1, 0, 3)]), deletes: set(&[(2, 3, 4)]) });
    }

    #[test]
    fn a_range_is_covered_only_without_a_hole() {
        let set = set(&[(1, 0, 5), (1, 6, 9)]);
        let one = ClientID::new(1);
        assert!(covers(&set, one, 1, 5) && covers(&set, one, 6, 9) && covers(&set, one, 2, 2));
        assert!(
            !covers(&set, one, 4, 7)
                && !covers(&set, one, 8, 10)
                && !covers(&set, ClientID::new(2), 0, 1)
        );
    }

    #[test]
    fn a_range_is_touched_by_a_single_unit() {
        let set = set(&[(1, 3, 5)]);
        let one = ClientID::new(1);
        assert!(touches(&set, one, 0, 4) && touches(&set, one, 4, 9));
        assert!(
            !touches(&set, one, 0, 3)
                && !touches(&set, one, 5, 9)
                && !touches(&set, ClientID::new(2), 3, 4)
        );
    }

    #[test]
    fn nothing_is_empty_and_has_no_units() {
        assert!(Content::default().is_empty());
        assert_eq!(Content::default().units(), 0);
    }
}
