//! A socket made of HTTP, for places where no WebSocket gets through: events come down, requests go up.
//!
//! To whoever uses it, a tunnel is a socket: it is opened, takes and gives frames, closes. Frames have numbers in both
//! directions and are kept until they are confirmed, so an answer that is cut, lost or asked for again loses and
//! doubles nothing. A server or a proxy that ends each answer is asked again and again: that is long polling.

pub mod body;
mod down;
mod pool;
mod up;
mod url;
mod wait;

pub use pool::Tunnels;

use std::collections::VecDeque;

use fastrand::Rng;

use crate::io::{FetchId, FetchInput, FetchOutput, Shown, SocketInput};
use crate::time::{Deadline, Instant};
use down::{Down, News};
use up::Up;
use url::tunnel_url;

/// How long the session may take to open as a stream; a proxy that keeps the whole answer to its end never opens one.
const STREAM_PATIENCE: u64 = 3_000;
/// What a browser takes along when the page goes away (Fetch §4.5).
const MAX_OUTLIVING: usize = 60_000;

/// What a tunnel wants done or has to tell, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TunnelOutput {
    /// Do this with a request.
    Fetch(FetchId, FetchOutput),
    /// Tell this as the socket that the tunnel stands for.
    Socket(SocketInput),
}

/// One tunnel.
#[derive(Debug)]
pub struct Tunnel {
    url: String,
    /// `Authorization` of the request that opens the session.
    authorization: Option<String>,
    phase: Phase,
    /// Whether the server is to end each answer.
    polls: bool,
    /// When the stream was lost: what was going up then may be on a connection that is dead, too.
    lost_at: Option<Instant>,
    down: Down,
    up: Up,
    rng: Rng,
    outputs: VecDeque<TunnelOutput>,
}

/// What a tunnel is given besides its place.
#[derive(Debug)]
pub struct Terms<'a> {
    /// Where the randomness of its waits comes from.
    pub rng: &'a mut Rng,
    /// Largest frame it takes, in bytes.
    pub max_frame: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// No session yet; `polls_at` is when the answers are asked for one by one.
    Opening {
        polls_at: Option<Instant>,
    },
    /// The session has this name.
    Open {
        session: String,
    },
    Over,
}

impl Tunnel {
    /// Opens one to where the WebSocket `url` leads, with a token for the `Authorization` header.
    pub fn open(
        now: Instant,
        last_id: &mut u32,
        terms: Terms<'_>,
        url: String,
        token: Option<&str>,
    ) -> Self {
        let mut tunnel = Self {
            url,
            authorization: token.map(|token| format!("Bearer {token}")),
            phase: Phase::Opening { polls_at: Some(now + STREAM_PATIENCE) },
            polls: false,
            lost_at: None,
            down: Down::new(terms.max_frame),
            up: Up::default(),
            rng: terms.rng.fork(),
            outputs: VecDeque::new(),
        };
        tunnel.ask(now, last_id);
        tunnel
    }

    /// Takes the next output, in order.
    pub fn poll_output(&mut self) -> Option<TunnelOutput> {
        self.outputs.pop_front()
    }

    /// When time matters next.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let polls_at = match self.phase {
            Phase::Opening { polls_at } => polls_at,
            Phase::Open { .. } => None,
            Phase::Over => return None,
        };
        let at = [polls_at, self.down.deadline(), self.up.deadline()].into_iter().flatten().min();
        at.map(|at| Deadline { at, reason: "tunnel" })
    }

    /// Whether it is over for good.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Bytes that have not gone up yet: fewer and fewer while a request is under way.
    pub fn waiting_bytes(&self, now: Instant) -> u64 {
        self.up.left(now)
    }

    /// Tells them, as a socket does.
    pub fn measure(&mut self, now: Instant) {
        self.tell(SocketInput::Buffered(self.waiting_bytes(now)));
    }

    /// Sends a frame.
    pub fn send(&mut self, now: Instant, last_id: &mut u32, frame: Vec<u8>) {
        self.up.push(frame);
        self.flush(now, last_id);
    }

    /// Says goodbye; nothing is heard any more.
    pub fn close(&mut self, last_id: &mut u32, code: u16, reason: &str) {
        self.abort();
        if let Phase::Open { session } = &self.phase {
            let body = self.up.finish(self.down.received(), code, reason);
            let send = FetchOutput::Send {
                url: tunnel_url(&self.url, &format!("tunnel={session}")),
                headers: Vec::new(),
                outlives: body.len() <= MAX_OUTLIVING,
                body: Some(body),
            };
            self.outputs.push_back(TunnelOutput::Fetch(fresh(last_id), send));
        }
        self.phase = Phase::Over;
    }

    /// Takes what a request reports.
    pub fn handle_fetch(
        &mut self,
        now: Instant,
        last_id: &mut u32,
        fetch: FetchId,
        input: FetchInput,
    ) {
        if self.down.fetch() == Some(fetch) {
            self.on_down(now, fetch, input);
        } else if self.up.flight() == Some(fetch) {
            self.on_up(now, fetch, &input);
        }
        self.flush(now, last_id);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant, last_id: &mut u32) {
        if let Phase::Opening { polls_at: Some(at) } = self.phase
            && at <= now
        {
            self.phase = Phase::Opening { polls_at: None };
            self.polls = true;
            self.abort_down();
            self.ask(now, last_id);
        }
        if self.down.is_silent(now) {
            self.abort_down();
            self.on_down_failed(now);
        }
        if self.up.is_late(now) {
            self.send_again(now);
        }
        self.flush(now, last_id);
    }

    fn on_down(&mut self, now: Instant, fetch: FetchId, input: FetchInput) {
        match input {
            FetchInput::Response { status: 200, headers } if is_stream(&headers) => {
                self.down.begin(now);
                self.push(fetch, FetchOutput::Read);
                // What has been going up since before it was lost goes over the new connection.
                if self.lost_at.take().is_some_and(|lost_at| self.up.is_doubtful(lost_at)) {
                    self.send_again(now);
                }
            }
            FetchInput::Response { status, headers } => {
                self.abort_down();
                self.on_refused(now, status, &headers);
            }
            FetchInput::Chunk(bytes) => {
                for news in self.down.read(now, &bytes) {
                    self.on_news(news);
                }
                if !self.is_over() {
                    self.push(fetch, FetchOutput::Read);
                }
            }
            FetchInput::End => self.down.end(now, &mut self.rng),
            FetchInput::Failed { .. } => self.on_down_failed(now),
        }
    }

    fn on_news(&mut self, news: News) {
        match (news, &self.phase) {
            (_, Phase::Over) => {}
            (News::Open(session), Phase::Opening { .. }) => {
                self.phase = Phase::Open { session };
                self.tell(SocketInput::Opened { protocol: String::new() });
            }
            (News::Open(_), Phase::Open { .. }) => {}
            (News::Ping, _) => self.up.answer(),
            (News::Frame(frame), Phase::Open { .. }) => {
                self.up.note_received(frame.len());
                self.tell(SocketInput::Frame(frame));
            }
            (News::Close { code, reason }, _) => self.end(code, &reason),
            (News::Frame(_), _) => self.end(1_002, "a frame came before the session was open"),
            (News::Nonsense(what), _) => self.end(1_002, what),
        }
    }

    /// The status of the request that opens the session is what a handshake would have been refused with.
    fn on_refused(&mut self, now: Instant, status: u16, headers: &[(String, String)]) {
        if matches!(self.phase, Phase::Opening { .. }) {
            self.abort();
            self.phase = Phase::Over;
            let retry_after = header(headers, "retry-after").and_then(seconds);
            return self.tell(SocketInput::HttpStatus {
                status,
                retry_after,
                shown: Shown::Everything,
            });
        }
        match lost(status) {
            Some(code) => self.end(code, ""),
            None => self.on_down_failed(now),
        }
    }

    fn on_down_failed(&mut self, now: Instant) {
        self.lost_at = Some(now);
        let opening = matches!(self.phase, Phase::Opening { .. });
        if !self.down.fail(now, &mut self.rng) || opening {
            self.end(1_006, "");
        }
    }

    fn on_up(&mut self, now: Instant, fetch: FetchId, input: &FetchInput) {
        match input {
            FetchInput::Response { status: 200..=299, .. } => {
                self.up.confirm();
                self.push(fetch, FetchOutput::Abort);
            }
            FetchInput::Response { status, .. } => {
                let status = *status;
                self.abort_up();
                match lost(status) {
                    Some(code) => self.end(code, ""),
                    None => self.on_up_failed(now),
                }
            }
            FetchInput::Failed { .. } => self.on_up_failed(now),
            FetchInput::Chunk(_) | FetchInput::End => {}
        }
    }

    fn send_again(&mut self, now: Instant) {
        self.abort_up();
        self.on_up_failed(now);
    }

    fn on_up_failed(&mut self, now: Instant) {
        if !self.up.retry(now, &mut self.rng) {
            self.end(1_006, "");
        }
    }

    /// Asks for what is due and sends what waits.
    fn flush(&mut self, now: Instant, last_id: &mut u32) {
        if self.is_over() {
            return;
        }
        if self.down.is_due(now) {
            self.ask(now, last_id);
        }
        let Phase::Open { session } = &self.phase else { return };
        let fetch = FetchId(last_id.wrapping_add(1));
        if let Some(body) = self.up.begin(now, fetch, self.down.received()) {
            let url = tunnel_url(&self.url, &format!("tunnel={session}"));
            let send =
                FetchOutput::Send { url, headers: Vec::new(), body: Some(body), outlives: false };
            *last_id = fetch.0;
            self.push(fetch, send);
        }
    }

    /// Asks for the stream: a new one, or the rest of the one there was.
    fn ask(&mut self, now: Instant, last_id: &mut u32) {
        let fetch = fresh(last_id);
        let mut headers = vec![("accept".to_owned(), "text/event-stream".to_owned())];
        let mut query = "tunnel=".to_owned();
        match &self.phase {
            Phase::Open { session } => {
                query.push_str(session);
                headers.push(("last-event-id".to_owned(), self.down.received().to_string()));
            }
            _ => {
                query.push_str("new");
                let authorization = self.authorization.clone();
                headers.extend(authorization.map(|value| ("authorization".to_owned(), value)));
            }
        }
        if self.polls {
            query.push_str("&poll=1");
        }
        let url = tunnel_url(&self.url, &query);
        self.push(fetch, FetchOutput::Send { url, headers, body: None, outlives: false });
        self.down.ask(now, fetch);
    }

    fn end(&mut self, code: u16, reason: &str) {
        self.abort();
        self.phase = Phase::Over;
        self.tell(SocketInput::Closed { code, reason: reason.to_owned(), clean: code != 1_006 });
    }

    fn abort(&mut self) {
        self.abort_down();
        self.abort_up();
    }

    fn abort_down(&mut self) {
        if let Some(fetch) = self.down.fetch() {
            self.push(fetch, FetchOutput::Abort);
        }
        self.down.stop();
    }

    fn abort_up(&mut self) {
        if let Some(fetch) = self.up.flight() {
            self.push(fetch, FetchOutput::Abort);
        }
    }

    fn push(&mut self, fetch: FetchId, output: FetchOutput) {
        self.outputs.push_back(TunnelOutput::Fetch(fetch, output));
    }

    fn tell(&mut self, input: SocketInput) {
        self.outputs.push_back(TunnelOutput::Socket(input));
    }
}

fn fresh(last_id: &mut u32) -> FetchId {
    *last_id = last_id.wrapping_add(1);
    FetchId(*last_id)
}

fn is_stream(headers: &[(String, String)]) -> bool {
    header(headers, "content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Dates are not read: the core has no calendar.
fn seconds(value: &str) -> Option<u64> {
    value.trim().parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1_000))
}

/// The close code of a status after which the session cannot go on; others may pass.
fn lost(status: u16) -> Option<u16> {
    match status {
        401 => Some(4_401),
        403 => Some(4_403),
        404 | 410 => Some(1_006),
        413 => Some(1_009),
        429 | 408 | 425 => None,
        400..=499 => Some(1_002),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
