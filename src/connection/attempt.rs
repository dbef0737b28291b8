//! Attempts: where to, with which token, when again, and how a link is let go.

use super::state::{Park, State};
use super::{Action, Connection, Context, Source};
use crate::backoff::{Backoff, Hint};
use crate::error::ErrorCode;
use crate::io::{EndpointRequest, SocketId, SocketOutput};
use crate::status::{EndpointReason, Problem};

impl Connection {
    /// Ends the link and opens another, for which the app is asked for another token.
    pub fn renew(&mut self, cx: &mut Context<'_>) {
        self.disconnect();
        self.history.refreshed = true;
        self.attempt(cx);
        self.publish();
    }

    /// Starts an attempt: asks for a URL, or opens the fixed one. In the back/forward cache that has to wait.
    pub(super) fn attempt(&mut self, cx: &mut Context<'_>) {
        self.page.asked_until = None;
        if self.page.suspended {
            self.state = State::Parked { why: Park::Suspended, retry_at: None };
            return;
        }
        match &self.source {
            Source::Fixed(url) => {
                let url = url.clone();
                self.open(cx, url, None, None);
            }
            Source::App => {
                let request = EndpointRequest(cx.fresh());
                let reason = self.endpoint_reason();
                self.actions.push_back(Action::AskEndpoint(
                    request,
                    self.backoff.attempt(),
                    reason,
                ));
                self.state = State::Auth { request, deadline: cx.now + self.config.auth_timeout };
            }
        }
    }

    fn endpoint_reason(&self) -> EndpointReason {
        if self.history.refreshed {
            EndpointReason::Rejected
        } else if self.history.connected_once || self.backoff.attempt() > 0 {
            EndpointReason::Reconnect
        } else {
            EndpointReason::Initial
        }
    }

    pub(super) fn open(
        &mut self,
        cx: &mut Context<'_>,
        url: String,
        token: Option<&str>,
        protocols: Option<Vec<String>>,
    ) {
        let socket = SocketId(cx.fresh());
        let protocols = protocols.unwrap_or_else(|| self.manner.protocols.clone());
        let protocols = self.manner.offer(protocols, token);
        let url = self.manner.place(url, token);
        self.history.url.clone_from(&url);
        let header = token.filter(|_| self.manner.token_in_header());
        self.history.token = header.map(str::to_owned);
        self.note_opening(cx.now);
        if self.http_goes_first(cx.now) {
            return self.open_tunnel(cx, true);
        }
        self.actions.push_back(Action::Socket(socket, SocketOutput::Open { url, protocols }));
        let deadline = cx.now + self.config.connect_timeout;
        self.state = State::Connecting { socket, since: cx.now, deadline };
    }

    /// Waits for the next attempt, or parks while the browser says that there is no network.
    pub(super) fn retry(&mut self, cx: &mut Context<'_>, hint: Hint) {
        if let Hint::After(wait) = hint {
            self.page.asked_until = Some(cx.now + Backoff::asked(cx.rng, wait));
        }
        if self.page.suspended {
            self.state = State::Parked { why: Park::Suspended, retry_at: None };
        } else if self.page.offline {
            let retry_at = Some(self.page.not_before(cx.now + self.config.offline_retry));
            self.state = State::Parked { why: Park::Offline, retry_at };
        } else if let Some(wait) = self.backoff.next(cx.rng, hint, self.page.hidden) {
            let until = self.page.asked_until.unwrap_or(cx.now + wait);
            self.state = State::Backoff { until };
        } else {
            let message = "all attempts are used up; connect() starts anew".to_owned();
            self.fail(Problem { code: ErrorCode::Connection, message, retryable: true });
        }
    }

    pub(super) fn fail(&mut self, problem: Problem) {
        self.report(problem);
        self.state = State::Failed;
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.history.error = Some(problem.clone());
        self.actions.push_back(Action::Problem(problem));
    }

    /// Says farewell and closes an open socket; abandons one that never opened.
    pub(super) fn close_link(&mut self, code: u16) {
        self.close_link_saying(code, "");
    }

    pub(super) fn close_link_saying(&mut self, code: u16, reason: &str) {
        self.drop_rival();
        let Some(socket) = self.state.socket() else { return };
        if self.socket().is_some() {
            self.actions.push_back(Action::Farewell(socket));
            let close = SocketOutput::Close { code, reason: reason.to_owned() };
            self.actions.push_back(Action::Socket(socket, close));
            self.actions.push_back(Action::LinkDown);
        } else {
            self.actions.push_back(Action::Socket(socket, SocketOutput::Abandon));
        }
    }

    /// Forgets a socket that does not answer.
    pub(super) fn abandon_link(&mut self) {
        self.drop_rival();
        let Some(socket) = self.state.socket() else { return };
        self.actions.push_back(Action::Socket(socket, SocketOutput::Abandon));
        if self.socket().is_some() {
            self.actions.push_back(Action::LinkDown);
        }
    }
}

/// Appends the room's path to a base URL, before its query. Without a path the URL stays as it is.
pub fn complete_url(base: &str, path: &str) -> String {
    if path.is_empty() {
        return base.to_owned();
    }
    let (before, query) = base.split_once('?').map_or((base, None), |(b, q)| (b, Some(q)));
    let mut url = format!("{}/{path}", before.trim_end_matches('/'));
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    url
}
