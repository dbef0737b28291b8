//! All peers of one room: who is there, with whom there is a link, and what goes over them.
//!
//! The mesh knows no socket: what it has to say to the room's server is an event, and what the server says is handed in.

pub mod assembly;
pub mod body;
pub mod control;
pub mod event;
pub mod file;
mod files;
pub mod frame;
pub mod ice;
pub mod lane;
pub mod lanes;
pub mod link;
pub mod media;
pub mod negotiation;
pub mod options;
pub mod policy;
pub mod proof;
mod refusal;
mod roster;
pub mod signal;
#[cfg(test)]
mod tests;
pub mod y_webrtc;

use std::collections::VecDeque;

use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::io::{Environment, PeerConfig, PeerConnectionId, PeerInput, PeerOutput};
use crate::status::Problem;
use crate::time::{Deadline, Instant};
use body::Body;
use event::MeshEvent;
use file::Transfers;
use ice::{Ice, IceAnswer};
use lane::Channel;
use link::{Blocked, LinkAction, LinkState, Settings};
use media::Media;
use options::MeshOptions;
use roster::Roster;
use signal::{FromServer, ToServer};
use y_webrtc::{Dialect, YWebrtc};

/// Links in their first try at once.
const AT_ONCE: usize = 4;
/// Connections made in a minute: a browser counts those that are closed until it collects garbage.
const A_MINUTE: usize = 60;
const MINUTE: u64 = 60_000;

/// What a mesh wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum MeshAction {
    /// Do this with a connection.
    Peer(PeerConnectionId, PeerOutput),
    /// Tell the app.
    Tell(MeshEvent),
}

/// The peers of one room.
#[derive(Debug)]
pub struct Mesh {
    options: MeshOptions,
    settings: Settings,
    roster: Roster,
    ice: Ice,
    transfers: Transfers,
    /// Where signaling is that of y-webrtc.
    y_webrtc: Option<YWebrtc>,
    /// When connections were made, in the last minute.
    made: VecDeque<Instant>,
    /// Whom the peers have been told that there are links with.
    neighbours: Vec<String>,
    /// Whether the app has been told that its browser refuses these ICE servers, or any connection.
    refusal_told: bool,
    actions: VecDeque<MeshAction>,
}

impl Mesh {
    /// Nobody is there until signaling says so.
    pub fn new(cx: &mut Context<'_>, options: MeshOptions) -> Self {
        let mut made_up = || format!("{:016x}{:016x}", cx.rng.u64(..), cx.rng.u64(..));
        let settings = Settings {
            instance: options.instance.clone().unwrap_or_else(&mut made_up),
            secret: made_up(),
            key: options.key.as_ref().map(|key| key.clone().into_bytes()),
            config: PeerConfig { servers: Vec::new(), relay_only: options.relay_only },
            signaling: false,
            silence_parts: options.dialect != Dialect::Room,
            source: 0,
            media: Media::default(),
        };
        let roster = Roster::new(&options, cx.rng.u64(..));
        let ice = Ice::new(cx.now, options.ice);
        let y_webrtc = match options.dialect {
            Dialect::Room => None,
            Dialect::YWebrtc { sealed } => Some(YWebrtc::new(&options.room, sealed, options.epoch)),
        };
        Self {
            options,
            settings,
            roster,
            ice,
            transfers: Transfers::default(),
            y_webrtc,
            made: VecDeque::new(),
            neighbours: Vec::new(),
            refusal_told: false,
            actions: VecDeque::new(),
        }
    }

    /// The name under which the others know this side.
    pub fn instance(&self) -> &str {
        &self.settings.instance
    }

    /// The connection with a peer, while there is one.
    pub fn connection(&self, peer: u32) -> Option<PeerConnectionId> {
        self.roster.connection(peer).or_else(|| self.guest_connection(peer))
    }

    /// Says which number this mesh has: the browser's side keeps its tracks by it.
    pub fn set_number(&mut self, number: u32) {
        self.settings.source = number;
    }

    /// Whether a connection is one of this mesh.
    pub fn owns(&self, id: PeerConnectionId) -> bool {
        self.roster.owns(id) || self.owns_guest(id)
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<MeshAction> {
        self.actions.pop_front()
    }

    /// The room's socket is open, or open again.
    pub fn signal_up(&mut self, cx: &mut Context<'_>) {
        let secret = self.settings.secret.clone();
        self.say(&ToServer::Hello { secret: &secret });
        self.advance(cx);
    }

    /// The room's socket is gone. Links go on.
    pub fn signal_down(&mut self, cx: &mut Context<'_>) {
        self.settings.signaling = false;
        for link in self.roster.links() {
            link.handle_signaling_lost();
        }
        self.advance(cx);
    }

    /// The server said something. What makes no sense is told, and changes nothing.
    pub fn handle_signal(&mut self, cx: &mut Context<'_>, text: &str) {
        match FromServer::decode(text, &self.settings.instance) {
            Ok(Some(message)) => self.on_signal(cx, message),
            Ok(None) => {}
            Err(_) => self.warn(ErrorCode::Protocol, "signaling said what makes no sense"),
        }
        self.advance(cx);
    }

    /// Something happened to a connection.
    pub fn handle_peer(&mut self, cx: &mut Context<'_>, id: PeerConnectionId, input: PeerInput) {
        let refused = matches!(&input, PeerInput::CandidateError { code: 401, .. });
        self.note_refusal(&input);
        match self.roster.owner(id) {
            Some(link) => link.handle_peer(cx, &self.settings, id, input),
            None => self.handle_guest(cx, id, input),
        }
        if refused {
            self.ice.handle_rejection(cx.now);
        }
        self.advance(cx);
    }

    /// A deadline may have passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        for link in self.roster.links() {
            link.handle_timeout(cx, &self.settings);
        }
        self.on_guests_timeout(cx.now);
        self.advance(cx);
    }

    /// Something happened to the page or the network.
    pub fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
        match environment {
            Environment::Online
            | Environment::Visible
            | Environment::PageShow { .. }
            | Environment::Resume
            | Environment::ClockJump => {
                for link in self.roster.links() {
                    link.handle_wake(cx, &self.settings);
                }
            }
            // The others see at once that this page is gone; should it come back, signaling begins anew.
            Environment::PageHide { .. } => self.leave(cx.now, "suspended"),
            Environment::Offline | Environment::Hidden | Environment::Freeze => {}
        }
        self.advance(cx);
    }

    /// Sends a message to a peer.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED` without a link, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL`; of a stock client `E_PEER_LIMIT`,
    /// `E_UNSUPPORTED`.
    pub fn send(
        &mut self,
        cx: &mut Context<'_>,
        peer: u32,
        channel: Channel,
        bytes: Vec<u8>,
    ) -> Result<(), Misuse> {
        let nobody = || Misuse::new(ErrorCode::NotConnected, "there is no such peer any more");
        match self.roster.link(peer) {
            Some(link) => link.send(cx.now, channel, bytes)?,
            None => self.send_to_guest(peer, channel, bytes).ok_or_else(nobody)??,
        }
        self.advance(cx);
        Ok(())
    }

    /// The app's answer to an `ice` event.
    pub fn provide_ice(&mut self, cx: &mut Context<'_>, request: u32, answer: IceAnswer) {
        if self.ice.handle_answer(cx.now, request, answer.ttl_seconds) {
            self.configure(cx, answer);
        }
        self.advance(cx);
    }

    /// The app could not answer an `ice` event.
    pub fn refuse_ice(&mut self, cx: &mut Context<'_>, request: u32) {
        self.ice.handle_failure(cx.now, request);
        self.advance(cx);
    }

    /// Says goodbye to everybody.
    pub fn close(&mut self, cx: &mut Context<'_>) {
        self.leave(cx.now, "closed");
        self.collect(cx);
        self.collect_guests(cx.now);
    }

    /// When something falls due.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let begins = self.can_begin().then(|| self.roster.poll_begin()).flatten();
        let begins = begins.map(|begin| self.paced(begin));
        let ice = self.ice.poll_timeout().filter(|_| self.settings.signaling);
        let guests = self.poll_guests();
        [begins, ice, guests].into_iter().fold(self.roster.poll_timeout(), Deadline::earliest)
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, message: FromServer) {
        match message {
            FromServer::Welcome { peers, ice } => {
                self.settings.signaling = true;
                self.roster.replace(cx, &self.settings, peers);
                self.take_ice(cx, ice);
                for link in self.roster.links() {
                    link.handle_signaling(cx, &self.settings);
                }
            }
            FromServer::Join(member) => self.roster.join(cx, &self.settings, member),
            FromServer::Leave { instance, goodbye } => self.roster.part(cx.now, &instance, goodbye),
            FromServer::Signal { from, body } => self.on_body(cx, &from, body),
            FromServer::Ice(answer) => self.take_ice(cx, Some(answer)),
            FromServer::Refused { code, message } => {
                let message = format!("signaling refused: {message} ({code})");
                let forbidden = matches!(code.as_str(), "forbidden" | "taken");
                let code = if forbidden { ErrorCode::Forbidden } else { ErrorCode::Unavailable };
                self.warn(code, &message);
            }
        }
    }

    fn on_body(&mut self, cx: &mut Context<'_>, from: &str, body: Body) {
        let opens = body.opens();
        if let Some(link) = self.roster.addressee(&self.settings, from, opens) {
            link.handle_body(cx, &self.settings, body);
        }
    }

    /// The server's own ICE servers, where the app brings none.
    fn take_ice(&mut self, cx: &mut Context<'_>, answer: Option<IceAnswer>) {
        if let Some(answer) = answer.filter(|_| !self.options.ice) {
            self.ice.provide(cx.now, answer.ttl_seconds);
            self.configure(cx, answer);
        }
    }

    fn configure(&mut self, cx: &mut Context<'_>, answer: IceAnswer) {
        self.settings.config.servers = answer.servers;
        self.refusal_told = false;
        for link in self.roster.links() {
            link.configure(cx, &self.settings);
        }
        self.configure_guests();
    }

    fn leave(&mut self, now: Instant, reason: &'static str) {
        for link in self.roster.links() {
            link.close(now, reason);
        }
        self.leave_guests(reason);
        if std::mem::replace(&mut self.settings.signaling, false) {
            self.say(&ToServer::Bye);
        }
    }

    /// What follows from whatever has changed.
    fn advance(&mut self, cx: &mut Context<'_>) {
        self.collect(cx);
        self.ask_ice(cx);
        self.advance_guests(cx);
        while self.can_begin() && self.room_for_another(cx.now) {
            let Some(link) = self.roster.next_due(cx.now, &self.settings) else { break };
            link.begin(cx, &self.settings);
            self.collect(cx);
        }
        self.tell_neighbours(cx);
        self.drive_files(cx.now);
        self.collect(cx);
    }

    /// A connection is made then, or as soon as there may be another.
    fn paced(&self, begin: Deadline) -> Deadline {
        let oldest = self.made.front().filter(|_| self.made.len() >= A_MINUTE);
        Deadline { at: oldest.map_or(begin.at, |oldest| begin.at.max(*oldest + MINUTE)), ..begin }
    }

    fn can_begin(&self) -> bool {
        let waiting = self.roster.beginning() < AT_ONCE;
        self.settings.signaling && self.ice.is_settled() && waiting
    }

    fn room_for_another(&mut self, now: Instant) -> bool {
        while self.made.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            self.made.pop_front();
        }
        self.made.len() < A_MINUTE
    }

    fn ask_ice(&mut self, cx: &mut Context<'_>) {
        if !self.settings.signaling {
            return;
        }
        let now = cx.now;
        let Some((request, reason)) = self.ice.poll_question(now, || cx.fresh()) else { return };
        if self.options.ice {
            self.actions.push_back(MeshAction::Tell(MeshEvent::Ice { request, reason }));
        } else {
            self.say(&ToServer::Ice);
        }
    }

    /// Takes from each link what it wants done.
    fn collect(&mut self, cx: &mut Context<'_>) {
        while let Some((peer, action)) = self.roster.poll_action() {
            match action {
                LinkAction::Peer(id, output) => {
                    if matches!(output, PeerOutput::Create { .. }) {
                        self.made.push_back(cx.now);
                    }
                    self.actions.push_back(MeshAction::Peer(id, output));
                }
                LinkAction::Signal(body) => self.send_body(peer, &body),
                LinkAction::Replace => {
                    if self.room_for_another(cx.now)
                        && let Some(link) = self.roster.link(peer)
                    {
                        link.renew(cx, &self.settings);
                    }
                }
                action => self.tell(cx, peer, action),
            }
        }
        self.roster.sweep(cx, &self.settings);
    }

    fn send_body(&mut self, peer: u32, body: &Body) {
        let Some((instance, _)) = self.roster.name(peer) else { return };
        let to = instance.to_owned();
        if self.settings.signaling {
            self.say(&ToServer::Signal { to: &to, body });
        }
    }

    fn say(&mut self, message: &ToServer<'_>) {
        if self.y_webrtc.is_some() {
            return self.say_here(message);
        }
        let text = message.encode(&self.settings.instance);
        self.actions.push_back(MeshAction::Tell(MeshEvent::Signal(text)));
    }

    fn tell(&mut self, cx: &Context<'_>, peer: u32, action: LinkAction) {
        let event = match action {
            LinkAction::Status(status) => {
                if status.state == LinkState::Up {
                    self.roster.note_success(peer);
                }
                self.note_link(peer, status.state);
                if status.state == LinkState::Gone {
                    self.note_over(cx.now, peer, status.reason);
                }
                let Some((instance, user)) = self.roster.name(peer) else { return };
                let (instance, user) = (instance.to_owned(), user.map(str::to_owned));
                MeshEvent::Peer { peer, instance, user, limit: None, status }
            }
            LinkAction::Blocked(reason) => {
                if reason == Blocked::Unauthorized {
                    self.ice.handle_rejection(cx.now);
                }
                MeshEvent::Blocked { peer, reason }
            }
            LinkAction::Message(channel, bytes) => MeshEvent::Frame { peer, channel, bytes },
            LinkAction::Track(slot) => MeshEvent::Track { peer, slot },
            LinkAction::Neighbours(instances) => MeshEvent::Neighbours { peer, instances },
            LinkAction::File(message) => return self.transfers.handle_message(peer, message),
            LinkAction::Piece(stream, bytes) => {
                return self.transfers.handle_piece(peer, stream, bytes);
            }
            LinkAction::Problem(problem) => {
                self.roster.note_offence(peer);
                MeshEvent::Error(problem)
            }
            LinkAction::Peer(..) | LinkAction::Signal(_) | LinkAction::Replace => return,
        };
        self.actions.push_back(MeshAction::Tell(event));
    }

    /// All neighbours of a peer can tell then who gets what from somebody else.
    fn tell_neighbours(&mut self, cx: &mut Context<'_>) {
        let mut neighbours = self.roster.neighbours();
        neighbours.extend(self.guests_up());
        if neighbours == self.neighbours {
            return;
        }
        for link in self.roster.links().filter(|link| link.is_up()) {
            link.tell_neighbours(cx.now, &neighbours);
        }
        self.neighbours = neighbours;
        self.collect(cx);
    }

    fn warn(&mut self, code: ErrorCode, message: &str) {
        let problem = Problem::new(code, message);
        self.actions.push_back(MeshAction::Tell(MeshEvent::Error(problem)));
    }
}
