//! All tunnels of a client: which request belongs to which, and which socket that is.

use std::collections::VecDeque;

use super::{Terms, Tunnel, TunnelOutput};
use crate::io::{FetchId, FetchInput, FetchOutput, SocketId, SocketInput, SocketOutput};
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// All tunnels of a client.
#[derive(Debug, Default)]
pub struct Tunnels {
    tunnels: OrderedMap<SocketId, Tunnel>,
    fetches: OrderedMap<FetchId, SocketId>,
    outputs: VecDeque<(FetchId, FetchOutput)>,
    inputs: VecDeque<(SocketId, SocketInput)>,
}

impl Tunnels {
    /// Takes the next request to make.
    pub fn poll_fetch(&mut self) -> Option<(FetchId, FetchOutput)> {
        self.outputs.pop_front()
    }

    /// Takes the next thing a socket has to tell.
    pub fn poll_socket(&mut self) -> Option<(SocketId, SocketInput)> {
        self.inputs.pop_front()
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.tunnels.values().map(Tunnel::poll_timeout).fold(None, Deadline::earliest)
    }

    /// Does with a tunnel what was asked of its socket; gives back what is none of ours.
    pub fn handle_output(
        &mut self,
        now: Instant,
        last_id: &mut u32,
        terms: Terms<'_>,
        socket: SocketId,
        output: SocketOutput,
    ) -> Option<SocketOutput> {
        if let SocketOutput::OpenTunnel { url, token } = output {
            let tunnel = Tunnel::open(now, last_id, terms, url, token.as_deref());
            self.tunnels.insert(socket, tunnel);
            self.collect(socket);
            return None;
        }
        let Some(tunnel) = self.tunnels.get_mut(&socket) else { return Some(output) };
        match output {
            SocketOutput::Send(frame) => tunnel.send(now, last_id, frame),
            SocketOutput::Close { code, reason } => tunnel.close(last_id, code, &reason),
            SocketOutput::Abandon => tunnel.close(last_id, ABANDONED, ""),
            SocketOutput::Measure => tunnel.measure(now),
            other => return Some(other),
        }
        self.collect(socket);
        None
    }

    /// Takes what a request reports.
    pub fn handle_fetch(
        &mut self,
        now: Instant,
        last_id: &mut u32,
        fetch: FetchId,
        input: FetchInput,
    ) {
        let over = matches!(input, FetchInput::End | FetchInput::Failed { .. });
        let Some(socket) = self.fetches.get(&fetch).copied() else {
            // The farewell of a tunnel that is over was heard.
            if matches!(input, FetchInput::Response { .. }) {
                self.outputs.push_back((fetch, FetchOutput::Abort));
            }
            return;
        };
        if over {
            self.fetches.remove(&fetch);
        }
        if let Some(tunnel) = self.tunnels.get_mut(&socket) {
            tunnel.handle_fetch(now, last_id, fetch, input);
            self.collect(socket);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant, last_id: &mut u32) {
        let due: Vec<SocketId> = self
            .tunnels
            .iter()
            .filter(|(_, tunnel)| tunnel.poll_timeout().is_some_and(|due| due.at <= now))
            .map(|(socket, _)| *socket)
            .collect();
        for socket in due {
            if let Some(tunnel) = self.tunnels.get_mut(&socket) {
                tunnel.handle_timeout(now, last_id);
            }
            self.collect(socket);
        }
    }

    fn collect(&mut self, socket: SocketId) {
        let Some(tunnel) = self.tunnels.get_mut(&socket) else { return };
        while let Some(output) = tunnel.poll_output() {
            match output {
                TunnelOutput::Socket(input) => self.inputs.push_back((socket, input)),
                TunnelOutput::Fetch(fetch, output) => {
                    match output {
                        FetchOutput::Abort => drop(self.fetches.remove(&fetch)),
                        FetchOutput::Read => {}
                        _ => drop(self.fetches.insert(fetch, socket)),
                    }
                    self.outputs.push_back((fetch, output));
                }
            }
        }
        if tunnel.is_over() {
            self.tunnels.remove(&socket);
            self.fetches.retain(|_, owner| *owner != socket);
        }
    }
}

/// Close code of a socket that nobody waits for any longer.
const ABANDONED: u16 = 4_000;
