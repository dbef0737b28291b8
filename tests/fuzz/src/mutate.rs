//! Inputs made of other inputs: cut, spliced, with numbers that lie and words that hurt.

use crate::support::random::Rng;

/// Numbers that readers trip over: over-long, giant, at the edges of their types.
const NUMBERS: &[&[u8]] = &[
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    &[0x80, 0x80, 0x80, 0x80, 0x04],
    &[0xff, 0x7f],
    &[0x80, 0x00],
    &[0x00],
    &[0x7f],
];

/// Words of the formats read here.
const WORDS: &[&str] = &[
    "__proto__",
    "constructor",
    "null",
    "true",
    "[[[[[[[[",
    "{\"a\":",
    "\"",
    "\\ud800",
    "1e999",
    "-0",
    "\u{feff}",
    "\r\n\r\n",
    "data:",
    "id:",
    "retry:",
    "event:",
    "51-[",
    "_placeholder",
    "\u{0}",
    "😀",
    "text",
    "list",
    "root",
    "{\"t\":\"sig\"",
    "\"from\":",
    "\"inst\":",
    "9007199254740993",
    "99999999999999999999",
];

/// An input made of a seed, with up to eight changes; `others` lend pieces.
pub(crate) fn mutated(rng: &mut Rng, seed: &[u8], others: &[Vec<u8>], longest: usize) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    let most = 1 + rng.below(8);
    for _ in 0..1 + rng.below(most) {
        change(rng, &mut bytes, others);
    }
    bytes.truncate(longest);
    bytes
}

fn change(rng: &mut Rng, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
    let at = rng.below(bytes.len() + 1);
    match rng.below(12) {
        0 => bytes.truncate(at),
        1 => insert(bytes, at, &[rng.next() as u8]),
        2 => insert(bytes, at, NUMBERS[rng.below(NUMBERS.len())]),
        3 => insert(bytes, at, WORDS[rng.below(WORDS.len())].as_bytes()),
        4 => drop(bytes.drain(at..(at + 1 + rng.below(8)).min(bytes.len()).max(at))),
        5 => repeat(rng, bytes, at),
        6 => splice(rng, bytes, at, others),
        7 => drop(overwrite(bytes, at, NUMBERS[rng.below(NUMBERS.len())])),
        8 => swap(rng, bytes, at),
        _ => flip(rng, bytes, at),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

fn overwrite(bytes: &mut [u8], at: usize, piece: &[u8]) -> Option<()> {
    bytes.get_mut(at..at + piece.len())?.copy_from_slice(piece);
    Some(())
}

/// A piece many times over.
fn repeat(rng: &mut Rng, bytes: &mut Vec<u8>, at: usize) {
    let piece = bytes[at..(at + 1 + rng.below(16)).min(bytes.len()).max(at)].to_vec();
    let most = 1 << rng.below(8);
    let times = 1 + rng.below(most);
    insert(bytes, at, &piece.repeat(times));
}

fn splice(rng: &mut Rng, bytes: &mut Vec<u8>, at: usize, others: &[Vec<u8>]) {
    let Some(other) = others.get(rng.below(others.len())) else { return };
    let from = rng.below(other.len() + 1);
    let to = from + rng.below(other.len() - from + 1);
    insert(bytes, at, &other[from..to]);
}

fn swap(rng: &mut Rng, bytes: &mut [u8], at: usize) {
    let other = rng.below(bytes.len() + 1);
    if at < bytes.len() && other < bytes.len() {
        bytes.swap(at, other);
    }
}

fn flip(rng: &mut Rng, bytes: &mut [u8], at: usize) {
    let Some(byte) = bytes.get_mut(at) else { return };
    *byte = match rng.below(4) {
        0 => byte.wrapping_add(1),
        1 => byte.wrapping_sub(1),
        2 => *byte ^ (1 << rng.below(8)),
        _ => rng.next() as u8,
    };
}
