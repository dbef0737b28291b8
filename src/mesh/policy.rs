//! With whom a peer keeps links: with all while they are few, with some that hold the room together when they are many.
//!
//! Everybody knows the same roster, so most choices are the same at both ends. The ring of all names keeps the room in one
//! piece; names drawn by hash (rendezvous) and by chance make the ways short.

use fastrand::Rng;

/// Links by chance, out of the degree.
const BY_CHANCE: usize = 2;

/// How many links are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Others up to which all are wanted.
    pub full: usize,
    /// Links above that.
    pub degree: usize,
}

impl Policy {
    /// Those of `others`, sorted by name and without repetition, whom `own` wants a link with. `draw` is the seed of
    /// chance, and is changed now and then.
    pub fn wanted<'a>(self, own: &str, others: &[&'a str], draw: u64) -> Vec<&'a str> {
        if others.len() <= self.full {
            return others.to_vec();
        }
        let mut wanted = neighbours(own, others);
        let mut rest: Vec<&str> =
            others.iter().copied().filter(|name| !wanted.contains(name)).collect();
        rest.sort_by_cached_key(|name| affinity(own, name));
        let by_hash = self.degree.saturating_sub(wanted.len() + BY_CHANCE);
        wanted.extend(rest.drain(..by_hash.min(rest.len())));
        let mut rng = Rng::with_seed(draw);
        while wanted.len() < self.degree && !rest.is_empty() {
            wanted.push(rest.swap_remove(rng.usize(..rest.len())));
        }
        wanted
    }
}

/// The next and the previous on the ring of names.
fn neighbours<'a>(own: &str, others: &[&'a str]) -> Vec<&'a str> {
    let at = others.partition_point(|name| *name < own);
    let next = others.get(at).or_else(|| others.first());
    let previous = at.checked_sub(1).and_then(|at| others.get(at)).or_else(|| others.last());
    let mut found: Vec<&str> = next.copied().into_iter().collect();
    found.extend(previous.filter(|name| next != Some(*name)));
    found
}

/// The same from both ends (FNV-1a over the two names, the smaller first).
fn affinity(a: &str, b: &str) -> u64 {
    let (first, second) = if a < b { (a, b) } else { (b, a) };
    let bytes = first.bytes().chain([0]).chain(second.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const POLICY: Policy = Policy { full: 8, degree: 6 };

    fn names(count: usize) -> Vec<String> {
        let mut names: Vec<String> =
            (0..count).map(|at| format!("{:08x}", at * 2_654_435_761 % 4_294_967_291)).collect();
        names.sort();
        names
    }

    fn links(names: &[String], draw: impl Fn(usize) -> u64) -> Vec<(usize, usize)> {
        let mut links = Vec::new();
        for (at, own) in names.iter().enumerate() {
            let others: Vec<&str> =
                names.iter().filter(|name| *name != own).map(String::as_str).collect();
            for wanted in POLICY.wanted(own, &others, draw(at)) {
                links.push((at, names.binary_search(&wanted.to_owned()).unwrap()));
            }
        }
        links
    }

    #[test]
    fn up_to_eight_others_all_are_wanted() {
        let names = names(9);
        assert_eq!(links(&names, |_| 0).len(), 9 * 8);
    }

    #[test]
    fn above_that_each_wants_six_and_the_room_is_in_one_piece_in_few_steps() {
        for count in [10, 17, 50, 200] {
            let names = names(count);
            for seed in 0..20 {
                let links = links(&names, |at| seed * 1000 + at as u64);
                assert_eq!(links.len(), count * 6);
                let mut reached = BTreeSet::from([0]);
                let mut steps = 0;
                while reached.len() < count {
                    let before = reached.len();
                    let next: Vec<usize> = links
                        .iter()
                        .flat_map(|(a, b)| [(*a, *b), (*b, *a)])
                        .filter_map(|(a, b)| reached.contains(&a).then_some(b))
                        .collect();
                    reached.extend(next);
                    steps += 1;
                    assert!(reached.len() > before, "{count} peers fell apart");
                }
                assert!(steps <= 6, "{steps} steps for {count}");
            }
        }
    }

    #[test]
    fn without_chance_the_choice_is_the_same_each_time() {
        let names = names(30);
        assert_eq!(links(&names, |_| 7), links(&names, |_| 7));
    }
}
