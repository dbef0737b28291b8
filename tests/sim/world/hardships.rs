//! Hardships beyond cuts and crashes: machines that sleep, clocks that jump, storage that is evicted or rots, proxies that
//! buffer, servers that refuse, crawl, fail to write or come back from an old backup, and somebody in the room who means harm.

use rejoin::io::{Environment, Input, SocketInput};
use rejoin_server::hub::{HubInput, MemberId, Permission};

use serde_json::Value;

use super::{FAULTS, Happening, World};
use crate::actions::Action;
use crate::hostile;
use crate::net::{Health, LinkId};
use crate::oracle::tokens;

/// What may be lost in one run: a promise that two of these break together was never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Rollback,
    Eviction,
    Rot,
    None,
}

impl World {
    /// Draws what else happens in the time of faults.
    pub(super) fn plan_hardships(&mut self) {
        let themes = [Theme::Rollback, Theme::Eviction, Theme::Rot, Theme::None];
        let theme = *self.rng.choice(&themes).unwrap_or(&Theme::None);
        let mut at = 0;
        while at < FAULTS {
            at += self.rng.u64(200..2_500);
            let host = self.rng.usize(0..self.hosts.len());
            let action = match self.rng.u32(0..14) {
                0..=1 => Action::Sleep(host, self.rng.u64(500..40_000)),
                2 => Action::ClockJump(host, self.rng.u64(1_000..7_200_000)),
                3..=4 => Action::Stall(host, self.rng.u64(200..15_000)),
                5 => Action::ServerRefuses(self.rng.u64(500..8_000)),
                6 => Action::ServerCrawls(self.rng.u64(500..8_000)),
                7 => Action::ServerDiskFails(self.rng.u64(100..4_000)),
                8..=10 => Action::Hostile,
                _ => match theme {
                    Theme::Rollback => Action::ServerRollback,
                    Theme::Eviction => Action::Evict(host),
                    Theme::Rot => Action::Rot(host),
                    Theme::None => Action::Sleep(host, self.rng.u64(50..2_000)),
                },
            };
            self.schedule(at, action);
        }
    }

    pub(super) fn suffer(&mut self, action: Action) {
        match action {
            Action::Sleep(host, millis) => self.sleep(host, millis),
            Action::ClockJump(host, millis) => {
                self.hosts[host].skew += millis;
                if self.rng.bool() {
                    self.feed(host, Input::Environment(Environment::ClockJump));
                }
                self.set_timer(host);
            }
            Action::Stall(host, millis) => self.net.stall(host, self.now + millis),
            Action::ServerRefuses(millis) => self.server.refuses_until = self.now + millis,
            Action::ServerCrawls(millis) => self.server.crawls_until = self.now + millis,
            Action::ServerDiskFails(millis) => self.server.fails_until = self.now + millis,
            Action::ServerRollback => self.roll_back(),
            Action::Evict(host) => self.evict(host),
            Action::Rot(host) => self.rot(host),
            Action::Hostile => self.on_hostile(),
            other => self.change_footing(other),
        }
    }

    /// Whether what happens is for a machine that is asleep; then it happens when that wakes.
    pub(super) fn sleeps_through(&self, happening: &Happening) -> Option<u64> {
        let host = match happening {
            Happening::Timer { host, .. } | Happening::Disk { host, .. } => *host,
            Happening::Socket { link, .. } => self.net.links.get(link)?.host,
            Happening::Act(Action::Edit(host) | Action::Reconnect(host)) => *host,
            Happening::Act(Action::Wake(host, _)) => *host,
            _ => return None,
        };
        let until = self.hosts[host].asleep_until;
        (until > self.now).then_some(until)
    }

    /// Nothing is done until it wakes; half of the time the network has forgotten it by then.
    fn sleep(&mut self, host: usize, millis: u64) {
        let until = (self.now + millis).min(self.faults_end());
        self.hosts[host].asleep_until = until;
        if self.rng.bool() {
            self.silence(host);
        }
        self.later(until, Happening::Act(Action::Wake(host, Environment::Resume)));
    }

    pub(super) fn silence(&mut self, host: usize) {
        self.bounds.silence(self.now, host);
        for link in self.net.links.values_mut().filter(|link| link.host == host) {
            link.health = Health::Silent;
        }
    }

    /// A point at which a host's storage may be cleared; when it has had the time to write everything anew, it dies.
    pub(super) fn may_be_cleared(&mut self, host: usize) {
        if self.setup.cleared_at == Some(self.points) {
            self.later(self.now, Happening::Act(Action::Evict(host)));
            self.later(self.now + 2_500, Happening::Act(Action::Crash(host)));
        }
    }

    /// The browser deletes what the site stored, under the open database.
    fn evict(&mut self, host: usize) {
        let told = self.hosts[host].disk.evict();
        if self.hosts[host].disk.hangs {
            self.wake_disk(host);
        }
        self.oracle.device_lost(host, self.hosts[host].boot);
        if told {
            self.feed(host, Input::StorageLost("rejoin//room".into()));
        }
    }

    /// A bit of a stored record flips while the page is closed. What nobody else has is not put at risk: no checksum brings it back.
    fn rot(&mut self, host: usize) {
        if !self.is_safe(host) {
            return;
        }
        self.crash(host);
        if self.hosts[host].disk.rot(&mut self.rng) {
            self.oracle.device_lost(host, self.hosts[host].boot);
        }
    }

    /// The server dies, and comes back with what it had some time ago.
    fn roll_back(&mut self) {
        self.crash_server(3_000);
        let before = tokens(&self.server.durable);
        self.server.roll_back(&mut self.rng);
        let after = tokens(&self.server.durable);
        self.oracle
            .server_rolled_back(before.into_keys().filter(|token| !after.contains_key(token)));
    }

    /// Somebody in the room says something that hurts.
    fn on_hostile(&mut self) {
        if self.server.hub.is_none() {
            return;
        }
        if self.hostile.is_none_or(|(_, life)| life != self.server_life) {
            let link = self.net.reserve();
            self.hostile = Some((link, self.server_life));
            let outputs = self.server.join(self.now, link, Permission::Write);
            self.perform_server(outputs);
        }
        let Some((link, _)) = self.hostile else { return };
        let victims: Vec<u64> = self
            .hosts
            .iter()
            .filter_map(|host| host.tab.as_ref()?.client.client_id(host.tab.as_ref()?.room).ok())
            .collect();
        let read = self.server.durable.read();
        let items = read.get("log").and_then(Value::as_array);
        let has_list = items.is_some_and(|items| items.iter().any(Value::is_string));
        let bytes = hostile::draw_frame(&mut self.rng, &victims, has_list);
        self.feed_server(HubInput::Frame { member: MemberId(link), bytes: bytes.into() });
    }

    /// The server ends the link of the one who means harm; it will be back.
    pub(super) fn send_hostile_away(&mut self, link: LinkId) -> bool {
        let gone = self.hostile.is_some_and(|(hostile, _)| hostile == link);
        if gone {
            self.hostile = None;
            self.feed_server(HubInput::Leave { member: MemberId(link) });
        }
        gone
    }

    /// A server that has too much to do says so, in one way or another.
    pub(super) fn refuse(&mut self, link: LinkId) {
        let (code, reason) = *self
            .rng
            .choice(&[(1013, ""), (4_429, r#"{"retry_ms":900}"#), (1006, "")])
            .unwrap_or(&(1006, ""));
        if code != 1006 {
            self.on_socket(link, SocketInput::Opened { protocol: String::new() });
        }
        let input = SocketInput::Closed { code, reason: reason.into(), clean: code != 1006 };
        self.on_socket(link, input);
        self.net.links.remove(&link);
    }
}
