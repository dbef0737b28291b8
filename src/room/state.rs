//! What the app is told of what is saved and synced.

use super::{Room, RoomOutput};
use crate::doc::DocHost;
use crate::event::{Durability, EventKind, Obstacle, PeersSynced, SyncState, SyncStatus};
use crate::time::Instant;

impl<D: DocHost> Room<D> {
    pub(super) fn publish_sync(&mut self, now: Instant) {
        let state = self.sync_state();
        // How many wait in a batch is told at its end.
        let counts = |last: SyncState| SyncState { pending: last.pending, ..state } == last;
        let is_told = self.last_sync == Some(state)
            || self.batch.is_some() && self.last_sync.is_some_and(counts);
        if !is_told {
            let reason = |state: SyncState| (state.status, state.obstacle);
            let before = self.last_sync.replace(state).map(reason);
            self.outputs.push_back(RoomOutput::Event(EventKind::Sync(state)));
            // Another reason may ask for another decision.
            if state.status == SyncStatus::Rejected && before != Some(reason(state)) {
                self.footing.problem().into_iter().for_each(|problem| self.tell_problem(problem));
            }
        }
        self.timers.note_acknowledged(now, &self.outbox, self.session);
    }

    /// Whether the peer of a path has confirmed everything of ours.
    pub fn path_synced(&self, path: u32) -> bool {
        self.batch.is_none() && self.paths.is_synced(path)
    }

    /// What a batch holds back no peer has.
    fn peers_synced(&self) -> PeersSynced {
        let (synced, of) = self.paths.counts();
        PeersSynced { synced: if self.batch.is_none() { synced } else { 0 }, of }
    }

    pub(super) fn sync_state(&self) -> SyncState {
        let held = u32::try_from(self.doc.held()).unwrap_or(u32::MAX);
        let messages = self.messages.waiting();
        let idle =
            self.outgoing.is_server_done() && self.batch.is_none() && held == 0 && messages == 0;
        let synced =
            self.session.is_complete() && self.outbox.is_empty() && idle && !self.strikes.lacks();
        let saved = self.persistence.is_saved() || self.config.broken.saved_before_commit();
        let local = match self.persistence.is_working() {
            false => Durability::Unavailable,
            true if saved && self.batch.is_none() => Durability::Saved,
            true => Durability::Saving,
        };
        let obstacle = self.footing.obstacle();
        let status = match obstacle {
            Some(Obstacle::Epoch) => SyncStatus::Rejected,
            Some(_) if !self.outbox.is_empty() => SyncStatus::Rejected,
            _ if synced => SyncStatus::Synchronized,
            _ => SyncStatus::Synchronizing,
        };
        let pending = self.outbox.pending() + messages as u64;
        SyncState { status, local, pending, held, peers: self.peers_synced(), obstacle }
    }
}
