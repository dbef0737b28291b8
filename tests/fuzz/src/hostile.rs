//! Updates made to hurt, as the engine of this document or Yjs' own was hurt by them. Each has a name.

use rejoin::doc::{Edit, TypeId};

use crate::support::bytes::{At, block, garbage, hole, nested, number, text, update};
use crate::support::random::{Rng, random_edit};
use crate::support::replica::{Gated, Replica};

/// V1 updates that no honest client writes.
pub(crate) fn updates() -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        ("27 million writers", vec![0xc0, 0xfc, 0xef, 0x0c]),
        ("50 million values", update(&[(1, 0, &[values(50_000_000, &[126])])], &[])),
        ("a value 10,000 deep", update(&[(9, 0, &[values(1, &deep(10_000))])], &[])),
        ("an object 63 deep", update(&[(9, 0, &[values(1, &deep(63))])], &[])),
        ("200 lists in each other", update(&[(9, 0, &tower(200))], &[])),
        ("200 lists, the outermost deleted", update(&[(9, 0, &tower(200))], &[(9, 0, 1)])),
        ("a string in a list", update(&[(9, 0, &[text(At::Root("list"), "😀")])], &[])),
        ("values in a text", update(&[(9, 0, &[block(8, At::Root("text"), &[1, 120])])], &[])),
        ("garbage without end", update(&[(9, 0, &[garbage(u64::from(u32::MAX))])], &[])),
        ("garbage under a known writer", update(&[(1, 5, &[garbage(1_000)])], &[])),
        ("a hole without end", update(&[(9, 0, &[hole((1 << 30) - 1)])], &[])),
        ("a clock of 2^31", update(&[(9, 1 << 31, &[garbage(1)])], &[])),
        ("a writer of 2^60", update(&[(1 << 60, 0, &[garbage(1)])], &[])),
        ("one writer twice", update(&[(9, 0, &[garbage(1)]), (9, 1, &[garbage(1)])], &[])),
        ("deletions of what nobody wrote", update(&[], &[(1, 1_000, 100_000), (2, 0, 1 << 29)])),
        ("deletions that overlap", update(&[], &[(9, 0, 9), (9, 3, 9), (9, 0, 1), (9, 5, 1)])),
        ("old JSON", update(&[(9, 0, &[block(2, At::Root("list"), &[1, 1, b'1'])])], &[])),
        ("a parent that is text", update(&[(9, 0, &torn())], &[])),
        ("blocks that wait for each other", circle()),
        ("keys of JavaScript", update(&[(9, 0, &prototypes())], &[])),
        (
            "a sub-document",
            update(&[(9, 0, &[block(9, At::Root("root"), &[1, b'x', 118, 0])])], &[]),
        ),
        ("nothing", vec![0, 0]),
    ];
    all.push(("4,000 blocks of garbage", update(&[(9, 0, &vec![garbage(1); 4_000])], &[])));
    let ranges: Vec<_> = (0..4_000).map(|at| (9, at * 2, 1)).collect();
    all.push(("4,000 ranges", update(&[], &ranges)));
    let writers: Vec<_> = (0..2_000).map(|at| (at + 10, 0, 1)).collect();
    all.push(("2,000 writers", update(&[], &writers)));
    all
}

/// What honest clients write: a history of three writers, update by update, and its state.
pub(crate) fn history(seed: u64, edits: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut rng = Rng(seed);
    let mut writers: Vec<Gated> = (1..=3).map(Gated::new).collect();
    let mut updates = Vec::new();
    for _ in 0..edits {
        let at = rng.below(3);
        let edit = random_edit(&mut rng, &writers[at].view());
        let Some(update) = writers[at].edit(edit) else { continue };
        for (_, other) in writers.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            other.apply(&update).expect("an honest update");
        }
        updates.push(update);
    }
    (writers[0].state(), updates)
}

/// An edit anybody can make.
pub(crate) fn typed(text: &str) -> Edit {
    Edit::TextInsert { ty: TypeId::root("text"), index: 0, text: text.to_owned(), attributes: None }
}

/// An update by the grammar, with ids that are near each other and now and then a number that lies.
pub(crate) fn grammar(rng: &mut Rng) -> Vec<u8> {
    let sections: Vec<(u64, u64, Vec<Vec<u8>>)> = (0..rng.below(4))
        .map(|at| {
            let client = if rng.percent(80) { 1 + at as u64 } else { wild(rng) };
            let clock = if rng.percent(60) { 0 } else { rng.below(20) as u64 };
            (client, clock, (0..1 + rng.below(6)).map(|_| any_block(rng)).collect())
        })
        .collect();
    let sections: Vec<_> = sections.iter().map(|(a, b, c)| (*a, *b, c.as_slice())).collect();
    let mut deletions: Vec<_> =
        (0..rng.below(4)).map(|_| (near(rng), near(rng) * 2, 1 + near(rng))).collect();
    deletions.sort_unstable();
    update(&sections, &deletions)
}

fn any_block(rng: &mut Rng) -> Vec<u8> {
    let parent = (near(rng), near(rng) * 3);
    let at = match rng.below(5) {
        0 => At::Root(["text", "list", "root", "other", "__proto__"][rng.below(5)]),
        1 | 2 => At::Child(parent),
        _ => At::Behind(parent),
    };
    match rng.below(14) {
        0 => garbage(1 + near(rng)),
        1 => hole(1 + near(rng)),
        2 => block(1, at, &number(1 + near(rng))),
        3 => block(2, at, &[1, 1, b'1']),
        4 => block(3, at, &[2, 7, 8]),
        5 | 6 => text(at, ["a", "😀", "é", "lorem", ""][rng.below(5)]),
        7 => block(5, at, b"\x02{}"),
        8 => block(6, at, b"\x01b\x04true"),
        9 | 10 => nested(at, rng.below(8) as u8),
        11 => block(9, at, &[1, b'x', 118, 0]),
        12 => block(0x28, at, &[1, b'k', 1, 119, 1, b'v']),
        _ => block(8, at, &[2, 125, rng.next() as u8 & 0x3f, 118, 1, 1, b'k', 126]),
    }
}

fn near(rng: &mut Rng) -> u64 {
    if rng.percent(97) { rng.below(5) as u64 } else { wild(rng) }
}

fn wild(rng: &mut Rng) -> u64 {
    rng.next() >> (4 + rng.below(56))
}

fn values(count: u64, bytes: &[u8]) -> Vec<u8> {
    block(8, At::Root("list"), &[number(count), bytes.to_vec()].concat())
}

/// Lists of one list, `null` in the last.
fn deep(depth: usize) -> Vec<u8> {
    [[117, 1].repeat(depth), vec![126]].concat()
}

fn tower(height: u64) -> Vec<Vec<u8>> {
    let mut blocks = vec![nested(At::Root("list"), 0)];
    blocks.extend((1..height).map(|parent| nested(At::Child((9, parent - 1)), 0)));
    blocks
}

fn torn() -> Vec<Vec<u8>> {
    vec![text(At::Root("text"), "x"), text(At::Child((9, 0)), "y")]
}

fn circle() -> Vec<u8> {
    let one = [text(At::Behind((9, 0)), "x")];
    let two = [text(At::Behind((8, 0)), "y")];
    update(&[(9, 0, &two), (8, 0, &one)], &[])
}

fn prototypes() -> Vec<Vec<u8>> {
    let entry = |key: &str| {
        let key = [number(key.len() as u64), key.as_bytes().to_vec()].concat();
        block(0x28, At::Root("root"), &[key, vec![1, 118, 1, 1, b'a', 120]].concat())
    };
    ["__proto__", "constructor", "prototype", "toString"].map(entry).to_vec()
}
