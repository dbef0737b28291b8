//! Who is here: the own state and the others', with clocks, renewal and expiry (y-protocols 1.0).
//!
//! y-protocols keeps the clock of a client it removed, so one who returns with the same clock stays
//! invisible until it renews, 14–33 s later. Two rules mend it from our side alone: the own clock
//! jumps by two with each link, and others' clocks are forgotten with the link that brought them.

use crate::config::PresenceConfig;
use crate::error::{ErrorCode, Misuse};
use crate::ordered::OrderedMap;
use crate::protocol::AwarenessEntry;
use crate::time::{Deadline, Instant};

/// Clocks beyond this are hostile: they would freeze a state for ever.
const MAX_CLOCK: u32 = 1 << 31;

/// The presence of one room.
#[derive(Debug)]
pub struct Presence {
    config: PresenceConfig,
    client: u64,
    clock: u32,
    state: Option<String>,
    sent_at: Option<Instant>,
    others: OrderedMap<u64, Other>,
    sweep: Option<Sweep>,
}

#[derive(Debug)]
struct Other {
    clock: u32,
    state: Option<String>,
    seen: Instant,
    /// Whether this link, not an earlier one, brought the state.
    confirmed: bool,
}

/// When states of an earlier link go, unless this one confirms them.
#[derive(Clone, Copy, Debug)]
struct Sweep {
    at: Instant,
}

/// Others who came, changed or went.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PresenceChange {
    /// Client id and JSON text.
    pub updated: Vec<(u64, String)>,
    /// Client ids that are gone.
    pub removed: Vec<u64>,
}

impl PresenceChange {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.updated.is_empty() && self.removed.is_empty()
    }
}

/// What a received awareness update led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Visible changes of others.
    pub change: PresenceChange,
    /// Whether to send the own state again.
    pub announce: Announce,
}

/// Whether the own state has to be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Announce {
    /// No.
    #[default]
    No,
    /// A newcomer may not know us, since some servers do not tell: soon, spread over the members.
    Soon,
    /// Somebody spoke for us: at once.
    Now,
}

impl Presence {
    /// Presence of `client`, with no state yet.
    pub fn new(config: PresenceConfig, client: u64) -> Self {
        Self {
            config,
            client,
            clock: 0,
            state: None,
            sent_at: None,
            others: OrderedMap::new(),
            sweep: None,
        }
    }

    /// Sets the own state, JSON text, or takes it away.
    pub fn set(&mut self, state: Option<String>) -> Result<(), Misuse> {
        if let Some(state) = &state {
            check_state(state, self.config.presence_size)?;
        }
        self.clock = self.clock.saturating_add(1);
        self.state = state;
        Ok(())
    }

    /// Goes on under another client id; returns the farewell of the old one.
    pub fn rename(&mut self, client: u64) -> AwarenessEntry {
        let farewell = AwarenessEntry {
            client: self.client,
            clock: self.clock.saturating_add(1),
            state: None,
        };
        self.client = client;
        self.others.remove(&client);
        self.clock = self.clock.saturating_add(2);
        farewell
    }

    /// The own state to send now, if there is one.
    pub fn announce(&mut self, now: Instant) -> Option<AwarenessEntry> {
        let state = self.state.clone()?;
        self.sent_at = Some(now);
        Some(AwarenessEntry { client: self.client, clock: self.clock, state: Some(state) })
    }

    /// Word that the own state is no more, for those who saw it.
    pub fn farewell(&mut self) -> Option<AwarenessEntry> {
        self.sent_at.take()?;
        self.clock = self.clock.saturating_add(1);
        Some(AwarenessEntry { client: self.client, clock: self.clock, state: None })
    }

    /// A new link: speak with a clock that beats the server's memory of us, and listen afresh.
    pub fn handle_link_up(&mut self, now: Instant) {
        self.clock = self.clock.saturating_add(2);
        self.others.retain(|_, other| other.state.is_some());
        for other in self.others.values_mut() {
            other.confirmed = false;
        }
        self.sweep = Some(Sweep { at: now + self.config.presence_grace });
    }

    /// The link is gone: others stay visible for a grace.
    pub fn handle_link_down(&mut self, now: Instant) {
        self.sent_at = None;
        for other in self.others.values_mut() {
            other.confirmed = false;
        }
        self.sweep = Some(Sweep { at: now + self.config.presence_grace });
    }

    /// The machine slept: the others' silence was ours.
    pub fn handle_wake(&mut self, now: Instant) {
        for other in self.others.values_mut() {
            other.seen = now;
        }
    }

    /// Takes an awareness update of the server.
    pub fn handle_entries(&mut self, now: Instant, entries: Vec<AwarenessEntry>) -> Received {
        let mut received = Received::default();
        for entry in entries {
            if entry.client == self.client {
                received.announce = received.announce.max(self.on_own_entry(&entry));
            } else {
                self.on_entry(now, entry, &mut received);
            }
        }
        received
    }

    /// When the own state is renewed or others expire.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let renewal = self
            .sent_at
            .map(|at| Deadline { at: at + self.config.presence_renewal, reason: "renew presence" });
        let expiry =
            self.others.values().filter(|other| other.state.is_some()).map(|o| o.seen).min();
        let expiry = expiry.map(|seen| Deadline {
            at: seen + self.config.presence_expiry,
            reason: "expire presence",
        });
        let sweep = self.sweep.map(|sweep| Deadline { at: sweep.at, reason: "sweep presence" });
        Deadline::earliest(Deadline::earliest(renewal, expiry), sweep)
    }

    /// Whether the own state is due to be sent again; the clock moves if so.
    pub fn handle_renewal(&mut self, now: Instant) -> bool {
        let due = self.sent_at.is_some_and(|at| now.since(at) >= self.config.presence_renewal);
        if due {
            self.clock = self.clock.saturating_add(1);
        }
        due
    }

    /// Removes those who were silent for too long and those no link confirms.
    pub fn handle_expiry(&mut self, now: Instant) -> PresenceChange {
        let swept = self.sweep.is_some_and(|sweep| sweep.at <= now);
        if swept {
            self.sweep = None;
        }
        let expiry = self.config.presence_expiry;
        let mut change = PresenceChange::default();
        for (client, other) in self.others.iter_mut() {
            let stale = now.since(other.seen) >= expiry || (swept && !other.confirmed);
            if stale && other.state.take().is_some() {
                change.removed.push(*client);
            }
        }
        change
    }

    /// Somebody spoke for us. We learn the clock, never the state.
    fn on_own_entry(&mut self, entry: &AwarenessEntry) -> Announce {
        let ours = entry.clock == self.clock && entry.state == self.state;
        if entry.clock < self.clock || ours || entry.clock > MAX_CLOCK || self.sent_at.is_none() {
            return Announce::No;
        }
        self.clock = entry.clock.saturating_add(1);
        Announce::Now
    }

    fn on_entry(&mut self, now: Instant, entry: AwarenessEntry, received: &mut Received) {
        let known = self.others.get(&entry.client);
        let full = known.is_none() && self.others.len() >= self.config.presence_members;
        if full || entry.clock > MAX_CLOCK || !accepts(known, &entry) {
            return;
        }
        if entry.state.as_deref().is_some_and(|state| !is_json(state)) {
            return;
        }
        let before = known.and_then(|other| other.state.as_ref());
        match (&entry.state, before) {
            (Some(state), before) if before != Some(state) => {
                received.change.updated.push((entry.client, state.clone()));
            }
            (None, Some(_)) => received.change.removed.push(entry.client),
            _ => {}
        }
        if known.is_none() && entry.state.is_some() {
            received.announce = received.announce.max(Announce::Soon);
        }
        let other = Other { clock: entry.clock, state: entry.state, seen: now, confirmed: true };
        self.others.insert(entry.client, other);
    }
}

/// A higher clock wins; a removal wins at an equal one; a state of an earlier link yields to any.
fn accepts(known: Option<&Other>, entry: &AwarenessEntry) -> bool {
    match known {
        None => entry.state.is_some(),
        Some(other) if !other.confirmed => true,
        Some(other) => {
            entry.clock > other.clock || (entry.clock == other.clock && entry.state.is_none())
        }
    }
}

/// Whether a text is JSON.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn check_state(state: &str, limit: usize) -> Result<(), Misuse> {
    if state.len() > limit {
        let size = state.len();
        let message = format!("a presence state has at most {limit} bytes of JSON; got {size}");
        return Err(Misuse::new(ErrorCode::Presence, message));
    }
    if state == "null" || !is_json(state) {
        let message = "a presence state is JSON and not null; use null itself to leave".to_owned();
        return Err(Misuse::new(ErrorCode::Presence, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn presence() -> Presence {
        let mut presence = Presence::new(PresenceConfig::default(), 1);
        presence.set(Some("{}".into())).unwrap();
        presence
    }

    fn entry(client: u64, clock: u32, state: Option<&str>) -> AwarenessEntry {
        AwarenessEntry { client, clock, state: state.map(str::to_owned) }
    }

    #[test]
    fn the_own_clock_beats_the_servers_memory_after_a_reconnect() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        let first = presence.announce(at(0)).unwrap();
        presence.handle_link_down(at(10));
        presence.handle_link_up(at(20));
        // Some servers count one up themselves when they remove a client.
        assert!(presence.announce(at(20)).unwrap().clock > first.clock + 1);
    }

    #[test]
    fn one_who_returns_with_an_old_clock_is_seen_at_once() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        presence.handle_entries(at(0), vec![entry(2, 9, Some("1"))]);
        presence.handle_entries(at(1), vec![entry(2, 9, None)]);
        presence.handle_link_down(at(2));
        presence.handle_link_up(at(3));
        let received = presence.handle_entries(at(4), vec![entry(2, 3, Some("2"))]);
        assert_eq!(received.change.updated, [(2, "2".to_owned())]);
    }

    #[test]
    fn others_of_a_lost_link_stay_for_the_grace_and_then_go() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        presence.handle_entries(at(0), vec![entry(2, 1, Some("1")), entry(3, 1, Some("1"))]);
        presence.handle_link_down(at(100));
        assert!(presence.handle_expiry(at(5_000)).is_empty());
        presence.handle_link_up(at(5_050));
        presence.handle_entries(at(5_060), vec![entry(3, 3, Some("1"))]);
        assert_eq!(presence.handle_expiry(at(10_050)).removed, [2]);
    }

    #[test]
    fn silence_of_30_seconds_is_absence_unless_we_slept() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        presence.handle_entries(at(0), vec![entry(2, 1, Some("1"))]);
        presence.handle_expiry(at(6_000));
        presence.handle_wake(at(40_000));
        assert!(presence.handle_expiry(at(40_000)).is_empty());
        assert_eq!(presence.handle_expiry(at(70_000)).removed, [2]);
    }

    #[test]
    fn nobody_else_can_write_our_state_and_a_removal_is_answered() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        let own = presence.announce(at(0)).unwrap();
        let received = presence.handle_entries(at(1), vec![entry(1, own.clock + 5, None)]);
        assert_eq!(received, Received { announce: Announce::Now, ..Received::default() });
        assert_eq!(presence.announce(at(2)).unwrap(), entry(1, own.clock + 6, Some("{}")));
        let frozen = presence.handle_entries(at(3), vec![entry(1, u32::MAX, None)]);
        assert_eq!(frozen.announce, Announce::No);
    }

    #[test]
    fn an_echo_of_the_own_state_is_not_answered() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        let own = presence.announce(at(0)).unwrap();
        assert_eq!(presence.handle_entries(at(1), vec![own]).announce, Announce::No);
    }

    #[test]
    fn a_newcomer_makes_us_announce_ourselves() {
        let mut presence = presence();
        presence.handle_link_up(at(0));
        let newcomer = presence.handle_entries(at(1), vec![entry(2, 0, Some("1"))]);
        assert_eq!(newcomer.announce, Announce::Soon);
        let known = presence.handle_entries(at(2), vec![entry(2, 1, Some("2"))]);
        assert_eq!(known.announce, Announce::No);
    }

    #[test]
    fn states_that_are_no_json_or_too_large_are_refused() {
        let mut presence = presence();
        for state in ["", "{", "null", &format!("\"{}\"", "x".repeat(5_000))] {
            let refused = presence.set(Some(state.to_owned()));
            assert_eq!(
                refused.map_err(|misuse| misuse.code),
                Err(ErrorCode::Presence),
                "{state:.20}"
            );
        }
        let received = presence.handle_entries(at(0), vec![entry(2, 1, Some("{"))]);
        assert_eq!(received, Received::default());
    }

    #[test]
    fn the_own_state_is_renewed_every_15_seconds_while_it_is_shared() {
        let mut presence = presence();
        assert!(!presence.handle_renewal(at(60_000)));
        presence.handle_link_up(at(0));
        presence.announce(at(0));
        assert!(!presence.handle_renewal(at(14_999)));
        assert!(presence.handle_renewal(at(15_000)));
    }
}
