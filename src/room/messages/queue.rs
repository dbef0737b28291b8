//! Messages of this device that the server has not acknowledged, in the order they were written.
//!
//! ```text
//! written ──committed──▶ sent with a number ──Ack──▶ done
//!                          ▲      │ no ack in time, or refused for now: all from the first again
//!                          └──────┘
//! ```

use super::Violation;
use crate::error::{ErrorCode, Misuse};
use crate::room::persistence::Seq;
use crate::time::{Deadline, Instant};

/// Most messages that wait for the server.
pub const MAX_WAITING: usize = 256;
/// Most bytes of them.
pub const MAX_WAITING_BYTES: usize = 1 << 20;
/// Longest wait for an acknowledgement before everything is sent again.
const MAX_PATIENCE: u64 = 15_000;
/// Bounds of what a server may ask us to wait, in milliseconds.
const HOLD: (u64, u64) = (50, 300_000);

/// One message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Stable id.
    pub id: String,
    /// What kind of message, for the app.
    pub kind: u64,
    /// JSON text.
    pub data: String,
    /// The record that must be in the log before it may leave.
    pub record: Seq,
    /// Its number on this link, once it was sent there.
    n: Option<u64>,
}

impl Waiting {
    /// A message that was not sent yet.
    pub fn new(id: String, kind: u64, data: String, record: Seq) -> Self {
        Self { id, kind, data, record, n: None }
    }

    fn bytes(&self) -> usize {
        self.id.len() + self.data.len()
    }
}

/// Messages on their way.
#[derive(Debug)]
pub struct Queue {
    waiting: Vec<Waiting>,
    bytes: usize,
    /// How many of the first were sent since the last start over.
    sent: usize,
    /// Number of the next message on this link.
    next: u64,
    patience: u64,
    ack: Option<Ack>,
    /// The server asked to wait until then.
    held_until: Option<Instant>,
    /// After a refusal for now: one at a time, until nothing waits.
    slow: bool,
}

/// When an acknowledgement is overdue.
#[derive(Clone, Copy, Debug)]
struct Ack {
    at: Instant,
    wait: u64,
}

impl Queue {
    /// An empty queue that waits `patience` milliseconds for the first acknowledgement.
    pub fn new(patience: u64) -> Self {
        Self {
            waiting: Vec::new(),
            bytes: 0,
            sent: 0,
            next: 1,
            patience,
            ack: None,
            held_until: None,
            slow: false,
        }
    }

    /// Whether the server has everything.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// All that wait, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// Refuses a message of so many bytes while too much waits.
    pub fn check_space(&self, bytes: usize) -> Result<(), Misuse> {
        if self.waiting.len() < MAX_WAITING && self.bytes + bytes <= MAX_WAITING_BYTES {
            return Ok(());
        }
        let message = format!(
            "{} messages of {} bytes wait for the server; wait for one of them before sending more",
            self.waiting.len(),
            self.bytes
        );
        Err(Misuse::new(ErrorCode::BufferFull, message))
    }

    /// Adds a message behind all others.
    pub fn push(&mut self, message: Waiting) {
        self.bytes += message.bytes();
        self.waiting.push(message);
    }

    /// Adds messages of an earlier run before those of this one that were not sent on this link: the log was read late.
    pub fn restore(&mut self, messages: Vec<Waiting>) {
        let unsent = self.waiting.iter().position(|message| message.n.is_none());
        let later = self.waiting.split_off(unsent.unwrap_or(self.waiting.len()));
        self.bytes += messages.iter().map(Waiting::bytes).sum::<usize>();
        self.waiting.extend(messages);
        self.waiting.extend(later);
    }

    /// A new link: numbers begin anew.
    pub fn handle_link_up(&mut self) {
        self.next = 1;
        self.sent = 0;
        self.ack = None;
        self.held_until = None;
        self.slow = false;
        self.waiting.iter_mut().for_each(|message| message.n = None);
    }

    /// The link is gone: nothing is expected.
    pub fn handle_link_down(&mut self) {
        self.ack = None;
        self.held_until = None;
    }

    /// The next message to send, with its number, if its record is among the `released`.
    pub fn poll_send(&mut self, now: Instant, released: Seq) -> Option<(u64, &Waiting)> {
        if self.held_until.is_some() || (self.slow && self.sent > 0) {
            return None;
        }
        let message =
            self.waiting.get_mut(self.sent).filter(|message| message.record <= released)?;
        let n = *message.n.get_or_insert(self.next);
        self.next = self.next.max(n + 1);
        self.sent += 1;
        self.ack.get_or_insert(Ack { at: now + self.patience, wait: self.patience });
        Some((n, message))
    }

    /// The server has a message; returns it, or nothing if that was known. `Err` for one it was never sent.
    pub fn handle_ack(&mut self, now: Instant, n: u64) -> Result<Option<Waiting>, Violation> {
        self.check_number(n)?;
        let done = self.take(n);
        if done.is_some() {
            self.restart_clock(now);
        }
        Ok(done)
    }

    /// The server refuses a message for good; as [`handle_ack`](Self::handle_ack).
    pub fn handle_refusal(&mut self, now: Instant, n: u64) -> Result<Option<Waiting>, Violation> {
        self.handle_ack(now, n)
    }

    /// The server does not take a message now: everything from there on goes again after a wait, and then
    /// one at a time. `false` if the message is not waiting.
    pub fn handle_busy(&mut self, now: Instant, n: u64, retry: u64) -> Result<bool, Violation> {
        self.check_number(n)?;
        let waits = self.waiting.iter().any(|message| message.n == Some(n));
        if waits {
            let (least, most) = HOLD;
            self.held_until = Some(now + retry.clamp(least, most));
            self.slow = true;
            self.sent = 0;
            self.ack = None;
        }
        Ok(waits)
    }

    /// When something is to be sent again.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let ack = self.ack.map(|ack| Deadline { at: ack.at, reason: "message acknowledgement" });
        let held = self.held_until.map(|at| Deadline { at, reason: "message retry" });
        Deadline::earliest(ack, held)
    }

    /// Time has passed; `true` when an acknowledgement is overdue and everything is sent again.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        if self.held_until.is_some_and(|at| at <= now) {
            self.held_until = None;
        }
        let Some(ack) = self.ack.filter(|ack| ack.at <= now) else { return false };
        let wait = (ack.wait * 2).min(MAX_PATIENCE);
        self.ack = Some(Ack { at: now + wait, wait });
        self.sent = 0;
        true
    }

    fn check_number(&self, n: u64) -> Result<(), Violation> {
        if n < self.next {
            return Ok(());
        }
        Err(Violation("an answer is about a message that was never sent"))
    }

    fn take(&mut self, n: u64) -> Option<Waiting> {
        let at = self.waiting.iter().position(|message| message.n == Some(n))?;
        let message = self.waiting.remove(at);
        self.bytes -= message.bytes();
        if at < self.sent {
            self.sent -= 1;
        }
        self.slow &= !self.waiting.is_empty();
        Some(message)
    }

    fn restart_clock(&mut self, now: Instant) {
        let wait = self.patience;
        self.ack = (self.sent > 0).then_some(Ack { at: now + wait, wait });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn queue(messages: u64) -> Queue {
        let mut queue = Queue::new(1_000);
        for record in 1..=messages {
            queue.push(Waiting::new(format!("m{record}"), 0, "1".into(), record));
        }
        queue
    }

    /// Everything that may leave now.
    fn sends(queue: &mut Queue, now: u64, released: Seq) -> Vec<(u64, String)> {
        std::iter::from_fn(|| {
            queue.poll_send(at(now), released).map(|(n, message)| (n, message.id.clone()))
        })
        .collect()
    }

    fn all(range: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
        range.map(|n| (n, format!("m{n}"))).collect()
    }

    #[test]
    fn a_message_leaves_behind_its_commit_once_and_in_order() {
        let mut queue = queue(3);
        assert_eq!(sends(&mut queue, 0, 0), []);
        assert_eq!(sends(&mut queue, 0, 2), all(1..=2));
        assert_eq!(sends(&mut queue, 0, 3), all(3..=3));
        assert_eq!(sends(&mut queue, 0, 3), []);
    }

    #[test]
    fn what_is_not_acknowledged_in_time_goes_again_with_its_number_ever_more_seldom() {
        let mut queue = queue(3);
        sends(&mut queue, 0, 9);
        assert_eq!(queue.handle_ack(at(10), 1).unwrap().unwrap().id, "m1");
        assert!(!queue.handle_timeout(at(1_009)));
        assert!(queue.handle_timeout(at(1_010)));
        assert_eq!(sends(&mut queue, 1_010, 9), all(2..=3));
        assert!(!queue.handle_timeout(at(3_009)));
        assert!(queue.handle_timeout(at(3_010)));
        assert_eq!(sends(&mut queue, 3_010, 9), all(2..=3));
    }

    #[test]
    fn an_acknowledgement_counts_once_and_one_for_what_was_never_sent_is_an_error() {
        let mut queue = queue(2);
        sends(&mut queue, 0, 1);
        assert!(queue.handle_ack(at(0), 2).is_err());
        assert!(queue.handle_ack(at(0), u64::MAX).is_err());
        assert!(queue.handle_ack(at(0), 1).unwrap().is_some());
        assert_eq!(queue.handle_ack(at(0), 1), Ok(None));
        assert_eq!(queue.handle_ack(at(0), 0), Ok(None));
        assert_eq!((queue.len(), queue.poll_timeout()), (1, None));
    }

    #[test]
    fn acknowledgements_out_of_order_take_their_own_message() {
        let mut queue = queue(3);
        sends(&mut queue, 0, 9);
        assert_eq!(queue.handle_ack(at(0), 3).unwrap().unwrap().id, "m3");
        assert!(queue.handle_timeout(at(1_000)));
        assert_eq!(sends(&mut queue, 1_000, 9), all(1..=2));
    }

    #[test]
    fn a_new_link_numbers_what_is_left_from_one() {
        let mut queue = queue(3);
        sends(&mut queue, 0, 9);
        queue.handle_ack(at(0), 2).unwrap();
        queue.handle_link_down();
        assert_eq!(queue.poll_timeout(), None);
        queue.handle_link_up();
        let again = vec![(1, "m1".to_owned()), (2, "m3".to_owned())];
        assert_eq!(sends(&mut queue, 5, 9), again);
    }

    #[test]
    fn messages_of_an_earlier_run_go_before_those_of_this_one_that_were_not_sent() {
        let mut queue = queue(2);
        sends(&mut queue, 0, 1);
        queue.restore(vec![Waiting::new("old".into(), 0, "1".into(), 0)]);
        let expected = vec![(2, "old".to_owned()), (3, "m2".to_owned())];
        assert_eq!(sends(&mut queue, 0, 2), expected);
    }

    #[test]
    fn a_busy_server_gets_one_at_a_time_after_the_wait_it_asked_for() {
        let mut queue = queue(3);
        sends(&mut queue, 0, 9);
        queue.handle_ack(at(0), 1).unwrap();
        assert_eq!(queue.handle_busy(at(100), 2, 500), Ok(true));
        assert_eq!(sends(&mut queue, 100, 9), []);
        queue.handle_timeout(at(600));
        assert_eq!(sends(&mut queue, 600, 9), all(2..=2));
        queue.handle_ack(at(610), 2).unwrap();
        assert_eq!(sends(&mut queue, 610, 9), all(3..=3));
        assert_eq!(queue.handle_busy(at(620), 2, 500), Ok(false), "it is not waiting any more");
        assert!(queue.handle_busy(at(620), 9, 500).is_err());
    }

    #[test]
    fn a_server_cannot_make_us_wait_for_ever_or_not_at_all() {
        for (asked, waits) in [(0, 50), (u64::MAX, 300_000)] {
            let mut queue = queue(1);
            sends(&mut queue, 0, 9);
            queue.handle_busy(at(0), 1, asked).unwrap();
            assert_eq!(queue.poll_timeout().map(|deadline| deadline.at), Some(at(waits)));
        }
    }

    #[test]
    fn over_256_messages_or_a_mebibyte_is_backpressure() {
        let full = queue(256);
        assert_eq!(full.check_space(1).unwrap_err().code, ErrorCode::BufferFull);
        let mut large = Queue::new(1_000);
        large.push(Waiting::new("a".into(), 0, "x".repeat(MAX_WAITING_BYTES - 10), 1));
        assert!(large.check_space(9).is_ok());
        assert!(large.check_space(10).is_err());
    }
}
