//! What a room does behind every input: it lets out what may leave, and says when it wants to be woken.

use rejoin::time::{Deadline, Instant};

use super::super::context::Context;
use super::super::outgoing::{Payload, Target};
use super::super::replica::Replica;
use super::super::{HubConfig, HubOutput};
use super::{Phase, Room};

impl Room {
    /// Lets out what may leave, and asks for what the disk is to do. After every input.
    pub(in super::super) fn settle(&mut self, cx: &mut Context<'_>) {
        while let Some((target, payload)) = self.next_payload(cx) {
            match (target, payload) {
                (Target::One(id), Payload::Close { code, reason }) => {
                    self.send_away(cx, id, code, reason);
                }
                (Target::One(id), Payload::Frame(frame)) if self.members.contains_key(&id) => {
                    cx.output(HubOutput::Send { member: id, frame });
                }
                (Target::One(id), Payload::Answer(frame)) => {
                    if let Some(member) = self.members.get_mut(&id) {
                        member.questions.state_answered();
                        cx.output(HubOutput::Send { member: id, frame });
                    }
                }
                (Target::ArrivedBefore(arrivals), Payload::Frame(frame)) => {
                    let there = self.members.iter().filter(|(_, member)| member.arrival < arrivals);
                    for (member, _) in there {
                        cx.output(HubOutput::Send { member: *member, frame: frame.clone() });
                    }
                }
                _ => {}
            }
        }
        if let Phase::Open(replica) = &mut self.phase {
            replica.store(cx);
        }
    }

    fn next_payload(&mut self, cx: &Context<'_>) -> Option<(Target, Payload)> {
        let Phase::Open(replica) = &mut self.phase else { return None };
        if cx.config.broken.show_before_commit {
            replica.outgoing.pop_any()
        } else {
            replica.outgoing.pop_committed()
        }
    }

    /// When the room wants a timeout, and why.
    pub(in super::super) fn poll_timeout(&self, config: &HubConfig) -> Option<Deadline> {
        let presence = self.replica().and_then(Replica::poll_timeout);
        let may_answer = self.may_answer(config.max_answering);
        let members =
            self.members.values().filter_map(|member| member.poll_timeout(may_answer)).min();
        let unload_after = self.lingers(config.unload_after);
        let unload = self.idle_since().map(|since| since + unload_after);
        let deadline = |at: Option<Instant>, reason| at.map(|at| Deadline { at, reason });
        let soonest =
            Deadline::earliest(deadline(presence, "presence"), deadline(members, "member"));
        Deadline::earliest(soonest, deadline(unload, "unload"))
    }

    /// Whether there is place for one more answer to a state vector: they may wait for the disk, and for the room's turn.
    pub(super) fn may_answer(&self, max_answering: usize) -> bool {
        self.replica().is_some_and(|replica| {
            replica.outgoing.answering() < max_answering && !replica.answers.waits()
        })
    }

    /// How long it stays in memory when everybody has left: not at all if it holds nothing, or visits alone would fill the server.
    fn lingers(&self, unload_after: u64) -> u64 {
        if self.replica().is_some_and(Replica::is_blank) { 0 } else { unload_after }
    }

    /// Since when nobody is here and it may be forgotten without a loss.
    pub(in super::super) fn idle_since(&self) -> Option<Instant> {
        self.empty_since.filter(|_| self.is_settled())
    }

    /// Whether the room is to be forgotten.
    pub(in super::super) fn is_over(&self, now: Instant, unload_after: u64) -> bool {
        let unload_after = self.lingers(unload_after);
        let idle = self.idle_since().is_some_and(|since| now.since(since) >= unload_after);
        matches!(self.phase, Phase::Over) || idle
    }

    /// Whether nothing is on its way to or from the disk, or to a member.
    pub(in super::super) fn is_settled(&self) -> bool {
        self.replica().is_some_and(Replica::is_settled)
    }
}
