//! From the opened socket to the answered handshake, and how long that may take.

use super::heartbeat::{Heartbeat, Life};
use super::state::State;
use super::{Action, Connection, Context};
use crate::io::SocketId;
use crate::time::Instant;

/// A handshake is given at most two to the power of this times the ordinary time.
const MOST_DOUBLINGS: u32 = 4;

impl Connection {
    /// The room's handshake was answered and everything the server lacked is on its way.
    pub fn handle_handshake(&mut self, now: Instant) {
        if let State::Handshaking { socket, .. } = self.state {
            self.note_winner(now);
            self.history.connected_once = true;
            self.history.never_opened = 0;
            if !self.manner.bare {
                self.forgive();
            }
            self.history.reason = None;
            self.history.error = None;
            self.history.ran_out = 0;
            let life = self.manner.life;
            let heartbeat = Heartbeat::start(now, &self.config, life);
            // Where nothing is asked, no answer can prove the link: its uptime must do.
            let proven = life != Life::Probe;
            self.state = State::Online { socket, since: now, proven, heartbeat };
            self.publish();
        }
    }

    /// A step of the handshake arrived; a large document may take long to follow.
    pub fn handle_progress(&mut self, now: Instant) {
        self.allow(now, 3 * self.config.connect_timeout);
    }

    pub(super) fn on_opened(&mut self, cx: &mut Context<'_>, id: SocketId) {
        if let State::Connecting { since, .. } = self.state {
            self.history.never_opened = 0;
            self.history.heard = false;
            let deadline = since + self.config.connect_timeout;
            let deadline = deadline.max(cx.now + self.config.connect_timeout / 2);
            self.state = State::Handshaking { socket: id, deadline };
            self.note_opened(cx.now);
            self.actions.push_back(Action::LinkUp(id));
        }
    }

    pub(super) fn on_life(&mut self, now: Instant) {
        self.note_word();
        if !std::mem::replace(&mut self.history.heard, true) {
            self.allow(now, self.config.connect_timeout);
        }
        if let State::Online { since, heartbeat, proven, .. } = &mut self.state {
            let rtt = heartbeat.handle_life(now, &self.config);
            self.history.rtt = rtt.or(self.history.rtt);
            // A link that is never quiet is never probed.
            *proven |= rtt.is_some() || now.since(*since) >= self.config.reset_after;
        }
    }

    /// The answer may be one frame of a large document on a slow line, of which the browser tells nothing
    /// before it is whole: whoever gives up after the same time again never has it.
    fn allow(&mut self, now: Instant, time: u64) {
        let doublings = self.history.ran_out.min(MOST_DOUBLINGS);
        if let State::Handshaking { deadline, .. } = &mut self.state {
            *deadline = (*deadline).max(now + (time << doublings));
        }
    }

    /// The network is another one: what took long on the last says nothing.
    pub(super) fn expect_quick_handshake(&mut self, now: Instant) {
        self.history.ran_out = 0;
        let latest = now + 3 * self.config.connect_timeout;
        if let State::Handshaking { deadline, .. } = &mut self.state {
            *deadline = (*deadline).min(latest);
        }
    }

    /// The handshake was not answered in time.
    pub(super) fn on_handshake_ran_out(&mut self, cx: &mut Context<'_>) {
        self.history.ran_out = self.history.ran_out.saturating_add(u32::from(self.history.heard));
        self.give_up_silent(cx, "handshake");
    }
}
