//! Time, network and page life: what wakes, doubts, parks and gives up.

use super::Stream;
use super::state::{Flow, Park, State};
use crate::backoff::Backoff;
use crate::connection::Context;
use crate::connection::heartbeat::LATE;
use crate::error::ErrorCode;
use crate::io::Environment;
use crate::status::{Problem, Reason};
use crate::time::Instant;

/// Wake events shorten a wait at most this often.
const WAKE_INTERVAL: u64 = 1_000;
/// An attempt younger than this is not restarted when the network comes back.
const FRESH_ATTEMPT: u64 = 1_000;
/// Silence that a stream in doubt is granted. A stream cannot be asked whether it lives.
const DOUBT: u64 = 10_000;

/// What is known of the page and the network.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) offline: bool,
    pub(super) hidden: bool,
    pub(super) suspended: bool,
    woken_at: Option<Instant>,
}

impl Stream {
    /// Something happened to the page or the network.
    pub fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
        match environment {
            Environment::Offline => {
                self.page.offline = true;
                let retry_at = self.history.not_before(cx.now + self.config.offline_retry);
                self.park(Park::Offline, Some(retry_at));
            }
            Environment::Online => {
                self.page.offline = false;
                self.restart_stale_attempt(cx);
                self.wake(cx);
            }
            Environment::Hidden => self.page.hidden = true,
            Environment::Visible => {
                self.page.hidden = false;
                self.hurry(cx);
            }
            Environment::PageHide { .. } => self.suspend(),
            Environment::PageShow { .. } => self.unsuspend(cx),
            Environment::Freeze => {}
            Environment::Resume | Environment::ClockJump => self.wake(cx),
        }
        self.publish();
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let Some(deadline) = self.state.deadline().filter(|deadline| deadline.at <= cx.now) else {
            return;
        };
        match &mut self.state {
            State::Auth { .. } => {
                let message = "the app's url, headers or auth function did not answer in time";
                self.give_up(cx, "auth", ErrorCode::Unavailable, message);
            }
            State::Connecting { .. } => {
                let message = "the server did not answer in time";
                self.give_up(cx, "connect", ErrorCode::Connection, message);
            }
            State::Refused { .. } => self.conclude_refusal(cx),
            State::Streaming { body, .. } if body.is_complete() => self.finish(),
            State::Streaming { flow, .. } => {
                let late = cx.now.since(deadline.at) > LATE;
                // Our own timer was late, so what came meanwhile may wait behind it.
                if let Flow::Reading { forgiven: false, .. } = flow
                    && late
                {
                    *flow = Flow::Reading { idle_at: cx.now + DOUBT, forgiven: true };
                } else {
                    self.reset_if_lasting(cx);
                    let message = "the stream fell silent: not even a comment came";
                    self.give_up(cx, "idle", ErrorCode::Connection, message);
                }
            }
            State::Backoff { .. } | State::Parked { .. } => self.attempt(cx),
            State::Idle | State::Done | State::Stopped | State::Failed => {}
        }
        self.publish();
    }

    fn give_up(
        &mut self,
        cx: &mut Context<'_>,
        waiting_for: &'static str,
        code: ErrorCode,
        message: &str,
    ) {
        self.abort();
        let problem = Problem { code, message: message.to_owned(), retryable: true };
        self.lose(cx, Reason::Timeout { waiting_for }, problem.into());
    }

    /// A stream that ran for a while and said something is proof that its server works.
    pub(super) fn reset_if_proven(&mut self, cx: &Context<'_>) {
        if let State::Streaming { since, proven: true, .. } = self.state
            && cx.now.since(since) >= self.config.reset_after
        {
            self.backoff.reset();
        }
    }

    /// A server that answered and is silent for so long may have nothing to say: that is no failure of it.
    fn reset_if_lasting(&mut self, cx: &Context<'_>) {
        if let State::Streaming { since, .. } = self.state
            && cx.now.since(since) >= self.config.reset_after
        {
            self.backoff.reset();
        }
    }

    fn park(&mut self, why: Park, retry_at: Option<Instant>) {
        if matches!(self.state, State::Backoff { .. }) {
            self.state = State::Parked { why, retry_at };
        }
    }

    /// The machine, the page or the network woke up: what was true before may not be.
    fn wake(&mut self, cx: &mut Context<'_>) {
        let resumable = self.resumable();
        match &mut self.state {
            // Not where nothing can be done about it.
            State::Streaming { flow: Flow::Reading { idle_at, forgiven }, .. } if resumable => {
                *idle_at = (*idle_at).min(cx.now + DOUBT);
                *forgiven = true;
            }
            State::Parked { why: Park::Offline, .. } if !self.page.offline => {
                let until = self.history.not_before(cx.now + Backoff::wake(cx.rng));
                self.state = State::Backoff { until };
            }
            _ => self.hurry(cx),
        }
    }

    /// A wait of our own may be shortened, one that the server asked for may not.
    fn hurry(&mut self, cx: &mut Context<'_>) {
        let rested = self.rested(cx.now);
        if let State::Backoff { until } = &mut self.state
            && rested
        {
            self.page.woken_at = Some(cx.now);
            *until = (*until).min(self.history.not_before(cx.now + Backoff::wake(cx.rng)));
        }
    }

    fn rested(&self, now: Instant) -> bool {
        self.page.woken_at.is_none_or(|at| now.since(at) >= WAKE_INTERVAL)
    }

    /// An attempt begun on a network that is gone hangs until its timeout: begin again, if that does nothing twice.
    fn restart_stale_attempt(&mut self, cx: &mut Context<'_>) {
        if let State::Connecting { since, .. } = self.state
            && cx.now.since(since) > FRESH_ATTEMPT
            && self.rested(cx.now)
            && self.resumable()
        {
            self.page.woken_at = Some(cx.now);
            self.abort();
            self.attempt(cx);
        }
    }

    /// What can be had again is let go, so that the page may be put aside; what cannot is left running.
    fn suspend(&mut self) {
        self.page.suspended = true;
        if matches!(&self.state, State::Streaming { body, .. } if body.is_complete()) {
            return self.finish();
        }
        let active = matches!(
            self.state,
            State::Auth { .. }
                | State::Connecting { .. }
                | State::Refused { .. }
                | State::Streaming { .. }
                | State::Backoff { .. }
                | State::Parked { .. }
        );
        if active && self.resumable() {
            self.abort();
            self.state = State::Parked { why: Park::Suspended, retry_at: None };
        }
    }

    fn unsuspend(&mut self, cx: &mut Context<'_>) {
        self.page.suspended = false;
        if matches!(self.state, State::Parked { why: Park::Suspended, .. }) {
            let until = self.history.not_before(cx.now);
            if until > cx.now {
                self.state = State::Backoff { until };
            } else {
                self.attempt(cx);
            }
        }
    }
}
