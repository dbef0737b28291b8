//! Presence over paths: each carries the state of the peer at its end. A state lives while any path to its owner does, or
//! the server vouches for it.

use super::{Other, Path, Presence, PresenceChange, accepts};
use crate::protocol::AwarenessEntry;
use crate::time::Instant;

/// How long a state stays after the last path to its owner went down, which may come up again at once.
const LAPSE: u64 = 900;

impl Presence {
    /// The own state as it is, for peers; nothing if there never was one.
    pub fn entry(&self) -> Option<AwarenessEntry> {
        let Self { client, clock, state, .. } = self;
        (*clock > 0).then(|| AwarenessEntry {
            client: *client,
            clock: *clock,
            state: state.clone(),
        })
    }

    /// The own state is the same, and newer.
    pub fn renew(&mut self) {
        self.clock = self.clock.saturating_add(1);
    }

    /// Whether there is a state to show.
    pub fn is_shown(&self) -> bool {
        self.state.is_some()
    }

    /// A path to this client begins: who was gone may return with any clock.
    pub fn handle_path_up(&mut self, client: u64) {
        if self.others.get(&client).is_some_and(|other| other.state.is_none()) {
            self.others.remove(&client);
        }
    }

    /// Takes what came over a path. `owner` is the only one whose state it may carry, if that is known: nobody writes
    /// another's, least of all ours.
    pub fn handle_path_entries(
        &mut self,
        now: Instant,
        path: u32,
        owner: Option<u64>,
        entries: Vec<AwarenessEntry>,
    ) -> PresenceChange {
        let mut change = PresenceChange::default();
        for entry in entries {
            let foreign = owner.is_some_and(|owner| owner != entry.client);
            // Who relays what it heard does not speak for somebody who speaks for itself.
            let relayed = owner.is_none() && self.speaks_for_itself(entry.client);
            let own = entry.client == self.client;
            if !foreign && !relayed && !own && !self.is_beyond_limits(&entry) {
                let path = Path { id: path, by_owner: owner.is_some() };
                self.on_path_entry(now, path, entry, &mut change);
            }
        }
        change
    }

    /// The path is down. On a goodbye its states go at once; else soon, unless the server vouches for them.
    pub fn handle_path_down(&mut self, now: Instant, path: u32, bye: bool) -> PresenceChange {
        let mut change = PresenceChange::default();
        for (client, other) in self.others.iter_mut() {
            if other.path.take_if(|known| known.id == path).is_none() {
                continue;
            }
            if !bye {
                other.lapse = Some(now + LAPSE);
            } else if other.state.take().is_some() {
                change.removed.push(*client);
            }
        }
        change
    }

    fn speaks_for_itself(&self, client: u64) -> bool {
        let known = self.others.get(&client).and_then(|other| other.path);
        known.is_some_and(|known| known.by_owner)
    }

    fn on_path_entry(
        &mut self,
        now: Instant,
        path: Path,
        entry: AwarenessEntry,
        change: &mut PresenceChange,
    ) {
        let Some(other) = self.others.get_mut(&entry.client) else {
            if let Some(state) = &entry.state {
                change.updated.push((entry.client, state.clone()));
                self.others.insert(entry.client, Other::of_path(now, path, entry));
            }
            return;
        };
        // The server counts one up itself when it removes somebody; who is there knows better.
        let revived = path.by_owner && other.path.is_none() && other.state.is_none();
        let accepted = revived || accepts(Some(other), &entry);
        if accepted || entry.clock == other.clock {
            other.seen = now;
        }
        // Of stock peers it is taken to be whoever had the newest first: relayed, it comes later.
        if entry.state.is_some() && (path.by_owner || accepted || other.path.is_none()) {
            (other.path, other.lapse) = (Some(path), None);
        }
        if !accepted {
            return;
        }
        other.clock = entry.clock;
        match (&entry.state, &other.state) {
            (Some(state), before) if before.as_ref() != Some(state) => {
                change.updated.push((entry.client, state.clone()));
            }
            (None, Some(_)) => change.removed.push(entry.client),
            _ => {}
        }
        other.state = entry.state;
    }

    /// The server speaks of somebody to whom there is a path: its word counts for the link, the path's for the state
    /// unless the server's is newer. `true` if there is nothing more to do.
    pub(super) fn vouch(&mut self, now: Instant, entry: &AwarenessEntry) -> bool {
        let Some(other) = self.others.get_mut(&entry.client) else { return false };
        if other.path.is_none() && other.lapse.is_none() {
            return false;
        }
        other.confirmed = entry.state.is_some();
        if other.confirmed {
            other.seen = now;
        }
        // Whoever lost the server only is still here.
        entry.state.is_none() || entry.clock <= other.clock
    }
}

impl Other {
    fn of_path(now: Instant, path: Path, entry: AwarenessEntry) -> Self {
        let AwarenessEntry { clock, state, .. } = entry;
        Self { clock, state, seen: now, confirmed: false, path: Some(path), lapse: None }
    }
}

#[cfg(test)]
mod tests;
