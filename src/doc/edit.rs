//! Edits of the app, and the values they bring.

pub(crate) mod check;
mod copy;
mod delta;
pub(crate) mod perform;
pub(crate) mod tell;

pub(crate) use delta::utf16;
use serde_json::Value;
use yrs::{Map, ReadTxn};

use crate::doc::change::{Attributes, TextOp};
use crate::doc::convert::{any_to_json, element_json, json_object, json_to_any, subdoc_json};
use crate::doc::shared::Shared;
use crate::doc::type_id::TypeId;
use crate::error::Misuse;
use crate::ordered::OrderedMap;

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
    /// Inserts an embedded object.
    TextEmbed {
        /// The text type.
        ty: TypeId,
        /// Where.
        index: u32,
        /// What: a JSON object.
        embed: Value,
        /// Its formatting; `None` takes on that of its surroundings.
        attributes: Option<Attributes>,
    },
    /// Applies a delta. What it inserts has exactly the formatting that it says.
    TextDelta {
        /// The text type.
        ty: TypeId,
        /// The steps, from the start.
        delta: Vec<TextOp>,
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
    /// Moves an item: a copy of it takes its place, for Yjs 13 knows no moves.
    ListMove {
        /// The list.
        ty: TypeId,
        /// Where it is.
        from: u32,
        /// Where it will be.
        to: u32,
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
            | Self::TextEmbed { ty, .. }
            | Self::TextDelta { ty, .. }
            | Self::ListMove { ty, .. }
            | Self::ListInsert { ty, .. }
            | Self::ListDelete { ty, .. }
            | Self::MapSet { ty, .. }
            | Self::MapDelete { ty, .. } => ty,
        }
    }

    /// Whether it may delete something. A map's new entry takes nobody's place.
    pub(crate) fn may_delete(&self, txn: &impl ReadTxn, target: &Shared) -> bool {
        match (self, target) {
            (Self::TextInsert { attributes: None, .. } | Self::ListInsert { .. }, _) => false,
            (Self::MapSet { key, .. }, Shared::Map(map)) => map.contains_key(txn, key),
            _ => true,
        }
    }

    /// The text it types in, if it is what typing does.
    pub(crate) fn typing(&self) -> Option<&TypeId> {
        match self {
            Self::TextInsert { ty, .. } | Self::TextDelete { ty, .. } => Some(ty),
            _ => None,
        }
    }
}

/// A value before it is in the document: plain JSON or a new shared type.
#[derive(Clone, Debug, PartialEq)]
pub enum Prelim {
    /// `{"v": json}`: a plain value, replaced as a whole.
    Value(Value),
    /// `{"t": "…"}`: a text.
    Text(String),
    /// `{"l": […]}`: a list.
    List(Vec<Self>),
    /// `{"m": {…}}`: a map.
    Map(OrderedMap<String, Self>),
    /// `{"d": "…"}`: a subdocument of this name.
    Subdoc(String),
    /// `{"s": "…"}`: an XML text.
    XmlText(String),
    /// `{"f": […]}`: an XML fragment.
    XmlFragment(Vec<Self>),
    /// `{"x": ["name", {…}, […]]}`: an XML element with plain attributes and its children.
    XmlElement(String, OrderedMap<String, Self>, Vec<Self>),
}

impl Prelim {
    /// Reads one of the eight forms.
    pub fn from_json(value: Value) -> Result<Self, Misuse> {
        let odd =
            || Misuse::argument("expected a value as {v}, {t}, {l}, {m}, {d}, {s}, {f} or {x}");
        let Value::Object(form) = value else { return Err(odd()) };
        let mut form = form.into_iter();
        let (Some((kind, content)), None) = (form.next(), form.next()) else { return Err(odd()) };
        match (kind.as_str(), content) {
            ("v", value) => Ok(Self::Value(value)),
            ("t", Value::String(text)) => Ok(Self::Text(text)),
            ("l", Value::Array(items)) => Self::list_from_json(items).map(Self::List),
            ("m", Value::Object(entries)) => Self::map_from_json(entries).map(Self::Map),
            ("d", Value::String(guid)) => Ok(Self::Subdoc(guid)),
            ("s", Value::String(text)) => Ok(Self::XmlText(text)),
            ("f", Value::Array(items)) => Self::list_from_json(items).map(Self::XmlFragment),
            ("x", Value::Array(parts)) => {
                let parts: Result<[Value; 3], _> = parts.try_into();
                match parts {
                    Ok([Value::String(tag), Value::Object(attributes), Value::Array(children)]) => {
                        let attributes = Self::map_from_json(attributes)?;
                        Ok(Self::XmlElement(tag, attributes, Self::list_from_json(children)?))
                    }
                    _ => Err(odd()),
                }
            }
            _ => Err(odd()),
        }
    }

    fn map_from_json(
        entries: serde_json::Map<String, Value>,
    ) -> Result<OrderedMap<String, Self>, Misuse> {
        let mut map = OrderedMap::new();
        for (key, value) in entries {
            map.insert(key, Self::from_json(value)?);
        }
        Ok(map)
    }

    /// Reads several.
    pub fn list_from_json(values: Vec<Value>) -> Result<Vec<Self>, Misuse> {
        values.into_iter().map(Self::from_json).collect()
    }

    /// How it reads once it is in the document.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Value(value) => any_to_json(&json_to_any(value)),
            Self::Subdoc(guid) => subdoc_json(guid),
            Self::Text(text) | Self::XmlText(text) => Value::String(text.clone()),
            Self::List(items) | Self::XmlFragment(items) => items_to_json(items),
            Self::Map(entries) => entries_to_json(entries),
            Self::XmlElement(tag, attributes, children) => {
                element_json(tag.clone(), entries_to_json(attributes), items_to_json(children))
            }
        }
    }
}

fn items_to_json(items: &[Prelim]) -> Value {
    Value::Array(items.iter().map(Prelim::to_json).collect())
}

fn entries_to_json(entries: &OrderedMap<String, Prelim>) -> Value {
    Value::Object(json_object(entries.iter().map(|(key, value)| (key.clone(), value.to_json()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_forms_of_a_value_are_read() {
        let prelim: Prelim =
            Prelim::from_json(json!({"m": {"a": {"l": [{"v": [1]}, {"t": "x"}]}}})).unwrap();
        let list = Prelim::List(vec![Prelim::Value(json!([1])), Prelim::Text("x".into())]);
        assert_eq!(prelim, Prelim::Map(OrderedMap::from([("a".to_owned(), list)])));
        assert_eq!(prelim.to_json(), json!({"a": [[1], "x"]}));
        let xml = json!({"f": [{"s": "x"}, {"x": ["p", {"k": {"v": 1}}, [{"s": "y"}]]}]});
        let shown = json!(["x", {"tag": "p", "attributes": {"k": 1}, "children": ["y"]}]);
        assert_eq!(Prelim::from_json(xml).map(|xml| xml.to_json()), Ok(shown));
    }

    #[test]
    fn other_forms_are_refused() {
        for other in [
            json!(1),
            json!({"x": 1}),
            json!({"v": 1, "t": "x"}),
            json!({"t": 1}),
            json!({"x": ["p"]}),
        ] {
            assert!(Prelim::from_json(other).is_err());
        }
    }
}
