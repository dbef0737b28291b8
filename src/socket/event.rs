//! What sockets tell.

use crate::connection::manner::VerdictRequest;
use crate::io::{EndpointRequest, SocketId, SocketOutput};
use crate::json::JsonText;
use crate::socket::message::Message;
use crate::status::{ConnectionState, EndpointReason, Problem};

/// What a session over a socket wants, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal<E> {
    /// Do this with a browser's socket.
    Socket(SocketId, SocketOutput),
    /// Ask the app for a URL and a token.
    AskEndpoint(EndpointRequest, u32, EndpointReason),
    /// Ask the app what a close with this code and reason means.
    AskVerdict(VerdictRequest, u16, String),
    /// The connection's public state changed.
    Status(ConnectionState),
    /// Something went wrong.
    Problem(Problem),
    /// Tell the app.
    Event(E),
}

/// What a plain socket tells.
#[derive(Clone, Debug, PartialEq)]
pub enum SocketEvent {
    /// A browser's socket opened.
    Opened {
        /// The subprotocol the server chose, or nothing.
        protocol: String,
    },
    /// A message came.
    Message(Message),
    /// An attempt ended, whether it had opened or not.
    Closed(Closing),
    /// What waited under this ticket is with the browser.
    Sent(u32),
    /// What waited under this ticket was not sent.
    Unsent(u32, Problem),
}

/// How a browser's socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Close code (RFC 6455 §7.4).
    pub code: u16,
    /// Words with it.
    pub reason: String,
    /// Whether both sides agreed.
    pub clean: bool,
}

impl Closing {
    /// A socket that was given up.
    pub(crate) fn lost() -> Self {
        Self { code: 1006, reason: String::new(), clean: false }
    }

    pub(crate) fn write(&self, json: &mut JsonText) {
        json.count("code", self.code.into());
        json.word("reason", &self.reason);
        json.key("clean");
        json.flag(self.clean);
    }
}

impl SocketEvent {
    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Message(_) => "message",
            Self::Closed(_) => "closed",
            Self::Sent(_) => "sent",
            Self::Unsent(..) => "unsent",
        }
    }

    /// Writes its members. Bytes are no JSON: see [`attachments`](Self::attachments).
    pub fn write(&self, json: &mut JsonText) {
        match self {
            Self::Opened { protocol } => json.word("protocol", protocol),
            Self::Message(Message::Text(text)) => json.word("text", text),
            Self::Message(Message::Binary(_)) => {}
            Self::Closed(closing) => closing.write(json),
            Self::Sent(ticket) => json.count("ticket", (*ticket).into()),
            Self::Unsent(ticket, problem) => {
                json.count("ticket", (*ticket).into());
                problem.write(json);
            }
        }
    }

    /// The bytes that go beside the JSON.
    pub fn attachments(&self) -> &[Vec<u8>] {
        match self {
            Self::Message(Message::Binary(bytes)) => std::slice::from_ref(bytes),
            _ => &[],
        }
    }
}
