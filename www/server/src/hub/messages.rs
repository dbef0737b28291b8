//! The messages of a room: who hears them, what is kept, what is refused.
//!
//! A message is numbered when it is taken, and acknowledged and given to everyone behind its commit. One whose id is
//! kept already is acknowledged with the number it has: a client may send again what it is not sure of.

mod log;
mod subscriber;

use std::collections::BTreeMap;

use bytes::Bytes;
use rejoin::json::depth;
use rejoin::protocol::messages::{
    Envelope, Hello, Reject, RejectCode, Rejected, Reply, Request, Subscribe,
};
use rejoin::time::Instant;

use super::context::Context;
use super::outgoing::{Outgoing, Payload, Target};
use super::{HubOutput, MemberId, Permission, StoredMessages};
use log::{Kept, Log};
use subscriber::Subscriber;

/// Longest id of a message, in bytes.
const MAX_ID: usize = 64;
/// Bytes of a frame of history, and of a page.
const CHUNK: usize = 64 << 10;
const PAGE: usize = 1 << 20;
/// Messages of a frame.
const CHUNK_MESSAGES: usize = 100;
/// Lists and objects inside of each other in a message: as in the values of documents.
const MAX_LEVELS: usize = 64;
/// Kinds of volatile messages of a member that may wait at a time.
const MAX_PASSING: usize = 16;

/// Limits of messages.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// Largest message, in bytes of JSON.
    pub max_bytes: usize,
    /// Messages a room keeps.
    pub keep: usize,
    /// Bytes of them.
    pub keep_bytes: usize,
    /// Messages of a member a second, averaged, that are stored or go to one; more are refused for now.
    pub per_second: u64,
    /// Volatile messages of a member a second; of more, the latest is given on later.
    pub volatile_per_second: u64,
    /// Subscriptions and pages of a member a second.
    pub questions_per_second: u64,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 10,
            keep: 2_000,
            keep_bytes: 4 << 20,
            per_second: 50,
            volatile_per_second: 30,
            questions_per_second: 4,
        }
    }
}

/// Messages of one room.
#[derive(Debug)]
pub(super) struct Messages {
    log: Log,
    subscribers: BTreeMap<MemberId, Subscriber>,
}

impl Messages {
    pub(super) fn load(stored: StoredMessages) -> Self {
        Self { log: Log::load(stored), subscribers: BTreeMap::new() }
    }

    /// Oldest message that is kept.
    pub(super) fn head(&self) -> u64 {
        self.log.head()
    }

    pub(super) fn first(&self) -> u64 {
        self.log.first()
    }

    /// Takes a request of a member.
    pub(super) fn handle(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outgoing,
        (id, permission): (MemberId, Permission),
        request: Request<'_>,
    ) {
        if let Request::Subscribe(subscribe) = request {
            let limits = &cx.config.messages;
            let subscriber = self.subscribers.entry(id).or_insert_with(|| Subscriber::new(limits));
            subscriber.subscribe(subscribe);
            return self.serve(cx, out, id);
        }
        if !self.subscribers.contains_key(&id) {
            cx.counters.unknown += 1;
            return;
        }
        match request {
            Request::Subscribe(_) => {}
            Request::Publish { n, kind, id: name, data } => {
                let draft = Draft { kind, id: name, data, permission };
                self.publish(cx, out, id, n, draft);
            }
            Request::Direct { request, to, kind, data } => {
                let draft = Draft { kind, id: "", data, permission };
                self.direct(cx, out, id, request, to, draft);
            }
            Request::Volatile { kind, data } => {
                if check(cx, &Draft { kind, id: "", data, permission }).is_ok()
                    && let Some(subscriber) = self.subscribers.get_mut(&id)
                {
                    subscriber.pass(kind, data, MAX_PASSING);
                }
                self.serve(cx, out, id);
            }
            Request::Page { request, before, limit } => {
                self.page(cx, out, id, request, before, limit);
            }
        }
    }

    /// A member is gone.
    pub(super) fn leave(&mut self, id: MemberId) {
        self.subscribers.remove(&id);
    }

    /// When something that waits is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.subscribers.values().filter_map(Subscriber::due).min()
    }

    /// Does what has waited for its time.
    pub(super) fn on_timeout(&mut self, cx: &mut Context<'_>, out: &mut Outgoing) {
        let due = |subscriber: &Subscriber| subscriber.due().is_some_and(|due| due <= cx.now);
        let due: Vec<MemberId> = self
            .subscribers
            .iter()
            .filter(|(_, subscriber)| due(subscriber))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.serve(cx, out, id);
        }
    }

    /// Does for a member what its pace allows now.
    fn serve(&mut self, cx: &mut Context<'_>, out: &mut Outgoing, id: MemberId) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        let passing = subscriber.take_passing(cx.now);
        let from = subscriber.connection;
        if let Some(subscribe) = subscriber.take_subscription(cx.now) {
            self.welcome(cx, out, id, &subscribe);
        }
        for (kind, data) in passing {
            let envelope =
                Envelope { at: cx.wall(), from, kind, data: &data, ..Envelope::default() };
            let frame = Bytes::from(Reply::Passing { direct: false, envelope }.encode());
            for other in self.subscribers.keys().filter(|other| **other != id) {
                out.push(Target::One(*other), Payload::Frame(frame.clone()));
            }
        }
    }

    /// Answers a subscription: where the log stands, then what the member has not seen.
    fn welcome(
        &mut self,
        cx: &Context<'_>,
        out: &mut Outgoing,
        id: MemberId,
        subscribe: &Subscribe,
    ) {
        let connection = self.claim(id, subscribe);
        if let Some(subscriber) = self.subscribers.get_mut(&id) {
            subscriber.session = subscribe.session;
            subscriber.connection = connection;
        }
        let (first, head) = (self.log.first(), self.log.head());
        let seen = subscribe.epoch != 0 && subscribe.epoch == self.log.epoch();
        let known = seen && subscribe.after <= head && self.log.has(subscribe.after, subscribe.at);
        let recovered = known && subscribe.after + 1 >= first;
        let history = first.max((head + 1).saturating_sub(subscribe.history));
        let next = if recovered { subscribe.after + 1 } else { history };
        let hello = Hello {
            request: subscribe.request,
            epoch: self.log.epoch(),
            next,
            head,
            recovered,
            max_bytes: cx.config.messages.max_bytes as u64,
        };
        let mut frame = Reply::Hello(hello).encode();
        let mut messages = 1;
        for kept in self.log.from(next) {
            if messages == CHUNK_MESSAGES || frame.len() > CHUNK {
                out.push(Target::One(id), Payload::Frame(std::mem::take(&mut frame).into()));
                messages = 0;
            }
            frame.extend(Reply::Message(kept.envelope()).encode());
            messages += 1;
        }
        out.push(Target::One(id), Payload::Frame(frame.into()));
    }

    /// The connection id a member may have: its own again after a lost link, another's never.
    fn claim(&mut self, id: MemberId, subscribe: &Subscribe) -> u64 {
        let Subscribe { session, connection, .. } = *subscribe;
        let holder = self
            .subscribers
            .iter_mut()
            .find(|(other, held)| **other != id && held.connection == connection);
        match holder {
            Some((_, held)) if held.session != session => 0,
            Some((_, held)) => {
                held.connection = 0;
                connection
            }
            None => connection,
        }
    }

    fn publish(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outgoing,
        id: MemberId,
        n: u64,
        draft: Draft<'_>,
    ) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        // What is missing before it comes again, and this behind it.
        if n == 0 || n > subscriber.last + 1 {
            return;
        }
        let known = self.log.find(draft.id).filter(|_| !cx.config.broken.no_dedupe);
        let seen = n <= subscriber.last && !cx.config.broken.no_dedupe;
        if let Some(seq) = known.or_else(|| seen.then_some(0)) {
            cx.counters.duplicate_messages += 1;
            let refusal = if known.is_none() { subscriber.refusal(n) } else { None };
            subscriber.last = subscriber.last.max(n);
            return answer(
                cx,
                out,
                id,
                &match refusal {
                    Some(code) => rejected(Rejected::Publish(n), code, 0),
                    None => Reply::Ack { n, seq },
                },
            );
        }
        if let Err(code) = check(cx, &draft).and_then(|()| check_id(draft.id)) {
            cx.counters.refused_messages += 1;
            subscriber.last = subscriber.last.max(n);
            subscriber.refuse(n, code);
            return answer(cx, out, id, &rejected(Rejected::Publish(n), code, 0));
        }
        let wait = subscriber.message_wait(cx.now);
        if wait > 0 {
            cx.counters.refused_messages += 1;
            let reply = rejected(Rejected::Publish(n), RejectCode::RateLimit, wait);
            return answer(cx, out, id, &reply);
        }
        subscriber.last = subscriber.last.max(n);
        let from = subscriber.connection;
        self.store(cx, out, id, n, draft.keep(cx.wall(), from));
    }

    fn store(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outgoing,
        id: MemberId,
        n: u64,
        message: Kept,
    ) {
        cx.counters.messages += 1;
        let Some(kept) = self.log.append(message, &cx.config.messages) else { return };
        let (seq, bytes) = (kept.seq, kept.encode());
        let frame = Bytes::from(Reply::Message(kept.envelope()).encode());
        out.record_message(seq, bytes);
        for member in self.subscribers.keys() {
            send(cx, out, *member, frame.clone());
        }
        answer(cx, out, id, &Reply::Ack { n, seq });
    }

    fn direct(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outgoing,
        id: MemberId,
        request: u64,
        to: u64,
        draft: Draft<'_>,
    ) {
        let target = self.subscribers.iter().find(|(_, other)| to != 0 && other.connection == to);
        let target = target.map(|(target, _)| *target);
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        let wait = subscriber.message_wait(cx.now);
        let verdict = match target {
            _ if wait > 0 => Err(RejectCode::RateLimit),
            None => Err(RejectCode::NotFound),
            Some(target) => check(cx, &draft).map(|()| target),
        };
        match verdict {
            Ok(target) => {
                let kept = draft.keep(cx.wall(), subscriber.connection);
                let passing = Reply::Passing { direct: true, envelope: kept.envelope() };
                answer(cx, out, target, &passing);
                answer(cx, out, id, &Reply::Delivered { request });
            }
            Err(code) => {
                cx.counters.refused_messages += 1;
                answer(cx, out, id, &rejected(Rejected::Question(request), code, wait));
            }
        }
    }

    fn page(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outgoing,
        id: MemberId,
        request: u64,
        before: u64,
        limit: u64,
    ) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        let wait = subscriber.page_wait(cx.now);
        if wait > 0 {
            let reply = rejected(Rejected::Question(request), RejectCode::RateLimit, wait);
            return answer(cx, out, id, &reply);
        }
        let page = self.log.page(before, limit, PAGE);
        let messages = page.into_iter().map(Kept::envelope).collect();
        let page = Reply::Page { request, first: self.log.first(), messages };
        answer(cx, out, id, &page);
    }
}

/// A message as its sender put it.
#[derive(Clone, Copy, Debug)]
struct Draft<'a> {
    kind: u64,
    id: &'a str,
    data: &'a str,
    permission: Permission,
}

impl Draft<'_> {
    fn keep(self, at: u64, from: u64) -> Kept {
        let Self { kind, id, data, .. } = self;
        Kept { seq: 0, at, from, kind, id: id.to_owned(), data: data.to_owned() }
    }
}

fn check(cx: &Context<'_>, draft: &Draft<'_>) -> Result<(), RejectCode> {
    if draft.permission == Permission::Read {
        return Err(RejectCode::Forbidden);
    }
    if draft.data.len() > cx.config.messages.max_bytes || depth(draft.data) > MAX_LEVELS {
        return Err(RejectCode::TooLarge);
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(draft.data) {
        Ok(_) => Ok(()),
        Err(_) => Err(RejectCode::Malformed),
    }
}

fn check_id(id: &str) -> Result<(), RejectCode> {
    if (1..=MAX_ID).contains(&id.len()) { Ok(()) } else { Err(RejectCode::Malformed) }
}

fn rejected(what: Rejected, code: RejectCode, retry_ms: u64) -> Reply<'static> {
    Reply::Reject(Reject { what, code, retry_ms })
}

fn answer(cx: &mut Context<'_>, out: &mut Outgoing, id: MemberId, reply: &Reply<'_>) {
    send(cx, out, id, reply.encode().into());
}

/// Behind the commit of what it shows, unless the mutation proof broke that.
fn send(cx: &mut Context<'_>, out: &mut Outgoing, member: MemberId, frame: Bytes) {
    if cx.config.broken.ack_before_commit {
        cx.output(HubOutput::Send { member, frame });
    } else {
        out.push(Target::One(member), Payload::Frame(frame));
    }
}
