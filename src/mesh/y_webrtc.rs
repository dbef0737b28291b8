//! The dialect of y-webrtc: signaling over servers that bring everything to everybody and know nobody, so that our clients
//! and stock ones share a room.
//!
//! Our own clients know each other by an extra member of what they say, and negotiate among themselves as over a server of our own
//! dialect. A stock client is a [`guest`]: a link of its kind.

mod any;
mod attempt;
mod guest;
mod guests;
mod message;
mod pipe;
mod room;
#[cfg(test)]
mod tests;

use crate::error::ErrorCode;
use crate::time::Instant;
use guests::Guests;

/// Most of our own clients that are known.
const MAX_KIN: usize = 256;
/// Least time between two announcements that nobody asked for, in milliseconds.
const ANNOUNCE_EVERY: u64 = 3_000;
/// How long a lost link is given to be made again by its other side, before this one announces itself.
const ANNOUNCE_AFTER: u64 = 1_000;
/// Answers to announcements, and the time in which there may be so many.
const GREETINGS: (usize, u64) = (100, 10_000);

/// How signaling is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// With the room's own server.
    #[default]
    Room,
    /// With servers of y-webrtc.
    YWebrtc {
        /// Whether everything is encrypted with a password.
        sealed: bool,
    },
}

/// What goes wrong among strangers, each told once: it comes again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A message that makes no sense.
    Nonsense,
    /// A message that the password does not open.
    Unreadable,
    /// A sealed message, and no password.
    Sealed,
    /// A message in the open, although there is a password.
    Open,
    /// A stock client, which cannot prove that it knows the room's key.
    Stranger,
    /// More announce themselves than there is room for.
    Crowd,
    /// More connections are asked for than may be made.
    Storm,
}

impl Trouble {
    fn told(self) -> (ErrorCode, &'static str) {
        match self {
            Self::Nonsense => {
                (ErrorCode::Protocol, "signaling said what makes no sense; it is ignored")
            }
            Self::Unreadable => (
                ErrorCode::Forbidden,
                "somebody in this room has another password; what cannot be decrypted is ignored",
            ),
            Self::Sealed => (
                ErrorCode::Forbidden,
                "somebody in this room uses a password, which is not given here; what is encrypted is ignored",
            ),
            Self::Open => (
                ErrorCode::Forbidden,
                "somebody in this room uses no password; what is not encrypted is ignored",
            ),
            Self::Stranger => (
                ErrorCode::Forbidden,
                "a stock client of y-webrtc is in this room; it cannot prove that it knows `peers.key`, so it gets no link",
            ),
            Self::Crowd => (
                ErrorCode::BufferFull,
                "more peers announce themselves than there is room for; the others are ignored",
            ),
            Self::Storm => (
                ErrorCode::RateLimit,
                "peers ask for more connections than may be made in a minute; the others are ignored",
            ),
        }
    }
}

/// What a mesh knows of its servers of y-webrtc and of the stock clients there.
#[derive(Debug)]
pub(super) struct YWebrtc {
    room: String,
    sealed: bool,
    /// Milliseconds since 1970 when the clock stood at zero.
    epoch: u64,
    /// Servers whose sockets are open.
    open: Vec<u32>,
    guests: Guests,
    /// Number of the last message to one of our own clients.
    number: u64,
    announced_at: Option<Instant>,
    announce_at: Option<Instant>,
    /// When announcements were answered, in the last while.
    greeted: Vec<Instant>,
    told: Vec<Trouble>,
}

impl YWebrtc {
    pub(super) fn new(room: &str, sealed: bool, epoch: u64) -> Self {
        Self {
            room: room.to_owned(),
            sealed,
            epoch,
            open: Vec::new(),
            guests: Guests::default(),
            number: 0,
            announced_at: None,
            announce_at: None,
            greeted: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Milliseconds since 1970.
    fn wall(&self, now: Instant) -> u64 {
        self.epoch + now.as_millis()
    }

    /// A link is over whose other end may still be there.
    pub(super) fn announce_soon(&mut self, now: Instant) {
        let earliest = self.announced_at.map_or(now, |at| at + ANNOUNCE_EVERY);
        self.announce_at.get_or_insert_with(|| earliest.max(now + ANNOUNCE_AFTER));
    }

    /// Whether one more announcement may be answered.
    fn may_greet(&mut self, now: Instant) -> bool {
        let (most, per) = GREETINGS;
        self.greeted.retain(|at| now.since(*at) < per);
        let may = self.greeted.len() < most;
        if may {
            self.greeted.push(now);
        }
        may
    }

    /// What to tell of a trouble: nothing for the second time.
    fn note(&mut self, trouble: Trouble) -> Option<(ErrorCode, &'static str)> {
        if self.told.contains(&trouble) {
            return None;
        }
        self.told.push(trouble);
        Some(trouble.told())
    }
}

/// Which of one client's numbered messages have come: the last, and those shortly before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    last: u64,
    before: u64,
}

impl Window {
    /// Whether a number comes for the first time. One that is far behind counts as known.
    pub(super) fn is_new(&mut self, number: u64) -> bool {
        if number > self.last {
            let ahead = number - self.last;
            let kept = u32::try_from(ahead).ok().and_then(|ahead| self.before.checked_shl(ahead));
            let last = u32::try_from(ahead - 1).ok().and_then(|at| 1_u64.checked_shl(at));
            self.before = kept.unwrap_or(0) | last.filter(|_| self.last > 0).unwrap_or(0);
            self.last = number;
            return true;
        }
        let behind = self.last - number;
        let Some(bit) = behind
            .checked_sub(1)
            .and_then(|at| u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at)))
        else {
            return false;
        };
        let new = self.before & bit == 0;
        self.before |= bit;
        new
    }
}
