//! Moving steps between the stacks, and whose the units are that come back under new ids.

use yrs::IdSet;

use super::{Direction, Step, UndoStack};
use crate::doc::content::{Content, add};

/// Deleted units that the same steps had inserted.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) units: IdSet,
    /// Numbers of the steps.
    pub(super) owners: Vec<u32>,
}

impl UndoStack {
    /// Takes the step to go over next, and the units that going over it may step over.
    pub(super) fn take(&mut self, direction: Direction) -> Option<(Step, IdSet)> {
        self.close();
        let step = match direction {
            Direction::Undo => self.undo.pop(),
            Direction::Redo => self.redo.pop(),
        }?;
        let ours = self.ours(&step);
        Some((step, ours))
    }

    pub(super) fn put_back(&mut self, direction: Direction, step: Step) {
        match direction {
            Direction::Undo => self.undo.push(step),
            Direction::Redo => self.redo.push(step),
        }
    }

    /// Notes that `step` was gone over by doing `inverse`.
    pub(super) fn turn(&mut self, direction: Direction, step: Step, inverse: Content) {
        add(&mut self.restored, &step.content.deletes);
        let mut spent = step.spent;
        add(&mut spent, &step.content.deletes);
        let turned = Step { content: inverse, spent, typing: None, ..step };
        self.put_back(direction.back(), turned);
        // What is typed now is no part of what was typed before.
        if let Some(last) = self.undo.last_mut() {
            last.typing = None;
        }
    }

    /// Splits units by the steps that inserted them, and takes them from those: they are gone for good.
    pub(super) fn disown(&mut self, units: &IdSet) -> Vec<Share> {
        let mut shares = vec![Share { units: units.clone(), owners: Vec::new() }];
        for step in self.undo.iter_mut().chain(&mut self.redo) {
            let mut split = Vec::new();
            for share in &mut shares {
                let mut own = share.units.clone();
                own.intersect_with(&step.content.inserts);
                if own.is_empty() {
                    continue;
                }
                share.units.diff_with(&own);
                let owners = share.owners.iter().copied().chain([step.id]).collect();
                split.push(Share { units: own, owners });
            }
            if !split.is_empty() {
                step.content.inserts.diff_with(units);
                shares.extend(split);
            }
        }
        shares.retain(|share| !share.units.is_empty());
        shares
    }

    /// Gives units to the steps of these numbers.
    pub(super) fn own(&mut self, owners: &[u32], inserts: &IdSet) {
        for step in self.undo.iter_mut().chain(&mut self.redo) {
            if owners.contains(&step.id) {
                add(&mut step.content.inserts, inserts);
            }
        }
    }
}
