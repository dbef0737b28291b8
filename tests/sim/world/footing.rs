//! Servers that let somebody only read for a while, go back to a backup, or begin anew from nothing; and apps that
//! answer the question that follows.

use rejoin::doc::Doc;
use rejoin::error::ErrorCode;
use rejoin::event::{Durability, Obstacle, Problem, SyncStatus};
use rejoin_server::hub::{HubInput, MemberId, Permission};

use super::{FAULTS, Happening, World};
use crate::actions::Action;
use crate::net::LinkId;
use crate::oracle::tokens;

/// How long an app takes to decide, at most.
const DECIDES: u64 = 3_000;

impl World {
    /// A server that lost what it had may be given other words by a machine that has them, so one run has only one of these.
    pub(super) fn plan_footing(&mut self) {
        self.server.found();
        // Among peers words that differ under the same ids would spread.
        let forgets = self.setup.peers.is_some() || self.rng.bool();
        let mut at = 0;
        while at < FAULTS {
            at += self.rng.u64(500..4_000);
            let host = self.rng.usize(0..self.hosts.len());
            let action = match self.rng.u32(0..10) {
                0..=5 => Action::ReadOnly(host, self.rng.u64(200..12_000)),
                _ if !forgets => Action::Diverge(host),
                6..=7 => Action::ServerRollback,
                _ => Action::ServerReset,
            };
            self.schedule(at, action);
        }
    }

    pub(super) fn change_footing(&mut self, action: Action) {
        match action {
            Action::ReadOnly(host, millis) => {
                self.hosts[host].reads_until = self.now + millis;
                self.permit(host, Permission::Read);
                self.later(self.now + millis, Happening::Act(Action::Permit(host)));
            }
            Action::Permit(host) if self.permission(host) == Permission::Write => {
                self.permit(host, Permission::Write);
            }
            Action::ServerReset => self.begin_anew(),
            Action::Diverge(host) => self.diverge(host),
            Action::Reload(host) => self.reload(host),
            Action::Merge(host) => self.command(host, |tab, now| {
                let _ = tab.client.merge(now, tab.room);
            }),
            _ => {}
        }
    }

    /// Everybody may write.
    pub(super) fn permit_all(&mut self) {
        let hosts = if self.setup.footing { self.hosts.len() } else { 0 };
        for host in 0..hosts {
            self.hosts[host].reads_until = 0;
            self.permit(host, Permission::Write);
        }
    }

    pub(super) fn permission(&self, host: usize) -> Permission {
        if self.now < self.hosts[host].reads_until { Permission::Read } else { Permission::Write }
    }

    fn permit(&mut self, host: usize, permission: Permission) {
        let of_host = self.net.links.iter().filter(|(_, link)| link.host == host && link.joined);
        let links: Vec<LinkId> = of_host.map(|(id, _)| *id).collect();
        for link in links {
            self.feed_server(HubInput::Permit { member: MemberId(link), permission, user: None });
        }
    }

    /// The server dies, and comes back with nothing.
    fn begin_anew(&mut self) {
        self.crash_server(3_000);
        self.oracle.server_rolled_back(tokens(&self.server.durable).into_keys());
        self.server.lose_everything();
    }

    /// A machine comes back with other words in its log than were written there. What nobody else has is not put at risk.
    fn diverge(&mut self, host: usize) {
        let altered = altered(self.server.durable.encode_state(), self.oracle.next_mark());
        if let Some((update, token, shown)) = altered
            && self.is_safe(host)
        {
            self.oracle.altered(token, shown);
            self.crash(host);
            self.oracle.device_lost(host, self.hosts[host].boot);
            self.hosts[host].disk.hold(update);
        }
    }

    /// What is on the device is thrown away, unless the user has gone on meanwhile.
    fn reload(&mut self, host: usize) {
        if self.is_safe(host) {
            self.crash(host);
            self.oracle.device_lost(host, self.hosts[host].boot);
            self.hosts[host].disk.clear();
            self.start(host);
        }
    }

    /// Whether the server has everything of a host.
    pub(super) fn is_safe(&self, host: usize) -> bool {
        let sync = self.hosts[host].tab.as_ref().and_then(|tab| tab.sync);
        sync.is_some_and(|state| {
            state.status == SyncStatus::Synchronized && state.local == Durability::Saved
        })
    }

    fn obstacle(&self, host: usize) -> Option<Obstacle> {
        self.hosts[host].tab.as_ref()?.sync?.obstacle
    }

    /// A client that knows that it may not write, or has to ask first, does not.
    pub(super) fn check_footing(&mut self, host: usize, frame: &[u8]) {
        if let ([0, 1 | 2, ..], Some(obstacle)) = (frame, self.obstacle(host)) {
            self.oracle.fail(format!("host {host} pushes over {obstacle:?}"));
        }
    }

    /// Nor does it by way of its peers.
    pub(super) fn check_path_footing(&mut self, host: usize, frame: &[u8]) {
        if let (Some(Obstacle::ReadOnly | Obstacle::Epoch), [0, 1 | 2, ..]) =
            (self.obstacle(host), frame)
        {
            self.check_footing(host, frame);
        }
    }

    /// What a client that has to ask first has: nothing is added to it by its peers.
    pub(super) fn undecided(&self, host: usize) -> Option<u64> {
        let tab = self.hosts[host].tab.as_ref()?;
        let waits = self.obstacle(host) == Some(Obstacle::Epoch);
        tab.client.doc(tab.room).ok().filter(|_| waits).map(Doc::hash)
    }

    /// The app is asked what becomes of what is here, and takes its time.
    pub(super) fn on_problem(&mut self, host: usize, problem: &Problem) {
        if problem.code == ErrorCode::Epoch {
            let at = self.now + self.rng.u64(0..DECIDES);
            self.later(at, Happening::Act(Action::Merge(host)));
        }
    }
}

/// The same update with `mark` for the author in the words of a token, and that token before and after. `None` if it has none.
fn altered(mut update: Vec<u8>, mark: u8) -> Option<(Vec<u8>, String, String)> {
    let is_token = |window: &[u8]| matches!(window, [b'h', b'0'..=b'9', b'b', b'0'..=b'9', ..]);
    let at = update.windows(5).position(is_token)?;
    let length = update.get(at..)?.iter().position(|byte| *byte == b';')? + 1;
    let read = |update: &[u8]| String::from_utf8(update.get(at..at + length)?.to_vec()).ok();
    let token = read(&update)?;
    *update.get_mut(at + 1)? = mark;
    let shown = read(&update)?;
    Some((update, token, shown))
}
