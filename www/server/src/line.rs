//! What comes and goes over a connection, seen below HTTP and WebSockets: a message that takes long is heard of with each piece.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant, Sleep, sleep, sleep_until};

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
    /// Whether a request was whole enough to be answered.
    begun: AtomicBool,
}

impl Default for Traffic {
    fn default() -> Self {
        let [heard, said, pieces, alive] = <[AtomicU64; 4]>::default();
        let (start, begun) = (Instant::now(), AtomicBool::new(false));
        Self(Arc::new(Times { start, heard, said, pieces, alive, begun }))
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

    /// A request was whole enough to be answered.
    pub(crate) fn begin(&self) {
        self.0.begun.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
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

/// A connection whose traffic is noted. It fails when the counterpart takes nothing of what waits for it, or sends no whole request: whoever
/// answers it knows of neither, and would keep the answer for ever.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    traffic: Traffic,
    patience: Duration,
    /// While what goes has to wait until the counterpart takes something: until when.
    waits: Option<Pin<Box<Sleep>>>,
    /// While no request was whole: until when.
    request: Option<Pin<Box<Sleep>>>,
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
        if self.traffic.has_begun() {
            self.request = None;
        }
        match &mut self.request {
            Some(end) if read.is_pending() => end.as_mut().poll(cx).map(|()| Err(late())),
            _ => read,
        }
    }
}

fn late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(cx, written)
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
        self.note(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Line {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        let request = Some(Box::pin(sleep(patience)));
        Self { stream, traffic: Traffic::default(), patience, waits: None, request }
    }

    fn note(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_pending() {
            let end = self.waits.get_or_insert_with(|| Box::pin(sleep(self.patience)));
            return end.as_mut().poll(cx).map(|()| Err(late()));
        }
        let waited = self.waits.take().is_some();
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.traffic.say();
            if waited {
                self.traffic.make_way();
            }
        }
        written
    }
}

/// Accepts connections whose traffic is noted.
#[derive(Debug)]
pub(crate) struct Lines {
    listener: TcpListener,
    patience: Duration,
}

impl Lines {
    /// `patience` is for a counterpart that takes nothing of what waits for it, or sends no whole request.
    pub(crate) fn new(listener: TcpListener, patience: Duration) -> Self {
        Self { listener, patience }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // A frame is one small write; waiting for more would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a socket keeps its delay");
        }
        (Line::new(stream, self.patience), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Traffic {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().traffic.clone()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(200);

    /// A connection, and its other end.
    async fn line() -> (Line, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let mut lines = Lines::new(listener, PATIENCE);
        let (other, (line, _)) = tokio::join!(TcpStream::connect(address), lines.accept());
        (line, other.expect("a connection"))
    }

    #[tokio::test]
    async fn who_takes_nothing_of_what_waits_for_it_is_given_up() {
        let (mut line, mut other) = line().await;
        line.traffic.begin();
        // Whoever takes a little each time is not, however long it takes.
        let large = vec![7; 64 << 20];
        let slow = async {
            let mut piece = vec![0; 2 << 20];
            for _ in 0..8 {
                sleep(PATIENCE / 4).await;
                other.read_exact(&mut piece).await.expect("a piece");
            }
        };
        let start = Instant::now();
        let (written, ()) = tokio::join!(line.write_all(&large), slow);
        assert_eq!(written.expect_err("it is given up").kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() > PATIENCE * 2);
    }

    #[tokio::test]
    async fn who_sends_no_whole_request_is_given_up_and_who_did_may_be_silent() {
        let (mut line, mut other) = line().await;
        let mut bytes = [0; 10];
        let dripping = async {
            for _ in 0..100 {
                other.write_all(b"x").await.expect("a byte");
                sleep(PATIENCE / 10).await;
            }
        };
        let reading = async {
            while line.read(&mut bytes).await? > 0 {}
            io::Result::Ok(())
        };
        tokio::select! {
            end = reading => assert!(end.is_err()),
            () = dripping => panic!("it is waited for"),
        }
        let (mut line, mut other) = tests::line().await;
        line.traffic.begin();
        let later = async {
            sleep(PATIENCE * 2).await;
            other.write_all(b"x").await
        };
        let (read, written) = tokio::join!(line.read(&mut bytes), later);
        assert!(matches!((read, written), (Ok(1), Ok(()))));
    }

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
