//! On what footing this replica is with the server: whether that takes edits, and whether it is still the one that has
//! what it once returned.

use super::paths::Flow;
use super::persistence::record::RecordKind;
use super::{Room, RoomOutput};
use crate::connection::Context;
use crate::doc::DocHost;
use crate::error::{ErrorCode, Misuse};
use crate::event::{EventKind, Obstacle, Problem, SyncStatus};
use crate::protocol::encode;
use crate::protocol::standing::{Access, Greeting, Print, Question, Statement};
use crate::protocol::writer::write_var_uint;
use crate::time::Instant;

/// The state vector of who has nothing.
pub(super) const NOTHING: &[u8] = &[0];

/// What the server has said of itself, now and before.
#[derive(Debug, Default)]
pub(super) struct Footing {
    /// The epoch that this replica belongs to; 0 before it met one.
    epoch: u64,
    verdict: Verdict,
    /// Whether the server of this link has greeted: then it answers questions too.
    speaks: bool,
}

/// Whether edits may go to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Verdict {
    /// They may.
    #[default]
    Open,
    /// This client may only read.
    ReadOnly,
    /// An update of this link was refused, in these words.
    Refused(String),
    /// A frame of that many bytes is beyond what may be sent. What is written later hangs on it.
    TooLarge { size: usize, limit: usize },
    /// The server's room began anew in this epoch, with this state vector. Nothing goes either way, and then what its greeting allows.
    Anew { epoch: u64, vector: Vec<u8>, access: Access },
}

impl From<Access> for Verdict {
    fn from(access: Access) -> Self {
        match access {
            Access::Read => Self::ReadOnly,
            Access::Write => Self::Open,
        }
    }
}

impl Footing {
    fn is_open(&self) -> bool {
        self.verdict == Verdict::Open
    }

    /// Whether the server's room began anew, and the app has not said what is to become of what is here.
    pub(super) fn is_anew(&self) -> bool {
        matches!(self.verdict, Verdict::Anew { .. })
    }

    /// Whether something is beyond what may be sent: it is tried again, since it may be deleted.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.verdict, Verdict::TooLarge { .. })
    }

    /// What this link's greeting allows, as far as it is known.
    fn access(&self) -> Access {
        if self.verdict == Verdict::ReadOnly { Access::Read } else { Access::Write }
    }

    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        match self.verdict {
            Verdict::Open => None,
            Verdict::ReadOnly => Some(Obstacle::ReadOnly),
            Verdict::Refused(_) => Some(Obstacle::Refused),
            Verdict::TooLarge { .. } => Some(Obstacle::TooLarge),
            Verdict::Anew { .. } => Some(Obstacle::Epoch),
        }
    }

    /// What the app is told when something waits that the server does not take.
    pub(super) fn problem(&self) -> Option<Problem> {
        let (code, why) = match &self.verdict {
            Verdict::Open => return None,
            Verdict::ReadOnly => {
                (ErrorCode::Rejected, "the server lets this client only read".into())
            }
            Verdict::Refused(why) => (ErrorCode::Rejected, why.clone()),
            Verdict::TooLarge { size, limit } => (
                ErrorCode::FrameTooLarge,
                format!("an update of {size} bytes is over the limit of {limit} (maxSendFrame)"),
            ),
            Verdict::Anew { .. } => {
                (ErrorCode::Epoch, "the server's room began anew and lacks what is here".into())
            }
        };
        let message = format!("{why}; edits stay on this device, see room.recovery");
        Some(Problem { code, message, retryable: false })
    }

    /// A frame may not go; what is behind it stays, too.
    pub(super) fn note_too_large(&mut self, size: usize, limit: usize) {
        self.verdict = Verdict::TooLarge { size, limit };
    }

    /// Everything that waits fits by now, since some of it was deleted or came there in another way.
    pub(super) fn clear_too_large(&mut self) {
        if self.is_too_large() {
            self.verdict = Verdict::Open;
        }
    }

    /// Another link: whoever is at its end says anew what it takes.
    pub(super) fn handle_link_up(&mut self) {
        self.verdict = Verdict::Open;
        self.speaks = false;
    }

    /// What the log says of earlier runs; returns the epoch that stood here instead, of a server that was met before the log
    /// could be read.
    pub(super) fn restore(&mut self, epoch: u64) -> Option<u64> {
        let met = self.epoch;
        if epoch != 0 {
            self.epoch = epoch;
        }
        (met != 0 && self.epoch != met).then_some(met)
    }

    fn handle_greeting(&mut self, Greeting { epoch, access }: Greeting) {
        let verdict = std::mem::take(&mut self.verdict);
        self.verdict = match (verdict, access) {
            (Verdict::Anew { epoch: known, vector, .. }, _) if known == epoch => {
                Verdict::Anew { epoch, vector, access }
            }
            _ if self.epoch != 0 && epoch != 0 && self.epoch != epoch => {
                Verdict::Anew { epoch, vector: NOTHING.to_vec(), access }
            }
            (known @ (Verdict::Refused(_) | Verdict::TooLarge { .. }), Access::Write) => known,
            _ => access.into(),
        };
    }
}

impl<D: DocHost> Room<D> {
    /// Offers again what the server did not take: on another link, or in its new epoch.
    pub fn merge(&mut self, cx: &mut Context<'_>) -> Result<(), Misuse> {
        self.usable()?;
        if let Some(vector) = self.enter_epoch() {
            self.publish_sync(cx.now);
            if self.session.link().is_some() {
                self.timers.handle_link_up(cx.now);
                self.on_step_1(cx, &vector);
                self.send(encode::sync_step_1(&self.doc.encode_state_vector()));
            }
        } else if !self.footing.is_open() {
            self.connection.renew(cx);
        }
        self.settle(cx);
        Ok(())
    }

    /// What the server has not returned, and maybe more, as a V1 update from which nothing is missing.
    pub fn unsynced(&self) -> Result<Vec<u8>, Misuse> {
        self.usable()?;
        self.doc
            .diff(&self.lacking_vector())
            .map_err(|error| Misuse::new(error.code(), error.to_string()))
    }

    /// Whether the server takes edits, as far as is known.
    pub(super) fn is_taken(&self) -> bool {
        self.footing.is_open() || self.config.broken.no_footing()
    }

    pub(super) fn on_standing(&mut self, cx: &mut Context<'_>, body: &[u8]) {
        match Statement::decode(body) {
            Ok(Some(Statement::Greeting(greeting))) => self.on_greeting(cx, greeting),
            // What nobody here wrote was another's behind the same socket.
            Ok(Some(Statement::Refused(why))) if !self.outbox.is_empty() => {
                self.footing.verdict =
                    Verdict::Refused(format!("the server refused an update: {why}"));
                self.hold_back();
            }
            Ok(Some(Statement::Print(print))) => self.on_print(print),
            Ok(_) => {}
            Err(error) => self.on_malformed(cx, &error),
        }
    }

    /// Asks a server with which everything is synced what it shows: equal ids prove nothing.
    pub(super) fn ask_for_print(&mut self) {
        let compares = self.footing.speaks && !self.config.broken.no_comparison();
        if compares && self.sync_state().status == SyncStatus::Synchronized {
            self.send(Question::Check(self.doc.client_id(), &self.doc.outline()).encode());
        }
    }

    /// Whether the same ids show the same here and there, where nothing is on its way.
    fn on_print(&mut self, Print { client, digest, hash }: Print) {
        let comparable = client == self.doc.client_id()
            && self.sync_state().status == SyncStatus::Synchronized
            && self.doc.content().digest() == digest;
        if comparable && self.doc.hash() >> 11 != hash {
            self.outputs.push_back(RoomOutput::Event(EventKind::Diverged));
        }
    }

    fn on_greeting(&mut self, cx: &mut Context<'_>, greeting: Greeting) {
        self.send(Question::Hello.encode());
        let was_open = self.footing.is_open();
        self.footing.speaks = true;
        self.footing.handle_greeting(greeting);
        if self.footing.epoch == 0 && greeting.epoch != 0 {
            self.footing.epoch = greeting.epoch;
            self.log_epoch();
        }
        if !self.footing.is_open() {
            self.hold_back();
        } else if !was_open {
            self.publish_sync(cx.now);
            self.push_unasked(cx);
        }
    }

    /// What was too large may have come to the server in another way.
    pub(super) fn reconsider_obstacle(&mut self) {
        if self.outbox.is_empty() {
            self.footing.clear_too_large();
        }
    }

    /// The log says to which epoch belongs what it brings. A server of another one that lacks some of it began anew.
    pub(super) fn restore_epoch(&mut self, epoch: u64) {
        let met = self.footing.restore(epoch).filter(|_| self.session.link().is_some());
        let Some(met) = met else { return };
        if self.outbox.content().inserts.is_empty() {
            self.footing.epoch = met;
        } else {
            let access = self.footing.access();
            self.footing.verdict = Verdict::Anew { epoch: met, vector: NOTHING.to_vec(), access };
            self.hold_back();
        }
    }

    /// What is on its way to the server stays, and is not asked after.
    pub(super) fn hold_back(&mut self) {
        if !self.is_taken() {
            self.outgoing.forget_server();
            self.outbox.handle_link_down();
        }
    }

    /// In another epoch than ours nothing goes either way before the app decides, unless the server has all that is here.
    /// `true` if it is so.
    pub(super) fn stops_at_epoch(&mut self, now: Instant, theirs: &[u8]) -> bool {
        if self.outbox.content().inserts.is_empty() && self.enter_epoch().is_some() {
            self.publish_sync(now);
        }
        let Verdict::Anew { vector, .. } = &mut self.footing.verdict else { return false };
        *vector = theirs.to_vec();
        self.connection.handle_handshake(now);
        true
    }

    /// Belongs to the server's new epoch from now on; returns what the server said it has.
    fn enter_epoch(&mut self) -> Option<Vec<u8>> {
        let Verdict::Anew { epoch, vector, access } = &mut self.footing.verdict else {
            return None;
        };
        self.footing.epoch = *epoch;
        let (vector, access) = (std::mem::take(vector), *access);
        self.footing.verdict = access.into();
        self.paths.turn(Flow::Both);
        self.log_epoch();
        Some(vector)
    }

    /// The log keeps the epoch behind each snapshot, which stands for everything before it.
    pub(super) fn log_epoch(&mut self) {
        if self.footing.epoch != 0 {
            let mut payload = Vec::new();
            write_var_uint(&mut payload, self.footing.epoch);
            self.persistence.append(RecordKind::Epoch, payload);
        }
    }

    /// A server that takes no edits may have changed its mind, and what it said of that may be lost.
    pub(super) fn ask_for_greeting(&mut self) {
        if self.footing.verdict == Verdict::ReadOnly {
            self.send(Question::Greet.encode());
        }
    }
}
