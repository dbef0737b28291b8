//! Waits between requests that failed.

use fastrand::Rng;

/// Failures in a row after which a tunnel is lost, and its connection starts anew.
pub(super) const MAX_FAILURES: u32 = 4;
/// Bounds of the first wait; the upper one doubles. Spread, since a server that stops fails everybody's at once.
const WAIT: (u64, u64) = (100, 1_000);

pub(super) fn wait(rng: &mut Rng, failures: u32) -> u64 {
    rng.u64(WAIT.0..=WAIT.1 << failures.saturating_sub(1).min(4))
}
