//! A shared type in hand, of one of the three kinds.

use serde_json::Value;
use yrs::branch::{Branch, BranchPtr};
use yrs::{
    Array, ArrayRef, Map, MapRef, Nested, Out, ReadTxn, Text, TextRef, XmlElementRef,
    XmlFragmentRef,
};

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
    /// The nested type made at this id, unless it is gone. Of XML the children are a list.
    pub(crate) fn nested<T: ReadTxn>(
        txn: &T,
        holder: Holder,
        client: u64,
        clock: u32,
    ) -> Option<Self> {
        let id = TypeId::nested_id(client, clock);
        match holder {
            Holder::Text | Holder::XmlText => Nested::<TextRef>::new(id).get(txn).map(Self::Text),
            Holder::List | Holder::XmlElement | Holder::XmlFragment => {
                Nested::<ArrayRef>::new(id).get(txn).map(Self::List)
            }
            Holder::Map => Nested::<MapRef>::new(id).get(txn).map(Self::Map),
            Holder::Undeclared => None,
        }
    }

    /// The attributes of the XML made at this id, unless it is gone.
    pub(crate) fn attributes<T: ReadTxn>(
        txn: &T,
        holder: Holder,
        client: u64,
        clock: u32,
    ) -> Option<Self> {
        match holder {
            Holder::XmlElement | Holder::XmlText => Self::nested(txn, Holder::Map, client, clock),
            _ => None,
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
        branch_of(out).map(|branch| TypeId::from_branch(&branch.id()))
    }
}

/// The branch of a value, if it is a shared type that can be read.
fn branch_of(out: &Out) -> Option<&Branch> {
    match out {
        Out::YText(text) => Some(text.as_ref()),
        Out::YArray(list) => Some(list.as_ref()),
        Out::YMap(map) => Some(map.as_ref()),
        Out::YXmlElement(element) => Some(element.as_ref()),
        Out::YXmlFragment(fragment) => Some(fragment.as_ref()),
        Out::YXmlText(text) => Some(text.as_ref()),
        _ => None,
    }
}

/// The parts of an XML element: its name, its attributes, its children.
pub(crate) fn element_parts(element: &XmlElementRef) -> (String, MapRef, ArrayRef) {
    let branch: &Branch = element.as_ref();
    let tag = element.try_tag().map_or_else(String::new, |tag| tag.to_string());
    (tag, MapRef::from(BranchPtr::from(branch)), ArrayRef::from(BranchPtr::from(branch)))
}

/// The children of an XML fragment.
pub(crate) fn fragment_list(fragment: &XmlFragmentRef) -> ArrayRef {
    let branch: &Branch = fragment.as_ref();
    ArrayRef::from(BranchPtr::from(branch))
}

/// The attributes of an XML text.
pub(crate) fn attributes_of(text: &TextRef) -> MapRef {
    let branch: &Branch = text.as_ref();
    MapRef::from(BranchPtr::from(branch))
}
