//! Taking own edits back, by the engine's own means.
//!
//! The engine knows where deleted content was and what became of it. Its undo manager is made for one thing at a time: to
//! mark what a transaction deletes as worth keeping, or to take one step back, with that step alone in it. The steps
//! themselves are in `undo.rs`: the manager knows neither names nor limits, and its one stack has only one end.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use yrs::branch::{Branch, BranchPtr};
use yrs::types::TypeRef;
use yrs::undo::{Options, StackItem, UndoManager};
use yrs::{ID, IdSet, Transact, TransactionMut};

use crate::doc::Origin;
use crate::doc::content::{Content, ranges};
use crate::doc::engine::{Done, Engine, busy};
use crate::doc::shared::Shared;
use crate::doc::subdoc::show;
use crate::doc::undo::Garbage;
use crate::error::Misuse;

impl Engine {
    /// As [`transact`](Engine::transact) for an own edit; what it deletes can be brought back.
    pub(crate) fn transact_keeping<R>(
        &self,
        wants_update: bool,
        work: impl FnOnce(&mut TransactionMut<'_>) -> R,
    ) -> Result<Done<R>, Misuse> {
        // Marks what is deleted before the engine drops it. Made for each transaction: it could not change threads.
        let mut manager = self.manager(Vec::new(), Vec::new());
        manager.include_origin(Origin::Local.name());
        self.transact(Origin::Local, wants_update, work)
    }

    /// Drops the content of deleted units.
    pub(crate) fn drop_deleted(&self, garbage: &Garbage) -> Result<(), Misuse> {
        let Garbage { units, single } = garbage;
        for (client, start, end) in ranges(single) {
            self.cut_out(ID::new(client, start));
            self.cut_out(ID::new(client, end - 1));
        }
        // Takes the marks away.
        let item = self.item(&Content { inserts: IdSet::new(), deletes: units.clone() });
        self.manager(vec![item], Vec::new()).clear_all();
        self.transact(Origin::Storage, false, |txn| txn.gc(Some(units)))?;
        Ok(())
    }

    /// Makes a block of its own of one deleted unit: the engine joins deleted neighbours, and drops whole blocks. It does
    /// not join what came back under another id, and would cut that too, perhaps inside a character.
    fn cut_out(&self, unit: ID) {
        let mut inserts = IdSet::new();
        inserts.insert(unit, 1);
        let item = self.item(&Content { inserts, deletes: IdSet::new() });
        let mut manager = blank(vec![item], Vec::new());
        // Nothing lies in its scope, so that it comes to nothing but the cut.
        let nowhere = Branch::new(TypeRef::Map);
        manager.expand_scope(&self.doc, &BranchPtr::from(nowhere.as_ref()));
        manager.undo_blocking();
    }

    /// Deletes what was inserted and brings back what was deleted, whatever became of it since. `ours` are the units that
    /// stand in nobody's way. Nothing is done, and nothing comes, where nothing is left of it.
    pub(crate) fn revert(
        &self,
        content: &Content,
        ours: &IdSet,
    ) -> Result<Option<Done<()>>, Misuse> {
        // The manager would wait for a transaction that is open, or trap.
        drop(self.doc.try_transact_mut().map_err(|error| busy(&error))?);
        let around = Content { inserts: IdSet::new(), deletes: ours.clone() };
        let mut manager = self.manager(vec![self.item(content)], vec![self.item(&around)]);
        let done = Rc::new(RefCell::new(None));
        let record = Rc::clone(&done);
        manager.observe_item_popped("revert", move |txn, _| {
            *record.borrow_mut() = Some(Done {
                result: (),
                update: Some(show(txn.encode_update_v1())),
                inserts: txn.insert_set().clone(),
                deletes: txn.delete_set().clone(),
            });
        });
        manager.undo_blocking();
        Ok(done.take())
    }

    fn item(&self, content: &Content) -> StackItem<()> {
        let Content { inserts, deletes } = content;
        StackItem::with_meta(self.doc.guid(), deletes.clone(), inserts.clone(), ())
    }

    /// A manager of all roots.
    fn manager(&self, undo: Vec<StackItem<()>>, redo: Vec<StackItem<()>>) -> UndoManager<()> {
        let mut manager = blank(undo, redo);
        for root in self.roots.values() {
            match root {
                Shared::Text(text) => manager.expand_scope(&self.doc, text),
                Shared::List(list) => manager.expand_scope(&self.doc, list),
                Shared::Map(map) => manager.expand_scope(&self.doc, map),
            }
        }
        manager
    }
}

/// A manager without a scope.
fn blank(undo: Vec<StackItem<()>>, redo: Vec<StackItem<()>>) -> UndoManager<()> {
    UndoManager::with_options(Options {
        capture_timeout_millis: 0,
        tracked_origins: HashSet::new(),
        capture_transaction: None,
        timestamp: Arc::new(|| 0),
        init_undo_stack: undo,
        init_redo_stack: redo,
    })
}
