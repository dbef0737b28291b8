//! An order in which the blocks of an update can be integrated, found in linear time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Missing;
use super::place::Placer;
use crate::doc::preflight::{Block, Kind, Preflight, Ref, UpdateError};

/// Where the sections of an update stand.
#[derive(Debug)]
pub(super) struct Worklist<'u> {
    update: &'u Preflight<'u>,
    /// Section of each client of the update.
    section_of: Vec<Option<usize>>,
    /// Per section, the block that comes next.
    next: Vec<usize>,
    runnable: Vec<usize>,
    /// Per section, who waits for it: the clock it must pass, the section that waits.
    waiting: Vec<BinaryHeap<Reverse<(u32, usize)>>>,
    missing: Option<Missing>,
    advanced: bool,
}

/// How far the update could be integrated.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Per section, the first block that must wait: its end if none must.
    pub(super) next: Vec<usize>,
    /// The first thing found missing.
    pub(super) missing: Option<Missing>,
    /// Whether anything new was placed.
    pub(super) advanced: bool,
}

impl<'u> Worklist<'u> {
    pub(super) fn new(update: &'u Preflight<'u>) -> Self {
        let mut section_of = vec![None; update.clients.len()];
        for (at, section) in update.sections.iter().enumerate() {
            if let Some(entry) = section_of.get_mut(section.client as usize) {
                *entry = Some(at);
            }
        }
        Self {
            update,
            section_of,
            next: update.sections.iter().map(|section| section.first).collect(),
            runnable: (0..update.sections.len()).rev().collect(),
            waiting: update.sections.iter().map(|_| BinaryHeap::new()).collect(),
            missing: None,
            advanced: false,
        }
    }

    pub(super) fn run(mut self, placer: &mut Placer<'_, '_>) -> Result<Outcome, UpdateError> {
        while let Some(section) = self.runnable.pop() {
            self.advance(section, placer)?;
            self.wake(section, placer);
        }
        if self.missing.is_none() && self.is_stuck() {
            return Err(UpdateError::Cycle);
        }
        Ok(Outcome { next: self.next, missing: self.missing, advanced: self.advanced })
    }

    fn is_stuck(&self) -> bool {
        self.update.sections.iter().zip(&self.next).any(|(section, next)| *next < section.last)
    }

    /// Places blocks of one section until one has to wait.
    fn advance(&mut self, at: usize, placer: &mut Placer<'_, '_>) -> Result<(), UpdateError> {
        let (Some(section), Some(start)) =
            (self.update.sections.get(at), self.next.get(at).copied())
        else {
            return Ok(());
        };
        let blocks = self.update.blocks.get(start..section.last).unwrap_or_default();
        for (passed, block) in blocks.iter().enumerate() {
            let known = placer.clock(section.client);
            if block.end() > known {
                if let Some(lack) = lacking(block, section.client, known, placer) {
                    self.set_next(at, start + passed);
                    self.wait(at, lack);
                    return Ok(());
                }
                placer.place(section.client, block)?;
                self.advanced = true;
            }
        }
        self.set_next(at, section.last);
        Ok(())
    }

    fn set_next(&mut self, at: usize, next: usize) {
        if let Some(entry) = self.next.get_mut(at) {
            *entry = next;
        }
    }

    fn wait(&mut self, at: usize, lack: Lack) {
        let (needed, provider) = match lack {
            Lack::Before(needed) => (needed, None),
            Lack::Dependency(needed) => (needed, self.provider(needed)),
        };
        match provider.and_then(|provider| self.waiting.get_mut(provider)) {
            Some(waiting) => waiting.push(Reverse((needed.clock, at))),
            None => {
                let missing =
                    Missing { client: self.update.client(needed.client), clock: needed.clock };
                self.missing.get_or_insert(missing);
            }
        }
    }

    /// The section that has this unit, so that it may still be placed.
    fn provider(&self, needed: Ref) -> Option<usize> {
        let at = self.section_of.get(needed.client as usize).copied().flatten()?;
        let section = self.update.sections.get(at)?;
        (section.start..section.end).contains(&needed.clock).then_some(at)
    }

    fn wake(&mut self, section: usize, placer: &Placer<'_, '_>) {
        let Some(client) = self.update.sections.get(section).map(|section| section.client) else {
            return;
        };
        let clock = placer.clock(client);
        let Some(waiting) = self.waiting.get_mut(section) else { return };
        while waiting.peek().is_some_and(|Reverse((needed, _))| *needed < clock) {
            self.runnable.extend(waiting.pop().map(|Reverse((_, waiter))| waiter));
        }
    }
}

/// Why a block has to wait.
#[derive(Clone, Copy, Debug)]
enum Lack {
    /// The unit before it, of the same writer, is in nobody's hands here.
    Before(Ref),
    /// It hangs on this unit.
    Dependency(Ref),
}

fn lacking(block: &Block, client: u32, known: u32, placer: &Placer<'_, '_>) -> Option<Lack> {
    // All before it, and a hole's own units: the first of them alone would change nothing.
    let start = if block.kind == Kind::Hole { block.end() } else { block.clock };
    if start > known {
        return Some(Lack::Before(Ref { client, clock: start - 1 }));
    }
    block
        .dependencies()
        .find(|needed| needed.clock >= placer.clock(needed.client))
        .map(Lack::Dependency)
}
