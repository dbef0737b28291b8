//! Tokens that end: a fresh one is asked for before that, and shown on the link where the server takes it there.

use super::state::State;
use super::{Action, Connection, Context};
use crate::io::EndpointRequest;
use crate::status::EndpointReason;
use crate::time::{Deadline, Instant};

/// Least wait between two questions for a fresh token.
const MIN_WAIT: u64 = 1_000;

/// What is known of the token of this link.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    token: Option<String>,
    /// When it ends, if that is known.
    ends_at: Option<Instant>,
    /// When a fresh one is due.
    refresh_at: Option<Instant>,
    /// The server of this link takes fresh tokens on it.
    in_band: bool,
    /// The app was asked for a fresh one.
    asking: Option<EndpointRequest>,
}

impl Connection {
    /// The token of this attempt, and for how many milliseconds it lasts, if that is known.
    pub(super) fn note_token(&mut self, now: Instant, token: Option<&str>, lifetime: Option<u64>) {
        self.credentials =
            Credentials { token: token.map(str::to_owned), ..Credentials::default() };
        self.note_lifetime(now, lifetime);
    }

    /// Whether the token ends, so that the server should be asked if it takes fresh ones.
    pub fn token_ends(&self) -> bool {
        self.credentials.ends_at.is_some()
    }

    /// The token of this link.
    pub fn token(&self) -> Option<&str> {
        self.credentials.token.as_deref()
    }

    /// The server takes fresh tokens on this link; the one it has seen lasts so long, 0: for ever.
    pub fn handle_admission(&mut self, now: Instant, lifetime: u64) {
        self.credentials.in_band = true;
        if lifetime == 0 {
            return;
        }
        // It is asked more than once on a link: the less of it is left, the sooner its end, and no later the question.
        let due = self.credentials.refresh_at;
        self.note_lifetime(now, Some(lifetime));
        let next = self.credentials.refresh_at;
        self.credentials.refresh_at = next.map(|next| due.map_or(next, |due| due.min(next)));
    }

    pub(super) fn refresh_deadline(&self) -> Option<Deadline> {
        let wanted = self.is_online() && self.credentials.in_band;
        let at = self.credentials.refresh_at.filter(|_| wanted)?;
        Some(Deadline { at, reason: "token" })
    }

    /// Asks the app for a fresh token if it is time.
    pub(super) fn refresh_if_due(&mut self, cx: &mut Context<'_>) {
        if self.refresh_deadline().is_none_or(|due| due.at > cx.now) {
            return;
        }
        let request = EndpointRequest(cx.fresh());
        self.credentials.asking = Some(request);
        // Without an answer it is asked for again, as long as it makes sense.
        self.credentials.refresh_at = self.credentials.ends_at.and_then(|end| {
            let wait = (end.since(cx.now) / 2).max(MIN_WAIT);
            (end > cx.now).then(|| cx.now + wait)
        });
        self.actions.push_back(Action::AskEndpoint(request, 0, EndpointReason::Expiring));
    }

    /// The app's answer to a question for a fresh token; `true` if it was one.
    pub(super) fn take_fresh(
        &mut self,
        now: Instant,
        request: EndpointRequest,
        token: Option<&str>,
        lifetime: Option<u64>,
    ) -> bool {
        if self.credentials.asking != Some(request) {
            return false;
        }
        self.credentials.asking = None;
        if let (Some(token), State::Online { .. }) = (token, &self.state) {
            self.note_token(now, Some(token), lifetime);
            self.credentials.in_band = true;
            self.actions.push_back(Action::ShowToken(token.to_owned()));
        }
        true
    }

    /// A fresh one is due when four fifths of its time have passed.
    fn note_lifetime(&mut self, now: Instant, lifetime: Option<u64>) {
        let Some(lifetime) = lifetime else { return };
        self.credentials.ends_at = Some(now + lifetime);
        self.credentials.refresh_at = Some(now + (lifetime / 5 * 4).max(MIN_WAIT));
    }
}
