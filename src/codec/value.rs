//! Plain values: lib0's `any`, and JSON, which V2 writes as `any` too.

use serde_json::{Map, Number, Value};

use crate::lib0::{Reader, write_buffer, write_number, write_signed};
use crate::update_error::UpdateError;

/// Depth of a value.
const MAX_DEPTH: usize = 64;

/// Walks over one value.
pub(super) fn skip_any(reader: &mut Reader<'_>, depth: usize) -> Result<(), UpdateError> {
    check_depth(depth)?;
    match reader.byte()? {
        UNDEFINED | NULL | TRUE | FALSE => Ok(()),
        INTEGER => reader.signed().map(drop),
        FLOAT => reader.take(4).map(drop),
        DOUBLE | BIG_INTEGER => reader.take(8).map(drop),
        STRING => reader.text().map(drop),
        BYTES => reader.buffer().map(drop),
        OBJECT => {
            for _ in 0..reader.count(2, "more entries than bytes")? {
                reader.text()?;
                skip_any(reader, depth + 1)?;
            }
            Ok(())
        }
        LIST => {
            for _ in 0..reader.count(1, "more values than bytes")? {
                skip_any(reader, depth + 1)?;
            }
            Ok(())
        }
        _ => Err(reader.malformed("a value of an unknown kind")),
    }
}

/// Reads one value that JSON can say; what it cannot becomes `null`, as `JSON.stringify` has it.
pub(super) fn read_json(reader: &mut Reader<'_>, depth: usize) -> Result<Value, UpdateError> {
    check_depth(depth)?;
    Ok(match reader.byte()? {
        UNDEFINED | NULL => Value::Null,
        TRUE => Value::Bool(true),
        FALSE => Value::Bool(false),
        INTEGER => {
            let (negative, size) = reader.signed()?;
            Value::from(if negative { -(size as i64) } else { size as i64 })
        }
        FLOAT => float(f64::from(f32::from_be_bytes(array(reader)?))),
        DOUBLE => float(f64::from_be_bytes(array(reader)?)),
        BIG_INTEGER => Value::from(i64::from_be_bytes(array(reader)?)),
        STRING => Value::from(reader.text()?),
        OBJECT => {
            let mut object = Map::new();
            for _ in 0..reader.count(2, "more entries than bytes")? {
                let key = reader.text()?.to_owned();
                object.insert(key, read_json(reader, depth + 1)?);
            }
            Value::Object(object)
        }
        LIST => {
            let mut list = Vec::new();
            for _ in 0..reader.count(1, "more values than bytes")? {
                list.push(read_json(reader, depth + 1)?);
            }
            Value::Array(list)
        }
        BYTES => return Err(reader.unsupported("bytes where JSON belongs")),
        _ => return Err(reader.malformed("a value of an unknown kind")),
    })
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn array<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], UpdateError> {
    let bytes = reader.take(N)?;
    Ok(bytes.try_into().unwrap_or([0; N]))
}

fn check_depth(depth: usize) -> Result<(), UpdateError> {
    if depth > MAX_DEPTH {
        return Err(UpdateError::TooDeep { what: "values", limit: MAX_DEPTH });
    }
    Ok(())
}

/// Writes a value as lib0's `writeAny` does.
pub(super) fn write_json(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(true) => out.push(TRUE),
        Value::Bool(false) => out.push(FALSE),
        Value::Number(number) => write_any_number(out, number.as_f64().unwrap_or_default()),
        Value::String(text) => {
            out.push(STRING);
            write_buffer(out, text.as_bytes());
        }
        Value::Array(items) => {
            out.push(LIST);
            write_number(out, items.len() as u64);
            items.iter().for_each(|item| write_json(out, item));
        }
        Value::Object(entries) => {
            out.push(OBJECT);
            write_number(out, entries.len() as u64);
            for (key, item) in entries {
                write_buffer(out, key.as_bytes());
                write_json(out, item);
            }
        }
    }
}

fn write_any_number(out: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX) {
        out.push(INTEGER);
        write_signed(out, number < 0.0, number.abs() as u64);
    } else if f64::from(number as f32) == number {
        out.push(FLOAT);
        out.extend((number as f32).to_be_bytes());
    } else {
        out.push(DOUBLE);
        out.extend(number.to_be_bytes());
    }
}

const UNDEFINED: u8 = 127;
const NULL: u8 = 126;
const INTEGER: u8 = 125;
const FLOAT: u8 = 124;
const DOUBLE: u8 = 123;
const BIG_INTEGER: u8 = 122;
const FALSE: u8 = 121;
const TRUE: u8 = 120;
const STRING: u8 = 119;
const OBJECT: u8 = 118;
const LIST: u8 = 117;
const BYTES: u8 = 116;
