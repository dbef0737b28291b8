//! What a room gets to work with while it handles one input.

use std::collections::VecDeque;

use rejoin::time::Instant;

use super::{Counters, HubConfig, HubOutput, MemberId, Notice, Ticket};

/// The hub's side of a room.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) now: Instant,
    pub(super) config: &'a HubConfig,
    pub(super) counters: &'a mut Counters,
    pub(super) outputs: &'a mut VecDeque<HubOutput>,
    /// Members the room sent away; the hub forgets them.
    pub(super) left: &'a mut Vec<MemberId>,
    pub(super) last_ticket: &'a mut u64,
}

impl Context<'_> {
    pub(super) fn ticket(&mut self) -> Ticket {
        *self.last_ticket += 1;
        Ticket(*self.last_ticket)
    }

    pub(super) fn output(&mut self, output: HubOutput) {
        self.outputs.push_back(output);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.output(HubOutput::Notice(notice));
    }

    pub(super) fn close(&mut self, member: MemberId, code: u16, reason: &str) {
        self.counters.closed += 1;
        self.left.push(member);
        self.output(HubOutput::Close { member, code, reason: reason.to_owned() });
    }
}
