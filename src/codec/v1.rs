//! V1: every field where it belongs, in one stream.

use serde_json::Value;

use super::{Decode, Encode};
use crate::json::text_of;
use crate::lib0::{Reader, write_buffer, write_number};
use crate::update_error::UpdateError;

#[derive(Debug)]
pub(super) struct Decoder<'a> {
    reader: Reader<'a>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(update: &'a [u8]) -> Self {
        Self { reader: Reader::new(update) }
    }
}

impl<'a> Decode<'a> for Decoder<'a> {
    fn rest(&mut self) -> &mut Reader<'a> {
        &mut self.reader
    }

    fn client(&mut self) -> Result<u64, UpdateError> {
        self.reader.number()
    }

    fn info(&mut self) -> Result<u8, UpdateError> {
        self.reader.byte()
    }

    fn left(&mut self) -> Result<(u64, u64), UpdateError> {
        Ok((self.reader.number()?, self.reader.number()?))
    }

    fn right(&mut self) -> Result<(u64, u64), UpdateError> {
        self.left()
    }

    fn names_root(&mut self) -> Result<bool, UpdateError> {
        Ok(self.reader.number()? == 1)
    }

    fn text(&mut self) -> Result<&'a str, UpdateError> {
        self.reader.text()
    }

    fn key(&mut self) -> Result<&'a str, UpdateError> {
        self.reader.text()
    }

    fn type_ref(&mut self) -> Result<u64, UpdateError> {
        self.reader.number()
    }

    fn len(&mut self) -> Result<u64, UpdateError> {
        self.reader.number()
    }

    fn json(&mut self) -> Result<Value, UpdateError> {
        let text = self.reader.text()?;
        serde_json::from_str(text).map_err(|_| self.reader.malformed("a value that is not JSON"))
    }

    fn range(&mut self, _behind: u64) -> Result<(u64, u64), UpdateError> {
        self.left()
    }

    fn blocks(&mut self) -> Result<u64, UpdateError> {
        self.reader.count(2, "more blocks than bytes").map(|count| count as u64)
    }
}

#[derive(Debug, Default)]
pub(super) struct Encoder {
    out: Vec<u8>,
}

impl Encode for Encoder {
    fn rest(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn client(&mut self, client: u64) {
        write_number(&mut self.out, client);
    }

    fn info(&mut self, info: u8) {
        self.out.push(info);
    }

    fn left(&mut self, (client, clock): (u64, u64)) {
        write_number(&mut self.out, client);
        write_number(&mut self.out, clock);
    }

    fn right(&mut self, id: (u64, u64)) {
        self.left(id);
    }

    fn names_root(&mut self, yes: bool) {
        self.out.push(u8::from(yes));
    }

    fn text(&mut self, text: &str) {
        write_buffer(&mut self.out, text.as_bytes());
    }

    fn key(&mut self, key: &str) {
        self.text(key);
    }

    fn type_ref(&mut self, type_ref: u64) {
        write_number(&mut self.out, type_ref);
    }

    fn len(&mut self, len: u64) {
        write_number(&mut self.out, len);
    }

    fn json(&mut self, value: &Value) {
        self.text(&text_of(value));
    }

    fn range(&mut self, _behind: u64, range: (u64, u64)) {
        self.left(range);
    }

    fn size(&self) -> usize {
        self.out.len()
    }

    fn finish(self) -> Vec<u8> {
        self.out
    }
}
