//! Frames of a room in their order, each behind the commit of what it shows.
//!
//! ```text
//! integrated ──▶ waiting ──Store──▶ in flight ──Stored──▶ committed
//! frames     ──▶ queue, each with the revision it shows ──▶ out, once that revision is committed
//! ```

use std::collections::VecDeque;

use bytes::Bytes;

use super::{MemberId, Ticket};

/// Who a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Every member that had arrived when the frame was made: those numbered below this.
    ArrivedBefore(u64),
    /// One member.
    One(MemberId),
}

/// What leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// A message.
    Frame(Bytes),
    /// The answer to a state vector.
    Answer(Bytes),
    /// The end of the socket.
    Close {
        /// Close code.
        code: u16,
        /// Close reason.
        reason: &'static str,
    },
}

impl Payload {
    fn answering(&self) -> usize {
        if let Self::Answer(frame) = self { frame.len() } else { 0 }
    }
}

/// What is to be stored in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// Updates, in order.
    pub(super) updates: Vec<Vec<u8>>,
    /// Messages with their numbers, in order.
    pub(super) messages: Vec<(u64, Vec<u8>)>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.updates.is_empty() && self.messages.is_empty()
    }
}

/// The commit barrier of a room.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    queue: VecDeque<(u64, Target, Payload)>,
    /// Bytes of answers to state vectors in the queue.
    answering: usize,
    /// Updates integrated so far, and how many of them are stored.
    revision: u64,
    committed: u64,
    waiting: Batch,
    waiting_bytes: usize,
    in_flight: Option<(Ticket, u64)>,
}

impl Outgoing {
    /// Takes an integrated update; every later frame shows it.
    pub(super) fn record(&mut self, update: Vec<u8>) {
        self.revision += 1;
        self.waiting_bytes += update.len();
        self.waiting.updates.push(update);
    }

    /// Takes a numbered message; every later frame shows it.
    pub(super) fn record_message(&mut self, seq: u64, message: Vec<u8>) {
        self.revision += 1;
        self.waiting_bytes += message.len();
        self.waiting.messages.push((seq, message));
    }

    /// Queues a frame that shows the document as it is now.
    pub(super) fn push(&mut self, target: Target, payload: Payload) {
        self.answering += payload.answering();
        self.queue.push_back((self.revision, target, payload));
    }

    /// Whether a batch of updates is to be stored now: some wait and none is under way.
    pub(super) fn wants_store(&self) -> bool {
        self.in_flight.is_none() && !self.waiting.is_empty()
    }

    /// Everything that waits, as one batch under `ticket`.
    pub(super) fn start_store(&mut self, ticket: Ticket) -> Batch {
        self.in_flight = Some((ticket, self.revision));
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting)
    }

    /// Whether `ticket` is the store under way.
    pub(super) fn is_storing(&self, ticket: Ticket) -> bool {
        self.in_flight.is_some_and(|(current, _)| current == ticket)
    }

    /// The store under way is durable.
    pub(super) fn finish_store(&mut self) {
        if let Some((_, revision)) = self.in_flight.take() {
            self.committed = revision;
        }
    }

    /// The next frame that may leave.
    pub(super) fn pop_committed(&mut self) -> Option<(Target, Payload)> {
        let committed = self.committed;
        self.pop(|shows| shows <= committed)
    }

    /// The next frame, committed or not: the broken build of the mutation proof.
    pub(super) fn pop_any(&mut self) -> Option<(Target, Payload)> {
        self.pop(|_| true)
    }

    fn pop(&mut self, may_leave: impl Fn(u64) -> bool) -> Option<(Target, Payload)> {
        let (_, target, payload) = self.queue.pop_front_if(|(shows, ..)| may_leave(*shows))?;
        self.answering -= payload.answering();
        Some((target, payload))
    }

    /// Bytes of answers to state vectors that wait for what they show.
    pub(super) fn answering(&self) -> usize {
        self.answering
    }

    /// Bytes of updates that wait for the disk.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Whether everything integrated is stored and every frame has left.
    pub(super) fn is_settled(&self) -> bool {
        self.queue.is_empty() && self.waiting.is_empty() && self.in_flight.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &'static str) -> Payload {
        Payload::Frame(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn frames_wait_for_what_they_show_and_keep_their_order() {
        let mut outgoing = Outgoing::default();
        outgoing.push(Target::One(MemberId(1)), frame("before"));
        outgoing.record(vec![1]);
        outgoing.push(Target::ArrivedBefore(9), frame("shows 1"));
        assert_eq!(outgoing.pop_committed(), Some((Target::One(MemberId(1)), frame("before"))));
        assert_eq!(outgoing.pop_committed(), None);

        assert_eq!(outgoing.start_store(Ticket(1)).updates, [vec![1]]);
        outgoing.record(vec![2]);
        outgoing.push(Target::ArrivedBefore(9), frame("shows 2"));
        assert!(!outgoing.wants_store(), "one store at a time");
        assert_eq!(outgoing.pop_committed(), None);

        outgoing.finish_store();
        assert_eq!(outgoing.pop_committed(), Some((Target::ArrivedBefore(9), frame("shows 1"))));
        assert_eq!(outgoing.pop_committed(), None, "2 is not stored");
        assert!(outgoing.wants_store() && !outgoing.is_settled());
    }

    #[test]
    fn updates_that_wait_for_the_disk_are_one_batch() {
        let mut outgoing = Outgoing::default();
        outgoing.record(vec![1]);
        outgoing.record(vec![2, 2]);
        assert_eq!(outgoing.waiting_bytes(), 3);
        assert_eq!(outgoing.start_store(Ticket(7)).updates, [vec![1], vec![2, 2]]);
        assert!(outgoing.is_storing(Ticket(7)) && !outgoing.is_storing(Ticket(6)));
        outgoing.finish_store();
        assert!(outgoing.is_settled());
    }
}
