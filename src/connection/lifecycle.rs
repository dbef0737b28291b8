//! Time, network and page life: what wakes, probes, parks and gives up.

use super::heartbeat::{Beat, LATE};
use super::state::{Park, State};
use super::{Action, Connection, Context, EndpointFailure};
use crate::backoff::{Backoff, Hint};
use crate::io::{Environment, SocketId, SocketOutput};
use crate::status::Reason;
use crate::time::Instant;

/// Wake events shorten a wait at most this often.
const WAKE_INTERVAL: u64 = 1_000;
/// An attempt younger than this is not restarted when the network comes back.
const FRESH_ATTEMPT: u64 = 1_000;
/// Close code when the page goes to the back/forward cache.
const GOING_AWAY: u16 = 4901;

/// What is known of the page and the network.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) offline: bool,
    pub(super) hidden: bool,
    pub(super) suspended: bool,
    pub(super) preflight: Option<SocketId>,
    /// Bytes the browser had not sent when it was last asked.
    unsent: u64,
    woken_at: Option<Instant>,
    /// Before that the server does not want to see us again.
    pub(super) asked_until: Option<Instant>,
}

impl Page {
    /// This moment, or a later one that the server asked for.
    pub(super) fn not_before(&self, at: Instant) -> Instant {
        self.asked_until.map_or(at, |asked| at.max(asked))
    }
}

impl Connection {
    /// Something happened to the page or the network.
    pub fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
        match environment {
            Environment::Offline => self.on_offline(cx),
            Environment::Online => {
                self.page.offline = false;
                self.expect_quick_handshake(cx.now);
                self.restart_stale_attempt(cx);
                self.wake(cx);
            }
            Environment::Hidden => self.page.hidden = true,
            Environment::Visible => {
                self.page.hidden = false;
                self.wake(cx);
            }
            Environment::PageHide { .. } => self.suspend(),
            Environment::PageShow { .. } => self.resume(cx),
            Environment::Freeze => {}
            Environment::Resume | Environment::ClockJump => self.wake(cx),
        }
        self.publish();
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let due = self.state.deadline().is_some_and(|deadline| deadline.at <= cx.now);
        if due {
            self.on_deadline(cx);
        }
        self.start_rival_if_due(cx);
        self.refresh_if_due(cx);
        self.reset_backoff_if_proven(cx.now);
        self.publish();
    }

    fn on_deadline(&mut self, cx: &mut Context<'_>) {
        match self.state {
            State::Auth { .. } => {
                self.history.reason = Some(Reason::Timeout { waiting_for: "auth" });
                let words = "the app's url or auth function did not answer in time";
                self.report(EndpointFailure::Unavailable.problem(words.into()));
                self.retry(cx, Hint::None);
            }
            State::Connecting { .. } => self.give_up_silent(cx, "connect"),
            State::Handshaking { .. } => self.on_handshake_ran_out(cx),
            State::Online { .. } => self.on_heartbeat(cx),
            State::Judging { verdict, .. } => self.on_verdict(cx, verdict),
            State::Backoff { .. } | State::Parked { .. } => self.attempt(cx),
            State::Idle | State::Closed | State::Failed => {}
        }
    }

    fn on_heartbeat(&mut self, cx: &mut Context<'_>) {
        let State::Online { socket, heartbeat, .. } = &mut self.state else { return };
        let (socket, beat) = (*socket, heartbeat.handle_timeout(cx.now, &self.config));
        self.on_beat(cx, socket, beat);
    }

    /// The browser told what it has not sent yet.
    pub(super) fn on_buffered(&mut self, cx: &mut Context<'_>, bytes: u64) {
        self.page.unsent = bytes;
        let State::Online { socket, heartbeat, .. } = &mut self.state else { return };
        let (socket, beat) = (*socket, heartbeat.handle_buffered(cx.now, bytes, &self.config));
        self.on_beat(cx, socket, beat);
    }

    fn on_beat(&mut self, cx: &mut Context<'_>, socket: SocketId, beat: Beat) {
        let measure = Action::Socket(socket, SocketOutput::Measure);
        match beat {
            Beat::Wait => {}
            Beat::Probe => self.actions.extend([measure, Action::Probe(socket)]),
            Beat::Measure => self.actions.push_back(measure),
            Beat::Dead => self.give_up(cx, "heartbeat"),
        }
    }

    /// A socket that says nothing makes way for its rival, if it has one.
    pub(super) fn give_up_silent(&mut self, cx: &mut Context<'_>, waiting_for: &'static str) {
        let Some(socket) = self.state.socket() else { return };
        let opened = self.socket().is_some();
        self.history.reason = Some(Reason::Timeout { waiting_for });
        self.actions.push_back(Action::Socket(socket, SocketOutput::Abandon));
        if opened {
            self.actions.push_back(Action::LinkDown);
        }
        if !self.lost_before_a_word(cx) {
            self.drop_rival();
            self.retry(cx, Hint::None);
        }
    }

    fn give_up(&mut self, cx: &mut Context<'_>, waiting_for: &'static str) {
        self.abandon_link();
        self.history.reason = Some(Reason::Timeout { waiting_for });
        self.retry(cx, Hint::None);
    }

    pub(super) fn reset_backoff_if_proven(&mut self, now: Instant) {
        if let State::Online { since, proven: true, .. } = self.state
            && now.since(since) >= self.config.reset_after
        {
            self.backoff.reset();
            self.forgive();
        }
    }

    /// Forgets refused tokens and broken protocols.
    pub(super) fn forgive(&mut self) {
        self.history.refreshed = false;
        self.history.protocol_errors = 0;
    }

    /// The network may be gone: a working socket is only doubted, a retry is not worth it.
    fn on_offline(&mut self, cx: &mut Context<'_>) {
        self.page.offline = true;
        match self.state {
            State::Online { .. } => self.doubt(cx),
            State::Backoff { .. } => {
                let retry_at = Some(self.page.not_before(cx.now + self.config.offline_retry));
                self.state = State::Parked { why: Park::Offline, retry_at };
            }
            _ => {}
        }
    }

    /// The machine or the page woke up: what was true before may not be.
    fn wake(&mut self, cx: &mut Context<'_>) {
        match self.state {
            State::Online { .. } => self.doubt(cx),
            State::Backoff { until } => self.hurry(cx, until),
            State::Parked { why: Park::Offline, .. } if !self.page.offline => {
                let until = self.page.not_before(cx.now + Backoff::wake(cx.rng));
                self.state = State::Backoff { until };
            }
            _ => {}
        }
    }

    /// A wait of our own may be shortened, one that the server asked for may not.
    fn hurry(&mut self, cx: &mut Context<'_>, until: Instant) {
        if self.woken_long_ago(cx.now) {
            self.page.woken_at = Some(cx.now);
            let soon = self.page.not_before(cx.now + Backoff::wake(cx.rng));
            self.state = State::Backoff { until: until.min(soon) };
        }
    }

    fn woken_long_ago(&self, now: Instant) -> bool {
        self.page.woken_at.is_none_or(|at| now.since(at) >= WAKE_INTERVAL)
    }

    fn doubt(&mut self, cx: &mut Context<'_>) {
        let patience = self.config.wake_pong_timeout;
        if let State::Online { socket, heartbeat, .. } = &mut self.state {
            let (socket, beat) = (*socket, heartbeat.suspect(cx.now, patience));
            self.on_beat(cx, socket, beat);
        }
    }

    /// What should have come back did not. If nothing else comes either, the link is dead; the caller asks, behind the
    /// actions that follow from this.
    pub fn handle_silence(&mut self, now: Instant) {
        if let State::Online { heartbeat, .. } = &mut self.state {
            heartbeat.suspect(now, self.config.pong_timeout);
        }
        self.measure();
    }

    /// Asks the browser what it has not sent yet.
    pub fn measure(&mut self) {
        if let Some(socket) = self.socket() {
            self.actions.push_back(Action::Socket(socket, SocketOutput::Measure));
        }
    }

    /// Whether the browser still had something to send when it was last asked.
    pub fn is_uploading(&self) -> bool {
        self.page.unsent > 0
    }

    /// The caller sends so many bytes.
    pub fn handle_sent(&mut self, bytes: usize) {
        if let State::Online { heartbeat, .. } = &mut self.state {
            heartbeat.handle_sent(bytes as u64);
        }
    }

    /// An attempt begun on a network that is gone hangs until its timeout: begin again.
    fn restart_stale_attempt(&mut self, cx: &mut Context<'_>) {
        if let State::Connecting { since, .. } = self.state
            && cx.now.since(since) > FRESH_ATTEMPT
            && self.woken_long_ago(cx.now)
        {
            self.page.woken_at = Some(cx.now);
            self.abandon_link();
            self.attempt(cx);
        }
    }

    fn suspend(&mut self) {
        self.page.suspended = true;
        let active = !matches!(self.state, State::Idle | State::Closed | State::Failed);
        if active {
            self.close_link(GOING_AWAY);
            self.history.reason = Some(Reason::Suspended);
            self.state = State::Parked { why: Park::Suspended, retry_at: None };
        }
    }

    fn resume(&mut self, cx: &mut Context<'_>) {
        self.page.suspended = false;
        if matches!(self.state, State::Parked { why: Park::Suspended, .. }) {
            let until = self.page.not_before(cx.now);
            if until > cx.now {
                self.state = State::Backoff { until };
            } else {
                self.attempt(cx);
            }
        }
    }

    /// Whether a timer was so late that the machine must have slept.
    pub fn is_late(deadline: Instant, now: Instant) -> bool {
        now.since(deadline) > LATE
    }
}
