//! One room: a document, its link, its log, its presence. This file takes commands and routes; the
//! work is done by the parts.
//!
//! ```text
//!  app ──edit──► Doc ──update──► Persistence ──committed──► outgoing ──► link
//!   ▲             ▲                   ▲                                   │
//!   └──Event── change ◄──apply── gate ◄── pre-flight ◄── frame ◄──────────┘
//!                                     └─ content ──► Outbox (acknowledged)
//! ```

mod audit;
mod auth;
mod fitting;
mod footing;
mod link;
pub mod messages;
mod messaging;
pub mod outbox;
mod outgoing;
pub mod paths;
pub mod persistence;
pub mod presence;
mod relayed;
pub mod session;
mod signal;
mod spread;
mod state;
mod storage;
mod strikes;
mod timers;
mod undoing;

use std::collections::VecDeque;

use crate::config::{Config, PathMode, PersistenceMode, RoomOptions, check_room_name};
use crate::connection::answer::Answer;
use crate::connection::manner::Manner;
use crate::connection::{Connection, Context, Source, complete_url};
use crate::doc::change::Change;
use crate::doc::edit::Edit;
use crate::doc::limits::Limits;
use crate::doc::{Doc, DocHost, Integrated, Intent, Origin, UndoState, merge_updates};
use crate::error::{ErrorCode, Misuse};
use crate::event::{ChangeOrigin, EventKind, Problem, SyncState};
use crate::io::{Environment, SocketId, SocketInput, SocketOutput, StorageTask};
use crate::time::Instant;
use footing::Footing;
use messages::Messages;
use outbox::Outbox;
use outgoing::Outgoing;
use paths::Paths;
use persistence::Persistence;
use persistence::record::RecordKind;
use presence::{Presence, PresenceChange};
use session::Session;
use strikes::Strikes;
pub use undoing::UndoCommand;

/// What a room wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomOutput {
    /// Do this with a socket.
    Socket(SocketId, SocketOutput),
    /// Do this with the room's log.
    Storage(StorageTask),
    /// Let go of this database with whatever is under way there.
    AbandonStorage(String),
    /// Tell the app.
    Event(EventKind),
}

/// Whether the local copy can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The log is being read; `connect` says whether to connect then.
    Loading { connect: bool },
    /// It can.
    Ready,
    /// The app has left; what is queued is still written.
    Leaving,
}

/// One room of a client. Any [`DocHost`] can be its document; only ours is edited through the room.
#[derive(Debug)]
pub struct Room<D = Doc> {
    config: Config,
    phase: Phase,
    doc: D,
    connection: Connection,
    session: Session,
    outbox: Outbox,
    presence: Presence,
    persistence: Persistence,
    messages: Messages,
    outgoing: Outgoing,
    batch: Option<Vec<Integrated>>,
    /// Whether news are told as updates, too.
    tapped: bool,
    timers: timers::Timers,
    strikes: Strikes,
    footing: Footing,
    paths: Paths,
    last_sync: Option<SyncState>,
    last_undo: UndoState,
    outputs: VecDeque<RoomOutput>,
}

impl Room {
    /// A room with a document of our own, that loads when it is [started](Self::start).
    pub fn new(
        config: &Config,
        name: &str,
        options: RoomOptions,
        cx: &mut Context<'_>,
    ) -> Result<Self, Misuse> {
        let client = u64::from(cx.rng.u32(1..));
        let client = config.broken.reuse_id().unwrap_or(client);
        let limits = Limits::default();
        let limits = Limits {
            update_bytes: config.max_receive_frame,
            // One that the server may send is not let go of because it has to wait.
            held_bytes: limits.held_bytes.max(config.max_receive_frame),
            ungated: config.broken.no_gate(),
            ..limits
        };
        let doc = Doc::new(client, &options.roots, limits).with_undo(config.undo);
        Self::with_doc(config, name, options, doc, cx)
    }

    /// The document, for reading.
    pub fn doc(&self) -> Result<&Doc, Misuse> {
        self.usable()?;
        Ok(&self.doc)
    }

    /// Edits the document: one transaction, told at once, saved and sent in its turn.
    pub fn edit(&mut self, cx: &mut Context<'_>, edit: Edit) -> Result<(), Misuse> {
        self.usable()?;
        let edited = self.doc.edit_at(cx.now, edit);
        self.notice_break();
        self.take_edited(cx.now, edited?);
        if self.batch.is_some() {
            self.publish(cx.now);
        } else {
            self.settle(cx);
        }
        Ok(())
    }

    /// What the document did for the app: told at once, saved and sent in its turn.
    fn take_edited(&mut self, now: Instant, mut edited: Integrated) {
        let changes = std::mem::take(&mut edited.changes);
        self.tell_changes(ChangeOrigin::Local, changes, &edited.update);
        self.outbox.record(&edited.content);
        match &mut self.batch {
            _ if edited.content.is_empty() => {}
            Some(batch) => batch.push(edited),
            None => self.ship(now, edited.update),
        }
    }
}

impl<D: DocHost> Room<D> {
    /// The same around a document that exists.
    pub fn with_doc(
        config: &Config,
        name: &str,
        options: RoomOptions,
        doc: D,
        cx: &mut Context<'_>,
    ) -> Result<Self, Misuse> {
        check_room_name(name)?;
        let database =
            (config.persistence == PersistenceMode::IndexedDb).then(|| config.database(name));
        let path = url_path(name);
        let source = config
            .url
            .as_deref()
            .map_or(Source::App, |base| Source::Fixed(complete_url(base, &path)));
        let mut presence = Presence::new(config.presence, doc.client_id());
        if let Some(state) = options.presence {
            presence.set(Some(state))?;
        }
        let boot = cx.rng.u64(..);
        Ok(Self {
            phase: Phase::Loading { connect: options.connect },
            doc,
            connection: Connection::new(config.link, config.backoff, source, path).with_manner(
                Manner {
                    token: config.token.clone(),
                    ask: config.asks_on_close,
                    ..Manner::default()
                },
            ),
            session: Session::Down,
            outbox: Outbox::new(config.link.ack_timeout),
            presence,
            persistence: Persistence::new(config.storage, database, boot),
            messages: Messages::new(config.messages, config.broken, boot, config.link.ack_timeout),
            outgoing: Outgoing::default(),
            batch: None,
            tapped: false,
            timers: timers::Timers::default(),
            strikes: Strikes::new(config.max_send_frame),
            footing: Footing::default(),
            paths: Paths::new(options.mode),
            last_sync: None,
            last_undo: UndoState::default(),
            outputs: VecDeque::new(),
            config: config.clone(),
        })
    }

    /// Takes the next output, in order.
    pub fn poll_output(&mut self) -> Option<RoomOutput> {
        self.outputs.pop_front()
    }

    /// Whether the app has left and everything is written.
    pub fn is_gone(&self) -> bool {
        self.phase == Phase::Leaving && self.persistence.is_closed()
    }

    /// Whether another room must be gone before this one may start: it still writes what this one is to read.
    pub fn waits_for(&self, other: &Self) -> bool {
        matches!(self.phase, Phase::Loading { .. })
            && other.phase == Phase::Leaving
            && self.persistence.database() == other.persistence.database()
    }

    /// The id this replica writes under.
    pub fn client_id(&self) -> u64 {
        self.doc.client_id()
    }

    /// Edits until [`end_batch`](Self::end_batch) become one record, one frame and one step to undo, which counts as
    /// `intent`. Nothing new begins within a batch.
    pub fn begin_batch(&mut self, intent: Intent) -> Result<(), Misuse> {
        self.usable()?;
        if self.batch.is_none() {
            self.doc.begin_step(intent);
            self.batch = Some(Vec::new());
        }
        Ok(())
    }

    /// Ends a batch.
    pub fn end_batch(&mut self, cx: &mut Context<'_>) {
        if self.batch.is_some() {
            self.doc.end_step();
        }
        self.ship_batch(cx.now);
        self.settle(cx);
    }

    fn ship_batch(&mut self, now: Instant) {
        for update in merge_batch(self.batch.take().unwrap_or_default()) {
            self.ship(now, update);
        }
    }

    /// Applies an update that the app got elsewhere; it goes to the log and to the server like an edit, once nothing
    /// that it hangs on is missing.
    pub fn apply_update(&mut self, cx: &mut Context<'_>, update: &[u8]) -> Result<(), Misuse> {
        self.usable()?;
        let refused = |error: crate::doc::UpdateError| Misuse::new(error.code(), error.to_string());
        let applied = self.doc.apply(update, Origin::Local);
        self.notice_break();
        let applied = applied.map_err(refused)?;
        if applied.held {
            self.persistence.append(RecordKind::Local, update.to_vec());
        }
        self.absorb(cx, &applied);
        self.settle(cx);
        Ok(())
    }

    /// From now on whatever the document takes in is told as an update, too, for a replica in the same page.
    pub fn tap(&mut self) -> Result<(), Misuse> {
        self.usable()?;
        self.tapped = true;
        Ok(())
    }

    /// An engine that failed refuses everything: the driver replaces this instance, and the log is replayed.
    fn notice_break(&mut self) -> bool {
        if self.doc.is_broken() {
            self.connection.disconnect();
            self.end_paths();
            self.outputs.push_back(RoomOutput::Event(EventKind::Broken));
        }
        self.doc.is_broken()
    }

    /// Sets the own presence state, JSON text, or takes it away.
    pub fn set_presence(
        &mut self,
        cx: &mut Context<'_>,
        state: Option<String>,
    ) -> Result<(), Misuse> {
        if state.is_none() {
            self.send_farewell();
        }
        self.presence.set(state)?;
        self.announce(cx.now);
        self.share_presence(cx.now);
        self.settle(cx);
        Ok(())
    }

    /// Connects, or retries now.
    pub fn connect(&mut self, cx: &mut Context<'_>) {
        match &mut self.phase {
            Phase::Loading { connect } => *connect = true,
            Phase::Ready if self.paths.mode() == PathMode::PeersOnly => {}
            Phase::Ready => self.connection.connect(cx),
            Phase::Leaving => {}
        }
        self.settle(cx);
    }

    /// Ends the link and stays away.
    pub fn disconnect(&mut self, cx: &mut Context<'_>) {
        if let Phase::Loading { connect } = &mut self.phase {
            *connect = false;
        }
        self.connection.disconnect();
        self.settle(cx);
    }

    /// The app has left: say goodbye, write what is queued, close.
    pub fn leave(&mut self, cx: &mut Context<'_>) {
        self.end_batch(cx);
        self.end_paths();
        self.connection.disconnect();
        self.phase = Phase::Leaving;
        self.persistence.close();
        self.settle(cx);
    }

    /// The app's answer to [`EventKind::Endpoint`] or [`EventKind::Verdict`].
    pub fn answer(&mut self, cx: &mut Context<'_>, request: u32, answer: Answer<'_>) {
        self.connection.answer(cx, request, answer);
        self.settle(cx);
    }

    /// Takes what a socket reports.
    pub fn handle_socket(&mut self, cx: &mut Context<'_>, socket: SocketId, input: SocketInput) {
        let carries = self.connection.handle_socket(cx, socket, &input);
        self.drain_connection(cx);
        match input {
            SocketInput::Frame(frame) if carries => self.on_frame(cx, &frame),
            SocketInput::Relayed(frame) if self.session.link() == Some(socket) => {
                self.on_relayed(cx, &frame);
            }
            _ => {}
        }
        self.settle(cx);
    }

    /// Something happened to the page or the network.
    pub fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
        let woke = matches!(environment, Environment::Resume | Environment::ClockJump)
            || matches!(environment, Environment::PageShow { .. });
        if woke {
            self.presence.handle_wake(cx.now);
        }
        self.connection.handle_environment(cx, environment);
        self.settle(cx);
    }

    fn usable(&self) -> Result<(), Misuse> {
        match self.phase {
            Phase::Ready => Ok(()),
            Phase::Loading { .. } => {
                let message = "the room's local copy is still loading; await room.ready first";
                Err(Misuse::new(ErrorCode::NotReady, message))
            }
            Phase::Leaving => {
                Err(Misuse::new(ErrorCode::Disposed, "this room has been left; enter it again"))
            }
        }
    }

    /// Brings everything that follows from a change to rest; ends every command and input.
    fn settle(&mut self, cx: &mut Context<'_>) {
        self.drain_connection(cx);
        self.review_paths(cx);
        self.confirm_marks();
        self.drive_messages(cx.now);
        self.drain_storage(cx.now);
        self.flush_outgoing(cx.now);
        self.publish(cx.now);
    }

    /// Tells what is different. All that an edit in a batch comes to: nothing is saved or sent before its end.
    fn publish(&mut self, now: Instant) {
        self.publish_sync(now);
        self.publish_undo();
    }

    fn tell_changes(&mut self, origin: ChangeOrigin, changes: Vec<Change>, update: &[u8]) {
        let update = (self.tapped && !update.is_empty()).then(|| update.to_vec());
        if update.is_some() || !changes.is_empty() {
            self.outputs.push_back(RoomOutput::Event(EventKind::Doc { origin, changes, update }));
        }
    }

    fn tell_presence(&mut self, change: PresenceChange) {
        if !change.is_empty() {
            let PresenceChange { updated, removed } = change;
            self.outputs.push_back(RoomOutput::Event(EventKind::Presence { updated, removed }));
        }
    }

    fn tell_problem(&mut self, problem: Problem) {
        self.outputs.push_back(RoomOutput::Event(EventKind::Error(problem)));
    }
}

/// A room's name as a URL path: segments stay apart, everything odd is percent-encoded.
fn url_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$'()*,;:@/".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// Merges a batch, in runs short enough that merging stays linear.
fn merge_batch(batch: Vec<Integrated>) -> Vec<Vec<u8>> {
    const RUN: usize = 64;
    let updates: Vec<Vec<u8>> = batch.into_iter().map(|edited| edited.update).collect();
    updates
        .chunks(RUN)
        .flat_map(|run| match merge_updates(run) {
            Some(merged) if run.len() > 1 => vec![merged],
            _ => run.to_vec(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
