//! The client: routes inputs and commands to rooms, outputs and events to the driver. Nothing else.

mod leaving;

use std::collections::VecDeque;

use fastrand::Rng;

use crate::config::{Config, RoomOptions, Ways};
use crate::connection::Context;
use crate::connection::answer::Answer;
use crate::doc::edit::Edit;
use crate::doc::{Doc, Intent};
use crate::error::{ErrorCode, Misuse};
use crate::event::{Event, EventKind, PathChannel};
use crate::io::{Input, Output, RoomId, SocketId, SocketInput, SocketOutput, TaskId};
use crate::machine::Machine;
use crate::ordered::OrderedMap;
use crate::page::Page;
use crate::room::paths::Dialect;
use crate::room::{Room, RoomOutput, UndoCommand};
use crate::status::{ConnectionState, Status, Transport};
use crate::time::{Deadline, Instant};
use crate::tunnel::{Terms, Tunnels};

/// One running instance of the SDK.
#[derive(Debug)]
pub struct Client {
    config: Config,
    rng: Rng,
    last_id: u32,
    page: Page,
    rooms: OrderedMap<RoomId, Room>,
    sockets: OrderedMap<SocketId, RoomId>,
    tasks: OrderedMap<TaskId, RoomId>,
    tunnels: Tunnels,
    outputs: VecDeque<Output<Event>>,
}

impl Machine for Client {
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Timeout => {
                self.tunnels.handle_timeout(now, &mut self.last_id);
                self.each_room(now, Room::handle_timeout);
            }
            Input::Environment(environment) => {
                self.page.note(environment);
                self.each_room(now, |room, cx| room.handle_environment(cx, environment));
            }
            Input::Fetch(fetch, input) => {
                self.tunnels.handle_fetch(now, &mut self.last_id, fetch, input);
            }
            Input::Socket(socket, input) => self.handle_socket(now, socket, input),
            Input::Storage(task, reply) => {
                if let Some(room) = self.tasks.remove(&task) {
                    self.in_room(now, room, |room, cx| room.handle_storage(cx, reply));
                }
            }
            Input::StorageLost(database) => {
                self.each_room(now, |room, cx| room.handle_storage_lost(cx, &database));
            }
            // A client has no connections to peers.
            #[cfg(feature = "peers")]
            Input::Peer(..) => {}
        }
        while let Some((socket, input)) = self.tunnels.poll_socket() {
            self.handle_socket(now, socket, input);
        }
        self.collect_fetches();
    }

    fn poll_output(&mut self) -> Option<Output<Event>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let rooms = self.rooms.values().map(Room::poll_timeout).fold(None, Deadline::earliest);
        Deadline::earliest(rooms, self.tunnels.poll_timeout())
    }
}

impl Client {
    /// A client without rooms. `seed` decides every random choice it will make.
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            rng: Rng::with_seed(seed),
            last_id: 0,
            page: Page::default(),
            rooms: OrderedMap::new(),
            sockets: OrderedMap::new(),
            tasks: OrderedMap::new(),
            tunnels: Tunnels::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Enters a room: loads its local copy, then connects if `options` say so.
    pub fn enter_room(
        &mut self,
        now: Instant,
        name: &str,
        options: RoomOptions,
    ) -> Result<RoomId, Misuse> {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let mut room = Room::new(&self.config, name, options, &mut cx)?;
        if !self.rooms.values().any(|other| room.waits_for(other)) {
            room.start(&mut cx);
        }
        // A room that is entered later must know what the others know of the page.
        for environment in self.page.holding() {
            room.handle_environment(&mut cx, *environment);
        }
        *cx.last_id += 1;
        let id = RoomId(*cx.last_id);
        self.rooms.insert(id, room);
        self.collect(now, id);
        Ok(id)
    }

    /// Leaves a room. What is queued for its log is still written.
    pub fn leave_room(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| {
            room.leave(cx);
            Ok(())
        })
    }

    /// Connects a room, or retries now.
    pub fn connect(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| {
            room.connect(cx);
            Ok(())
        })
    }

    /// Disconnects a room until [`connect`](Self::connect).
    pub fn disconnect(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| {
            room.disconnect(cx);
            Ok(())
        })
    }

    /// Answers [`EventKind::Endpoint`] and [`EventKind::Verdict`].
    pub fn answer(
        &mut self,
        now: Instant,
        room: RoomId,
        request: u32,
        answer: Answer<'_>,
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| {
            room.answer(cx, request, answer);
            Ok(())
        })
    }

    /// Edits a room's document.
    pub fn edit(&mut self, now: Instant, room: RoomId, edit: Edit) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.edit(cx, edit))
    }

    /// Edits until [`end_batch`](Self::end_batch) become one record, one frame and one step to undo.
    pub fn begin_batch(&mut self, room: RoomId, intent: Intent) -> Result<(), Misuse> {
        self.room_mut(room)?.begin_batch(intent)
    }

    /// Ends a batch.
    pub fn end_batch(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| {
            room.end_batch(cx);
            Ok(())
        })
    }

    /// Undoes, redoes, and what belongs to it; whether the document changed.
    pub fn undo(
        &mut self,
        now: Instant,
        room: RoomId,
        command: UndoCommand,
    ) -> Result<bool, Misuse> {
        self.command(now, room, |room, cx| room.undo(cx, command))
    }

    /// Applies an update (V1) that the app got elsewhere.
    pub fn apply_update(
        &mut self,
        now: Instant,
        room: RoomId,
        update: &[u8],
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.apply_update(cx, update))
    }

    /// Tells what a room takes in as updates, too.
    pub fn tap(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, _| room.tap())
    }

    /// Offers again what a room's server did not take.
    pub fn merge(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.merge(cx))
    }

    /// What a room's server has not returned, as an update (V1).
    pub fn unsynced(&self, room: RoomId) -> Result<Vec<u8>, Misuse> {
        self.room(room)?.unsynced()
    }

    /// Sets the own presence state, JSON text, or takes it away.
    pub fn set_presence(
        &mut self,
        now: Instant,
        room: RoomId,
        state: Option<String>,
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.set_presence(cx, state))
    }

    /// Sends a message that is stored, JSON text; returns its id.
    pub fn send_message(
        &mut self,
        now: Instant,
        room: RoomId,
        kind: u64,
        data: String,
    ) -> Result<String, Misuse> {
        self.command(now, room, |room, cx| room.send_message(cx, kind, data))
    }

    /// Sends a message to one connection; returns the number of the question.
    pub fn send_direct(
        &mut self,
        now: Instant,
        room: RoomId,
        to: u64,
        kind: u64,
        data: &str,
    ) -> Result<u64, Misuse> {
        self.command(now, room, |room, cx| room.send_direct(cx, to, kind, data))
    }

    /// Sends a message to everyone else who is here now.
    pub fn send_volatile(
        &mut self,
        now: Instant,
        room: RoomId,
        kind: u64,
        data: &str,
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.send_volatile(cx, kind, data))
    }

    /// Asks for the messages before a number; returns the number of the question.
    pub fn load_messages(
        &mut self,
        now: Instant,
        room: RoomId,
        before: u64,
        limit: u64,
    ) -> Result<u64, Misuse> {
        self.command(now, room, |room, cx| room.load_messages(cx, before, limit))
    }

    /// A peer link carries a room's document from now on.
    pub fn path_up(
        &mut self,
        now: Instant,
        room: RoomId,
        path: u32,
        instance: &str,
        dialect: Dialect,
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.path_up(cx, path, instance, dialect))
    }

    /// A peer sent a frame.
    pub fn path_frame(
        &mut self,
        now: Instant,
        room: RoomId,
        path: u32,
        channel: PathChannel,
        frame: &[u8],
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.path_frame(cx, path, channel, frame))
    }

    /// The instances that a peer has paths to.
    pub fn path_neighbours(
        &mut self,
        now: Instant,
        room: RoomId,
        path: u32,
        instances: Vec<String>,
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.path_neighbours(cx, path, instances))
    }

    /// A peer link carries a room's document no more; `bye` if the peer said that it leaves the room.
    pub fn path_down(
        &mut self,
        now: Instant,
        room: RoomId,
        path: u32,
        bye: bool,
    ) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.path_down(cx, path, bye))
    }

    /// Whether the peer of a path has confirmed everything of ours.
    pub fn path_synced(&self, room: RoomId, path: u32) -> Result<bool, Misuse> {
        Ok(self.room(room)?.path_synced(path))
    }

    /// Sends signaling of peers, JSON text, over a room's link.
    pub fn signal(&mut self, now: Instant, room: RoomId, text: &str) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| room.signal(cx, text))
    }

    /// The app wants to hear a room's messages.
    pub fn subscribe_messages(&mut self, now: Instant, room: RoomId) -> Result<(), Misuse> {
        self.command(now, room, |room, cx| {
            room.subscribe_messages(cx);
            Ok(())
        })
    }

    /// The id a room's replica writes under.
    pub fn client_id(&self, room: RoomId) -> Result<u64, Misuse> {
        self.room(room).map(Room::client_id)
    }

    /// A room's document, for reading.
    pub fn doc(&self, room: RoomId) -> Result<&Doc, Misuse> {
        self.room(room)?.doc()
    }

    /// Leaves all rooms.
    pub fn close(&mut self, now: Instant) {
        self.each_room(now, |room, cx| room.leave(cx));
    }

    fn handle_socket(&mut self, now: Instant, socket: SocketId, input: SocketInput) {
        let Some(room) = self.sockets.get(&socket).copied() else { return };
        let over = !matches!(
            input,
            SocketInput::Opened { .. }
                | SocketInput::Frame(_)
                | SocketInput::Text(_)
                | SocketInput::Relayed(_)
                | SocketInput::Buffered(_)
        );
        if over {
            self.sockets.remove(&socket);
        }
        self.in_room(now, room, |room, cx| room.handle_socket(cx, socket, input));
    }

    fn room(&self, id: RoomId) -> Result<&Room, Misuse> {
        self.rooms.get(&id).ok_or_else(|| left(id))
    }

    fn room_mut(&mut self, id: RoomId) -> Result<&mut Room, Misuse> {
        self.rooms.get_mut(&id).ok_or_else(|| left(id))
    }

    fn command<T>(
        &mut self,
        now: Instant,
        id: RoomId,
        run: impl FnOnce(&mut Room, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, Misuse> {
        self.in_room(now, id, run).unwrap_or_else(|| Err(left(id)))
    }

    fn each_room(&mut self, now: Instant, mut run: impl FnMut(&mut Room, &mut Context<'_>)) {
        let ids: Vec<RoomId> = self.rooms.keys().copied().collect();
        for id in ids {
            self.in_room(now, id, &mut run);
        }
    }

    /// Runs something in a room and drains what follows from it.
    fn in_room<T>(
        &mut self,
        now: Instant,
        id: RoomId,
        run: impl FnOnce(&mut Room, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let room = self.rooms.get_mut(&id)?;
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let value = run(room, &mut cx);
        self.collect(now, id);
        Some(value)
    }

    fn collect(&mut self, now: Instant, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        while let Some(output) = room.poll_output() {
            let output = match output {
                RoomOutput::Socket(socket, output) => {
                    match output {
                        SocketOutput::Open { .. }
                        | SocketOutput::OpenTunnel { .. }
                        | SocketOutput::Preflight { .. } => {
                            self.sockets.insert(socket, id);
                        }
                        SocketOutput::Close { .. } | SocketOutput::Abandon => {
                            self.sockets.remove(&socket);
                        }
                        SocketOutput::Send(_)
                        | SocketOutput::SendText(_)
                        | SocketOutput::Measure => {}
                    }
                    let max_frame = self.config.max_receive_frame;
                    let terms = Terms { rng: &mut self.rng, max_frame };
                    let last = &mut self.last_id;
                    let rest = self.tunnels.handle_output(now, last, terms, socket, output);
                    let Some(output) = rest else { continue };
                    Output::Socket(socket, output)
                }
                RoomOutput::Storage(task) => {
                    self.last_id = self.last_id.wrapping_add(1);
                    let number = TaskId(self.last_id);
                    self.tasks.insert(number, id);
                    Output::Storage(number, task)
                }
                RoomOutput::AbandonStorage(database) => {
                    self.tasks.retain(|_, room| *room != id);
                    Output::AbandonStorage(database)
                }
                RoomOutput::Event(kind) => {
                    if let EventKind::Connection(state) = &kind {
                        remember(&mut self.config.link.ways, state);
                    }
                    Output::Event(Event { room: id.0, kind })
                }
            };
            self.outputs.push_back(output);
        }
        if room.is_gone() {
            self.forget(id);
            self.start_waiting(now);
        }
        self.collect_fetches();
    }

    fn collect_fetches(&mut self) {
        while let Some((fetch, output)) = self.tunnels.poll_fetch() {
            self.outputs.push_back(Output::Fetch(fetch, output));
        }
    }
}

/// What worked for one room goes first for those that are entered later.
fn remember(ways: &mut Ways, state: &ConnectionState) {
    if state.status == Status::Connected {
        let http = state.transport == Some(Transport::Sse);
        ways.remembered = if http { ways.memory } else { 0 };
    }
}

fn left(id: RoomId) -> Misuse {
    Misuse::new(ErrorCode::Disposed, format!("room {} has been left", id.0))
}

#[cfg(test)]
mod tests;
