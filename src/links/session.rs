//! What the two kinds of sockets have in common.

use super::event::LinkEventKind;
use crate::connection::Context;
use crate::io::{Environment, SocketId, SocketInput};
use crate::socket::Socket;
use crate::socket::event::{Signal, SocketEvent};
use crate::socket_io::SocketIo;
use crate::socket_io::event::SocketIoEvent;
use crate::time::Deadline;

/// A session over reconnecting sockets.
pub(super) trait Session {
    /// What it tells the app.
    type Event: Into<LinkEventKind>;

    fn poll_signal(&mut self) -> Option<Signal<Self::Event>>;
    fn poll_timeout(&self) -> Option<Deadline>;
    fn connect(&mut self, cx: &mut Context<'_>);
    fn leave(&mut self, cx: &mut Context<'_>);
    fn handle_timeout(&mut self, cx: &mut Context<'_>);
    fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment);
    fn handle_socket(&mut self, cx: &mut Context<'_>, id: SocketId, input: SocketInput);
}

impl From<SocketEvent> for LinkEventKind {
    fn from(event: SocketEvent) -> Self {
        Self::Socket(event)
    }
}

impl From<SocketIoEvent> for LinkEventKind {
    fn from(event: SocketIoEvent) -> Self {
        Self::SocketIo(event)
    }
}

macro_rules! session {
    ($kind:ty, $event:ty, $leave:expr) => {
        impl Session for $kind {
            type Event = $event;

            fn poll_signal(&mut self) -> Option<Signal<$event>> {
                Self::poll_signal(self)
            }

            fn poll_timeout(&self) -> Option<Deadline> {
                Self::poll_timeout(self)
            }

            fn connect(&mut self, cx: &mut Context<'_>) {
                Self::connect(self, cx);
            }

            fn leave(&mut self, cx: &mut Context<'_>) {
                let leave: fn(&mut Self, &mut Context<'_>) = $leave;
                leave(self, cx);
            }

            fn handle_timeout(&mut self, cx: &mut Context<'_>) {
                Self::handle_timeout(self, cx);
            }

            fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
                Self::handle_environment(self, cx, environment);
            }

            fn handle_socket(&mut self, cx: &mut Context<'_>, id: SocketId, input: SocketInput) {
                Self::handle_socket(self, cx, id, input);
            }
        }
    };
}

session!(Socket, SocketEvent, |socket, cx| socket.close(cx, 1000, ""));
session!(SocketIo, SocketIoEvent, |session, cx| session.close(cx));
