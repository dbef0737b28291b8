//! One answer: the events of a session until the client goes, another answer takes its place, or it is to end.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::live::Live;
use crate::config::TunnelConfig;

/// Bytes of one piece, unless a single frame is larger.
const PIECE: usize = 256 << 10;
/// A comment: proxies and clients take a long silence for a dead link.
const COMMENT: &str = ":\n\n";

/// Why an answer broke off.
#[derive(Debug, thiserror::Error)]
#[error("the session was cut")]
pub(super) struct Cut;

/// The events behind `cursor`.
pub(super) fn read(
    live: Arc<Live>,
    cursor: u64,
    polls: bool,
    opens: bool,
    times: TunnelConfig,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
    let (number, changes) = live.attach();
    let opens = opens.then(|| format!("event:open\ndata:{}\n\n", live.name()));
    let pings = live.pings();
    let hold = Instant::now() + times.hold;
    let (over, told) = (false, false);
    let reader =
        Reader { live, cursor, polls, opens, times, number, changes, pings, hold, over, told };
    unfold(reader, async |mut reader| {
        let piece = reader.next().await?;
        Some((piece, reader))
    })
}

struct Reader {
    live: Arc<Live>,
    cursor: u64,
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
    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        if self.over {
            return None;
        }
        loop {
            if self.live.is_cut() {
                self.over = true;
                return Some(Err(Cut));
            }
            if !self.live.is_latest(self.number) {
                return None;
            }
            self.changes.borrow_and_update();
            let news = self.news();
            if !news.is_empty() {
                self.over |= self.polls;
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

    fn news(&mut self) -> String {
        let mut news = self.opens.take().unwrap_or_default();
        let (events, ends) = self.live.events(&mut self.cursor, PIECE);
        news.push_str(&events);
        let pings = self.live.pings();
        if pings != self.pings {
            self.pings = pings;
            news.push_str("event:ping\ndata\n\n");
        }
        self.told |= ends;
        self.over |= ends;
        news
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
