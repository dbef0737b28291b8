//! Messages that hosts write and hear.

use rejoin::event::{Durability, MessageEvent, SyncState, SyncStatus};
use rejoin::time::Instant;

use super::{FAULTS, HOSTS, World};
use crate::actions::Action;
use crate::mailbox::draft;

/// How long faults last where there are only messages.
const SHORT_FAULTS: u64 = 6_000;

/// Whether hosts write messages, and what else they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    /// They edit the document.
    #[default]
    None,
    /// They write messages and edit the document.
    Beside,
    /// They write messages only, in a time short enough for thousands of seeds.
    Alone,
}

impl World {
    pub(super) fn faults_end(&self) -> u64 {
        self.setup.lasts.unwrap_or_else(|| match self.setup.script {
            Some(_) => 1_500,
            None if self.setup.letters == Letters::Alone => SHORT_FAULTS,
            None => FAULTS,
        })
    }

    /// Whether everything has been said and heard: what comes then is silence.
    pub(super) fn is_over(&mut self, at: u64) -> bool {
        if self.setup.peers.is_some() {
            return self.is_over_among_peers(at);
        }
        if self.setup.script.is_some() && self.rested.is_some() {
            return true;
        }
        if self.setup.letters != Letters::Alone || !self.healed || at < self.looks_at {
            return false;
        }
        self.looks_at = at + 1_000;
        let done = self.is_calm() && self.mailbox.check_end(&self.server.messages).is_ok();
        std::mem::replace(&mut self.calm, done) && done
    }

    fn is_calm(&self) -> bool {
        self.hosts.iter().filter_map(|host| host.tab.as_ref()).all(|tab| {
            tab.sync.is_some_and(|state| {
                state.status == SyncStatus::Synchronized && state.local == Durability::Saved
            })
        })
    }

    /// Draws when hosts write messages: now and then a burst.
    pub(super) fn plan_messages(&mut self) {
        let mut at = 0;
        while at < self.faults_end() {
            at += self.rng.u64(50..900);
            let host = self.rng.usize(0..HOSTS);
            for _ in 0..*self.rng.choice(&[1, 1, 1, 2, 12]).unwrap_or(&1) {
                self.schedule(at, Action::Write(host));
            }
        }
    }

    pub(super) fn subscribe(&mut self, host: usize) {
        if self.setup.letters == Letters::None {
            return;
        }
        self.command(host, |tab, now| {
            let _ = tab.client.subscribe_messages(now, tab.room);
        });
    }

    pub(super) fn write(&mut self, host: usize) {
        let now = Instant::from_millis(self.now + self.hosts[host].skew);
        let Some(tab) = self.hosts[host].tab.as_mut().filter(|tab| tab.ready) else { return };
        let data = draft(host, self.mailbox.written);
        if let Err(misuse) = tab.client.send_message(now, tab.room, 0, data.clone()) {
            self.oracle.fail(format!("a message that fits was refused: {misuse}"));
        }
        self.mailbox.wrote(host, data);
        self.drain(host);
    }

    pub(super) fn on_message_event(&mut self, host: usize, event: MessageEvent) {
        if let Err(claim) = self.mailbox.heard(host, event, &self.server.messages) {
            self.oracle.fail(claim);
        }
    }

    pub(super) fn on_messages_saved(&mut self, host: usize, state: SyncState) {
        match state.local {
            Durability::Saved => self.mailbox.told_saved(host),
            Durability::Unavailable => self.mailbox.told_unavailable(host),
            Durability::Saving => {}
        }
    }
}
