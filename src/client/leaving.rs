//! Rooms that have been left, and those that wait for them.

use super::Client;
use crate::io::RoomId;
use crate::room::Room;
use crate::time::Instant;

impl Client {
    /// Starts what waited for a room that is gone, unless another is still to go.
    pub(super) fn start_waiting(&mut self, now: Instant) {
        let waits = |room: &Room| self.rooms.values().any(|other| room.waits_for(other));
        let all = self.rooms.iter();
        let ids: Vec<RoomId> = all.filter(|(_, room)| !waits(room)).map(|(id, _)| *id).collect();
        for id in ids {
            self.in_room(now, id, Room::start);
        }
    }

    pub(super) fn forget(&mut self, id: RoomId) {
        self.rooms.remove(&id);
        self.sockets.retain(|_, room| *room != id);
        self.tasks.retain(|_, room| *room != id);
    }
}
