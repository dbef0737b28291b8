//! The document: a Yjs-compatible replica behind a pre-flight parser and a causal gate.
//!
//! The only user of `yrs::Doc`. Bytes go pre-flight → own-id alarm → gate → engine; nothing that fails one of them
//! changes anything. Every edit and every update comes back as what is new: its bytes, its ids and its changes.

mod apply;
pub mod change;
pub mod content;
mod convert;
pub mod edit;
mod engine;
mod gate;
mod hash;
mod hold;
pub mod host;
mod index;
pub mod limits;
mod numbers;
pub mod pieces;
mod places;
pub mod preflight;
mod read;
mod record;
mod shared;
mod sticky;
mod subdoc;
pub mod type_id;
pub mod undo;
mod write;

use yrs::{ClientID, ID, IdSet, StateVector};

pub use crate::update_error::UpdateError;
pub use apply::{Applied, Integrated, Refused};
pub use content::Content;
pub use edit::{Edit, Prelim};
pub use host::DocHost;
pub use limits::Limits;
pub use preflight::Preflight;
pub(crate) use subdoc::merge_updates;
pub use type_id::TypeId;
pub use undo::{Direction, Intent, UndoLimits, UndoState};
/// Which neighbour a sticky position stays with: the unit before it or the one after it.
pub use yrs::Assoc;

use crate::ordered::OrderedMap;
use engine::Engine;
use hold::Holds;
use index::Index;
use places::Places;
use preflight::{read_state_vector, write_state_vector};
use undo::UndoStack;

/// Kind of a declared root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// Rich or plain text.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
}

/// Where an edit or an update comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// An edit of this replica.
    #[default]
    Local,
    /// Another replica, over the server.
    Remote,
    /// Another replica, over the path of this number.
    Path(u32),
    /// The log on this device.
    Storage,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote | Self::Path(_) => "remote",
            Self::Storage => "storage",
        }
    }
}

/// One replica of a document.
#[derive(Debug)]
pub struct Doc {
    engine: Engine,
    roots: OrderedMap<String, RootKind>,
    limits: Limits,
    index: Index,
    deletes: IdSet,
    holds: Holds,
    places: Places,
    undo: UndoStack,
    /// Why the engine can no longer be trusted. Only a bug of ours leads here.
    broken: Option<UpdateError>,
}

impl Doc {
    /// An empty document that writes under `client_id`. Roots that are not declared are kept and synced, not told.
    pub fn new(client_id: u64, roots: &OrderedMap<String, RootKind>, limits: Limits) -> Self {
        Self {
            engine: Engine::new(client_id, roots),
            roots: roots.clone(),
            limits,
            index: Index::new(roots),
            deletes: IdSet::new(),
            holds: Holds::default(),
            places: Places::default(),
            undo: UndoStack::new(UndoLimits::NONE),
            broken: None,
        }
    }

    /// The id under which this replica writes.
    pub fn client_id(&self) -> u64 {
        self.engine.client_id()
    }

    /// Goes on under another id, after somebody else wrote under ours. The content stays; what could be undone is forgotten.
    pub fn rotate_client_id(&mut self, id: u64) {
        let state = self.encode_state();
        let engine = Engine::new(id, &self.roots);
        let taken = Preflight::parse(&state, &Limits::NONE)
            .and_then(|parsed| engine.integrate(&state, &parsed, Origin::Storage, false).map(drop));
        if let Err(error) = taken {
            self.broken = Some(error);
        }
        engine.recorder.drain();
        self.undo.reset();
        self.engine = engine;
    }

    /// Whether the engine failed in a way that should not be possible, so that nothing can be done any more.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Breaks it, as only a bug could.
    #[cfg(test)]
    pub(crate) fn break_for_test(&mut self) {
        self.broken = Some(UpdateError::Engine("for a test".into()));
    }

    /// What it takes in.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How far every writer is known.
    pub fn state_vector(&self) -> StateVector {
        let known = self.index.clocks().filter(|(_, clock)| *clock > 0);
        known.map(|(client, clock)| (ClientID::new(client), clock)).collect()
    }

    /// [`Doc::state_vector`] as V1 bytes.
    pub fn encode_state_vector(&self) -> Vec<u8> {
        write_state_vector(self.index.clocks())
    }

    /// Everything that a replica with this state vector lacks, and every deletion, as a V1 update.
    pub fn diff(&self, remote_state_vector: &[u8]) -> Result<Vec<u8>, UpdateError> {
        let known = read_state_vector(remote_state_vector, &self.limits)?;
        Ok(self.engine.encode(&known))
    }

    /// The whole document as a V1 update.
    pub fn encode_state(&self) -> Vec<u8> {
        self.engine.encode(&StateVector::default())
    }

    /// Everything integrated, by ids.
    pub fn content(&self) -> Content {
        let mut inserts = IdSet::new();
        for (client, clock) in self.index.clocks() {
            inserts.insert(ID::new(ClientID::new(client), 0), clock);
        }
        Content { inserts, deletes: self.deletes.clone() }
    }

    /// Updates that wait for a missing one. Too many or too large ones of others, and the oldest go: ask for everything anew.
    pub fn held(&self) -> usize {
        self.holds.len()
    }

    /// Those of them that only this device brings.
    pub fn held_here(&self) -> Vec<Vec<u8>> {
        self.holds.own().map(<[u8]>::to_vec).collect()
    }

    /// Whether some of them came from there.
    pub fn holds_from(&self, origin: Origin) -> bool {
        self.holds.any_from(origin)
    }

    /// Lets go of the held updates that came from there.
    pub fn forget_held(&mut self, origin: Origin) {
        self.holds.forget(origin);
    }
}
