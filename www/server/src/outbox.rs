//! What waits for one socket: bounded by bytes, and how it is to end.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rejoin::protocol::tag;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::hub::close;
use crate::unread::Hold;

/// How a socket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame.
    Close {
        /// Close code.
        code: u16,
        /// Close reason.
        reason: String,
    },
    /// Without one.
    Cut,
}

/// What is to be written next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A binary message.
    Frame(Bytes),
    /// A ping.
    Ping,
    /// The end.
    End(End),
}

/// What waits for one socket.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
    ended: Notify,
    max_waiting: usize,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<(Bytes, Option<Hold>)>,
    /// Of what was taken, but is not known to have been written.
    holds: Vec<Hold>,
    bytes: usize,
    /// Answers to a state vector among the frames, and taken but not known to have been written.
    answers: usize,
    ping: bool,
    end: Option<End>,
    stalled_until: Option<Instant>,
}

impl Outbox {
    pub(crate) fn new(max_waiting: usize) -> Self {
        let (changed, ended) = (Notify::new(), Notify::new());
        Self { state: Mutex::default(), changed, ended, max_waiting }
    }

    /// Queues a message. A client that leaves too much waiting is sent away: what it missed it gets by its
    /// state vector when it comes back. One message may be larger than the bound.
    pub(crate) fn push(&self, frame: Bytes) {
        self.push_held(frame, None);
    }

    /// Queues a message that counts among all clients' until it was written.
    pub(crate) fn push_held(&self, frame: Bytes, hold: Option<Hold>) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        if state.bytes > self.max_waiting {
            drop(state);
            tracing::info!("a client reads too slowly and is sent away");
            let reason = close::BUSY.to_owned();
            self.end_now(End::Close { code: close::TRY_LATER, reason });
            return;
        }
        state.bytes += frame.len();
        state.answers += usize::from(is_answer(&frame));
        state.frames.push_back((frame, hold));
        drop(state);
        self.changed.notify_one();
    }

    /// Queues a ping before everything else.
    pub(crate) fn ping(&self) {
        self.lock().ping = true;
        self.changed.notify_one();
    }

    /// Ends the socket behind what waits.
    pub(crate) fn end(&self, end: End) {
        self.lock().end.get_or_insert(end);
        self.changed.notify_one();
        self.ended.notify_one();
    }

    /// Ends the socket; what waits is dropped.
    pub(crate) fn end_now(&self, end: End) {
        let mut state = self.lock();
        state.frames.clear();
        state.bytes = 0;
        state.end = Some(end);
        drop(state);
        self.changed.notify_one();
        self.ended.notify_one();
    }

    /// Plays dead for a while: nothing is read or written.
    pub(crate) fn stall(&self, time: Duration) {
        self.lock().stalled_until = Some(Instant::now() + time);
    }

    /// Waits until the socket no longer plays dead.
    pub(crate) async fn unstalled(&self) {
        loop {
            let until = self.lock().stalled_until;
            match until {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => return,
            }
        }
    }

    /// What is to be written next, if anything. For one writer.
    pub(crate) fn take(&self) -> Option<Next> {
        let mut state = self.lock();
        if std::mem::take(&mut state.ping) {
            return Some(Next::Ping);
        }
        if let Some((frame, hold)) = state.frames.pop_front() {
            state.bytes -= frame.len();
            state.holds.extend(hold);
            return Some(Next::Frame(frame));
        }
        state.end.clone().map(Next::End)
    }

    /// What was taken so far has been written.
    pub(crate) fn written(&self) {
        self.answered();
        self.released();
    }

    /// Of what was taken no answer is on its way any more.
    pub(crate) fn answered(&self) {
        let mut state = self.lock();
        state.answers = state.frames.iter().filter(|(frame, _)| is_answer(frame)).count();
    }

    /// What was taken so far counts among all clients' no more.
    pub(crate) fn released(&self) {
        self.lock().holds.clear();
    }

    /// Whether the answer to a state vector is on its way.
    pub(crate) fn is_answering(&self) -> bool {
        self.lock().answers > 0
    }

    /// Waits until [`Self::take`] may have something. For one writer.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until the end was asked for. For one waiter.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a frame answers a state vector.
pub(crate) fn is_answer(frame: &[u8]) -> bool {
    let (sync, step_2) = (tag::SYNC.to_le_bytes()[0], tag::SYNC_STEP_2.to_le_bytes()[0]);
    frame.starts_with(&[sync, step_2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut() -> Option<Next> {
        Some(Next::End(End::Cut))
    }

    #[test]
    fn the_end_comes_behind_what_waits_unless_it_is_urgent() {
        let outbox = Outbox::new(100);
        outbox.push(Bytes::from_static(b"a"));
        outbox.end(End::Cut);
        outbox.push(Bytes::from_static(b"too late"));
        assert_eq!(outbox.take(), Some(Next::Frame(Bytes::from_static(b"a"))));
        assert_eq!(outbox.take(), cut());

        let outbox = Outbox::new(100);
        outbox.push(Bytes::from_static(b"a"));
        outbox.end_now(End::Cut);
        assert_eq!(outbox.take(), cut());
    }

    #[test]
    fn a_client_that_reads_too_slowly_is_told_when_to_come_back() {
        let outbox = Outbox::new(10);
        outbox.push(Bytes::from(vec![0; 1_000]));
        outbox.push(Bytes::from_static(b"more"));
        let reason = r#"{"retry_ms":2000}"#.to_owned();
        assert_eq!(outbox.take(), Some(Next::End(End::Close { code: 1013, reason })));
    }
}
