//! The order in which an update has its fields, whatever the format.

use super::value::skip_any;
use super::{Decode, Encode, MAX_BLOCKS, MAX_BYTES};
use crate::lib0::{write_buffer, write_number};
use crate::update_error::UpdateError;

const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
const REFERENCE: u8 = 0x1f;

/// Reads a whole update and writes it anew.
pub(super) fn walk<'a, D: Decode<'a>, E: Encode>(
    from: &mut D,
    to: &mut E,
) -> Result<(), UpdateError> {
    let mut blocks = 0;
    let sections = from.rest().number()?;
    write_number(to.rest(), sections);
    for _ in 0..sections {
        let count = from.blocks()?;
        blocks = count.saturating_add(blocks);
        if blocks > MAX_BLOCKS {
            return Err(UpdateError::TooMany { what: "blocks", limit: MAX_BLOCKS as usize });
        }
        write_number(to.rest(), count);
        to.client(from.client()?);
        write_number(to.rest(), from.rest().number()?);
        for _ in 0..count {
            block(from, to)?;
            check_size(to)?;
        }
    }
    let writers = from.rest().number()?;
    write_number(to.rest(), writers);
    for _ in 0..writers {
        deletions(from, to)?;
    }
    from.rest().finish()
}

fn check_size<E: Encode>(to: &E) -> Result<(), UpdateError> {
    let size = to.size();
    if size > MAX_BYTES {
        return Err(UpdateError::TooLarge { size, limit: MAX_BYTES });
    }
    Ok(())
}

fn block<'a, D: Decode<'a>, E: Encode>(from: &mut D, to: &mut E) -> Result<(), UpdateError> {
    let info = from.info()?;
    to.info(info);
    match info {
        0 => {
            to.len(from.len()?);
            return Ok(());
        }
        10 => {
            write_number(to.rest(), from.rest().number()?);
            return Ok(());
        }
        _ => {}
    }
    if info & HAS_ORIGIN != 0 {
        to.left(from.left()?);
    }
    if info & HAS_RIGHT != 0 {
        to.right(from.right()?);
    }
    if info & (HAS_ORIGIN | HAS_RIGHT) == 0 {
        let root = from.names_root()?;
        to.names_root(root);
        if root {
            to.text(from.text()?);
        } else {
            to.left(from.left()?);
        }
        if info & HAS_KEY != 0 {
            to.text(from.text()?);
        }
    }
    content(info & REFERENCE, from, to)
}

fn content<'a, D: Decode<'a>, E: Encode>(
    reference: u8,
    from: &mut D,
    to: &mut E,
) -> Result<(), UpdateError> {
    match reference {
        1 => to.len(from.len()?),
        3 => write_buffer(to.rest(), from.rest().buffer()?),
        4 => to.text(from.text()?),
        5 => to.json(&from.json()?),
        6 => {
            to.key(from.key()?);
            to.json(&from.json()?);
        }
        7 => {
            let kind = from.type_ref()?;
            to.type_ref(kind);
            match kind {
                0..=2 | 4 | 6 => {}
                3 | 5 => to.key(from.key()?),
                _ => return Err(from.rest().unsupported("a shared type of an unknown kind")),
            }
        }
        8 => {
            let count = from.len()?;
            to.len(count);
            for _ in 0..count {
                any(from, to)?;
            }
        }
        9 => {
            to.text(from.text()?);
            any(from, to)?;
        }
        2 => return Err(from.rest().unsupported("content of the old JSON kind")),
        _ => return Err(from.rest().malformed("content of an unknown kind")),
    }
    Ok(())
}

/// A plain value reads the same in both formats.
fn any<'a, D: Decode<'a>, E: Encode>(from: &mut D, to: &mut E) -> Result<(), UpdateError> {
    let value = from.rest().span(|reader| skip_any(reader, 0))?;
    to.rest().extend_from_slice(value);
    Ok(())
}

/// What one writer's units lost. Sorted, for V2 writes the gaps between them.
fn deletions<'a, D: Decode<'a>, E: Encode>(from: &mut D, to: &mut E) -> Result<(), UpdateError> {
    write_number(to.rest(), from.rest().number()?);
    let mut ranges = Vec::new();
    let mut behind = 0;
    for _ in 0..from.rest().count(2, "more ranges than bytes")? {
        let (start, len) = from.range(behind)?;
        if len == 0 {
            return Err(from.rest().malformed("an empty range"));
        }
        behind = start.saturating_add(len);
        ranges.push((start, behind));
    }
    let ranges = merged(ranges);
    write_number(to.rest(), ranges.len() as u64);
    let mut behind = 0;
    for (start, end) in ranges {
        to.range(behind, (start, end - start));
        behind = end;
    }
    check_size(to)
}

fn merged(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => merged.push((start, end)),
        }
    }
    merged
}
