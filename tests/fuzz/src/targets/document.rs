//! Updates, state vectors and positions: pre-flight, gate and engine.

use rejoin::doc::{Doc, Limits, Origin, Preflight, TypeId};
use yrs::updates::decoder::Decode;
use yrs::{ID, IdSet, Update};

use crate::hostile::{grammar, history, typed, updates};
use crate::support::roots;
use crate::target::{Outcome, Target, bounded, ensure};

const LONGEST: usize = 64 << 10;

pub(super) fn targets() -> Vec<Target> {
    let update = Target {
        name: "",
        seeds: update_seeds,
        generate: Some(grammar),
        longest: LONGEST,
        feed: preflight,
    };
    vec![
        Target { name: "preflight_v1", ..update },
        Target { name: "preflight_vs_yrs", feed: agrees_with_yrs, ..update },
        Target { name: "apply_guarded", feed: apply, ..update },
        Target {
            name: "state_vector",
            seeds: vector_seeds,
            generate: None,
            feed: state_vector,
            ..update
        },
        Target {
            name: "gate_order",
            seeds: order_seeds,
            generate: None,
            longest: 400,
            feed: order,
        },
    ]
}

pub(super) fn update_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = updates().into_iter().map(|(_, update)| update).collect();
    for seed in 0..12 {
        let (state, history) = history(seed, 14);
        seeds.extend(history);
        seeds.push(state);
    }
    seeds
}

fn doc(client: u64) -> Doc {
    Doc::new(client, &roots(), Limits::default())
}

fn preflight(input: &[u8]) -> Outcome {
    let read =
        bounded("the parser", input.len(), || Preflight::parse(input, &Limits::default()).is_ok())?;
    if !read {
        return Ok(());
    }
    // It reads exactly what is there: nothing shorter is an update too.
    for end in [0, 1, input.len() / 2, input.len().saturating_sub(1)] {
        let cut = input.get(..end).unwrap_or_default();
        let short = end < input.len() && Preflight::parse(cut, &Limits::default()).is_ok();
        ensure(!short, || format!("accepted, and its first {end} bytes too"))?;
    }
    Ok(())
}

fn agrees_with_yrs(input: &[u8]) -> Outcome {
    let Ok(ours) = Preflight::parse(input, &Limits::default()) else { return Ok(()) };
    let theirs = Update::decode_v1(input)
        .map_err(|error| format!("yrs cannot read what we accept: {error}"))?;
    ensure(ours.inserts() == theirs.insertions(true), || "yrs reads other units".into())?;
    let mut missed = IdSet::new();
    for (client, ranges) in theirs.delete_set().iter() {
        for range in ranges {
            missed.insert(ID::new(*client, range.start), range.end - range.start);
        }
    }
    missed.diff_with(&ours.deletes());
    ensure(missed.is_empty(), || "yrs reads more deletions".into())
}

/// A document with a past, takes it in, and works on.
fn apply(input: &[u8]) -> Outcome {
    let mut doc = doc(77);
    doc.apply(&seeded(), Origin::Storage).map_err(|error| error.to_string())?;
    doc.edit(typed("honest ")).map_err(|error| format!("{error:?}"))?;
    let before = (doc.content(), doc.hash(), doc.held());
    let applied = bounded("the document", input.len(), || doc.apply(input, Origin::Remote).err())?;
    if let Some(error) = applied {
        ensure((doc.content(), doc.hash(), doc.held()) == before, || {
            format!("changed by what it refused: {error}")
        })?;
    }
    ensure(!doc.is_broken(), || "the engine gave up".into())?;
    works_on(&mut doc)
}

/// It can be read and written, and a copy has the same units.
///
/// What the copy shows may be in another order: neighbours that contradict each other are placed by the order in which
/// they come, in Yjs as here. Equal hashes are asked for where only honest updates came (`gate_order`).
pub(super) fn works_on(doc: &mut Doc) -> Outcome {
    let kept = doc.text(&TypeId::root("text")).map_err(|error| format!("{error:?}"))?;
    doc.edit(typed("more ")).map_err(|error| format!("{error:?}"))?;
    let text = doc.text(&TypeId::root("text")).map_err(|error| format!("{error:?}"))?;
    ensure(text == format!("more {kept}"), || "what was typed is not there".into())?;
    copy_of(doc)?.read();
    Ok(())
}

fn copy_of(doc: &Doc) -> Result<Doc, String> {
    let mut copy = Doc::new(1 << 40, &roots(), Limits::default());
    let state = doc.encode_state();
    let applied =
        copy.apply(&state, Origin::Storage).map_err(|error| format!("its state: {error}"))?;
    ensure(!applied.held, || "its own state is not whole".into())?;
    ensure(copy.content() == doc.content(), || "a copy has other units".into())?;
    Ok(copy)
}

fn seeded() -> Vec<u8> {
    thread_local! {
        static STATE: Vec<u8> = history(5, 20).0;
    }
    STATE.with(Clone::clone)
}

fn vector_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0], vec![0x80, 0x87, 0xa7, 0x0e], vec![2, 1, 1, 1, 2], vec![1, 1, 0]];
    for seed in 0..12 {
        let mut doc = doc(1 << 30);
        doc.apply(&history(seed, 14).0, Origin::Storage).expect("an honest state");
        seeds.push(doc.encode_state_vector());
    }
    seeds
}

fn state_vector(input: &[u8]) -> Outcome {
    let mut doc = doc(77);
    let state = seeded();
    doc.apply(&state, Origin::Storage).map_err(|error| error.to_string())?;
    let size = input.len() + state.len();
    let diff = bounded("a diff", size, || doc.diff(input).ok())?;
    bounded("a position", size, || drop(doc.resolve(input)))?;
    let Some(diff) = diff else { return Ok(()) };
    ensure(diff.len() <= 4 * state.len() + 64, || format!("a diff of {} bytes", diff.len()))?;
    Preflight::parse(&diff, &Limits::default())
        .map(drop)
        .map_err(|error| format!("our own diff: {error}"))
}

/// Which history, then which of its updates, again and again.
fn order_seeds() -> Vec<Vec<u8>> {
    (0..8).map(|seed| [vec![seed], (0..30).rev().collect(), (0..60).collect()].concat()).collect()
}

/// In whatever order, and however often: the document is the same in the end.
fn order(input: &[u8]) -> Outcome {
    let Some((seed, order)) = input.split_first() else { return Ok(()) };
    let (state, updates) = history_of(seed % 8);
    let mut doc = doc(77);
    for at in order {
        let update = &updates[usize::from(*at) % updates.len()];
        doc.apply(update, Origin::Remote).map_err(|error| format!("an honest update: {error}"))?;
    }
    for update in &updates {
        doc.apply(update, Origin::Remote).map_err(|error| format!("an honest update: {error}"))?;
    }
    let mut whole = Doc::new(78, &roots(), Limits::default());
    whole.apply(&state, Origin::Storage).map_err(|error| error.to_string())?;
    ensure(doc.held() == 0, || format!("{} updates still wait", doc.held()))?;
    ensure(doc.content() == whole.content(), || "other units than in order".into())?;
    ensure(doc.hash() == whole.hash() && doc.read() == whole.read(), || {
        "another text than in order".into()
    })?;
    let copy = copy_of(&doc)?;
    ensure(copy.hash() == doc.hash(), || "a copy shows something else".into())?;
    works_on(&mut doc)
}

fn history_of(seed: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    thread_local! {
        static MADE: Vec<(Vec<u8>, Vec<Vec<u8>>)> = (0..8).map(|seed| history(seed, 24)).collect();
    }
    MADE.with(|made| made[usize::from(seed)].clone())
}
