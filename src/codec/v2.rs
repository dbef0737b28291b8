//! V2: a column for each kind of field, then the rest.

use serde_json::Value;

use super::column::{Bytes, Differences, Names, Numbers, Strings};
use super::value::{read_json, write_json};
use super::{Decode, Encode, pack};
use crate::lib0::{Reader, write_buffer, write_number};
use crate::update_error::UpdateError;

#[derive(Debug)]
pub(super) struct Decoder<'a> {
    names: Names<'a>,
    clients: Numbers<'a>,
    left_clocks: Differences<'a>,
    right_clocks: Differences<'a>,
    infos: Bytes<'a>,
    strings: Strings<'a>,
    roots: Bytes<'a>,
    type_refs: Numbers<'a>,
    lengths: Numbers<'a>,
    rest: Reader<'a>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(update: &'a [u8]) -> Result<Self, UpdateError> {
        let mut rest = Reader::new(update);
        if rest.number()? != 0 {
            return Err(rest.unsupported("a feature of a later format"));
        }
        Ok(Self {
            names: Names::new(rest.buffer()?),
            clients: Numbers::new(rest.buffer()?),
            left_clocks: Differences::new(rest.buffer()?),
            right_clocks: Differences::new(rest.buffer()?),
            infos: Bytes::new(rest.buffer()?),
            strings: Strings::new(rest.buffer()?)?,
            roots: Bytes::new(rest.buffer()?),
            type_refs: Numbers::new(rest.buffer()?),
            lengths: Numbers::new(rest.buffer()?),
            rest,
        })
    }
}

impl<'a> Decode<'a> for Decoder<'a> {
    fn rest(&mut self) -> &mut Reader<'a> {
        &mut self.rest
    }

    fn client(&mut self) -> Result<u64, UpdateError> {
        self.clients.next()
    }

    fn info(&mut self) -> Result<u8, UpdateError> {
        self.infos.next()
    }

    fn left(&mut self) -> Result<(u64, u64), UpdateError> {
        Ok((self.clients.next()?, self.left_clocks.next()?))
    }

    fn right(&mut self) -> Result<(u64, u64), UpdateError> {
        Ok((self.clients.next()?, self.right_clocks.next()?))
    }

    fn names_root(&mut self) -> Result<bool, UpdateError> {
        Ok(self.roots.next()? == 1)
    }

    fn text(&mut self) -> Result<&'a str, UpdateError> {
        self.strings.next()
    }

    fn key(&mut self) -> Result<&'a str, UpdateError> {
        self.names.next(&mut self.strings)
    }

    fn type_ref(&mut self) -> Result<u64, UpdateError> {
        self.type_refs.next()
    }

    fn len(&mut self) -> Result<u64, UpdateError> {
        self.lengths.next()
    }

    fn json(&mut self) -> Result<Value, UpdateError> {
        read_json(&mut self.rest, 0)
    }

    fn range(&mut self, behind: u64) -> Result<(u64, u64), UpdateError> {
        let start = behind.saturating_add(self.rest.number()?);
        Ok((start, self.rest.number()? + 1))
    }

    fn blocks(&mut self) -> Result<u64, UpdateError> {
        self.rest.number()
    }
}

#[derive(Debug, Default)]
pub(super) struct Encoder {
    names: pack::Names,
    clients: pack::Numbers,
    left_clocks: pack::Differences,
    right_clocks: pack::Differences,
    infos: pack::Bytes,
    strings: pack::Strings,
    roots: pack::Bytes,
    type_refs: pack::Numbers,
    lengths: pack::Numbers,
    rest: Vec<u8>,
}

impl Encode for Encoder {
    fn rest(&mut self) -> &mut Vec<u8> {
        &mut self.rest
    }

    fn client(&mut self, client: u64) {
        self.clients.push(client);
    }

    fn info(&mut self, info: u8) {
        self.infos.push(info);
    }

    fn left(&mut self, (client, clock): (u64, u64)) {
        self.clients.push(client);
        self.left_clocks.push(clock);
    }

    fn right(&mut self, (client, clock): (u64, u64)) {
        self.clients.push(client);
        self.right_clocks.push(clock);
    }

    fn names_root(&mut self, yes: bool) {
        self.roots.push(u8::from(yes));
    }

    fn text(&mut self, text: &str) {
        self.strings.push(text);
    }

    fn key(&mut self, key: &str) {
        self.names.push(key, &mut self.strings);
    }

    fn type_ref(&mut self, type_ref: u64) {
        self.type_refs.push(type_ref);
    }

    fn len(&mut self, len: u64) {
        self.lengths.push(len);
    }

    fn json(&mut self, value: &Value) {
        write_json(&mut self.rest, value);
    }

    fn range(&mut self, behind: u64, (start, len): (u64, u64)) {
        write_number(&mut self.rest, start - behind);
        write_number(&mut self.rest, len - 1);
    }

    /// The columns are smaller than what they are made of, which is bounded.
    fn size(&self) -> usize {
        self.rest.len() + self.strings.size()
    }

    fn finish(self) -> Vec<u8> {
        let mut out = vec![0];
        write_buffer(&mut out, &self.names.finish());
        write_buffer(&mut out, &self.clients.finish());
        write_buffer(&mut out, &self.left_clocks.finish());
        write_buffer(&mut out, &self.right_clocks.finish());
        write_buffer(&mut out, &self.infos.finish());
        write_buffer(&mut out, &self.strings.finish());
        write_buffer(&mut out, &self.roots.finish());
        write_buffer(&mut out, &self.type_refs.finish());
        write_buffer(&mut out, &self.lengths.finish());
        out.extend(self.rest);
        out
    }
}
