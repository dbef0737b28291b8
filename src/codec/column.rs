//! Columns of V2, read: runs of numbers and one long string.

use crate::lib0::Reader;
use crate::update_error::UpdateError;

/// Bytes, each run behind its value; the last run has no end (lib0 `RleDecoder`).
#[derive(Debug)]
pub(super) struct Bytes<'a> {
    reader: Reader<'a>,
    value: u8,
    left: u64,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes), value: 0, left: 0 }
    }

    pub(super) fn next(&mut self) -> Result<u8, UpdateError> {
        if self.left == 0 {
            self.value = self.reader.byte()?;
            self.left = match self.reader.left() {
                0 => u64::MAX,
                _ => self.reader.number()?.saturating_add(1),
            };
        }
        self.left -= 1;
        Ok(self.value)
    }
}

/// Numbers; one that is repeated is negative and has a count (lib0 `UintOptRleDecoder`).
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    reader: Reader<'a>,
    value: u64,
    left: u64,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes), value: 0, left: 0 }
    }

    pub(super) fn next(&mut self) -> Result<u64, UpdateError> {
        if self.left == 0 {
            let (repeated, value) = self.reader.signed()?;
            self.value = value;
            self.left = if repeated { self.reader.number()?.saturating_add(2) } else { 1 };
        }
        self.left -= 1;
        Ok(self.value)
    }
}

/// Differences from one number to the next; an odd one is repeated (lib0 `IntDiffOptRleDecoder`).
#[derive(Debug)]
pub(super) struct Differences<'a> {
    reader: Reader<'a>,
    value: i64,
    step: i64,
    left: u64,
}

impl<'a> Differences<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes), value: 0, step: 0, left: 0 }
    }

    pub(super) fn next(&mut self) -> Result<u64, UpdateError> {
        if self.left == 0 {
            let (negative, size) = self.reader.signed()?;
            let coded = if negative { -(size as i64) } else { size as i64 };
            self.step = coded >> 1;
            self.left = if coded & 1 == 1 { self.reader.number()?.saturating_add(2) } else { 1 };
        }
        self.left -= 1;
        self.value = self.value.saturating_add(self.step);
        u64::try_from(self.value).map_err(|_| self.reader.malformed("a clock below zero"))
    }
}

/// All strings as one, and the length of each in UTF-16 units (lib0 `StringDecoder`).
#[derive(Debug)]
pub(super) struct Strings<'a> {
    text: &'a str,
    lengths: Numbers<'a>,
}

impl<'a> Strings<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, UpdateError> {
        let mut reader = Reader::new(bytes);
        let text = reader.text()?;
        Ok(Self { text, lengths: Numbers::new(reader.take(reader.left())?) })
    }

    pub(super) fn next(&mut self) -> Result<&'a str, UpdateError> {
        let units = self.lengths.next()?;
        let end = self.end_of(units).ok_or(UpdateError::Malformed {
            what: "a string that ends beyond its column, or inside of a character",
            offset: 0,
        })?;
        let (found, rest) = self.text.split_at_checked(end).unwrap_or((self.text, ""));
        self.text = rest;
        Ok(found)
    }

    /// Bytes that so many UTF-16 units take here.
    fn end_of(&self, units: u64) -> Option<usize> {
        let mut left = units;
        for (at, char) in self.text.char_indices() {
            if left == 0 {
                return Some(at);
            }
            left = left.checked_sub(char.len_utf16() as u64)?;
        }
        (left == 0).then_some(self.text.len())
    }
}

/// Names by their numbers: a number that was not seen yet is the next string.
#[derive(Debug)]
pub(super) struct Names<'a> {
    numbers: Differences<'a>,
    known: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { numbers: Differences::new(bytes), known: Vec::new() }
    }

    pub(super) fn next(&mut self, strings: &mut Strings<'a>) -> Result<&'a str, UpdateError> {
        let number = self.numbers.next()?;
        if let Some(known) = usize::try_from(number).ok().and_then(|at| self.known.get(at)) {
            return Ok(known);
        }
        let name = strings.next()?;
        self.known.push(name);
        Ok(name)
    }
}
