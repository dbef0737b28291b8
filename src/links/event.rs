//! What a link tells the app.

use crate::json::JsonText;
use crate::machine::AppEvent;
use crate::socket::event::SocketEvent;
use crate::socket_io::event::SocketIoEvent;
use crate::status::{ConnectionState, EndpointReason, Problem};
use crate::stream::StreamEvent;
use crate::time::WallClock;

/// One event of one link. In JSON `{ type, link, … }` with camelCase names.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkEvent {
    /// Number of the link.
    pub link: u32,
    /// What happened.
    pub kind: LinkEventKind,
}

/// What happened on a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEventKind {
    /// The connection's public state changed.
    Connection(ConnectionState),
    /// The app is to answer with a URL and a token.
    Endpoint {
        /// Number of the question.
        request: u32,
        /// Connection attempt, from 0.
        attempt: u32,
        /// Why it is asked.
        reason: EndpointReason,
    },
    /// Something happened on a stream.
    Stream(StreamEvent),
    /// Something went wrong.
    Error(Problem),
    /// The app is to say what a close means.
    Verdict {
        /// Number of the question.
        request: u32,
        /// Close code.
        code: u16,
        /// Close reason of the server, possibly empty.
        reason: String,
    },
    /// What only a socket tells.
    Socket(SocketEvent),
    /// What only a Socket.IO session tells.
    SocketIo(SocketIoEvent),
}

impl AppEvent for LinkEvent {
    fn write(&self, json: &mut JsonText, wall: WallClock) {
        json.object(|json| {
            json.word("type", self.kind.name());
            json.count("link", self.link.into());
            self.kind.write(json, wall);
        });
    }

    fn attachments(&self) -> &[Vec<u8>] {
        match &self.kind {
            LinkEventKind::Socket(event) => event.attachments(),
            LinkEventKind::SocketIo(event) => event.attachments(),
            _ => &[],
        }
    }
}

impl LinkEventKind {
    fn name(&self) -> &'static str {
        match self {
            Self::Connection(_) => "connection",
            Self::Endpoint { .. } => "endpoint",
            Self::Stream(event) => event.name(),
            Self::Error(_) => "error",
            Self::Verdict { .. } => "verdict",
            Self::Socket(event) => event.name(),
            Self::SocketIo(event) => event.name(),
        }
    }

    fn write(&self, json: &mut JsonText, wall: WallClock) {
        match self {
            Self::Connection(state) => state.write(json, wall),
            Self::Endpoint { request, attempt, reason } => {
                json.count("request", (*request).into());
                json.count("attempt", (*attempt).into());
                json.word("reason", reason.name());
            }
            Self::Stream(event) => event.write(json, wall),
            Self::Error(problem) => problem.write(json),
            Self::Verdict { request, code, reason } => {
                json.count("request", (*request).into());
                json.count("code", (*code).into());
                json.word("reason", reason);
            }
            Self::Socket(event) => event.write(json),
            Self::SocketIo(event) => event.write(json),
        }
    }
}
