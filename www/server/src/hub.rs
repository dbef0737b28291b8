//! Rooms that speak the y-websocket protocol: pure, sans-IO, deterministic.
//!
//! **Every input is followed by a complete drain of [`Hub::poll_output`] before the next one.**
//!
//! Frames of a room leave only behind the commit of what they show: an update is durable before it is
//! echoed, relayed or visible in an answer. So what a client gets back from the server is on its disk.

mod answers;
pub(crate) mod close;
mod config;
mod context;
mod idle;
mod io;
mod member;
mod messages;
mod notice;
mod outgoing;
mod presence;
mod prints;
mod rate;
mod replica;
mod room;
pub(crate) mod signaling;
mod turns;

use std::collections::{BTreeMap, VecDeque};

use rejoin::time::{Deadline, Instant};

pub use config::{Broken, HubConfig, PresenceLimits};
pub use io::{
    HubInput, HubOutput, MemberId, Permission, Record, RecordKey, RoomName, StoreFailure,
    StoredMessages, Ticket,
};
pub use messages::MessageLimits;
pub use notice::{Counters, Notice};
pub(crate) use rate::Pace;
pub(crate) use replica::new_doc;
pub use signaling::{IceConfig, SignalingLimits};

use context::{Context, Lines, Poison};
use idle::Idle;
use room::Room;

/// All rooms of a server.
#[derive(Debug)]
pub struct Hub {
    config: HubConfig,
    rooms: BTreeMap<RoomName, Room>,
    members: BTreeMap<MemberId, RoomName>,
    /// When each room wants a timeout, and why; the same by room.
    due: BTreeMap<(Instant, RoomName), &'static str>,
    alarms: BTreeMap<RoomName, Instant>,
    idle: Idle,
    outputs: VecDeque<HubOutput>,
    counters: Counters,
    last_ticket: u64,
    poison: Poison,
    turns: Lines,
    stopping: bool,
}

impl Hub {
    /// A hub without rooms.
    pub fn new(config: HubConfig) -> Self {
        Self {
            config,
            rooms: BTreeMap::new(),
            members: BTreeMap::new(),
            due: BTreeMap::new(),
            alarms: BTreeMap::new(),
            idle: Idle::default(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            last_ticket: 0,
            poison: Poison::default(),
            turns: Lines::new(),
            stopping: false,
        }
    }

    /// Takes one input in. Inputs about unknown members, rooms and tasks are ignored.
    pub fn handle_input(&mut self, now: Instant, input: HubInput) {
        match input {
            HubInput::Join { member, room, permission } => {
                self.on_join(now, member, room, permission);
            }
            HubInput::Permit { member, permission, user } => {
                self.with_member(now, member, |room, _| room.permit(member, permission, user));
            }
            HubInput::Frame { .. } | HubInput::Meanwhile { .. } if self.stopping => {}
            HubInput::Frame { member, bytes } => {
                self.counters.frames += 1;
                self.with_member(now, member, |room, cx| {
                    room.on_heard(member);
                    room.on_frame(cx, member, bytes);
                });
            }
            HubInput::Meanwhile { member, bytes } => {
                self.counters.frames += 1;
                self.with_member(now, member, |room, cx| {
                    room.on_heard(member);
                    room.on_frame_meanwhile(cx, member, bytes);
                });
            }
            HubInput::Text { member } => {
                self.counters.texts += 1;
                self.with_member(now, member, |room, _| room.on_heard(member));
            }
            HubInput::Heard { member } => {
                self.with_member(now, member, |room, _| room.on_heard(member));
            }
            HubInput::Asked { member } => {
                self.with_member(now, member, |room, _| room.on_asked(member));
            }
            HubInput::Leave { member } => {
                self.with_member(now, member, |room, cx| room.leave(cx, member));
                self.members.remove(&member);
            }
            HubInput::Loaded { room, ticket, result, messages } => {
                self.with_room(now, &room, |room, cx| {
                    room.on_loaded(cx, ticket, result, messages);
                });
            }
            HubInput::Stored { room, ticket, result } => {
                self.with_room(now, &room, |room, cx| room.on_stored(cx, ticket, result));
            }
            HubInput::Compacted { room, ticket, result } => {
                self.with_room(now, &room, |room, cx| room.on_compacted(cx, ticket, result));
            }
            HubInput::Clock { wall } => {
                self.config.wall_origin = wall.saturating_sub(now.as_millis());
            }
            HubInput::Timeout => self.on_timeout(now),
            HubInput::Restart => self.on_restart(),
            HubInput::Shutdown => self.on_shutdown(now),
        }
    }

    /// Milliseconds since 1970, as the hub counts them.
    pub fn wall(&self, now: Instant) -> u64 {
        self.config.wall_at(now)
    }

    /// Takes one output out.
    pub fn poll_output(&mut self) -> Option<HubOutput> {
        self.outputs.pop_front()
    }

    /// When [`HubInput::Timeout`] is wanted next, and why.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let soonest = self.due.first_key_value();
        let soonest = soonest.map(|((at, _), reason)| Deadline { at: *at, reason });
        Deadline::earliest(soonest, self.turns.poll_timeout())
    }

    /// Whether a socket may join a room now, or there are too many of either. Rooms that nobody is in make room for others.
    pub fn has_space(&self, room: &str) -> bool {
        match self.rooms.get(room) {
            _ if self.stopping => false,
            Some(room) => room.members() < self.config.max_members,
            None => self.rooms.len() < self.config.max_rooms || !self.idle.is_empty(),
        }
    }

    /// Whether everything is stored and sent after [`HubInput::Shutdown`].
    pub fn is_stopped(&self) -> bool {
        self.stopping && self.members.is_empty() && self.rooms.values().all(Room::is_settled)
    }

    /// Rooms in memory.
    pub fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// Members of all rooms.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// What was seen so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn on_join(&mut self, now: Instant, member: MemberId, name: RoomName, permission: Permission) {
        if !self.has_space(&name) {
            let (code, reason) = if self.stopping {
                (close::RESTART, close::RESTARTING)
            } else {
                (close::TRY_LATER, close::BUSY)
            };
            self.counters.closed += 1;
            self.outputs.push_back(HubOutput::Close { member, code, reason: reason.to_owned() });
            return;
        }
        self.members.insert(member, name.clone());
        if !self.rooms.contains_key(&name) {
            if self.rooms.len() >= self.config.max_rooms
                && let Some(oldest) = self.idle.oldest().cloned()
            {
                self.forget(&oldest);
            }
            let mut left = Vec::new();
            let mut cx = Context {
                now,
                config: &self.config,
                counters: &mut self.counters,
                outputs: &mut self.outputs,
                left: &mut left,
                last_ticket: &mut self.last_ticket,
                poison: &mut self.poison,
                turns: &mut self.turns,
            };
            let room = Room::new(&mut cx, name.clone());
            self.rooms.insert(name.clone(), room);
        }
        self.with_room(now, &name, |room, cx| room.join(cx, member, permission));
    }

    fn on_timeout(&mut self, now: Instant) {
        let due = self.due.keys().take_while(|(at, _)| *at <= now);
        let due: Vec<RoomName> = due.map(|(_, name)| name.clone()).collect();
        for name in due {
            self.with_room(now, &name, |room, cx| room.on_timeout(cx));
        }
        // Who pays little lets the next one in at once; nobody comes twice in a millisecond.
        let mut last = None;
        while let Some(name) = self.turns.due(now)
            && last.as_ref() != Some(&name)
        {
            self.with_room(now, &name, |room, cx| room.on_timeout(cx));
            last = Some(name);
        }
    }

    fn on_restart(&mut self) {
        for member in std::mem::take(&mut self.members).into_keys() {
            self.outputs.push_back(HubOutput::Cut { member });
        }
        self.rooms.clear();
        self.due.clear();
        self.alarms.clear();
        self.idle = Idle::default();
    }

    fn on_shutdown(&mut self, now: Instant) {
        self.stopping = true;
        let names: Vec<RoomName> = self.rooms.keys().cloned().collect();
        for name in names {
            self.with_room(now, &name, |room, cx| room.shut_down(cx));
        }
    }

    fn with_member(
        &mut self,
        now: Instant,
        member: MemberId,
        act: impl FnOnce(&mut Room, &mut Context<'_>),
    ) {
        if let Some(name) = self.members.get(&member).cloned() {
            self.with_room(now, &name, act);
        }
    }

    /// Lets a room act, then lets out what may leave, and notes when it wants to be woken.
    fn with_room(
        &mut self,
        now: Instant,
        name: &RoomName,
        act: impl FnOnce(&mut Room, &mut Context<'_>),
    ) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let mut left = Vec::new();
        let mut cx = Context {
            now,
            config: &self.config,
            counters: &mut self.counters,
            outputs: &mut self.outputs,
            left: &mut left,
            last_ticket: &mut self.last_ticket,
            poison: &mut self.poison,
            turns: &mut self.turns,
        };
        act(room, &mut cx);
        room.settle(&mut cx);
        for member in left {
            self.members.remove(&member);
        }
        self.reschedule(now, name);
        self.turns.tidy();
    }

    fn reschedule(&mut self, now: Instant, name: &RoomName) {
        self.disarm(name);
        let Some(room) = self.rooms.get(name) else { return };
        if room.is_over(now, self.config.unload_after) {
            return self.forget(name);
        }
        self.idle.note(name, room.idle_since());
        if let Some(deadline) = room.poll_timeout(&self.config) {
            self.alarms.insert(name.clone(), deadline.at);
            self.due.insert((deadline.at, name.clone()), deadline.reason);
        }
    }

    fn disarm(&mut self, name: &RoomName) {
        if let Some(at) = self.alarms.remove(name) {
            self.due.remove(&(at, name.clone()));
        }
    }

    fn forget(&mut self, name: &RoomName) {
        self.disarm(name);
        self.idle.note(name, None);
        self.rooms.remove(name);
    }
}

#[cfg(test)]
mod tests;
