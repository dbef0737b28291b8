//! Reading what the app configured for a link.

use super::{Fields, LinkConfig};
use crate::backoff::{BackoffPolicy, Jitter};
use crate::error::Misuse;

/// Reads the camelCase members of a link and its backoff; what is absent keeps its value.
pub fn read_link(
    fields: &Fields<'_>,
    backoff: &mut BackoffPolicy,
    link: &mut LinkConfig,
) -> Result<(), Misuse> {
    for (name, time) in times(backoff, link) {
        fields.number(name, time)?;
    }
    if let Some(attempts) = fields.given("maxAttempts") {
        backoff.max_attempts = Some(fields.whole("maxAttempts", attempts)?);
    }
    fields.float("factor", &mut backoff.factor)?;
    let jitters = [("full", Jitter::Full), ("equal", Jitter::Equal), ("none", Jitter::None)];
    fields.word("jitter", &jitters, &mut backoff.jitter)
}

/// The times of a link by their names.
pub(super) fn times<'a>(
    backoff: &'a mut BackoffPolicy,
    link: &'a mut LinkConfig,
) -> [(&'static str, &'a mut u64); 13] {
    [
        ("initialDelay", &mut backoff.initial_delay),
        ("maxDelay", &mut backoff.max_delay),
        ("maxHiddenDelay", &mut backoff.max_hidden_delay),
        ("authTimeout", &mut link.auth_timeout),
        ("connectTimeout", &mut link.connect_timeout),
        ("heartbeat", &mut link.heartbeat),
        ("pongTimeout", &mut link.pong_timeout),
        ("wakePongTimeout", &mut link.wake_pong_timeout),
        ("resetAfter", &mut link.reset_after),
        ("offlineRetry", &mut link.offline_retry),
        ("ackTimeout", &mut link.ack_timeout),
        ("holdTimeout", &mut link.hold_timeout),
        ("pushGrace", &mut link.push_grace),
    ]
}
