//! What goes between the hosts and the server.

use rejoin::io::{Input, SocketId, SocketInput, SocketOutput};
use rejoin_server::hub::{HubInput, HubOutput, MemberId};

use super::tunnels::TunnelHappening;
use super::{Happening, World};
use crate::net::{Health, LinkId, Way};

impl World {
    pub(super) fn on_socket_output(
        &mut self,
        host: usize,
        boot: u64,
        socket: SocketId,
        output: SocketOutput,
    ) {
        if let SocketOutput::Open { .. } = output {
            let claim = self.bounds.attempt(self.now, host);
            self.oracle.claim(claim);
        }
        match output {
            SocketOutput::Open { .. } if host < self.setup.tunnels => {
                let at = self.now + self.net.delay(&mut self.rng);
                let boot = self.hosts[host].boot;
                self.later(at, Happening::Tunnel(TunnelHappening::Blocked { host, boot, socket }));
            }
            SocketOutput::Open { .. } => {
                let link = self.net.open(host, boot, socket);
                let at = self.now + 2 * self.net.delay(&mut self.rng) + 1;
                self.later(at, Happening::Join { link });
            }
            SocketOutput::Send(frame) => {
                self.check_footing(host, &frame);
                let claim = self.bounds.sent(host, frame.len());
                self.oracle.claim(claim);
                if let Some(link) = self.net.find(host, boot, socket)
                    && !self.dies(host)
                {
                    self.check_wire(host, link, &frame);
                    for at in self.net.arrivals(&mut self.rng, self.now, link, Way::Up) {
                        self.later(at, Happening::Up { link, frame: frame.clone() });
                    }
                    self.dies(host);
                }
            }
            SocketOutput::Close { .. } | SocketOutput::Abandon => {
                self.bounds.give_up(self.now, host);
                self.haunt(host, boot, socket);
                if let Some(link) = self.net.find(host, boot, socket) {
                    let at = self.now + self.net.delay(&mut self.rng);
                    self.later(at, Happening::Gone { link });
                }
            }
            SocketOutput::Measure => {
                self.feed(host, Input::Socket(socket, SocketInput::Buffered(0)));
            }
            SocketOutput::Preflight { .. }
            | SocketOutput::OpenTunnel { .. }
            | SocketOutput::SendText(_) => {}
        }
    }

    /// The wire's discipline: a live update follows the handshake's diff, never precedes it.
    pub(super) fn check_wire(&mut self, host: usize, link: LinkId, frame: &[u8]) {
        let Some(link) = self.net.links.get_mut(&link) else { return };
        match frame {
            [0, 1, ..] => link.pushed = true,
            [0, 2, ..] if !link.pushed => {
                self.oracle.fail(format!("host {host} streams before the handshake was answered"));
            }
            _ => {}
        }
    }

    pub(super) fn on_join(&mut self, id: LinkId) {
        let host = self.net.links.get(&id).map_or(0, |link| link.host);
        let up = self.server.hub.is_some() && !self.setup.is_guest(host);
        let Some(link) = self.net.links.get_mut(&id) else { return };
        if !up {
            let input = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
            self.on_socket(id, input);
            self.net.links.remove(&id);
            return;
        }
        if link.health == Health::Silent {
            return;
        }
        if self.now < self.server.refuses_until {
            return self.refuse(id);
        }
        link.joined = true;
        self.on_socket(id, SocketInput::Opened { protocol: String::new() });
        let outputs = self.server.join(self.now, id, self.permission(host));
        self.perform_server(outputs);
    }

    pub(super) fn on_socket(&mut self, link: LinkId, input: SocketInput) {
        let Some(link) = self.net.links.get(&link) else { return };
        let (host, boot, socket) = (link.host, link.boot, link.socket);
        let now = self.now;
        if let Some(tab) = self.tab(host, boot) {
            tab.view.online = now;
            self.feed(host, Input::Socket(socket, input));
        }
    }

    pub(super) fn feed_server(&mut self, input: HubInput) {
        let outputs = self.server.input(self.now, input);
        self.perform_server(outputs);
    }

    pub(super) fn perform_server(&mut self, outputs: Vec<HubOutput>) {
        for output in outputs {
            if matches!(output, HubOutput::Send { .. } | HubOutput::Store { .. })
                && self.server_dies()
            {
                return;
            }
            match output {
                HubOutput::Send { member, frame } if self.tunnels.contains_key(&member.0) => {
                    self.push_down(member.0, frame);
                }
                HubOutput::Close { member, code, reason }
                    if self.tunnels.contains_key(&member.0) =>
                {
                    self.close_tunnel(member.0, code, &reason);
                }
                HubOutput::Send { member, frame } => {
                    for at in self.net.arrivals(&mut self.rng, self.now, member.0, Way::Down) {
                        let input = SocketInput::Frame(frame.to_vec());
                        self.later(at, Happening::Socket { link: member.0, input });
                    }
                }
                HubOutput::Close { member, .. } if self.send_hostile_away(member.0) => {}
                HubOutput::Close { member, code, reason } => {
                    let at = self.now + self.net.delay(&mut self.rng);
                    let input = SocketInput::Closed { code, reason, clean: true };
                    self.later(at, Happening::Socket { link: member.0, input });
                    self.later(at + 1, Happening::Gone { link: member.0 });
                }
                HubOutput::Cut { member } => self.drop_link(member.0),
                HubOutput::Probe { member } => self.on_server_probe(member),
                task @ (HubOutput::Load { .. }
                | HubOutput::Store { .. }
                | HubOutput::Compact { .. }) => {
                    let crawls = self.now < self.server.crawls_until;
                    let takes = self.rng.u64(if crawls { 300..3_000 } else { 1..30 });
                    let at = self.server.begin(self.now, takes, task);
                    self.later(at, Happening::ServerDisk { life: self.server_life });
                }
                HubOutput::SetAside { key, .. } => {
                    self.oracle.fail(format!("the server could not read its own record {key:?}"));
                }
                HubOutput::Notice(_) => {}
            }
        }
        self.set_server_timer();
    }

    fn on_server_probe(&mut self, member: MemberId) {
        let answers = self.net.links.get(&member.0).is_some_and(|link| link.health == Health::Good);
        if answers {
            self.feed_server(HubInput::Heard { member });
        }
    }

    fn set_server_timer(&mut self) {
        let deadline = self.server.hub.as_ref().and_then(|hub| hub.poll_timeout());
        let wanted = deadline.map(|deadline| deadline.at.as_millis().max(self.now + 1));
        if self.server.timer != wanted {
            self.server.timer = wanted;
            if let Some(at) = wanted {
                self.later(at, Happening::ServerTimer { at });
            }
        }
    }
}
