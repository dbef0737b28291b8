//! The sockets of a set of links: who owns which browser's socket, and what each session wants.

use std::collections::VecDeque;

use super::event::{LinkEvent, LinkEventKind};
use super::session::Session;
use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::io::{Environment, Output, SocketId, SocketInput, SocketOutput};
use crate::ordered::OrderedMap;
use crate::socket::event::Signal;
use crate::time::Deadline;

/// All sockets, by the numbers of their links.
#[derive(Debug)]
pub(super) struct Sockets<S> {
    sessions: OrderedMap<u32, S>,
    owners: OrderedMap<SocketId, u32>,
    outputs: VecDeque<Output<LinkEvent>>,
}

impl<S> Default for Sockets<S> {
    fn default() -> Self {
        Self { sessions: OrderedMap::new(), owners: OrderedMap::new(), outputs: VecDeque::new() }
    }
}

impl<S: Session> Sockets<S> {
    /// Takes the next output, in order.
    pub(super) fn poll_output(&mut self) -> Option<Output<LinkEvent>> {
        self.outputs.pop_front()
    }

    /// When time matters next.
    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        self.sessions.values().map(S::poll_timeout).fold(None, Deadline::earliest)
    }

    /// Adds a socket under a number; it is told what holds of the page, and connects.
    pub(super) fn open(
        &mut self,
        cx: &mut Context<'_>,
        link: u32,
        mut socket: S,
        page: &[Environment],
    ) {
        page.iter().for_each(|environment| socket.handle_environment(cx, *environment));
        socket.connect(cx);
        self.sessions.insert(link, socket);
        self.collect(link);
    }

    /// Closes a socket and forgets it; nothing more is heard of it.
    pub(super) fn leave(&mut self, cx: &mut Context<'_>, link: u32) {
        self.run(link, |socket| socket.leave(cx));
        self.sessions.remove(&link);
        self.owners.retain(|_, owner| *owner != link);
    }

    /// The numbers of all sockets.
    pub(super) fn links(&self) -> Vec<u32> {
        self.sessions.keys().copied().collect()
    }

    /// Time has passed.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        for link in self.links() {
            self.run(link, |socket| socket.handle_timeout(cx));
        }
    }

    /// Something happened to the page or the network.
    pub(super) fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
        for link in self.links() {
            self.run(link, |socket| socket.handle_environment(cx, environment));
        }
    }

    /// Whether a browser's socket is one of theirs.
    pub(super) fn owns(&self, id: SocketId) -> bool {
        self.owners.get(&id).is_some()
    }

    /// Something happened to a browser's socket.
    pub(super) fn handle_socket(&mut self, cx: &mut Context<'_>, id: SocketId, input: SocketInput) {
        let Some(link) = self.owners.get(&id).copied() else { return };
        let over = !matches!(
            input,
            SocketInput::Opened { .. }
                | SocketInput::Frame(_)
                | SocketInput::Text(_)
                | SocketInput::Buffered(_)
        );
        if over {
            self.owners.remove(&id);
        }
        self.run(link, |socket| socket.handle_socket(cx, id, input));
    }

    /// A socket, for reading.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    pub(super) fn socket(&self, link: u32) -> Result<&S, Misuse> {
        self.sessions.get(&link).ok_or_else(|| gone(link))
    }

    /// Runs a command of a socket and collects what follows from it.
    ///
    /// # Errors
    /// What the command says, or `E_DISPOSED` if the socket was let go.
    pub(super) fn command<T>(
        &mut self,
        link: u32,
        run: impl FnOnce(&mut S) -> Result<T, Misuse>,
    ) -> Result<T, Misuse> {
        self.run(link, run).unwrap_or_else(|| Err(gone(link)))
    }

    fn run<T>(&mut self, link: u32, run: impl FnOnce(&mut S) -> T) -> Option<T> {
        let socket = self.sessions.get_mut(&link)?;
        let value = run(socket);
        self.collect(link);
        Some(value)
    }

    fn collect(&mut self, link: u32) {
        let Some(socket) = self.sessions.get_mut(&link) else { return };
        while let Some(signal) = socket.poll_signal() {
            let kind = match signal {
                Signal::Socket(id, output) => {
                    own(&mut self.owners, link, id, &output);
                    self.outputs.push_back(Output::Socket(id, output));
                    continue;
                }
                Signal::AskEndpoint(request, attempt, reason) => {
                    LinkEventKind::Endpoint { request: request.0, attempt, reason }
                }
                Signal::AskVerdict(request, code, reason) => {
                    LinkEventKind::Verdict { request: request.0, code, reason }
                }
                Signal::Status(state) => LinkEventKind::Connection(state),
                Signal::Problem(problem) => LinkEventKind::Error(problem),
                Signal::Event(event) => event.into(),
            };
            self.outputs.push_back(Output::Event(LinkEvent { link, kind }));
        }
    }
}

fn own(owners: &mut OrderedMap<SocketId, u32>, link: u32, id: SocketId, output: &SocketOutput) {
    match output {
        SocketOutput::Open { .. } | SocketOutput::Preflight { .. } => {
            owners.insert(id, link);
        }
        SocketOutput::Close { .. } | SocketOutput::Abandon => {
            owners.remove(&id);
        }
        // Plain sockets have no tunnels.
        SocketOutput::OpenTunnel { .. }
        | SocketOutput::Send(_)
        | SocketOutput::SendText(_)
        | SocketOutput::Measure => {}
    }
}

fn gone(link: u32) -> Misuse {
    Misuse::new(ErrorCode::Disposed, format!("link {link} has been let go"))
}
