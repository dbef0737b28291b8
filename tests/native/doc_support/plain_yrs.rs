//! The same replica straight on yrs, without pre-flight and gate: to show what they are for.

use rejoin::doc::{Edit, Prelim, TypeId};
use serde_json::Value;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options,
    Out, ReadTxn, Text, TextPrelim, TextRef, Transact, Update,
};

use super::random::View;
use super::replica::Replica;

/// yrs as it is. Edits in roots only: enough to go wrong.
pub(crate) struct Ungated {
    doc: Doc,
    text: TextRef,
    list: ArrayRef,
    root: MapRef,
}

fn any(value: &Value) -> Any {
    Any::from_json(&value.to_string()).unwrap()
}

impl Replica for Ungated {
    fn new(client: u64) -> Self {
        let doc = Doc::with_options(Options {
            offset_kind: OffsetKind::Utf16,
            ..Options::with_client_id(yrs::ClientID::new(client))
        });
        let text = doc.get_or_insert_text("text");
        let list = doc.get_or_insert_array("list");
        let root = doc.get_or_insert_map("root");
        Self { doc, text, list, root }
    }

    fn edit(&mut self, edit: Edit) -> Option<Vec<u8>> {
        let mut txn = self.doc.try_transact_mut().unwrap();
        match edit {
            Edit::TextInsert { index, text, .. } => self.text.insert(&mut txn, index, &text),
            Edit::TextDelete { index, length, .. } => {
                self.text.remove_range(&mut txn, index, length)
            }
            Edit::TextFormat { index, length, attributes, .. } => {
                let attributes =
                    attributes.iter().map(|(key, value)| (key.as_str().into(), any(value)));
                self.text.format(&mut txn, index, length, attributes.collect());
            }
            Edit::ListInsert { index, values, .. } => {
                for value in values {
                    match value {
                        Prelim::Value(value) => {
                            drop(self.list.insert(&mut txn, index, any(&value)))
                        }
                        _ => drop(self.list.insert(&mut txn, index, ArrayPrelim::from([1, 2]))),
                    }
                }
            }
            Edit::ListDelete { index, length, .. } => {
                self.list.remove_range(&mut txn, index, length)
            }
            Edit::MapSet { key, value, .. } => match value {
                Prelim::Value(value) => drop(self.root.insert(&mut txn, key, any(&value))),
                Prelim::Map(_) => {
                    drop(self.root.insert(&mut txn, key, MapPrelim::from([("k", 1)])))
                }
                _ => drop(self.root.insert(&mut txn, key, TextPrelim::new("x"))),
            },
            Edit::MapDelete { key, .. } => drop(self.root.remove(&mut txn, &key)),
            Edit::TextEmbed { .. } | Edit::TextDelta { .. } | Edit::ListMove { .. } => {
                panic!("random_edit makes none of these")
            }
        }
        let update = txn.encode_update_v1();
        (update != Update::EMPTY_V1).then_some(update)
    }

    fn apply(&mut self, update: &[u8]) -> Result<(), String> {
        let update = Update::decode_v1(update).map_err(|error| error.to_string())?;
        self.doc.try_transact_mut().unwrap().apply_update(update).map_err(|error| error.to_string())
    }

    fn vector(&self) -> Vec<u8> {
        self.doc.try_transact().unwrap().state_vector().encode_v1()
    }

    fn diff(&self, vector: &[u8]) -> Vec<u8> {
        let vector = yrs::StateVector::decode_v1(vector).unwrap();
        self.doc.try_transact().unwrap().encode_state_as_update_v1(&vector)
    }

    fn state(&self) -> Vec<u8> {
        self.diff(&[0])
    }

    fn view(&self) -> View {
        let txn = self.doc.try_transact().unwrap();
        View {
            texts: [(TypeId::root("text"), self.text.get_string(&txn))].into(),
            lists: [(TypeId::root("list"), self.list.len(&txn) as usize)].into(),
            maps: vec![TypeId::root("root")],
            ..View::default()
        }
    }

    fn summary(&self) -> String {
        let txn = self.doc.try_transact().unwrap();
        let mut entries: Vec<(String, String)> = self
            .root
            .iter(&txn)
            .map(|(key, value): (&str, Out)| (key.to_owned(), words(&txn, value)))
            .collect();
        entries.sort();
        let items: Vec<String> = self.list.iter(&txn).map(|item| words(&txn, item)).collect();
        let mut vector: Vec<_> =
            txn.state_vector().iter().map(|(id, clock)| (id.get(), *clock)).collect();
        vector.sort_unstable();
        format!("{} | {items:?} | {entries:?} | {vector:?}", self.text.get_string(&txn))
    }
}

fn words(txn: &impl ReadTxn, out: Out) -> String {
    match out {
        Out::Any(Any::Map(entries)) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            entries.sort();
            entries.join(",")
        }
        other => other.to_string(txn),
    }
}
