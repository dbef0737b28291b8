//! Blocks of text and of values that are too long become several, as a replica writes one of which another knows a part.

use crate::doc::limits::Limits;
use crate::doc::preflight::{Block, Kind, Preflight, Section, skip_any, write_number};
use crate::lib0::Reader;

const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;
const REFERENCE: u8 = 0x1f;
/// What a block has besides its content, at most: both its neighbours, and how long the content is.
const HEADER: usize = 48;

/// Writes the update anew where blocks have more than `room` bytes. `Some(None)`: none has; `None`: one has that cannot be cut.
pub(super) fn shorten(
    bytes: &[u8],
    update: &Preflight<'_>,
    room: usize,
    limits: &Limits,
) -> Option<Option<Vec<u8>>> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut cut = false;
    write_number(&mut out, update.sections.len() as u64);
    for section in &update.sections {
        let mut blocks =
            Blocks { client: update.client(section.client), count: 0, out: Vec::new() };
        for (block, raw) in raw_blocks(bytes, update, section) {
            if raw.len() <= room {
                blocks.push(raw);
            } else {
                blocks.push_cut(block, raw, room.checked_sub(HEADER)?, limits)?;
                cut = true;
            }
        }
        write_number(&mut out, blocks.count);
        write_number(&mut out, blocks.client);
        write_number(&mut out, u64::from(section.start));
        out.append(&mut blocks.out);
    }
    let end = update.sections.last().map_or(1, |section| section.bytes_end as usize);
    out.extend_from_slice(bytes.get(end..)?);
    Some(cut.then_some(out))
}

fn raw_blocks<'a>(
    bytes: &'a [u8],
    update: &'a Preflight<'_>,
    section: &Section,
) -> impl Iterator<Item = (&'a Block, &'a [u8])> {
    let blocks = update.blocks_of(section);
    let ends = blocks.iter().skip(1).map(|block| block.at).chain([section.bytes_end]);
    blocks
        .iter()
        .zip(ends)
        .map(|(block, end)| (block, bytes.get(block.at as usize..end as usize).unwrap_or_default()))
}

/// The blocks of one section, written anew.
struct Blocks {
    client: u64,
    count: u64,
    out: Vec<u8>,
}

impl Blocks {
    fn push(&mut self, raw: &[u8]) {
        self.count += 1;
        self.out.extend_from_slice(raw);
    }

    /// Writes a block as several with contents of at most `room` bytes.
    fn push_cut(&mut self, block: &Block, raw: &[u8], room: usize, limits: &Limits) -> Option<()> {
        let head = Head::read(raw)?;
        let mut clock = block.clock;
        for (units, content) in parts(block.kind, head.content, room, limits)? {
            if clock == block.clock {
                self.out.extend_from_slice(head.bytes);
            } else {
                self.out.push(head.info & (REFERENCE | HAS_RIGHT) | HAS_ORIGIN);
                write_number(&mut self.out, self.client);
                write_number(&mut self.out, u64::from(clock - 1));
                self.out.extend_from_slice(head.right);
            }
            self.count += 1;
            self.out.extend_from_slice(&content);
            clock += units;
        }
        Some(())
    }
}

/// What stands before the content of a block.
struct Head<'a> {
    info: u8,
    bytes: &'a [u8],
    /// The unit it was written before, if there is one.
    right: &'a [u8],
    content: &'a [u8],
}

impl<'a> Head<'a> {
    /// `None` for an entry of a map, which is one value.
    fn read(raw: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(raw);
        let info = reader.byte().ok()?;
        if info & HAS_ORIGIN != 0 {
            skip_numbers(&mut reader, 2)?;
        }
        let start = reader.offset();
        if info & HAS_RIGHT != 0 {
            skip_numbers(&mut reader, 2)?;
        }
        let right = raw.get(start..reader.offset())?;
        if info & (HAS_ORIGIN | HAS_RIGHT) == 0 {
            skip_parent(&mut reader, info)?;
        }
        let (bytes, content) = raw.split_at_checked(reader.offset())?;
        Some(Self { info, bytes, right, content })
    }
}

fn skip_parent(reader: &mut Reader<'_>, info: u8) -> Option<()> {
    const HAS_KEY: u8 = 0x20;
    if info & HAS_KEY != 0 {
        return None;
    }
    match reader.number().ok()? {
        0 => skip_numbers(reader, 2),
        _ => reader.text().ok().map(drop),
    }
}

fn skip_numbers(reader: &mut Reader<'_>, count: usize) -> Option<()> {
    (0..count).try_for_each(|_| reader.number().ok().map(drop))
}

/// How many units each part has, and its bytes.
type Parts = Vec<(u32, Vec<u8>)>;

fn parts(kind: Kind, content: &[u8], room: usize, limits: &Limits) -> Option<Parts> {
    match kind {
        Kind::Text => parts_of_text(Reader::new(content).text().ok()?, room),
        Kind::Values => parts_of_values(content, room, limits),
        _ => None,
    }
}

fn parts_of_text(mut text: &str, room: usize) -> Option<Parts> {
    let mut parts = Parts::new();
    while !text.is_empty() {
        let (part, rest) = text.split_at_checked(text.floor_char_boundary(room))?;
        if part.is_empty() {
            return None;
        }
        let mut bytes = Vec::with_capacity(part.len() + 5);
        write_number(&mut bytes, part.len() as u64);
        bytes.extend_from_slice(part.as_bytes());
        parts.push((u32::try_from(part.encode_utf16().count()).ok()?, bytes));
        text = rest;
    }
    Some(parts)
}

fn parts_of_values(content: &[u8], room: usize, limits: &Limits) -> Option<Parts> {
    let mut reader = Reader::new(content);
    let mut parts = Parts::new();
    let count = reader.number().ok()?;
    let (mut from, mut to, mut units) = (reader.offset(), reader.offset(), 0);
    for _ in 0..count {
        skip_any(&mut reader, limits).ok()?;
        let end = reader.offset();
        if end - from > room {
            parts.push(part_of_values(units, content.get(from..to)?));
            (from, units) = (to, 0);
        }
        if end - from > room {
            return None;
        }
        (to, units) = (end, units + 1);
    }
    parts.push(part_of_values(units, content.get(from..to)?));
    parts.retain(|(units, _)| *units > 0);
    Some(parts)
}

fn part_of_values(units: u32, values: &[u8]) -> (u32, Vec<u8>) {
    let mut bytes = Vec::with_capacity(values.len() + 5);
    write_number(&mut bytes, u64::from(units));
    bytes.extend_from_slice(values);
    (units, bytes)
}
