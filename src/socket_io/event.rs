//! What a Socket.IO session tells.

use crate::json::JsonText;
use crate::socket::event::Closing;
use crate::status::Problem;

/// What only a Socket.IO session tells.
#[derive(Clone, Debug, PartialEq)]
pub enum SocketIoEvent {
    /// The namespace was joined.
    Joined {
        /// The session's id.
        sid: String,
        /// Whether the server sent, or will send, what was missed.
        recovered: bool,
    },
    /// The server refused the namespace; JSON text of its words.
    Denied(String),
    /// An event came.
    Event(Incoming),
    /// The answer to the event of a ticket came.
    Answer(u32, Incoming),
    /// An attempt ended.
    Closed(Closing),
    /// What waited under this ticket is with the browser.
    Sent(u32),
    /// What waited under this ticket was not sent, or its answer will not come.
    Unsent(u32, Problem),
}

/// Data of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// JSON text of an array; bytes have placeholders.
    pub data: String,
    /// The bytes.
    pub attachments: Vec<Vec<u8>>,
    /// Number under which the sender wants an answer.
    pub id: Option<u64>,
}

impl SocketIoEvent {
    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Joined { .. } => "joined",
            Self::Denied(_) => "denied",
            Self::Event(_) => "event",
            Self::Answer(..) => "answer",
            Self::Closed(_) => "closed",
            Self::Sent(_) => "sent",
            Self::Unsent(..) => "unsent",
        }
    }

    /// Writes its members. Bytes are no JSON: see [`attachments`](Self::attachments).
    pub fn write(&self, json: &mut JsonText) {
        match self {
            Self::Joined { sid, recovered } => {
                json.word("sid", sid);
                json.key("recovered");
                json.flag(*recovered);
            }
            Self::Denied(data) => json.word("data", data),
            Self::Event(incoming) => {
                json.word("data", &incoming.data);
                json.key("id");
                json.or_null(incoming.id, JsonText::number);
            }
            Self::Answer(ticket, incoming) => {
                json.count("ticket", (*ticket).into());
                json.word("data", &incoming.data);
            }
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
            Self::Event(incoming) | Self::Answer(_, incoming) => &incoming.attachments,
            _ => &[],
        }
    }
}
