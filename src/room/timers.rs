//! What a room waits for, in one place, so that the driver needs one timer.

use super::audit::Audit;
use super::outbox::{Outbox, Remedy};
use super::session::Session;
use super::{Room, RoomOutput};
use crate::config::Config;
use crate::connection::{Connection, Context};
use crate::doc::DocHost;
use crate::error::ErrorCode;
use crate::event::{EventKind, Problem};
use crate::protocol::encode;
use crate::time::{Deadline, Instant};

/// Quiet time after which the log is told that everything is acknowledged.
const ACKNOWLEDGED_AFTER: u64 = 2_000;
/// After this long a missing update is told to the app.
const MISSING_AFTER: u64 = 60_000;
/// First and longest wait before an unanswered handshake is begun again.
const ASK_AGAIN: (u64, u64) = (2_500, 60_000);
/// Units and bytes of edits that any line carries up in a moment; more may be on its way for long without an answer.
const QUICK: u64 = 1 << 16;
/// Newcomers make us speak at most this often.
const ANNOUNCE_INTERVAL: u64 = 5_000;

/// Deadlines of a room that no part keeps itself.
#[derive(Debug, Default)]
pub(super) struct Timers {
    hold: Option<Hold>,
    /// When an unanswered handshake is begun again, and after what wait: a relay may have dropped it, or the answer takes long.
    ask_again: Option<(Instant, u64)>,
    /// When everything unacknowledged is pushed to a server that has not asked.
    push_at: Option<Instant>,
    audit: Option<Audit>,
    announce_at: Option<Instant>,
    announced_at: Option<Instant>,
    acknowledged: Acknowledged,
    /// Bytes of edits that went out since the server last answered.
    on_its_way: u64,
}

/// Updates wait for a missing one.
#[derive(Clone, Copy, Debug)]
struct Hold {
    since: Instant,
    ask_at: Instant,
    wait: u64,
    told: bool,
}

/// Whether the log knows that the server has everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Acknowledged {
    /// It does.
    #[default]
    Written,
    /// It does not, and the server lacks something.
    Pending,
    /// It does not; write it then.
    Due(Instant),
}

impl Timers {
    /// Some updates are held, or none any more.
    pub(super) fn note_held(&mut self, now: Instant, held: usize, config: &Config) {
        if held == 0 || config.broken.no_resync() {
            self.hold = None;
        } else if self.hold.is_none() {
            let wait = config.link.hold_timeout;
            self.hold = Some(Hold { since: now, ask_at: now + wait, wait, told: false });
        }
    }

    pub(super) fn handle_link_up(&mut self, now: Instant) {
        self.ask_again = Some((now + ASK_AGAIN.0, ASK_AGAIN.0));
        self.push_at = None;
        self.audit = Some(Audit::new(now));
        self.on_its_way = 0;
    }

    /// So many bytes of edits go to the server.
    pub(super) fn note_on_its_way(&mut self, bytes: usize) {
        self.on_its_way += bytes as u64;
    }

    /// What went out before the question is there, or was dropped.
    pub(super) fn handle_answer(&mut self) {
        self.on_its_way = 0;
    }

    /// The server answered; by then it should have asked.
    pub(super) fn push_after(&mut self, at: Instant) {
        self.push_at.get_or_insert(at);
    }

    /// An update went or came.
    pub(super) fn handle_traffic(&mut self, now: Instant) {
        if let Some(audit) = &mut self.audit {
            audit.handle_traffic(now);
        }
    }

    pub(super) fn handle_link_down(&mut self) {
        self.announce_at = None;
        self.ask_again = None;
        self.push_at = None;
        self.audit = None;
    }

    /// Schedules an announcement, unless one was made lately.
    pub(super) fn announce_after(&mut self, now: Instant, wait: u64) {
        if self.announced_at.is_none_or(|at| now.since(at) >= ANNOUNCE_INTERVAL) {
            self.announce_at.get_or_insert(now + wait);
        }
    }

    /// Watches the outbox, so that a restart does not count synced edits as pending.
    pub(super) fn note_acknowledged(&mut self, now: Instant, outbox: &Outbox, session: Session) {
        if outbox.is_empty() {
            self.on_its_way = 0;
        }
        self.acknowledged = match self.acknowledged {
            _ if !outbox.is_empty() => Acknowledged::Pending,
            Acknowledged::Pending if session.is_complete() => {
                Acknowledged::Due(now + ACKNOWLEDGED_AFTER)
            }
            other => other,
        };
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let hold =
            self.hold.map(|hold| Deadline { at: hold.ask_at, reason: "ask for missing updates" });
        let announce = self.announce_at.map(|at| Deadline { at, reason: "announce to newcomers" });
        let acknowledged = match self.acknowledged {
            Acknowledged::Due(at) => Some(Deadline { at, reason: "log the acknowledgement" }),
            Acknowledged::Written | Acknowledged::Pending => None,
        };
        let again = self.ask_again.map(|(at, _)| Deadline { at, reason: "ask again" });
        let push = self.push_at.map(|at| Deadline { at, reason: "push unasked" });
        let audit = self.audit.map(Audit::poll_timeout);
        [hold, announce, acknowledged, again, push, audit]
            .into_iter()
            .fold(None, Deadline::earliest)
    }

    fn push_due(&mut self, now: Instant) -> bool {
        let due = self.push_at.is_some_and(|at| at <= now);
        if due {
            self.push_at = None;
        }
        due
    }

    fn announce_due(&mut self, now: Instant) -> bool {
        let due = self.announce_at.is_some_and(|at| at <= now);
        if due {
            self.announce_at = None;
            self.announced_at = Some(now);
        }
        due
    }

    fn acknowledged_due(&mut self, now: Instant) -> bool {
        let due = matches!(self.acknowledged, Acknowledged::Due(at) if at <= now);
        if due {
            self.acknowledged = Acknowledged::Written;
        }
        due
    }
}

impl<D: DocHost> Room<D> {
    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        [
            self.timers.poll_timeout(),
            self.connection.poll_timeout().filter(|_| !self.deaf()),
            self.outbox.poll_timeout(),
            self.presence.poll_timeout(),
            self.messages.poll_timeout(),
            self.persistence.poll_timeout(),
            self.paths.poll_timeout(),
        ]
        .into_iter()
        .fold(None, Deadline::earliest)
    }

    /// Whether the heartbeat is switched off, for the mutation proof.
    fn deaf(&self) -> bool {
        self.config.broken.no_heartbeat() && self.connection.is_online()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now;
        let slept =
            self.poll_timeout().is_some_and(|deadline| Connection::is_late(deadline.at, now));
        if slept {
            self.presence.handle_wake(now);
        }
        if !self.deaf() {
            self.connection.handle_timeout(cx);
            self.drain_connection(cx);
        }
        if self.timers.push_due(now) && self.session.awaits_question() {
            self.push_unasked(cx);
        }
        match self.outbox.handle_timeout(now) {
            Remedy::None => {}
            // What is still going up cannot have come back, and a second copy would only stand in its way.
            Remedy::Push if !self.is_uploading() => {
                self.doubt_link(cx);
                self.push_unasked(cx);
            }
            Remedy::Ask | Remedy::Push => {
                self.doubt_link(cx);
                self.send_probe();
            }
        }
        self.on_handshake_timeout(now);
        if self.timers.audit.as_mut().is_some_and(|audit| audit.handle_timeout(now))
            && !self.config.broken.no_audit()
        {
            self.send_probe();
            self.ask_for_print();
        }
        self.on_presence_timeout(now);
        self.on_paths_timeout(now);
        self.on_hold_timeout(now);
        if self.messages.handle_timeout(now) {
            self.connection.handle_silence(now);
            self.drain_connection(cx);
            self.send_probe();
        }
        self.on_storage_timeout(cx, slept);
        if self.timers.acknowledged_due(now) {
            self.log_acknowledgement();
        }
        self.settle(cx);
    }

    fn is_uploading(&self) -> bool {
        self.connection.is_uploading() || self.timers.on_its_way > QUICK
    }

    /// Who is writing learns within seconds that nobody listens. Of much that left the browser nobody knows where it is: a
    /// relay may have it, or the tab that holds the socket.
    fn doubt_link(&mut self, cx: &mut Context<'_>) {
        let traced = self.connection.is_uploading() || self.timers.on_its_way <= QUICK;
        if traced && self.outbox.pending() <= QUICK {
            self.connection.handle_silence(cx.now);
        } else {
            self.connection.measure();
        }
        self.drain_connection(cx);
    }

    fn on_handshake_timeout(&mut self, now: Instant) {
        if let Some((_, wait)) = self.timers.ask_again.filter(|(at, _)| *at <= now) {
            let again = self.session.awaits_answer() && !self.footing.is_anew();
            let wait = (wait * 2).min(ASK_AGAIN.1);
            self.timers.ask_again = again.then(|| (now + wait, wait));
            if again {
                self.send(encode::sync_step_1(&self.doc.encode_state_vector()));
            }
        }
    }

    fn on_presence_timeout(&mut self, now: Instant) {
        if self.presence.handle_renewal(now) || self.timers.announce_due(now) {
            self.announce(now);
        }
        let change = self.presence.handle_expiry(now);
        self.tell_presence(change);
    }

    fn on_hold_timeout(&mut self, now: Instant) {
        let Some(mut hold) = self.timers.hold.filter(|hold| hold.ask_at <= now) else { return };
        if self.doc.held() == 0 {
            self.timers.hold = None;
            return;
        }
        self.send(encode::sync_step_1(&self.doc.encode_state_vector()));
        self.ask_held_paths(now);
        hold.wait = (hold.wait * 2).min(MISSING_AFTER);
        hold.ask_at = now + hold.wait;
        if !hold.told && now.since(hold.since) >= MISSING_AFTER {
            hold.told = true;
            let message = "updates have waited a minute for one that is missing and are not shown";
            let problem = Problem::new(ErrorCode::MissingUpdates, message);
            self.outputs.push_back(RoomOutput::Event(EventKind::Error(problem)));
        }
        self.timers.hold = Some(hold);
    }
}
