//! What can happen to a stream.

use fastrand::Rng;
use rejoin::io::Environment;

/// What a network, a server or a page does. Times are milliseconds, numbers those of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An answer breaks off.
    Cut(usize),
    /// An answer ends as it should, in the middle.
    End(usize),
    /// Nothing passes on an answer any more, and nobody is told.
    Silence(usize),
    /// A proxy keeps what goes over an answer for so long.
    Hold(usize, u64),
    /// The server is away for so long.
    Crash(u64),
    /// The server refuses with this status for so long, and names this wait in seconds, if any.
    Refuse(u16, u64, Option<u64>),
    /// Requests get no answer for so long.
    Blackhole(u64),
    /// Tokens given so far are refused.
    Expire,
    /// The server keeps only what it said last.
    Forget,
    /// The server's history begins anew.
    Anew,
    /// The server names a wait before a reconnect.
    Retry(u64),
    /// There is no network for so long.
    Offline(u64),
    /// The machine sleeps for so long.
    Sleep(u64),
    /// The page is in the back/forward cache for so long.
    PutAside(u64),
    /// Something happens to the page.
    Wake(Environment),
    /// The app closes a stream, and opens it again after so long.
    Close(usize, u64),
}

impl Fault {
    /// Draws what happens next.
    pub fn draw(rng: &mut Rng, streams: usize) -> Self {
        let stream = rng.usize(0..streams);
        let brief = rng.u64(50..5_000);
        match rng.u32(0..100) {
            0..=19 => Self::Cut(stream),
            20..=29 => Self::End(stream),
            30..=37 => Self::Silence(stream),
            38..=45 => Self::Hold(stream, brief),
            46..=52 => Self::Crash(brief * 2),
            53..=62 => refusal(rng, brief),
            63..=65 => Self::Blackhole(brief),
            66..=68 => Self::Expire,
            69..=70 => Self::Forget,
            71 => Self::Anew,
            72..=74 => Self::Retry(brief),
            75..=80 => Self::Offline(brief),
            81..=84 => Self::Sleep(brief * 12),
            85..=87 => Self::PutAside(brief),
            88..=94 => Self::Wake(draw_environment(rng)),
            _ => Self::Close(stream, brief),
        }
    }
}

fn refusal(rng: &mut Rng, lasts: u64) -> Fault {
    let status = *rng.choice(&[500, 502, 503, 503, 429, 429, 403, 404, 204, 200]).unwrap_or(&503);
    let asks = matches!(status, 429 | 503) && rng.bool();
    Fault::Refuse(status, lasts, asks.then(|| rng.u64(1..20)))
}

fn draw_environment(rng: &mut Rng) -> Environment {
    let all = [
        Environment::Online,
        Environment::Hidden,
        Environment::Visible,
        Environment::Visible,
        Environment::Freeze,
        Environment::Resume,
        Environment::ClockJump,
    ];
    *rng.choice(&all).unwrap_or(&Environment::Visible)
}
