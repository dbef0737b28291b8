//! What waits to be sent: for room in the browser's buffer, for its turn, or for a link.

use std::collections::VecDeque;

use super::flow::Flow;
use super::message::Message;
use super::quarantine::Quarantine;
use super::rate::{RateLimit, Window};
use crate::error::{ErrorCode, Misuse};
use crate::time::{Deadline, Instant};

/// What one message costs besides its payload, in bytes: empty ones must not be free.
const OVERHEAD: usize = 32;

/// Limits of what waits and of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most messages that wait.
    pub messages: usize,
    /// Most bytes that wait.
    pub bytes: usize,
    /// Whether messages also wait for a link; else they are refused without one.
    pub keep: bool,
    /// Largest message.
    pub max_frame: usize,
    /// Bytes in the browser's buffer above which messages wait.
    pub high: u64,
    /// Bytes in the browser's buffer at which they go on.
    pub low: u64,
    /// What the app allows itself.
    pub rate: Option<RateLimit>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages: 1_024,
            bytes: 4 << 20,
            keep: false,
            max_frame: 16 << 20,
            high: 1 << 20,
            low: 256 << 10,
            rate: None,
        }
    }
}

/// Messages that go together, under a number of the app's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The app's number.
    pub ticket: u32,
    /// At least one message.
    pub messages: Vec<Message>,
}

/// What became of something to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// The socket has it.
    Over,
    /// It waits; its ticket will be told.
    Waiting,
}

/// What leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// A message for the socket.
    Message(Message),
    /// Measure the browser's buffer.
    Measure,
    /// A parcel that waited is with the socket.
    Sent(u32),
}

/// The queue of one session.
#[derive(Debug)]
pub struct Outgoing {
    limits: Limits,
    /// The largest message that the server takes.
    served: usize,
    /// What is added to a text on its way, in bytes.
    added: usize,
    flow: Flow,
    window: Option<Window>,
    quarantine: Quarantine,
    waiting: VecDeque<Parcel>,
    /// What it costs to keep them, in bytes.
    weight: usize,
    leaving: VecDeque<Leaving>,
    linked: bool,
}

impl Outgoing {
    /// An empty queue without a link.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            served: usize::MAX,
            added: 0,
            flow: Flow::new(limits.high, limits.low),
            window: limits.rate.map(Window::new),
            quarantine: Quarantine::default(),
            waiting: VecDeque::new(),
            weight: 0,
            leaving: VecDeque::new(),
            linked: false,
        }
    }

    /// Takes what leaves next, in order.
    pub fn poll(&mut self) -> Option<Leaving> {
        self.leaving.pop_front()
    }

    /// Bytes of the messages that wait here.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.iter().flat_map(|parcel| &parcel.messages).map(Message::len).sum()
    }

    /// An upper bound of what the browser has not sent, in bytes.
    pub fn unsent(&self) -> u64 {
        self.flow.bound()
    }

    /// Whether something handed over now would be with the socket at once.
    pub fn is_clear(&self) -> bool {
        self.linked && self.waiting.is_empty() && self.flow.is_open()
    }

    /// The server of this link takes no larger messages; to texts so many bytes are added on their way.
    pub fn limit_frames(&mut self, bytes: usize, added: usize) {
        self.served = bytes;
        self.added = added;
    }

    /// Hands a parcel over, or refuses it.
    ///
    /// # Errors
    /// `E_FRAME_TOO_LARGE`, `E_NOT_CONNECTED`, `E_RATE_LIMIT` or `E_BUFFER_FULL`; nothing of it was sent.
    pub fn send(&mut self, now: Instant, parcel: Parcel) -> Result<Handed, Misuse> {
        self.check(&parcel)?;
        if !self.linked && !self.limits.keep {
            return Err(Misuse::new(ErrorCode::NotConnected, NOT_CONNECTED));
        }
        self.check_rate(now)?;
        let size = size_of(&parcel);
        if !self.is_clear() || self.is_over_rate(now) {
            self.check_room(size)?;
            self.weight += size;
            self.waiting.push_back(parcel);
            return Ok(Handed::Waiting);
        }
        self.hand_over(now, parcel);
        Ok(Handed::Over)
    }

    /// Sends past the queue what is worthless later: a heartbeat, a first message, the latest cursor.
    pub fn send_now(&mut self, message: Message) {
        if self.linked {
            self.push(message);
        }
    }

    /// There is a link: a first message goes, then what waited.
    pub fn link_up(&mut self, now: Instant, first: Option<Message>) {
        self.linked = true;
        self.flow.reset();
        self.quarantine.reset();
        if let Some(first) = first {
            self.push(first);
        }
        self.drain(now);
    }

    /// The link is gone. Returns the tickets of what cannot wait for another.
    pub fn link_down(&mut self) -> Vec<u32> {
        self.linked = false;
        self.flow.reset();
        if self.limits.keep { Vec::new() } else { self.clear() }
    }

    /// Takes what waits under a ticket out of the queue: nobody wants it sent any more.
    pub fn cancel(&mut self, ticket: u32) {
        let size: usize =
            self.waiting.iter().filter(|parcel| parcel.ticket == ticket).map(size_of).sum();
        self.weight = self.weight.saturating_sub(size);
        self.waiting.retain(|parcel| parcel.ticket != ticket);
    }

    /// Empties the queue and returns its tickets.
    pub fn clear(&mut self) -> Vec<u32> {
        self.weight = 0;
        self.waiting.drain(..).map(|parcel| parcel.ticket).collect()
    }

    /// Hands everything over that may go by its rate, full buffer or not: the link is about to be closed.
    pub fn flush(&mut self, now: Instant) {
        if self.linked {
            self.flow.reset();
            while !self.is_over_rate(now) && self.hand_over_first(now) {}
        }
    }

    /// The browser's buffer was measured.
    pub fn measured(&mut self, now: Instant, bytes: u64) {
        self.flow.measured(now, bytes);
        self.drain(now);
    }

    /// Has the browser's buffer measured.
    pub fn measure(&mut self) {
        self.leaving.push_back(Leaving::Measure);
    }

    /// The server refused a message as too large. Returns the length of the likely one.
    pub fn quarantine(&mut self) -> Option<usize> {
        self.quarantine.refuse()
    }

    /// When time matters next.
    pub fn deadline(&self) -> Option<Deadline> {
        let poll = self.flow.deadline().map(|at| Deadline { at, reason: "buffered amount" });
        let turn = if self.linked && self.flow.is_open() && !self.waiting.is_empty() {
            let opens_at = self.window.as_ref().and_then(Window::opens_at);
            opens_at.map(|at| Deadline { at, reason: "rate limit" })
        } else {
            None
        };
        Deadline::earliest(poll, turn)
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.flow.handle_timeout(now) {
            self.measure();
        }
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        while self.linked && self.flow.is_open() && !self.is_over_rate(now) {
            if !self.hand_over_first(now) {
                break;
            }
        }
    }

    fn hand_over_first(&mut self, now: Instant) -> bool {
        let Some(parcel) = self.waiting.pop_front() else { return false };
        let ticket = parcel.ticket;
        self.weight = self.weight.saturating_sub(size_of(&parcel));
        self.hand_over(now, parcel);
        self.leaving.push_back(Leaving::Sent(ticket));
        true
    }

    fn hand_over(&mut self, now: Instant, parcel: Parcel) {
        if let Some(window) = &mut self.window {
            window.take(now);
        }
        for message in parcel.messages {
            self.push(message);
        }
    }

    fn push(&mut self, message: Message) {
        self.quarantine.note(&message);
        let measure = self.flow.add(message.len());
        self.leaving.push_back(Leaving::Message(message));
        if measure {
            self.measure();
        }
    }

    fn is_over_rate(&self, now: Instant) -> bool {
        self.window.as_ref().is_some_and(|window| window.is_full(now))
    }

    fn check(&self, parcel: &Parcel) -> Result<(), Misuse> {
        for message in &parcel.messages {
            let added = if matches!(message, Message::Text(_)) { self.added } else { 0 };
            let most = self.limits.max_frame.min(self.served.saturating_sub(added));
            let len = message.len();
            if len > most {
                let words = format!(
                    "a message of {len} bytes is larger than the limit of {most} (maxFrame)"
                );
                return Err(Misuse::new(ErrorCode::FrameTooLarge, words));
            }
            if self.quarantine.holds(message) {
                let words = format!(
                    "this message of {len} bytes was refused by the server as too large; it is not sent again"
                );
                return Err(Misuse::new(ErrorCode::FrameTooLarge, words));
            }
        }
        Ok(())
    }

    fn check_rate(&self, now: Instant) -> Result<(), Misuse> {
        match &self.window {
            Some(window) if window.limit().rejects && window.is_full(now) => {
                let RateLimit { count, per, .. } = window.limit();
                let words = format!("more than {count} messages in {per} ms (rateLimit)");
                Err(Misuse::new(ErrorCode::RateLimit, words))
            }
            _ => Ok(()),
        }
    }

    fn check_room(&self, size: usize) -> Result<(), Misuse> {
        let Limits { messages, bytes, .. } = self.limits;
        if self.waiting.len() < messages && self.weight.saturating_add(size) <= bytes {
            return Ok(());
        }
        let words = format!(
            "{} messages of {} bytes wait already (buffer); await send() or send less",
            self.waiting.len(),
            self.weight
        );
        Err(Misuse::new(ErrorCode::BufferFull, words))
    }
}

const NOT_CONNECTED: &str =
    "there is no connection; send when the state is connected, or give `buffer` to keep messages";

fn size_of(parcel: &Parcel) -> usize {
    parcel.messages.iter().map(|message| message.len() + OVERHEAD).sum()
}

#[cfg(test)]
mod tests;
