//! What is told of events that were not sent, or not answered.

use super::{ANSWER, SocketIo, SocketIoEvent, Stage};
use crate::error::ErrorCode;
use crate::socket::event::Signal;
use crate::status::Problem;
use crate::time::Instant;

const OVERDUE: &str =
    "the server did not answer in time; whether the event took effect is not known";
const UNANSWERED: &str = "the connection was lost before the server answered; whether the event took effect is not known";
pub(super) const NEVER_SENT: &str = "the connection ended before this event was sent";

impl SocketIo {
    /// Time has passed for answers, too.
    pub(super) fn on_overdue(&mut self, now: Instant) {
        let overdue = self.acks.handle_timeout(now);
        overdue.iter().for_each(|ticket| self.outgoing.cancel(*ticket));
        self.tell_unsent(overdue, ErrorCode::Timeout, OVERDUE);
    }

    pub(super) fn on_link_down(&mut self) {
        self.stage = Stage::Down;
        self.decoder.reset();
        self.early.reset();
        // Nobody awaits an answer of ours to what came over a link that is gone.
        self.outgoing.cancel(ANSWER);
        let lost = self.outgoing.link_down();
        self.tell_unsent(lost, ErrorCode::NotConnected, NEVER_SENT);
        let unanswered = self.acks.link_down();
        self.tell_unsent(unanswered, ErrorCode::Connection, UNANSWERED);
    }

    pub(super) fn on_too_large(&mut self) {
        let words = match self.outgoing.quarantine() {
            Some(len) => format!(
                "the server refused a message of {len} bytes as too large (close code 1009); it is not sent again"
            ),
            None => "the server closed with code 1009 (message too large)".into(),
        };
        self.signals.push_back(Signal::Problem(Problem::new(ErrorCode::FrameTooLarge, words)));
    }

    pub(super) fn tell_unsent(&mut self, tickets: Vec<u32>, code: ErrorCode, words: &str) {
        for ticket in tickets {
            self.acks.forget(ticket);
            self.tell(SocketIoEvent::Unsent(
                ticket,
                Problem { retryable: true, ..Problem::new(code, words) },
            ));
        }
    }
}
