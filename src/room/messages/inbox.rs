//! What has come: in order, once, and never with a silent gap.

use super::Violation;
use crate::protocol::messages::Hello;

/// How a hello continues what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// Nothing was seen before.
    Fresh,
    /// Nothing is missing.
    Recovered,
    /// Messages are missing, or it is another log: what was seen no longer adjoins.
    Lost,
}

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is the next one.
    Next,
    /// It was seen.
    Duplicate,
    /// Others before it are missing.
    Gap,
}

/// Where we stand in the room's log.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Epoch of the log, once there is one.
    epoch: Option<u64>,
    last: u64,
    /// When the server took that one, 0 if it is not known.
    at: u64,
}

impl Inbox {
    /// Epoch of the log that was seen, 0 for none.
    pub fn epoch(&self) -> u64 {
        self.epoch.unwrap_or_default()
    }

    /// Last message that was seen.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// When the server took the last message that was seen; 0 if it is not known.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Takes the answer to a subscription. `Err` if its numbers make no sense.
    pub fn handle_hello(&mut self, hello: &Hello) -> Result<Continuation, Violation> {
        if hello.next == 0 || hello.next > hello.head.saturating_add(1) {
            return Err(Violation("a subscription is answered with numbers that make no sense"));
        }
        let same = self.epoch == Some(hello.epoch);
        if same && hello.recovered && hello.next <= self.last + 1 {
            return Ok(Continuation::Recovered);
        }
        let seen = self.epoch.replace(hello.epoch).is_some();
        self.last = hello.next - 1;
        self.at = 0;
        Ok(if seen { Continuation::Lost } else { Continuation::Fresh })
    }

    /// Takes the number of a message, and when the server took it.
    pub fn handle_message(&mut self, seq: u64, at: u64) -> Arrival {
        if seq <= self.last {
            Arrival::Duplicate
        } else if seq > self.last + 1 {
            Arrival::Gap
        } else {
            (self.last, self.at) = (seq, at);
            Arrival::Next
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(epoch: u64, next: u64, head: u64, recovered: bool) -> Hello {
        Hello { epoch, next, head, recovered, ..Hello::default() }
    }

    fn at(last: u64) -> Inbox {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.handle_hello(&hello(5, last + 1, last, false)), Ok(Continuation::Fresh));
        inbox
    }

    #[test]
    fn messages_come_in_order_once_and_a_gap_is_noticed() {
        let mut inbox = at(3);
        let arrivals = [4, 4, 6, 1, 5, 6].map(|seq| inbox.handle_message(seq, seq * 10));
        use Arrival::{Duplicate, Gap, Next};
        assert_eq!(arrivals, [Next, Duplicate, Gap, Duplicate, Next, Next]);
        assert_eq!((inbox.last(), inbox.at()), (6, 60));
        assert_eq!(inbox.handle_hello(&hello(6, 4, 9, false)), Ok(Continuation::Lost));
        assert_eq!((inbox.last(), inbox.at()), (3, 0), "of that log nothing was seen");
    }

    #[test]
    fn a_link_that_comes_back_goes_on_where_it_was() {
        let mut inbox = at(3);
        assert_eq!(inbox.handle_hello(&hello(5, 4, 9, true)), Ok(Continuation::Recovered));
        assert_eq!((inbox.epoch(), inbox.last()), (5, 3));
        assert_eq!(inbox.handle_hello(&hello(5, 2, 9, true)), Ok(Continuation::Recovered));
        assert_eq!(inbox.last(), 3, "what is replayed twice is dropped");
    }

    #[test]
    fn a_trimmed_log_and_another_log_are_told_apart_from_a_recovery() {
        for lost in [hello(5, 7, 9, false), hello(6, 1, 9, true), hello(5, 7, 9, true)] {
            let mut inbox = at(3);
            assert_eq!(inbox.handle_hello(&lost), Ok(Continuation::Lost), "{lost:?}");
            assert_eq!((inbox.epoch(), inbox.last()), (lost.epoch, lost.next - 1));
        }
    }

    #[test]
    fn numbers_that_make_no_sense_change_nothing() {
        for odd in [hello(6, 0, 9, true), hello(6, 11, 9, true), hello(6, u64::MAX, 9, true)] {
            let mut inbox = at(3);
            assert!(inbox.handle_hello(&odd).is_err());
            assert_eq!((inbox.epoch(), inbox.last()), (5, 3));
        }
    }
}
