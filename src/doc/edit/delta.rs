//! Deltas of texts: read from JSON, and written into a text.

use serde_json::Value;
use yrs::{Text, TextRef, TransactionMut};

use super::perform::{attrs, insert_text};
use crate::doc::change::{Attributes, TextOp};
use crate::doc::convert::json_to_any;
use crate::error::Misuse;

/// Writes a checked delta.
pub(crate) fn apply_delta(txn: &mut TransactionMut<'_>, target: &TextRef, delta: &[TextOp]) {
    let mut index = 0;
    for op in delta {
        match op {
            TextOp::Insert { insert, attributes } => {
                insert_text(txn, target, index, insert, Some(&marks(attributes)));
                index += utf16(insert);
            }
            TextOp::Embed { embed, attributes } => {
                insert_embed(txn, target, index, embed, Some(&marks(attributes)));
                index += 1;
            }
            TextOp::Delete { delete } if *delete > 0 => target.remove_range(txn, index, *delete),
            TextOp::Retain { retain, attributes: Some(attributes) } if *retain > 0 => {
                target.format(txn, index, *retain, attrs(attributes));
                index += retain;
            }
            TextOp::Retain { retain, .. } => index += retain,
            TextOp::Delete { .. } => {}
        }
    }
}

/// Inserts an object; `None` takes on the formatting of its surroundings.
pub(crate) fn insert_embed(
    txn: &mut TransactionMut<'_>,
    target: &TextRef,
    index: u32,
    embed: &Value,
    attributes: Option<&Attributes>,
) {
    let embed = json_to_any(embed);
    match attributes {
        Some(attributes) => {
            target.insert_embed_with_attributes(txn, index, embed, attrs(attributes));
        }
        None => {
            target.insert_embed(txn, index, embed);
        }
    }
}

fn marks(attributes: &Option<Attributes>) -> Attributes {
    attributes.clone().unwrap_or_default()
}

pub(crate) fn utf16(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

impl TextOp {
    /// Reads `[{insert, attributes?} | {retain, attributes?} | {delete}]`.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`](crate::error::ErrorCode::InvalidArgument) for anything else.
    pub fn list_from_json(value: Value) -> Result<Vec<Self>, Misuse> {
        match value {
            Value::Array(ops) => ops.into_iter().map(Self::from_json).collect(),
            _ => Err(Misuse::argument("expected a delta as an array")),
        }
    }

    fn from_json(value: Value) -> Result<Self, Misuse> {
        let odd =
            || Misuse::argument("expected steps of a delta as {insert}, {retain} or {delete}");
        let Value::Object(fields) = value else { return Err(odd()) };
        let (mut what, mut attributes) = (None, None);
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("attributes", Value::Null) => {}
                ("attributes", value) => attributes = Some(Self::attributes_from_json(value)?),
                ("insert" | "retain" | "delete", value) if what.is_none() => {
                    what = Some((name, value));
                }
                _ => return Err(odd()),
            }
        }
        let (name, value) = what.ok_or_else(odd)?;
        match (name.as_str(), value) {
            ("insert", Value::String(insert)) => Ok(Self::Insert { insert, attributes }),
            ("insert", embed @ Value::Object(_)) => Ok(Self::Embed { embed, attributes }),
            ("retain", count) => {
                Ok(Self::Retain { retain: units(&count).ok_or_else(odd)?, attributes })
            }
            ("delete", count) if attributes.is_none() => {
                Ok(Self::Delete { delete: units(&count).ok_or_else(odd)? })
            }
            _ => Err(odd()),
        }
    }

    /// Reads formatting.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`](crate::error::ErrorCode::InvalidArgument) if it is no object.
    pub fn attributes_from_json(value: Value) -> Result<Attributes, Misuse> {
        let Value::Object(entries) = value else {
            return Err(Misuse::argument("attributes must be an object"));
        };
        let mut attributes = Attributes::new();
        for (key, value) in entries {
            attributes.insert(key, value);
        }
        Ok(attributes)
    }
}

fn units(count: &Value) -> Option<u32> {
    count.as_u64().and_then(|count| u32::try_from(count).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_of_a_delta_are_read() {
        let delta = json!([
            {"retain": 2},
            {"insert": "a", "attributes": {"b": true}},
            {"insert": {"image": "x"}, "attributes": null},
            {"delete": 3},
            {"retain": 1, "attributes": {"b": null}},
        ]);
        let bold = |value| Some(Attributes::from([("b".to_owned(), value)]));
        let expected = [
            TextOp::Retain { retain: 2, attributes: None },
            TextOp::Insert { insert: "a".into(), attributes: bold(json!(true)) },
            TextOp::Embed { embed: json!({"image": "x"}), attributes: None },
            TextOp::Delete { delete: 3 },
            TextOp::Retain { retain: 1, attributes: bold(Value::Null) },
        ];
        assert_eq!(TextOp::list_from_json(delta).unwrap(), expected);
    }

    #[test]
    fn other_steps_are_refused() {
        let odd = [
            json!({}),
            json!([1]),
            json!([{}]),
            json!([{"insert": 1}]),
            json!([{"insert": "a", "delete": 1}]),
            json!([{"retain": -1}]),
            json!([{"retain": 1.5}]),
            json!([{"delete": 1, "attributes": {}}]),
            json!([{"insert": "a", "attributes": []}]),
            json!([{"insert": "a", "more": 1}]),
        ];
        for delta in odd {
            assert!(TextOp::list_from_json(delta.clone()).is_err(), "{delta}");
        }
    }
}
