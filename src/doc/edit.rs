//! Edits of the app, and the values they bring.

pub(crate) mod check;
pub(crate) mod perform;
pub(crate) mod tell;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::doc::change::Attributes;
use crate::doc::convert::{any_to_json, json_to_any};
use crate::doc::type_id::TypeId;

/// One edit, one transaction. Offsets and lengths are UTF-16 units, items or entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Inserts text.
    TextInsert {
        /// The text type.
        ty: TypeId,
        /// Where.
        index: u32,
        /// What.
        text: String,
        /// Its formatting; `None` takes on that of its surroundings.
        attributes: Option<Attributes>,
    },
    /// Deletes text.
    TextDelete {
        /// The text type.
        ty: TypeId,
        /// From where.
        index: u32,
        /// How much.
        length: u32,
    },
    /// Formats text; a `null` takes a mark away.
    TextFormat {
        /// The text type.
        ty: TypeId,
        /// From where.
        index: u32,
        /// How much.
        length: u32,
        /// The marks.
        attributes: Attributes,
    },
    /// Inserts items.
    ListInsert {
        /// The list.
        ty: TypeId,
        /// Where.
        index: u32,
        /// What.
        values: Vec<Prelim>,
    },
    /// Deletes items.
    ListDelete {
        /// The list.
        ty: TypeId,
        /// From where.
        index: u32,
        /// How many.
        length: u32,
    },
    /// Sets an entry.
    MapSet {
        /// The map.
        ty: TypeId,
        /// Its key.
        key: String,
        /// Its value.
        value: Prelim,
    },
    /// Deletes an entry. Nothing happens where there is none.
    MapDelete {
        /// The map.
        ty: TypeId,
        /// Its key.
        key: String,
    },
}

impl Edit {
    /// The type that is edited.
    pub fn ty(&self) -> &TypeId {
        match self {
            Self::TextInsert { ty, .. }
            | Self::TextDelete { ty, .. }
            | Self::TextFormat { ty, .. }
            | Self::ListInsert { ty, .. }
            | Self::ListDelete { ty, .. }
            | Self::MapSet { ty, .. }
            | Self::MapDelete { ty, .. } => ty,
        }
    }
}

/// A value before it is in the document: plain JSON or a new shared type.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub enum Prelim {
    /// `{"v": json}`: a plain value, replaced as a whole.
    #[serde(rename = "v")]
    Value(Value),
    /// `{"t": "…"}`: a text.
    #[serde(rename = "t")]
    Text(String),
    /// `{"l": […]}`: a list.
    #[serde(rename = "l")]
    List(Vec<Self>),
    /// `{"m": {…}}`: a map.
    #[serde(rename = "m")]
    Map(BTreeMap<String, Self>),
}

impl Prelim {
    /// How it reads once it is in the document.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Value(value) => any_to_json(&json_to_any(value)),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(entries) => Value::Object(
                entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_four_forms_of_a_value_are_read() {
        let prelim: Prelim =
            serde_json::from_value(json!({"m": {"a": {"l": [{"v": [1]}, {"t": "x"}]}}})).unwrap();
        let list = Prelim::List(vec![Prelim::Value(json!([1])), Prelim::Text("x".into())]);
        assert_eq!(prelim, Prelim::Map(BTreeMap::from([("a".to_owned(), list)])));
        assert_eq!(prelim.to_json(), json!({"a": [[1], "x"]}));
    }

    #[test]
    fn other_forms_are_refused() {
        for other in [json!(1), json!({"x": 1}), json!({"v": 1, "t": "x"}), json!({"t": 1})] {
            assert!(serde_json::from_value::<Prelim>(other).is_err());
        }
    }
}
