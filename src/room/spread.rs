//! Who gets what: own edits go to the server and to every peer; what came from one of them to those who would lack it
//! otherwise, and never back.

use super::Room;
use super::outgoing::Targets;
use super::persistence::record::RecordKind;
use crate::connection::Context;
use crate::doc::{Applied, Content, DocHost, Origin, Refused};
use crate::error::ErrorCode;
use crate::event::{ChangeOrigin, PathChannel, Problem};
use crate::protocol::encode;
use crate::time::Instant;

/// How long what goes to the server by way of a peer may take.
const BY_PEER: u64 = 30_000;

impl<D: DocHost> Room<D> {
    /// Sends an own update on its way: into the log, and behind it to the server and to the peers.
    pub(super) fn ship(&mut self, now: Instant, update: Vec<u8>) {
        let to = self.everybody();
        let frame = (!to.is_empty()).then(|| encode::update(&update));
        let seq = self.persistence.append(RecordKind::Local, update);
        self.retry_what_did_not_fit();
        if let Some(frame) = frame {
            self.paths.note_content(now, &to.paths);
            self.outgoing.push(seq, frame, to);
        }
    }

    /// Takes in what the document made of an update: log, app, outbox, and those who lack it.
    pub(super) fn absorb(&mut self, cx: &mut Context<'_>, applied: &Applied) {
        for integrated in &applied.integrated {
            let owed = self.is_owed(integrated.origin);
            let kind = if owed { RecordKind::Local } else { RecordKind::Remote };
            if owed {
                self.outbox.record(&integrated.content);
            }
            let to = self.lacking(integrated.origin);
            let frame = (!to.is_empty()).then(|| encode::update(&integrated.update));
            let seq = self.persistence.append(kind, integrated.update.clone());
            let changes = integrated.changes.clone();
            self.tell_changes(ChangeOrigin::Remote, changes, &integrated.update);
            if let Some(frame) = frame {
                self.paths.note_content(cx.now, &to.paths);
                self.outgoing.push(seq, frame, to);
            }
        }
        for Refused { origin, update, error } in &applied.refused {
            match origin {
                Origin::Path(path) => self.on_path_refused(cx.now, *path, Some(update), error),
                Origin::Remote => self.on_refused(cx, Some(update), error),
                Origin::Local | Origin::Storage => {
                    self.tell_problem(Problem::new(error.code(), error.to_string()));
                }
            }
        }
        if !applied.integrated.is_empty() {
            self.review_refused();
        }
        self.timers.note_held(cx.now, self.doc.held(), &self.config);
    }

    /// Nobody knows whether the server has what a peer sent, or what waited here.
    fn is_owed(&self, origin: Origin) -> bool {
        match origin {
            Origin::Remote => false,
            Origin::Local | Origin::Storage => true,
            Origin::Path(_) => !self.config.broken.no_forward_to_server(),
        }
    }

    /// What was refused may have come in another way.
    fn review_refused(&mut self) {
        self.strikes.review(&self.doc);
        self.paths.review_refused(&self.doc);
    }

    /// Who gets what this device brings.
    fn everybody(&self) -> Targets {
        let leads = self.paths.leads(self.doc.client_id());
        Targets { server: self.may_stream() && leads, paths: self.paths.streaming() }
    }

    /// Who would lack what came from there.
    fn lacking(&self, origin: Origin) -> Targets {
        let path = match origin {
            Origin::Remote => return Targets { server: false, paths: self.paths.fed() },
            Origin::Local | Origin::Storage => return self.everybody(),
            Origin::Path(path) => path,
        };
        let broken = &self.config.broken;
        let forwards = !broken.no_forward_to_server() && self.paths.forwards_to_server(path);
        let paths = match broken.forward_to_all() {
            true => self.paths.streaming(),
            false => self.paths.lacking(path),
        };
        Targets { server: forwards && self.may_stream(), paths }
    }

    /// Lets frames go whose records are committed.
    pub(super) fn flush_outgoing(&mut self, now: Instant) {
        let released = match self.config.broken.send_before_commit() {
            true => u64::MAX,
            false => self.persistence.released(),
        };
        let mut sent = false;
        while let Some(parcel) = self.outgoing.pop(released) {
            for path in parcel.to.paths {
                self.send_path_guarded(path, parcel.frame.clone());
            }
            sent |= parcel.to.server && self.send_guarded(parcel.frame);
        }
        if sent {
            self.timers.handle_traffic(now);
        }
        let offered = self.is_taken() || self.footing.is_too_large();
        if offered && self.outgoing.is_server_done() && self.session.may_stream() {
            let direct = self.paths.leads(self.doc.client_id());
            let patience = if direct { self.config.link.ack_timeout } else { BY_PEER };
            self.outbox.expect(now, patience);
        }
        if sent && self.config.broken.trim_on_send() {
            self.outbox.restore(Content::default());
        }
    }

    fn send_path_guarded(&mut self, path: u32, frame: Vec<u8>) {
        let size = frame.len();
        match self.paths.admit(path, size) {
            Ok(()) => self.send_path(path, PathChannel::Sync, frame),
            Err(limit) => {
                let message = format!(
                    "an update of {size} bytes is over the limit of {limit} and does not go to a peer; it goes by the server"
                );
                let ours = self.paths.is_ours(path);
                let code = if ours { ErrorCode::FrameTooLarge } else { ErrorCode::PeerLimit };
                self.tell_problem(Problem::new(code, message));
            }
        }
    }
}
