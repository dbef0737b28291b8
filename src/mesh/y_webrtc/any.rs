//! Values as lib0 writes them (`writeAny`): what is inside a sealed message of y-webrtc.

use serde_json::{Map, Number, Value};

/// Deepest nesting read: messages have four levels.
const MAX_DEPTH: usize = 16;
/// Largest whole number written as such; lib0 writes those above as floats.
const MAX_WHOLE: u64 = 0x7fff_ffff;
/// Longest number of variable length: 53 bits.
const MAX_VARINT: usize = 8;

const UNDEFINED: u8 = 127;
const NULL: u8 = 126;
const INTEGER: u8 = 125;
const FLOAT32: u8 = 124;
const FLOAT64: u8 = 123;
const FALSE: u8 = 121;
const TRUE: u8 = 120;
const TEXT: u8 = 119;
const OBJECT: u8 = 118;
const ARRAY: u8 = 117;

/// Reads one value; `None` for what is none, or for bytes and large integers, which no message has. What follows is ignored.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    Reader { rest: bytes }.value(0)
}

/// Writes one value.
pub(super) fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(flag) => out.push(if *flag { TRUE } else { FALSE }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => {
            out.push(TEXT);
            write_bytes(out, text.as_bytes());
        }
        Value::Array(items) => {
            out.push(ARRAY);
            write_length(out, items.len());
            items.iter().for_each(|item| write(out, item));
        }
        Value::Object(members) => {
            out.push(OBJECT);
            write_length(out, members.len());
            for (name, member) in members {
                write_bytes(out, name.as_bytes());
                write(out, member);
            }
        }
    }
}

/// Writes a length and the bytes (`writeVarUint8Array`, `writeVarString`).
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Reads what [`write_bytes`] wrote, and what follows it.
pub(super) fn read_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader { rest: bytes };
    let read = reader.bytes()?;
    Some((read, reader.rest))
}

fn write_number(out: &mut Vec<u8>, number: &Number) {
    let whole = number.as_i64().filter(|whole| whole.unsigned_abs() <= MAX_WHOLE);
    match whole {
        Some(whole) => {
            out.push(INTEGER);
            write_integer(out, whole);
        }
        None => {
            out.push(FLOAT64);
            out.extend_from_slice(&number.as_f64().unwrap_or_default().to_be_bytes());
        }
    }
}

/// The first byte has six bits, its sign and whether more follow; the others have seven.
fn write_integer(out: &mut Vec<u8>, whole: i64) {
    let mut rest = whole.unsigned_abs();
    let sign = if whole < 0 { 0x40 } else { 0 };
    out.push((rest & 0x3f) as u8 | sign | if rest > 0x3f { 0x80 } else { 0 });
    rest >>= 6;
    while rest > 0 {
        out.push((rest & 0x7f) as u8 | if rest > 0x7f { 0x80 } else { 0 });
        rest >>= 7;
    }
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Nothing is reserved by a length that was only claimed: each item takes a byte at least.
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match self.byte()? {
            UNDEFINED | NULL => Value::Null,
            INTEGER => Value::from(self.integer()?),
            FLOAT32 => float(f32::from_be_bytes(*self.take()?).into()),
            FLOAT64 => float(f64::from_be_bytes(*self.take()?)),
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            TEXT => Value::String(self.text()?),
            OBJECT => {
                let mut members = Map::new();
                for _ in 0..self.length()? {
                    members.insert(self.text()?, self.value(depth + 1)?);
                }
                Value::Object(members)
            }
            ARRAY => {
                let mut items = Vec::new();
                for _ in 0..self.length()? {
                    items.push(self.value(depth + 1)?);
                }
                Value::Array(items)
            }
            _ => return None,
        })
    }

    fn text(&mut self) -> Option<String> {
        Some(std::str::from_utf8(self.bytes()?).ok()?.to_owned())
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.length()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    fn length(&mut self) -> Option<u64> {
        self.groups(0, 0)
    }

    fn integer(&mut self) -> Option<i64> {
        let first = self.byte()?;
        let low = u64::from(first & 0x3f);
        let size = if first & 0x80 == 0 { low } else { self.groups(low, 6)? };
        let whole = i64::try_from(size).ok()?;
        Some(if first & 0x40 == 0 { whole } else { -whole })
    }

    /// Groups of seven bits from `shift` on.
    fn groups(&mut self, low: u64, shift: usize) -> Option<u64> {
        let mut number = low;
        for at in 0..MAX_VARINT {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (shift + 7 * at);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(bytes)
    }
}

/// What is no number in JSON is null, as `JSON.stringify` has it.
fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn written(value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, value);
        out
    }

    /// Made by lib0 0.2.120 from `{type:'announce',n:[0,-1,63,64,-8191,1.5,1795293379725.531,2147483648],t:true,f:false,z:null}`.
    const MADE_BY_LIB0: &str = concat!(
        "760504747970657708616e6e6f756e6365016e75087d007d417d3f7d80017dff7f7c3fc000007b427a1ffd2f",
        "c8d87f7c4f000000017478016679017a7e",
    );

    #[test]
    fn what_lib0_wrote_is_read() {
        let bytes: Vec<u8> = MADE_BY_LIB0
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let n = json!([0, -1, 63, 64, -8191, 1.5, 1_795_293_379_725.531, 2_147_483_648.0]);
        let expected = json!({"type": "announce", "n": n, "t": true, "f": false, "z": null});
        assert_eq!(read(&bytes), Some(expected));
    }

    #[test]
    fn lengths_that_are_only_claimed_reserve_nothing() {
        for kind in [TEXT, OBJECT, ARRAY] {
            assert_eq!(read(&[kind, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), None);
            assert_eq!(read(&[kind, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        }
        let deep: Vec<u8> = std::iter::repeat_n([ARRAY, 1], 100_000).flatten().collect();
        assert_eq!(read(&deep), None);
    }

    proptest! {
        #[test]
        fn whole_numbers_come_back_as_they_were(number in -i64::from(i32::MAX)..i64::from(i32::MAX)) {
            prop_assert_eq!(read(&written(&json!(number))), Some(json!(number)));
        }

        #[test]
        fn texts_and_floats_come_back_as_they_were(text: String, number in -1e300..1e300f64) {
            let value = json!({"a": [text, null, true], "b": number});
            prop_assert_eq!(read(&written(&value)), Some(value));
        }

        #[test]
        fn any_bytes_are_a_value_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            read(&bytes);
        }
    }
}
