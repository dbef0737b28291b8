//! The yrs document and its observers. Everything that reaches it went through the gate.

mod revert;

use yrs::updates::decoder::Decode;
use yrs::{
    ArrayRef, ClientID, IdSet, MapRef, OffsetKind, Options, ReadTxn, RootRef, StateVector, TextRef,
    Transact, Transaction, TransactionAcqError, TransactionMut, Update,
};

use crate::doc::preflight::Preflight;
use crate::doc::record::Recorder;
use crate::doc::shared::Shared;
use crate::doc::subdoc::{hide, show};
use crate::doc::{Origin, RootKind, UpdateError};
use crate::error::{ErrorCode, Misuse};
use crate::lib0::MAX_CLIENT;
use crate::ordered::OrderedMap;

/// The engine under a document.
#[derive(Debug)]
pub(crate) struct Engine {
    doc: yrs::Doc,
    pub(crate) roots: OrderedMap<String, Shared>,
    pub(crate) recorder: Recorder,
}

/// What one transaction did.
#[derive(Debug)]
pub(crate) struct Done<R> {
    /// What the work returned.
    pub(crate) result: R,
    /// An update of exactly this transaction, if it was asked for.
    pub(crate) update: Option<Vec<u8>>,
    pub(crate) inserts: IdSet,
    pub(crate) deletes: IdSet,
}

impl Engine {
    pub(crate) fn new(client_id: u64, roots: &OrderedMap<String, RootKind>) -> Self {
        let options = Options {
            // Any id but ours is right here, an odd one must not trip the engine.
            client_id: ClientID::new(client_id & (MAX_CLIENT - 1)),
            offset_kind: OffsetKind::Utf16,
            skip_gc: false,
            // Hidden deletions by a receiver would be edits that nobody made.
            cleanup_formatting: false,
            ..Options::with_guid_and_client_id("".into(), ClientID::new(0))
        };
        let mut engine = Self {
            doc: yrs::Doc::with_options(options),
            roots: OrderedMap::new(),
            recorder: Recorder::default(),
        };
        engine.declare(roots);
        engine
    }

    fn declare(&mut self, roots: &OrderedMap<String, RootKind>) {
        let Ok(mut txn) = self.doc.try_transact_mut_with("declare") else { return };
        for (name, kind) in roots.iter() {
            let root = match kind {
                RootKind::Text => {
                    Shared::Text(TextRef::root(name.as_str()).get_or_create(&mut txn))
                }
                RootKind::List => {
                    Shared::List(ArrayRef::root(name.as_str()).get_or_create(&mut txn))
                }
                RootKind::Map => Shared::Map(MapRef::root(name.as_str()).get_or_create(&mut txn)),
            };
            self.roots.insert(name.clone(), root);
        }
        drop(txn);
        for (name, root) in self.roots.iter() {
            self.recorder.observe(name, root);
        }
    }

    pub(crate) fn client_id(&self) -> u64 {
        self.doc.client_id().get()
    }

    /// Opens a reading transaction. None is ever left open, so this does not fail.
    pub(crate) fn read(&self) -> Result<Transaction<'_>, Misuse> {
        self.doc.try_transact().map_err(|error| busy(&error))
    }

    /// Everything that the clocks of `known` lack, and every deletion.
    pub(crate) fn encode(&self, known: &StateVector) -> Vec<u8> {
        match self.doc.try_transact() {
            Ok(txn) => show(txn.encode_diff_v1(known)),
            Err(_) => Update::EMPTY_V1.to_vec(),
        }
    }

    /// Runs one transaction. Its update is taken before the commit: afterwards the engine has merged new blocks into
    /// old ones and would have to walk them again.
    pub(crate) fn transact<R>(
        &self,
        origin: Origin,
        wants_update: bool,
        work: impl FnOnce(&mut TransactionMut<'_>) -> R,
    ) -> Result<Done<R>, Misuse> {
        let mut txn =
            self.doc.try_transact_mut_with(origin.name()).map_err(|error| busy(&error))?;
        let result = work(&mut txn);
        let update = (wants_update && txn.has_changes()).then(|| show(txn.encode_update_v1()));
        txn.commit();
        Ok(Done {
            result,
            update,
            inserts: txn.insert_set().clone(),
            deletes: txn.delete_set().clone(),
        })
    }

    /// Integrates an update that the gate let through.
    pub(crate) fn integrate(
        &self,
        update: &[u8],
        parsed: &Preflight<'_>,
        origin: Origin,
        wants_update: bool,
    ) -> Result<Done<()>, UpdateError> {
        let update = hide(update, parsed);
        let done = self.transact(origin, wants_update, |txn| take(txn, &update));
        let done = done.map_err(|error| UpdateError::Engine(error.to_string()))?;
        done.result?;
        Ok(Done { result: (), update: done.update, inserts: done.inserts, deletes: done.deletes })
    }
}

/// Does what an update says.
pub(crate) fn take(txn: &mut TransactionMut<'_>, update: &[u8]) -> Result<(), UpdateError> {
    let broken = |error: &dyn std::fmt::Display| UpdateError::Engine(error.to_string());
    let update = Update::decode_v1(update).map_err(|error| broken(&error))?;
    txn.apply_update(update).map_err(|error| broken(&error))
}

fn busy(error: &TransactionAcqError) -> Misuse {
    Misuse::new(ErrorCode::Internal, format!("the document is in use: {error}"))
}
