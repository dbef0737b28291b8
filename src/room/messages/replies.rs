//! What the server answers and tells.

use super::inbox::{Arrival, Continuation};
use super::queue::Waiting;
use super::{ASK, Link, Messages, Violation};
use crate::error::ErrorCode;
use crate::event::{Answer, Message, MessageEvent, Problem};
use crate::protocol::messages::{Envelope, Hello, Reject, RejectCode, Rejected, Reply};
use crate::room::audit::Audit;
use crate::room::presence::is_json;
use crate::time::Instant;

impl Messages {
    /// Takes what the server says behind the tag.
    pub fn handle_reply(
        &mut self,
        now: Instant,
        reply: Reply<'_>,
    ) -> Result<Option<Problem>, Violation> {
        match (self.link, reply) {
            (Link::Down, _) => {}
            (_, Reply::Hello(hello)) => self.on_hello(now, &hello)?,
            // What comes before the hello belongs to no subscription of ours.
            (Link::Asking(_), _) => {}
            (Link::Speaking { .. }, Reply::Message(envelope)) => self.on_message(now, &envelope)?,
            (Link::Speaking { .. }, Reply::Passing { direct, envelope }) => {
                let message = self.message(&envelope)?;
                self.events.push_back(MessageEvent::Passing { direct, message });
            }
            (Link::Speaking { .. }, Reply::Ack { n, seq }) => self.on_ack(now, n, seq)?,
            (Link::Speaking { .. }, Reply::Reject(reject)) => return self.on_reject(now, reject),
            (Link::Speaking { .. }, Reply::Delivered { request }) => {
                self.answer(request, Answer::Delivered);
            }
            (Link::Speaking { .. }, Reply::Page { request, first, messages }) => {
                self.on_page(request, first, &messages)?;
            }
        }
        Ok(None)
    }

    fn on_hello(&mut self, now: Instant, hello: &Hello) -> Result<(), Violation> {
        let first = match self.link {
            Link::Asking(_) => true,
            Link::Speaking { again: Some(_), .. } => false,
            // A relay repeated it.
            _ => return Ok(()),
        };
        if hello.request > self.subscribed {
            return Err(Violation("a subscription that was not made is answered"));
        }
        // An answer that was overtaken by another subscription tells of an older state.
        if hello.request < self.subscribed {
            return Ok(());
        }
        let continuation = self.inbox.handle_hello(hello)?;
        if continuation != Continuation::Recovered {
            self.flush_received();
            self.reset = true;
            self.history = hello.head;
        }
        let max_bytes = usize::try_from(hello.max_bytes).unwrap_or(usize::MAX);
        self.link = Link::Speaking { again: None, max_bytes };
        self.hangups = 0;
        if first {
            self.audit = Some(Audit::new(now));
        }
        let recovered = match continuation {
            Continuation::Fresh => None,
            Continuation::Recovered if !first => return Ok(()),
            Continuation::Recovered => Some(true),
            Continuation::Lost => Some(false),
        };
        self.supported = Some(true);
        self.events.push_back(MessageEvent::State { supported: Some(true), recovered });
        Ok(())
    }

    fn on_message(&mut self, now: Instant, envelope: &Envelope<'_>) -> Result<(), Violation> {
        let message = self.message(envelope)?;
        match self.inbox.handle_message(message.seq, message.at) {
            Arrival::Next => {
                if message.seq == self.history + 1 {
                    self.flush_received();
                }
                self.received.push(message);
                self.gap_wait = 0;
                if let Some(audit) = &mut self.audit {
                    audit.handle_traffic(now);
                }
            }
            Arrival::Duplicate if self.broken.no_message_dedupe() => self.received.push(message),
            Arrival::Duplicate => {}
            Arrival::Gap => self.on_gap(now),
        }
        Ok(())
    }

    /// A server that answers and still leaves the gap is asked ever more seldom.
    fn on_gap(&mut self, now: Instant) {
        if let Link::Speaking { again: None, .. } = self.link {
            self.ask_again(now.max(self.asked_at + self.gap_wait));
            self.gap_wait = (self.gap_wait * 2).clamp(ASK.0, ASK.1);
        }
    }

    fn on_ack(&mut self, now: Instant, n: u64, seq: u64) -> Result<(), Violation> {
        let done = self.queue.handle_ack(now, n)?;
        if let Some(Waiting { id, .. }) = done {
            self.done.push(id.clone());
            self.flush_received();
            self.events.push_back(MessageEvent::Sent { id, seq });
        }
        Ok(())
    }

    fn on_reject(&mut self, now: Instant, reject: Reject) -> Result<Option<Problem>, Violation> {
        let Reject { what, code, retry_ms } = reject;
        match what {
            Rejected::Question(request) => {
                self.answer(request, Answer::Failed(refusal(code)));
                Ok(None)
            }
            Rejected::Publish(n) if code == RejectCode::RateLimit => {
                let waits = self.queue.handle_busy(now, n, retry_ms)?;
                Ok(waits.then(|| refusal(code)))
            }
            Rejected::Publish(n) => {
                let done = self.queue.handle_refusal(now, n)?;
                if let Some(Waiting { id, .. }) = done {
                    self.done.push(id.clone());
                    self.events.push_back(MessageEvent::Refused { id, problem: refusal(code) });
                }
                Ok(None)
            }
        }
    }

    fn on_page(
        &mut self,
        request: u64,
        first: u64,
        envelopes: &[Envelope<'_>],
    ) -> Result<(), Violation> {
        let mut messages = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            messages.push(self.message(envelope)?);
        }
        let more = messages.first().is_some_and(|message| message.seq > first);
        self.answer(request, Answer::Page { more, messages });
        Ok(())
    }

    fn answer(&mut self, request: u64, answer: Answer) {
        if self.questions.close(request) {
            self.events.push_back(MessageEvent::Answer { request, answer });
        }
    }

    /// What was received goes before what is told next.
    pub(super) fn flush_received(&mut self) {
        if !self.received.is_empty() || self.reset {
            let messages = std::mem::take(&mut self.received);
            let reset = std::mem::take(&mut self.reset);
            let history = messages.first().is_none_or(|message| message.seq <= self.history);
            self.events.push_back(MessageEvent::Received { reset, history, messages });
        }
    }

    fn message(&self, envelope: &Envelope<'_>) -> Result<Message, Violation> {
        let Envelope { seq, at, from, kind, id, data } = *envelope;
        if !is_json(data) {
            return Err(Violation("a message is no JSON"));
        }
        let own = id.split_once('-').is_some_and(|(run, _)| run == format!("{:x}", self.run))
            || self.queue.iter().any(|waiting| waiting.id == id);
        let (id, data) = (id.to_owned(), data.to_owned());
        Ok(Message { seq, at, from, kind, id, data, own })
    }
}

fn refusal(code: RejectCode) -> Problem {
    let (code, message) = match code {
        RejectCode::RateLimit => (
            ErrorCode::RateLimit,
            "the server takes no more messages for a moment; those that wait are sent again",
        ),
        RejectCode::TooLarge => (ErrorCode::Message, "the server refused a message as too large"),
        RejectCode::Forbidden => (ErrorCode::Forbidden, "the server does not allow this message"),
        RejectCode::Malformed => (ErrorCode::Message, "the server could not read a message"),
        RejectCode::NotFound => (ErrorCode::NotFound, "nobody is connected under this id"),
    };
    Problem::new(code, message)
}
