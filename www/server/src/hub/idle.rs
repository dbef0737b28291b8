//! Rooms that nobody is in and that may be forgotten at any time: those that have been empty for longest make room for others.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::time::Instant;

use super::RoomName;

/// Since when each has been empty; the same in the order of time.
#[derive(Debug, Default)]
pub(super) struct Idle {
    since: BTreeMap<RoomName, Instant>,
    order: BTreeSet<(Instant, RoomName)>,
}

impl Idle {
    /// Since when this one may be forgotten; `None` if it may not.
    pub(super) fn note(&mut self, room: &RoomName, since: Option<Instant>) {
        if self.since.get(room).copied() == since {
            return;
        }
        if let Some(before) = self.since.remove(room) {
            self.order.remove(&(before, room.clone()));
        }
        if let Some(since) = since {
            self.since.insert(room.clone(), since);
            self.order.insert((since, room.clone()));
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The one that has been empty for longest.
    pub(super) fn oldest(&self) -> Option<&RoomName> {
        self.order.first().map(|(_, room)| room)
    }
}
