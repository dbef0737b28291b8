//! Whether a link is alive: probe when it is quiet, dead when the probe stays unanswered.

use crate::config::LinkConfig;
use crate::time::Instant;

/// A deadline that passes this much late was held up by a sleeping machine or a throttled timer.
pub const LATE: u64 = 5_000;
/// The browser measures at once; this is for one that never answers.
const MEASURE_TIMEOUT: u64 = 1_000;

/// Who shows life on a quiet link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// We ask after [`LinkConfig::heartbeat`], and whatever comes is the answer.
    #[default]
    Probe,
    /// The counterpart speaks by itself; silence for [`LinkConfig::heartbeat`] is death.
    Listen,
    /// Nobody promised to speak: silence means nothing.
    Trust,
}

/// Life signs of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// Silence means nothing here.
    Trusting,
    /// Only the counterpart speaks.
    Listening {
        /// When silence counts as death.
        dead_at: Instant,
        /// Whether a late timer has already been forgiven.
        forgiven: bool,
    },
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
        /// What the browser had not sent yet when it was last measured.
        upload: Upload,
    },
}

/// An answer cannot come before the question has left, and that may wait behind an upload of minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// Not measured yet.
    Unknown,
    /// So many bytes were left.
    Left(u64),
    /// So many were left; the browser is being asked again.
    Asked(u64),
}

/// What a passed deadline asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing.
    Wait,
    /// Send a probe.
    Probe,
    /// Measure what the browser has not sent yet.
    Measure,
    /// Give the link up.
    Dead,
}

impl Heartbeat {
    /// A link that has just shown life.
    pub fn alive(now: Instant, config: &LinkConfig) -> Self {
        Self::Alive { probe_at: now + config.heartbeat }
    }

    /// A link that has just been opened.
    pub fn start(now: Instant, config: &LinkConfig, life: Life) -> Self {
        match life {
            Life::Probe => Self::alive(now, config),
            Life::Listen => Self::heard(now, config),
            Life::Trust => Self::Trusting,
        }
    }

    fn heard(now: Instant, config: &LinkConfig) -> Self {
        Self::Listening { dead_at: now + config.heartbeat, forgiven: false }
    }

    /// The next moment to look again.
    pub fn deadline(self) -> Option<Instant> {
        match self {
            Self::Alive { probe_at } => Some(probe_at),
            Self::Probing { dead_at, .. } | Self::Listening { dead_at, .. } => Some(dead_at),
            Self::Trusting => None,
        }
    }

    /// Something arrived. Returns the round trip in milliseconds if a probe was out.
    pub fn handle_life(&mut self, now: Instant, config: &LinkConfig) -> Option<u64> {
        let (next, rtt) = match *self {
            Self::Trusting => (Self::Trusting, None),
            Self::Listening { .. } => (Self::heard(now, config), None),
            Self::Alive { .. } => (Self::alive(now, config), None),
            Self::Probing { sent_at, .. } => (Self::alive(now, config), Some(now.since(sent_at))),
        };
        *self = next;
        rtt
    }

    /// The link is in doubt: probe it within `patience`, unless a stricter probe is already out.
    pub fn suspect(&mut self, now: Instant, patience: u64) -> Beat {
        if matches!(self, Self::Trusting | Self::Listening { .. }) {
            return Beat::Wait;
        }
        if let Self::Probing { dead_at, .. } = *self
            && dead_at <= now + patience
            && dead_at > now
        {
            return Beat::Wait;
        }
        *self = Self::probing(now, now + patience, false);
        Beat::Probe
    }

    fn probing(sent_at: Instant, dead_at: Instant, forgiven: bool) -> Self {
        Self::Probing { sent_at, dead_at, forgiven, upload: Upload::Unknown }
    }

    /// A probe stayed unanswered: it may not even have left.
    fn ask_for_upload(&mut self, now: Instant) -> Beat {
        match self {
            Self::Probing { dead_at, upload, .. } => match *upload {
                Upload::Left(bytes) if bytes > 0 => {
                    *upload = Upload::Asked(bytes);
                    *dead_at = now + MEASURE_TIMEOUT;
                    Beat::Measure
                }
                _ => Beat::Dead,
            },
            _ => Beat::Dead,
        }
    }

    /// The browser told how much it has not sent yet. A link that still swallows bytes is alive.
    pub fn handle_buffered(&mut self, now: Instant, bytes: u64, config: &LinkConfig) -> Beat {
        let Self::Probing { dead_at, upload, .. } = self else { return Beat::Wait };
        match *upload {
            Upload::Unknown => *upload = Upload::Left(bytes),
            Upload::Asked(before) if bytes < before => {
                *upload = Upload::Left(bytes);
                *dead_at = now + config.pong_timeout;
            }
            Upload::Asked(_) => return Beat::Dead,
            Upload::Left(_) => {}
        }
        Beat::Wait
    }

    /// What is sent now waits behind what is left.
    pub fn handle_sent(&mut self, bytes: u64) {
        if let Self::Probing { upload: Upload::Left(left) | Upload::Asked(left), .. } = self
            && *left > 0
        {
            *left += bytes;
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant, config: &LinkConfig) -> Beat {
        match *self {
            Self::Alive { probe_at } if now >= probe_at => {
                *self = Self::probing(now, now + config.pong_timeout, false);
                Beat::Probe
            }
            Self::Probing { dead_at, forgiven, .. } if now >= dead_at => {
                // Our own timer was late, so the answer may be waiting behind it: ask once more.
                if now.since(dead_at) > LATE && !forgiven {
                    *self = Self::probing(now, now + config.wake_pong_timeout, true);
                    return Beat::Probe;
                }
                self.ask_for_upload(now)
            }
            Self::Listening { dead_at, forgiven } if now >= dead_at => {
                // After a sleep, what the counterpart said meanwhile is still on its way to us.
                if now.since(dead_at) > LATE && !forgiven {
                    let dead_at = now + config.wake_pong_timeout;
                    *self = Self::Listening { dead_at, forgiven: true };
                    return Beat::Wait;
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
    fn a_link_that_still_swallows_an_upload_lives_and_one_that_stopped_is_dead_at_once() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        assert_eq!(heartbeat.handle_timeout(at(25_000), &CONFIG()), Beat::Probe);
        assert_eq!(heartbeat.handle_buffered(at(25_000), 9_000_000, &CONFIG()), Beat::Wait);
        for (now, left) in [(33_000, 6_000_000), (41_000, 3_000_000), (49_000, 0)] {
            assert_eq!(heartbeat.handle_timeout(at(now), &CONFIG()), Beat::Measure);
            assert_eq!(heartbeat.handle_buffered(at(now), left, &CONFIG()), Beat::Wait);
        }
        // All of it has left: now the answer is due.
        assert_eq!(heartbeat.handle_timeout(at(57_000), &CONFIG()), Beat::Dead);
        let mut stuck = Heartbeat::alive(at(0), &CONFIG());
        stuck.handle_timeout(at(25_000), &CONFIG());
        stuck.handle_buffered(at(25_000), 500, &CONFIG());
        assert_eq!(stuck.handle_timeout(at(33_000), &CONFIG()), Beat::Measure);
        assert_eq!(stuck.handle_buffered(at(33_000), 500, &CONFIG()), Beat::Dead);
    }

    #[test]
    fn a_browser_that_does_not_measure_does_not_keep_a_dead_link_alive() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        heartbeat.handle_timeout(at(25_000), &CONFIG());
        heartbeat.handle_buffered(at(25_000), 500, &CONFIG());
        assert_eq!(heartbeat.handle_timeout(at(33_000), &CONFIG()), Beat::Measure);
        assert_eq!(heartbeat.deadline(), Some(at(34_000)));
        assert_eq!(heartbeat.handle_timeout(at(34_000), &CONFIG()), Beat::Dead);
    }

    #[test]
    fn any_sign_of_life_answers_the_probe_and_gives_the_round_trip() {
        let mut heartbeat = Heartbeat::alive(at(0), &CONFIG());
        heartbeat.handle_timeout(at(25_000), &CONFIG());
        assert_eq!(heartbeat.handle_life(at(25_040), &CONFIG()), Some(40));
        assert_eq!(heartbeat.deadline(), Some(at(50_040)));
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
        assert_eq!(heartbeat.deadline(), Some(at(29_000)));
        assert_eq!(heartbeat.suspect(at(27_000), 3_000), Beat::Wait);
    }

    #[test]
    fn where_only_the_counterpart_speaks_its_silence_is_death_and_nothing_is_asked() {
        let mut heartbeat = Heartbeat::start(at(0), &CONFIG(), Life::Listen);
        assert_eq!(heartbeat.suspect(at(1_000), 3_000), Beat::Wait);
        assert_eq!(heartbeat.handle_life(at(20_000), &CONFIG()), None);
        assert_eq!(heartbeat.handle_timeout(at(44_999), &CONFIG()), Beat::Wait);
        assert_eq!(heartbeat.handle_timeout(at(45_000), &CONFIG()), Beat::Dead);
        let mut asleep = Heartbeat::start(at(0), &CONFIG(), Life::Listen);
        assert_eq!(asleep.handle_timeout(at(90_000), &CONFIG()), Beat::Wait);
        assert_eq!(asleep.handle_timeout(at(93_000), &CONFIG()), Beat::Dead);
    }

    #[test]
    fn where_nobody_promised_to_speak_silence_means_nothing() {
        let mut heartbeat = Heartbeat::start(at(0), &CONFIG(), Life::Trust);
        assert_eq!(heartbeat.deadline(), None);
        assert_eq!(heartbeat.suspect(at(1_000), 3_000), Beat::Wait);
        assert_eq!(heartbeat.handle_timeout(at(u64::MAX), &CONFIG()), Beat::Wait);
    }
}
