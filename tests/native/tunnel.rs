//! A tunnel between the real client side and the real server side, over HTTP that loses, repeats, delays and cuts.

use std::collections::BTreeMap;

use bytes::Bytes;
use fastrand::Rng;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rejoin::io::{FetchId, FetchInput, FetchOutput, SocketInput};
use rejoin::time::Instant;
use rejoin::tunnel::{Terms, Tunnel, TunnelOutput};
use rejoin_server::tunnel::session::{Cursor, Session, TakeError};

const MAX_FRAME: usize = 1 << 20;

/// How bad the network is, in percent.
#[derive(Clone, Copy, Debug)]
struct Weather {
    /// Requests that never arrive.
    lost_requests: u32,
    /// Requests that arrive, and whose answer does not.
    lost_answers: u32,
    /// Requests that arrive a second time, later.
    repeated: u32,
    /// Answers that break off at any byte.
    cut: u32,
    /// Answers that end as they should, after any piece.
    ended: u32,
}

#[derive(Debug)]
enum Happening {
    Answer(FetchId, FetchInput),
    Post(FetchId, Bytes, Fate),
    Get(FetchId, u64),
    /// A piece of an answer is due.
    Stream(FetchId),
    /// The server breaks its silence.
    Comment,
    Down(Vec<u8>),
    Up(Vec<u8>),
    Timeout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Heard,
    Unheard,
}

struct World {
    rng: Rng,
    weather: Weather,
    now: u64,
    serial: u64,
    last_id: u32,
    queue: BTreeMap<(u64, u64), Happening>,
    tunnel: Tunnel,
    session: Session,
    /// Answers under way: what the reader has seen, and bytes that wait for `Read`.
    streams: BTreeMap<FetchId, Stream>,
    received: Vec<Vec<u8>>,
    taken: Vec<Vec<u8>>,
    timer: Option<u64>,
    /// Bytes down in all, and after how many an answer breaks off, once.
    written: usize,
    breaks_at: Option<usize>,
    opened: bool,
    lost: bool,
}

#[derive(Debug, Default)]
struct Stream {
    cursor: Cursor,
    opened: bool,
    bytes: Vec<u8>,
    wanted: bool,
    end: Option<FetchInput>,
}

impl World {
    fn new(seed: u64, weather: Weather) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut last_id = 0;
        let terms = Terms { rng: &mut rng, max_frame: MAX_FRAME };
        let url = "ws://server/room".to_owned();
        let tunnel = Tunnel::open(Instant::default(), &mut last_id, terms, url, None);
        Self {
            rng,
            weather,
            now: 0,
            serial: 0,
            last_id,
            queue: BTreeMap::new(),
            tunnel,
            session: Session::default(),
            streams: BTreeMap::new(),
            received: Vec::new(),
            taken: Vec::new(),
            timer: None,
            written: 0,
            breaks_at: None,
            opened: false,
            lost: false,
        }
    }

    fn later(&mut self, wait: u64, happening: Happening) {
        self.serial += 1;
        self.queue.insert((self.now + wait, self.serial), happening);
    }

    fn roll(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    /// Runs until nothing is left to do, or so long that something must be stuck.
    fn run(&mut self, until: u64) {
        self.drain();
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            if at > until || self.lost {
                break;
            }
            self.now = at;
            self.happen(happening);
            self.drain();
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = Instant::from_millis(self.now);
        match happening {
            Happening::Answer(fetch, input) => {
                self.tunnel.handle_fetch(now, &mut self.last_id, fetch, input);
            }
            Happening::Timeout if self.timer != Some(self.now) => {}
            Happening::Timeout => self.tunnel.handle_timeout(now, &mut self.last_id),
            Happening::Up(frame) => self.tunnel.send(now, &mut self.last_id, frame),
            Happening::Down(frame) => {
                self.session.push(frame.into());
                self.write_streams();
            }
            Happening::Comment => {
                for stream in self.streams.values_mut().filter(|stream| stream.end.is_none()) {
                    stream.bytes.extend(b":\n\n");
                }
                self.write_streams();
            }
            Happening::Post(fetch, body, fate) => {
                let taken = self.session.take(&body, MAX_FRAME);
                let status = match taken {
                    Ok(taken) => {
                        self.taken.extend(taken.frames.iter().map(|frame| frame.to_vec()));
                        204
                    }
                    Err(TakeError::Gap(_)) => 409,
                    Err(other) => panic!("{other}"),
                };
                if fate == Fate::Heard {
                    let wait = self.rng.u64(1..60);
                    let answer = FetchInput::Response { status, headers: Vec::new() };
                    self.later(wait, Happening::Answer(fetch, answer));
                }
            }
            Happening::Get(fetch, received) => {
                if !self.session.confirm(received) {
                    let answer = FetchInput::Response { status: 410, headers: Vec::new() };
                    return self.later(1, Happening::Answer(fetch, answer));
                }
                let kind = ("content-type".to_owned(), "text/event-stream".to_owned());
                let answer = FetchInput::Response { status: 200, headers: vec![kind] };
                self.later(1, Happening::Answer(fetch, answer));
                let stream = Stream { cursor: Cursor::behind(received), ..Stream::default() };
                self.streams.insert(fetch, stream);
                self.write_streams();
            }
            Happening::Stream(fetch) => self.deliver(fetch),
        }
    }

    fn write_streams(&mut self) {
        let fetches: Vec<FetchId> = self.streams.keys().copied().collect();
        for fetch in fetches {
            let (cut, ended) = (self.weather.cut, self.weather.ended);
            let (cuts, ends) = (self.roll(cut), self.roll(ended));
            let roll = self.rng.usize(..);
            let Some(stream) = self.streams.get_mut(&fetch).filter(|stream| stream.end.is_none())
            else {
                continue;
            };
            let mut news = String::new();
            if !std::mem::replace(&mut stream.opened, true) {
                news.push_str("event:open\ndata:s\n\n");
            }
            let lost = loop {
                match self.session.events(&mut stream.cursor, 200) {
                    Ok((events, _)) if events.is_empty() => break false,
                    Ok((events, _)) => news.push_str(&events),
                    Err(_) => break true,
                }
            };
            stream.bytes.extend(news.as_bytes());
            self.written += news.len();
            if let Some(at) = self.breaks_at.filter(|at| *at <= self.written) {
                stream.bytes.truncate(stream.bytes.len() - (self.written - at));
                stream.end = Some(FetchInput::Failed { message: String::new() });
                self.breaks_at = None;
            } else if cuts || lost {
                stream.bytes.truncate(roll % (stream.bytes.len() + 1));
                stream.end = Some(FetchInput::Failed { message: String::new() });
            } else if ends {
                stream.end = Some(FetchInput::End);
            }
            let wait = self.rng.u64(1..40);
            self.later(wait, Happening::Stream(fetch));
        }
    }

    /// Hands a piece of any size to a reader that asked.
    fn deliver(&mut self, fetch: FetchId) {
        let most = if self.rng.bool() { 40 } else { 60_000 };
        let size = self.rng.usize(1..most);
        let Some(stream) = self.streams.get_mut(&fetch).filter(|stream| stream.wanted) else {
            return;
        };
        let input = if stream.bytes.is_empty() {
            stream.end.take()
        } else {
            let rest = stream.bytes.split_off(size.min(stream.bytes.len()));
            Some(FetchInput::Chunk(std::mem::replace(&mut stream.bytes, rest)))
        };
        let Some(input) = input else { return };
        stream.wanted = false;
        if !matches!(input, FetchInput::Chunk(_)) {
            self.streams.remove(&fetch);
        }
        let now = Instant::from_millis(self.now);
        self.tunnel.handle_fetch(now, &mut self.last_id, fetch, input);
    }

    fn drain(&mut self) {
        while let Some(output) = self.tunnel.poll_output() {
            match output {
                TunnelOutput::Socket(SocketInput::Frame(frame)) => self.received.push(frame),
                TunnelOutput::Socket(SocketInput::Opened { .. }) => self.opened = true,
                TunnelOutput::Socket(_) => self.lost = true,
                TunnelOutput::Fetch(fetch, FetchOutput::Read) => {
                    if let Some(stream) = self.streams.get_mut(&fetch) {
                        stream.wanted = true;
                    }
                    self.later(1, Happening::Stream(fetch));
                }
                TunnelOutput::Fetch(fetch, FetchOutput::Abort) => {
                    self.streams.remove(&fetch);
                }
                TunnelOutput::Fetch(fetch, output) => self.request(fetch, output),
            }
        }
        if let Some(due) = self.tunnel.poll_timeout() {
            let at = due.at.as_millis().max(self.now + 1);
            if self.timer.replace(at) != Some(at) {
                self.later(at - self.now, Happening::Timeout);
            }
        }
    }

    fn request(&mut self, fetch: FetchId, output: FetchOutput) {
        let FetchOutput::Send { headers, body, .. } = output else { panic!("{output:?}") };
        let (wait, again) = (self.rng.u64(1..60), self.rng.u64(60..2_000));
        let Weather { lost_requests, lost_answers, repeated, .. } = self.weather;
        if self.roll(lost_requests) {
            let failed = FetchInput::Failed { message: String::new() };
            return self.later(wait, Happening::Answer(fetch, failed));
        }
        match body {
            Some(body) => {
                let body = Bytes::from(body);
                if self.roll(repeated) {
                    self.later(again, Happening::Post(fetch, body.clone(), Fate::Unheard));
                }
                let fate = if self.roll(lost_answers) { Fate::Unheard } else { Fate::Heard };
                self.later(wait, Happening::Post(fetch, body, fate));
                if fate == Fate::Unheard {
                    let failed = FetchInput::Failed { message: String::new() };
                    self.later(wait + 30, Happening::Answer(fetch, failed));
                }
            }
            None => {
                let received = headers.iter().find(|(name, _)| name == "last-event-id");
                let received = received.map_or(0, |(_, id)| id.parse().unwrap());
                self.later(wait, Happening::Get(fetch, received));
            }
        }
    }
}

/// Frames of all sizes, at all times of twenty seconds.
fn load(world: &mut World) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    (0..12).for_each(|number| world.later(number * 10_000, Happening::Comment));
    let mut both = (Vec::new(), Vec::new());
    let mut at = 0;
    for number in 0..60_u8 {
        at += world.rng.u64(0..600);
        let size = if world.rng.u32(0..20) == 0 { 300_000 } else { world.rng.usize(0..300) };
        let frame = vec![number; size];
        if world.rng.bool() {
            both.0.push(frame.clone());
            world.later(at, Happening::Up(frame));
        } else {
            both.1.push(frame.clone());
            world.later(at, Happening::Down(frame));
        }
    }
    both
}

/// First byte and length of each frame: all bytes of one are the same.
fn shape(frames: &[Vec<u8>]) -> Vec<(Option<u8>, usize)> {
    frames.iter().map(|frame| (frame.first().copied(), frame.len())).collect()
}

fn is_prefix(part: &[Vec<u8>], whole: &[Vec<u8>]) -> bool {
    whole.starts_with(part)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What arrives is what was sent, in order, once; and unless the tunnel says that it is lost, all of it.
    #[test]
    fn delivered_is_sent_in_order_and_once(
        seed in any::<u64>(),
        (lost_requests, lost_answers, repeated) in (0..15_u32, 0..25_u32, 0..40_u32),
        (cut, ended) in (0..20_u32, 0..100_u32),
    ) {
        let weather = Weather { lost_requests, lost_answers, repeated, cut, ended };
        let mut world = World::new(seed, weather);
        let (up, down) = load(&mut world);
        world.run(120_000);
        if world.lost {
            prop_assert!(is_prefix(&world.taken, &up));
            prop_assert!(is_prefix(&world.received, &down));
        } else {
            prop_assert_eq!(shape(&world.taken), shape(&up));
            prop_assert_eq!(shape(&world.received), shape(&down));
            prop_assert_eq!(world.tunnel.waiting_bytes(Instant::from_millis(world.now)), 0);
        }
    }
}

#[test]
fn most_weather_loses_no_tunnel() {
    let weather = Weather { lost_requests: 5, lost_answers: 10, repeated: 20, cut: 5, ended: 50 };
    let lost = (0..300).filter(|seed| {
        let mut world = World::new(*seed, weather);
        load(&mut world);
        world.run(120_000);
        world.opened && world.lost
    });
    let lost = lost.count();
    // Every seventh request fails, and four in a row end a tunnel.
    assert!(lost <= 12, "{lost} of 300 were lost");
}

/// A short talk both ways over a network that breaks one answer off after so many bytes; how many there were. What breaks
/// before it is open is an attempt that failed, and the connection makes another.
fn broken_at(at: Option<usize>) -> usize {
    let weather = Weather { lost_requests: 0, lost_answers: 0, repeated: 0, cut: 0, ended: 0 };
    let mut world = World { breaks_at: at, ..World::new(3, weather) };
    let frames =
        |first: u8| (first..first + 12).map(|number| vec![number; 7 * usize::from(number % 9)]);
    let (up, down): (Vec<_>, Vec<_>) = (frames(0).collect(), frames(100).collect());
    for (number, (one, other)) in (0..).zip(up.iter().zip(&down)) {
        world.later(number * 90, Happening::Up(one.clone()));
        world.later(number * 110, Happening::Down(other.clone()));
    }
    world.run(60_000);
    if !world.opened {
        assert!(world.lost && world.received.is_empty(), "broken at {at:?}");
        return world.written;
    }
    assert!(!world.lost && world.breaks_at.is_none(), "broken at {at:?}");
    assert_eq!(world.taken, up, "broken at {at:?}");
    assert_eq!(world.received, down, "broken at {at:?}");
    world.written
}

#[test]
fn an_answer_that_breaks_off_at_any_byte_loses_and_doubles_nothing() {
    let bytes = broken_at(None);
    assert!(bytes > 500, "{bytes} bytes");
    for at in 0..=bytes {
        broken_at(Some(at));
    }
}

#[test]
fn a_server_that_ends_each_answer_is_polled_without_a_wait_and_without_a_loop() {
    let weather = Weather { lost_requests: 0, lost_answers: 0, repeated: 0, cut: 0, ended: 100 };
    let mut world = World::new(1, weather);
    let (up, down) = load(&mut world);
    world.run(120_000);
    assert!(!world.lost);
    assert_eq!(shape(&world.taken), shape(&up));
    assert_eq!(shape(&world.received), shape(&down));
    // One request for each frame up and each answer down, and a few that found nothing new.
    assert!(world.last_id < 1_000, "{} requests", world.last_id);
}
