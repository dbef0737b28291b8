//! Undo and redo in a room: an undone step goes the way of every edit.

use crate::connection::Context;
use crate::doc::{Direction, Doc, DocHost};
use crate::error::Misuse;
use crate::event::EventKind;
use crate::room::{Room, RoomOutput};
use crate::time::Instant;

/// What the app does with its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoCommand {
    /// Goes over a step.
    Travel(Direction),
    /// The next edit begins a new step.
    Checkpoint,
    /// Edits until [`Resume`](Self::Resume) are one step.
    Pause,
    /// Ends what [`Pause`](Self::Pause) began.
    Resume,
    /// Forgets every step.
    Clear,
}

impl Room<Doc> {
    /// Does what the app wants; whether the document changed.
    pub fn undo(&mut self, cx: &mut Context<'_>, command: UndoCommand) -> Result<bool, Misuse> {
        self.usable()?;
        let changed = match command {
            UndoCommand::Travel(direction) => self.travel(cx.now, direction),
            UndoCommand::Checkpoint => self.tell_doc(Doc::checkpoint),
            UndoCommand::Pause => self.tell_doc(Doc::pause_undo),
            UndoCommand::Resume => self.tell_doc(Doc::resume_undo),
            UndoCommand::Clear => {
                self.retry_what_did_not_fit();
                self.doc.clear_undo().map(|()| false)
            }
        };
        self.settle(cx);
        changed
    }

    fn tell_doc(&mut self, command: fn(&mut Doc)) -> Result<bool, Misuse> {
        command(&mut self.doc);
        Ok(false)
    }

    /// Several transactions, one record and one frame.
    fn travel(&mut self, now: Instant, direction: Direction) -> Result<bool, Misuse> {
        let alone = self.batch.is_none();
        self.batch.get_or_insert_default();
        let travelled = self.doc.travel(direction);
        self.notice_break();
        let changed = travelled.as_ref().is_ok_and(|news| !news.is_empty());
        let result =
            travelled.map(|news| news.into_iter().for_each(|news| self.take_edited(now, news)));
        if alone {
            self.ship_batch(now);
        }
        result.map(|()| changed)
    }
}

impl<D: DocHost> Room<D> {
    pub(super) fn publish_undo(&mut self) {
        let state = self.doc.undo_state();
        if self.last_undo != state {
            self.last_undo = state;
            self.outputs.push_back(RoomOutput::Event(EventKind::Undo(state)));
        }
    }
}
