//! Events as JSON text: what TypeScript receives. By hand: derived writers of tagged enums are 20 kB of code.

use super::{
    ChangeOrigin, Durability, Event, EventKind, Obstacle, PathChannel, SyncState, SyncStatus,
};
use crate::doc::change::{Attributes, Change, ListOp, Segment, TextOp};
use crate::json::JsonText;
use crate::machine::AppEvent;
use crate::time::WallClock;

impl AppEvent for Event {
    /// Writes `{ type, room, … }`.
    fn write(&self, json: &mut JsonText, wall: WallClock) {
        json.object(|json| {
            json.word("type", self.kind.name());
            json.count("room", self.room.into());
            self.kind.write(json, wall);
        });
    }

    fn attachments(&self) -> &[Vec<u8>] {
        match &self.kind {
            EventKind::Path { frame, .. } => std::slice::from_ref(frame),
            EventKind::Doc { update, .. } => update.as_slice(),
            _ => &[],
        }
    }
}

impl EventKind {
    fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Doc { .. } => "doc",
            Self::Connection(_) => "connection",
            Self::Sync(_) => "sync",
            Self::Undo(_) => "undo",
            Self::Presence { .. } => "presence",
            Self::Messages(_) => "messages",
            Self::Path { .. } => "path",
            Self::Dropped { .. } => "dropped",
            Self::Signal { .. } => "signal",
            Self::Endpoint { .. } => "endpoint",
            Self::Verdict { .. } => "verdict",
            Self::Identity { .. } => "identity",
            Self::Diverged => "diverged",
            Self::Broken => "broken",
            Self::Error(_) => "error",
        }
    }

    fn write(&self, json: &mut JsonText, wall: WallClock) {
        match self {
            Self::Ready | Self::Diverged | Self::Broken => {}
            Self::Doc { origin, changes, .. } => {
                json.word("origin", origin.name());
                json.array("changes", changes, |json, change| {
                    json.object(|json| write_change(json, change))
                });
            }
            Self::Connection(state) => state.write(json, wall),
            Self::Sync(state) => state.write(json),
            Self::Undo(state) => {
                for (name, step) in [("undo", state.undo), ("redo", state.redo)] {
                    json.key(name);
                    json.or_null(step, |json, step| json.number(step.into()));
                }
            }
            Self::Presence { updated, removed } => {
                json.array("updated", updated, |json, (client, state)| {
                    json.list(|json| {
                        json.number(*client);
                        json.text(state);
                    });
                });
                json.array("removed", removed, |json, client| json.number(*client));
            }
            Self::Messages(event) => event.write(json),
            Self::Path { path, channel, .. } => {
                json.count("path", (*path).into());
                json.word("channel", channel.name());
            }
            Self::Dropped { path, problem } => {
                json.count("path", (*path).into());
                problem.write(json);
            }
            Self::Signal { text } => json.word("text", text),
            Self::Endpoint { request, attempt, reason } => {
                json.count("request", (*request).into());
                json.count("attempt", (*attempt).into());
                json.word("reason", reason.name());
            }
            Self::Verdict { request, code, reason } => {
                json.count("request", (*request).into());
                json.count("code", (*code).into());
                json.word("reason", reason);
            }
            Self::Identity { client_id } => json.count("clientId", *client_id),
            Self::Error(problem) => problem.write(json),
        }
    }
}

impl SyncState {
    fn write(&self, json: &mut JsonText) {
        json.word("status", self.status.name());
        json.word("local", self.local.name());
        json.count("pending", self.pending);
        json.count("held", self.held.into());
        json.key("peers");
        json.object(|json| {
            json.count("synced", self.peers.synced.into());
            json.count("of", self.peers.of.into());
        });
        json.key("obstacle");
        json.or_null(self.obstacle, |json, obstacle| json.text(obstacle.name()));
    }
}

impl PathChannel {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Presence => "presence",
        }
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

impl SyncStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Synchronizing => "synchronizing",
            Self::Synchronized => "synchronized",
            Self::Rejected => "rejected",
        }
    }
}

impl Obstacle {
    fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Refused => "refused",
            Self::TooLarge => "too-large",
            Self::Epoch => "epoch",
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

/// Writes one step of a delta.
pub(crate) fn write_text_op(json: &mut JsonText, op: &TextOp) {
    let attributes = match op {
        TextOp::Insert { insert, attributes } => {
            json.word("insert", insert);
            attributes
        }
        TextOp::Embed { embed, attributes } => {
            json.key("insert");
            json.value(embed);
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
