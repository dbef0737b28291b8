//! lib0 primitives, read with care (lib0 0.2, `decoding.js`).

use crate::error::ErrorCode;

/// Largest number lib0 encodes: 2⁵³ − 1.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Why a frame cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The frame is larger than allowed.
    #[error("a frame of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The frame counts more of something than allowed.
    #[error("a frame holds more than {limit} {what}")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The frame ends in the middle of a value.
    #[error("a frame ends in the middle of a value at byte {offset}")]
    Truncated {
        /// Where.
        offset: usize,
    },
    /// A number is over-long or beyond 2⁵³ − 1.
    #[error("a frame holds a number out of range at byte {offset}")]
    Number {
        /// Where.
        offset: usize,
    },
    /// A string is not UTF-8.
    #[error("a frame holds text that is not UTF-8 at byte {offset}")]
    Text {
        /// Where.
        offset: usize,
    },
    /// Bytes are left over where a value should have ended.
    #[error("a frame holds bytes after its end at byte {offset}")]
    Trailing {
        /// Where.
        offset: usize,
    },
}

impl FrameError {
    /// The stable code the app sees.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::FrameTooLarge,
            _ => ErrorCode::Protocol,
        }
    }
}

/// A cursor over lib0-encoded bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Whether all bytes were read.
    pub fn is_empty(&self) -> bool {
        self.offset >= self.bytes.len()
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.offset)
    }

    /// Bytes read.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, FrameError> {
        let byte = self.bytes.get(self.offset).copied();
        self.offset += 1;
        byte.ok_or(FrameError::Truncated { offset: self.offset - 1 })
    }

    /// A number of 7 bits a byte, at most 2⁵³ − 1.
    pub fn var_uint(&mut self) -> Result<u64, FrameError> {
        let start = self.offset;
        let mut value = 0_u64;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return if value <= MAX_SAFE {
                    Ok(value)
                } else {
                    Err(FrameError::Number { offset: start })
                };
            }
        }
        Err(FrameError::Number { offset: start })
    }

    /// A length and that many bytes.
    pub fn buffer(&mut self) -> Result<&'a [u8], FrameError> {
        let length = usize::try_from(self.var_uint()?).unwrap_or(usize::MAX);
        let end = self.offset.saturating_add(length);
        let slice = self.bytes.get(self.offset..end);
        let slice = slice.ok_or(FrameError::Truncated { offset: self.offset })?;
        self.offset = end;
        Ok(slice)
    }

    /// A length and that many bytes of UTF-8.
    pub fn string(&mut self) -> Result<&'a str, FrameError> {
        let offset = self.offset;
        std::str::from_utf8(self.buffer()?).map_err(|_| FrameError::Text { offset })
    }

    /// Refuses bytes that were not read.
    pub fn finish(&self) -> Result<(), FrameError> {
        if self.is_empty() { Ok(()) } else { Err(FrameError::Trailing { offset: self.offset }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_53_bits_are_read_and_larger_ones_refused() {
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert_eq!(Reader::new(&max).var_uint(), Ok(MAX_SAFE));
        let larger = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f];
        assert_eq!(Reader::new(&larger).var_uint(), Err(FrameError::Number { offset: 0 }));
        assert_eq!(Reader::new(&[0x80; 12]).var_uint(), Err(FrameError::Number { offset: 0 }));
    }

    #[test]
    fn a_length_beyond_the_end_allocates_nothing_and_fails() {
        let bytes = [0xff, 0xff, 0xff, 0x7f];
        assert_eq!(Reader::new(&bytes).buffer(), Err(FrameError::Truncated { offset: 4 }));
    }

    #[test]
    fn bad_utf8_is_told_with_its_place() {
        assert_eq!(Reader::new(&[1, 0xff]).string(), Err(FrameError::Text { offset: 0 }));
    }
}
