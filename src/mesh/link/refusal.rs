//! Where the browser makes no connection: the link is kept for the app to see, and tried again.

use super::{Blocked, Link, LinkAction, Phase};
use crate::io::Refusal;
use crate::time::Instant;

/// First wait before the browser is asked again, in milliseconds; it doubles.
const RETRY: u64 = 1_000;
/// How often: up to 16 s.
const DOUBLINGS: u8 = 4;

impl From<Refusal> for Blocked {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany => Self::TooMany,
            Refusal::Configuration | Refusal::Unavailable => Self::Unavailable,
        }
    }
}

impl Link {
    pub(super) fn on_refusal(&mut self, now: Instant, refusal: Refusal) {
        self.attempt = None;
        let wait = RETRY << self.refusals.min(DOUBLINGS);
        self.refusals = self.refusals.saturating_add(1);
        self.enter(Phase::Refused(now + wait), Some("refused"));
        self.actions.push_back(LinkAction::Blocked(refusal.into()));
    }

    /// When the browser is asked again.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        if let Phase::Refused(at) = self.phase { Some(at) } else { None }
    }

    /// Asks the browser again. So many may have been made in this minute that it is none now: then later.
    pub(super) fn ask_browser(&mut self, now: Instant) {
        self.phase = Phase::Refused(now + (RETRY << DOUBLINGS));
        self.actions.push_back(LinkAction::Replace);
    }
}
