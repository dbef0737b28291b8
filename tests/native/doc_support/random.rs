//! A seeded generator and random edits.

use std::collections::BTreeMap;

use rejoin::doc::change::{Attributes, TextOp};
use rejoin::doc::{Edit, Prelim, TypeId};
use serde_json::{Value, json};

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`; 0 if `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

/// What random edits look at: names and contents of the types that are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) texts: BTreeMap<TypeId, String>,
    pub(crate) lists: BTreeMap<TypeId, usize>,
    pub(crate) maps: Vec<TypeId>,
    /// XML elements and the fragment, by how many children they have.
    pub(crate) fragments: BTreeMap<TypeId, usize>,
    pub(crate) attributes: Vec<TypeId>,
}

const WORDS: [&str; 10] = ["a", "bc", "def", "😀", "x😀y", "女", "é", "👨‍👩‍👧", " ", "lorem ipsum "];

/// One random edit that is right for what `view` shows.
pub(crate) fn random_edit(rng: &mut Rng, view: &View) -> Edit {
    match rng.below(10) {
        0..=3 => text_insert(rng, view),
        4 => text_delete(rng, view),
        5 => text_format(rng, view),
        6 => list_insert(rng, view),
        7 => list_delete(rng, view),
        8 => map_set(rng, view),
        _ if rng.percent(30) => {
            let ty = view.maps[rng.below(view.maps.len())].clone();
            Edit::MapDelete { ty, key: key(rng) }
        }
        _ => map_set(rng, view),
    }
}

/// One random edit, among them embeds, deltas and moves.
pub(crate) fn rich_edit(rng: &mut Rng, view: &View) -> Edit {
    match rng.below(10) {
        0 => text_embed(rng, view),
        1 | 2 => text_delta(rng, view),
        3 => list_move(rng, &view.lists).unwrap_or_else(|| random_edit(rng, view)),
        4 | 5 => xml_edit(rng, view).unwrap_or_else(|| random_edit(rng, view)),
        _ => random_edit(rng, view),
    }
}

fn xml_edit(rng: &mut Rng, view: &View) -> Option<Edit> {
    let (ty, len) = pick_list(rng, &view.fragments);
    let index = rng.below(len + 1) as u32;
    match rng.below(8) {
        0 => {
            let length = rng.below((len - index as usize).min(2) + 1) as u32;
            Some(Edit::ListDelete { ty, index, length })
        }
        1 => list_move(rng, &view.fragments),
        kind @ 2..=4 if !view.attributes.is_empty() => {
            let ty = view.attributes[rng.below(view.attributes.len())].clone();
            let (key, value) = (key(rng), Prelim::Value(json!(WORDS[rng.below(WORDS.len())])));
            Some(if kind == 2 {
                Edit::MapDelete { ty, key }
            } else {
                Edit::MapSet { ty, key, value }
            })
        }
        _ => {
            let values = (0..=rng.below(2)).map(|_| node(rng, 2)).collect();
            Some(Edit::ListInsert { ty, index, values })
        }
    }
}

fn node(rng: &mut Rng, depth: usize) -> Prelim {
    let word = WORDS[rng.below(WORDS.len())];
    if depth == 0 || rng.percent(40) {
        return Prelim::XmlText(word.to_owned());
    }
    let attributes = (0..rng.below(2)).map(|_| (key(rng), Prelim::Value(json!(word)))).collect();
    let children = (0..rng.below(3)).map(|_| node(rng, depth - 1)).collect();
    Prelim::XmlElement(["p", "h1", "é"][rng.below(3)].to_owned(), attributes, children)
}

fn embed(rng: &mut Rng) -> Value {
    json!({ "image": WORDS[rng.below(WORDS.len())], "size": rng.below(3) })
}

fn marks(rng: &mut Rng) -> Option<Attributes> {
    match rng.below(4) {
        0 => Some(BTreeMap::from([("b".to_owned(), json!(true))])),
        1 => Some(BTreeMap::from([("color".to_owned(), json!("red"))])),
        2 => Some(BTreeMap::new()),
        _ => None,
    }
}

fn text_embed(rng: &mut Rng, view: &View) -> Edit {
    let (ty, offsets) = pick_text(rng, view);
    let index = offsets[rng.below(offsets.len())];
    Edit::TextEmbed { ty, index, embed: embed(rng), attributes: marks(rng) }
}

/// Steps over whole characters, from the start.
fn text_delta(rng: &mut Rng, view: &View) -> Edit {
    let (ty, offsets) = pick_text(rng, view);
    let (mut delta, mut at) = (Vec::new(), 0);
    for _ in 0..1 + rng.below(4) {
        match rng.below(5) {
            0 => delta.push(TextOp::Embed { embed: embed(rng), attributes: marks(rng) }),
            1 => {
                let insert = WORDS[rng.below(WORDS.len())].to_owned();
                delta.push(TextOp::Insert { insert, attributes: marks(rng) });
            }
            kind => {
                let next = (at + rng.below(4)).min(offsets.len() - 1);
                let length = offsets[next] - offsets[at];
                at = next;
                delta.push(match kind {
                    2 => TextOp::Delete { delete: length },
                    _ => TextOp::Retain { retain: length, attributes: removable(rng) },
                });
            }
        }
    }
    Edit::TextDelta { ty, delta }
}

fn removable(rng: &mut Rng) -> Option<Attributes> {
    let value = [json!(true), Value::Null][rng.below(2)].clone();
    rng.percent(50).then(|| BTreeMap::from([("b".to_owned(), value)]))
}

fn list_move(rng: &mut Rng, lists: &BTreeMap<TypeId, usize>) -> Option<Edit> {
    let (ty, len) = pick_list(rng, lists);
    (len > 0).then(|| Edit::ListMove { ty, from: rng.below(len) as u32, to: rng.below(len) as u32 })
}

fn pick_text(rng: &mut Rng, view: &View) -> (TypeId, Vec<u32>) {
    let at = if rng.percent(60) { view.texts.len() - 1 } else { rng.below(view.texts.len()) };
    let (ty, text) = view.texts.iter().nth(at).unwrap();
    (ty.clone(), boundaries(text))
}

/// Offsets between whole characters.
fn boundaries(text: &str) -> Vec<u32> {
    let mut offsets = vec![0];
    let mut at = 0;
    for char in text.chars() {
        at += char.len_utf16() as u32;
        offsets.push(at);
    }
    offsets
}

fn text_insert(rng: &mut Rng, view: &View) -> Edit {
    let (ty, offsets) = pick_text(rng, view);
    let index = offsets[rng.below(offsets.len())];
    let attributes = match rng.below(8) {
        0 => Some(BTreeMap::from([("b".to_owned(), json!(true))])),
        1 => Some(BTreeMap::new()),
        _ => None,
    };
    Edit::TextInsert { ty, index, text: WORDS[rng.below(WORDS.len())].to_owned(), attributes }
}

fn stretch(rng: &mut Rng, offsets: &[u32]) -> (u32, u32) {
    let from = rng.below(offsets.len());
    let to = (from + rng.below(4)).min(offsets.len() - 1);
    (offsets[from], offsets[to] - offsets[from])
}

fn text_delete(rng: &mut Rng, view: &View) -> Edit {
    let (ty, offsets) = pick_text(rng, view);
    let (index, length) = stretch(rng, &offsets);
    Edit::TextDelete { ty, index, length }
}

fn text_format(rng: &mut Rng, view: &View) -> Edit {
    let (ty, offsets) = pick_text(rng, view);
    let (index, length) = stretch(rng, &offsets);
    let value = [json!(true), Value::Null, json!("red")][rng.below(3)].clone();
    let name = ["b", "color"][rng.below(2)];
    Edit::TextFormat { ty, index, length, attributes: BTreeMap::from([(name.to_owned(), value)]) }
}

fn pick_list(rng: &mut Rng, lists: &BTreeMap<TypeId, usize>) -> (TypeId, usize) {
    let (ty, len) = lists.iter().nth(rng.below(lists.len())).unwrap();
    (ty.clone(), *len)
}

fn list_insert(rng: &mut Rng, view: &View) -> Edit {
    let (ty, len) = pick_list(rng, &view.lists);
    let values = (0..=rng.below(3)).map(|_| prelim(rng, 1)).collect();
    Edit::ListInsert { ty, index: rng.below(len + 1) as u32, values }
}

fn list_delete(rng: &mut Rng, view: &View) -> Edit {
    let (ty, len) = pick_list(rng, &view.lists);
    let index = rng.below(len + 1);
    Edit::ListDelete { ty, index: index as u32, length: rng.below((len - index).min(3) + 1) as u32 }
}

fn map_set(rng: &mut Rng, view: &View) -> Edit {
    let ty = view.maps[rng.below(view.maps.len())].clone();
    Edit::MapSet { ty, key: key(rng), value: prelim(rng, 2) }
}

fn key(rng: &mut Rng) -> String {
    ["a", "b", "c", "__proto__", "é"][rng.below(5)].to_owned()
}

fn prelim(rng: &mut Rng, depth: usize) -> Prelim {
    match rng.below(if depth == 0 { 4 } else { 10 }) {
        0 => Prelim::Value(json!(rng.below(1000))),
        1 => Prelim::Value(json!(WORDS[rng.below(WORDS.len())])),
        2 => Prelim::Value(json!([null, true, 1.5])),
        3 => Prelim::Value(json!({"k": rng.below(9)})),
        4 | 5 => Prelim::Text(WORDS[rng.below(WORDS.len())].to_owned()),
        9 => Prelim::Subdoc(format!("doc {}", rng.below(5))),
        6 | 7 => Prelim::List((0..rng.below(3)).map(|_| prelim(rng, depth - 1)).collect()),
        _ => Prelim::Map((0..rng.below(3)).map(|_| (key(rng), prelim(rng, depth - 1))).collect()),
    }
}
