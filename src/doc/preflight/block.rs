//! One block of an update.

use super::value::{skip_any, skip_json};
use super::{Parser, Ref};
use crate::doc::subdoc::{MARK, Subdoc};
use crate::update_error::UpdateError;

/// What a block is and what it hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) clock: u32,
    pub(crate) len: u32,
    /// The unit it was written behind.
    pub(crate) origin: Option<Ref>,
    /// The unit it was written before.
    pub(crate) right: Option<Ref>,
    pub(crate) parent: Parent,
    /// Whether it is an entry of a map; told only where the parent is.
    pub(crate) keyed: bool,
    pub(crate) kind: Kind,
    /// Where its bytes start.
    pub(crate) at: u32,
}

impl Block {
    pub(crate) fn end(&self) -> u32 {
        self.clock.saturating_add(self.len)
    }

    /// Units that must be there before it.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = Ref> + use<> {
        let parent = if let Parent::Item(parent) = self.parent { Some(parent) } else { None };
        [self.origin, self.right, parent].into_iter().flatten()
    }

    pub(crate) fn is_contentless(&self) -> bool {
        matches!(self.kind, Kind::Gone | Kind::Deleted)
    }
}

/// Which shared type a block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// That of its origins; none at all where there are no origins (garbage).
    Copied,
    /// A root: an index into the update's names.
    Root(u32),
    /// The type that this unit is.
    Item(Ref),
}

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Units that the sender does not know itself.
    Hole,
    /// Garbage: not even its place is known any more.
    Gone,
    /// A place without content.
    Deleted,
    Binary,
    Text,
    Embed,
    Format,
    Values,
    Type(TypeKind),
}

/// Kinds of nested shared types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeKind {
    List,
    Map,
    Text,
    XmlElement,
    XmlFragment,
    XmlText,
}

const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
const REFERENCE: u8 = 0x1f;

impl Parser<'_, '_> {
    pub(super) fn block(&mut self, client: u32, clock: u32) -> Result<Block, UpdateError> {
        let at = super::index(self.reader.offset());
        match self.reader.byte()? {
            0 => self.placeless(clock, at, Kind::Gone),
            10 => self.placeless(clock, at, Kind::Hole),
            info => self.item(Ref { client, clock }, at, info),
        }
    }

    fn placeless(&mut self, clock: u32, at: u32, kind: Kind) -> Result<Block, UpdateError> {
        let len = self.length()?;
        Ok(Block {
            clock,
            len,
            origin: None,
            right: None,
            parent: Parent::Copied,
            keyed: false,
            kind,
            at,
        })
    }

    fn item(&mut self, id: Ref, at: u32, info: u8) -> Result<Block, UpdateError> {
        let origin = if info & HAS_ORIGIN != 0 { Some(self.reference()?) } else { None };
        let right = if info & HAS_RIGHT != 0 { Some(self.reference()?) } else { None };
        let placed = origin.is_none() && right.is_none();
        let parent = if placed { self.parent()? } else { Parent::Copied };
        let keyed = placed && info & HAS_KEY != 0;
        if keyed {
            self.reader.key(self.limits.key_bytes)?;
        }
        let (kind, len) = self.content(info & REFERENCE, id, at)?;
        Ok(Block { clock: id.clock, len, origin, right, parent, keyed, kind, at })
    }

    fn parent(&mut self) -> Result<Parent, UpdateError> {
        match self.reader.number()? {
            1 => Ok(Parent::Root(self.root()?)),
            0 => Ok(Parent::Item(self.reference()?)),
            _ => Err(self.reader.malformed("a parent of an unknown kind")),
        }
    }

    fn content(&mut self, reference: u8, id: Ref, at: u32) -> Result<(Kind, u32), UpdateError> {
        let start = self.reader.offset();
        match reference {
            1 => Ok((Kind::Deleted, self.length()?)),
            2 => Err(self.reader.unsupported("content of the old JSON kind")),
            3 => self.bytes(at, start).map(|()| (Kind::Binary, 1)),
            4 => Ok((Kind::Text, self.string(id)?)),
            5 => skip_json(&mut self.reader, self.limits).map(|()| (Kind::Embed, 1)),
            6 => {
                self.reader.key(self.limits.key_bytes)?;
                skip_json(&mut self.reader, self.limits).map(|()| (Kind::Format, 1))
            }
            7 => Ok((Kind::Type(self.type_kind()?), 1)),
            8 => {
                let count = self.reader.count(1, "more values than bytes")?;
                for _ in 0..count {
                    skip_any(&mut self.reader, self.limits)?;
                }
                Ok((Kind::Values, super::index(count)))
            }
            9 => {
                self.reader.key(self.limits.key_bytes)?;
                skip_any(&mut self.reader, self.limits)?;
                self.subdoc(at, start);
                Ok((Kind::Binary, 1))
            }
            _ => Err(self.reader.malformed("content of an unknown kind")),
        }
    }

    fn bytes(&mut self, at: u32, start: usize) -> Result<(), UpdateError> {
        if self.reader.buffer()?.starts_with(&MARK) {
            if !self.hidden {
                return Err(self.reader.unsupported("bytes that look like a subdocument"));
            }
            self.subdoc(at, start);
        }
        Ok(())
    }

    fn subdoc(&mut self, at: u32, start: usize) {
        self.out.subdocs.push(Subdoc { at: at as usize, start, end: self.reader.offset() });
    }

    fn type_kind(&mut self) -> Result<TypeKind, UpdateError> {
        match self.reader.byte()? {
            0 => Ok(TypeKind::List),
            1 => Ok(TypeKind::Map),
            2 => Ok(TypeKind::Text),
            3 => self.reader.key(self.limits.key_bytes).map(|_| TypeKind::XmlElement),
            4 => Ok(TypeKind::XmlFragment),
            6 => Ok(TypeKind::XmlText),
            // Yjs writes a name behind an XML hook that yrs does not read.
            5 => Err(self.reader.unsupported("an XML hook")),
            7 => Err(self.reader.unsupported("a weak link")),
            9 => Err(self.reader.unsupported("a subdocument")),
            _ => Err(self.reader.malformed("a shared type of an unknown kind")),
        }
    }

    /// UTF-16 units of a string, noting where surrogate pairs have their second half.
    fn string(&mut self, id: Ref) -> Result<u32, UpdateError> {
        let text = self.reader.text()?;
        if text.is_ascii() {
            return Ok(super::index(text.len()));
        }
        let mut units = 0_u32;
        for char in text.chars() {
            units += if char.len_utf16() == 2 { 2 } else { 1 };
            if char.len_utf16() == 2 {
                let clock = id.clock.saturating_add(units - 1);
                self.out.low_surrogates.push(Ref { client: id.client, clock });
            }
        }
        Ok(units)
    }

    fn length(&mut self) -> Result<u32, UpdateError> {
        let length = self.reader.number()?;
        Ok(u32::try_from(length).unwrap_or(u32::MAX))
    }
}
