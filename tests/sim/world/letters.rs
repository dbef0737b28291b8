//! Messages that hosts write and hear.

use rejoin::event::{Durability, MessageEvent, SyncState};
use rejoin::time::Instant;

use super::{HOSTS, Happening, Letters, World};
use crate::actions::Action;
use crate::mailbox::draft;

impl World {
    /// Draws when hosts write messages: now and then a burst.
    pub(super) fn plan_messages(&mut self) {
        let mut at = 0;
        while at < self.faults_end() {
            at += self.rng.u64(50..900);
            let host = self.rng.usize(0..HOSTS);
            for _ in 0..*self.rng.choice(&[1, 1, 1, 2, 12]).unwrap_or(&1) {
                self.later(at, Happening::Act(Action::Write(host)));
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
        let Some(tab) = self.hosts[host].tab.as_mut().filter(|tab| tab.ready) else { return };
        let data = draft(host, self.mailbox.written);
        let now = Instant::from_millis(self.now);
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
