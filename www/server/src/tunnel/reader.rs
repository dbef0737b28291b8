//! One answer: the events of a session until the client goes, another answer takes its place, or it is to end.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::live::Live;
use super::session::{Cursor, Lost};
use crate::config::TunnelConfig;

/// Bytes of one piece, about.
const PIECE: usize = 256 << 10;
/// A comment: proxies and clients take a long silence for a dead link.
const COMMENT: &str = ":\n\n";

/// Why an answer broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// As the demo orders.
    #[error("the session was cut")]
    Cut,
    /// The session ended in the middle of a frame.
    #[error(transparent)]
    Lost(#[from] Lost),
}

/// The events behind the frame of this number.
pub(super) fn read(
    live: Arc<Live>,
    received: u64,
    polls: bool,
    opens: bool,
    times: TunnelConfig,
) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
    let (number, changes) = live.attach();
    let opens = opens.then(|| format!("event:open\ndata:{}\n\n", live.name()));
    let pings = live.pings();
    let hold = Instant::now() + times.hold;
    let (cursor, over, told) = (Cursor::behind(received), false, false);
    let reader =
        Reader { live, cursor, polls, opens, times, number, changes, pings, hold, over, told };
    unfold(reader, async |mut reader| {
        let piece = reader.next().await?;
        Some((piece, reader))
    })
}

struct Reader {
    live: Arc<Live>,
    cursor: Cursor,
    polls: bool,
    opens: Option<String>,
    times: TunnelConfig,
    number: u64,
    changes: watch::Receiver<u64>,
    pings: u64,
    hold: Instant,
    over: bool,
    /// Whether the end of the session was in it: only then need nobody come for it any more.
    told: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        if self.over {
            return None;
        }
        loop {
            if self.live.is_cut() {
                self.over = true;
                return Some(Err(Broken::Cut));
            }
            if !self.live.is_latest(self.number) {
                return None;
            }
            self.changes.borrow_and_update();
            let news = match self.news() {
                Ok(news) => news,
                Err(lost) => {
                    self.over = true;
                    return Some(Err(lost.into()));
                }
            };
            if !news.is_empty() {
                self.over |= self.polls && !self.cursor.is_within();
                return Some(Ok(news.into()));
            }
            if self.live.is_over() {
                return None;
            }
            if self.is_quiet().await {
                self.over = self.polls;
                return Some(Ok(Bytes::from_static(COMMENT.as_bytes())));
            }
        }
    }

    fn news(&mut self) -> Result<String, Lost> {
        let mut news = self.opens.take().unwrap_or_default();
        let (events, ends) = self.live.events(&mut self.cursor, PIECE)?;
        news.push_str(&events);
        let pings = self.live.pings();
        if pings != self.pings && !self.cursor.is_within() {
            self.pings = pings;
            news.push_str("event:ping\ndata\n\n");
        }
        self.told |= ends;
        self.over |= ends;
        Ok(news)
    }

    /// Waits for something new; `true` if there was nothing for a while.
    async fn is_quiet(&mut self) -> bool {
        let until = if self.polls { self.hold } else { Instant::now() + self.times.comment };
        tokio::select! {
            changed = self.changes.changed() => changed.is_err(),
            () = sleep_until(until) => true,
            () = self.live.over() => false,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.live.detach();
        if self.told {
            self.live.told_end();
        }
    }
}
