//! A parser of V1 updates that stands before the engine.
//!
//! It reads every byte once, allocates at most in proportion to the input, refuses what the engine cannot bear
//! and tells of each block what the causal gate must know. It counts exactly what yrs and Yjs count:
//! strings by UTF-16 units, everything else by its elements.

mod block;
mod position;
mod state_vector;
mod value;

use std::collections::BinaryHeap;

use yrs::{ClientID, ID, IdSet};

pub(crate) use crate::lib0::write_number;
pub use crate::update_error::UpdateError;
pub(crate) use block::{Block, Kind, Parent, TypeKind};
pub(crate) use position::read_sticky;
pub(crate) use state_vector::{read_state_vector, write_state_vector};
pub(crate) use value::skip_any;

use crate::doc::limits::Limits;
use crate::doc::numbers::Numbers;
use crate::doc::places::{self, Prev, Run};
use crate::doc::subdoc::Subdoc;
use crate::lib0::Reader;

/// A unit of the document: an index into [`Preflight::clients`] and a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ref {
    pub(crate) client: u32,
    pub(crate) clock: u32,
}

/// Consecutive blocks of one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// Index into [`Preflight::clients`].
    pub(crate) client: u32,
    /// First clock.
    pub(crate) start: u32,
    /// Clock behind the last unit.
    pub(crate) end: u32,
    /// Its blocks in [`Preflight::blocks`].
    pub(crate) first: usize,
    /// Behind its last block.
    pub(crate) last: usize,
    /// Where the bytes of its last block end.
    pub(crate) bytes_end: u32,
}

/// Units that an update deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deletion {
    pub(crate) client: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What an update says, checked. Borrows its names from the bytes.
#[derive(Debug, Default)]
pub struct Preflight<'a> {
    /// Writers named anywhere in the update.
    pub(crate) clients: Vec<u64>,
    /// Roots named as parents.
    pub(crate) roots: Vec<&'a str>,
    pub(crate) sections: Vec<Section>,
    pub(crate) blocks: Vec<Block>,
    /// Sorted by client and start; ranges of one client may touch or overlap.
    pub(crate) deletions: Vec<Deletion>,
    /// Second halves of surrogate pairs.
    pub(crate) low_surrogates: Vec<Ref>,
    /// Subdocuments, in the order of the bytes.
    pub(crate) subdocs: Vec<Subdoc>,
}

impl<'a> Preflight<'a> {
    /// All that it brings, if that is a single block, with what it was written between.
    pub(crate) fn only_block(&self) -> Option<places::Block> {
        match (self.sections.as_slice(), self.blocks.as_slice()) {
            ([section], [block]) => {
                let id = |unit: Ref| ID::new(ClientID::new(self.client(unit.client)), unit.clock);
                let first = id(Ref { client: section.client, clock: block.clock });
                let prev = block.origin.map_or(Prev::Start, |unit| Prev::Unit(id(unit)));
                let run = Run::new(first, block.len, prev);
                Some(places::Block { run, right: block.right.map(id) })
            }
            _ => None,
        }
    }

    /// Parses an update, or refuses it.
    pub fn parse(update: &'a [u8], limits: &Limits) -> Result<Self, UpdateError> {
        Self::parse_by(Parser::new(update, limits))
    }

    /// Parses what the engine wrote: its subdocuments are bytes with a mark.
    pub(crate) fn parse_hidden(update: &'a [u8], limits: &Limits) -> Result<Self, UpdateError> {
        Self::parse_by(Parser { hidden: true, ..Parser::new(update, limits) })
    }

    fn parse_by(mut parser: Parser<'a, '_>) -> Result<Self, UpdateError> {
        parser.sections()?;
        parser.deletions()?;
        parser.reader.finish()?;
        Ok(parser.out)
    }

    /// Ids of every unit the update carries, deleted ones too.
    pub fn inserts(&self) -> IdSet {
        self.collect(|block| block.kind != Kind::Hole)
    }

    /// Whether the sender lacks something in between.
    pub(crate) fn has_hole(&self) -> bool {
        self.blocks.iter().any(|block| block.kind == Kind::Hole)
    }

    /// Ids the update shows as deleted: its delete set, and units that it carries without their content.
    pub fn deletes(&self) -> IdSet {
        let mut set = self.contentless();
        for Deletion { client, start, end } in &self.deletions {
            self.add(&mut set, *client, *start, *end);
        }
        set
    }

    /// Ids of units that come without content.
    pub(crate) fn contentless(&self) -> IdSet {
        self.collect(Block::is_contentless)
    }

    fn collect(&self, wanted: impl Fn(&Block) -> bool) -> IdSet {
        let mut set = IdSet::new();
        for section in &self.sections {
            for block in self.blocks_of(section).iter().filter(|block| wanted(block)) {
                self.add(&mut set, section.client, block.clock, block.end());
            }
        }
        set
    }

    /// The blocks of one section.
    pub(crate) fn blocks_of(&self, section: &Section) -> &[Block] {
        self.blocks.get(section.first..section.last).unwrap_or_default()
    }

    /// The writer behind an index.
    pub(crate) fn client(&self, index: u32) -> u64 {
        self.clients.get(index as usize).copied().unwrap_or_default()
    }

    fn add(&self, set: &mut IdSet, client: u32, start: u32, end: u32) {
        set.insert(ID::new(ClientID::new(self.client(client)), start), end - start);
    }
}

struct Parser<'a, 'l> {
    reader: Reader<'a>,
    limits: &'l Limits,
    out: Preflight<'a>,
    known: Numbers,
    /// Whether subdocuments are hidden.
    hidden: bool,
}

impl<'a, 'l> Parser<'a, 'l> {
    fn new(update: &'a [u8], limits: &'l Limits) -> Self {
        Self {
            reader: Reader::new(update),
            limits,
            out: Preflight::default(),
            known: Numbers::default(),
            hidden: false,
        }
    }

    fn sections(&mut self) -> Result<(), UpdateError> {
        let count = self.reader.count(4, "more writers than bytes")?;
        self.at_most(count, "writers", self.limits.clients)?;
        let mut seen = Vec::new();
        for _ in 0..count {
            let section = self.section()?;
            if !is_first(&mut seen, section.client) {
                return Err(self.reader.unsupported("one writer twice"));
            }
            self.out.sections.push(section);
        }
        Ok(())
    }

    fn section(&mut self) -> Result<Section, UpdateError> {
        let count = self.reader.count(2, "more blocks than bytes")?;
        if count == 0 {
            return Err(self.reader.malformed("a writer without blocks"));
        }
        let first = self.out.blocks.len();
        let bytes = self.reader.offset() + self.reader.left();
        self.at_most(first + count, "blocks", self.limits.blocks.max(bytes / 5))?;
        let client = self.client()?;
        let start = self.clock(client)?;
        let mut clock = start;
        for _ in 0..count {
            let block = self.block(client, clock)?;
            clock = self.advance(client, clock, block.len)?;
            self.out.blocks.push(block);
        }
        let bytes_end = index(self.reader.offset());
        Ok(Section { client, start, end: clock, first, last: self.out.blocks.len(), bytes_end })
    }

    fn deletions(&mut self) -> Result<(), UpdateError> {
        let count = self.reader.count(4, "more writers than bytes")?;
        self.at_most(count, "writers", self.limits.clients)?;
        let mut seen = Vec::new();
        for _ in 0..count {
            let client = self.client()?;
            if !is_first(&mut seen, client) {
                return Err(self.reader.unsupported("one writer twice"));
            }
            for _ in 0..self.reader.count(2, "more ranges than bytes")? {
                let start = self.clock(client)?;
                let length = self.reader.number()?;
                let length = u32::try_from(length).unwrap_or(u32::MAX);
                let end = self.advance(client, start, length)?;
                self.out.deletions.push(Deletion { client, start, end });
            }
        }
        if !self.out.deletions.is_sorted() {
            let unsorted = std::mem::take(&mut self.out.deletions);
            self.out.deletions = BinaryHeap::from(unsorted).into_sorted_vec();
        }
        Ok(())
    }

    /// The clock behind `length` units, which are at least one.
    fn advance(&self, client: u32, clock: u32, length: u32) -> Result<u32, UpdateError> {
        if length == 0 {
            return Err(self.reader.malformed("an empty block"));
        }
        match clock.checked_add(length) {
            Some(end) if end <= self.limits.clock => Ok(end),
            _ => Err(self.clock_range(client, u64::from(clock) + u64::from(length))),
        }
    }

    fn clock(&mut self, client: u32) -> Result<u32, UpdateError> {
        let clock = self.reader.number()?;
        match u32::try_from(clock) {
            Ok(clock) if clock < self.limits.clock => Ok(clock),
            _ => Err(self.clock_range(client, clock)),
        }
    }

    fn clock_range(&self, client: u32, clock: u64) -> UpdateError {
        UpdateError::ClockRange { client: self.out.client(client), clock }
    }

    fn reference(&mut self) -> Result<Ref, UpdateError> {
        let client = self.client()?;
        Ok(Ref { client, clock: self.clock(client)? })
    }

    /// Reads a client id and gives it a small number. An update names few, mostly the last again.
    fn client(&mut self) -> Result<u32, UpdateError> {
        let id = self.reader.number()?;
        if self.out.clients.last() == Some(&id) {
            return Ok(index(self.out.clients.len() - 1));
        }
        if let Some(known) = self.known.client(id) {
            return Ok(known);
        }
        let next = index(self.out.clients.len());
        self.known.add_client(id, next);
        self.out.clients.push(id);
        Ok(next)
    }

    fn root(&mut self) -> Result<u32, UpdateError> {
        let name = self.reader.key(self.limits.key_bytes)?;
        if self.out.roots.last() == Some(&name) {
            return Ok(index(self.out.roots.len() - 1));
        }
        if let Some(known) = self.known.root(name) {
            return Ok(known);
        }
        let next = index(self.out.roots.len());
        self.known.add_root(name, next);
        self.out.roots.push(name);
        Ok(next)
    }

    fn at_most(&self, count: usize, what: &'static str, limit: usize) -> Result<(), UpdateError> {
        if count > limit { Err(UpdateError::TooMany { what, limit }) } else { Ok(()) }
    }
}

/// Indexes count things that take at least a byte each of an update of a few megabytes.
/// Notes a writer by its small number; whether it was not noted before.
fn is_first(seen: &mut Vec<bool>, client: u32) -> bool {
    let at = client as usize;
    if seen.len() <= at {
        seen.resize(at + 1, false);
    }
    seen.get_mut(at).is_some_and(|seen| !std::mem::replace(seen, true))
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
