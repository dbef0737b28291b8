//! One step that is undone at once.

use yrs::IdSet;

use crate::doc::content::{Content, add};
use crate::doc::type_id::TypeId;
use crate::time::Instant;

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its number; undone and redone it keeps it.
    pub(crate) id: u32,
    /// What it inserted, and what it deleted of what was there before.
    pub(crate) content: Content,
    /// Units that it deleted once and that are back under other ids, or that only steps before it could ask for.
    pub(crate) spent: IdSet,
    /// What all its edits are called.
    pub(crate) name: Option<String>,
    /// The text, if it is typing in one and nothing else.
    pub(crate) typing: Option<TypeId>,
    pub(crate) last: Instant,
}

impl Step {
    pub(crate) fn new(id: u32, typing: Option<TypeId>) -> Self {
        Self {
            id,
            content: Content::default(),
            spent: IdSet::new(),
            name: None,
            typing,
            last: Instant::default(),
        }
    }

    /// One more edit. What the step deletes of its own is nothing that undoing would bring back.
    pub(crate) fn take_in(
        &mut self,
        now: Instant,
        content: &Content,
        typing: Option<&TypeId>,
        garbage: &mut IdSet,
    ) {
        self.content.merge(content);
        self.last = now;
        if self.typing.as_ref() != typing {
            self.typing = None;
        }
        self.drop_own(&content.deletes, garbage);
    }

    /// Whether `next` goes on with it: typing in the same text, soon after.
    pub(crate) fn is_joined_by(&self, next: &Self, within: u64) -> bool {
        self.name.is_none()
            && self.typing.is_some()
            && self.typing == next.typing
            && next.last.since(self.last) < within
    }

    pub(crate) fn join(&mut self, next: Self, garbage: &mut IdSet) {
        self.content.merge(&next.content);
        self.last = next.last;
        add(&mut self.spent, &next.spent);
        self.drop_own(&next.content.deletes, garbage);
    }

    /// The units that nobody brings back once it is forgotten.
    pub(crate) fn waste(&self, into: &mut IdSet) {
        add(into, &self.content.deletes);
        add(into, &self.spent);
    }

    fn drop_own(&mut self, deletes: &IdSet, garbage: &mut IdSet) {
        let mut own = deletes.clone();
        own.intersect_with(&self.content.inserts);
        if !own.is_empty() {
            self.content.deletes.diff_with(&own);
            add(garbage, &own);
        }
    }
}
