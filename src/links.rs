//! Streams and sockets without documents: routes inputs and commands to each, outputs and events to the driver.

mod event;
mod session;
mod sockets;
mod streams;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use event::{LinkEvent, LinkEventKind};
use fastrand::Rng;

use crate::connection::Context;
use crate::error::Misuse;
use crate::io::{Input, Output};
use crate::machine::Machine;
use crate::ordered::OrderedMap;
use crate::page::Page;
use crate::socket::Socket;
use crate::socket::options::SocketOptions;
use crate::socket_io::SocketIo;
use crate::socket_io::options::SocketIoOptions;
use crate::stream::Stream;
use crate::time::{Deadline, Instant};
use sockets::Sockets;

/// One running set of links. Each has a number.
#[derive(Debug)]
pub struct Links {
    rng: Rng,
    /// Last number given to a link, a request or a question.
    last_id: u32,
    page: Page,
    streams: OrderedMap<u32, Stream>,
    sockets: Sockets<Socket>,
    sessions: Sockets<SocketIo>,
    outputs: VecDeque<Output<LinkEvent>>,
}

impl Links {
    /// No links yet. `seed` is the source of all randomness.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            last_id: 0,
            page: Page::default(),
            streams: OrderedMap::new(),
            sockets: Sockets::default(),
            sessions: Sockets::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Opens a socket and returns its number.
    pub fn open_socket(&mut self, now: Instant, options: SocketOptions) -> u32 {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let link = cx.fresh();
        self.sockets.open(&mut cx, link, Socket::new(options), self.page.holding());
        self.collect_sockets();
        link
    }

    /// Runs a command of a socket.
    ///
    /// # Errors
    /// What the command says, or `E_DISPOSED` if the socket was let go.
    pub fn with_socket<T>(
        &mut self,
        now: Instant,
        link: u32,
        command: impl FnOnce(&mut Socket, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, Misuse> {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let result = self.sockets.command(link, |socket| command(socket, &mut cx));
        self.collect_sockets();
        result
    }

    /// A socket, for reading.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    pub fn socket(&self, link: u32) -> Result<&Socket, Misuse> {
        self.sockets.socket(link)
    }

    /// Opens a Socket.IO session and returns its number.
    pub fn open_session(&mut self, now: Instant, options: SocketIoOptions) -> u32 {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let link = cx.fresh();
        self.sessions.open(&mut cx, link, SocketIo::new(options), self.page.holding());
        self.collect_sockets();
        link
    }

    /// Runs a command of a Socket.IO session.
    ///
    /// # Errors
    /// What the command says, or `E_DISPOSED` if it was let go.
    pub fn with_session<T>(
        &mut self,
        now: Instant,
        link: u32,
        command: impl FnOnce(&mut SocketIo, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, Misuse> {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let result = self.sessions.command(link, |session| command(session, &mut cx));
        self.collect_sockets();
        result
    }

    /// Lets go of a link: nothing more is heard of it.
    pub fn leave(&mut self, now: Instant, link: u32) {
        self.leave_stream(now, link);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        self.sockets.leave(&mut cx, link);
        self.sessions.leave(&mut cx, link);
        self.collect_sockets();
        self.outputs.retain(|output| !matches!(output, Output::Event(event) if event.link == link));
    }

    /// Lets go of all links.
    pub fn close(&mut self, now: Instant) {
        let streams: Vec<u32> = self.streams.iter().map(|(link, _)| *link).collect();
        let links = streams.into_iter().chain(self.sockets.links()).chain(self.sessions.links());
        links.for_each(|link| self.leave(now, link));
    }

    fn sockets_hear(&mut self, now: Instant, input: Input) {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        match input {
            Input::Timeout => {
                self.sockets.handle_timeout(&mut cx);
                self.sessions.handle_timeout(&mut cx);
            }
            Input::Environment(environment) => {
                self.sockets.handle_environment(&mut cx, environment);
                self.sessions.handle_environment(&mut cx, environment);
            }
            Input::Socket(id, input) if self.sockets.owns(id) => {
                self.sockets.handle_socket(&mut cx, id, input);
            }
            Input::Socket(id, input) => self.sessions.handle_socket(&mut cx, id, input),
            _ => {}
        }
        self.collect_sockets();
    }

    fn collect_sockets(&mut self) {
        self.outputs.extend(std::iter::from_fn(|| self.sockets.poll_output()));
        self.outputs.extend(std::iter::from_fn(|| self.sessions.poll_output()));
    }
}

impl Machine for Links {
    type Event = LinkEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        match &input {
            Input::Timeout => self.streams_time_out(now),
            Input::Environment(environment) => {
                self.page.note(*environment);
                self.streams_hear(now, *environment);
            }
            _ => {}
        }
        match input {
            Input::Fetch(id, input) => self.stream_fetch(now, id, input),
            input => self.sockets_hear(now, input),
        }
    }

    fn poll_output(&mut self) -> Option<Output<LinkEvent>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let sockets = Deadline::earliest(self.sockets.poll_timeout(), self.sessions.poll_timeout());
        Deadline::earliest(self.streams_deadline(), sockets)
    }
}
