//! Who is here: the awareness table of a room, and which member holds which client id.
//!
//! Stock clients send every change they hear of back to us, theirs or not. So a member *owns* the id of
//! its first lone announcement, which on a stock client is always its own, and the next one behind each step 1, which
//! is how tabs that share a socket introduce themselves; any other id it only *relays*.
//! An owner beats a relay at once. Against another owner it must wait until that one fails to answer a
//! ping: that is how a client takes its id back from its own half-open socket, and nobody else's.

use std::collections::BTreeMap;

use rejoin::protocol::AwarenessEntry;
use rejoin::time::Instant;
use serde::de::IgnoredAny;

use super::{MemberId, PresenceLimits};

/// Largest clock taken: one beyond could never be followed by another.
const MAX_CLOCK: u32 = 1 << 31;
/// Most ids remembered after they went.
const MAX_GONE: usize = 1_024;

/// How a member stands to a client id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The id is the member's own.
    Owner,
    /// The member passes on what it heard.
    Relay,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Tell everyone.
    Relay(AwarenessEntry),
    /// Stale, not allowed, too large.
    Ignore,
    /// Another live member owns the id: ping it.
    Probe(MemberId),
}

#[derive(Debug)]
struct Present {
    clock: u32,
    state: String,
    holder: MemberId,
    standing: Standing,
    renewed: Instant,
    /// Whether its owner was sent it since then.
    reminded: bool,
    claim: Option<Claim>,
}

impl Present {
    fn new(now: Instant, holder: MemberId, standing: Standing, clock: u32, state: String) -> Self {
        Self { clock, state, holder, standing, renewed: now, reminded: false, claim: None }
    }

    /// Not who only passes an id on: it would bring one that is gone back for ever.
    fn is_to_be_reminded(&self) -> bool {
        self.standing == Standing::Owner && !self.reminded
    }
}

/// Another member says that the id is its own.
#[derive(Debug)]
struct Claim {
    member: MemberId,
    clock: u32,
    state: String,
    since: Instant,
}

/// The awareness table of a room.
#[derive(Debug)]
pub(super) struct Presence {
    limits: PresenceLimits,
    present: BTreeMap<u64, Present>,
    /// Clocks of ids that went, so that an echo of a relay does not bring a ghost back.
    gone: BTreeMap<u64, (u32, Instant)>,
    /// Ids that made room for others, to be told.
    evicted: Vec<AwarenessEntry>,
}

impl Presence {
    pub(super) fn new(limits: PresenceLimits) -> Self {
        Self { limits, present: BTreeMap::new(), gone: BTreeMap::new(), evicted: Vec::new() }
    }

    /// Takes an entry by y-protocols' rule: a higher clock, or the same with `null`; a first one of any clock.
    pub(super) fn handle(
        &mut self,
        now: Instant,
        from: MemberId,
        standing: Standing,
        entry: AwarenessEntry,
    ) -> Verdict {
        if !self.is_acceptable(&entry) {
            return Verdict::Ignore;
        }
        let Some(known) = self.present.get(&entry.client) else {
            return self.arrive(now, from, standing, entry);
        };
        if known.holder == from {
            let newer = entry.clock > known.clock;
            let farewell = entry.clock == known.clock && entry.state.is_none();
            return if newer || farewell {
                self.replace(now, from, standing, entry)
            } else {
                Verdict::Ignore
            };
        }
        match (standing, known.standing) {
            (Standing::Relay, _) => Verdict::Ignore,
            (Standing::Owner, Standing::Relay) if entry.clock >= known.clock => {
                self.replace(now, from, standing, entry)
            }
            (Standing::Owner, _) => self.claim(now, from, entry),
        }
    }

    /// Ids that made room for others since the last time.
    pub(super) fn take_evicted(&mut self) -> Vec<AwarenessEntry> {
        std::mem::take(&mut self.evicted)
    }

    /// A member showed life: nobody takes its ids.
    pub(super) fn on_heard(&mut self, member: MemberId) {
        for present in self.present.values_mut().filter(|present| present.holder == member) {
            present.claim = None;
        }
    }

    /// A member left: its ids are gone, or belong to who claimed them. Returns what to tell everyone.
    pub(super) fn on_leave(&mut self, now: Instant, member: MemberId) -> Vec<AwarenessEntry> {
        for present in self.present.values_mut() {
            if present.claim.as_ref().is_some_and(|claim| claim.member == member) {
                present.claim = None;
            }
        }
        let held = self.present.iter().filter(|(_, present)| present.holder == member);
        let clients: Vec<u64> = held.map(|(client, _)| *client).collect();
        clients.into_iter().filter_map(|client| self.release(now, client)).collect()
    }

    /// Silent ids expire, claims that nobody answered win. Returns what to tell everyone.
    pub(super) fn on_timeout(&mut self, now: Instant) -> Vec<AwarenessEntry> {
        let expiry = self.limits.expiry;
        self.gone.retain(|_, (_, since)| now.since(*since) < expiry);
        let due = self.present.iter().filter(|(_, present)| self.due(present) <= now);
        let clients: Vec<u64> = due.map(|(client, _)| *client).collect();
        clients.into_iter().filter_map(|client| self.release(now, client)).collect()
    }

    /// Entries to send to their owners alone, one clock ahead: who lives takes that for news, and passes it on.
    pub(super) fn remind(&mut self, now: Instant) -> Vec<(MemberId, AwarenessEntry)> {
        let reminder = self.limits.reminder;
        let silent = self.present.iter_mut().filter(|(_, present)| {
            present.is_to_be_reminded() && present.renewed + reminder <= now
        });
        let entries = silent.map(|(client, present)| {
            present.reminded = true;
            let (clock, state) = (present.clock + 1, Some(present.state.clone()));
            (present.holder, AwarenessEntry { client: *client, clock, state })
        });
        entries.collect()
    }

    /// When [`Self::on_timeout`] or [`Self::remind`] has something to do.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let due = |present: &Present| {
            let reminder = present.renewed + self.limits.reminder;
            let due = self.due(present);
            if present.is_to_be_reminded() { due.min(reminder) } else { due }
        };
        self.present.values().map(due).min()
    }

    /// Everyone who is here.
    pub(super) fn all(&self) -> Vec<AwarenessEntry> {
        let entry = |(client, present): (&u64, &Present)| AwarenessEntry {
            client: *client,
            clock: present.clock,
            state: Some(present.state.clone()),
        };
        self.present.iter().map(entry).collect()
    }

    fn is_acceptable(&self, entry: &AwarenessEntry) -> bool {
        let fits = entry.state.as_ref().is_none_or(|state| {
            state.len() <= self.limits.max_state
                && serde_json::from_str::<IgnoredAny>(state).is_ok()
        });
        fits && entry.clock <= MAX_CLOCK
    }

    fn arrive(
        &mut self,
        now: Instant,
        from: MemberId,
        standing: Standing,
        entry: AwarenessEntry,
    ) -> Verdict {
        let echo = standing == Standing::Relay
            && self.gone.get(&entry.client).is_some_and(|(clock, _)| *clock >= entry.clock);
        if entry.state.is_none() || echo || !self.finds_place(now, standing) {
            return Verdict::Ignore;
        }
        self.replace(now, from, standing, entry)
    }

    /// Whether there is a place for one more. Who is here takes that of an id that is only passed on, by whoever passes on most.
    fn finds_place(&mut self, now: Instant, standing: Standing) -> bool {
        if self.present.len() < self.limits.max_clients {
            return true;
        }
        let mut relayed: BTreeMap<MemberId, (usize, u64)> = BTreeMap::new();
        for (client, present) in &self.present {
            if present.standing == Standing::Relay {
                let (count, last) = relayed.entry(present.holder).or_default();
                (*count, *last) = (*count + 1, *client);
            }
        }
        let most = relayed.into_values().max().filter(|_| standing == Standing::Owner);
        let evicted = most.and_then(|(_, client)| self.release(now, client));
        self.evicted.extend(evicted);
        // Whoever claimed the id may have it instead.
        self.present.len() < self.limits.max_clients
    }

    fn replace(
        &mut self,
        now: Instant,
        holder: MemberId,
        standing: Standing,
        entry: AwarenessEntry,
    ) -> Verdict {
        let AwarenessEntry { client, clock, state } = entry.clone();
        match state {
            Some(state) => {
                self.gone.remove(&client);
                let present = Present::new(now, holder, standing, clock, state);
                self.present.insert(client, present);
            }
            None => {
                self.present.remove(&client);
                self.bury(now, client, clock);
            }
        }
        Verdict::Relay(entry)
    }

    fn claim(&mut self, now: Instant, member: MemberId, entry: AwarenessEntry) -> Verdict {
        let Some(known) = self.present.get_mut(&entry.client) else {
            return Verdict::Ignore;
        };
        let Some(state) = entry.state else {
            return Verdict::Ignore;
        };
        let since = known.claim.as_ref().map(|claim| claim.since);
        let claim = Claim { member, clock: entry.clock, state, since: since.unwrap_or(now) };
        known.claim = Some(claim);
        if since.is_none() { Verdict::Probe(known.holder) } else { Verdict::Ignore }
    }

    /// Takes an id from its holder: for its claimant, or for good. The clock of a farewell stays the same, so
    /// that every y-protocols client takes it, and one that comes back with a higher clock is seen at once.
    fn release(&mut self, now: Instant, client: u64) -> Option<AwarenessEntry> {
        let present = self.present.remove(&client)?;
        let Some(Claim { member, clock, state, .. }) = present.claim else {
            self.bury(now, client, present.clock);
            return Some(AwarenessEntry { client, clock: present.clock, state: None });
        };
        let entry = AwarenessEntry { client, clock, state: Some(state.clone()) };
        let standing = Standing::Owner;
        let heir = Present::new(now, member, standing, clock, state);
        self.present.insert(client, heir);
        Some(entry)
    }

    fn bury(&mut self, now: Instant, client: u64, clock: u32) {
        if self.gone.len() >= MAX_GONE {
            self.gone.pop_first();
        }
        self.gone.insert(client, (clock, now));
    }

    fn due(&self, present: &Present) -> Instant {
        let expiry = present.renewed + self.limits.expiry;
        let claim = present.claim.as_ref().map(|claim| claim.since + self.limits.claim_timeout);
        claim.map_or(expiry, |claim| claim.min(expiry))
    }
}

#[cfg(test)]
mod tests;
