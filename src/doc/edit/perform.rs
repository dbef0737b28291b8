//! Doing a checked edit inside a transaction.

use std::iter;
use std::sync::Arc;

use serde_json::Value;
use yrs::block::{ItemContent, ItemPtr};
use yrs::branch::{Branch, BranchPtr};
use yrs::types::{Attrs, Delta, TypeRef};
use yrs::{Array, ArrayRef, Map, MapRef, Text, TextRef, TransactionMut};

use super::copy::move_item;
use super::delta::{apply_delta, insert_embed};
use super::{Edit, Prelim};
use crate::doc::change::Attributes;
use crate::doc::convert::json_to_any;
use crate::doc::shared::Shared;
use crate::doc::subdoc::hidden;
use crate::ordered::OrderedMap;

/// Does the edit. It was checked, so every offset is in range and the kinds fit.
pub(crate) fn perform(txn: &mut TransactionMut<'_>, edit: &Edit, shared: &Shared) {
    match (edit, shared) {
        (Edit::TextInsert { index, text, attributes, .. }, Shared::Text(target)) => {
            insert_text(txn, target, *index, text, attributes.as_ref());
        }
        (Edit::TextDelete { index, length, .. }, Shared::Text(target)) if *length > 0 => {
            target.remove_range(txn, *index, *length);
        }
        (Edit::TextFormat { index, length, attributes, .. }, Shared::Text(target))
            if *length > 0 =>
        {
            target.format(txn, *index, *length, attrs(attributes));
        }
        (Edit::TextEmbed { index, embed, attributes, .. }, Shared::Text(target)) => {
            insert_embed(txn, target, *index, embed, attributes.as_ref());
        }
        (Edit::TextDelta { delta, .. }, Shared::Text(target)) => apply_delta(txn, target, delta),
        (Edit::ListMove { from, to, .. }, Shared::List(target)) => {
            move_item(txn, target, *from, *to);
        }
        (Edit::ListInsert { index, values, .. }, Shared::List(target)) => {
            insert_items(txn, target, *index, values)
        }
        (Edit::ListDelete { index, length, .. }, Shared::List(target)) if *length > 0 => {
            target.remove_range(txn, *index, *length);
        }
        (Edit::MapSet { key, value, .. }, Shared::Map(target)) => {
            set_entry(txn, target, key, value)
        }
        (Edit::MapDelete { key, .. }, Shared::Map(target)) => {
            target.remove(txn, key);
        }
        _ => {}
    }
}

pub(super) fn insert_text(
    txn: &mut TransactionMut<'_>,
    target: &TextRef,
    index: u32,
    text: &str,
    attributes: Option<&Attributes>,
) {
    match attributes {
        _ if text.is_empty() => {}
        Some(attributes) => target.insert_with_attributes(txn, index, text, attrs(attributes)),
        None => target.insert(txn, index, text),
    }
}

pub(super) fn attrs(attributes: &Attributes) -> Attrs {
    attributes.iter().map(|(key, value)| (Arc::from(key.as_str()), json_to_any(value))).collect()
}

/// Plain values that stand together go in as one block, as Yjs does it.
fn insert_items(txn: &mut TransactionMut<'_>, list: &ArrayRef, mut index: u32, values: &[Prelim]) {
    for chunk in values.chunk_by(|a, b| is_plain(a) == is_plain(b)) {
        let plain: Vec<&Value> = chunk.iter().filter_map(as_plain).collect();
        if plain.is_empty() {
            insert_shared(txn, list, index, chunk);
        } else {
            list.insert_range(txn, index, plain.iter().map(|value| json_to_any(value)));
        }
        index += u32::try_from(chunk.len()).unwrap_or(0);
    }
}

fn is_plain(prelim: &Prelim) -> bool {
    as_plain(prelim).is_some()
}

fn as_plain(prelim: &Prelim) -> Option<&Value> {
    if let Prelim::Value(value) = prelim { Some(value) } else { None }
}

/// Inserts what is no plain value. A list looks for the place of each item from its beginning; a delta goes there once for
/// all, and to the engine lists and texts are the same sequence.
fn insert_shared(txn: &mut TransactionMut<'_>, list: &ArrayRef, index: u32, values: &[Prelim]) {
    let items = values.iter().map(|prelim| Delta::Inserted(Filled(prelim), None));
    let steps = iter::once(Delta::Retain(index, None)).chain(items);
    TextRef::from(BranchPtr::from(list.as_ref())).apply_delta(txn, steps);
}

fn set_entry(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str, prelim: &Prelim) {
    match (prelim, made_of(prelim)) {
        (Prelim::Value(value), _) => {
            map.insert(txn, key, json_to_any(value));
        }
        (_, Some(made)) => {
            if let Ok(made) = BranchPtr::try_from(map.insert(txn, key, made)) {
                fill(txn, made, prelim);
            }
        }
        (_, None) => {}
    }
}

fn made_of(prelim: &Prelim) -> Option<Made> {
    let kind = match prelim {
        Prelim::Value(_) => return None,
        Prelim::Subdoc(guid) => return Some(Made::subdoc(guid)),
        Prelim::Text(_) => TypeRef::Text,
        Prelim::List(_) => TypeRef::Array,
        Prelim::Map(_) => TypeRef::Map,
        Prelim::XmlText(_) => TypeRef::XmlText,
        Prelim::XmlFragment(_) => TypeRef::XmlFragment,
        Prelim::XmlElement(tag, ..) => TypeRef::XmlElement(Arc::from(tag.as_str())),
    };
    Some(Made::empty(kind))
}

fn fill(txn: &mut TransactionMut<'_>, made: BranchPtr, prelim: &Prelim) {
    match prelim {
        Prelim::Value(_) | Prelim::Subdoc(_) => {}
        Prelim::Text(text) | Prelim::XmlText(text) => {
            insert_text(txn, &TextRef::from(made), 0, text, None);
        }
        Prelim::List(items) | Prelim::XmlFragment(items) => {
            insert_items(txn, &ArrayRef::from(made), 0, items);
        }
        Prelim::Map(entries) => set_entries(txn, &MapRef::from(made), entries),
        Prelim::XmlElement(_, attributes, children) => {
            set_entries(txn, &MapRef::from(made), attributes);
            insert_items(txn, &ArrayRef::from(made), 0, children);
        }
    }
}

fn set_entries(txn: &mut TransactionMut<'_>, map: &MapRef, entries: &OrderedMap<String, Prelim>) {
    for (key, value) in entries.iter() {
        set_entry(txn, map, key, value);
    }
}

/// Content as the engine holds it, of any kind: what is generic over kinds is compiled once.
#[derive(Debug)]
pub(super) struct Made(ItemContent);

impl Made {
    /// A shared type with nothing in it.
    pub(super) fn empty(kind: TypeRef) -> Self {
        Self(ItemContent::Type(Branch::new(kind)))
    }

    pub(super) fn subdoc(guid: &str) -> Self {
        Self(ItemContent::Binary(hidden(guid)))
    }

    /// Bytes as they are.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self(ItemContent::Binary(bytes.to_vec()))
    }
}

impl yrs::block::Prelim for Made {
    type Return = ItemPtr;

    fn into_content(self, _txn: &mut TransactionMut<'_>) -> (ItemContent, Option<Self>) {
        (self.0, None)
    }

    fn integrate(self, _txn: &mut TransactionMut<'_>, _made: BranchPtr) {}
}

/// What is no plain value, with its content: that follows piece by piece, so that the order of edits is the order of keys.
struct Filled<'a>(&'a Prelim);

impl yrs::block::Prelim for Filled<'_> {
    type Return = ItemPtr;

    fn into_content(self, _txn: &mut TransactionMut<'_>) -> (ItemContent, Option<Self>) {
        match made_of(self.0) {
            Some(Made(content @ ItemContent::Type(_))) => (content, Some(self)),
            Some(Made(content)) => (content, None),
            None => (ItemContent::Any(Vec::new()), None),
        }
    }

    fn integrate(self, txn: &mut TransactionMut<'_>, made: BranchPtr) {
        fill(txn, made, self.0);
    }
}
