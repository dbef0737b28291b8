//! Writing: our own edits, checked and handed to the engine.

use yrs::{ClientID, ID, Text, TransactionMut};

use crate::doc::content::Content;
use crate::doc::edit::check::Check;
use crate::doc::edit::perform::perform;
use crate::doc::edit::tell::tell;
use crate::doc::engine::{Done, take};
use crate::doc::gate::{Verdict, admit};
use crate::doc::places::Block;
use crate::doc::preflight::Preflight;
use crate::doc::record::Recorded;
use crate::doc::shared::Shared;
use crate::doc::{Doc, Edit, Integrated, Origin, UpdateError};
use crate::error::{ErrorCode, Misuse};
use crate::time::Instant;

/// An edit that makes sense.
struct Checked {
    shared: Shared,
    /// Whether a format mark ever lay in it.
    formatted: bool,
    may_delete: bool,
    /// The length of a text. To count the entries of a map takes a walk.
    len: u32,
}

impl Doc {
    /// Does one edit in one transaction. Wrong arguments are told before anything is touched.
    pub fn edit(&mut self, edit: Edit) -> Result<Integrated, Misuse> {
        self.edit_at(Instant::default(), edit)
    }

    /// As [`edit`](Self::edit), at a time that tells what is undone together.
    pub fn edit_at(&mut self, now: Instant, edit: Edit) -> Result<Integrated, Misuse> {
        self.usable()?;
        let checked = self.checked(&edit)?;
        let told = tell(&edit, checked.formatted);
        let ready = self.ready(&edit, &checked);
        self.engine.recorder.mute(told.is_some());
        let done = self.perform(&edit, &checked, ready.as_deref());
        self.engine.recorder.mute(false);
        let done = done?;
        let Some(update) = ready.or(done.update) else { return Ok(Integrated::default()) };
        let block = self.enter(&update)?;
        // Around other insertions there may be formatting and what is deleted.
        let is_near =
            !checked.formatted && matches!(edit, Edit::TextInsert { attributes: None, .. });
        let block = if is_near { block } else { block.map(Block::loose) };
        let content = Content { inserts: done.inserts, deletes: done.deletes };
        self.record_step(now, &edit, &content)?;
        if let Some(change) = told {
            self.engine.recorder.tell(Recorded { target: edit.ty().clone(), change });
        }
        Ok(self.integrated(update, content, Origin::Local, block))
    }

    /// The update that the edit comes to, where its place is known.
    fn ready(&mut self, edit: &Edit, checked: &Checked) -> Option<Vec<u8>> {
        let client = self.client_id();
        let next = ID::new(ClientID::new(client), self.index.clock(client));
        let is_plain = !checked.formatted;
        is_plain.then(|| self.places.update(edit, checked.len, next)).flatten()
    }

    /// Does a checked edit, as its update or by the engine's own means.
    fn perform(
        &mut self,
        edit: &Edit,
        checked: &Checked,
        ready: Option<&[u8]>,
    ) -> Result<Done<()>, Misuse> {
        let work = |txn: &mut TransactionMut<'_>| match ready {
            Some(update) => take(txn, update),
            None => {
                perform(txn, edit, &checked.shared);
                Ok(())
            }
        };
        let done = if self.undo.records() && checked.may_delete {
            self.engine.transact_keeping(ready.is_none(), work)?
        } else {
            self.engine.transact(Origin::Local, ready.is_none(), work)?
        };
        if let Err(error) = done.result {
            return Err(internal(self.give_up(error)));
        }
        let Done { update, inserts, deletes, .. } = done;
        Ok(Done { result: (), update, inserts, deletes })
    }

    fn record_step(&mut self, now: Instant, edit: &Edit, content: &Content) -> Result<(), Misuse> {
        /// Units of garbage that make it worth to let go of it.
        const WORTH: u64 = 64;
        self.undo.record(now, content, edit.typing());
        self.drop_garbage(WORTH)
    }

    pub(super) fn drop_garbage(&mut self, worth: u64) -> Result<(), Misuse> {
        match self.undo.take_garbage(worth) {
            Some(garbage) => self.engine.drop_deleted(&garbage),
            None => Ok(()),
        }
    }

    /// Refuses what a broken engine cannot do.
    pub(super) fn usable(&self) -> Result<(), Misuse> {
        match &self.broken {
            Some(error) => Err(Misuse::new(error.code(), error.to_string())),
            None => Ok(()),
        }
    }

    fn checked(&self, edit: &Edit) -> Result<Checked, Misuse> {
        let txn = self.engine.read()?;
        let (shared, info) = self.find(&txn, edit.ty())?;
        let room = match self.index.clock(self.client_id()) {
            0 if self.index.writers() >= self.limits.clients => 0,
            clock => self.limits.clock.saturating_sub(clock),
        };
        let check = Check {
            txn: &txn,
            index: &self.index,
            places: &self.places,
            ty: edit.ty(),
            limits: &self.limits,
            holder: info.holder,
            depth: info.depth,
            room,
        };
        check.edit(edit, &shared)?;
        let may_delete = edit.may_delete(&txn, &shared);
        let len = if let Shared::Text(text) = &shared { text.len(&txn) } else { 0 };
        Ok(Checked { shared, formatted: info.formatted, may_delete, len })
    }

    /// Enters our own edit into the index, through the same door as everybody's. What comes is its block, if it is one.
    pub(super) fn enter(&mut self, update: &[u8]) -> Result<Option<Block>, Misuse> {
        let judged = Preflight::parse(update, &self.limits).and_then(|parsed| {
            let verdict = admit(&mut self.index, &self.deletes, &parsed, &self.limits)?;
            match verdict {
                Verdict::Ready(_) => Ok(parsed.only_block()),
                _ => Err(UpdateError::Engine("an own edit was not ready".into())),
            }
        });
        judged.map_err(|error| internal(self.give_up(error)))
    }
}

fn internal(error: UpdateError) -> Misuse {
    Misuse::new(ErrorCode::Internal, error.to_string())
}
