//! A room in memory: the document, who is here, what leaves and what is on disk.

mod growth;

use bytes::Bytes;
use rejoin::doc::{Doc, Limits, Origin, Refused, RootKind, UpdateError};
use rejoin::ordered::OrderedMap;
use rejoin::protocol::messages::Request;
use rejoin::protocol::standing::{Access, Greeting, Statement};
use rejoin::protocol::{AwarenessEntry, FrameError, encode};
use rejoin::time::Instant;

use growth::Growth;

use super::answers::Answers;
use super::context::Context;
use super::member::{Dialect, Member};
use super::messages::Messages;
use super::outgoing::{Batch, Outgoing, Payload, Target};
use super::presence::{Presence, Verdict};
use super::prints::Prints;
use super::{
    HubOutput, MemberId, Notice, Permission, Record, RecordKey, RoomName, StoredMessages, Ticket,
};

/// The server never writes, so its replica's id is never seen; no client draws the largest one.
const CLIENT_ID: u64 = (1 << 53) - 1;

/// How an update was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reception {
    /// It is in the document.
    Taken,
    /// It waits for one that is missing.
    Held,
    /// It was refused, for this reason.
    Refused(String),
    /// The document has no room for it.
    Full,
    /// The engine failed on it: memory can no longer be trusted.
    Broken(String),
}

/// A room in memory.
#[derive(Debug)]
pub(super) struct Replica {
    room: RoomName,
    doc: Doc,
    pub(super) presence: Presence,
    pub(super) outgoing: Outgoing,
    messages: Messages,
    epoch: u64,
    pub(super) prints: Prints,
    pub(super) answers: Answers,
    arrivals: u64,
    growth: Growth,
    compacting: Option<Ticket>,
    /// How often held updates were released.
    releases: u64,
}

impl Replica {
    /// Reads a room's records. One that is refused is set aside; the rest still counts.
    pub(super) fn load(
        cx: &mut Context<'_>,
        room: &RoomName,
        records: Vec<Record>,
        messages: StoredMessages,
    ) -> Self {
        let limits = Limits { ungated: cx.config.broken.no_gate, ..Limits::default() };
        let (mut doc, mut refused) = read(&records, &cx.config.roots, limits);
        if !refused.is_empty() && !cx.config.roots.is_empty() {
            // What was stored before its roots were declared keeps the kinds that it had.
            (doc, refused) = read(&records, &OrderedMap::new(), limits);
        }
        for (key, why) in refused {
            cx.output(HubOutput::SetAside { room: room.clone(), key });
            cx.notice(Notice::RecordSetAside { room: room.clone(), key, why });
        }
        let growth = Growth::of(&records);
        Self {
            room: room.clone(),
            doc,
            presence: Presence::new(cx.config.presence),
            outgoing: Outgoing::default(),
            messages: Messages::load(messages),
            epoch: cx.config.epoch,
            prints: Prints::default(),
            answers: Answers::default(),
            arrivals: 0,
            growth,
            compacting: None,
            releases: 0,
        }
    }

    /// Greets a member as y-websocket's server does: step 1, and who is here; and behind step 1 as ours does.
    pub(super) fn welcome(&mut self, id: MemberId, member: &mut Member) {
        member.arrival = self.arrivals;
        self.arrivals += 1;
        let mut frame = encode::sync_step_1(&self.doc.encode_state_vector());
        self.greet_behind(member, &mut frame);
        self.send(Target::One(id), frame);
        let present = self.presence.all();
        if !present.is_empty() {
            self.send(Target::One(id), encode::awareness(&present));
        }
    }

    /// How often something that was held has been released.
    pub(super) fn releases(&self) -> u64 {
        self.releases
    }

    /// Asks a member for everything this replica lacks.
    pub(super) fn ask_for_missing(&mut self, id: MemberId) {
        let frame = encode::sync_step_1(&self.doc.encode_state_vector());
        self.send(Target::One(id), frame);
    }

    /// Whether a member's state vector may be answered now: with what was made before, or in the room's turn.
    pub(super) fn may_answer(
        &mut self,
        cx: &mut Context<'_>,
        member: &Member,
        state_vector: &[u8],
    ) -> bool {
        self.answers.find(state_vector, &self.greeting_behind(member)).is_some()
            || self.answers.may_make(cx, &self.room, self.growth.size())
    }

    /// Answers a member's state vector, if it can be read.
    pub(super) fn answer_state(
        &mut self,
        cx: &mut Context<'_>,
        id: MemberId,
        member: &Member,
        state_vector: &[u8],
    ) -> Result<(), String> {
        let greeting = self.greeting_behind(member);
        let frame = match self.answers.find(state_vector, &greeting) {
            Some(frame) => frame,
            None => {
                let size = self.growth.size();
                self.answers.made(cx, id, size);
                let missing = self.doc.diff(state_vector).map_err(|error| error.to_string())?;
                let mut frame = encode::sync_step_2(&missing);
                frame.extend_from_slice(&greeting);
                let frame = Bytes::from(frame);
                self.answers.keep((cx.now, size), state_vector, greeting, &frame);
                frame
            }
        };
        self.outgoing.push(Target::One(id), Payload::Answer(frame));
        Ok(())
    }

    /// What is said behind an answer.
    fn greeting_behind(&self, member: &Member) -> Vec<u8> {
        let mut greeting = Vec::new();
        if member.dialect == Dialect::Stock {
            self.greet_behind(member, &mut greeting);
        }
        greeting
    }

    /// Says who this server is and what the member may do, where a stock client does not look. Again with each answer
    /// until that is heard: links lose frames.
    fn greet_behind(&self, member: &Member, frame: &mut Vec<u8>) {
        if self.epoch != 0 || member.permission == Permission::Read {
            frame.extend(self.greeting(member.permission).encode());
        }
    }

    /// Says so to a member that knows our dialect.
    pub(super) fn greet(&mut self, id: MemberId, permission: Permission) {
        let frame = self.greeting(permission).encode();
        self.send(Target::One(id), frame);
    }

    fn greeting(&self, permission: Permission) -> Statement<'static> {
        let access = match permission {
            Permission::Write => Access::Write,
            Permission::Read => Access::Read,
        };
        Statement::Greeting(Greeting { epoch: self.epoch, access })
    }

    /// Tells members what the document shows, read by their outlines of the roots, when its turn has come. Gives those whose
    /// outline makes no sense.
    pub(super) fn answer_prints(&mut self, cx: &mut Context<'_>) -> Vec<MemberId> {
        let answers = self.prints.answer(cx, (&self.room, &self.doc), self.growth.size());
        let mut odd = Vec::new();
        for (member, print) in answers {
            match print {
                Some(print) => self.send(Target::One(member), Statement::Print(print).encode()),
                None => odd.push(member),
            }
        }
        odd
    }

    /// Tells a member that knows our dialect that its update was not taken.
    pub(super) fn refuse(&mut self, id: MemberId, why: &str) {
        self.send(Target::One(id), Statement::Refused(why).encode());
    }

    /// Whether an update would change nothing. What cannot be read is refused by whoever tries to take it in.
    pub(super) fn knows(&self, update: &[u8]) -> bool {
        self.doc.knows(update).unwrap_or(true)
    }

    /// Answers a member's awareness query.
    pub(super) fn answer_presence(&mut self, id: MemberId) {
        let present = self.presence.all();
        self.send(Target::One(id), encode::awareness(&present));
    }

    /// Integrates an update. What is new goes to everyone behind its commit, to the sender as well: that is its
    /// acknowledgement. What was known already goes back to the sender alone.
    pub(super) fn receive(
        &mut self,
        cx: &mut Context<'_>,
        from: MemberId,
        update: &[u8],
    ) -> Reception {
        if cx.poison.contains(update) {
            return Reception::Refused("the engine failed on it before".to_owned());
        }
        if self.growth.is_full(cx.config)
            && let Some(deletions) = self.doc.without_news(update)
        {
            let reception = self.integrate(cx, from, &deletions);
            self.growth.doubt(cx.now);
            return match reception {
                broken @ Reception::Broken(_) => broken,
                _ => Reception::Full,
            };
        }
        self.integrate(cx, from, update)
    }

    fn integrate(&mut self, cx: &mut Context<'_>, from: MemberId, update: &[u8]) -> Reception {
        let waiting = self.doc.held();
        let applied = match self.doc.apply(update, Origin::Remote) {
            Ok(applied) => applied,
            Err(error @ UpdateError::Engine(_)) => {
                cx.poison.add(update);
                return Reception::Broken(error.to_string());
            }
            Err(error) => return Reception::Refused(error.to_string()),
        };
        for Refused { update, error, .. } in applied.refused {
            if matches!(error, UpdateError::Engine(_)) {
                cx.poison.add(&update);
                return Reception::Broken(error.to_string());
            }
            // Whoever sent it is not who sends what it waited for.
            cx.counters.refused += 1;
            cx.notice(Notice::HeldRefused { room: self.room.clone(), why: error.to_string() });
        }
        self.releases += u64::from(self.doc.held() < waiting);
        let mut known = applied.content;
        for news in applied.integrated {
            cx.counters.updates += 1;
            known.subtract(&news.content);
            let everyone = self.everyone();
            self.prints.forget();
            self.answers.forget();
            self.growth.add(news.update.len());
            let frame = encode::update(&news.update);
            self.outgoing.record(news.update);
            self.send(everyone, frame);
        }
        // An echo is an acknowledgement of the whole: not while a part is held.
        if !known.is_empty() && !applied.held {
            cx.counters.duplicates += 1;
            self.send(Target::One(from), encode::update(update));
        }
        if applied.held { Reception::Held } else { Reception::Taken }
    }

    /// Takes presence entries and relays what is accepted, to the sender as well.
    pub(super) fn hear(
        &mut self,
        cx: &mut Context<'_>,
        from: MemberId,
        entries: Vec<(super::presence::Standing, AwarenessEntry)>,
    ) {
        let mut accepted = Vec::new();
        for (standing, entry) in entries {
            match self.presence.handle(cx.now, from, standing, entry) {
                Verdict::Relay(entry) => accepted.push(entry),
                Verdict::Ignore => cx.counters.presence_ignored += 1,
                Verdict::Probe(member) => cx.output(HubOutput::Probe { member }),
            }
        }
        accepted.extend(self.presence.take_evicted());
        self.announce(cx, &accepted);
    }

    /// Takes what a member asks of the room's messages.
    pub(super) fn on_messages(
        &mut self,
        cx: &mut Context<'_>,
        id: MemberId,
        permission: Permission,
        bytes: &[u8],
    ) -> Result<(), FrameError> {
        match Request::decode(bytes)? {
            Some(request) => {
                self.messages.handle(cx, &mut self.outgoing, (id, permission), request);
            }
            None => cx.counters.unknown += 1,
        }
        Ok(())
    }

    /// Does what has waited for its time.
    pub(super) fn on_timeout(&mut self, cx: &mut Context<'_>) {
        let changed = self.presence.on_timeout(cx.now);
        self.announce(cx, &changed);
        for (owner, entry) in self.presence.remind(cx.now) {
            self.send(Target::One(owner), encode::awareness(&[entry]));
        }
        self.messages.on_timeout(cx, &mut self.outgoing);
        self.answers.on_timeout(cx.now);
    }

    /// A member is gone.
    pub(super) fn on_leave(&mut self, cx: &mut Context<'_>, id: MemberId) {
        self.messages.leave(id);
        self.prints.leave(id);
        let farewells = self.presence.on_leave(cx.now, id);
        self.announce(cx, &farewells);
    }

    /// Relays presence entries to everyone.
    pub(super) fn announce(&mut self, cx: &mut Context<'_>, entries: &[AwarenessEntry]) {
        if entries.is_empty() {
            return;
        }
        cx.counters.presence += entries.len() as u64;
        self.send(self.everyone(), encode::awareness(entries));
    }

    /// Ends a member's socket once everything before it has left.
    pub(super) fn dismiss(&mut self, id: MemberId, code: u16, reason: &'static str) {
        self.outgoing.push(Target::One(id), Payload::Close { code, reason });
    }

    /// Asks for what the disk is to do now.
    pub(super) fn store(&mut self, cx: &mut Context<'_>) {
        if self.outgoing.wants_store() {
            let (room, ticket) = (self.room.clone(), cx.ticket());
            let Batch { updates, messages } = self.outgoing.start_store(ticket);
            let first = self.messages.first();
            cx.counters.stores += 1;
            cx.output(HubOutput::Store { room, ticket, updates, messages, first });
        }
        let may_compact = self.compacting.is_none() && !self.doc.holds_from(Origin::Storage);
        if may_compact && self.growth.is_due(cx.now, cx.config) {
            self.compact(cx);
        }
    }

    /// Every record asked to be stored so far is in the document, and storage keeps the order: the snapshot
    /// can stand for all of them. Not so while records wait for one that was lost.
    fn compact(&mut self, cx: &mut Context<'_>) {
        let (room, ticket) = (self.room.clone(), cx.ticket());
        let snapshot = self.doc.encode_state();
        self.growth.compacted(cx.now, snapshot.len(), cx.config);
        self.compacting = Some(ticket);
        cx.counters.compactions += 1;
        let content = self.doc.content();
        cx.output(HubOutput::Compact { room, ticket, snapshot, content });
    }

    /// A compaction ended, well or not: the next is due after as much growth again.
    pub(super) fn on_compacted(&mut self, ticket: Ticket) {
        if self.compacting == Some(ticket) {
            self.compacting = None;
        }
    }

    /// When something in it has something to do.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let due = [
            self.presence.poll_timeout(),
            self.messages.poll_timeout(),
            self.prints.poll_timeout(),
            self.answers.poll_timeout(),
        ];
        due.into_iter().flatten().min()
    }

    /// Whether there is nothing in it that memory is kept for: who comes next reads it as quickly.
    pub(super) fn is_blank(&self) -> bool {
        self.growth.is_nothing() && self.doc.held() == 0 && self.messages.head() == 0
    }

    /// Whether nothing is on its way to the disk or to a member.
    pub(super) fn is_settled(&self) -> bool {
        self.outgoing.is_settled() && self.compacting.is_none()
    }

    fn everyone(&self) -> Target {
        Target::ArrivedBefore(self.arrivals)
    }

    fn send(&mut self, target: Target, frame: Vec<u8>) {
        self.outgoing.push(target, Payload::Frame(Bytes::from(frame)));
    }
}

/// A document of the server's. What members send is bounded by the frame limit, records by the document's.
pub(crate) fn new_doc() -> Doc {
    Doc::new(CLIENT_ID, &OrderedMap::new(), Limits::default())
}

/// A document made of records, and those that were refused, each with the reason.
fn read(
    records: &[Record],
    roots: &OrderedMap<String, RootKind>,
    limits: Limits,
) -> (Doc, Vec<(RecordKey, String)>) {
    let mut doc = Doc::new(CLIENT_ID, roots, limits);
    let refused = records.iter().filter_map(|Record { key, update }| {
        let error = doc.apply(update, Origin::Storage).err()?;
        Some((*key, error.to_string()))
    });
    let refused = refused.collect();
    (doc, refused)
}
