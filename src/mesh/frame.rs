//! What a message of a data channel looks like: a piece of one stream.
//!
//! `varint stream | flags | varint total, on the first piece | bytes`; bit 0 of the flags: first, bit 1: last.

/// Bytes that a frame adds to its piece at most.
pub const OVERHEAD: usize = 11;
/// Longest varint of 32 bits.
const VARINT: usize = 5;
const FIRST: u8 = 1;
const LAST: u8 = 2;

/// One piece of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Number of the stream.
    pub stream: u32,
    /// Length of the whole stream in bytes, on its first piece.
    pub total: Option<u32>,
    /// Whether this is the last piece.
    pub last: bool,
    /// The piece.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + OVERHEAD);
        write_varint(&mut out, self.stream);
        let first = if self.total.is_some() { FIRST } else { 0 };
        out.push(first | if self.last { LAST } else { 0 });
        if let Some(total) = self.total {
            write_varint(&mut out, total);
        }
        out.extend_from_slice(self.bytes);
        out
    }

    /// Reads a frame; `None` for what is none.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (stream, rest) = read_varint(bytes)?;
        let (&flags, rest) = rest.split_first()?;
        if flags & !(FIRST | LAST) != 0 {
            return None;
        }
        let (total, bytes) = if flags & FIRST == 0 {
            (None, rest)
        } else {
            let (total, rest) = read_varint(rest)?;
            (Some(total), rest)
        };
        Some(Self { stream, total, last: flags & LAST != 0, bytes })
    }
}

fn write_varint(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().take(VARINT).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(number).ok()?, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_frame_comes_back_as_it_was(
            stream: u32,
            total: Option<u32>,
            last: bool,
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let frame = Frame { stream, total, last, bytes: &bytes };
            let encoded = frame.encode();
            prop_assert!(encoded.len() <= bytes.len() + OVERHEAD);
            prop_assert_eq!(Frame::decode(&encoded), Some(frame));
        }

        #[test]
        fn any_bytes_are_a_frame_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..32)) {
            if let Some(frame) = Frame::decode(&bytes) {
                prop_assert!(frame.bytes.len() < bytes.len());
            }
        }
    }

    #[test]
    fn numbers_above_32_bits_and_unknown_flags_are_refused() {
        assert_eq!(Frame::decode(&[0xff, 0xff, 0xff, 0xff, 0x1f, 0]), None);
        assert_eq!(Frame::decode(&[1, 4]), None);
        assert_eq!(Frame::decode(&[]), None);
        assert_eq!(Frame::decode(&[0x80]), None);
    }
}
