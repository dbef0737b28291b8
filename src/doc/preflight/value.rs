//! Plain values inside an update: walked for their end and their depth, never built.

use crate::doc::limits::Limits;
use crate::json::depth;
use crate::lib0::Reader;
use crate::update_error::UpdateError;

/// Skips one value in lib0's `any` encoding.
pub(crate) fn skip_any(reader: &mut Reader<'_>, limits: &Limits) -> Result<(), UpdateError> {
    skip_nested(reader, limits, 0)
}

fn skip_nested(reader: &mut Reader<'_>, limits: &Limits, depth: usize) -> Result<(), UpdateError> {
    if depth > limits.value_depth {
        return Err(UpdateError::TooDeep { what: "values", limit: limits.value_depth });
    }
    match reader.byte()? {
        // undefined, null, false, true
        127 | 126 | 121 | 120 => Ok(()),
        125 => reader.signed().map(drop),
        124 => reader.take(4).map(drop),
        123 | 122 => reader.take(8).map(drop),
        119 => reader.text().map(drop),
        118 => {
            for _ in 0..reader.count(2, "more entries than bytes")? {
                reader.text()?;
                skip_nested(reader, limits, depth + 1)?;
            }
            Ok(())
        }
        117 => {
            for _ in 0..reader.count(1, "more values than bytes")? {
                skip_nested(reader, limits, depth + 1)?;
            }
            Ok(())
        }
        116 => reader.buffer().map(drop),
        _ => Err(reader.malformed("a value of an unknown kind")),
    }
}

/// Skips one value written as JSON text.
pub(crate) fn skip_json(reader: &mut Reader<'_>, limits: &Limits) -> Result<(), UpdateError> {
    let json = reader.text()?;
    if depth(json) > limits.value_depth {
        return Err(UpdateError::TooDeep { what: "values", limit: limits.value_depth });
    }
    match yrs::Any::from_json(json) {
        Ok(_) => Ok(()),
        Err(_) => Err(reader.malformed("a value that is not JSON")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(bytes: &[u8]) -> Result<usize, UpdateError> {
        let mut reader = Reader::new(bytes);
        skip_any(&mut reader, &Limits::default()).map(|()| reader.offset())
    }

    fn json(text: &str) -> Result<(), UpdateError> {
        let mut bytes = vec![0x80 | (text.len() & 0x7f) as u8, (text.len() >> 7) as u8];
        if text.len() < 0x80 {
            bytes = vec![text.len() as u8];
        }
        bytes.extend(text.bytes());
        skip_json(&mut Reader::new(&bytes), &Limits::default())
    }

    #[test]
    fn every_kind_of_value_is_walked_to_its_end() {
        let object = [118, 1, 1, b'k', 117, 3, 125, 0xbf, 0x01, 120, 116, 2, 9, 9];
        assert_eq!(any(&object), Ok(object.len()));
        assert_eq!(any(&[123, 0, 0, 0, 0, 0, 0, 0, 0]), Ok(9));
        assert_eq!(any(&[127]), Ok(1));
    }

    #[test]
    fn an_array_of_fifty_million_in_six_bytes_is_refused() {
        assert!(any(&[117, 0x80, 0xe1, 0xeb, 0x17, 126]).is_err());
    }

    #[test]
    fn values_deeper_than_64_are_refused_in_both_encodings() {
        let deep = |n: usize| [117, 1].repeat(n).into_iter().chain([126]).collect::<Vec<u8>>();
        assert!(any(&deep(64)).is_ok());
        assert!(matches!(any(&deep(65)), Err(UpdateError::TooDeep { .. })));
        assert!(matches!(any(&deep(10_000)), Err(UpdateError::TooDeep { .. })));
        assert!(json(&format!("{}{}", "[".repeat(64), "]".repeat(64))).is_ok());
        assert!(json(&format!("{}{}", "[".repeat(65), "]".repeat(65))).is_err());
    }

    #[test]
    fn json_that_is_not_json_is_refused() {
        for text in ["", "{", "undefined", "1e999", r#""\ud800""#] {
            assert!(json(text).is_err(), "{text}");
        }
        assert!(json("true").is_ok());
    }
}
