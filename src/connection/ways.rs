//! Two ways to the server: a WebSocket, and where that is blocked the same over HTTP.
//!
//! The WebSocket goes first. Refused twice before it opened, or silent for some seconds, it gets a rival over HTTP in
//! the same attempt; who speaks first wins. A tunnel that won goes first from then on, until it fails or the memory of
//! it is old.

use super::state::State;
use super::{Action, Connection, Context, History, close};
use crate::io::{SocketId, SocketOutput};
use crate::status::{Problem, Reason, Transport};
use crate::time::{Deadline, Instant};

/// Which ways may be taken, and what is remembered of them. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// Whether a WebSocket may be opened.
    pub websocket: bool,
    /// Whether HTTP may be used. Only servers that speak our dialect understand it.
    pub http: bool,
    /// How long a WebSocket may take to open, and then to say a word, before HTTP is tried beside it.
    pub patience: u64,
    /// How long HTTP goes first after it has won.
    pub memory: u64,
    /// How long HTTP goes first from the start, since it won earlier.
    pub remembered: u64,
}

impl Default for Ways {
    fn default() -> Self {
        Self { websocket: true, http: false, patience: 4_000, memory: 1_800_000, remembered: 0 }
    }
}

/// Refusals in a row after which HTTP is tried, and again after as many.
const REFUSALS: u32 = 2;

/// Which way is taken now, and what earlier attempts taught.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// The way of the socket that the state holds.
    current: Way,
    /// A tunnel that is being opened beside a WebSocket which says nothing.
    rival: Option<SocketId>,
    /// When the WebSocket has been silent for too long.
    rival_at: Option<Instant>,
    /// HTTP has won: until when it goes first.
    won_until: Option<Instant>,
    /// HTTP went first last time and did not get through.
    stumbled: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    WebSocket,
    /// After a WebSocket of the same attempt, or first.
    Http { first: bool },
}

impl Connection {
    /// Whether HTTP goes first in this attempt.
    pub(super) fn http_goes_first(&mut self, now: Instant) -> bool {
        let Ways { websocket, http, remembered, .. } = self.config.ways;
        let ladder = &mut self.ladder;
        if std::mem::take(&mut self.config.ways.remembered) > 0 {
            ladder.won_until = Some(now + remembered);
        }
        let won = ladder.won_until.is_some_and(|until| now < until);
        http && (!websocket || (won && !ladder.stumbled))
    }

    /// A WebSocket is being opened.
    pub(super) fn note_opening(&mut self, now: Instant) {
        self.ladder.current = Way::WebSocket;
        self.ladder.rival_at = self.config.ways.http.then(|| now + self.config.ways.patience);
    }

    /// The WebSocket opened: it has some time for its first word.
    pub(super) fn note_opened(&mut self, now: Instant) {
        if self.ladder.rival_at.is_some() {
            self.ladder.rival_at = Some(now + self.config.ways.patience);
        }
    }

    /// The link spoke: nobody else is needed.
    pub(super) fn note_word(&mut self) {
        self.ladder.rival_at = None;
        self.drop_rival();
    }

    /// The handshake was answered: this way works.
    pub(super) fn note_winner(&mut self, now: Instant) {
        self.note_word();
        self.ladder.stumbled = false;
        self.ladder.won_until =
            matches!(self.ladder.current, Way::Http { .. }).then(|| now + self.config.ways.memory);
    }

    pub(super) fn transport(&self) -> Transport {
        match self.ladder.current {
            Way::WebSocket => Transport::WebSocket,
            Way::Http { .. } => Transport::Sse,
        }
    }

    /// Opens a tunnel as this attempt's socket.
    pub(super) fn open_tunnel(&mut self, cx: &mut Context<'_>, first: bool) {
        let socket = self.start_tunnel(cx);
        self.ladder.current = Way::Http { first };
        self.ladder.rival_at = None;
        let deadline = cx.now + self.config.connect_timeout;
        self.state = State::Connecting { socket, since: cx.now, deadline };
    }

    fn start_tunnel(&mut self, cx: &mut Context<'_>) -> SocketId {
        let socket = SocketId(cx.fresh());
        let History { url, token, .. } = &self.history;
        let open = SocketOutput::OpenTunnel { url: url.clone(), token: token.clone() };
        self.actions.push_back(Action::Socket(socket, open));
        socket
    }

    /// A link ended: whether a tunnel takes its place in the same attempt.
    pub(super) fn lost_before_a_word(&mut self, cx: &mut Context<'_>) -> bool {
        if !matches!(self.state, State::Connecting { .. }) {
            return self.rival_takes_over(cx);
        }
        let second = matches!(self.ladder.current, Way::Http { first: false });
        // A tunnel after a WebSocket is no attempt of its own.
        self.history.never_opened = self.history.never_opened.saturating_add(u32::from(!second));
        self.falls_back(cx)
    }

    /// A WebSocket never opened: whether a tunnel takes its place in the same attempt.
    fn falls_back(&mut self, cx: &mut Context<'_>) -> bool {
        match self.ladder.current {
            Way::Http { first } => {
                self.ladder.stumbled = first;
                return false;
            }
            Way::WebSocket if !self.config.ways.http || self.page.suspended => return false,
            Way::WebSocket => {}
        }
        if let Some(socket) = self.ladder.rival.take() {
            self.promote(cx, socket);
            return true;
        }
        let refusals = self.history.never_opened;
        let due = refusals > 0 && refusals.is_multiple_of(REFUSALS);
        if due || self.ladder.won_until.is_some() {
            self.open_tunnel(cx, false);
            return true;
        }
        false
    }

    /// A silent WebSocket ended: its rival, if there is one, goes on alone.
    fn rival_takes_over(&mut self, cx: &mut Context<'_>) -> bool {
        let rival = self.ladder.rival.take();
        if let Some(socket) = rival {
            self.promote(cx, socket);
        }
        rival.is_some()
    }

    fn promote(&mut self, cx: &mut Context<'_>, socket: SocketId) {
        self.ladder.current = Way::Http { first: false };
        self.ladder.rival_at = None;
        let deadline = cx.now + self.config.connect_timeout;
        self.state = State::Connecting { socket, since: cx.now, deadline };
    }

    /// When a silent WebSocket gets a rival.
    pub(super) fn rival_deadline(&self) -> Option<Deadline> {
        self.ladder.rival_at.map(|at| Deadline { at, reason: "silent" })
    }

    pub(super) fn start_rival_if_due(&mut self, cx: &mut Context<'_>) {
        let due = self.ladder.rival_at.is_some_and(|at| at <= cx.now);
        if !due {
            return;
        }
        self.ladder.rival_at = None;
        if matches!(self.state, State::Connecting { .. } | State::Handshaking { .. }) {
            self.ladder.rival = Some(self.start_tunnel(cx));
        }
    }

    pub(super) fn is_rival(&self, id: SocketId) -> bool {
        self.ladder.rival == Some(id)
    }

    /// The rival opened while the WebSocket was silent.
    pub(super) fn on_rival_opened(&mut self, cx: &mut Context<'_>) {
        if let Some(socket) = self.ladder.rival.take() {
            self.abandon_link();
            self.promote(cx, socket);
            self.on_opened(cx, socket);
        }
    }

    pub(super) fn on_rival_failed(&mut self) {
        self.ladder.rival = None;
    }

    /// Nobody waits for the rival any more.
    pub(super) fn drop_rival(&mut self) {
        self.ladder.rival_at = None;
        if let Some(socket) = self.ladder.rival.take() {
            self.actions.push_back(Action::Socket(socket, SocketOutput::Abandon));
        }
    }

    /// A tunnel was refused with this status; a WebSocket there would have been refused with the same.
    pub(super) fn on_tunnel_refused(
        &mut self,
        cx: &mut Context<'_>,
        status: u16,
        retry_after: Option<u64>,
    ) {
        self.falls_back(cx);
        self.history.reason = Some(Reason::Http { status });
        match close::code_of_status(status) {
            Some(code) => {
                self.report(Problem::new(code, super::refused_message(status)));
                self.on_verdict(cx, close::judge_status(status, retry_after));
            }
            None => self.rule(cx, 1_006, ""),
        }
    }

    /// Whether the socket of this attempt is a tunnel that has not opened.
    pub(super) fn is_opening_tunnel(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
            && matches!(self.ladder.current, Way::Http { .. })
    }
}

#[cfg(test)]
mod tests;
