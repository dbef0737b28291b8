//! One room: its members, and what they say to its replica.
//!
//! ```text
//! Loading ──Loaded──▶ Open ──no members for a while──▶ forgotten
//!    └────storage failed────┴──▶ Over: members sent away, forgotten
//! ```

mod settle;

use std::collections::BTreeMap;

use bytes::Bytes;
use rejoin::protocol::standing::Question;
use rejoin::protocol::{self, FrameError, Message, encode};
use rejoin::time::Instant;

use super::context::Context;
use super::member::{Dialect, Heed, Member};
use super::replica::{Reception, Replica};
use super::signaling::{Letter, Signaling, Speaker};
use super::{
    HubOutput, MemberId, Notice, Permission, Record, RoomName, StoreFailure, StoredMessages,
    Ticket, close,
};

/// Why a full document takes no more.
const FULL: &str = "the document has reached the size this server takes";

/// One room.
#[derive(Debug)]
pub(super) struct Room {
    name: RoomName,
    members: BTreeMap<MemberId, Member>,
    signaling: Signaling,
    phase: Phase,
    /// Since when nobody is here.
    empty_since: Option<Instant>,
}

#[derive(Debug)]
enum Phase {
    /// Its records are being read; frames wait.
    Loading { ticket: Ticket, frames: Vec<(MemberId, Bytes)>, bytes: usize },
    /// In memory.
    Open(Box<Replica>),
    /// Storage or the engine failed: memory and disk may differ, so memory is dropped.
    Over,
}

impl Room {
    /// Starts to read the room.
    pub(super) fn new(cx: &mut Context<'_>, name: RoomName) -> Self {
        let ticket = cx.ticket();
        cx.output(HubOutput::Load { room: name.clone(), ticket });
        let phase = Phase::Loading { ticket, frames: Vec::new(), bytes: 0 };
        Self {
            name,
            members: BTreeMap::new(),
            signaling: Signaling::default(),
            phase,
            empty_since: Some(cx.now),
        }
    }

    pub(super) fn join(&mut self, cx: &mut Context<'_>, id: MemberId, permission: Permission) {
        let mut member = Member::new(0, permission, cx.config);
        if let Phase::Open(replica) = &mut self.phase {
            replica.welcome(id, &mut member);
        }
        self.members.insert(id, member);
        self.empty_since = None;
    }

    pub(super) fn members(&self) -> usize {
        self.members.len()
    }

    pub(super) fn leave(&mut self, cx: &mut Context<'_>, id: MemberId) {
        if self.members.remove(&id).is_none() {
            return;
        }
        if let Phase::Open(replica) = &mut self.phase {
            replica.on_leave(cx, id);
        }
        let letters = self.signaling.leave(id);
        self.post(cx, letters);
        if self.members.is_empty() {
            self.empty_since = Some(cx.now);
        }
    }

    pub(super) fn permit(&mut self, id: MemberId, permission: Permission, user: Option<String>) {
        let Some(member) = self.members.get_mut(&id) else { return };
        member.user = user;
        if std::mem::replace(&mut member.permission, permission) != permission
            && member.dialect == Dialect::Ours
            && let Phase::Open(replica) = &mut self.phase
        {
            replica.greet(id, permission);
        }
    }

    pub(super) fn on_heard(&mut self, id: MemberId) {
        if let Phase::Open(replica) = &mut self.phase {
            replica.presence.on_heard(id);
        }
    }

    /// Also a question that needs no answer introduces whoever asks.
    pub(super) fn on_asked(&mut self, id: MemberId) {
        self.on_heard(id);
        if let Some(member) = self.members.get_mut(&id) {
            member.says.expect_introduction();
        }
    }

    /// A frame of a member to which a large answer is on its way: whatever it asks for the document in it, it gets no second one.
    pub(super) fn on_frame_meanwhile(&mut self, cx: &mut Context<'_>, id: MemberId, frame: Bytes) {
        for heed in [Heed::Ignore, Heed::Heed] {
            let Some(member) = self.members.get_mut(&id) else { return };
            member.questions.heed_state(heed);
            if heed == Heed::Ignore {
                self.on_frame(cx, id, frame.clone());
            }
        }
    }

    pub(super) fn on_frame(&mut self, cx: &mut Context<'_>, id: MemberId, frame: Bytes) {
        if !self.members.contains_key(&id) {
            return;
        }
        match &mut self.phase {
            Phase::Loading { bytes, .. } if *bytes + frame.len() > cx.config.max_loading => {
                self.send_away(cx, id, close::TRY_LATER, close::BUSY);
            }
            Phase::Loading { frames, bytes, .. } => {
                *bytes += frame.len();
                frames.push((id, frame));
            }
            Phase::Open(_) => self.read(cx, id, &frame),
            Phase::Over => {}
        }
    }

    fn read(&mut self, cx: &mut Context<'_>, id: MemberId, frame: &[u8]) {
        match protocol::decode(frame, &cx.config.frame_limits()) {
            Ok(messages) => {
                messages.into_iter().for_each(|message| self.on_message(cx, id, message))
            }
            Err(FrameError::TooLarge { size, .. }) if size == frame.len() => {
                self.send_away(cx, id, close::TOO_LARGE, "frame over the limit");
            }
            Err(error) => self.on_malformed(cx, id, error.to_string()),
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_>, id: MemberId, message: Message<'_>) {
        let (Phase::Open(replica), Some(member)) = (&mut self.phase, self.members.get_mut(&id))
        else {
            return;
        };
        match message {
            Message::SyncStep1(state_vector) => {
                member.questions.ask_state(state_vector);
                member.says.expect_introduction();
            }
            Message::QueryAwareness => member.questions.ask_presence(),
            Message::Awareness(entries) => {
                member.says.hear(entries, cx.config.presence.max_clients)
            }
            Message::SyncStep2(update) | Message::Update(update) => {
                if member.permission == Permission::Read && !replica.knows(update) {
                    return self.on_forbidden(cx, id);
                }
                let reception = replica.receive(cx, id, update);
                return self.on_received(cx, id, reception);
            }
            Message::Messages(bytes) => {
                if let Err(error) = replica.on_messages(cx, id, member.permission, bytes) {
                    return self.on_malformed(cx, id, error.to_string());
                }
                return self.check_backlog(cx, id);
            }
            Message::Signal(text) => {
                let (wall, limits) = (cx.wall(), &cx.config.signaling);
                let speaker = Speaker { member: id, user: member.user.as_deref() };
                let letters = self.signaling.on_text(cx.now, wall, limits, speaker, text);
                return self.post(cx, letters);
            }
            Message::Standing(body) => match Question::decode(body) {
                Ok(Some(Question::Hello)) => member.dialect = Dialect::Ours,
                Ok(Some(Question::Greet)) => replica.greet(id, member.permission),
                Ok(Some(Question::Check(client, outline))) => {
                    member.questions.ask_print(client, outline);
                }
                Ok(_) => cx.counters.unknown += 1,
                Err(error) => return self.on_malformed(cx, id, error.to_string()),
            },
            Message::Denied(_) | Message::Token(_) | Message::Peer(_) | Message::Unknown(_) => {
                cx.counters.unknown += 1
            }
        }
        self.serve(cx, id);
    }

    /// A member that may only read has written. Who knows our dialect keeps what it wrote; others would believe that it
    /// had been taken.
    fn on_forbidden(&mut self, cx: &mut Context<'_>, id: MemberId) {
        cx.counters.refused += 1;
        match (&mut self.phase, self.members.get(&id)) {
            (Phase::Open(replica), Some(Member { dialect: Dialect::Ours, .. })) => {
                replica.greet(id, Permission::Read);
            }
            _ => self.send_away(cx, id, close::FORBIDDEN, "this token may only read"),
        }
    }

    /// The document is as large as it may be. That is no offence; but who does not know our dialect would believe that it had been taken.
    fn on_full(&mut self, cx: &mut Context<'_>, id: MemberId) {
        cx.counters.refused += 1;
        match (&mut self.phase, self.members.get(&id)) {
            (Phase::Open(replica), Some(Member { dialect: Dialect::Ours, .. })) => {
                replica.refuse(id, FULL);
            }
            _ => self.send_away(cx, id, close::TRY_LATER, FULL),
        }
    }

    /// Signaling shows nothing that is stored, so it waits for no commit.
    fn post(&self, cx: &mut Context<'_>, letters: Vec<Letter>) {
        for (member, text) in letters {
            if self.members.contains_key(&member) {
                let frame = encode::signal(&text).into();
                cx.output(HubOutput::Send { member, frame });
            }
        }
    }

    fn on_received(&mut self, cx: &mut Context<'_>, id: MemberId, reception: Reception) {
        match reception {
            Reception::Taken => {}
            Reception::Held => {
                cx.counters.held += 1;
                if let Phase::Open(replica) = &self.phase
                    && let Some(member) = self.members.get_mut(&id)
                    && !cx.config.broken.no_resync
                {
                    let releases = replica.releases();
                    member.resync.want(cx.now, cx.config.resync_interval, releases);
                }
            }
            Reception::Refused(why) => self.on_refused(cx, id, why),
            Reception::Full => return self.on_full(cx, id),
            Reception::Broken(why) => return self.fail(cx, "integration", &StoreFailure(why)),
        }
        self.check_backlog(cx, id);
        self.serve(cx, id);
    }

    /// Sends a member away that writes faster than the disk.
    fn check_backlog(&mut self, cx: &mut Context<'_>, id: MemberId) {
        let full = self
            .replica()
            .is_some_and(|replica| replica.outgoing.waiting_bytes() > cx.config.max_unstored);
        if full {
            self.send_away(cx, id, close::TRY_LATER, close::BUSY);
        }
    }

    /// Does for a member what its pace allows now.
    fn serve(&mut self, cx: &mut Context<'_>, id: MemberId) {
        let (Phase::Open(replica), Some(member)) = (&mut self.phase, self.members.get_mut(&id))
        else {
            return;
        };
        if member.resync.take(cx.now) {
            replica.ask_for_missing(id);
        }
        let entries = member.says.take(cx.now);
        replica.hear(cx, id, entries);
        if member.questions.take_presence(cx.now) {
            replica.answer_presence(id);
        }
        if replica.outgoing.answering() < cx.config.max_answering
            && let Some(state_vector) = member.questions.state(cx.now)
            && replica.may_answer(cx, member, state_vector)
            && let Some(state_vector) = member.questions.take_state(cx.now)
            && let Err(why) = replica.answer_state(cx, id, member, &state_vector)
        {
            member.questions.state_answered();
            return self.on_malformed(cx, id, why);
        }
        if let Some((client, outline)) = member.questions.take_print(cx.now) {
            replica.prints.ask(id, client, outline);
            self.answer_prints(cx);
        }
    }

    fn answer_prints(&mut self, cx: &mut Context<'_>) {
        let Phase::Open(replica) = &mut self.phase else { return };
        for id in replica.answer_prints(cx) {
            self.on_malformed(cx, id, "an outline of roots that makes no sense".to_owned());
        }
    }

    fn on_malformed(&mut self, cx: &mut Context<'_>, id: MemberId, why: String) {
        cx.counters.malformed += 1;
        let Some(member) = self.members.get_mut(&id) else { return };
        let strikes = member.malformed.add(cx.now, cx.config.strike_window);
        cx.notice(Notice::Malformed { room: self.name.clone(), member: id, why });
        if strikes >= cx.config.max_strikes {
            self.send_away(cx, id, close::PROTOCOL, "malformed frames");
        }
    }

    fn on_refused(&mut self, cx: &mut Context<'_>, id: MemberId, why: String) {
        cx.counters.refused += 1;
        let Some(member) = self.members.get_mut(&id) else { return };
        let strikes = member.refused.add(cx.now, cx.config.strike_window);
        if let (Phase::Open(replica), Dialect::Ours) = (&mut self.phase, member.dialect) {
            replica.refuse(id, &why);
        }
        cx.notice(Notice::UpdateRefused { room: self.name.clone(), member: id, why });
        if strikes >= cx.config.max_strikes {
            self.send_away(cx, id, close::POLICY, "refused updates");
        }
    }

    pub(super) fn on_loaded(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        result: Result<Vec<Record>, StoreFailure>,
        messages: StoredMessages,
    ) {
        let Phase::Loading { ticket: current, frames, .. } = &mut self.phase else { return };
        if *current != ticket {
            return;
        }
        let frames = std::mem::take(frames);
        match result {
            Ok(records) => self.open(cx, records, messages, frames),
            Err(failure) => self.fail(cx, "load", &failure),
        }
    }

    fn open(
        &mut self,
        cx: &mut Context<'_>,
        records: Vec<Record>,
        messages: StoredMessages,
        frames: Vec<(MemberId, Bytes)>,
    ) {
        let mut replica = Box::new(Replica::load(cx, &self.name, records, messages));
        for (id, member) in &mut self.members {
            replica.welcome(*id, member);
        }
        self.phase = Phase::Open(replica);
        for (id, frame) in frames {
            self.on_frame(cx, id, frame);
        }
    }

    pub(super) fn on_stored(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        result: Result<(), StoreFailure>,
    ) {
        let Phase::Open(replica) = &mut self.phase else { return };
        if !replica.outgoing.is_storing(ticket) {
            return;
        }
        match result {
            Ok(()) => replica.outgoing.finish_store(),
            Err(failure) => self.fail(cx, "store", &failure),
        }
    }

    pub(super) fn on_compacted(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        result: Result<(), StoreFailure>,
    ) {
        let Phase::Open(replica) = &mut self.phase else { return };
        replica.on_compacted(ticket);
        if let Err(failure) = result {
            let (room, why) = (self.name.clone(), failure.to_string());
            cx.notice(Notice::CompactionFailed { room, why });
        }
    }

    pub(super) fn on_timeout(&mut self, cx: &mut Context<'_>) {
        cx.counters.wakes += 1;
        if let Phase::Open(replica) = &mut self.phase {
            replica.on_timeout(cx);
            replica.answers.begin_turn();
        }
        self.answer_prints(cx);
        let may_answer = self.may_answer(cx.config.max_answering);
        let is_due =
            |member: &Member| member.poll_timeout(may_answer).is_some_and(|at| at <= cx.now);
        let due = self.members.iter().filter(|(_, member)| is_due(member));
        let mut due: Vec<MemberId> = due.map(|(id, _)| *id).collect();
        if let Some(replica) = self.replica() {
            replica.answers.order(&mut due);
        }
        for id in due {
            self.serve(cx, id);
        }
        if let Phase::Open(replica) = &mut self.phase {
            replica.answers.end_turn();
        }
    }

    /// Sends everyone away, behind what they were promised.
    pub(super) fn shut_down(&mut self, cx: &mut Context<'_>) {
        let members: Vec<MemberId> = self.members.keys().copied().collect();
        for id in members {
            match &mut self.phase {
                Phase::Open(replica) => replica.dismiss(id, close::RESTART, close::RESTARTING),
                Phase::Loading { .. } | Phase::Over => {
                    self.send_away(cx, id, close::RESTART, close::RESTARTING);
                }
            }
        }
    }

    fn fail(&mut self, cx: &mut Context<'_>, task: &'static str, failure: &StoreFailure) {
        let (room, why) = (self.name.clone(), failure.to_string());
        cx.notice(Notice::RoomFailed { room, task, why });
        self.phase = Phase::Over;
        for id in std::mem::take(&mut self.members).into_keys() {
            cx.close(id, close::TRY_LATER, close::BUSY);
        }
    }

    fn send_away(&mut self, cx: &mut Context<'_>, id: MemberId, code: u16, reason: &str) {
        if self.members.contains_key(&id) {
            self.leave(cx, id);
            cx.close(id, code, reason);
        }
    }

    fn replica(&self) -> Option<&Replica> {
        match &self.phase {
            Phase::Open(replica) => Some(replica),
            Phase::Loading { .. } | Phase::Over => None,
        }
    }
}
