//! The y-sync handshake with one counterpart over one link or path (y-protocols 1.0, `sync.js`).
//!
//! Both sides ask with step 1 and answer with step 2. Live updates may follow only what the
//! counterpart is known to have: after it asked and got everything it lacked.

use crate::io::SocketId;

/// How far the handshake over the current link has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Session<L = SocketId> {
    /// No link.
    #[default]
    Down,
    /// We asked.
    Opening(L),
    /// They asked and were answered; they still owe us their answer.
    Pushed(L),
    /// They answered, but have not asked: some servers never do.
    Answered(L),
    /// Both sides are up to date; updates flow.
    Streaming(L),
}

impl<L: Copy> Session<L> {
    /// The link, if there is one.
    pub fn link(self) -> Option<L> {
        match self {
            Self::Down => None,
            Self::Opening(link)
            | Self::Pushed(link)
            | Self::Answered(link)
            | Self::Streaming(link) => Some(link),
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
            Self::Opening(link) => Self::Pushed(link),
            Self::Answered(link) => Self::Streaming(link),
            other => other,
        };
    }

    /// They answered.
    pub fn handle_answer(&mut self) {
        *self = match *self {
            Self::Opening(link) => Self::Answered(link),
            Self::Pushed(link) => Self::Streaming(link),
            other => other,
        };
    }

    /// Whether the counterpart still owes the answer to our question.
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::Opening(_) | Self::Pushed(_))
    }

    /// Whether the counterpart has said what it has and not asked what we have.
    pub fn awaits_question(self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCKET: SocketId = SocketId(1);

    #[test]
    fn updates_flow_once_both_have_asked_and_answered_in_either_order() {
        let mut session = Session::Opening(SOCKET);
        session.handle_pushed();
        assert!(session.may_stream() && !session.is_complete());
        session.handle_answer();
        assert_eq!(session, Session::Streaming(SOCKET));

        let mut session = Session::Opening(SOCKET);
        session.handle_answer();
        assert!(!session.may_stream() && session.awaits_question());
        session.handle_pushed();
        assert_eq!(session, Session::Streaming(SOCKET));
    }

    #[test]
    fn nothing_happens_without_a_link() {
        let mut session: Session = Session::Down;
        session.handle_pushed();
        session.handle_answer();
        assert_eq!((session, session.link()), (Session::Down, None));
    }
}
