//! The stock clients in a room. Nobody says who is there, or who has gone: one is known from its announcement or its offer
//! until its link is over.

use super::guest::{Guest, GuestAction};
use crate::io::PeerConnectionId;
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// Most of whom nothing but an announcement is known.
const MAX_SILENT: usize = 64;
/// First connections under way at once.
const AT_ONCE: usize = 4;

/// All stock clients that are known, by name.
#[derive(Debug, Default)]
pub(super) struct Guests {
    guests: OrderedMap<String, Guest>,
}

/// Who wants something done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// Number of the peer.
    pub(super) peer: u32,
    /// Server by which it is reached.
    pub(super) server: u32,
    /// Largest frame that it takes, 0 before there is a link.
    pub(super) limit: u32,
}

impl Guests {
    pub(super) fn knows(&self, name: &str) -> bool {
        self.guests.get(name).is_some()
    }

    pub(super) fn named(&mut self, name: &str) -> Option<&mut Guest> {
        self.guests.get_mut(name)
    }

    /// Takes in who is not known yet; `false` if there is no room.
    pub(super) fn take_in(&mut self, name: &str, new: impl FnOnce() -> Guest) -> bool {
        if self.knows(name) {
            return true;
        }
        let silent = self.guests.values().filter(|guest| !guest.has_answered()).count();
        if silent < MAX_SILENT {
            self.guests.insert(name.to_owned(), new());
        }
        silent < MAX_SILENT
    }

    /// The one to begin with next.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<&mut Guest> {
        if self.is_busy() {
            return None;
        }
        self.guests.values_mut().find(|guest| guest.begins_at().is_some_and(|at| now >= at))
    }

    /// Links there are, or are to be.
    pub(super) fn links(&self) -> usize {
        self.guests.values().filter(|guest| guest.connection().is_some()).count()
    }

    pub(super) fn owner(&mut self, id: PeerConnectionId) -> Option<&mut Guest> {
        self.guests.values_mut().find(|guest| guest.connection() == Some(id))
    }

    pub(super) fn owns(&self, id: PeerConnectionId) -> bool {
        self.guests.values().any(|guest| guest.connection() == Some(id))
    }

    pub(super) fn of(&self, peer: u32) -> Option<&Guest> {
        self.guests.values().find(|guest| guest.peer == peer)
    }

    pub(super) fn of_mut(&mut self, peer: u32) -> Option<&mut Guest> {
        self.guests.values_mut().find(|guest| guest.peer == peer)
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Guest> {
        self.guests.values_mut()
    }

    /// Names of those with whom there is a link that works.
    pub(super) fn names_up(&self) -> impl Iterator<Item = &String> {
        self.guests.iter().filter(|(_, guest)| guest.is_up()).map(|(name, _)| name)
    }

    /// What one of them wants done, and who it is.
    pub(super) fn poll_action(&mut self) -> Option<(String, Client, GuestAction)> {
        self.guests.iter_mut().find_map(|(name, guest)| {
            let action = guest.poll_action()?;
            let client = Client { peer: guest.peer, server: guest.server, limit: guest.limit() };
            Some((name.clone(), client, action))
        })
    }

    /// Forgets those whose links are over. Whether one of them had ever answered.
    pub(super) fn sweep(&mut self) -> bool {
        let mut lost = false;
        self.guests.retain(|_, guest| {
            lost |= guest.is_gone() && guest.has_answered();
            !guest.is_gone()
        });
        lost
    }

    /// When this side begins the next link.
    pub(super) fn poll_begin(&self) -> Option<Deadline> {
        if self.is_busy() {
            return None;
        }
        let moments = self.guests.values().filter_map(Guest::begins_at);
        moments.min().map(|at| Deadline { at, reason: "begin" })
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        self.guests.values().map(Guest::poll_timeout).fold(None, Deadline::earliest)
    }

    fn is_busy(&self) -> bool {
        self.guests.values().filter(|guest| guest.is_connecting()).count() >= AT_ONCE
    }
}
