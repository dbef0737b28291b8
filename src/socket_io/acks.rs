//! Answers that are awaited.

use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// Answers that are awaited, by the numbers in their packets.
#[derive(Debug, Default)]
pub struct Acks {
    open: OrderedMap<u64, Ack>,
    last: u64,
}

#[derive(Debug)]
struct Ack {
    ticket: u32,
    deadline: Instant,
    /// Whether the event is with the socket: then it may have taken effect.
    sent: bool,
}

impl Acks {
    /// A number for an event whose answer is awaited until `deadline`.
    pub fn open(&mut self, ticket: u32, deadline: Instant, sent: bool) -> u64 {
        let id = self.last;
        self.last += 1;
        self.open.insert(id, Ack { ticket, deadline, sent });
        id
    }

    /// The number the next event will have.
    pub fn next(&self) -> u64 {
        self.last
    }

    /// The event of a ticket is with the socket.
    pub fn mark_sent(&mut self, ticket: u32) {
        self.open.values_mut().filter(|ack| ack.ticket == ticket).for_each(|ack| ack.sent = true);
    }

    /// The event of a ticket was not sent: no answer will come.
    pub fn forget(&mut self, ticket: u32) {
        self.open.retain(|_, ack| ack.ticket != ticket);
    }

    /// The answer under this number came. Returns the ticket, if one was awaited.
    pub fn take(&mut self, id: u64) -> Option<u32> {
        self.open.remove(&id).map(|ack| ack.ticket)
    }

    /// The link is gone: answers to what it took will not come. Returns their tickets.
    pub fn link_down(&mut self) -> Vec<u32> {
        self.drop_where(|ack| ack.sent)
    }

    /// Time has passed. Returns the tickets whose answers are overdue.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<u32> {
        self.drop_where(|ack| ack.deadline <= now)
    }

    /// When the next answer is overdue.
    pub fn deadline(&self) -> Option<Deadline> {
        let at = self.open.values().map(|ack| ack.deadline).min()?;
        Some(Deadline { at, reason: "acknowledgement" })
    }

    fn drop_where(&mut self, over: impl Fn(&Ack) -> bool) -> Vec<u32> {
        let tickets = self.open.values().filter(|ack| over(ack)).map(|ack| ack.ticket).collect();
        self.open.retain(|_, ack| !over(ack));
        tickets
    }
}
