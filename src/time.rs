//! Monotonic time, handed in by the driver: the core has no clock.

use std::ops::Add;

/// A moment in milliseconds since an origin that the driver chose. Never a wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The moment `millis` milliseconds after the driver's origin.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the driver's origin.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Milliseconds from `earlier` to here, 0 if `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u64> for Instant {
    type Output = Self;

    fn add(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// What turns a moment into milliseconds since 1970: the difference of the browser's two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WallClock(pub f64);

impl WallClock {
    /// Milliseconds since 1970 at `moment`, given in milliseconds of the driver.
    pub fn at(self, moment: u64) -> u64 {
        (moment as f64 + self.0).round() as u64
    }
}

/// A moment at which the core wants [`Input::Timeout`](crate::io::Input::Timeout), and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When.
    pub at: Instant,
    /// What falls due then; for logs and for tests.
    pub reason: &'static str,
}

impl Deadline {
    /// The earlier of two optional deadlines.
    pub fn earliest(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_wins_and_keeps_its_reason() {
        let soon = Deadline { at: Instant::from_millis(5), reason: "soon" };
        let late = Deadline { at: Instant::from_millis(9), reason: "late" };
        assert_eq!(Deadline::earliest(Some(late), Some(soon)), Some(soon));
        assert_eq!(Deadline::earliest(None, Some(late)), Some(late));
        assert_eq!(Deadline::earliest(None, None), None);
    }

    #[test]
    fn an_earlier_moment_is_zero_milliseconds_away() {
        assert_eq!(Instant::from_millis(3).since(Instant::from_millis(8)), 0);
    }
}
