//! When what happens, and when all is over.

use rejoin::doc::Doc;
use rejoin::event::{Durability, SyncStatus};

use super::{CALM, Happening, Letters, World};
use crate::actions::Action;
use crate::host::Tab;

/// So long after the faults it is looked who sees whom.
const SEEN: u64 = 20_000;

impl World {
    pub(super) fn plan(&mut self) {
        let script = self.setup.script.unwrap_or_default();
        script.iter().for_each(|(at, action)| self.schedule(*at, *action));
        let mut at = if script.is_empty() { 0 } else { self.faults_end() };
        while at < self.faults_end() {
            at += self.rng.u64(20..400);
            let mut action = Action::draw(&mut self.rng, self.hosts.len());
            if self.setup.peers.is_some_and(|peers| peers.calm) {
                action = Action::Edit(action.host().unwrap_or_default());
                at = at.max(CALM);
            }
            self.schedule(at, action);
        }
        if self.setup.weather == super::Weather::EarlyRelays {
            self.later(super::FAULTS / 2, Happening::Act(Action::BadRelay(0)));
        }
        if self.setup.hardships {
            self.plan_hardships();
        }
        if self.setup.footing {
            self.plan_footing();
        }
        if self.setup.hangs {
            self.plan_hangs();
        }
        self.later(self.faults_end() + 1, Happening::Heal);
        self.later(self.faults_end() + 1_000, Happening::Look);
        if self.setup.letters != Letters::None {
            self.plan_messages();
        }
        if let Some(peers) = self.setup.peers {
            self.plan_peers(peers);
        }
    }

    /// Puts an action into the script, unless it is left out.
    pub(super) fn schedule(&mut self, at: u64, action: Action) {
        let number = self.script.len();
        self.script.push((at, action));
        if self.setup.keep.is_none_or(|keep| keep.contains(&number)) {
            self.later(at, Happening::Act(action));
        }
    }

    /// Whether peers have come to rest, and stayed so: what comes then is silence.
    pub(super) fn is_over_among_peers(&mut self, at: u64) -> bool {
        if !self.healed || at < self.looks_at || at < self.faults_end() + SEEN {
            return false;
        }
        self.looks_at = at + 1_000;
        let done = self.is_agreed();
        std::mem::replace(&mut self.calm, done) && done
    }

    /// Whether all have the same, and say so.
    pub(super) fn is_agreed(&self) -> bool {
        let durable = self.durable();
        self.hosts.iter().enumerate().all(|(at, host)| {
            host.tab.as_ref().is_some_and(|tab| {
                let same = tab.client.doc(tab.room).is_ok_and(|doc| doc.hash() == durable.hash());
                same && self.is_at_rest(at, tab)
            })
        })
    }

    /// What is on the server; where there is none, the first host stands for it.
    pub(super) fn durable(&self) -> &Doc {
        let alone = (0..self.hosts.len()).all(|host| self.setup.is_guest(host));
        let first = self.hosts[0].tab.as_ref().map(|tab| tab.client.doc(tab.room));
        match first {
            Some(Ok(doc)) if alone => doc,
            _ => &self.server.durable,
        }
    }

    /// Whether a host says that everything of its is where it should be.
    pub(super) fn is_at_rest(&self, at: usize, tab: &Tab) -> bool {
        tab.sync.is_some_and(|state| {
            (state.status == SyncStatus::Synchronized) != self.setup.is_guest(at)
                && state.local == Durability::Saved
                && state.peers.synced == state.peers.of
        })
    }
}
