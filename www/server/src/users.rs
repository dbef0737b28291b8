//! What one user may take of the server, over all of its connections.
//!
//! A user is the `sub` of a verified token; who has none is not counted here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::UserLimits;

/// The time over which bytes are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// All users that are here, or were a moment ago.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    limits: UserLimits,
    known: Arc<Mutex<BTreeMap<String, Share>>>,
}

/// What one user takes.
#[derive(Clone, Copy, Debug)]
struct Share {
    connections: usize,
    /// When its bytes are paid for, at so many a minute.
    paid_until: Instant,
}

/// One connection of a user; given back when dropped.
#[derive(Debug)]
#[must_use = "dropping it gives the connection back"]
pub(crate) struct Seat {
    users: Users,
    user: String,
}

impl Users {
    /// Nobody yet.
    pub(crate) fn new(limits: UserLimits) -> Self {
        Self { limits, known: Arc::default() }
    }

    /// Whether a user may have one more connection.
    pub(crate) fn has_seat(&self, user: &str) -> bool {
        let known = self.known();
        known.get(user).is_none_or(|share| share.connections < self.limits.connections)
    }

    /// Takes a connection, if the user may have one more.
    pub(crate) fn take_seat(&self, user: &str, now: Instant) -> Option<Seat> {
        let mut known = self.known();
        known.retain(|_, share| share.connections > 0 || share.paid_until > now);
        let fresh = Share { connections: 0, paid_until: now };
        let share = known.entry(user.to_owned()).or_insert(fresh);
        if share.connections >= self.limits.connections {
            return None;
        }
        share.connections += 1;
        drop(known);
        Some(Seat { users: self.clone(), user: user.to_owned() })
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Share>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Whose it is.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Counts received bytes. What is too much is counted too, so that a large frame passes once and is paid for afterwards.
    ///
    /// # Errors
    /// In how long half of the budget is free again.
    pub(crate) fn spend(&self, bytes: usize, now: Instant) -> Result<(), Duration> {
        let mut known = self.users.known();
        let Some(share) = known.get_mut(&self.user) else { return Ok(()) };
        let start = share.paid_until.max(now);
        let debt = start - now;
        if debt >= WINDOW {
            return Err(debt - WINDOW / 2);
        }
        share.paid_until = start + self.users.limits.time_of(bytes);
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(share) = self.users.known().get_mut(&self.user) {
            share.connections = share.connections.saturating_sub(1);
        }
    }
}

impl UserLimits {
    /// How long so many bytes take at the pace that is allowed; ten minutes at most.
    fn time_of(self, bytes: usize) -> Duration {
        let rate = self.bytes_per_minute.max(1) as f64;
        Duration::from_secs_f64((bytes as f64 / rate * WINDOW.as_secs_f64()).min(600.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        Users::new(UserLimits { connections: 2, bytes_per_minute: 6_000 })
    }

    #[test]
    fn a_user_has_so_many_connections_and_another_its_own() {
        let (users, now) = (users(), Instant::now());
        let first = users.take_seat("ann", now);
        let second = users.take_seat("ann", now);
        assert!(first.is_some() && second.is_some());
        assert!(!users.has_seat("ann"));
        assert!(users.take_seat("ann", now).is_none());
        assert!(users.has_seat("bob"));
        drop(first);
        assert!(users.take_seat("ann", now).is_some());
    }

    #[test]
    fn bytes_of_all_connections_count_together_and_are_free_again_in_time() {
        let (users, now) = (users(), Instant::now());
        let seats = [users.take_seat("ann", now), users.take_seat("ann", now)];
        let [Some(one), Some(two)] = seats else { panic!("two connections") };
        assert_eq!(one.spend(3_000, now), Ok(()));
        assert_eq!(two.spend(3_000, now), Ok(()));
        assert_eq!(one.spend(1, now), Err(Duration::from_secs(30)));
        assert_eq!(two.spend(1, now + Duration::from_secs(30)), Ok(()));
    }

    #[test]
    fn one_large_frame_passes_and_is_paid_for() {
        let (users, now) = (users(), Instant::now());
        let Some(seat) = users.take_seat("ann", now) else { panic!("a connection") };
        assert_eq!(seat.spend(12_000, now), Ok(()));
        assert_eq!(seat.spend(1, now), Err(Duration::from_secs(90)));
    }

    #[test]
    fn who_leaves_and_comes_back_still_owes_and_who_owes_nothing_is_forgotten() {
        let (users, now) = (users(), Instant::now());
        let Some(seat) = users.take_seat("ann", now) else { panic!("a connection") };
        assert_eq!(seat.spend(6_000, now), Ok(()));
        drop(seat);
        let Some(again) = users.take_seat("ann", now) else { panic!("a connection") };
        assert!(again.spend(1, now).is_err());
        drop(again);
        let _bob = users.take_seat("bob", now + WINDOW);
        assert_eq!(users.known().keys().collect::<Vec<_>>(), ["bob"]);
    }
}
