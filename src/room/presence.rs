//! Who is here: the own state and the others', with clocks, renewal and expiry (y-protocols 1.0).
//!
//! y-protocols keeps the clock of a client it removed, so one who returns with the same clock stays
//! invisible until it renews, 14–33 s later. Two rules mend it from our side alone: the own clock
//! jumps by two with each link, and others' clocks are forgotten with the link that brought them.

mod paths;

use crate::config::PresenceConfig;
use crate::error::{ErrorCode, Misuse};
use crate::ordered::OrderedMap;
use crate::protocol::AwarenessEntry;
use crate::time::{Deadline, Instant};

/// Clocks beyond this are hostile: they would freeze a state for ever.
const MAX_CLOCK: u32 = 1 << 31;
/// No honest own clock comes near this. Who is spoken for beyond it could not speak up under the same id for long.
const MAX_OWN_CLOCK: u32 = 1 << 30;

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
    /// The path it comes by, while there is one.
    path: Option<Path>,
    /// Its last path went down; it goes then unless the server vouches for it.
    lapse: Option<Instant>,
}

/// What a state comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Path {
    id: u32,
    /// Whether the peer at its end is known to be whose state it is. Stock peers do not say who they are.
    by_owner: bool,
}

impl Other {
    fn is_shown(&self) -> bool {
        self.state.is_some()
    }
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
    /// Somebody spoke for us with a clock that leaves no room above it: under another id.
    Renamed,
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
        // Nobody remembers a clock of a new id.
        self.clock = 2;
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
        let lapse = self.others.values().filter_map(|other| other.lapse).min();
        let lapse = lapse.map(|at| Deadline { at, reason: "presence without a path" });
        [renewal, expiry, sweep, lapse].into_iter().fold(None, Deadline::earliest)
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
            let lapsed = other.lapse.is_some_and(|at| at <= now);
            if lapsed {
                other.lapse = None;
            }
            let gone = (swept || lapsed) && !other.confirmed && other.path.is_none();
            if (gone || now.since(other.seen) >= expiry) && other.state.take().is_some() {
                change.removed.push(*client);
            }
        }
        change
    }

    /// Somebody spoke for us. We learn the clock, never the state.
    fn on_own_entry(&mut self, entry: &AwarenessEntry) -> Announce {
        let ours = entry.clock == self.clock && entry.state == self.state;
        if entry.clock < self.clock || ours || self.sent_at.is_none() {
            return Announce::No;
        }
        if entry.clock > MAX_OWN_CLOCK {
            return Announce::Renamed;
        }
        self.clock = entry.clock.saturating_add(1);
        Announce::Now
    }

    fn on_entry(&mut self, now: Instant, entry: AwarenessEntry, received: &mut Received) {
        if self.is_beyond_limits(&entry) || self.vouch(now, &entry) {
            return;
        }
        let known = self.others.get(&entry.client);
        if !accepts(known, &entry) {
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
        let path = known.and_then(|other| other.path);
        let AwarenessEntry { client, clock, state } = entry;
        let other = Other { clock, state, seen: now, confirmed: true, path, lapse: None };
        self.others.insert(client, other);
    }

    /// Too many, beyond any honest clock, or no JSON.
    fn is_beyond_limits(&mut self, entry: &AwarenessEntry) -> bool {
        let shown = self.others.get(&entry.client).is_some_and(Other::is_shown);
        entry.clock > MAX_CLOCK
            || entry
                .state
                .as_deref()
                .is_some_and(|state| !is_json(state) || (!shown && !self.has_room()))
    }

    /// Whether one more may be shown. Who is gone is known by the clock alone, and forgotten when there are as many of those.
    fn has_room(&mut self) -> bool {
        let most = self.config.presence_members;
        if self.others.len() >= 2 * most {
            self.others.retain(|_, other| other.is_shown() || other.path.is_some());
        }
        self.others.len() < most
            || self.others.values().filter(|other| other.is_shown()).count() < most
    }
}

/// A higher clock wins; a removal wins at an equal one; a state of an earlier link yields to any.
fn accepts(known: Option<&Other>, entry: &AwarenessEntry) -> bool {
    match known {
        None => entry.state.is_some(),
        Some(other) if !other.confirmed && other.path.is_none() => true,
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
mod tests;
