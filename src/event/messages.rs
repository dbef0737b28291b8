//! What the app hears of a room's messages.

use super::Problem;
use crate::json::JsonText;

/// Something about the messages of a room. In JSON `{ type: "messages", what, … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageEvent {
    /// Whether the server speaks messages, and whether a reconnect missed any.
    State {
        /// Whether it does; nothing while that is not known.
        supported: Option<bool>,
        /// Whether nothing was missed since the last link; nothing if there was none.
        recovered: Option<bool>,
    },
    /// Stored messages, in order.
    Received {
        /// Whether they do not adjoin what was received before: that is to be forgotten.
        reset: bool,
        /// Whether they were written before this subscription, for those who have seen nothing that adjoins them.
        history: bool,
        /// The messages.
        messages: Vec<Message>,
    },
    /// A message that is not stored.
    Passing {
        /// Whether it is for this connection alone.
        direct: bool,
        /// The message, without number and id.
        message: Message,
    },
    /// Messages of an earlier run that still wait for the server, in order.
    Restored(Vec<Message>),
    /// An own message is stored on the server.
    Sent {
        /// Its id.
        id: String,
        /// Its number in the room, 0 if that is no longer known.
        seq: u64,
    },
    /// The server refused an own message for good; it no longer waits.
    Refused {
        /// Its id.
        id: String,
        /// Why.
        problem: Problem,
    },
    /// The answer to a question.
    Answer {
        /// Number of the question.
        request: u64,
        /// The answer.
        answer: Answer,
    },
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The direct message is on its way.
    Delivered,
    /// Earlier messages, in order.
    Page {
        /// Whether there are still earlier ones.
        more: bool,
        /// The messages.
        messages: Vec<Message>,
    },
    /// There is none.
    Failed(Problem),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Number in the room, from 1; 0 if it is not stored.
    pub seq: u64,
    /// When the server took it, in milliseconds since 1970.
    pub at: u64,
    /// Connection id of the sender, 0 if it has none.
    pub from: u64,
    /// What kind of message, for the app.
    pub kind: u64,
    /// Stable id.
    pub id: String,
    /// JSON text.
    pub data: String,
    /// Whether this device sent it.
    pub own: bool,
}

impl MessageEvent {
    /// Writes the members of the event.
    pub(super) fn write(&self, json: &mut JsonText) {
        json.word("what", self.name());
        match self {
            Self::State { supported, recovered } => {
                for (name, value) in [("supported", supported), ("recovered", recovered)] {
                    json.key(name);
                    json.or_null(*value, JsonText::flag);
                }
            }
            Self::Received { reset, history, messages } => {
                json.key("reset");
                json.flag(*reset);
                json.key("history");
                json.flag(*history);
                write_messages(json, messages);
            }
            Self::Passing { direct, message } => {
                json.key("direct");
                json.flag(*direct);
                json.key("message");
                json.object(|json| message.write(json));
            }
            Self::Restored(messages) => write_messages(json, messages),
            Self::Sent { id, seq } => {
                json.word("id", id);
                json.count("seq", *seq);
            }
            Self::Refused { id, problem } => {
                json.word("id", id);
                problem.write(json);
            }
            Self::Answer { request, answer } => {
                json.count("request", *request);
                match answer {
                    Answer::Delivered => {}
                    Answer::Page { more, messages } => {
                        json.key("more");
                        json.flag(*more);
                        write_messages(json, messages);
                    }
                    Answer::Failed(problem) => problem.write(json),
                }
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::State { .. } => "state",
            Self::Received { .. } => "received",
            Self::Passing { .. } => "passing",
            Self::Restored(_) => "restored",
            Self::Sent { .. } => "sent",
            Self::Refused { .. } => "refused",
            Self::Answer { answer: Answer::Delivered, .. } => "delivered",
            Self::Answer { answer: Answer::Page { .. }, .. } => "page",
            Self::Answer { answer: Answer::Failed(_), .. } => "failed",
        }
    }
}

impl Message {
    fn write(&self, json: &mut JsonText) {
        json.count("seq", self.seq);
        json.count("at", self.at);
        json.count("from", self.from);
        json.count("kind", self.kind);
        json.word("id", &self.id);
        json.word("data", &self.data);
        json.key("own");
        json.flag(self.own);
    }
}

fn write_messages(json: &mut JsonText, messages: &[Message]) {
    json.array("messages", messages, |json, message| json.object(|json| message.write(json)));
}
