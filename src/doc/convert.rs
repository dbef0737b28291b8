//! Plain JSON to and from the engine's values.
//!
//! Numbers are what JavaScript makes of them: a whole number has no fraction, no number is not a number.

use std::sync::Arc;

use crate::doc::shared::{element_parts, fragment_list};
use crate::doc::subdoc::guid_of;
use serde_json::{Map as JsonMap, Number as JsonNumber, Value};
use yrs::types::text::Diff;
use yrs::{Any, Array, ArrayRef, GetString, Map, MapRef, Number, Out, ReadTxn, Text, TextRef};

/// What an embedded object looks like in a string (Unicode: object replacement character).
pub(crate) const EMBED: char = '\u{FFFC}';

/// Largest whole number that JavaScript tells apart from its neighbours.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A plain value for the engine.
pub(crate) fn json_to_any(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Bool(bool) => Any::Bool(*bool),
        Value::Number(number) => Any::Number(number_to_any(number)),
        Value::String(text) => Any::String(Arc::from(text.as_str())),
        Value::Array(items) => Any::Array(items.iter().map(json_to_any).collect()),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), json_to_any(value)));
            Any::Map(Arc::new(entries.collect()))
        }
    }
}

fn number_to_any(number: &JsonNumber) -> Number {
    match (number.as_i64(), number.as_f64()) {
        (Some(int), _) if int.unsigned_abs() <= 1 << 53 => Number::Int(int),
        (_, Some(float)) if float.fract() == 0.0 && float.abs() <= MAX_SAFE => {
            Number::Int(float as i64)
        }
        (_, float) => Number::Float(float.unwrap_or(0.0)),
    }
}

/// The JSON of a plain value. What JSON lacks becomes `null`, bytes become a list of numbers.
#[expect(clippy::disallowed_methods, reason = "the entries go into a sorted map")]
pub(crate) fn any_to_json(any: &Any) -> Value {
    match any {
        Any::Null | Any::Undefined => Value::Null,
        Any::Bool(bool) => Value::Bool(*bool),
        Any::Number(Number::Int(int)) => Value::from(*int),
        Any::Number(Number::Float(float)) => float_to_json(*float),
        Any::String(text) => Value::from(&**text),
        Any::Buffer(bytes) => match guid_of(bytes) {
            Some(guid) => subdoc_json(guid),
            None => Value::from(bytes.to_vec()),
        },
        Any::Array(items) => Value::Array(items.iter().map(any_to_json).collect()),
        Any::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), any_to_json(value)));
            Value::Object(json_object(entries))
        }
    }
}

/// What a subdocument looks like.
pub(crate) fn subdoc_json(guid: &str) -> Value {
    Value::Object(json_object([("guid".to_owned(), Value::from(guid))].into_iter()))
}

/// An object of these entries. Collecting would bring in a sort for each kind of iterator.
pub(crate) fn json_object(
    entries: impl Iterator<Item = (String, Value)>,
) -> JsonMap<String, Value> {
    let mut object = JsonMap::new();
    for (key, value) in entries {
        object.insert(key, value);
    }
    object
}

fn float_to_json(float: f64) -> Value {
    if float.fract() == 0.0 && float.abs() <= MAX_SAFE {
        return Value::from(float as i64);
    }
    JsonNumber::from_f64(float).map_or(Value::Null, Value::Number)
}

/// The JSON of a value that may be a shared type.
pub(crate) fn out_to_json<T: ReadTxn>(txn: &T, out: &Out) -> Value {
    match out {
        Out::Any(any) => any_to_json(any),
        Out::YText(text) => Value::String(text_to_string(txn, text)),
        Out::YArray(list) => list_to_json(txn, list),
        Out::YMap(map) => map_to_json(txn, map),
        Out::YXmlElement(element) => {
            let (tag, attributes, children) = element_parts(element);
            let (attributes, children) =
                (map_to_json(txn, &attributes), list_to_json(txn, &children));
            element_json(tag, attributes, children)
        }
        Out::YXmlFragment(fragment) => list_to_json(txn, &fragment_list(fragment)),
        Out::YXmlText(text) => Value::String(text_to_string(txn, text.as_ref())),
        _ => Value::Null,
    }
}

/// What an XML element looks like.
pub(crate) fn element_json(tag: String, attributes: Value, children: Value) -> Value {
    let parts = [("attributes", attributes), ("children", children), ("tag", Value::String(tag))];
    Value::Object(json_object(parts.into_iter().map(|(name, part)| (name.to_owned(), part))))
}

/// The JSON of a list.
pub(crate) fn list_to_json<T: ReadTxn>(txn: &T, list: &ArrayRef) -> Value {
    Value::Array(list.iter(txn).map(|item| out_to_json(txn, &item)).collect())
}

/// The JSON of a map.
pub(crate) fn map_to_json<T: ReadTxn>(txn: &T, map: &MapRef) -> Value {
    let entries = map.iter(txn).map(|(key, value)| (key.to_owned(), out_to_json(txn, &value)));
    Value::Object(json_object(entries))
}

/// A text's characters, embedded objects as [`EMBED`].
pub(crate) fn text_to_string<T: ReadTxn>(txn: &T, text: &TextRef) -> String {
    let string = text.get_string(txn);
    let units = if string.is_ascii() { string.len() } else { string.encode_utf16().count() };
    if units == text.len(txn) as usize {
        return string;
    }
    text.diff(txn, |_| ()).iter().map(|run| run_to_string(&run.insert)).collect()
}

/// A text's runs of equal formatting.
pub(crate) fn text_runs<T: ReadTxn>(txn: &T, text: &TextRef) -> Vec<Diff<()>> {
    text.diff(txn, |_| ())
}

/// The characters that an inserted piece of text has.
pub(crate) fn run_to_string(run: &Out) -> String {
    match run {
        Out::Any(Any::String(text)) => text.to_string(),
        _ => EMBED.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_comes_back_as_javascript_would_write_it() {
        let value = json!({"a": [1, 2.5, true, null, "x"], "b": {"__proto__": 1.0, "n": -0.0, "big": 1e300}});
        let expected =
            json!({"a": [1, 2.5, true, null, "x"], "b": {"__proto__": 1, "n": 0, "big": 1e300}});
        assert_eq!(any_to_json(&json_to_any(&value)), expected);
    }

    #[test]
    fn what_json_lacks_is_null() {
        assert_eq!(any_to_json(&Any::Undefined), Value::Null);
        assert_eq!(any_to_json(&Any::Number(Number::Float(f64::NAN))), Value::Null);
        assert_eq!(any_to_json(&Any::Number(Number::Float(f64::INFINITY))), Value::Null);
        assert_eq!(any_to_json(&Any::Buffer(Arc::from([1, 2].as_slice()))), json!([1, 2]));
    }

    #[test]
    fn whole_numbers_are_one_number_however_they_were_written() {
        assert_eq!(json_to_any(&json!(7.0)), json_to_any(&json!(7)));
        assert_eq!(any_to_json(&Any::Number(Number::Float(7.0))), json!(7));
        assert_eq!(any_to_json(&json_to_any(&json!(u64::MAX))), json!(u64::MAX as f64));
    }
}
