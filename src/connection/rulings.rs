//! Closes the app is asked about, and links that whoever owns them ends.

use super::close::Verdict;
use super::manner::{Ruling, VerdictRequest};
use super::state::State;
use super::{Action, Connection, Context, Source};
use crate::error::ErrorCode;
use crate::io::SocketId;
use crate::status::{Problem, Reason};
use crate::time::Instant;

/// How long the app may think about a close.
const VERDICT_TIMEOUT: u64 = 5_000;
/// Policy violation (RFC 6455 §7.4.1).
const POLICY: u16 = 1008;

impl Connection {
    /// Judges a close, or asks the app to.
    pub(super) fn rule(&mut self, cx: &mut Context<'_>, code: u16, reason: &str) {
        let verdict = self.judge(code, reason);
        if !self.manner.ask {
            return self.on_verdict(cx, verdict);
        }
        let request = VerdictRequest(cx.fresh());
        self.actions.push_back(Action::AskVerdict(request, code, reason.to_owned()));
        self.state = State::Judging { request, verdict, deadline: cx.now + VERDICT_TIMEOUT };
    }

    /// Many servers take a socket before they look at its token, and then say no more than that a policy is violated
    /// (Starlette, FastAPI): before they have said a word, that is about the token.
    fn judge(&self, code: u16, reason: &str) -> Verdict {
        let verdict = self.manner.judge(code, reason);
        let early = code == POLICY && !self.history.heard && self.source == Source::App;
        if early && verdict == Verdict::Protocol { Verdict::Refresh } else { verdict }
    }

    /// The app's answer to [`Action::AskVerdict`]; a late one is ignored.
    pub fn provide_ruling(
        &mut self,
        cx: &mut Context<'_>,
        request: VerdictRequest,
        ruling: Ruling,
    ) {
        let State::Judging { request: asked, verdict, .. } = self.state else { return };
        if asked != request {
            return;
        }
        let next = ruling.verdict(verdict);
        // A message that was too large must not go again, whatever the app makes of the close.
        if verdict == Verdict::TooLarge && next != Some(verdict) {
            self.actions.push_back(Action::TooLarge);
        }
        match next {
            Some(next) => self.on_verdict(cx, next),
            None => {
                let message = format!("{}, which the app reads as `fail`", self.ended_message());
                self.fail(Problem { code: ErrorCode::Connection, message, retryable: false });
            }
        }
        self.publish();
    }

    /// The counterpart broke the protocol beyond repair: end this link.
    pub fn handle_violation(&mut self, cx: &mut Context<'_>, problem: Problem, code: u16) {
        if self.state.socket().is_none() {
            return;
        }
        self.close_link(code);
        self.report(problem);
        self.history.reason = Some(Reason::Protocol);
        self.on_verdict(cx, Verdict::Protocol);
        self.publish();
    }

    /// The server denies entry inside the protocol: a fresh token may help, once.
    pub fn handle_denial(&mut self, cx: &mut Context<'_>, problem: Problem) {
        if self.state.socket().is_none() {
            return;
        }
        self.close_link(1000);
        self.history.reason = Some(Reason::Auth);
        match self.source {
            Source::App => {
                self.report(problem);
                self.on_verdict(cx, Verdict::Refresh);
            }
            Source::Fixed(_) => self.fail(problem),
        }
        self.publish();
    }

    /// The counterpart ends it for good, inside its protocol.
    pub fn handle_dismissal(&mut self, problem: Problem) {
        if self.state.socket().is_none() {
            return;
        }
        self.close_link(1000);
        self.history.reason = Some(Reason::Refused);
        self.fail(problem);
        self.publish();
    }

    /// How long the counterpart may be silent, learnt from itself.
    pub fn set_silence(&mut self, now: Instant, silence: u64) {
        self.config.heartbeat = silence;
        if let State::Online { heartbeat, .. } = &mut self.state {
            heartbeat.handle_life(now, &self.config);
        }
    }

    /// The socket of this attempt, open or opening.
    pub fn attempted_socket(&self) -> Option<SocketId> {
        self.state.socket()
    }

    /// Whether it stays away until [`connect`](Self::connect).
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Idle | State::Closed | State::Failed)
    }

    /// Whether it never was asked to connect.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Why the last link ended.
    pub fn last_reason(&self) -> Option<&Reason> {
        self.history.reason.as_ref()
    }
}
