//! What hosts are told, and what must be true at the end.

use std::hash::Hash;

use rejoin::error::ErrorCode;
use rejoin::event::{Durability, Event, EventKind, Status, SyncStatus};

use super::{Happening, Letters, World};
use crate::actions::Action;
use crate::bounds::HELD;
use crate::host::Host;

/// I7: so long after the last fault everybody has everything, and says so. Noticing a silent link may take 33 s, and as many again
/// if its successor was silenced too.
const REST: u64 = 70_000;

impl World {
    pub(super) fn on_event(&mut self, host: usize, event: Event) {
        if self.setup.letters != Letters::Alone {
            (host, format!("{event:?}")).hash(&mut self.trace);
        }
        if self.setup.print {
            println!("{:>7} host {host} hears {:.200?}", self.now, event.kind);
        }
        let Host { disk, tab: Some(tab), .. } = &mut self.hosts[host] else { return };
        match event.kind {
            EventKind::Ready => {
                tab.ready = true;
                if let Ok(doc) = tab.client.doc(tab.room)
                    && disk.is_readable()
                    && !tab.unread
                {
                    self.oracle.check_restart(host, doc, &self.server.durable);
                }
                self.note_identity(host);
                self.check_orphans_among_peers(host);
            }
            EventKind::Broken => self.oracle.fail(format!("host {host}: the engine broke")),
            EventKind::Identity { .. } => self.note_identity(host),
            EventKind::Path { path, channel, frame } => {
                self.send_to_peer(host, path, channel, frame);
            }
            EventKind::Dropped { path, problem } => {
                self.oracle.fail(format!("P4: host {host} dropped path {path}: {problem:?}"));
            }
            EventKind::Presence { updated, removed } => {
                tab.view.states.retain(|client, _| !removed.contains(client));
                tab.view.states.extend(updated);
            }
            EventKind::Connection(state) => {
                if tab.view.status == Some(Status::Connected) {
                    tab.view.online = self.now;
                }
                tab.view.status = Some(state.status);
            }
            EventKind::Error(problem) => {
                tab.unread |= !tab.ready && problem.code == ErrorCode::Storage;
                self.on_problem(host, &problem);
            }
            EventKind::Diverged => self.later(self.now, Happening::Act(Action::Reload(host))),
            EventKind::Messages(event) => self.on_message_event(host, event),
            EventKind::Sync(state) => {
                tab.sync = Some(state);
                match state.local {
                    Durability::Saved => self.oracle.told_saved(host, &tab.typed),
                    Durability::Unavailable => self.oracle.told_unavailable(&tab.typed),
                    Durability::Saving => {}
                }
                if state.status == SyncStatus::Synchronized {
                    self.oracle.told_synced(host, &tab.typed, &self.server.durable);
                }
                self.on_messages_saved(host, state);
                self.check_peers_synced(host, state);
            }
            _ => {}
        }
    }

    fn note_identity(&mut self, host: usize) {
        let Host { boot, ids, tab, .. } = &mut self.hosts[host];
        if let Some(tab) = tab
            && let Ok(id) = tab.client.client_id(tab.room)
        {
            ids.entry(*boot).or_default().push(id);
        }
    }

    /// A host has read its log: no peer has what it lost.
    fn check_orphans_among_peers(&mut self, host: usize) {
        let here = &self.hosts[host];
        if self.setup.peers.is_none() || here.disk.failing.is_some() {
            return;
        }
        let Some(Ok(doc)) = here.tab.as_ref().map(|tab| tab.client.doc(tab.room)) else { return };
        for (peer, other) in self.hosts.iter().enumerate() {
            if peer != host
                && let Some(Ok(its)) = other.tab.as_ref().map(|tab| tab.client.doc(tab.room))
            {
                self.oracle.check_orphans(host, &format!("host {peer}"), doc, its);
            }
        }
    }

    /// Looks whether everybody has everything and says so; if not, again in a second.
    pub(super) fn look(&mut self) {
        let held =
            self.hosts.iter().filter_map(|host| host.tab.as_ref()?.sync).map(|sync| sync.held);
        if held.max().unwrap_or_default() as usize > HELD {
            self.oracle.fail("I6: too much is held".into());
        }
        if self.is_agreed() {
            self.rested = Some(self.now - self.faults_end());
        } else {
            self.later(self.now + 1_000, Happening::Look);
        }
    }

    pub(super) fn check_end(&mut self) {
        if let Err(claim) = self.mailbox.check_end(&self.server.messages) {
            self.oracle.fail(claim);
        }
        if let Some(peers) = self.setup.peers {
            self.check_sends(peers);
        }
        if self.rested.is_some_and(|after| after > REST) {
            self.oracle.fail(format!("I7: at rest only after {:?} ms", self.rested));
        }
        for (index, host) in self.hosts.iter().enumerate() {
            let Some(tab) = &host.tab else { continue };
            let place = format!("host {index}");
            let found = match tab.client.doc(tab.room) {
                Ok(doc) => self.oracle.find_end(&place, doc, self.durable()),
                Err(misuse) => Some(format!("{place}: {misuse}")),
            };
            let restless = (!self.is_at_rest(index, tab))
                .then(|| format!("I3: {place} ends with {:?}", tab.sync));
            if restless.is_some() && self.setup.print {
                println!("{:#?}", tab.client);
            }
            if let Some(claim) = found.or(restless) {
                return self.oracle.fail(claim);
            }
        }
    }
}
