//! Base64 (RFC 4648), both alphabets; a general engine is ten times the code.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PADDING: char = '=';

/// Bytes as padded text of the standard alphabet (§4).
pub fn encode(bytes: &[u8]) -> String {
    let mut text = write(bytes, STANDARD);
    while !text.len().is_multiple_of(4) {
        text.push(PADDING);
    }
    text
}

/// Bytes as text without padding of the alphabet for URLs (§5).
pub fn encode_url(bytes: &[u8]) -> String {
    write(bytes, URL_SAFE)
}

/// What [`encode`] wrote; nothing else is taken, so each value has one text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix(PADDING)).unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits.bytes() {
        held = (held << 6) | value_of(digit)?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    // Padding of the right length: 0, 2 or 4 bits are left over, and all of them are 0.
    (held == 0 && bits < 6 && bits / 2 == text.len() - digits.len()).then_some(bytes)
}

fn value_of(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

fn write(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut held = 0_u32;
        for at in 0..3 {
            held = (held << 8) | u32::from(chunk.get(at).copied().unwrap_or_default());
        }
        for at in 0..=chunk.len() {
            let digit = (held >> (18 - 6 * at)) & 63;
            text.extend(alphabet.get(digit as usize).copied().map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_rfc_are_written_and_read() {
        let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
            .into_iter()
            .enumerate();
        for (length, text) in vectors {
            let bytes = b"foobar".get(..length).unwrap_or_default();
            assert_eq!(encode(bytes), text);
            assert_eq!(encode_url(bytes), text.trim_end_matches('='));
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn every_byte_comes_back_whatever_its_place() {
        let bytes: Vec<u8> = (0..=255).collect();
        for start in 0..3 {
            let bytes = bytes.get(start..).unwrap_or_default();
            assert_eq!(decode(&encode(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(
            (encode(&[251, 255]).as_str(), encode_url(&[251, 255]).as_str()),
            ("+/8=", "-_8")
        );
    }

    #[test]
    fn what_encode_does_not_write_is_refused() {
        let odd = [
            "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zh==", "Zm9=", "Z g=", "-_8=", "Zg==Zg==",
            "Zm9vZ", "é===",
        ];
        for text in odd {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
