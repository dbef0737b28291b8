//! What a room needs of a document, so that one of another make can stand in.

use yrs::StateVector;

use crate::doc::limits::Limits;
use crate::doc::{Applied, Content, Doc, Intent, Origin, UndoState, UpdateError};

/// A document that a room syncs and stores.
pub trait DocHost {
    /// The id under which it writes.
    fn client_id(&self) -> u64;
    /// Goes on under another id; the content stays.
    fn rotate_client_id(&mut self, id: u64);
    /// How far it knows every writer.
    fn state_vector(&self) -> StateVector;
    /// The same as V1 bytes.
    fn encode_state_vector(&self) -> Vec<u8>;
    /// Everything that a replica with this state vector lacks, and every deletion.
    fn diff(&self, remote_state_vector: &[u8]) -> Result<Vec<u8>, UpdateError>;
    /// Everything.
    fn encode_state(&self) -> Vec<u8>;
    /// Takes in an update of somebody else.
    fn apply(&mut self, update: &[u8], origin: Origin) -> Result<Applied, UpdateError>;
    /// Whether everything in an update is known, so that taking it in would change nothing.
    fn knows(&self, update: &[u8]) -> Result<bool, UpdateError>;
    /// Everything integrated, by ids.
    fn content(&self) -> Content;
    /// Updates that wait for a missing one.
    fn held(&self) -> usize;
    /// Those of them that only this device brings, as V1 updates.
    fn held_here(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
    /// Whether some of them came from there.
    fn holds_from(&self, origin: Origin) -> bool;
    /// Lets go of those that came from there.
    fn forget_held(&mut self, origin: Origin);
    /// The same for replicas with the same content.
    fn hash(&self) -> u64;
    /// Which roots are hashed, so that a server can hash the same; none for a document that is not compared.
    fn outline(&self) -> Vec<u8> {
        Vec::new()
    }
    /// What it takes in.
    fn limits(&self) -> Limits;
    /// Whether it failed in a way that should not be possible, so that nothing can be done with it any more.
    fn is_broken(&self) -> bool;
    /// Own edits until [`end_step`](Self::end_step) are one step to undo.
    fn begin_step(&mut self, _intent: Intent) {}
    /// Ends what [`begin_step`](Self::begin_step) began.
    fn end_step(&mut self) {}
    /// What can be undone and redone.
    fn undo_state(&self) -> UndoState {
        UndoState::default()
    }
}

impl DocHost for Doc {
    fn client_id(&self) -> u64 {
        self.client_id()
    }
    fn rotate_client_id(&mut self, id: u64) {
        self.rotate_client_id(id);
    }
    fn state_vector(&self) -> StateVector {
        self.state_vector()
    }
    fn encode_state_vector(&self) -> Vec<u8> {
        self.encode_state_vector()
    }
    fn diff(&self, remote_state_vector: &[u8]) -> Result<Vec<u8>, UpdateError> {
        self.diff(remote_state_vector)
    }
    fn encode_state(&self) -> Vec<u8> {
        self.encode_state()
    }
    fn apply(&mut self, update: &[u8], origin: Origin) -> Result<Applied, UpdateError> {
        self.apply(update, origin)
    }
    fn knows(&self, update: &[u8]) -> Result<bool, UpdateError> {
        self.knows(update)
    }
    fn content(&self) -> Content {
        self.content()
    }
    fn held(&self) -> usize {
        self.held()
    }
    fn held_here(&self) -> Vec<Vec<u8>> {
        self.held_here()
    }
    fn holds_from(&self, origin: Origin) -> bool {
        self.holds_from(origin)
    }
    fn forget_held(&mut self, origin: Origin) {
        self.forget_held(origin);
    }
    fn hash(&self) -> u64 {
        self.hash()
    }
    fn outline(&self) -> Vec<u8> {
        self.outline()
    }
    fn limits(&self) -> Limits {
        self.limits()
    }
    fn is_broken(&self) -> bool {
        self.is_broken()
    }
    fn begin_step(&mut self, intent: Intent) {
        self.begin_step(intent);
    }
    fn end_step(&mut self) {
        self.end_step();
    }
    fn undo_state(&self) -> UndoState {
        self.undo_state()
    }
}
