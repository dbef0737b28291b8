//! Who may do next what costs the hub's one thread much, and when: each room at a pace of its own, all of them at another.
//!
//! Rooms whose own pace lets them stand in line, and only the first of them is woken: however many wait, each is looked at once.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use rejoin::time::{Deadline, Instant};

use super::RoomName;

/// What something may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price {
    /// Bytes for which the room waits a millisecond before it does the like again.
    pub(super) room: usize,
    /// The same for all rooms together.
    pub(super) hub: usize,
    /// Milliseconds of such waits that are let pass at once.
    pub(super) slack: u64,
    /// What the hub wakes a room for.
    pub(super) reason: &'static str,
}

/// The line of rooms, in the order in which their own pace let them, so that none of them waits for ever.
#[derive(Debug)]
pub(super) struct Turns {
    price: Price,
    free_at: Instant,
    /// A room that is gone has left its place.
    line: VecDeque<(RoomName, Weak<()>)>,
}

/// What a room has of it.
#[derive(Debug, Default)]
pub(super) struct Turn {
    free_at: Instant,
    place: Option<Arc<()>>,
}

impl Turns {
    pub(super) fn new(price: Price) -> Self {
        Self { price, free_at: Instant::default(), line: VecDeque::new() }
    }

    /// When the first in line is to be woken.
    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        let at = self.ready_at(self.free_at);
        self.first().map(|_| Deadline { at, reason: self.price.reason })
    }

    /// Whom to wake now.
    pub(super) fn due(&mut self, now: Instant) -> Option<RoomName> {
        self.tidy();
        self.first().filter(|_| self.ready_at(self.free_at) <= now).cloned()
    }

    /// Forgets who has left the line at its head.
    pub(super) fn tidy(&mut self) {
        while self.line.front().is_some_and(|(_, place)| place.strong_count() == 0) {
            self.line.pop_front();
        }
    }

    fn first(&self) -> Option<&RoomName> {
        let here = self.line.iter().find(|(_, place)| place.strong_count() > 0);
        here.map(|(room, _)| room)
    }

    fn ready_at(&self, free_at: Instant) -> Instant {
        Instant::from_millis(free_at.as_millis().saturating_sub(self.price.slack))
    }
}

impl Turn {
    /// Whether the room may do it now; if not, it stands in line from when its own pace lets it.
    pub(super) fn take(&mut self, now: Instant, turns: &mut Turns, room: &RoomName) -> bool {
        if turns.ready_at(self.free_at) > now {
            return false;
        }
        if self.place.is_none() {
            let place = Arc::new(());
            turns.line.push_back((room.clone(), Arc::downgrade(&place)));
            self.place = Some(place);
        }
        turns.tidy();
        let is_mine = |place: &Arc<()>| {
            turns.line.front().is_some_and(|(_, first)| first.as_ptr() == Arc::as_ptr(place))
        };
        turns.ready_at(turns.free_at) <= now && self.place.as_ref().is_some_and(is_mine)
    }

    /// It was done, and took so many bytes.
    pub(super) fn pay(&mut self, now: Instant, turns: &mut Turns, bytes: usize) {
        let wait = |pace: usize| u64::try_from(bytes / pace).unwrap_or(u64::MAX);
        self.free_at = self.free_at.max(now) + wait(turns.price.room).max(1);
        turns.free_at = turns.free_at.max(now) + wait(turns.price.hub);
        self.leave();
    }

    /// The room wants nothing more.
    pub(super) fn leave(&mut self) {
        self.place = None;
    }

    /// When the room is to be woken by its own pace. Who stands in line is woken by the hub.
    pub(super) fn poll_timeout(&self, price: Price) -> Option<Instant> {
        let at = self.free_at.as_millis().saturating_sub(price.slack);
        self.place.is_none().then(|| Instant::from_millis(at))
    }
}
