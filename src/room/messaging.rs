//! Messages between the app, the log and the link.

use super::messages::Violation;
use super::persistence::Seq;
use super::persistence::record::RecordKind;
use super::{Room, RoomOutput};
use crate::connection::Context;
use crate::doc::DocHost;
use crate::error::{ErrorCode, Misuse};
use crate::event::{EventKind, Problem};
use crate::protocol::Reader;
use crate::protocol::messages::Reply;
use crate::protocol::writer::{write_string, write_var_uint};
use crate::time::Instant;

/// A message as the log keeps it: id, kind, JSON text.
pub(super) type Stored = (String, u64, String);

impl<D: DocHost> Room<D> {
    /// Sends a message that is stored: it waits in the log until the server has it. Returns its id.
    pub fn send_message(
        &mut self,
        cx: &mut Context<'_>,
        kind: u64,
        data: String,
    ) -> Result<String, Misuse> {
        self.usable()?;
        self.messages.check(&data)?;
        let id = self.messages.next_id();
        let payload = encode_message(&id, kind, &data);
        let record = self.persistence.append(RecordKind::Message, payload);
        self.messages.push(id.clone(), kind, data, record);
        self.settle(cx);
        Ok(id)
    }

    /// Sends a message to one connection, not stored anywhere. Returns the number of the question.
    pub fn send_direct(
        &mut self,
        cx: &mut Context<'_>,
        to: u64,
        kind: u64,
        data: &str,
    ) -> Result<u64, Misuse> {
        self.usable()?;
        let request = self.messages.send_direct(cx.now, to, kind, data);
        self.settle(cx);
        request
    }

    /// Sends a message to everyone else who is here, not stored anywhere.
    pub fn send_volatile(
        &mut self,
        cx: &mut Context<'_>,
        kind: u64,
        data: &str,
    ) -> Result<(), Misuse> {
        self.usable()?;
        let sent = self.messages.send_volatile(kind, data);
        self.settle(cx);
        sent
    }

    /// Asks for the messages before number `before`. Returns the number of the question.
    pub fn load_messages(
        &mut self,
        cx: &mut Context<'_>,
        before: u64,
        limit: u64,
    ) -> Result<u64, Misuse> {
        self.usable()?;
        let request = self.messages.load(cx.now, before, limit);
        self.settle(cx);
        request
    }

    /// The app wants to hear the room's messages.
    pub fn subscribe_messages(&mut self, cx: &mut Context<'_>) {
        if self.messages.want() {
            self.settle(cx);
        }
    }

    pub(super) fn on_messages(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let told = match Reply::decode(bytes) {
            Ok(None) => Ok(None),
            Ok(Some(reply)) => self.messages.handle_reply(cx.now, reply),
            Err(error) => return self.on_malformed(cx, &error),
        };
        match told {
            Ok(problem) => problem.into_iter().for_each(|problem| self.tell_problem(problem)),
            Err(Violation(what)) => {
                self.on_violation(cx, Problem::new(ErrorCode::Protocol, what));
            }
        }
    }

    /// Lets messages come and go as far as link and log allow.
    pub(super) fn drive_messages(&mut self, now: Instant) {
        if self.session.is_complete() && self.messages.is_down() {
            self.messages.handle_link_up(now);
        }
        let released = match self.config.broken.send_before_commit() {
            true => Seq::MAX,
            false => self.persistence.released(),
        };
        for frame in self.messages.poll_frames(now, self.doc.client_id(), released) {
            self.send(frame);
        }
        let done = self.messages.take_done();
        self.log_done(done);
        while let Some(event) = self.messages.poll_event() {
            self.outputs.push_back(RoomOutput::Event(EventKind::Messages(event)));
        }
    }

    /// Tells the log which messages no longer wait.
    pub(super) fn log_done(&mut self, done: Vec<String>) {
        if !done.is_empty() {
            let mut payload = Vec::new();
            done.iter().for_each(|id| write_string(&mut payload, id));
            self.persistence.append(RecordKind::MessagesDone, payload);
        }
    }

    /// Everything that waits, as a snapshot of the log keeps it.
    pub(super) fn encode_queue(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for message in self.messages.queue().iter() {
            out.extend(encode_message(&message.id, message.kind, &message.data));
        }
        out
    }
}

fn encode_message(id: &str, kind: u64, data: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(id.len() + data.len() + 8);
    write_string(&mut out, id);
    write_var_uint(&mut out, kind);
    write_string(&mut out, data);
    out
}

/// Messages one behind the other.
pub(super) fn decode_messages(bytes: &[u8]) -> Option<Vec<Stored>> {
    let mut reader = Reader::new(bytes);
    let mut messages = Vec::new();
    while !reader.is_empty() {
        let id = reader.string().ok()?.to_owned();
        let kind = reader.var_uint().ok()?;
        messages.push((id, kind, reader.string().ok()?.to_owned()));
    }
    Some(messages)
}

/// Ids one behind the other.
pub(super) fn decode_ids(bytes: &[u8]) -> Option<Vec<&str>> {
    let mut reader = Reader::new(bytes);
    let mut ids = Vec::new();
    while !reader.is_empty() {
        ids.push(reader.string().ok()?);
    }
    Some(ids)
}
