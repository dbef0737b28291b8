//! A session with a Socket.IO 4 server: Engine.IO 4 over a WebSocket, packets of protocol 5, one namespace.
//!
//! ```text
//!  socket open ──► engine `0{…}` ──► we send `40` ──► server `40{sid}` ──► joined: events, answers
//!                  its pings are answered; silence beyond its promise ends the link
//! ```
//!
//! Nothing is sent a second time by itself. What the server sent while the link was down comes again where it keeps
//! sessions (`recovered`), and is missed where it does not.

pub mod acks;
pub mod decoder;
mod early;
pub mod event;
mod handshake;
mod loss;
pub mod options;
mod outbound;
pub mod packet;

use std::collections::VecDeque;

use crate::connection::heartbeat::Life;
use crate::connection::manner::{Manner, TokenPlace};
use crate::connection::{Action, Connection, Context, EndpointFailure};
use crate::error::{ErrorCode, Misuse};
use crate::io::{EndpointRequest, Environment, SocketId, SocketInput, SocketOutput};
use crate::socket::event::{Closing, Signal};
use crate::socket::message::Message;
use crate::socket::outgoing::{Handed, Leaving, Outgoing, Parcel};
use crate::socket::volatile::LATE;
use crate::status::Problem;
use crate::time::{Deadline, Instant};
use acks::Acks;
use decoder::{Decoder, Whole};
use early::Early;
use event::{Incoming, SocketIoEvent};
use loss::NEVER_SENT;
use options::{SocketIoOptions, check_namespace};
pub use outbound::Outbound;
use outbound::addressed;
use packet::{Fault, Kind, Packet};

/// The ticket of answers: nobody is told what becomes of them.
const ANSWER: u32 = 0;
/// Close code of a link on which the server broke the protocol.
const BROKEN: u16 = 4002;

/// One session with one namespace.
#[derive(Debug)]
pub struct SocketIo {
    connection: Connection,
    namespace: String,
    /// JSON text of what joins the namespace.
    auth: Option<String>,
    outgoing: Outgoing,
    decoder: Decoder,
    acks: Acks,
    memory: Memory,
    early: Early,
    stage: Stage,
    attempt: Option<SocketId>,
    closing: Option<Closing>,
    signals: VecDeque<Signal<SocketIoEvent>>,
}

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There is none.
    Down,
    /// The server's first words are awaited.
    Opened(SocketId),
    /// The namespace is being joined.
    Joining(SocketId),
    /// Events come and go.
    Joined(SocketId),
}

/// What the server needs to know a session again.
#[derive(Debug, Default)]
struct Memory {
    pid: Option<String>,
    offset: Option<String>,
}

/// The app's answer to a question for a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Where to connect.
    pub url: String,
    /// What to join there.
    pub namespace: String,
    /// JSON text of an object that is shown to it.
    pub auth: Option<String>,
}

/// How an event is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Once, in order; waits where it must.
    Plain,
    /// The same, and the server's answer is awaited so many milliseconds.
    Answered(u64),
    /// Now or never.
    Volatile,
}

impl SocketIo {
    /// A session that waits for [`connect`](Self::connect).
    pub fn new(options: SocketIoOptions) -> Self {
        let SocketIoOptions { link, backoff, source, namespace, limits, packets, auth } = options;
        let manner = Manner {
            token: TokenPlace::Cookie,
            life: Life::Listen,
            bare: true,
            ..Manner::default()
        };
        Self {
            connection: Connection::new(link, backoff, source, String::new()).with_manner(manner),
            namespace,
            auth,
            outgoing: Outgoing::new(limits),
            decoder: Decoder::new(packets),
            acks: Acks::default(),
            memory: Memory::default(),
            early: Early::new(packets.bytes),
            stage: Stage::Down,
            attempt: None,
            closing: None,
            signals: VecDeque::new(),
        }
    }

    /// Takes the next signal, in order.
    pub fn poll_signal(&mut self) -> Option<Signal<SocketIoEvent>> {
        self.signals.pop_front()
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let own = Deadline::earliest(self.outgoing.deadline(), self.acks.deadline());
        Deadline::earliest(self.connection.poll_timeout(), own)
    }

    /// Connects, also after a failure; while a retry is due, retries now.
    pub fn connect(&mut self, cx: &mut Context<'_>) {
        self.connection.connect(cx);
        self.drain(cx.now);
    }

    /// Sends what may go, leaves the namespace and stays away until [`connect`](Self::connect).
    pub fn close(&mut self, cx: &mut Context<'_>) {
        if !self.connection.has_ended() {
            self.closing = Some(Closing { code: 1000, reason: String::new(), clean: true });
        }
        if let Stage::Joined(id) = self.stage {
            self.outgoing.flush(cx.now);
            self.drain_outgoing();
            self.write(id, Kind::Disconnect, None);
        }
        self.memory = Memory::default();
        self.connection.disconnect();
        self.drain(cx.now);
    }

    /// The app's answer to [`Signal::AskEndpoint`].
    pub fn provide_endpoint(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        answer: Answer,
    ) {
        if let Err(misuse) = check_namespace(&answer.namespace) {
            let denied = EndpointFailure::Unauthorized;
            return self.refuse_endpoint(cx, request, denied, &misuse.message);
        }
        if self.connection.provide_answer(cx, request, &answer.url, None, None) {
            self.auth = answer.auth;
            self.enter(answer.namespace);
        }
        self.drain(cx.now);
    }

    /// What the next link joins; no server knows this session there.
    fn enter(&mut self, namespace: String) {
        if namespace != self.namespace {
            self.memory = Memory::default();
            self.namespace = namespace;
        }
    }

    /// The app could not answer.
    pub fn refuse_endpoint(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        failure: EndpointFailure,
        message: &str,
    ) {
        self.connection.refuse_endpoint(cx, request, failure, message);
        self.drain(cx.now);
    }

    /// Sends an event, or has it wait; what waits, and what is answered, is told by its ticket.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for data that are no event, `E_NOT_CONNECTED`, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL` or
    /// `E_RATE_LIMIT`; then it was not sent.
    pub fn emit(
        &mut self,
        cx: &mut Context<'_>,
        ticket: u32,
        event: Outbound,
        delivery: Delivery,
    ) -> Result<Handed, Misuse> {
        if delivery == Delivery::Volatile
            && !(self.outgoing.is_clear() && self.outgoing.unsent() <= LATE)
        {
            return Ok(Handed::Over);
        }
        let id = matches!(delivery, Delivery::Answered(_)).then(|| self.acks.next());
        let handed = self.send(cx.now, ticket, Kind::Event, id, event)?;
        if let Delivery::Answered(wait) = delivery {
            self.acks.open(ticket, cx.now + wait, handed == Handed::Over);
        }
        self.drain(cx.now);
        Ok(handed)
    }

    /// Answers an event that came with a number.
    ///
    /// # Errors
    /// As [`emit`](Self::emit). Without a link nobody awaits the answer any more.
    pub fn answer(
        &mut self,
        cx: &mut Context<'_>,
        id: u64,
        answer: Outbound,
    ) -> Result<(), Misuse> {
        if matches!(self.stage, Stage::Joined(_)) {
            self.send(cx.now, ANSWER, Kind::Ack, Some(id), answer)?;
            self.drain(cx.now);
        }
        Ok(())
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.connection.handle_timeout(cx);
        self.outgoing.handle_timeout(cx.now);
        self.on_overdue(cx.now);
        self.drain(cx.now);
    }

    /// Something happened to the page or the network.
    pub fn handle_environment(&mut self, cx: &mut Context<'_>, environment: Environment) {
        self.connection.handle_environment(cx, environment);
        self.drain(cx.now);
    }

    /// Takes what a browser's socket reports.
    pub fn handle_socket(&mut self, cx: &mut Context<'_>, id: SocketId, input: SocketInput) {
        if self.attempt == Some(id) {
            match &input {
                SocketInput::Closed { code, reason, clean } => {
                    self.closing =
                        Some(Closing { code: *code, reason: reason.clone(), clean: *clean });
                }
                SocketInput::Buffered(bytes) => self.outgoing.measured(cx.now, *bytes),
                _ => {}
            }
        }
        if self.connection.handle_socket(cx, id, &input) {
            let result = match input {
                SocketInput::Text(text) => self.on_text(cx, id, &text),
                SocketInput::Frame(bytes) => self.on_bytes(cx, bytes),
                _ => Ok(()),
            };
            if let Err(Fault(what)) = result {
                self.on_fault(cx, what);
            }
        }
        self.drain(cx.now);
    }

    /// The first sign of each message is Engine.IO's.
    fn on_text(&mut self, cx: &mut Context<'_>, id: SocketId, text: &str) -> Result<(), Fault> {
        let mut chars = text.chars();
        match (chars.next(), self.stage) {
            (Some('0'), Stage::Opened(_)) => self.on_open(cx.now, id, chars.as_str()),
            (Some('2'), _) => {
                self.signals.push_back(Signal::Socket(id, SocketOutput::SendText("3".into())));
                Ok(())
            }
            // A close of its own follows; `noop` is for other transports.
            (Some('1' | '3' | '6'), _) => Ok(()),
            (Some('4'), Stage::Joining(_) | Stage::Joined(_)) => {
                match self.decoder.handle_text(chars.as_str())? {
                    Some(whole) => self.on_packet(cx, whole),
                    None => Ok(()),
                }
            }
            _ => Err(Fault("that is not due")),
        }
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: Vec<u8>) -> Result<(), Fault> {
        match self.decoder.handle_bytes(bytes)? {
            Some(whole) => self.on_packet(cx, whole),
            None => Ok(()),
        }
    }

    fn on_packet(&mut self, cx: &mut Context<'_>, whole: Whole) -> Result<(), Fault> {
        let Whole { packet, attachments } = whole;
        if packet.namespace != self.namespace {
            return Err(Fault("of a namespace that was not joined"));
        }
        match (packet.kind, self.stage) {
            (Kind::Connect, Stage::Joining(id)) => self.on_joined(cx.now, id, &packet),
            (Kind::ConnectError, Stage::Joining(_)) => {
                self.on_denied(cx, packet.data.unwrap_or_default());
                Ok(())
            }
            // A server that knows the session again sends what was missed before it says so.
            (Kind::Event | Kind::BinaryEvent, Stage::Joining(_)) => {
                self.early.push(Whole { packet, attachments })
            }
            (Kind::Event | Kind::BinaryEvent, Stage::Joined(_)) => {
                self.on_event(Whole { packet, attachments });
                Ok(())
            }
            (Kind::Ack | Kind::BinaryAck, Stage::Joined(_)) => {
                self.on_answer(packet, attachments);
                Ok(())
            }
            (Kind::Disconnect, Stage::Joined(_)) => {
                self.on_dismissed();
                Ok(())
            }
            _ => Err(Fault("that is not due")),
        }
    }

    fn on_answer(&mut self, packet: Packet, attachments: Vec<Vec<u8>>) {
        let awaited = packet.id.and_then(|id| self.acks.take(id));
        let Some(ticket) = awaited else {
            // It may be late: its event may have been given up already.
            let words = "the server answered an event that awaits no answer; it is ignored";
            return self
                .signals
                .push_back(Signal::Problem(Problem::new(ErrorCode::Protocol, words)));
        };
        let data = packet.data.unwrap_or_default();
        self.tell(SocketIoEvent::Answer(ticket, Incoming { data, attachments, id: None }));
    }

    fn on_dismissed(&mut self) {
        let words = "the server ended this session; connect() starts a new one";
        self.memory = Memory::default();
        let problem =
            Problem { code: ErrorCode::Connection, message: words.into(), retryable: true };
        self.connection.handle_dismissal(problem);
    }

    fn on_fault(&mut self, cx: &mut Context<'_>, what: &str) {
        let words = format!("the server sent a packet {what}; the link is closed");
        let problem = Problem::new(ErrorCode::Protocol, words);
        self.connection.handle_violation(cx, problem, BROKEN);
    }

    fn send(
        &mut self,
        now: Instant,
        ticket: u32,
        kind: Kind,
        id: Option<u64>,
        outbound: Outbound,
    ) -> Result<Handed, Misuse> {
        if self.connection.has_ended() && !self.connection.is_idle() {
            let words = "the session is closed or has failed; connect() starts anew";
            return Err(Misuse::new(ErrorCode::NotConnected, words));
        }
        let messages = outbound.into_messages(kind, id)?;
        self.outgoing.send(now, Parcel { ticket, messages })
    }

    fn drain(&mut self, now: Instant) {
        while let Some(action) = self.connection.poll_action() {
            match action {
                Action::Socket(id, output) => self.signals.push_back(Signal::Socket(id, output)),
                Action::AskEndpoint(request, attempt, reason) => {
                    self.signals.push_back(Signal::AskEndpoint(request, attempt, reason));
                }
                Action::LinkUp(id) => self.stage = Stage::Opened(id),
                Action::LinkDown => self.on_link_down(),
                Action::TooLarge => self.on_too_large(),
                Action::Status(state) => self.signals.push_back(Signal::Status(state)),
                Action::Problem(problem) => self.signals.push_back(Signal::Problem(problem)),
                Action::Farewell(_) => {
                    self.outgoing.flush(now);
                    self.drain_outgoing();
                }
                // The server asks, not we; nobody is asked about closes; a token goes with the next `CONNECT`.
                Action::Probe(_) | Action::AskVerdict(..) | Action::ShowToken(_) => {}
            }
        }
        self.drain_outgoing();
        self.follow_attempt();
        if self.connection.has_ended() {
            let waiting = self.outgoing.clear();
            self.tell_unsent(waiting, ErrorCode::NotConnected, NEVER_SENT);
        }
    }

    fn drain_outgoing(&mut self) {
        while let Some(leaving) = self.outgoing.poll() {
            let output = match leaving {
                // Where to, may have been unknown while it waited.
                Leaving::Message(Message::Text(text)) => {
                    SocketOutput::SendText(addressed(text, &self.namespace))
                }
                Leaving::Message(message) => message.into_output(),
                Leaving::Measure => SocketOutput::Measure,
                Leaving::Sent(ticket) => {
                    self.acks.mark_sent(ticket);
                    self.tell(SocketIoEvent::Sent(ticket));
                    continue;
                }
            };
            if let Stage::Joined(id) = self.stage {
                self.signals.push_back(Signal::Socket(id, output));
            }
        }
    }

    /// Tells the end of each attempt, whether it opened or not.
    fn follow_attempt(&mut self) {
        let attempt = self.connection.attempted_socket();
        if attempt == self.attempt {
            return;
        }
        let closing = self.closing.take();
        if self.attempt.is_some() {
            self.tell(SocketIoEvent::Closed(closing.unwrap_or_else(Closing::lost)));
        }
        self.attempt = attempt;
    }

    fn write(&mut self, id: SocketId, kind: Kind, data: Option<String>) {
        let packet = Packet { data, ..Packet::new(kind, &self.namespace) };
        let text = format!("4{}", packet.encode());
        self.signals.push_back(Signal::Socket(id, SocketOutput::SendText(text)));
    }

    fn tell(&mut self, event: SocketIoEvent) {
        self.signals.push_back(Signal::Event(event));
    }
}

#[cfg(test)]
mod tests;
