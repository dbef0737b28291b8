//! Everything an edit can get wrong, found before the document is touched.

use serde_json::Value;
use yrs::{Array, ArrayRef, Assoc, IndexScope, IndexedSequence, ReadTxn, Text, TextRef};

use super::copy::Copied;
use super::{Edit, Prelim};
use crate::doc::change::{Attributes, TextOp};
use crate::doc::convert::text_to_string;
use crate::doc::index::{Holder, Index};
use crate::doc::limits::Limits;
use crate::doc::places::Places;
use crate::doc::shared::Shared;
use crate::doc::type_id::TypeId;
use crate::error::Misuse;
use crate::ordered::OrderedMap;

/// What an edit is checked against.
#[derive(Debug)]
pub(crate) struct Check<'a, T> {
    pub(crate) txn: &'a T,
    pub(crate) index: &'a Index,
    pub(crate) places: &'a Places,
    /// The edited type.
    pub(crate) ty: &'a TypeId,
    pub(crate) limits: &'a Limits,
    /// Kind of the edited type.
    pub(crate) holder: Holder,
    /// Depth of the edited type.
    pub(crate) depth: usize,
    /// Units that this replica may still write.
    pub(crate) room: u32,
}

impl<T: ReadTxn> Check<'_, T> {
    /// Refuses what cannot be done to `shared`.
    pub(crate) fn edit(&self, edit: &Edit, shared: &Shared) -> Result<(), Misuse> {
        match (edit, shared) {
            (Edit::TextInsert { index, text, attributes, .. }, Shared::Text(target)) => {
                self.index_in(*index, shared)?;
                self.whole_character(target, *index)?;
                self.units(text.encode_utf16().count())?;
                attributes.as_ref().map_or(Ok(()), |attributes| self.attributes(attributes))
            }
            (Edit::TextDelete { index, length, .. }, Shared::Text(target)) => {
                self.stretch(target, shared, *index, *length)
            }
            (Edit::TextFormat { index, length, attributes, .. }, Shared::Text(target)) => {
                self.stretch(target, shared, *index, *length)?;
                self.attributes(attributes)
            }
            (Edit::TextEmbed { index, embed, attributes, .. }, Shared::Text(target)) => {
                self.index_in(*index, shared)?;
                self.whole_character(target, *index)?;
                self.units(1)?;
                self.embed(embed)?;
                attributes.as_ref().map_or(Ok(()), |attributes| self.attributes(attributes))
            }
            (Edit::TextDelta { delta, .. }, Shared::Text(target)) => {
                self.delta(target, shared, delta)
            }
            (Edit::ListMove { from, to, .. }, Shared::List(list)) => {
                self.range_in(*from, 1, shared)?;
                self.range_in(*to, 1, shared)?;
                self.movable(list, *from)
            }
            (Edit::ListInsert { index, values, .. }, Shared::List(_)) => {
                self.index_in(*index, shared)?;
                self.units(values.len())?;
                if matches!(self.holder, Holder::XmlElement | Holder::XmlFragment) {
                    only_nodes(values)?;
                }
                values.iter().try_for_each(|value| self.prelim(value, self.depth))
            }
            (Edit::ListDelete { index, length, .. }, Shared::List(_)) => {
                self.range_in(*index, *length, shared)
            }
            (Edit::MapSet { key, value, .. }, Shared::Map(_)) => {
                self.key(key)?;
                self.units(1)?;
                self.prelim(value, self.depth)
            }
            (Edit::MapDelete { .. }, Shared::Map(_)) => Ok(()),
            _ => Err(wrong_kind(edit, shared)),
        }
    }

    fn index_in(&self, index: u32, shared: &Shared) -> Result<(), Misuse> {
        let len = shared.len(self.txn);
        if index <= len {
            return Ok(());
        }
        Err(Misuse::argument(format!("expected an index between 0 and {len}, got {index}")))
    }

    fn range_in(&self, index: u32, length: u32, shared: &Shared) -> Result<(), Misuse> {
        let len = shared.len(self.txn);
        match index.checked_add(length) {
            Some(end) if end <= len => Ok(()),
            _ => Err(Misuse::argument(format!(
                "expected a range within the {} of length {len}, got {length} from index {index}",
                shared.kind()
            ))),
        }
    }

    fn stretch(
        &self,
        text: &TextRef,
        shared: &Shared,
        index: u32,
        length: u32,
    ) -> Result<(), Misuse> {
        self.range_in(index, length, shared)?;
        self.whole_character(text, index)?;
        self.whole_character(text, index + length)
    }

    /// An offset inside a surrogate pair would tear the character apart, here and at everybody's.
    fn whole_character(&self, text: &TextRef, index: u32) -> Result<(), Misuse> {
        if !self.index.has_surrogates()
            || index == 0
            || index >= text.len(self.txn)
            || !self.may_tear(text, index)
        {
            return Ok(());
        }
        let unit = text_to_string(self.txn, text).encode_utf16().nth(index as usize);
        if unit.is_some_and(|unit| (0xdc00..0xe000).contains(&unit)) {
            return Err(Misuse::argument(format!("index {index} lies inside a surrogate pair")));
        }
        Ok(())
    }

    /// Whether the unit there was written as half a pair. It may have been torn since, so this is only a hint.
    fn may_tear(&self, text: &TextRef, index: u32) -> bool {
        let walk = || match text.sticky_index(self.txn, index, Assoc::After)?.scope() {
            IndexScope::Relative(id) => Some(*id),
            _ => None,
        };
        let unit = self.places.unit(self.ty, index).or_else(walk);
        unit.is_some_and(|id| self.index.is_low_surrogate(id.client, id.clock))
    }

    fn units(&self, count: usize) -> Result<(), Misuse> {
        if u32::try_from(count).is_ok_and(|count| count < self.room) {
            return Ok(());
        }
        Err(Misuse::argument(format!("expected at most {} new units, got {count}", self.room)))
    }

    fn embed(&self, embed: &Value) -> Result<(), Misuse> {
        if embed.is_object() {
            return self.value(embed);
        }
        Err(Misuse::argument("expected an embedded object, got another value"))
    }

    /// A delta counts what was there before it.
    fn delta(&self, text: &TextRef, shared: &Shared, delta: &[TextOp]) -> Result<(), Misuse> {
        let (mut index, mut new) = (0, 0);
        for op in delta {
            let (length, attributes) = match op {
                TextOp::Insert { insert, attributes } => {
                    new += insert.encode_utf16().count();
                    (0, attributes.as_ref())
                }
                TextOp::Embed { embed, attributes } => {
                    self.embed(embed)?;
                    new += 1;
                    (0, attributes.as_ref())
                }
                TextOp::Delete { delete } => (*delete, None),
                TextOp::Retain { retain, attributes } => (*retain, attributes.as_ref()),
            };
            self.stretch(text, shared, index, length)?;
            attributes.map_or(Ok(()), |attributes| self.attributes(attributes))?;
            index += length;
        }
        self.units(new)
    }

    fn movable(&self, list: &ArrayRef, at: u32) -> Result<(), Misuse> {
        match list.get(self.txn, at).and_then(|item| Copied::of(self.txn, &item)) {
            Some(copy) => self.units(copy.units()),
            None => {
                Err(Misuse::argument(format!("the item at {at} is of a kind that cannot move")))
            }
        }
    }

    fn key(&self, key: &str) -> Result<(), Misuse> {
        let limit = self.limits.key_bytes;
        if key.len() <= limit {
            return Ok(());
        }
        Err(Misuse::argument(format!("expected a key of at most {limit} bytes, got {}", key.len())))
    }

    fn attributes(&self, attributes: &Attributes) -> Result<(), Misuse> {
        attributes.iter().try_for_each(|(key, value)| {
            self.key(key)?;
            self.value(value)
        })
    }

    fn prelim(&self, prelim: &Prelim, depth: usize) -> Result<(), Misuse> {
        let limit = self.limits.type_depth;
        if depth >= limit && !matches!(prelim, Prelim::Value(_) | Prelim::Subdoc(_)) {
            return Err(Misuse::argument(format!(
                "expected shared types at most {limit} deep, got more"
            )));
        }
        match prelim {
            Prelim::Value(value) => self.value(value),
            Prelim::Subdoc(guid) => self.key(guid),
            Prelim::Text(text) | Prelim::XmlText(text) => self.units(text.encode_utf16().count()),
            Prelim::List(items) => self.prelims(items, depth),
            Prelim::Map(entries) => self.entries(entries, depth),
            Prelim::XmlFragment(nodes) => self.nodes(nodes, depth),
            Prelim::XmlElement(tag, attributes, children) => {
                self.key(tag)?;
                self.entries(attributes, depth)?;
                self.nodes(children, depth)
            }
        }
    }

    fn prelims(&self, items: &[Prelim], depth: usize) -> Result<(), Misuse> {
        items.iter().try_for_each(|item| self.prelim(item, depth + 1))
    }

    fn entries(&self, entries: &OrderedMap<String, Prelim>, depth: usize) -> Result<(), Misuse> {
        entries.iter().try_for_each(|(key, value)| {
            self.key(key)?;
            self.prelim(value, depth + 1)
        })
    }

    fn nodes(&self, nodes: &[Prelim], depth: usize) -> Result<(), Misuse> {
        only_nodes(nodes)?;
        self.prelims(nodes, depth)
    }

    fn value(&self, value: &Value) -> Result<(), Misuse> {
        let limit = self.limits.value_depth;
        if fits(value, limit) {
            return Ok(());
        }
        Err(Misuse::argument(format!("expected a value at most {limit} deep, got a deeper one")))
    }
}

fn only_nodes(values: &[Prelim]) -> Result<(), Misuse> {
    if values.iter().all(|value| matches!(value, Prelim::XmlText(_) | Prelim::XmlElement(..))) {
        return Ok(());
    }
    Err(Misuse::argument("expected XML elements and texts, got another value"))
}

fn fits(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| fits(item, depth - 1)),
        Value::Object(entries) => depth > 0 && entries.values().all(|item| fits(item, depth - 1)),
        _ => true,
    }
}

fn wrong_kind(edit: &Edit, shared: &Shared) -> Misuse {
    let expected = match edit {
        Edit::TextInsert { .. }
        | Edit::TextDelete { .. }
        | Edit::TextFormat { .. }
        | Edit::TextEmbed { .. }
        | Edit::TextDelta { .. } => "text",
        Edit::ListInsert { .. } | Edit::ListDelete { .. } | Edit::ListMove { .. } => "list",
        Edit::MapSet { .. } | Edit::MapDelete { .. } => "map",
    };
    Misuse::argument(format!(
        "expected a {expected}, got {}, which is a {}",
        edit.ty(),
        shared.kind()
    ))
}
