//! Undoing and redoing a step of a document.

use yrs::{ID, IdSet};

use super::owner::Share;
use super::{Direction, Intent, UndoLimits, UndoStack, UndoState};
use crate::doc::content::{Content, ranges, units};
use crate::doc::places::Block;
use crate::doc::{Doc, Integrated, Origin};
use crate::error::Misuse;

impl Doc {
    /// Keeps own edits from now on so that they can be undone.
    pub fn with_undo(mut self, limits: UndoLimits) -> Self {
        self.undo = UndoStack::new(limits);
        self
    }

    /// What can be undone and redone.
    pub fn undo_state(&self) -> UndoState {
        self.undo.state()
    }

    /// Edits until [`end_step`](Self::end_step) are one step, and count as this.
    pub fn begin_step(&mut self, intent: Intent) {
        self.undo.hold();
        self.undo.intend(intent);
    }

    /// Ends what [`begin_step`](Self::begin_step) began.
    pub fn end_step(&mut self) {
        self.undo.intend(Intent::Own);
        self.undo.unhold();
    }

    /// Edits until [`resume_undo`](Self::resume_undo) are one step, however long that takes.
    pub fn pause_undo(&mut self) {
        self.undo.hold();
    }

    /// Ends what [`pause_undo`](Self::pause_undo) began.
    pub fn resume_undo(&mut self) {
        self.undo.unhold();
    }

    /// The next edit begins a new step.
    pub fn checkpoint(&mut self) {
        self.undo.checkpoint();
    }

    /// Forgets every step, and lets go of what was kept for them.
    pub fn clear_undo(&mut self) -> Result<(), Misuse> {
        self.undo.clear();
        self.drop_garbage(1)
    }

    /// Takes the last step back, or brings the last one that was taken back forth again, by new edits. Steps that others'
    /// edits have left nothing of are passed over. Nothing comes where there is no step.
    pub fn travel(&mut self, direction: Direction) -> Result<Vec<Integrated>, Misuse> {
        self.usable()?;
        while let Some((step, ours)) = self.undo.take(direction) {
            let room = self.limits.clock.saturating_sub(self.index.clock(self.client_id()));
            if units(&step.content.deletes) >= u64::from(room) {
                self.undo.put_back(direction, step);
                return Err(Misuse::argument(format!("there is room for only {room} more units")));
            }
            let mut news = self.restore(&step.content.deletes, &ours)?;
            news.extend(self.remove(&step.content.inserts, &ours)?);
            if news.is_empty() {
                self.undo.forget(step);
                continue;
            }
            let mut inverse = Content::default();
            for integrated in &news {
                inverse.merge(&integrated.content);
            }
            self.undo.turn(direction, step, inverse);
            return Ok(news);
        }
        Ok(Vec::new())
    }

    /// Brings deleted units back. What steps had inserted of them is theirs again, under its new ids.
    fn restore(&mut self, deletes: &IdSet, ours: &IdSet) -> Result<Vec<Integrated>, Misuse> {
        let shares = self.undo.disown(deletes);
        let mut news = Vec::new();
        loop {
            let before = news.len();
            for Share { units, owners } in &shares {
                let back = Content { inserts: IdSet::new(), deletes: units.clone() };
                let Some(integrated) = self.revert(&back, ours)? else { continue };
                self.undo.own(owners, &integrated.content.inserts);
                news.push(integrated);
            }
            // What lies in a share that came back later can follow now.
            if news.len() == before || shares.len() == 1 {
                return Ok(news);
            }
        }
    }

    /// Deletes units. One range at a time: the engine loses its way in a block that two of them share.
    fn remove(&mut self, inserts: &IdSet, ours: &IdSet) -> Result<Vec<Integrated>, Misuse> {
        let mut news = Vec::new();
        for (client, start, end) in ranges(inserts) {
            let mut inserts = IdSet::new();
            inserts.insert(ID::new(client, start), end - start);
            let gone = Content { inserts, deletes: IdSet::new() };
            news.extend(self.revert(&gone, ours)?);
        }
        Ok(news)
    }

    fn revert(&mut self, content: &Content, ours: &IdSet) -> Result<Option<Integrated>, Misuse> {
        let Some(done) = self.engine.revert(content, ours)? else { return Ok(None) };
        let content = Content { inserts: done.inserts, deletes: done.deletes };
        if content.is_empty() {
            return Ok(None);
        }
        let update = done.update.unwrap_or_default();
        let block = self.enter(&update)?.map(Block::loose);
        Ok(Some(self.integrated(update, content, Origin::Local, block)))
    }
}
