//! Sockets that are gone, of which the browser tells something all the same, late.

use rejoin::io::{Input, SocketId, SocketInput, SocketRefusal};

use super::{Happening, World};

/// How late it may be.
const LATEST: u64 = 10_000;

impl World {
    /// A host lets go of a socket.
    pub(super) fn haunt(&mut self, host: usize, boot: u64, socket: SocketId) {
        if !self.setup.ghosts {
            return;
        }
        let input = match self.rng.u32(0..5) {
            0 => SocketInput::Opened { protocol: String::new() },
            1 => SocketInput::Frame(vec![0, 1, 2, 0, 0]),
            2 => SocketInput::Refused(SocketRefusal::Unavailable),
            3 => SocketInput::Closed { code: 4403, reason: String::new(), clean: true },
            _ => SocketInput::Closed { code: 1006, reason: String::new(), clean: false },
        };
        let at = self.now + self.rng.u64(1..LATEST);
        self.later(at, Happening::Ghost { host, boot, socket, input });
    }

    /// The host must not notice.
    pub(super) fn on_ghost(
        &mut self,
        host: usize,
        boot: u64,
        socket: SocketId,
        input: SocketInput,
    ) {
        let asked = self.bounds.asked(host);
        let Some(status) = self.tab(host, boot).map(|tab| tab.view.status) else { return };
        self.ghosts += 1;
        let words = format!("{input:?}");
        self.feed(host, Input::Socket(socket, input));
        let after = self.tab(host, boot).map(|tab| tab.view.status);
        if after != Some(status) || self.bounds.asked(host) != asked {
            self.oracle.fail(format!("I10: host {host} heeds a socket that is gone: {words}"));
        }
    }
}
