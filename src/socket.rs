//! A reconnecting WebSocket to any server: no protocol but the app's.
//!
//! A link is up as soon as its socket is open. What is handed to a link arrives in order, once, or not at all:
//! nothing is sent a second time by itself, and what could not be sent is told by its ticket.

pub mod event;
pub mod flow;
pub mod message;
pub mod options;
pub mod outgoing;
pub mod quarantine;
pub mod rate;
pub mod volatile;

use std::collections::VecDeque;

use crate::connection::manner::{Ruling, TokenPlace, VerdictRequest};
use crate::connection::{Action, Connection, Context, EndpointFailure};
use crate::error::{ErrorCode, Misuse};
use crate::io::{EndpointRequest, Environment, SocketId, SocketInput, SocketOutput};
use crate::status::Problem;
use crate::time::{Deadline, Instant};
use event::{Closing, Signal, SocketEvent};
use message::Message;
use options::{Keepalive, SocketOptions};
use outgoing::{Handed, Leaving, Outgoing, Parcel};
use volatile::Volatile;

/// Close code of a link on which a message came that is larger than the app takes.
const TOO_LARGE: u16 = 4009;

/// One reconnecting WebSocket.
#[derive(Debug)]
pub struct Socket {
    connection: Connection,
    place: TokenPlace,
    keepalive: Keepalive,
    max_receive: usize,
    outgoing: Outgoing,
    volatile: Volatile,
    /// First message of the next link.
    hello: Option<Message>,
    link: Option<SocketId>,
    attempt: Option<SocketId>,
    closing: Option<Closing>,
    /// Whether the end of the last attempt has been told.
    told: bool,
    signals: VecDeque<Signal<SocketEvent>>,
}

/// The app's answer to a question for a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Where to connect.
    pub url: String,
    /// The token, if there is one.
    pub token: Option<String>,
    /// Subprotocols for this attempt, if not those of the options.
    pub protocols: Option<Vec<String>>,
    /// First message of the link; default: the token, where it goes into the first message.
    pub hello: Option<Message>,
}

impl Socket {
    /// A socket that waits for [`connect`](Self::connect).
    pub fn new(options: SocketOptions) -> Self {
        let SocketOptions { link, backoff, source, manner, keepalive, limits, max_receive } =
            options;
        Self {
            place: manner.token.clone(),
            connection: Connection::new(link, backoff, source, String::new()).with_manner(manner),
            keepalive,
            max_receive,
            outgoing: Outgoing::new(limits),
            volatile: Volatile::new(),
            hello: None,
            link: None,
            attempt: None,
            closing: None,
            told: false,
            signals: VecDeque::new(),
        }
    }

    /// Takes the next signal, in order.
    pub fn poll_signal(&mut self) -> Option<Signal<SocketEvent>> {
        self.signals.pop_front()
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let volatile = self.link.and_then(|_| self.volatile.deadline());
        let own = Deadline::earliest(self.outgoing.deadline(), volatile);
        Deadline::earliest(self.connection.poll_timeout(), own)
    }

    /// The browser's socket that carries messages now, if any.
    pub fn link(&self) -> Option<SocketId> {
        self.link
    }

    /// Bytes that wait for the browser's socket.
    pub fn waiting_bytes(&self) -> usize {
        self.outgoing.waiting_bytes()
    }

    /// Connects, also after a failure; while a retry is due, retries now.
    pub fn connect(&mut self, cx: &mut Context<'_>) {
        self.connection.connect(cx);
        self.drain(cx.now);
    }

    /// Sends what may go, closes and stays away until [`connect`](Self::connect).
    pub fn close(&mut self, cx: &mut Context<'_>, code: u16, reason: &str) {
        if !self.connection.has_ended() {
            self.told = false;
            self.closing = Some(Closing { code, reason: reason.to_owned(), clean: true });
        }
        self.connection.close(code, reason);
        self.drain(cx.now);
    }

    /// The app's answer to [`Signal::AskEndpoint`].
    pub fn provide_endpoint(
        &mut self,
        cx: &mut Context<'_>,
        request: EndpointRequest,
        answer: Answer,
    ) {
        let Answer { url, token, protocols, hello } = answer;
        let taken = self.connection.provide_answer(cx, request, &url, token.as_deref(), protocols);
        if taken {
            let first = |token| Message::Text(token);
            let spoken = token.filter(|_| self.place == TokenPlace::FirstFrame).map(first);
            self.hello = hello.or(spoken);
        }
        self.drain(cx.now);
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

    /// The app's answer to [`Signal::AskVerdict`].
    pub fn provide_ruling(
        &mut self,
        cx: &mut Context<'_>,
        request: VerdictRequest,
        ruling: Ruling,
    ) {
        self.connection.provide_ruling(cx, request, ruling);
        self.drain(cx.now);
    }

    /// Sends a message, or has it wait; what waits is told by its ticket.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED`, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL` or `E_RATE_LIMIT`; then it was not sent.
    pub fn send(
        &mut self,
        cx: &mut Context<'_>,
        ticket: u32,
        message: Message,
    ) -> Result<Handed, Misuse> {
        if self.connection.has_ended() && !self.connection.is_idle() {
            let words = "the socket is closed or has failed; connect() starts anew";
            return Err(Misuse::new(ErrorCode::NotConnected, words));
        }
        let handed = self.outgoing.send(cx.now, Parcel { ticket, messages: vec![message] });
        self.drain(cx.now);
        handed
    }

    /// Sends a value of which only the latest counts; without a link it is forgotten.
    ///
    /// # Errors
    /// `E_BUFFER_FULL` for too many keys.
    pub fn send_volatile(
        &mut self,
        cx: &mut Context<'_>,
        key: String,
        message: Message,
    ) -> Result<(), Misuse> {
        if self.link.is_none() {
            return Ok(());
        }
        self.volatile.set(key, message)?;
        self.flush_volatile(cx.now);
        self.drain(cx.now);
        Ok(())
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.connection.handle_timeout(cx);
        // A link that ends now takes nothing more: what waits for its turn waits for the next one.
        self.drain(cx.now);
        self.outgoing.handle_timeout(cx.now);
        self.flush_volatile(cx.now);
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
            self.note(cx.now, id, &input);
        }
        if self.connection.handle_socket(cx, id, &input) {
            match input {
                SocketInput::Frame(bytes) => self.receive(cx, Message::Binary(bytes)),
                SocketInput::Text(text) => self.receive(cx, Message::Text(text)),
                _ => {}
            }
        }
        self.drain(cx.now);
    }

    fn note(&mut self, now: Instant, id: SocketId, input: &SocketInput) {
        match input {
            SocketInput::Closed { code, reason, clean } => {
                self.closing = Some(Closing { code: *code, reason: reason.clone(), clean: *clean });
            }
            SocketInput::Opened { protocol } => {
                let protocol = protocol.clone();
                self.tell(SocketEvent::Opened { protocol });
            }
            SocketInput::Buffered(bytes) if self.link == Some(id) => {
                self.outgoing.measured(now, *bytes);
                self.settle_volatile(now);
            }
            _ => {}
        }
    }

    fn receive(&mut self, cx: &mut Context<'_>, message: Message) {
        let (len, most) = (message.len(), self.max_receive);
        if len > most {
            let words = format!(
                "a message of {len} bytes came, more than the limit of {most} (maxReceive)"
            );
            let problem = Problem::new(ErrorCode::FrameTooLarge, words);
            return self.connection.handle_violation(cx, problem, TOO_LARGE);
        }
        if self.keepalive.pong.as_ref() == Some(&message) {
            return;
        }
        match &self.keepalive.reply {
            Some((call, answer)) if *call == message => self.outgoing.send_now(answer.clone()),
            _ => self.tell(SocketEvent::Message(message)),
        }
    }

    /// Does what the connection asks for, then sends what may go.
    fn drain(&mut self, now: Instant) {
        while let Some(action) = self.connection.poll_action() {
            match action {
                Action::Socket(id, output) => self.signals.push_back(Signal::Socket(id, output)),
                Action::AskEndpoint(request, attempt, reason) => {
                    self.signals.push_back(Signal::AskEndpoint(request, attempt, reason));
                }
                Action::AskVerdict(request, code, reason) => {
                    self.signals.push_back(Signal::AskVerdict(request, code, reason));
                }
                Action::LinkUp(id) => self.on_link_up(now, id),
                Action::LinkDown => self.on_link_down(),
                Action::Farewell(_) => {
                    self.outgoing.flush(now);
                    self.drain_outgoing();
                }
                Action::Probe(_) => self.ping(),
                // Only servers of our own dialect take tokens on the link.
                Action::ShowToken(_) => {}
                Action::TooLarge => self.on_too_large(),
                Action::Status(state) => self.signals.push_back(Signal::Status(state)),
                Action::Problem(problem) => self.signals.push_back(Signal::Problem(problem)),
            }
        }
        self.drain_outgoing();
        self.follow_attempt();
        if self.connection.has_ended() {
            self.refuse_waiting();
        }
    }

    fn drain_outgoing(&mut self) {
        while let Some(leaving) = self.outgoing.poll() {
            match (leaving, self.link) {
                (Leaving::Sent(ticket), _) => self.tell(SocketEvent::Sent(ticket)),
                (Leaving::Message(message), Some(id)) => {
                    self.connection.handle_sent(message.len());
                    self.signals.push_back(Signal::Socket(id, message.into_output()));
                }
                (Leaving::Measure, Some(id)) => {
                    self.signals.push_back(Signal::Socket(id, SocketOutput::Measure));
                }
                (_, None) => {}
            }
        }
    }

    /// Tells the end of each attempt once, whether it opened or not.
    fn follow_attempt(&mut self) {
        let attempt = self.connection.attempted_socket();
        let over = self.attempt.is_some() && attempt != self.attempt;
        if over || (self.connection.has_ended() && !self.connection.is_idle() && !self.told) {
            let closing = self.closing.take();
            self.tell(SocketEvent::Closed(closing.unwrap_or_else(Closing::lost)));
            self.told = true;
        }
        if attempt.is_some() && attempt != self.attempt {
            self.told = false;
        }
        self.attempt = attempt;
    }

    fn on_link_up(&mut self, now: Instant, id: SocketId) {
        self.link = Some(id);
        self.connection.handle_handshake(now);
        // The first message goes before whatever waited for the link.
        self.outgoing.link_up(now, self.hello.take());
    }

    fn on_link_down(&mut self) {
        self.link = None;
        self.volatile.clear();
        let lost = self.outgoing.link_down();
        self.tell_unsent(
            lost,
            ErrorCode::NotConnected,
            "the connection was lost before this message was sent",
        );
    }

    fn refuse_waiting(&mut self) {
        let waiting = self.outgoing.clear();
        self.tell_unsent(
            waiting,
            ErrorCode::NotConnected,
            "the connection ended before this message was sent",
        );
    }

    fn tell_unsent(&mut self, tickets: Vec<u32>, code: ErrorCode, words: &str) {
        for ticket in tickets {
            self.tell(SocketEvent::Unsent(ticket, Problem::new(code, words)));
        }
    }

    fn on_too_large(&mut self) {
        let words = match self.outgoing.quarantine() {
            Some(len) => format!(
                "the server refused a message of {len} bytes as too large (close code 1009); it is not sent again"
            ),
            None => {
                "the server closed with code 1009 (message too large) though none was sent".into()
            }
        };
        self.signals.push_back(Signal::Problem(Problem::new(ErrorCode::FrameTooLarge, words)));
    }

    fn ping(&mut self) {
        if let Some(ping) = &self.keepalive.ping {
            self.outgoing.send_now(ping.clone());
        }
    }

    /// Sends what is due, if little enough is unsent; asks first where that is not known.
    fn flush_volatile(&mut self, now: Instant) {
        if self.link.is_none() || !self.volatile.is_due(now) {
            return;
        }
        if self.outgoing.unsent() > volatile::LATE {
            self.volatile.skip(now);
            self.outgoing.measure();
        } else {
            self.send_volatile_now(now);
        }
    }

    /// A measurement came: what was put off may go after all.
    fn settle_volatile(&mut self, now: Instant) {
        if self.outgoing.unsent() <= volatile::LATE {
            self.send_volatile_now(now);
        }
    }

    fn send_volatile_now(&mut self, now: Instant) {
        for message in self.volatile.flush(now) {
            self.outgoing.send_now(message);
        }
    }

    fn tell(&mut self, event: SocketEvent) {
        self.signals.push_back(Signal::Event(event));
    }
}

#[cfg(test)]
mod tests;
