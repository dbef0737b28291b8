//! A shared type in hand, of one of the three kinds.

use serde_json::Value;
use yrs::branch::Branch;
use yrs::{Array, ArrayRef, Map, MapRef, Nested, Out, ReadTxn, SharedRef, Text, TextRef};

use crate::doc::convert::{list_to_json, map_to_json, text_to_string};
use crate::doc::index::Holder;
use crate::doc::type_id::TypeId;

/// A text, a list or a map of the engine. Only good while no other transaction ran.
#[derive(Clone, Debug)]
pub(crate) enum Shared {
    Text(TextRef),
    List(ArrayRef),
    Map(MapRef),
}

impl Shared {
    /// The nested type made at this id, unless it is gone.
    pub(crate) fn nested<T: ReadTxn>(
        txn: &T,
        holder: Holder,
        client: u64,
        clock: u32,
    ) -> Option<Self> {
        let id = TypeId::nested_id(client, clock);
        match holder {
            Holder::Text => Nested::<TextRef>::new(id).get(txn).map(Self::Text),
            Holder::List => Nested::<ArrayRef>::new(id).get(txn).map(Self::List),
            Holder::Map => Nested::<MapRef>::new(id).get(txn).map(Self::Map),
            Holder::Xml | Holder::Undeclared => None,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    /// UTF-16 units of a text, items of a list, entries of a map.
    pub(crate) fn len<T: ReadTxn>(&self, txn: &T) -> u32 {
        match self {
            Self::Text(text) => text.len(txn),
            Self::List(list) => list.len(txn),
            Self::Map(map) => map.len(txn),
        }
    }

    pub(crate) fn to_json<T: ReadTxn>(&self, txn: &T) -> Value {
        match self {
            Self::Text(text) => Value::String(text_to_string(txn, text)),
            Self::List(list) => list_to_json(txn, list),
            Self::Map(map) => map_to_json(txn, map),
        }
    }

    pub(crate) fn branch(&self) -> &Branch {
        match self {
            Self::Text(text) => text.as_ref(),
            Self::List(list) => list.as_ref(),
            Self::Map(map) => map.as_ref(),
        }
    }

    /// The type id of a value, if it is a shared type that can be read.
    pub(crate) fn id_of(out: &Out) -> Option<TypeId> {
        match out {
            Out::YText(text) => Some(TypeId::from_branch(text.hook().id())),
            Out::YArray(list) => Some(TypeId::from_branch(list.hook().id())),
            Out::YMap(map) => Some(TypeId::from_branch(map.hook().id())),
            _ => None,
        }
    }
}
