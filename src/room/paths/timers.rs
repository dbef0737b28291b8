//! What the paths wait for.

use super::{Path, Paths};
use crate::doc::{DocHost, Origin};
use crate::error::ErrorCode;
use crate::event::Problem;
use crate::protocol::peer::Peer;
use crate::room::Room;
use crate::room::outgoing::Targets;
use crate::time::{Deadline, Instant};

/// How long an update of a peer may wait for one that this peer must have.
const MISSING_AFTER: u64 = 60_000;

impl Paths {
    pub(in crate::room) fn poll_timeout(&self) -> Option<Deadline> {
        let share = self.share_at.map(|at| Deadline { at, reason: "show presence to peers" });
        self.paths.values().map(Path::poll_timeout).fold(share, Deadline::earliest)
    }
}

impl Path {
    fn poll_timeout(&self) -> Option<Deadline> {
        let mark = self.marks.due().map(|at| Deadline { at, reason: "ask a peer to confirm" });
        let missing = self
            .held_since
            .map(|at| Deadline { at: at + MISSING_AFTER, reason: "a peer's update lacks another" });
        [self.pace.poll_timeout(), mark, missing].into_iter().fold(None, Deadline::earliest)
    }
}

impl<D: DocHost> Room<D> {
    pub(in crate::room) fn on_paths_timeout(&mut self, now: Instant) {
        for path in self.paths.ids() {
            self.on_path_timeout(now, path);
        }
        self.send_marks(now);
        self.on_share_timeout(now);
    }

    fn on_path_timeout(&mut self, now: Instant, path: u32) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        let due = known.pace.handle_timeout(now);
        let stuck = known.held_since.is_some_and(|at| now.since(at) >= MISSING_AFTER);
        if let Some(vector) = due.answer {
            self.answer_path(now, path, &vector);
        }
        if due.ask {
            self.ask_path(now, path);
        }
        if due.again {
            self.ask_again(now, path);
        }
        if due.check {
            self.check_path(now, path);
        }
        if stuck {
            self.on_missing(now, path);
        }
    }

    /// The peer may not have been listening yet.
    fn ask_again(&mut self, now: Instant, path: u32) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        if known.marks.is_open() {
            let mark = known.marks.next();
            known.pace.expect(now);
            self.send_mark(path, mark);
        }
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        if known.session.awaits_answer() {
            known.pace.expect(now);
            self.say_hello(path);
            self.ask_path(now, path);
        }
    }

    /// What it sent cannot be used, and it was asked for the rest often enough.
    fn on_missing(&mut self, now: Instant, path: u32) {
        if let Some(known) = self.paths.paths.get_mut(&path) {
            known.held_since = None;
        }
        if self.doc.holds_from(Origin::Path(path)) {
            let message = "its updates have waited a minute for one that it does not send";
            self.drop_path(now, path, Problem::new(ErrorCode::MissingUpdates, message));
        }
    }

    /// Has peers confirm what they were sent, behind it.
    pub(super) fn send_marks(&mut self, now: Instant) {
        for path in self.paths.ids() {
            let Some(known) = self.paths.paths.get_mut(&path) else { continue };
            if let Some(mark) = known.marks.take_due(now) {
                known.pace.expect(now);
                self.send_mark(path, mark);
            }
        }
    }

    fn send_mark(&mut self, path: u32, mark: u64) {
        let frame = Peer::Mark(mark).encode();
        self.outgoing.push(self.persistence.queued(), frame, Targets::path(path));
    }

    /// Confirms what peers want confirmed and is ours by now: behind its commit, and only once nothing of it waits.
    pub(in crate::room) fn confirm_marks(&mut self) {
        for path in self.paths.ids() {
            let Some(known) = self.paths.paths.get_mut(&path) else { continue };
            let withheld = known.strikes.lacks() || known.wanting;
            let Some(mark) = known.marks.owed().filter(|_| !withheld) else {
                continue;
            };
            if self.doc.holds_from(Origin::Path(path)) {
                continue;
            }
            known.marks.pay();
            known.held_since = None;
            let frame = Peer::Done(mark).encode();
            self.outgoing.push(self.persistence.queued(), frame, Targets::path(path));
        }
    }
}
