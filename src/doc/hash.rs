//! A hash of what a document shows: equal for replicas with equal content, whatever came in which order.
//!
//! Two replicas with equal state vectors can still differ, so they compare this. Hashed are the declared roots by
//! name: texts with each change of formatting, lists in order, maps as the sum of their entries, each piece with its kind and
//! its length. 64-bit FNV-1a, which is stable across versions and machines; not a defence against forgery.

use serde_json::Value;
use yrs::{Any, Array, Map, Out, ReadTxn, Text, TextRef};

use crate::doc::convert::{any_to_json, run_to_string, text_runs};
use crate::doc::index::Holder;
use crate::doc::shared::{Shared, attributes_of, element_parts, fragment_list};
use crate::protocol::Reader;
use crate::protocol::writer::write_string;

/// Hashes roots in the order given.
pub(crate) fn hash_roots<'a, T: ReadTxn>(
    txn: &T,
    roots: impl Iterator<Item = (&'a String, &'a Shared)>,
) -> u64 {
    let mut hasher = Hasher::new();
    for (name, root) in roots {
        hasher.piece(b'r', name.as_bytes());
        hasher.shared(txn, root);
    }
    hasher.0
}

/// Hashes the roots that an outline names as that names them, be they declared here or not. `None` if it makes no sense, as
/// with names that do not ascend: a root that is named a thousand times would be hashed as often. `holds` knows what a root is: read as
/// a list, a text never ends for the engine, so what is named as something else counts as empty. Whoever declares it so has none of its content.
pub(crate) fn hash_outline<T: ReadTxn>(
    txn: &T,
    outline: &[u8],
    holds: impl Fn(&str) -> Option<Holder>,
) -> Option<u64> {
    let mut reader = Reader::new(outline);
    let mut hasher = Hasher::new();
    let mut before = None;
    while !reader.is_empty() {
        let name = reader.string().ok()?;
        if before >= Some(name) {
            return None;
        }
        before = Some(name);
        hasher.piece(b'r', name.as_bytes());
        let (root, letter) = match reader.byte().ok()? {
            0 => (txn.get_text(name).map(Shared::Text), b't'),
            1 => (txn.get_array(name).map(Shared::List), b'l'),
            2 => (txn.get_map(name).map(Shared::Map), b'm'),
            _ => return None,
        };
        let is_other = matches!(
            (&root, holds(name)),
            (Some(Shared::Text(_)), Some(Holder::List))
                | (Some(Shared::List(_)), Some(Holder::Text))
        );
        match root.filter(|_| !is_other) {
            Some(root) => hasher.shared(txn, &root),
            None => hasher.count(letter, 0),
        }
    }
    Some(hasher.0)
}

/// Which roots are hashed by [`hash_roots`], for who does not know them: name and kind of each.
pub(crate) fn outline<'a>(roots: impl Iterator<Item = (&'a String, &'a Shared)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, root) in roots {
        write_string(&mut out, name);
        out.push(match root {
            Shared::Text(_) => 0,
            Shared::List(_) => 1,
            Shared::Map(_) => 2,
        });
    }
    out
}

struct Hasher(u64);

impl Hasher {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn piece(&mut self, kind: u8, bytes: &[u8]) {
        self.bytes(&[kind]);
        self.bytes(&(bytes.len() as u64).to_le_bytes());
        self.bytes(bytes);
    }

    fn count(&mut self, kind: u8, count: u64) {
        self.bytes(&[kind]);
        self.bytes(&count.to_le_bytes());
    }

    fn json(&mut self, kind: u8, value: &Value) {
        self.piece(kind, &serde_json::to_vec(value).unwrap_or_default());
    }

    fn shared<T: ReadTxn>(&mut self, txn: &T, shared: &Shared) {
        match shared {
            Shared::Text(text) => self.text(txn, text),
            Shared::List(list) => {
                self.count(b'l', list.len(txn).into());
                list.iter(txn).for_each(|item| self.out(txn, &item));
            }
            Shared::Map(map) => {
                let sum = sum(map.iter(txn), |entry, (key, value)| {
                    entry.piece(b'k', key.as_bytes());
                    entry.out(txn, &value);
                });
                self.count(b'm', sum);
            }
        }
    }

    /// The engine may part a text where nothing changes, so that its length comes last.
    fn text<T: ReadTxn>(&mut self, txn: &T, text: &TextRef) {
        let mut format = 0;
        for run in text_runs(txn, text) {
            let attributes = run.attributes.as_deref().into_iter().flatten();
            let marks = attributes.filter(|(_, value)| **value != Any::Null);
            let next = sum(marks, |mark, (name, value)| {
                mark.piece(b'a', name.as_bytes());
                mark.json(b'=', &any_to_json(value));
            });
            if std::mem::replace(&mut format, next) != next {
                self.piece(b'f', &next.to_le_bytes());
            }
            self.bytes(run_to_string(&run.insert).as_bytes());
        }
        self.count(b't', text.len(txn).into());
    }

    fn out<T: ReadTxn>(&mut self, txn: &T, out: &Out) {
        match out {
            Out::Any(any) => self.json(b'v', &any_to_json(any)),
            Out::YText(text) => self.shared(txn, &Shared::Text(text.clone())),
            Out::YArray(list) => self.shared(txn, &Shared::List(list.clone())),
            Out::YMap(map) => self.shared(txn, &Shared::Map(map.clone())),
            Out::YXmlElement(element) => {
                let (tag, attributes, children) = element_parts(element);
                self.piece(b'x', tag.as_bytes());
                self.shared(txn, &Shared::Map(attributes));
                self.shared(txn, &Shared::List(children));
            }
            Out::YXmlFragment(fragment) => {
                self.shared(txn, &Shared::List(fragment_list(fragment)));
            }
            Out::YXmlText(text) => {
                let text: &TextRef = text.as_ref();
                self.shared(txn, &Shared::Map(attributes_of(text)));
                self.shared(txn, &Shared::Text(text.clone()));
            }
            _ => self.piece(b'?', &[]),
        }
    }
}

/// Of things without an order: what `hash` makes of each, by itself.
fn sum<I: Iterator>(items: I, hash: impl Fn(&mut Hasher, I::Item)) -> u64 {
    items.fold(0, |sum: u64, item| {
        let mut hasher = Hasher::new();
        hash(&mut hasher, item);
        sum.wrapping_add(hasher.0)
    })
}
