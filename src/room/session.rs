//! The y-sync handshake with one counterpart over one link (y-protocols 1.0, `sync.js`).
//!
//! Both sides ask with step 1 and answer with step 2. Live updates may follow only what the
//! counterpart is known to have: after it asked and got everything it lacked.

use crate::io::SocketId;
use crate::time::{Deadline, Instant};

/// How far the handshake of the current link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// No link.
    Down,
    /// We asked.
    Opening(SocketId),
    /// They asked and were answered; they still owe us their answer.
    Pushed(SocketId),
    /// They answered, but have not asked: some servers never do.
    Answered {
        /// The link.
        socket: SocketId,
        /// When everything unacknowledged is pushed unasked.
        push_at: Instant,
    },
    /// Both sides are up to date; updates flow.
    Streaming(SocketId),
}

impl Session {
    /// The link, if there is one.
    pub fn socket(self) -> Option<SocketId> {
        match self {
            Self::Down => None,
            Self::Opening(socket) | Self::Pushed(socket) | Self::Streaming(socket) => Some(socket),
            Self::Answered { socket, .. } => Some(socket),
        }
    }

    /// Whether live updates may be sent.
    pub fn may_stream(self) -> bool {
        matches!(self, Self::Pushed(_) | Self::Streaming(_))
    }

    /// Whether both sides have answered.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Streaming(_))
    }

    /// They asked and were answered, or were pushed to unasked.
    pub fn handle_pushed(&mut self) {
        *self = match *self {
            Self::Opening(socket) => Self::Pushed(socket),
            Self::Answered { socket, .. } => Self::Streaming(socket),
            other => other,
        };
    }

    /// They answered.
    pub fn handle_answer(&mut self, push_at: Instant) {
        *self = match *self {
            Self::Opening(socket) => Self::Answered { socket, push_at },
            Self::Pushed(socket) => Self::Streaming(socket),
            other => other,
        };
    }

    /// Whether the counterpart still owes the answer to our question.
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::Opening(_) | Self::Pushed(_))
    }

    /// When to push unasked.
    pub fn poll_timeout(self) -> Option<Deadline> {
        match self {
            Self::Answered { push_at, .. } => {
                Some(Deadline { at: push_at, reason: "push unasked" })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCKET: SocketId = SocketId(1);

    #[test]
    fn updates_flow_once_both_have_asked_and_answered_in_either_order() {
        let later = Instant::from_millis(250);
        let mut session = Session::Opening(SOCKET);
        session.handle_pushed();
        assert!(session.may_stream() && !session.is_complete());
        session.handle_answer(later);
        assert_eq!(session, Session::Streaming(SOCKET));

        let mut session = Session::Opening(SOCKET);
        session.handle_answer(later);
        assert!(!session.may_stream());
        assert_eq!(session.poll_timeout().map(|deadline| deadline.at), Some(later));
        session.handle_pushed();
        assert_eq!(session, Session::Streaming(SOCKET));
    }

    #[test]
    fn nothing_happens_without_a_link() {
        let mut session = Session::Down;
        session.handle_pushed();
        session.handle_answer(Instant::default());
        assert_eq!(session, Session::Down);
    }
}
