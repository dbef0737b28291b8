//! What one user may take of the server, over all of its connections.
//!
//! A user is the `sub` of a verified token; who has none is not counted here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::config::UserLimits;
use crate::line::Traffic;
use crate::outbox::{End, Outbox};

/// The time over which bytes are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// All users that are here, or were a moment ago.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    limits: UserLimits,
    known: Arc<Mutex<BTreeMap<String, Share>>>,
}

/// What one user takes.
#[derive(Debug)]
struct Share {
    links: BTreeMap<u64, Link>,
    last_link: u64,
    /// The last time that its connections were asked whether they are still there.
    roll_call: Option<RollCall>,
    /// When its bytes are paid for, at so many a minute.
    paid_until: Instant,
}

/// What is known of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) traffic: Traffic,
}

/// Connections that were pinged.
#[derive(Clone, Debug)]
struct RollCall {
    until: Instant,
    /// How often each had shown that it is there.
    heard: BTreeMap<u64, u64>,
}

/// One connection of a user; given back when dropped.
#[derive(Debug)]
#[must_use = "dropping it gives the connection back"]
pub(crate) struct Seat {
    users: Users,
    user: String,
    link: u64,
}

impl Users {
    /// Nobody yet.
    pub(crate) fn new(limits: UserLimits) -> Self {
        Self { limits, known: Arc::default() }
    }

    /// Whether a user may have one more connection. Where it has all of them, and some do not answer a ping, one of
    /// those is ended for each that comes: after a change of network that may be most of them.
    pub(crate) async fn has_room(&self, user: &str) -> bool {
        let Some(call) = self.call(user, Instant::now()) else { return true };
        while self.is_full(user)
            && Instant::now() < call.until
            && self.is_anybody_silent(user, &call)
        {
            sleep(self.limits.answer / 20).await;
        }
        if Instant::now() >= call.until {
            self.end_most_silent(user, &call);
        }
        !self.is_full(user)
    }

    /// Takes a connection, if the user may have one more.
    pub(crate) fn take_seat(&self, user: &str, link: Link, now: Instant) -> Option<Seat> {
        let mut known = self.known();
        known.retain(|_, share| !share.links.is_empty() || share.paid_until > now);
        let share = known.entry(user.to_owned()).or_insert_with(|| Share::new(now));
        if share.links.len() >= self.limits.connections {
            return None;
        }
        share.last_link += 1;
        let number = share.last_link;
        share.links.insert(number, link);
        drop(known);
        Some(Seat { users: self.clone(), user: user.to_owned(), link: number })
    }

    /// Whether a user has all the connections it may have, without a look at whether those are alive.
    pub(crate) fn is_full(&self, user: &str) -> bool {
        self.known().get(user).is_some_and(|share| share.links.len() >= self.limits.connections)
    }

    /// Pings all connections of a user, if it has as many as it may have. Who comes while they are being asked waits with the others.
    fn call(&self, user: &str, now: Instant) -> Option<RollCall> {
        let mut known = self.known();
        let share = known.get_mut(user)?;
        if share.links.len() < self.limits.connections {
            return None;
        }
        if let Some(call) = share.roll_call.as_ref().filter(|call| call.until > now) {
            return Some(call.clone());
        }
        let heard = share.links.iter().map(|(number, link)| (*number, link.traffic.pieces()));
        let call = RollCall { until: now + self.limits.answer, heard: heard.collect() };
        share.links.values().for_each(|link| link.outbox.ping());
        share.roll_call = Some(call.clone());
        Some(call)
    }

    fn is_anybody_silent(&self, user: &str, call: &RollCall) -> bool {
        self.known().get(user).is_some_and(|share| share.silent(call).next().is_some())
    }

    /// Who takes a large answer over a slow line may be silent too: so the one is ended of which nothing was seen for longest.
    fn end_most_silent(&self, user: &str, call: &RollCall) {
        let mut known = self.known();
        let Some(share) = known.get_mut(user) else { return };
        let seen = |number: &u64| share.links.get(number).map(|link| link.traffic.alive_at());
        let Some(number) = share.silent(call).min_by_key(seen) else { return };
        if let Some(link) = share.links.remove(&number) {
            tracing::info!("a connection that does not answer makes room for another of its user");
            link.outbox.end_now(End::Cut);
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Share>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    fn new(now: Instant) -> Self {
        Self { links: BTreeMap::new(), last_link: 0, roll_call: None, paid_until: now }
    }

    /// Of whom nothing was seen since they were asked.
    fn silent(&self, call: &RollCall) -> impl Iterator<Item = u64> {
        let heard = call.heard.iter().filter(|(number, before)| {
            self.links.get(number).is_some_and(|link| link.traffic.pieces() == **before)
        });
        heard.map(|(number, _)| *number)
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
            share.links.remove(&self.link);
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
    use crate::outbox::Next;

    fn users() -> Users {
        let answer = Duration::from_millis(100);
        Users::new(UserLimits { connections: 2, bytes_per_minute: 6_000, answer })
    }

    fn link() -> Link {
        Link { outbox: Arc::new(Outbox::new(1_000)), traffic: Traffic::default() }
    }

    #[test]
    fn a_user_has_so_many_connections_and_another_its_own() {
        let (users, now) = (users(), Instant::now());
        let first = users.take_seat("ann", link(), now);
        let second = users.take_seat("ann", link(), now);
        assert!(first.is_some() && second.is_some());
        assert!(users.take_seat("ann", link(), now).is_none());
        assert!(users.take_seat("bob", link(), now).is_some());
        drop(first);
        assert!(users.take_seat("ann", link(), now).is_some());
    }

    #[test]
    fn bytes_of_all_connections_count_together_and_are_free_again_in_time() {
        let (users, now) = (users(), Instant::now());
        let seats = [users.take_seat("ann", link(), now), users.take_seat("ann", link(), now)];
        let [Some(one), Some(two)] = seats else { panic!("two connections") };
        assert_eq!(one.spend(3_000, now), Ok(()));
        assert_eq!(two.spend(3_000, now), Ok(()));
        assert_eq!(one.spend(1, now), Err(Duration::from_secs(30)));
        assert_eq!(two.spend(1, now + Duration::from_secs(30)), Ok(()));
    }

    #[test]
    fn one_large_frame_passes_and_is_paid_for() {
        let (users, now) = (users(), Instant::now());
        let Some(seat) = users.take_seat("ann", link(), now) else { panic!("a connection") };
        assert_eq!(seat.spend(12_000, now), Ok(()));
        assert_eq!(seat.spend(1, now), Err(Duration::from_secs(90)));
    }

    #[test]
    fn who_leaves_and_comes_back_still_owes_and_who_owes_nothing_is_forgotten() {
        let (users, now) = (users(), Instant::now());
        let Some(seat) = users.take_seat("ann", link(), now) else { panic!("a connection") };
        assert_eq!(seat.spend(6_000, now), Ok(()));
        drop(seat);
        let Some(again) = users.take_seat("ann", link(), now) else { panic!("a connection") };
        assert!(again.spend(1, now).is_err());
        drop(again);
        let _bob = users.take_seat("bob", link(), now + WINDOW);
        assert_eq!(users.known().keys().collect::<Vec<_>>(), ["bob"]);
    }

    #[tokio::test]
    async fn of_a_users_connections_those_that_do_not_answer_make_room_and_the_others_stay() {
        let (users, now) = (users(), Instant::now());
        let [dead, alive] = [link(), link()];
        let _seats = [&dead, &alive].map(|link| users.take_seat("ann", link.clone(), now));
        let answering = alive.traffic.clone();
        let outbox = Arc::clone(&alive.outbox);
        tokio::spawn(async move {
            outbox.changed().await;
            answering.hear();
        });
        assert!(users.has_room("ann").await);
        assert_eq!(dead.outbox.take(), Some(Next::Ping));
        assert_eq!(dead.outbox.take(), Some(Next::End(End::Cut)));
        assert_eq!((alive.outbox.take(), alive.outbox.take()), (Some(Next::Ping), None));
        let third = users.take_seat("ann", link(), now);
        assert!(third.is_some() && users.take_seat("ann", link(), now).is_none());
    }

    #[tokio::test]
    async fn as_many_are_ended_as_come_and_none_that_takes_what_waits_for_it() {
        let answer = Duration::from_millis(100);
        let limits = UserLimits { connections: 4, bytes_per_minute: 6_000, answer };
        let (users, now) = (Users::new(limits), Instant::now());
        let links: [Link; 4] = std::array::from_fn(|_| link());
        let _seats = links.each_ref().map(|link| users.take_seat("ann", link.clone(), now));
        sleep(Duration::from_millis(5)).await;
        links[1].traffic.hear();
        let (outbox, taking) = (Arc::clone(&links[0].outbox), links[0].traffic.clone());
        tokio::spawn(async move {
            outbox.changed().await;
            taking.make_way();
        });
        let (one, other) = tokio::join!(users.has_room("ann"), users.has_room("ann"));
        assert!(one && other);
        let ends = links.map(|link| {
            assert_eq!(link.outbox.take(), Some(Next::Ping));
            link.outbox.take().is_some()
        });
        assert_eq!(ends, [false, false, true, true]);
    }
}
