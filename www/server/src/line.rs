//! What comes and goes over a connection, seen below HTTP and WebSockets: a message that takes long is heard of with each piece.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant, sleep_until};

/// When something last came and went.
#[derive(Clone, Debug)]
pub(crate) struct Traffic(Arc<Times>);

#[derive(Debug)]
struct Times {
    start: Instant,
    /// Milliseconds since the start.
    heard: AtomicU64,
    said: AtomicU64,
    pieces: AtomicU64,
    /// When the latest of the pieces was.
    alive: AtomicU64,
}

impl Default for Traffic {
    fn default() -> Self {
        let [heard, said, pieces, alive] = <[AtomicU64; 4]>::default();
        Self(Arc::new(Times { start: Instant::now(), heard, said, pieces, alive }))
    }
}

impl Traffic {
    /// Something came.
    pub(crate) fn hear(&self) {
        self.0.heard.store(self.passed(), Ordering::Relaxed);
        self.live();
    }

    /// The counterpart took something that had to wait for it. What merely went says nothing: the system takes it for a dead one too.
    pub(crate) fn make_way(&self) {
        self.live();
    }

    /// When something last came.
    pub(crate) fn heard_at(&self) -> Instant {
        self.0.start + Duration::from_millis(self.0.heard.load(Ordering::Relaxed))
    }

    /// How often the counterpart showed that it is there.
    pub(crate) fn pieces(&self) -> u64 {
        self.0.pieces.load(Ordering::Relaxed)
    }

    /// When it last did.
    pub(crate) fn alive_at(&self) -> Instant {
        self.0.start + Duration::from_millis(self.0.alive.load(Ordering::Relaxed))
    }

    /// Waits until the counterpart has shown for so long by nothing that it is there: neither said anything, nor taken what waited for it.
    pub(crate) async fn silent(&self, patience: Duration) {
        quiet(patience, || self.alive_at()).await;
    }

    /// Waits until the counterpart has taken nothing for so long.
    pub(crate) async fn stuck(&self, patience: Duration) {
        let said = &self.0.said;
        let at = || self.0.start + Duration::from_millis(said.load(Ordering::Relaxed));
        quiet(patience, at).await;
    }

    fn live(&self) {
        self.0.alive.store(self.passed(), Ordering::Relaxed);
        self.0.pieces.fetch_add(1, Ordering::Relaxed);
    }

    fn say(&self) {
        self.0.said.store(self.passed(), Ordering::Relaxed);
    }

    fn passed(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

async fn quiet(patience: Duration, last: impl Fn() -> Instant) {
    let mut since = Instant::now();
    loop {
        sleep_until(since + patience).await;
        let at = last();
        if at <= since {
            return;
        }
        since = at;
    }
}

/// A connection whose traffic is noted.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    traffic: Traffic,
    /// Whether what goes has to wait until the counterpart takes something.
    waits: bool,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.traffic.hear();
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Line {
    fn note(&mut self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.traffic.say();
            if self.waits {
                self.traffic.make_way();
            }
        }
        self.waits = written.is_pending();
    }
}

/// Accepts connections whose traffic is noted.
#[derive(Debug)]
pub(crate) struct Lines(pub(crate) TcpListener);

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // A frame is one small write; waiting for more would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a socket keeps its delay");
        }
        (Line { stream, traffic: Traffic::default(), waits: false }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Traffic {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().traffic.clone()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn who_takes_what_waits_for_it_is_not_silent_though_it_says_nothing() {
        let (traffic, patience) = (Traffic::default(), Duration::from_millis(200));
        let taking = async {
            sleep(patience / 4).await;
            traffic.make_way();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = traffic.silent(patience) => {}
            () = taking => {}
        }
        assert!(Instant::now() >= traffic.alive_at() + patience);
    }
}
