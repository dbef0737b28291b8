//! Events as JSON text: what TypeScript receives. By hand: derived writers of tagged enums are 20 kB of code.

use super::{
    ChangeOrigin, ConnectionState, Durability, EndpointReason, Event, EventKind, Problem, Reason,
    Status, SyncState, SyncStatus, Transport,
};
use crate::doc::change::{Attributes, Change, ListOp, Segment, TextOp};
use crate::json::JsonText;

impl Event {
    /// Writes `{ type, room, … }`.
    pub fn write(&self, json: &mut JsonText) {
        json.object(|json| {
            json.word("type", self.kind.name());
            json.count("room", self.room.into());
            self.kind.write(json);
        });
    }
}

impl EventKind {
    fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Doc { .. } => "doc",
            Self::Connection(_) => "connection",
            Self::Sync(_) => "sync",
            Self::Presence { .. } => "presence",
            Self::Endpoint { .. } => "endpoint",
            Self::Identity { .. } => "identity",
            Self::Error(_) => "error",
        }
    }

    fn write(&self, json: &mut JsonText) {
        match self {
            Self::Ready => {}
            Self::Doc { origin, changes } => {
                json.word("origin", origin.name());
                json.array("changes", changes, |json, change| {
                    json.object(|json| write_change(json, change))
                });
            }
            Self::Connection(state) => state.write(json),
            Self::Sync(state) => state.write(json),
            Self::Presence { updated, removed } => {
                json.array("updated", updated, |json, (client, state)| {
                    json.list(|json| {
                        json.number(*client);
                        json.text(state);
                    });
                });
                json.array("removed", removed, |json, client| json.number(*client));
            }
            Self::Endpoint { request, attempt, reason } => {
                json.count("request", (*request).into());
                json.count("attempt", (*attempt).into());
                json.word("reason", reason.name());
            }
            Self::Identity { client_id } => json.count("clientId", *client_id),
            Self::Error(problem) => problem.write(json),
        }
    }
}

impl Problem {
    /// Writes the members `code`, `message` and `retryable`.
    pub fn write(&self, json: &mut JsonText) {
        json.word("code", self.code.as_str());
        json.word("message", &self.message);
        json.key("retryable");
        json.flag(self.retryable);
    }
}

impl ConnectionState {
    fn write(&self, json: &mut JsonText) {
        json.word("status", self.status.name());
        json.key("transport");
        or_null(json, self.transport, |json, transport| json.text(transport.name()));
        json.count("attempt", self.attempt.into());
        json.key("nextRetryAt");
        or_null(json, self.next_retry_at, JsonText::number);
        json.key("reason");
        or_null(json, self.reason.as_ref(), |json, reason| json.object(|json| reason.write(json)));
        json.key("rtt");
        or_null(json, self.rtt, JsonText::number);
        json.key("error");
        or_null(json, self.error.as_ref(), |json, error| json.object(|json| error.write(json)));
    }
}

impl Reason {
    fn write(&self, json: &mut JsonText) {
        json.word("kind", self.name());
        match self {
            Self::Closed { code, reason } => {
                json.count("code", (*code).into());
                json.word("reason", reason);
            }
            Self::Http { status } => json.count("status", (*status).into()),
            Self::Timeout { waiting_for } => json.word("waitingFor", waiting_for),
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
        }
    }
}

impl SyncState {
    fn write(&self, json: &mut JsonText) {
        json.word("status", self.status.name());
        json.word("local", self.local.name());
        json.count("pending", self.pending);
        json.count("held", self.held.into());
    }
}

impl ChangeOrigin {
    fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Storage => "storage",
        }
    }
}

impl EndpointReason {
    fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Reconnect => "reconnect",
            Self::Rejected => "rejected",
        }
    }
}

impl Status {
    fn name(self) -> &'static str {
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
    fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
        }
    }
}

impl SyncStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Synchronizing => "synchronizing",
            Self::Synchronized => "synchronized",
        }
    }
}

impl Durability {
    fn name(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Saving => "saving",
            Self::Unavailable => "unavailable",
        }
    }
}

fn or_null<T>(json: &mut JsonText, value: Option<T>, write: impl FnOnce(&mut JsonText, T)) {
    match value {
        Some(value) => write(json, value),
        None => json.null(),
    }
}

fn write_change(json: &mut JsonText, change: &Change) {
    let (kind, target) = match change {
        Change::Text { target, .. } => ("text", target),
        Change::List { target, .. } => ("list", target),
        Change::Map { target, .. } => ("map", target),
    };
    json.word("kind", kind);
    json.array("path", change.path(), |json, segment| match segment {
        Segment::Key(key) => json.text(key),
        Segment::Index(index) => json.number((*index).into()),
    });
    json.word("target", target);
    match change {
        Change::Text { delta, .. } => {
            json.array("delta", delta, |json, op| json.object(|json| write_text_op(json, op)));
        }
        Change::List { delta, .. } => {
            json.array("delta", delta, |json, op| json.object(|json| write_list_op(json, op)));
        }
        Change::Map { set, removed, .. } => {
            json.key("set");
            write_entries(json, set);
            json.array("removed", removed, |json, key| json.text(key));
        }
    }
}

fn write_text_op(json: &mut JsonText, op: &TextOp) {
    let attributes = match op {
        TextOp::Insert { insert, attributes } => {
            json.word("insert", insert);
            attributes
        }
        TextOp::Delete { delete } => return json.count("delete", (*delete).into()),
        TextOp::Retain { retain, attributes } => {
            json.count("retain", (*retain).into());
            attributes
        }
    };
    if let Some(attributes) = attributes {
        json.key("attributes");
        write_entries(json, attributes);
    }
}

fn write_list_op(json: &mut JsonText, op: &ListOp) {
    match op {
        ListOp::Insert { insert } => json.array("insert", insert, JsonText::value),
        ListOp::Delete { delete } => json.count("delete", (*delete).into()),
        ListOp::Retain { retain } => json.count("retain", (*retain).into()),
    }
}

fn write_entries(json: &mut JsonText, entries: &Attributes) {
    json.object(|json| {
        for (key, value) in entries {
            json.key(key);
            json.value(value);
        }
    });
}

#[cfg(test)]
mod tests;
