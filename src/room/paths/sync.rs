//! The handshake with a peer, its updates, and the comparison of what both have.

use super::{Flow, Path, Standing};
use crate::connection::Context;
use crate::doc::{DocHost, Origin, UpdateError};
use crate::event::{PathChannel, Problem};
use crate::protocol::encode;
use crate::protocol::peer::{Hello, Peer};
use crate::room::Room;
use crate::room::outgoing::Targets;
use crate::room::session::Session;
use crate::time::Instant;

impl<D: DocHost> Room<D> {
    /// Says who we are, and shows who is here.
    pub(super) fn introduce(&mut self, now: Instant, path: u32) {
        self.say_hello(path);
        self.show_presence(path);
        self.share_later(now);
    }

    /// Says who we are. Stock peers would not understand.
    pub(super) fn say_hello(&mut self, path: u32) {
        let standing = self.standing();
        let Some(known) = self.paths.paths.get(&path).filter(|path| path.is_ours()) else { return };
        let Standing { client, server } = standing;
        let hello = Hello { epoch: known.epoch, client, server, heard: known.hello.is_some() };
        self.send_path(path, PathChannel::Sync, Peer::Hello(hello).encode());
    }

    /// The handshake begins.
    pub(super) fn begin_session(&mut self, now: Instant, path: u32) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        known.session = Session::Opening(());
        known.pace.expect(now);
        self.ask_path(now, path);
    }

    /// The peer has forgotten everything: who we are, what it was sent and what it said.
    pub(super) fn restart_path(&mut self, now: Instant, path: u32) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        known.marks.restart(now);
        let carries = known.session.link().is_some();
        self.introduce(now, path);
        if carries {
            self.begin_session(now, path);
        }
    }

    /// Asks what we lack, now or as soon as that is fair.
    pub(super) fn ask_path(&mut self, now: Instant, path: u32) {
        let takes = self.paths.takes();
        let Some(known) = self.paths.paths.get_mut(&path).filter(|_| takes) else { return };
        known.checking = false;
        if known.pace.ask(now) {
            let vector = self.doc.encode_state_vector();
            self.send_path(path, PathChannel::Sync, encode::sync_step_1(&vector));
        }
    }

    pub(super) fn on_path_question(&mut self, now: Instant, path: u32, vector: &[u8]) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        let checking = known.checking;
        let vector = known.pace.answer(now, vector);
        if known.session == Session::Down {
            self.begin_session(now, path);
        }
        if let Some(vector) = vector {
            self.answer_path(now, path, vector);
        }
        // They have other content than we said: we may be the one who lacks something.
        if checking {
            self.ask_path(now, path);
        }
    }

    /// An own edit that is not committed yet may be in the diff, so it waits for the log like any other.
    pub(super) fn answer_path(&mut self, now: Instant, path: u32, vector: &[u8]) {
        if self.paths.flow != Flow::Both {
            if let Some(known) = self.paths.paths.get_mut(&path) {
                known.pace.put_off(vector);
            }
            return;
        }
        let diff = match self.doc.diff(vector) {
            Ok(diff) => diff,
            Err(error) => return self.on_path_refused(now, path, None, &error),
        };
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        known.session.handle_pushed();
        self.paths.stale = true;
        if known.is_ours() {
            known.marks.note_diff(now);
        }
        known.note_answered();
        let frame = encode::sync_step_2(&diff);
        self.outgoing.push(self.persistence.queued(), frame, Targets::path(path));
        self.send_marks(now);
    }

    pub(super) fn on_path_step_2(&mut self, cx: &mut Context<'_>, path: u32, update: &[u8]) {
        self.on_path_update(cx, path, update);
        if let Some(known) = self.paths.paths.get_mut(&path) {
            known.session.handle_answer();
            known.wanting = false;
            known.pace.handle_reply();
            known.note_answered();
            self.paths.stale = true;
        }
    }

    pub(super) fn on_path_update(&mut self, cx: &mut Context<'_>, path: u32, update: &[u8]) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        known.pace.note_traffic(cx.now);
        match self.apply_or_rotate(cx, update, Origin::Path(path)) {
            Ok(applied) => {
                self.absorb(cx, &applied);
                if applied.held
                    && let Some(known) = self.paths.paths.get_mut(&path)
                {
                    known.held_since.get_or_insert(cx.now);
                }
                if self.config.broken.ack_by_peer() {
                    self.outbox.acknowledge(&applied.content);
                }
            }
            Err(error) => self.on_path_refused(cx.now, path, Some(update), &error),
        }
    }

    /// The document refuses what a peer sent: the two differ from now on.
    pub(in crate::room) fn on_path_refused(
        &mut self,
        now: Instant,
        path: u32,
        update: Option<&[u8]>,
        error: &UpdateError,
    ) {
        if self.notice_break() {
            return;
        }
        if let Some(known) = self.paths.paths.get_mut(&path) {
            known.strikes.note_refused(&self.doc, update);
        }
        self.strike_path(now, path, Problem::new(error.code(), error.to_string()));
    }

    /// Compares with a peer what both have. Whoever lacks something asks, and is asked back.
    pub(super) fn check_path(&mut self, now: Instant, path: u32) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        if !known.may_stream() {
            return;
        }
        if !known.is_ours() {
            return self.ask_path(now, path);
        }
        known.checking = true;
        // Behind what waits for the log: an answer that was made earlier does not come later.
        let check = Peer::Check(self.doc.content().digest()).encode();
        self.outgoing.push(self.persistence.queued(), check, Targets::path(path));
    }

    /// The document grew in a way that no peer was told of.
    pub(in crate::room) fn check_paths(&mut self, now: Instant) {
        for path in self.paths.ids() {
            self.check_path(now, path);
        }
    }

    pub(super) fn on_check(&mut self, now: Instant, path: u32, theirs: u64) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        if known.pace.compare(now) && self.doc.content().digest() == theirs {
            return;
        }
        known.wanting = true;
        match known.session {
            Session::Down => self.begin_session(now, path),
            _ => self.ask_path(now, path),
        }
    }

    /// Asks those whose updates wait for missing ones: they have them.
    pub(in crate::room) fn ask_held_paths(&mut self, now: Instant) {
        for path in self.paths.select(|_, path| path.held_since.is_some()) {
            self.ask_path(now, path);
        }
    }
}

impl Path {
    /// Nothing that was asked is open any more.
    pub(super) fn note_answered(&mut self) {
        if !self.session.awaits_answer() && !self.marks.is_open() {
            self.pace.handle_answered();
        }
    }
}
