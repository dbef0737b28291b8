//! What a stream tells the app, and how it is written.

use super::parser::Message;
use crate::json::JsonText;
use crate::status::{EndpointReason, Problem, Reason};
use crate::time::WallClock;

/// What happened on a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// The public state changed.
    State(StreamState),
    /// More text.
    Text {
        /// The text.
        text: String,
        /// Where that leaves the stream.
        place: Place,
    },
    /// More events.
    Messages {
        /// The events, in order.
        messages: Vec<Message>,
        /// Where that leaves the stream.
        place: Place,
    },
    /// The head of an answer whose body is the stream.
    Response {
        /// HTTP status.
        status: u16,
        /// Names in lower case, and values.
        headers: Vec<(String, String)>,
    },
    /// What has come so far does not count: the stream begins anew.
    Restart,
    /// The app is to answer with a URL and the options of the request.
    Request {
        /// Number of the question.
        request: u32,
        /// Attempt since the stream last ran well, from 0.
        attempt: u32,
        /// Why it is asked.
        reason: EndpointReason,
        /// Whether an earlier answer is to be continued.
        resumes: bool,
        /// The id to go on from, or empty.
        id: String,
    },
}

/// Where to go on from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The last event id.
    pub id: String,
    /// How much text (bytes) or how many events came behind it.
    pub behind: u64,
}

/// The public view of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// Where it stands.
    pub status: StreamStatus,
    /// Attempts since it last ran well, 0 while it runs.
    pub attempt: u32,
    /// When the next attempt is due, in the driver's milliseconds.
    pub next_retry_at: Option<u64>,
    /// Why the last answer ended or the stream is parked.
    pub reason: Option<Reason>,
    /// The error behind `reason`, if it is one.
    pub error: Option<StreamProblem>,
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// Not asked to start, or told to pause.
    Idle,
    /// First answer awaited.
    Connecting,
    /// The answer is being read.
    Streaming,
    /// Lost; trying again by itself.
    Reconnecting,
    /// All has come.
    Done,
    /// The app stopped it.
    Stopped,
    /// It failed.
    Error,
}

/// An error of a stream, with what the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamProblem {
    /// What happened and what to do.
    pub problem: Problem,
    /// HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// The beginning of its body.
    pub body: Option<String>,
}

impl From<Problem> for StreamProblem {
    fn from(problem: Problem) -> Self {
        Self { problem, status: None, body: None }
    }
}

impl StreamEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::State(_) => "stream",
            Self::Text { .. } => "text",
            Self::Messages { .. } => "messages",
            Self::Response { .. } => "response",
            Self::Restart => "restart",
            Self::Request { .. } => "request",
        }
    }

    pub(crate) fn write(&self, json: &mut JsonText, wall: WallClock) {
        match self {
            Self::State(state) => state.write(json, wall),
            Self::Text { text, place } => {
                json.word("text", text);
                place.write(json);
            }
            Self::Messages { messages, place } => {
                json.array("messages", messages, |json, message| {
                    json.list(|json| {
                        json.text(&message.event);
                        json.text(&message.data);
                        json.text(&message.id);
                    });
                });
                place.write(json);
            }
            Self::Response { status, headers } => {
                json.count("status", (*status).into());
                json.array("headers", headers, |json, (name, value)| {
                    json.list(|json| {
                        json.text(name);
                        json.text(value);
                    });
                });
            }
            Self::Restart => {}
            Self::Request { request, attempt, reason, resumes, id } => {
                json.count("request", (*request).into());
                json.count("attempt", (*attempt).into());
                json.word("reason", reason.name());
                json.key("resumes");
                json.flag(*resumes);
                json.word("id", id);
            }
        }
    }
}

impl Place {
    fn write(&self, json: &mut JsonText) {
        json.word("id", &self.id);
        json.count("behind", self.behind);
    }
}

impl StreamState {
    fn write(&self, json: &mut JsonText, wall: WallClock) {
        json.word("status", self.status.name());
        json.count("attempt", self.attempt.into());
        json.key("nextRetryAt");
        json.or_null(self.next_retry_at, |json, at| json.number(wall.at(at)));
        json.key("reason");
        json.or_null(self.reason.as_ref(), |json, reason| json.object(|json| reason.write(json)));
        json.key("error");
        json.or_null(self.error.as_ref(), |json, error| json.object(|json| error.write(json)));
    }
}

impl StreamStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Reconnecting => "reconnecting",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Error => "error",
        }
    }
}

impl StreamProblem {
    fn write(&self, json: &mut JsonText) {
        self.problem.write(json);
        json.key("status");
        json.or_null(self.status, |json, status| json.number(status.into()));
        json.key("body");
        json.or_null(self.body.as_deref(), JsonText::text);
    }
}
