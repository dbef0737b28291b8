//! The wire under a stream, which can be cut or go silent on request.

use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::{Instant, sleep_until};

/// Orders that a stream may be late in reading.
const BACKLOG: usize = 64;

/// What the demo does to streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Break off in the middle of the answer.
    Cut,
    /// Play dead for a while.
    Stall(Duration),
}

/// All streams of the server.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    orders: broadcast::Sender<(Option<String>, Order)>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { orders: broadcast::Sender::new(BACKLOG) }
    }
}

impl Lines {
    /// Does something to the streams of a room, or with `None` to all.
    pub(crate) fn order(&self, room: Option<&str>, order: Order) {
        // Nobody listening is nobody to cut.
        let _ = self.orders.send((room.map(str::to_owned), order));
    }

    /// The wire of a new stream of a room.
    pub(super) fn join(&self, room: String) -> Line {
        Line { room, orders: self.orders.subscribe(), silent_until: None }
    }
}

/// The wire under one stream.
#[derive(Debug)]
pub(super) struct Line {
    room: String,
    orders: broadcast::Receiver<(Option<String>, Order)>,
    silent_until: Option<Instant>,
}

/// The wire was cut.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cut on request")]
pub(super) struct Cut;

impl Line {
    /// Waits until `due`, and longer while the wire has to be silent.
    pub(super) async fn wait_until(&mut self, due: Instant) -> Result<(), Cut> {
        loop {
            let until = self.silent_until.map_or(due, |silent| silent.max(due));
            tokio::select! {
                // An order given first is obeyed first.
                biased;
                order = self.ordered() => match order {
                    Order::Cut => return Err(Cut),
                    Order::Stall(time) => self.silent_until = Some(Instant::now() + time),
                },
                () = sleep_until(until) => {
                    self.silent_until = None;
                    return Ok(());
                }
            }
        }
    }

    /// The next order to this room.
    async fn ordered(&mut self) -> Order {
        loop {
            match self.orders.recv().await {
                Ok((room, order)) if room.as_ref().is_none_or(|room| *room == self.room) => {
                    return order;
                }
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_streams_of_the_room_are_cut_or_all() {
        let lines = Lines::default();
        let (mut here, mut there) = (lines.join("here".into()), lines.join("there".into()));
        lines.order(Some("here"), Order::Cut);
        assert_eq!(here.wait_until(Instant::now()).await, Err(Cut));
        assert_eq!(there.wait_until(Instant::now()).await, Ok(()));
        lines.order(None, Order::Cut);
        assert_eq!(there.wait_until(Instant::now()).await, Err(Cut));
    }

    #[tokio::test]
    async fn a_silent_line_waits_and_then_goes_on() {
        let lines = Lines::default();
        let mut line = lines.join("here".into());
        let start = Instant::now();
        let silence = Duration::from_millis(50);
        lines.order(Some("here"), Order::Stall(silence));
        assert_eq!(line.wait_until(start).await, Ok(()));
        assert!(start.elapsed() >= silence);
        assert_eq!(line.silent_until, None);
    }
}
