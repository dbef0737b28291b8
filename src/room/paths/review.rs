//! Deciding anew who carries what, after a path came or went, a peer said something of itself, or the server came or went.

use super::{Flow, Standing};
use crate::config::PathMode;
use crate::connection::Context;
use crate::doc::DocHost;
use crate::event::Obstacle;
use crate::room::Room;
use crate::room::footing::NOTHING;
use crate::room::session::Session;
use crate::time::Instant;

impl<D: DocHost> Room<D> {
    pub(super) fn standing(&self) -> Standing {
        // Who may only read forwards nothing: nobody is to count on it.
        let server = self.session.is_complete() && self.paths.flow == Flow::Both;
        Standing { client: self.doc.client_id(), server }
    }

    /// Brings the paths in line with what is known now; nothing if nothing changed.
    pub(in crate::room) fn review_paths(&mut self, cx: &mut Context<'_>) {
        self.review_flow();
        let (now, standing) = (cx.now, self.standing());
        let before = self.paths.told.replace(standing);
        let changed = before != Some(standing);
        if !changed && !std::mem::take(&mut self.paths.stale) {
            return;
        }
        self.paths.stale = false;
        let renamed = before.is_some_and(|before| before.client != standing.client);
        for path in self.paths.ids() {
            if changed {
                self.say_hello(path);
            }
            if renamed {
                self.show_presence(path);
            }
            self.review_session(now, path, standing.server);
        }
        for path in self.paths.elect(standing.client, standing.server) {
            self.check_path(now, path);
        }
        self.review_uplink(cx, standing.client);
    }

    /// What the server said of us holds until it says something else, on another link too.
    fn review_flow(&mut self) {
        let obstacle = self.footing.obstacle().filter(|_| !self.config.broken.no_path_footing());
        let flow = match obstacle {
            Some(Obstacle::Epoch) => Flow::Neither,
            Some(Obstacle::ReadOnly) => Flow::In,
            _ if matches!(self.session, Session::Down | Session::Opening(_)) => return,
            _ => Flow::Both,
        };
        if self.paths.turn(flow) && flow != Flow::Both {
            for (path, known) in self.paths.paths.iter_mut() {
                // That may have been an answer, which live updates follow.
                if self.outgoing.forget_path(*path) {
                    known.pace.put_off(NOTHING);
                }
            }
        }
    }

    /// Starts what is to carry the document, and lets rest what is not.
    fn review_session(&mut self, now: Instant, path: u32, server: bool) {
        let first = self.paths.mode == PathMode::ServerFirst;
        let flows = self.paths.flow == Flow::Both;
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        let rested = known.resting;
        known.resting = !flows || first && server && !known.lacks_server();
        if known.resting || !rested {
            return;
        }
        match known.session {
            Session::Down => self.begin_session(now, path),
            _ => self.resume_session(now, path),
        }
    }

    /// What was written meanwhile was not sent: the mark behind the comparison tells whether it is there. Stock peers know
    /// neither, and ask once.
    fn resume_session(&mut self, now: Instant, path: u32) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        let mut asked = Some(NOTHING.to_vec());
        if known.is_ours() {
            known.marks.note_diff(now);
            asked = known.pace.take_put_off();
        }
        if known.session.awaits_answer() || known.wanting {
            self.ask_path(now, path);
        }
        if let Some(vector) = asked {
            self.answer_path(now, path, &vector);
        }
        self.check_path(now, path);
        self.send_marks(now);
    }

    /// What was left to another peer to bring to the server is ours to bring, once that peer is gone.
    fn review_uplink(&mut self, cx: &mut Context<'_>, client: u64) {
        let leads = self.paths.leads(client);
        let led = std::mem::replace(&mut self.paths.leading, leads);
        if leads && !led && self.session.may_stream() && !self.outbox.is_empty() {
            self.push_unasked(cx);
        }
    }
}
