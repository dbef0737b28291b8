//! The state of a link as JSON text: what TypeScript receives.

use super::{ConnectionState, EndpointReason, Reason, Status, Transport};
use crate::json::JsonText;
use crate::time::WallClock;

impl ConnectionState {
    pub(crate) fn write(&self, json: &mut JsonText, wall: WallClock) {
        json.word("status", self.status.name());
        json.key("transport");
        json.or_null(self.transport, |json, transport| json.text(transport.name()));
        json.count("attempt", self.attempt.into());
        json.key("nextRetryAt");
        json.or_null(self.next_retry_at, |json, at| json.number(wall.at(at)));
        json.key("reason");
        json.or_null(self.reason.as_ref(), |json, reason| json.object(|json| reason.write(json)));
        json.key("rtt");
        json.or_null(self.rtt, JsonText::number);
        json.key("error");
        json.or_null(self.error.as_ref(), |json, error| json.object(|json| error.write(json)));
    }
}

impl Reason {
    pub(crate) fn write(&self, json: &mut JsonText) {
        json.word("kind", self.name());
        match self {
            Self::Closed { code, reason } => {
                json.count("code", (*code).into());
                json.word("reason", reason);
            }
            Self::Http { status } => json.count("status", (*status).into()),
            Self::Timeout { waiting_for } => json.word("waitingFor", waiting_for),
            Self::Finished { word } => json.word("word", word),
            _ => {}
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Http { .. } => "http",
            Self::Timeout { .. } => "timeout",
            Self::Auth => "auth",
            Self::Offline => "offline",
            Self::Suspended => "suspended",
            Self::Requested => "requested",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
            Self::Ended => "ended",
            Self::Finished { .. } => "finished",
            Self::Lost => "lost",
        }
    }
}

impl EndpointReason {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Reconnect => "reconnect",
            Self::Rejected => "rejected",
            Self::Expiring => "expiring",
        }
    }
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Disconnected => "disconnected",
        }
    }
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Sse => "sse",
        }
    }
}
