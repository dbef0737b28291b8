//! What can be undone: the own edits in steps, by the ids that each inserted and deleted.
//!
//! ```text
//!  edits ─► open step ─► undo stack ──undo──► redo stack        a new edit empties the redo stack
//!             │              ▲  └─ the oldest beyond the limit ─► garbage
//!             └ typing joins the last step ─┘
//! ```
//!
//! Others' edits are in no step, so they are never undone. The engine keeps the content that a step deleted until the
//! step is garbage.

mod owner;
mod step;
mod travel;

use yrs::IdSet;

use crate::doc::content::{Content, add, units};
use crate::doc::type_id::TypeId;
use crate::time::Instant;
pub(crate) use step::Step;

/// How much can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoLimits {
    /// Steps kept; 0 keeps nothing and costs nothing.
    pub undo_steps: usize,
    /// Typing within this time of the last, in milliseconds, joins its step.
    pub undo_merge: u64,
}

impl Default for UndoLimits {
    fn default() -> Self {
        Self { undo_steps: 200, undo_merge: 500 }
    }
}

impl UndoLimits {
    /// Nothing can be undone.
    pub const NONE: Self = Self { undo_steps: 0, undo_merge: 0 };
}

/// What edits count as, once they are to be undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Intent {
    /// The user's.
    #[default]
    Own,
    /// Part of something that takes its time: all edits of this name are one step, whatever comes in between.
    Named(String),
    /// Nobody's: they are not undone.
    Aside,
}

/// Whether there is something to undo and to redo, each by the number of its step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoState {
    /// The step that `undo` takes back.
    pub undo: Option<u32>,
    /// The step that `redo` brings back.
    pub redo: Option<u32>,
}

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Back.
    Undo,
    /// Forth again.
    Redo,
}

impl Direction {
    fn back(self) -> Self {
        match self {
            Self::Undo => Self::Redo,
            Self::Redo => Self::Undo,
        }
    }
}

/// Deleted units that the engine may drop.
#[derive(Debug)]
pub(crate) struct Garbage {
    /// All of them.
    pub(crate) units: IdSet,
    /// Those that never came back under other ids.
    pub(crate) single: IdSet,
}

/// Steps that can be undone and redone.
#[derive(Debug, Default)]
pub(crate) struct UndoStack {
    limits: UndoLimits,
    undo: Vec<Step>,
    redo: Vec<Step>,
    /// What collects until nobody holds it.
    open: Option<Step>,
    holds: u32,
    intent: Intent,
    /// Deleted units that nobody can bring back any more, and that the engine still keeps.
    garbage: IdSet,
    /// Deleted units that came back under other ids. The engine knows those and cuts them where it cuts these.
    restored: IdSet,
    last_id: u32,
}

impl UndoStack {
    pub(crate) fn new(limits: UndoLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Whether the edits to come can be undone.
    pub(crate) fn records(&self) -> bool {
        self.limits.undo_steps > 0 && self.intent != Intent::Aside
    }

    /// Whether deleted content is kept for anything.
    pub(crate) fn is_used(&self) -> bool {
        self.limits.undo_steps > 0
    }

    pub(crate) fn state(&self) -> UndoState {
        let last = |steps: &[Step]| steps.last().map(|step| step.id);
        let open = self.open.as_ref().map(|step| step.id);
        UndoState { undo: open.or_else(|| last(&self.undo)), redo: last(&self.redo) }
    }

    /// Edits until the matching [`unhold`](Self::unhold) are one step.
    pub(crate) fn hold(&mut self) {
        self.holds += 1;
    }

    pub(crate) fn unhold(&mut self) {
        self.holds = self.holds.saturating_sub(1);
        if self.holds == 0 {
            self.close();
        }
    }

    /// What the edits to come count as.
    pub(crate) fn intend(&mut self, intent: Intent) {
        self.intent = intent;
    }

    /// The next edit begins a new step.
    pub(crate) fn checkpoint(&mut self) {
        self.close();
        if let Some(last) = self.undo.last_mut() {
            last.typing = None;
        }
    }

    /// Forgets every step.
    pub(crate) fn clear(&mut self) {
        for step in self.undo.drain(..).chain(self.redo.drain(..)).chain(self.open.take()) {
            step.waste(&mut self.garbage);
        }
    }

    /// As after [`clear`](Self::clear), for another engine: nothing is kept there.
    pub(crate) fn reset(&mut self) {
        self.clear();
        self.garbage = IdSet::new();
        self.restored = IdSet::new();
    }

    /// Notes an edit; `typing` is the text it typed in, if that is all it did.
    pub(crate) fn record(&mut self, now: Instant, content: &Content, typing: Option<&TypeId>) {
        if content.is_empty() || !self.records() {
            return;
        }
        if let Intent::Named(name) = &self.intent {
            let name = name.clone();
            return self.record_named(name, now, content);
        }
        let id = self.last_id + 1;
        let open = self.open.get_or_insert_with(|| Step::new(id, typing.cloned()));
        self.last_id = open.id;
        open.take_in(now, content, typing, &mut self.garbage);
        if self.holds == 0 {
            self.close();
        }
    }

    fn record_named(&mut self, name: String, now: Instant, content: &Content) {
        let known = self.undo.iter_mut().rev().find(|step| step.name.as_ref() == Some(&name));
        if let Some(step) = known {
            return step.take_in(now, content, None, &mut self.garbage);
        }
        self.last_id += 1;
        let mut step = Step { name: Some(name), ..Step::new(self.last_id, None) };
        step.take_in(now, content, None, &mut self.garbage);
        self.push(step);
    }

    /// Ends the open step: it joins the last one if both are typing in one text.
    fn close(&mut self) {
        let Some(step) = self.open.take() else { return };
        match self.undo.last_mut() {
            Some(last) if last.is_joined_by(&step, self.limits.undo_merge) => {
                last.join(step, &mut self.garbage);
                self.forget_redo();
            }
            _ => self.push(step),
        }
    }

    fn push(&mut self, step: Step) {
        self.forget_redo();
        self.undo.push(step);
        while self.undo.len() > self.limits.undo_steps {
            self.undo.remove(0).waste(&mut self.garbage);
        }
    }

    fn forget_redo(&mut self) {
        for step in std::mem::take(&mut self.redo) {
            self.forget(step);
        }
    }

    /// What a forgotten step deleted may hold what older steps made: it stays until those are forgotten too.
    fn forget(&mut self, step: Step) {
        match self.undo.last_mut() {
            Some(last) => step.waste(&mut last.spent),
            None => step.waste(&mut self.garbage),
        }
    }

    /// Takes the garbage, if there are so many units of it.
    pub(crate) fn take_garbage(&mut self, worth: u64) -> Option<Garbage> {
        if units(&self.garbage) < worth {
            return None;
        }
        let units = std::mem::take(&mut self.garbage);
        let mut single = units.clone();
        single.diff_with(&self.restored);
        self.restored.diff_with(&units);
        Some(Garbage { units, single })
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.undo.iter().chain(&self.redo).chain(&self.open)
    }

    /// Every unit that the steps deleted, those of `step` and all that it inserted: what undoing may step over.
    fn ours(&self, step: &Step) -> IdSet {
        let mut ours = step.content.inserts.clone();
        for step in self.steps().chain([step]) {
            add(&mut ours, &step.content.deletes);
            add(&mut ours, &step.spent);
        }
        ours
    }
}
