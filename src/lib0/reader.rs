//! The primitives of lib0, read with suspicion.

use super::MAX_CLIENT;
use crate::update_error::UpdateError;

/// Reads bytes from the front. Allocates nothing.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(crate) fn malformed(&self, what: &'static str) -> UpdateError {
        UpdateError::Malformed { what, offset: self.at }
    }

    pub(crate) fn unsupported(&self, what: &'static str) -> UpdateError {
        UpdateError::Unsupported { what, offset: self.at }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, UpdateError> {
        let byte = self.bytes.get(self.at).ok_or_else(|| self.malformed("the bytes end early"))?;
        self.at += 1;
        Ok(*byte)
    }

    /// A number below 2^53 in as few bytes as it takes (lib0 `varUint`).
    pub(crate) fn number(&mut self) -> Result<u64, UpdateError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.number_rest(u64::from(first & 0x7f), 7)
    }

    fn number_rest(&mut self, mut value: u64, mut shift: u32) -> Result<u64, UpdateError> {
        while shift <= 56 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                let padded = byte == 0;
                return if padded || value >= MAX_CLIENT {
                    Err(self.malformed("an over-long number"))
                } else {
                    Ok(value)
                };
            }
        }
        Err(self.malformed("an over-long number"))
    }

    /// A number of 53 bits at most and its sign, which zero has too (lib0 `varInt`).
    pub(crate) fn signed(&mut self) -> Result<(bool, u64), UpdateError> {
        let first = self.byte()?;
        let negative = first & 0x40 != 0;
        let low = u64::from(first & 0x3f);
        let value = if first < 0x80 { low } else { self.number_rest(low, 6)? };
        Ok((negative, value))
    }

    /// How many of something follow, each of at least `size` bytes.
    pub(crate) fn count(&mut self, size: usize, what: &'static str) -> Result<usize, UpdateError> {
        let count = self.number()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.left() / size => Ok(count),
            _ => Err(self.malformed(what)),
        }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], UpdateError> {
        let end = self.at.saturating_add(length);
        let taken =
            self.bytes.get(self.at..end).ok_or_else(|| self.malformed("the bytes end early"))?;
        self.at = end;
        Ok(taken)
    }

    pub(crate) fn buffer(&mut self) -> Result<&'a [u8], UpdateError> {
        let length = self.count(1, "a length beyond the end")?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, UpdateError> {
        let bytes = self.buffer()?;
        let start = self.at - bytes.len();
        std::str::from_utf8(bytes)
            .map_err(|error| UpdateError::BadText { offset: start + error.valid_up_to() })
    }

    pub(crate) fn key(&mut self, limit: usize) -> Result<&'a str, UpdateError> {
        let key = self.text()?;
        if key.len() > limit {
            return Err(UpdateError::TooMany { what: "bytes in a key", limit });
        }
        Ok(key)
    }

    /// The bytes that `walk` walks over.
    #[cfg(feature = "codec")]
    pub(crate) fn span(
        &mut self,
        walk: impl FnOnce(&mut Self) -> Result<(), UpdateError>,
    ) -> Result<&'a [u8], UpdateError> {
        let (bytes, start) = (self.bytes, self.at);
        walk(self)?;
        bytes.get(start..self.at).ok_or_else(|| self.malformed("the bytes end early"))
    }

    /// Refuses bytes that follow the end.
    pub(crate) fn finish(&self) -> Result<(), UpdateError> {
        if self.left() > 0 { Err(self.malformed("bytes after the end")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8]) -> Result<u64, UpdateError> {
        Reader::new(bytes).number()
    }

    #[test]
    fn numbers_up_to_53_bits_are_read() {
        assert_eq!(number(&[0]), Ok(0));
        assert_eq!(number(&[0xac, 0x02]), Ok(300));
        assert_eq!(number(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), Ok((1 << 53) - 1));
    }

    #[test]
    fn longer_padded_and_cut_numbers_are_refused() {
        assert!(number(&[0x80, 0x00]).is_err());
        assert!(number(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]).is_err());
        assert!(number(&[0xff; 20]).is_err());
        assert!(number(&[0x80]).is_err());
        assert!(number(&[]).is_err());
    }

    #[test]
    fn a_count_beyond_the_bytes_left_is_refused() {
        assert_eq!(Reader::new(&[2, 0, 0]).count(1, "x"), Ok(2));
        assert!(Reader::new(&[3, 0, 0]).count(1, "x").is_err());
        assert!(Reader::new(&[2, 0, 0]).count(2, "x").is_err());
    }

    #[test]
    fn text_that_is_not_utf8_tells_where() {
        assert_eq!(Reader::new(&[2, b'a', 0xff]).text(), Err(UpdateError::BadText { offset: 2 }));
        assert_eq!(Reader::new(&[2, b'a', b'b']).text(), Ok("ab"));
    }
}
