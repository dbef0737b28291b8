//! What goes over the link: handshake, updates, acknowledgement, presence.

use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{StateVector, Update};

use super::outgoing::Targets;
use super::presence::Announce;
use super::session::Session;
use super::{Room, RoomOutput};
use crate::connection::{Action, Context};
use crate::doc::{Applied, DocHost, Origin, UpdateError};
use crate::error::ErrorCode;
use crate::event::{EventKind, Problem};
use crate::io::{SocketId, SocketOutput};
use crate::protocol::{FrameError, FrameLimits, Message, decode, encode};
use crate::time::Instant;

/// Newcomers are told of us after a wait drawn from here, so that a crowd does not speak at once.
const ANNOUNCE_WAIT: std::ops::Range<u64> = 20..400;

impl<D: DocHost> Room<D> {
    pub(super) fn may_stream(&self) -> bool {
        let early = self.config.broken.stream_before_handshake() && self.session.link().is_some();
        self.is_taken() && (self.session.may_stream() || early)
    }

    /// Does what the connection asks for.
    pub(super) fn drain_connection(&mut self, cx: &mut Context<'_>) {
        while let Some(action) = self.connection.poll_action() {
            match action {
                Action::Socket(id, output) => {
                    self.outputs.push_back(RoomOutput::Socket(id, output))
                }
                Action::AskEndpoint(request, attempt, reason) => {
                    let kind = EventKind::Endpoint { request: request.0, attempt, reason };
                    self.outputs.push_back(RoomOutput::Event(kind));
                }
                Action::LinkUp(socket) => self.on_link_up(cx.now, socket),
                Action::LinkDown => self.on_link_down(cx.now),
                Action::Farewell(_) => self.send_farewell(),
                Action::Probe(_) => self.send_probe(),
                Action::ShowToken(token) => self.show_token(&token),
                Action::TooLarge => self.on_too_large(),
                Action::Status(state) => {
                    self.outputs.push_back(RoomOutput::Event(EventKind::Connection(state)));
                }
                Action::Problem(problem) => self.tell_problem(problem),
                Action::AskVerdict(request, code, reason) => {
                    let kind = EventKind::Verdict { request: request.0, code, reason };
                    self.outputs.push_back(RoomOutput::Event(kind));
                }
            }
        }
    }

    fn on_link_up(&mut self, now: Instant, socket: SocketId) {
        // The server's answer brings what waits, unless it forgot what that waits for: then it would wait for ever. Whoever
        // brings the one brings the other.
        self.doc.forget_held(Origin::Remote);
        self.timers.note_held(now, self.doc.held(), &self.config);
        self.session = Session::Opening(socket);
        self.outgoing.forget_server();
        self.strikes.handle_link_up();
        self.footing.handle_link_up();
        self.timers.handle_link_up(now);
        self.presence.handle_link_up(now);
        self.show_token_first();
        self.send(encode::sync_step_1(&self.doc.encode_state_vector()));
        self.announce(now);
    }

    fn on_link_down(&mut self, now: Instant) {
        self.session = Session::Down;
        self.outgoing.forget_server();
        self.outbox.handle_link_down();
        self.messages.handle_link_down(now);
        self.presence.handle_link_down(now);
        self.timers.handle_link_down();
    }

    /// Sends at once: what holds no edit needs no commit.
    pub(super) fn send(&mut self, frame: Vec<u8>) {
        if let Some(socket) = self.session.link() {
            self.strikes.note_sent(frame.len());
            self.connection.handle_sent(frame.len());
            self.outputs.push_back(RoomOutput::Socket(socket, SocketOutput::Send(frame)));
        }
    }

    /// Asks the server for everything we lack, and for everything of ours it has not returned. Servers
    /// of this protocol always answer, so it is also the heartbeat.
    pub(super) fn send_probe(&mut self) {
        self.send(encode::sync_step_1(&self.lacking_vector()));
        self.ask_for_greeting();
    }

    /// Our state vector without what the server has not returned.
    pub(super) fn lacking_vector(&self) -> Vec<u8> {
        self.outbox.probe_vector(self.doc.state_vector()).encode_v1()
    }

    pub(super) fn send_farewell(&mut self) {
        if let Some(entry) = self.presence.farewell() {
            self.send(encode::awareness(&[entry]));
        }
    }

    /// Sends the own presence state, if there is one and a link.
    pub(super) fn announce(&mut self, now: Instant) {
        if self.session.link().is_some()
            && let Some(entry) = self.presence.announce(now)
        {
            self.send(encode::awareness(&[entry]));
        }
    }

    fn on_too_large(&mut self) {
        let (size, limit) = self.strikes.note_too_large();
        let message = format!(
            "the server refused a frame of {size} bytes as too large; edits go to it in frames of at most {limit} from now on"
        );
        self.tell_problem(Problem::new(ErrorCode::FrameTooLarge, message));
    }

    /// Takes a frame of the current link.
    pub(super) fn on_frame(&mut self, cx: &mut Context<'_>, frame: &[u8]) {
        let limits = FrameLimits { frame: self.config.max_receive_frame, ..FrameLimits::default() };
        let messages = match decode(frame, &limits) {
            Ok(messages) => messages,
            Err(error) => return self.on_malformed(cx, &error),
        };
        // What the server says of itself stands behind what it says of the document.
        for message in &messages {
            if let Message::Standing(body) = message {
                self.on_standing(cx, body);
            }
        }
        let mut asked = None;
        for message in messages {
            match message {
                // Many questions in one frame would each be answered with the whole document.
                Message::SyncStep1(vector) => asked = Some(vector),
                // Two histories are mixed only if the app says so.
                Message::SyncStep2(_) | Message::Update(_) if self.footing.is_anew() => {
                    self.connection.handle_handshake(cx.now);
                }
                Message::SyncStep2(update) => self.on_step_2(cx, update),
                Message::Update(update) => {
                    self.timers.handle_traffic(cx.now);
                    self.on_update(cx, update);
                }
                Message::Awareness(entries) => self.on_awareness(cx, entries),
                Message::QueryAwareness => self.announce(cx.now),
                Message::Denied(reason) => self.on_denied(cx, reason),
                Message::Messages(bytes) => self.on_messages(cx, bytes),
                Message::Token(body) => self.on_auth(cx.now, body),
                Message::Signal(text) => self.on_signal(cx, text),
                // Peers are on paths.
                Message::Peer(_) | Message::Standing(_) | Message::Unknown(_) => {}
            }
        }
        if let Some(vector) = asked {
            self.on_step_1(cx, vector);
        }
    }

    pub(super) fn on_malformed(&mut self, cx: &mut Context<'_>, error: &FrameError) {
        let code = error.code();
        let fatal = code == ErrorCode::FrameTooLarge || self.strikes.strike(cx.now);
        let problem = Problem::new(code, error.to_string());
        if fatal {
            let close = if code == ErrorCode::FrameTooLarge { 1009 } else { 1002 };
            self.connection.handle_violation(cx, problem, browser_close_code(close));
        } else {
            self.tell_problem(problem);
            self.send_probe();
        }
    }

    /// The server says what it has: push what it lacks, and believe it about the rest.
    pub(super) fn on_step_1(&mut self, cx: &mut Context<'_>, vector: &[u8]) {
        let diff = match self.doc.diff(vector) {
            Ok(diff) => diff,
            Err(error) => return self.on_refused(cx, None, &error),
        };
        if let Ok(theirs) = StateVector::decode_v1(vector) {
            self.outbox.compare(&self.doc.state_vector(), &theirs);
        }
        self.connection.handle_progress(cx.now);
        if !self.stops_at_epoch(cx.now, vector) {
            self.push(cx, &diff);
        }
    }

    /// Pushes everything unacknowledged to a server that never asks, and asks it, which may be in doubt, in any case.
    pub(super) fn push_unasked(&mut self, cx: &mut Context<'_>) {
        if let Ok(diff) = self.doc.diff(&self.lacking_vector()) {
            self.push(cx, &diff);
        }
        if !self.outbox.is_empty() {
            self.send_probe();
        }
    }

    /// An own edit that is not committed yet may be in the diff, so it waits for the log like any other.
    fn push(&mut self, cx: &mut Context<'_>, diff: &[u8]) {
        if self.footing.is_too_large() && self.fits(diff) {
            self.footing.clear_too_large();
        }
        if self.is_taken() {
            let frame = encode::sync_step_2(diff);
            self.outgoing.push(self.persistence.queued(), frame, Targets::server());
        }
        self.session.handle_pushed();
        self.on_progress(cx.now);
    }

    fn on_step_2(&mut self, cx: &mut Context<'_>, update: &[u8]) {
        let content = self.on_update(cx, update);
        if let Some(content) = content {
            // Step 2 carries the server's whole delete set.
            self.outbox.compare_deletes(&self.doc.content().deletes, &content.deletes);
        }
        self.reconsider_obstacle();
        self.session.handle_answer();
        self.timers.handle_answer();
        if self.session.awaits_question() {
            self.timers.push_after(cx.now + self.config.link.push_grace);
        }
        self.on_progress(cx.now);
    }

    fn on_progress(&mut self, now: Instant) {
        if self.session.is_complete() {
            self.connection.handle_handshake(now);
            self.ask_for_admission();
        }
    }

    /// Applies an update of the server; returns what it carried, if it could be integrated.
    fn on_update(&mut self, cx: &mut Context<'_>, update: &[u8]) -> Option<crate::doc::Content> {
        match self.apply_or_rotate(cx, update, Origin::Remote) {
            Ok(applied) => {
                let held = applied.held;
                self.absorb(cx, &applied);
                if self.outbox.acknowledge(&applied.content) {
                    self.connection.handle_proof();
                    self.reconsider_obstacle();
                }
                (!held).then_some(applied.content)
            }
            Err(error) => {
                self.on_refused(cx, Some(update), &error);
                None
            }
        }
    }

    /// Somebody else writing under our id makes us take a new one; then the update is as good as any.
    pub(super) fn apply_or_rotate(
        &mut self,
        cx: &mut Context<'_>,
        update: &[u8],
        origin: Origin,
    ) -> Result<Applied, UpdateError> {
        match self.doc.apply(update, origin) {
            Err(error) if error.code() == ErrorCode::ClientIdConflict => {
                if let Origin::Path(path) = origin {
                    let problem = Problem::new(error.code(), error.to_string());
                    self.strike_path(cx.now, path, problem);
                }
                self.rotate_client_id(cx, &error);
                self.doc.apply(update, origin)
            }
            other => other,
        }
    }

    fn rotate_client_id(&mut self, cx: &mut Context<'_>, error: &UpdateError) {
        let client_id = u64::from(cx.rng.u32(1..));
        self.doc.rotate_client_id(client_id);
        let farewell = self.presence.rename(client_id);
        self.send(encode::awareness(&[farewell]));
        self.announce(cx.now);
        self.messages.handle_identity(cx.now);
        self.outputs.push_back(RoomOutput::Event(EventKind::Identity { client_id }));
        self.tell_problem(Problem::new(error.code(), error.to_string()));
    }

    pub(super) fn on_refused(
        &mut self,
        cx: &mut Context<'_>,
        update: Option<&[u8]>,
        error: &UpdateError,
    ) {
        if self.notice_break() {
            return;
        }
        self.strikes.note_refused(&self.doc, update);
        self.on_violation(cx, Problem::new(error.code(), error.to_string()));
    }

    /// The server broke the protocol in a frame that could be read.
    pub(super) fn on_violation(&mut self, cx: &mut Context<'_>, problem: Problem) {
        if self.strikes.strike(cx.now) {
            self.connection.handle_violation(cx, problem, browser_close_code(1002));
        } else {
            self.tell_problem(problem);
        }
    }

    pub(super) fn on_awareness(
        &mut self,
        cx: &mut Context<'_>,
        entries: Vec<crate::protocol::AwarenessEntry>,
    ) {
        let received = self.presence.handle_entries(cx.now, entries);
        self.tell_presence(received.change);
        match received.announce {
            Announce::No => {}
            Announce::Soon => self.timers.announce_after(cx.now, cx.rng.u64(ANNOUNCE_WAIT)),
            Announce::Now => self.announce(cx.now),
            Announce::Renamed => {
                let client = self.doc.client_id();
                self.rotate_client_id(cx, &UpdateError::ClientIdConflict { client });
            }
        }
    }

    fn on_denied(&mut self, cx: &mut Context<'_>, reason: &str) {
        let message = format!("the server denies this room: {reason}");
        let problem = Problem { code: ErrorCode::Forbidden, message, retryable: false };
        self.connection.handle_denial(cx, problem);
    }

    /// Whether these bytes are an update that yrs can read; for snapshots read back from the log.
    pub(super) fn is_update(bytes: &[u8]) -> bool {
        Update::decode_v1(bytes).is_ok()
    }
}

/// A page may only close with 1000 or 3000–4999, so registered codes travel as 4000 plus their tail.
fn browser_close_code(code: u16) -> u16 {
    if (1001..2000).contains(&code) { 3000 + code } else { code }
}
