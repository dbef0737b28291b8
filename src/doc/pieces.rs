//! Cutting an update into several that fit: in an order in which each hangs on earlier ones only, so that no replica has to
//! hold any of them back.

mod long;

use crate::doc::gate::Writer;
use crate::doc::limits::Limits;
use crate::doc::preflight::{Block, Deletion, Kind, Preflight, Ref};

/// What a piece has besides its blocks: the numbers of sections and of writers of deletions.
const FRAME: usize = 12;
/// What a section has besides its blocks, and a range of deletions with its writer, at most.
const HEADER: usize = 24;

/// The same as `update`, in updates of at most `room` bytes; `None` where one of its values alone has more.
pub fn pieces(update: &[u8], room: usize, limits: &Limits) -> Option<Vec<Vec<u8>>> {
    let parsed = Preflight::parse(update, limits).ok()?;
    match long::shorten(update, &parsed, room.checked_sub(FRAME + HEADER)?, limits)? {
        Some(shorter) => cut(&shorter, &Preflight::parse(&shorter, limits).ok()?, room),
        None => cut(update, &parsed, room),
    }
}

fn cut(bytes: &[u8], update: &Preflight<'_>, room: usize) -> Option<Vec<Vec<u8>>> {
    let mut walk = Walk::new(update, room);
    let mut from = walk.next.clone();
    let mut pieces = Vec::new();
    while walk.fill()? {
        let mut writer = Writer::new(bytes, update);
        for (section, (from, to)) in update.sections.iter().zip(from.iter().zip(&walk.next)) {
            writer.section(section, *from, *to);
        }
        pieces.push(writer.finish());
        from.clone_from(&walk.next);
    }
    for ranges in update.deletions.chunks(((room - FRAME) / HEADER).max(1)) {
        let mut writer = Writer::new(bytes, update);
        for Deletion { client, start, end } in ranges.iter().copied() {
            writer.deletion(client, start, end);
        }
        pieces.push(writer.finish());
    }
    Some(pieces)
}

/// Goes through the blocks of an update in an order of their dependencies.
struct Walk<'u> {
    update: &'u Preflight<'u>,
    room: usize,
    /// Per section, the block that comes next.
    next: Vec<usize>,
    /// Per writer, the section that is not done yet.
    open: Vec<Option<usize>>,
}

impl<'u> Walk<'u> {
    fn new(update: &'u Preflight<'u>, room: usize) -> Self {
        let mut open = vec![None; update.clients.len()];
        for (at, section) in update.sections.iter().enumerate() {
            if let Some(entry) = open.get_mut(section.client as usize) {
                *entry = Some(at);
            }
        }
        let next = update.sections.iter().map(|section| section.first).collect();
        Self { update, room, next, open }
    }

    /// Takes blocks for one more piece; whether there were any. `None`: the next one does not fit or never can be placed.
    fn fill(&mut self) -> Option<bool> {
        let mut left = self.room.saturating_sub(FRAME);
        let mut taken = false;
        loop {
            let (mut moved, mut full) = (false, false);
            for at in 0..self.next.len() {
                let (count, fits) = self.take(at, &mut left)?;
                moved |= count > 0;
                full |= !fits;
            }
            taken |= moved;
            if full || !moved {
                let done = self.open.iter().all(Option::is_none);
                return (taken || done).then_some(taken);
            }
        }
    }

    /// Takes blocks of one section while they hang on nothing that is still to come; how many, and whether they fitted.
    fn take(&mut self, at: usize, left: &mut usize) -> Option<(usize, bool)> {
        let section = self.update.sections.get(at)?;
        let first = *self.next.get(at)?;
        let mut header = HEADER;
        for index in first..section.last {
            let block = self.update.blocks.get(index)?;
            if block.kind == Kind::Hole {
                return None;
            }
            if block.dependencies().any(|needed| self.is_to_come(needed, at)) {
                return Some((index - first, true));
            }
            let size = header + self.bytes_of(index, section.bytes_end, section.last)?;
            if size > *left {
                return Some((index - first, false));
            }
            *left -= size;
            header = 0;
            *self.next.get_mut(at)? = index + 1;
        }
        *self.open.get_mut(section.client as usize)? = None;
        Some((section.last - first, true))
    }

    /// Whether a unit is in a block that was not taken yet, of another section than this.
    fn is_to_come(&self, needed: Ref, section: usize) -> bool {
        let provider = self.open.get(needed.client as usize).copied().flatten();
        let Some(other) = provider.filter(|other| *other != section) else { return false };
        let coming = self.next.get(other).and_then(|next| self.update.blocks.get(*next));
        let end = self.update.sections.get(other).map_or(0, |section| section.end);
        coming.is_some_and(|block: &Block| (block.clock..end).contains(&needed.clock))
    }

    fn bytes_of(&self, index: usize, section_end: u32, last: usize) -> Option<usize> {
        let start = self.update.blocks.get(index)?.at;
        let end = match self.update.blocks.get(index + 1).filter(|_| index + 1 < last) {
            Some(next) => next.at,
            None => section_end,
        };
        usize::try_from(end.checked_sub(start)?).ok()
    }
}
