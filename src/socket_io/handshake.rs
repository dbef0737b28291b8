//! From the server's first words to a joined namespace, and being known again.

use serde_json::Value;

use super::decoder::Whole;
use super::event::{Incoming, SocketIoEvent};
use super::outbound::addressed;
use super::packet::{Fault, Kind, Packet};
use super::{Memory, SocketIo, Stage};
use crate::connection::Context;
use crate::error::ErrorCode;
use crate::io::SocketId;
use crate::json::{JsonText, halves};
use crate::status::Problem;
use crate::time::Instant;

impl SocketIo {
    /// Engine.IO's first message: how often the server speaks, and how much it takes.
    pub(super) fn on_open(&mut self, now: Instant, id: SocketId, json: &str) -> Result<(), Fault> {
        let open: Value =
            serde_json::from_str(json).map_err(|_| Fault("whose handshake is no JSON"))?;
        let number = |name| open.get(name).and_then(Value::as_u64);
        let (Some(interval), Some(timeout)) = (number("pingInterval"), number("pingTimeout"))
        else {
            return Err(Fault("whose handshake has no times"));
        };
        self.connection.set_silence(now, interval.saturating_add(timeout));
        let most = number("maxPayload").and_then(|most| usize::try_from(most).ok());
        // The namespace is put in when a text leaves.
        let namespace = addressed(String::new(), &self.namespace).len();
        self.outgoing.limit_frames(most.unwrap_or(usize::MAX), namespace);
        self.stage = Stage::Joining(id);
        let auth = self.introduction();
        self.write(id, Kind::Connect, auth);
        Ok(())
    }

    /// The namespace was joined; a server that knows the session again says so by its private id.
    pub(super) fn on_joined(
        &mut self,
        now: Instant,
        id: SocketId,
        packet: &Packet,
    ) -> Result<(), Fault> {
        let data = halves::parse(packet.data.as_deref().unwrap_or_default())
            .map_err(|_| Fault("of a server before version 3"))?;
        let text = |name| data.get(name).and_then(Value::as_str).map(str::to_owned);
        let sid = text("sid").ok_or(Fault("that joins without an id"))?;
        let pid = text("pid");
        let recovered = pid.is_some() && pid == self.memory.pid;
        if !recovered {
            self.memory = Memory { pid, offset: None };
        }
        self.stage = Stage::Joined(id);
        self.connection.handle_handshake(now);
        self.tell(SocketIoEvent::Joined { sid, recovered });
        for event in self.early.take() {
            self.on_event(event);
        }
        self.outgoing.link_up(now, None);
        Ok(())
    }

    /// The server does not let us in: its middleware's words, or no such namespace.
    pub(super) fn on_denied(&mut self, cx: &mut Context<'_>, data: String) {
        let value = halves::parse(&data).unwrap_or_default();
        let said = value.get("message").and_then(Value::as_str).or(value.as_str());
        let said = said.unwrap_or("no reason given").to_owned();
        self.tell(SocketIoEvent::Denied(data));
        if said == "Invalid namespace" {
            let message = format!("the server has no namespace {}", self.namespace);
            let problem = Problem { code: ErrorCode::NotFound, message, retryable: false };
            return self.connection.handle_dismissal(problem);
        }
        let message = format!("the server refused the session: {said}");
        let problem = Problem { code: ErrorCode::Auth, message, retryable: false };
        self.connection.handle_denial(cx, problem);
    }

    /// Something happened at the server.
    pub(super) fn on_event(&mut self, whole: Whole) {
        let Whole { packet, attachments } = whole;
        self.remember(&packet);
        let data = packet.data.unwrap_or_default();
        self.tell(SocketIoEvent::Event(Incoming { data, attachments, id: packet.id }));
    }

    /// Keeps where the server's memory of this session is.
    fn remember(&mut self, packet: &Packet) {
        if self.memory.pid.is_some()
            && let Some(offset) = packet.offset()
        {
            self.memory.offset = Some(offset);
        }
    }

    /// What joins the namespace: the app's object, and what is needed to be known again.
    fn introduction(&self) -> Option<String> {
        let auth: Option<Value> = self.auth.as_deref().and_then(|auth| halves::parse(auth).ok());
        let Some(pid) = &self.memory.pid else {
            return auth.filter(Value::is_object).and_then(|_| self.auth.clone());
        };
        let mut json = JsonText::default();
        json.object(|json| {
            json.word("pid", pid);
            if let Some(offset) = &self.memory.offset {
                json.word("offset", offset);
            }
            for (name, value) in auth.as_ref().and_then(Value::as_object).into_iter().flatten() {
                if name != "pid" && name != "offset" {
                    json.key(name);
                    json.value(value);
                }
            }
        });
        Some(json.finish())
    }
}
