//! Handshakes that were refused: what the browser says of them, and what it hides.

use super::close::{self, Verdict};
use super::manner::TokenPlace;
use super::state::State;
use super::{Action, Connection, Context, History, refused_message};
use crate::backoff::Hint;
use crate::error::ErrorCode;
use crate::io::{Shown, SocketId, SocketOutput, SocketRefusal};
use crate::json::quoted;
use crate::status::{Problem, Reason};

/// Attempts that never opened before the HTTP status is asked for.
const PREFLIGHT_AFTER: u32 = 3;

impl Connection {
    /// A browser hides the status of a refused handshake, so it is asked for over HTTP.
    pub(super) fn preflight_if_due(&mut self, cx: &mut Context<'_>) {
        if self.history.never_opened >= PREFLIGHT_AFTER
            && self.history.never_opened.is_multiple_of(PREFLIGHT_AFTER)
        {
            let History { url, token, .. } = &self.history;
            let preflight = SocketOutput::Preflight { url: url.clone(), token: token.clone() };
            let id = SocketId(cx.fresh());
            self.page.preflight = Some(id);
            self.actions.push_back(Action::Socket(id, preflight));
        }
    }

    pub(super) fn on_status(
        &mut self,
        cx: &mut Context<'_>,
        id: SocketId,
        (status, retry_after): (u16, Option<u64>),
        shown: Shown,
    ) {
        // Says more than the app can of a handshake that never opened.
        let waiting = matches!(
            self.state,
            State::Backoff { .. } | State::Parked { .. } | State::Judging { .. }
        );
        if self.page.preflight.take() != Some(id) || !waiting {
            return;
        }
        let Some(code) = close::code_of_status(status) else { return };
        self.history.reason = Some(Reason::Http { status });
        let verdict = close::judge_status(status, retry_after);
        match verdict {
            Verdict::Refresh | Verdict::Fail(_) if self.is_doubtful(shown) => self.suspect(status),
            Verdict::Retry(Hint::None) => self.report(Problem::new(code, refused_message(status))),
            _ => {
                self.report(Problem::new(code, refused_message(status)));
                self.on_verdict(cx, verdict);
            }
        }
    }

    /// Whether a handshake shows more than a request did that was refused.
    fn is_doubtful(&self, shown: Shown) -> bool {
        match shown {
            Shown::Everything => false,
            Shown::NoCookies => self.manner.token == TokenPlace::Cookie,
            Shown::Nothing => true,
        }
    }

    /// The token may be good, and something else be in the way, as a proxy that lets no upgrade through: nothing ends, and a
    /// fresh one is tried.
    fn suspect(&mut self, status: u16) {
        self.history.refreshed = true;
        let message = format!(
            "the handshake fails; asked over HTTP without the token, since CORS does not allow it, the server answers {status}"
        );
        self.report(Problem { code: ErrorCode::Connection, message, retryable: true });
    }

    pub(super) fn on_refused(&mut self, cx: &mut Context<'_>, refusal: &SocketRefusal) {
        if self.config.ways.http && *refusal == SocketRefusal::Unavailable {
            return self.open_tunnel(cx, true);
        }
        self.history.reason = Some(Reason::Refused);
        let (code, message) = match refusal {
            SocketRefusal::InvalidUrl => {
                let url = quoted(&self.history.url);
                (ErrorCode::Url, format!("{url} is no ws: or wss: URL; check the url that was given"))
            }
            SocketRefusal::Forbidden => (
                ErrorCode::Url,
                "the browser forbids this socket: use wss: on https: pages, and list the server in connect-src".into(),
            ),
            SocketRefusal::Unavailable => {
                (ErrorCode::Unavailable, "there is no WebSocket in this environment".into())
            }
        };
        self.fail(Problem { code, message, retryable: false });
    }
}
