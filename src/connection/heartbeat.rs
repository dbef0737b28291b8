//! Whether a link is alive: probe when it is quiet, dead when the probe stays unanswered.

use crate::config::LinkConfig;
use crate::time::Instant;

/// A deadline that passes this much late was held up by a sleeping machine or a throttled timer.
pub const LATE: u64 = 5_000;

/// Life signs of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// Something arrived lately.
    Alive {
        /// When a probe falls due.
        probe_at: Instant,
    },
    /// A probe is on its way.
    Probing {
        /// When it was sent.
        sent_at: Instant,
        /// When the link counts as dead.
        dead_at: Instant,
        /// Whether a late timer has already been forgiven.
        forgiven: bool,
    },
}

/// What a passed deadline asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing.
    Wait,
    /// Send a probe.
    Probe,
    /// Give the link up.
    Dead,
}

impl Heartbeat {
    /// A link that has just shown life.
    pub fn alive(now: Instant, config: &LinkConfig) -> Self {
        Self::Alive { probe_at: now + config.heartbeat }
    }

    /// The next moment to look again.
    pub fn deadline(self) -> Instant {
        match self {
            Self::Alive { probe_at } => probe_at,
            Self::Probing { dead_at, .. } => dead_at,
        }
    }

    /// Something arrived. Returns the round trip in milliseconds if a probe was out.
    pub fn handle_life(&mut self, now: Instant, config: &LinkConfig) -> Option<u64> {
        let rtt = match *self {
            Self::Alive { .. } => None,
            Self::Probing { sent_at, .. } => Some(now.since(sent_at)),
        };
        *self = Self::alive(now, config);
        rtt
    }

    /// The link is in doubt: probe it within `patience`, unless a stricter probe is already out.
    pub fn suspect(&mut self, now: Instant, patience: u64) -> Beat {
        if let Self::Probing { dead_at, .. } = *self
            && dead_at <= now + patience
            && dead_at > now
        {
            return Beat::Wait;
        }
        *self = Self::Probing { sent_at: now, dead_at: now + patience, forgiven: false };
        Beat::Probe
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant, config: &LinkConfig) -> Beat {
        match *self {
            Self::Alive { probe_at } if now >= probe_at => {
                let dead_at = now + config.pong_timeout;
                *self = Self::Probing { sent_at: now, dead_at, forgiven: false };
                Beat::Probe
            }
            Self::Probing { dead_at, forgiven, .. } if now >= dead_at => {
                // Our own timer was late, so the answer may be waiting behind it: ask once more.
                if now.since(dead_at) > LATE && !forgiven {
                    let dead_at = now + config.wake_pong_timeout;
                    *self = Self::Probing { sent_at: now, dead_at, forgiven: true };
                    return Beat::Probe;
                }
                Beat::Dead
            }
            _ => Beat::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: fn() -> LinkConfig = LinkConfig::default;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_quiet_link_is_dead_33_seconds_after_its_last_sign_of_life() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        assert_eq!(heartbeat.handle_timeout(at(24_999), &CONFIG()), Beat::Wait);
        assert_eq!(heartbeat.handle_timeout(at(25_000), &CONFIG()), Beat::Probe);
        assert_eq!(heartbeat.handle_timeout(at(32_999), &CONFIG()), Beat::Wait);
        assert_eq!(heartbeat.handle_timeout(at(33_000), &CONFIG()), Beat::Dead);
    }

    #[test]
    fn any_sign_of_life_answers_the_probe_and_gives_the_round_trip() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        heartbeat.handle_timeout(at(25_000), &CONFIG());
        assert_eq!(heartbeat.handle_life(at(25_040), &CONFIG()), Some(40));
        assert_eq!(heartbeat.deadline(), at(50_040));
    }

    #[test]
    fn a_late_timer_of_our_own_is_forgiven_once() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        heartbeat.handle_timeout(at(25_000), &CONFIG());
        assert_eq!(heartbeat.handle_timeout(at(90_000), &CONFIG()), Beat::Probe);
        assert_eq!(heartbeat.handle_timeout(at(93_000), &CONFIG()), Beat::Dead);
    }

    #[test]
    fn a_suspicion_shortens_a_patient_probe_and_leaves_a_strict_one() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        heartbeat.handle_timeout(at(25_000), &CONFIG());
        assert_eq!(heartbeat.suspect(at(26_000), 3_000), Beat::Probe);
        assert_eq!(heartbeat.deadline(), at(29_000));
        assert_eq!(heartbeat.suspect(at(27_000), 3_000), Beat::Wait);
    }
}
