//! Messages of a room: what is on its way, what has come, and whether the server speaks of such things at all.
//!
//! ```text
//!            the app uses messages        Hello
//! Down ──link──▶ Asking ──────────────────▶ Speaking ──gap, audit──▶ asks again, still speaking
//!   ▲              │ ten seconds without one: told as unsupported, asked ever more seldom
//!   └──link down───┴───────────────────────────┘
//! ```
//!
//! Nothing is sent before the app uses messages, and nothing but the question before the server answered it: stock
//! servers ignore the question, and one that hangs up on it is left in peace after three times.

pub mod inbox;
pub mod questions;
pub mod queue;
mod replies;

use std::collections::VecDeque;

use super::audit::Audit;
use crate::config::{Broken, MessageConfig};
use crate::error::{ErrorCode, Misuse};
use crate::event::{Message, MessageEvent};
use crate::protocol::messages::{Request, Subscribe};
use crate::room::persistence::Seq;
use crate::time::{Deadline, Instant};
use inbox::Inbox;
use questions::Questions;
use queue::{Queue, Waiting};

/// First and longest wait for the answer to a subscription.
const ASK: (u64, u64) = (2_500, 60_000);
/// After this long without an answer the app is told that there is none.
const UNSUPPORTED_AFTER: u64 = 10_000;
/// Links that ended upon the question before it is asked more seldom.
const MAX_HANGUPS: u32 = 3;
/// First and longest wait before such a server is asked again.
const PEACE: (u64, u64) = (60_000, 3_600_000);
/// Largest page that is asked for.
const MAX_PAGE: u64 = 1_000;
/// What is said where the server does not speak messages.
const UNSUPPORTED: &str =
    "this server does not speak rejoin's messages; use www/server, or one that follows PROTOCOL.md";

/// The messages of one room.
#[derive(Debug)]
pub struct Messages {
    config: MessageConfig,
    broken: Broken,
    /// What ids of this run begin with; also its secret towards the server.
    run: u64,
    written: u64,
    wanted: bool,
    link: Link,
    audit: Option<Audit>,
    /// Number of the last question or subscription, and of the last subscription.
    request: u64,
    subscribed: u64,
    /// When the server was last asked, and how long to wait before a gap makes us ask again.
    asked_at: Instant,
    gap_wait: u64,
    hangups: u32,
    /// Whether the server was ever heard to speak messages; nothing while unknown.
    supported: Option<bool>,
    not_before: Instant,
    inbox: Inbox,
    queue: Queue,
    questions: Questions,
    received: Vec<Message>,
    reset: bool,
    /// Up to this number messages are history: they were there before we came.
    history: u64,
    done: Vec<String>,
    /// Ids of messages of earlier runs that came from the log.
    restored: Vec<String>,
    frames: Vec<Vec<u8>>,
    events: VecDeque<MessageEvent>,
}

/// How far the current link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// There is none.
    Down,
    /// The server was asked, or is about to be.
    Asking(Ask),
    /// The server answered; when it is asked again what is missing, the question that is open.
    Speaking { again: Option<Ask>, max_bytes: usize },
}

/// A subscription that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ask {
    since: Instant,
    at: Instant,
    wait: u64,
    asked: bool,
}

impl Ask {
    fn at(at: Instant) -> Self {
        Self { since: at, at, wait: ASK.0, asked: false }
    }
}

/// The server answered what was not asked, or with what makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation(pub &'static str);

impl Messages {
    /// Messages of a run that nothing is known of yet; `run` is random.
    pub fn new(config: MessageConfig, broken: Broken, run: u64, patience: u64) -> Self {
        Self {
            config,
            broken,
            run: run >> 11,
            written: 0,
            wanted: false,
            link: Link::Down,
            audit: None,
            request: 0,
            subscribed: 0,
            asked_at: Instant::default(),
            gap_wait: 0,
            hangups: 0,
            supported: None,
            not_before: Instant::default(),
            inbox: Inbox::default(),
            queue: Queue::new(patience),
            questions: Questions::default(),
            received: Vec::new(),
            reset: false,
            history: 0,
            done: Vec::new(),
            restored: Vec::new(),
            frames: Vec::new(),
            events: VecDeque::new(),
        }
    }

    /// The app uses messages: ask for them. `false` if it was known.
    pub fn want(&mut self) -> bool {
        !std::mem::replace(&mut self.wanted, true)
    }

    /// Whether the app uses messages and a link is of use.
    pub fn is_down(&self) -> bool {
        self.wanted && self.link == Link::Down
    }

    /// How many wait for the server.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// All that wait for the server, in order.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Checks a message before it goes to the log.
    pub fn check(&self, data: &str) -> Result<(), Misuse> {
        self.check_size(data)?;
        self.queue.check_space(data.len())
    }

    /// A new id.
    pub fn next_id(&mut self) -> String {
        self.written += 1;
        format!("{:x}-{}", self.run, self.written)
    }

    /// Queues a message whose record is `record`.
    pub fn push(&mut self, id: String, kind: u64, data: String, record: Seq) {
        self.want();
        self.queue.push(Waiting::new(id, kind, data, record));
    }

    /// Messages of earlier runs that the log says were not acknowledged.
    pub fn restore(&mut self, stored: Vec<(String, u64, String)>) {
        let (mut restored, mut waiting) = (Vec::new(), Vec::new());
        for (id, kind, data) in stored {
            // Also in the log twice: a snapshot behind a failure did not know the record.
            if self.queue.iter().chain(&waiting).any(|waiting| waiting.id == id) {
                continue;
            }
            let (seq, at, from) = (0, 0, 0);
            let message = Message { seq, at, from, kind, id, data, own: true };
            waiting.push(Waiting::new(message.id.clone(), kind, message.data.clone(), 0));
            self.restored.push(message.id.clone());
            restored.push(message);
        }
        if !restored.is_empty() {
            self.want();
            self.queue.restore(waiting);
            self.events.push_back(MessageEvent::Restored(restored));
        }
    }

    /// Sends a message to one connection; returns the number of the question.
    pub fn send_direct(
        &mut self,
        now: Instant,
        to: u64,
        kind: u64,
        data: &str,
    ) -> Result<u64, Misuse> {
        self.check_size(data)?;
        self.ask(now, |request| Request::Direct { request, to, kind, data })
    }

    /// Asks for a page of history; returns the number of the question.
    pub fn load(&mut self, now: Instant, before: u64, limit: u64) -> Result<u64, Misuse> {
        let limit = limit.clamp(1, MAX_PAGE);
        self.ask(now, |request| Request::Page { request, before, limit })
    }

    /// Sends a message to those who are here, if there is a link.
    pub fn send_volatile(&mut self, kind: u64, data: &str) -> Result<(), Misuse> {
        self.check_size(data)?;
        self.want();
        if !matches!(self.link, Link::Speaking { .. }) {
            return Err(match self.supported {
                Some(false) => Misuse::new(ErrorCode::Unsupported, UNSUPPORTED),
                _ => {
                    Misuse::new(ErrorCode::NotConnected, "there is no link; the message is dropped")
                }
            });
        }
        self.frames.push(Request::Volatile { kind, data }.encode());
        Ok(())
    }

    /// A link whose handshake is done.
    pub fn handle_link_up(&mut self, now: Instant) {
        self.link = Link::Asking(Ask::at(self.not_before.max(now)));
        self.queue.handle_link_up();
    }

    /// The connection goes on under another id: subscribe under it.
    pub fn handle_identity(&mut self, now: Instant) {
        self.ask_again(now);
    }

    /// The link is gone.
    pub fn handle_link_down(&mut self, now: Instant) {
        if matches!(self.link, Link::Asking(Ask { asked: true, .. }))
            && self.supported != Some(true)
        {
            self.hangups += 1;
            if self.hangups >= MAX_HANGUPS {
                let wait = PEACE.0 << (self.hangups - MAX_HANGUPS).min(6);
                self.not_before = now + wait.min(PEACE.1);
                self.tell_unsupported();
            }
        }
        self.link = Link::Down;
        self.audit = None;
        self.queue.handle_link_down();
        self.events.extend(self.questions.handle_link_down());
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let ask = match self.link {
            Link::Asking(ask) | Link::Speaking { again: Some(ask), .. } => {
                Some(Deadline { at: ask.at, reason: "subscribe to messages" })
            }
            _ => None,
        };
        let audit = self.audit.map(Audit::poll_timeout);
        let parts = [ask, audit, self.queue.poll_timeout(), self.questions.poll_timeout()];
        parts.into_iter().fold(None, Deadline::earliest)
    }

    /// Time has passed; `true` if the server is silent about a message that it was sent.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        if self.audit.as_mut().is_some_and(|audit| audit.handle_timeout(now)) {
            self.ask_again(now);
        }
        self.events.extend(self.questions.handle_timeout(now));
        self.queue.handle_timeout(now)
    }

    /// Sends what may leave, given what the log has committed.
    pub fn poll_frames(&mut self, now: Instant, connection: u64, released: Seq) -> Vec<Vec<u8>> {
        self.subscribe(now, connection);
        if matches!(self.link, Link::Speaking { .. }) {
            self.frames.extend(self.questions.poll_frames());
            while let Some((n, Waiting { id, kind, data, .. })) =
                self.queue.poll_send(now, released)
            {
                self.frames.push(Request::Publish { n, kind: *kind, id, data }.encode());
            }
        }
        std::mem::take(&mut self.frames)
    }

    /// Takes the next thing to tell the app.
    pub fn poll_event(&mut self) -> Option<MessageEvent> {
        if self.events.is_empty() {
            self.flush_received();
        }
        self.events.pop_front()
    }

    /// Ids of messages that no longer wait, for the log.
    pub fn take_done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }

    /// Of the messages of earlier runs those that no longer wait.
    pub fn restored_and_done(&self) -> Vec<String> {
        let waits = |id: &String| self.queue.iter().any(|waiting| waiting.id == *id);
        self.restored.iter().filter(|id| !waits(id)).cloned().collect()
    }

    fn ask<'a>(
        &mut self,
        now: Instant,
        make: impl FnOnce(u64) -> Request<'a>,
    ) -> Result<u64, Misuse> {
        self.want();
        if self.supported == Some(false) && !matches!(self.link, Link::Speaking { .. }) {
            return Err(Misuse::new(ErrorCode::Unsupported, UNSUPPORTED));
        }
        if !self.questions.has_space() {
            let message = "too many questions wait for the server's answer";
            return Err(Misuse::new(ErrorCode::BufferFull, message));
        }
        self.request += 1;
        self.questions.ask(now, self.request, make(self.request).encode());
        Ok(self.request)
    }

    /// Asks for what is missing, unless that was just asked.
    fn ask_again(&mut self, now: Instant) {
        if let Link::Speaking { again: again @ None, .. } = &mut self.link {
            *again = Some(Ask::at(now));
        }
    }

    fn subscribe(&mut self, now: Instant, connection: u64) {
        let (Link::Asking(ask) | Link::Speaking { again: Some(ask), .. }) = &mut self.link else {
            return;
        };
        if ask.at > now {
            return;
        }
        self.asked_at = now;
        let since = if ask.asked { ask.since } else { now };
        let (verdict, told) = (since + UNSUPPORTED_AFTER, self.supported == Some(false));
        let at = now + ask.wait;
        let at = if verdict > now && !told { at.min(verdict) } else { at };
        *ask = Ask { since, at, wait: (ask.wait * 2).min(ASK.1), asked: true };
        if verdict <= now && matches!(self.link, Link::Asking(_)) {
            self.tell_unsupported();
        }
        self.request += 1;
        self.subscribed = self.request;
        let subscribe = Subscribe {
            request: self.request,
            session: self.run,
            connection,
            epoch: self.inbox.epoch(),
            after: self.inbox.last(),
            history: self.config.message_history as u64,
            at: self.inbox.at(),
        };
        self.frames.push(Request::Subscribe(subscribe).encode());
    }

    fn tell_unsupported(&mut self) {
        if self.supported != Some(false) {
            self.supported = Some(false);
            self.events.push_back(MessageEvent::State { supported: Some(false), recovered: None });
        }
        self.events.extend(self.questions.handle_unsupported());
    }

    fn check_size(&self, data: &str) -> Result<(), Misuse> {
        let limit = match self.link {
            Link::Speaking { max_bytes, .. } => max_bytes.min(self.config.message_size),
            _ => self.config.message_size,
        };
        if data.len() > limit {
            let size = data.len();
            let message = format!("a message has at most {limit} bytes of JSON; got {size}");
            return Err(Misuse::new(ErrorCode::Message, message));
        }
        if !super::presence::is_json(data) {
            return Err(Misuse::new(ErrorCode::Message, "a message is JSON"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
