//! Bytes of all kinds: never a panic, and what we accept is what yrs reads.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rejoin::doc::{Doc, Edit, Limits, Origin, Preflight, TypeId};
use yrs::updates::decoder::Decode;
use yrs::{ID, IdSet, Update};

use crate::doc_support::doc;
use crate::doc_support::random::{Rng, random_edit};
use crate::doc_support::replica::{Gated, Replica};

/// A small document of three writers, and the updates that made it.
fn history(seed: u64) -> (Doc, Vec<Vec<u8>>) {
    let mut rng = Rng(seed);
    let mut writers: Vec<Gated> = (1..=3).map(Gated::new).collect();
    let mut updates = Vec::new();
    for _ in 0..12 {
        let at = rng.below(3);
        let edit = random_edit(&mut rng, &writers[at].view());
        let Some(update) = writers[at].edit(edit) else { continue };
        for (_, other) in writers.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            other.apply(&update).unwrap();
        }
        updates.push(update);
    }
    updates.push(writers[0].state());
    (writers.swap_remove(0).doc, updates)
}

fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let at = rng.below(bytes.len().max(1));
    match rng.below(6) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.next() as u8),
        2 => drop((!bytes.is_empty()).then(|| bytes.remove(at))),
        3 => {
            let giant = [0xff, 0xff, 0xff, 0xff, 0x0f];
            bytes.splice(at..at, giant[rng.below(5)..].iter().copied());
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = [
                    byte.wrapping_add(1),
                    byte.wrapping_sub(1),
                    *byte ^ (1 << rng.below(8)),
                    rng.next() as u8,
                ][rng.below(4)];
            }
        }
    }
}

/// What we accept, yrs must read as the same units.
fn agrees_with_yrs(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let Ok(ours) = Preflight::parse(bytes, &Limits::default()) else { return Ok(false) };
    let theirs = Update::decode_v1(bytes);
    prop_assert!(theirs.is_ok(), "yrs cannot read what we accept: {bytes:?}");
    let theirs = theirs.unwrap();
    prop_assert_eq!(ours.inserts(), theirs.insertions(true));
    let mut missed = sorted(theirs.delete_set());
    missed.diff_with(&ours.deletes());
    prop_assert!(missed.is_empty(), "a deletion was not seen");
    Ok(true)
}

/// yrs keeps the ranges of a delete set as they come.
fn sorted(set: &IdSet) -> IdSet {
    let mut sorted = IdSet::new();
    for (client, ranges) in set.iter() {
        for range in ranges {
            sorted.insert(ID::new(*client, range.start), range.end - range.start);
        }
    }
    sorted
}

/// A document that took it in must still work.
fn still_works(doc: &mut Doc) -> Result<(), TestCaseError> {
    let ty = TypeId::root("text");
    let index = doc.len(&ty).unwrap();
    doc.edit(Edit::TextInsert { ty, index, text: "!".into(), attributes: None }).unwrap();
    let mut copy = crate::doc_support::doc(1 << 40);
    let applied = copy.apply(&doc.encode_state(), Origin::Storage).unwrap();
    prop_assert!(!applied.held);
    prop_assert_eq!(copy.content(), doc.content());
    Ok(())
}

/// The same cases in each run; `PROPTEST_CASES` asks for more, `PROPTEST_RNG_SEED` for others.
fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|value: String| value.parse().ok());
    ProptestConfig {
        cases: number("PROPTEST_CASES").map_or(5000, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        agrees_with_yrs(&bytes)?;
        let mut doc = doc(50);
        let _ = doc.apply(&bytes, Origin::Remote);
        let _ = doc.diff(&bytes);
        let _ = doc.resolve(&bytes);
        still_works(&mut doc)?;
    }

    #[test]
    fn bytes_that_look_like_an_update_never_panic(bytes in proptest::collection::vec(prop_oneof![0u8..12, Just(0x80u8), Just(0xc4), Just(0x84), Just(0x28), any::<u8>()], 2..60)) {
        agrees_with_yrs(&bytes)?;
        let mut doc = doc(50);
        let _ = doc.apply(&bytes, Origin::Remote);
        still_works(&mut doc)?;
    }

    #[test]
    fn mutated_updates_are_read_as_yrs_reads_them_or_refused(seed in any::<u64>()) {
        let mut rng = Rng(seed);
        let (mut doc, mut updates) = history(seed % 64);
        prop_assert!(agrees_with_yrs(&doc.encode_state())?);
        doc.rotate_client_id(1 << 41);
        for update in &mut updates {
            for _ in 0..=rng.below(3) {
                mutate(&mut rng, update);
            }
            agrees_with_yrs(update)?;
            let before = doc.content();
            if doc.apply(update, Origin::Remote).is_err() {
                prop_assert_eq!(doc.content(), before);
            }
        }
        still_works(&mut doc)?;
    }
}
