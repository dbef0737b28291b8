//! A hash of what a document shows: equal for replicas with equal content, whatever came in which order.
//!
//! Two replicas with equal state vectors can still differ, so they compare this. Hashed are the declared roots by
//! name: texts as runs of equal formatting, lists in order, maps by key, each piece with its kind and its length.
//! 64-bit FNV-1a, which is stable across versions and machines; not a defence against forgery.

use serde_json::Value;
use yrs::types::Attrs;
use yrs::{Array, Map, Out, ReadTxn, TextRef};

use crate::doc::change::Attributes;
use crate::doc::convert::{any_to_json, run_to_string, text_runs};
use crate::doc::record::attributes_to_json;
use crate::doc::shared::{Shared, attributes_of, element_parts, fragment_list};

/// Hashes roots in the order given.
pub(crate) fn hash_roots<'a, T: ReadTxn>(
    txn: &T,
    roots: impl Iterator<Item = (&'a String, &'a Shared)>,
) -> u64 {
    let mut hasher = Hasher(0xcbf2_9ce4_8422_2325);
    for (name, root) in roots {
        hasher.piece(b'r', name.as_bytes());
        hasher.shared(txn, root);
    }
    hasher.0
}

struct Hasher(u64);

impl Hasher {
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

    fn count(&mut self, kind: u8, count: usize) {
        self.bytes(&[kind]);
        self.bytes(&(count as u64).to_le_bytes());
    }

    fn json(&mut self, kind: u8, value: &Value) {
        self.piece(kind, &serde_json::to_vec(value).unwrap_or_default());
    }

    fn shared<T: ReadTxn>(&mut self, txn: &T, shared: &Shared) {
        match shared {
            Shared::Text(text) => self.text(runs(txn, text)),
            Shared::List(list) => {
                self.count(b'l', list.len(txn) as usize);
                list.iter(txn).for_each(|item| self.out(txn, &item));
            }
            Shared::Map(map) => {
                let mut entries: Vec<_> = map.iter(txn).collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                self.count(b'm', entries.len());
                for (key, value) in entries {
                    self.piece(b'k', key.as_bytes());
                    self.out(txn, &value);
                }
            }
        }
    }

    fn text(&mut self, runs: Vec<(String, Attributes)>) {
        self.count(b't', runs.len());
        for (text, attributes) in runs {
            self.piece(b's', text.as_bytes());
            for (name, value) in attributes {
                self.piece(b'a', name.as_bytes());
                self.json(b'=', &value);
            }
        }
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

/// A text's runs, neighbours of equal formatting as one: the engine may have marks between them that change nothing.
fn runs<T: ReadTxn>(txn: &T, text: &TextRef) -> Vec<(String, Attributes)> {
    let mut runs: Vec<(String, Attributes)> = Vec::new();
    for run in text_runs(txn, text) {
        let mut attributes: Attributes =
            run.attributes.as_deref().map(|a: &Attrs| attributes_to_json(a)).unwrap_or_default();
        attributes.retain(|_, value| !value.is_null());
        let piece = run_to_string(&run.insert);
        match runs.last_mut() {
            Some((text, last)) if *last == attributes => text.push_str(&piece),
            _ => runs.push((piece, attributes)),
        }
    }
    runs
}
