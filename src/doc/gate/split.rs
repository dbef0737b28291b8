//! Cutting an update into what is ready and what must wait. V1 blocks are self-contained, so bytes are moved, not made.

use crate::doc::preflight::{Deletion, Kind, Preflight, Section, write_number};

/// The two halves of an update, each an update of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Halves {
    pub(crate) ready: Vec<u8>,
    pub(crate) waiting: Option<Vec<u8>>,
}

/// Cuts `update` before the blocks at `next`, one per section. `known` tells how far each client of the update was
/// known before, so that holes we can fill and what we have already are left out.
pub(crate) fn split(
    bytes: &[u8],
    update: &Preflight<'_>,
    next: &[usize],
    known: &dyn Fn(u64) -> u32,
) -> Halves {
    let mut ready = Writer::new(bytes, update);
    let mut waiting = Writer::new(bytes, update);
    for (section, next) in update.sections.iter().zip(next) {
        let clock = known(update.client(section.client));
        let fresh = first(section.first, *next, |at| block_end(update, at) > clock);
        ready.section(section, fresh, *next);
        let content = first(*next, section.last, |at| !is_hole(update, at));
        waiting.section(section, content, section.last);
    }
    let placed = placed(update, next);
    for Deletion { client, start, end } in update.deletions.iter().copied() {
        let reached =
            known(update.client(client)).max(placed.get(client as usize).copied().unwrap_or(0));
        ready.deletion(client, start, end.min(reached));
        waiting.deletion(client, start.max(reached), end);
    }
    Halves { ready: ready.finish(), waiting: (!waiting.is_empty()).then(|| waiting.finish()) }
}

fn first(from: usize, to: usize, wanted: impl Fn(usize) -> bool) -> usize {
    (from..to).find(|at| wanted(*at)).unwrap_or(to)
}

fn block_end(update: &Preflight<'_>, at: usize) -> u32 {
    update.blocks.get(at).map_or(0, |block| block.end())
}

fn is_hole(update: &Preflight<'_>, at: usize) -> bool {
    update.blocks.get(at).is_some_and(|block| block.kind == Kind::Hole)
}

/// Per client, the clock behind its ready blocks.
fn placed(update: &Preflight<'_>, next: &[usize]) -> Vec<u32> {
    let mut ends = vec![0; update.clients.len()];
    let advanced =
        update.sections.iter().zip(next).filter(|(section, next)| **next > section.first);
    for (section, next) in advanced {
        if let Some(end) = ends.get_mut(section.client as usize) {
            *end = block_end(update, *next - 1);
        }
    }
    ends
}

/// Writes an update of some of another's blocks.
pub(crate) struct Writer<'a> {
    bytes: &'a [u8],
    update: &'a Preflight<'a>,
    sections: u64,
    blocks: Vec<u8>,
    deletions: Vec<Deletion>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(bytes: &'a [u8], update: &'a Preflight<'a>) -> Self {
        Self { bytes, update, sections: 0, blocks: Vec::new(), deletions: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sections == 0 && self.deletions.is_empty()
    }

    pub(crate) fn section(&mut self, section: &Section, from: usize, to: usize) {
        let Some(first) = self.update.blocks.get(from).filter(|_| from < to) else { return };
        let at_end =
            if to < section.last { self.update.blocks.get(to).map(|block| block.at) } else { None };
        let end = at_end.unwrap_or(section.bytes_end);
        self.sections += 1;
        write_number(&mut self.blocks, (to - from) as u64);
        write_number(&mut self.blocks, self.update.client(section.client));
        write_number(&mut self.blocks, u64::from(first.clock));
        self.blocks
            .extend_from_slice(self.bytes.get(first.at as usize..end as usize).unwrap_or_default());
    }

    pub(crate) fn deletion(&mut self, client: u32, start: u32, end: u32) {
        if start < end {
            self.deletions.push(Deletion { client, start, end });
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.blocks.len() + self.deletions.len() * 8 + 8);
        write_number(&mut out, self.sections);
        out.extend_from_slice(&self.blocks);
        let clients: Vec<_> = self.deletions.chunk_by(|a, b| a.client == b.client).collect();
        write_number(&mut out, clients.len() as u64);
        for ranges in clients {
            let client = ranges.first().map_or(0, |range| self.update.client(range.client));
            write_number(&mut out, client);
            write_number(&mut out, ranges.len() as u64);
            for range in ranges {
                write_number(&mut out, u64::from(range.start));
                write_number(&mut out, u64::from(range.end - range.start));
            }
        }
        out
    }
}
