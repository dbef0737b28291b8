//! One page with a few streams, a server and the network between them, under a virtual clock.

mod network;
mod page;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fastrand::Rng;
use rejoin::io::{Environment, FetchId, FetchInput};
use rejoin::links::Links;
use rejoin::machine::Machine;
use rejoin::page::Page;
use rejoin::status::EndpointReason;
use rejoin::stream::{Broken, Resume};
use rejoin::time::Instant;

use super::answer::{Answer, Piece};
use super::app::{App, Kind};
use super::fault::Fault;
use super::oracle::{Ear, Oracle};
use super::server::{Refusal, Server};
use crate::bounds::Bounds;
use crate::campaign::Look;
use crate::world::Outcome;

/// Faults last so long, in milliseconds.
const FAULTS: u64 = 60_000;
/// So long after them everything must have been told.
const HEALING: u64 = 200_000;
/// A server says at least a comment this often.
const PING: u64 = 15_000;

#[derive(Clone, Debug)]
enum Happening {
    Fault(usize),
    /// The server says something to all, or proves that it lives.
    Say,
    Ping,
    /// No more faults.
    Heal,
    /// A request is at the server.
    Asked(FetchId, String, String),
    /// The model writes on for a listener.
    Write(FetchId),
    /// What follows happens in the page, when it is awake.
    Arrive(FetchId),
    Deliver(FetchId),
    /// Something that nobody waits for any more.
    Ghost(FetchId, FetchInput),
    Timer(u64),
    Provide {
        stream: usize,
        link: u32,
        request: u32,
        reason: EndpointReason,
        resumes: bool,
    },
    /// The app has taken a piece.
    Taken(usize, u32),
    Open(usize),
    /// A stream is over.
    Over(usize, u32),
    Environment(Environment),
}

pub struct World {
    broken: Broken,
    look: Look,
    rng: Rng,
    now: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    serial: u64,
    links: Links,
    timer: Option<u64>,
    asleep_until: u64,
    offline_until: u64,
    healed: bool,
    /// What is true of the page.
    holding: Page,
    apps: Vec<App>,
    answers: BTreeMap<u32, Answer>,
    server: Server,
    /// How many events too many a server repeats at most.
    overlap: usize,
    /// Until when a server asked each stream to wait.
    asked_to_wait: Vec<u64>,
    oracle: Oracle,
    bounds: Bounds,
    script: Vec<(u64, Fault)>,
    faults: u64,
    trace: DefaultHasher,
}

impl World {
    pub fn new(seed: u64, broken: Broken, look: Look) -> Self {
        let mut rng = Rng::with_seed(seed);
        let text = |ids, resume, rng: &mut Rng| Kind::Text { openai: rng.bool(), ids, resume };
        let by_chance = rng.bool();
        let kinds = [
            Kind::Events,
            Kind::Events,
            text(by_chance, Resume::Never, &mut rng),
            text(true, Resume::ById, &mut rng),
            text(by_chance, Resume::OnceOpened, &mut rng),
        ];
        let slow = |rng: &mut Rng| if rng.u8(0..4) == 0 { 1_500 } else { 5 };
        let apps: Vec<App> = kinds.map(|kind| App::new(kind, slow(&mut rng))).into();
        let mut world = Self {
            broken,
            look,
            now: 0,
            queue: BTreeMap::new(),
            serial: 0,
            links: Links::new(rng.u64(..)),
            timer: None,
            asleep_until: 0,
            offline_until: 0,
            healed: false,
            holding: Page::default(),
            answers: BTreeMap::new(),
            server: Server::default(),
            overlap: rng.usize(0..=20),
            asked_to_wait: vec![0; apps.len()],
            oracle: Oracle { ears: vec![Ear::default(); apps.len()], ..Oracle::default() },
            bounds: Bounds::default(),
            script: Vec::new(),
            faults: 0,
            trace: DefaultHasher::new(),
            apps,
            rng,
        };
        world.plan();
        world
    }

    fn plan(&mut self) {
        (0..self.apps.len()).for_each(|stream| self.later(0, Happening::Open(stream)));
        self.later(100, Happening::Say);
        self.later(PING, Happening::Ping);
        self.later(FAULTS, Happening::Heal);
        let mut at = 0;
        loop {
            at += self.rng.u64(100..1_800);
            if at >= FAULTS {
                return;
            }
            let number = self.script.len();
            self.script.push((at, Fault::draw(&mut self.rng, self.apps.len())));
            if self.look.keep.is_none_or(|keep| keep.contains(&number)) {
                self.later(at, Happening::Fault(number));
            }
        }
    }

    pub fn run(mut self) -> Outcome<Fault> {
        let mut rested = None;
        while self.oracle.broken.is_none()
            && let Some(((at, _), happening)) = self.queue.pop_first()
        {
            self.now = at;
            let step = self.bounds.step(at);
            self.oracle.claim(step);
            (at, format!("{happening:?}")).hash(&mut self.trace);
            if self.look.print {
                println!("{at:>7} {happening:.160?}");
            }
            if at < self.asleep_until && happening.is_of_the_page() {
                self.later(self.asleep_until, happening);
                continue;
            }
            let may_rest =
                matches!(happening, Happening::Heal | Happening::Deliver(_) | Happening::Arrive(_));
            self.happen(happening);
            if self.healed && may_rest && self.lacks().is_none() {
                rested = Some(at - FAULTS);
                break;
            }
            if at > FAULTS + HEALING {
                let lacks = self.lacks().unwrap_or_default();
                self.oracle.fail(format!("E4: not at rest: {lacks}"));
            }
        }
        Outcome {
            broken: self.oracle.broken,
            edits: 0,
            messages: self.oracle.heard,
            faults: self.faults,
            ghosts: 0,
            busiest: self.bounds.busiest,
            noticed: Vec::new(),
            trace: self.trace.finish(),
            points: 0,
            rested,
            script: self.script,
        }
    }

    /// What is still to be told, if anything.
    fn lacks(&self) -> Option<String> {
        self.apps.iter().enumerate().find_map(|(stream, app)| match app.kind {
            Kind::Events => {
                let event = self.oracle.lacking(stream, &self.server)?;
                Some(format!("stream {stream} lacks event {event}"))
            }
            Kind::Text { .. } if app.done => None,
            Kind::Text { .. } => Some(format!("stream {stream} waits for an answer")),
        })
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Fault(number) => {
                self.faults += 1;
                self.fault(self.script[number].1);
            }
            Happening::Say => self.say(),
            Happening::Ping => self.ping(),
            Happening::Heal => self.heal(),
            Happening::Asked(fetch, url, id) => self.asked(fetch, &url, &id),
            Happening::Write(fetch) => self.write(fetch),
            Happening::Arrive(fetch) => self.arrive(fetch),
            Happening::Deliver(fetch) => self.deliver(fetch),
            Happening::Ghost(fetch, input) => self.input(rejoin::io::Input::Fetch(fetch, input)),
            Happening::Timer(due) if self.timer == Some(due) => {
                self.timer = None;
                self.input(rejoin::io::Input::Timeout);
            }
            Happening::Timer(_) => {}
            Happening::Provide { stream, link, request, reason, resumes } => {
                self.provide(stream, link, request, reason, resumes);
            }
            Happening::Taken(stream, link) => self.taken(stream, link),
            Happening::Open(stream) => self.open(stream),
            Happening::Over(stream, link) => self.over(stream, link),
            Happening::Environment(environment) => {
                if self.healed && is_bad(environment) {
                    return;
                }
                self.holding.note(environment);
                self.input(rejoin::io::Input::Environment(environment));
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Cut(stream) => self.each_answer(Some(stream), |_| Some(Piece::Broken)),
            Fault::End(stream) => self.each_answer(Some(stream), |_| Some(Piece::End)),
            Fault::Silence(stream) => self.each_answer(Some(stream), |_| None),
            Fault::Hold(stream, lasts) => {
                let until = self.now + lasts;
                let of = self.answers.values_mut().filter(|answer| answer.stream == stream);
                of.for_each(|answer| answer.not_before = answer.not_before.max(until));
            }
            Fault::Crash(lasts) => self.crash(lasts),
            Fault::Refuse(status, lasts, wait) => {
                self.server.refusal = Some(Refusal { status, until: self.now + lasts, wait });
            }
            Fault::Blackhole(lasts) => self.server.blackhole_until = self.now + lasts,
            Fault::Expire => self.server.token += 1,
            Fault::Forget => {
                self.server.forget();
                self.oracle.forgotten(&self.server);
            }
            Fault::Anew => {
                self.server.begin_anew();
                self.oracle.forgotten(&self.server);
            }
            Fault::Retry(millis) => self.tell_all(|style| style.retry(millis)),
            Fault::Offline(lasts) => self.go_offline(lasts),
            Fault::Sleep(lasts) => self.sleep(lasts),
            Fault::PutAside(lasts) => {
                let persisted = true;
                self.later(self.now, Happening::Environment(Environment::PageHide { persisted }));
                let back = Environment::PageShow { persisted };
                self.later(self.now + lasts, Happening::Environment(back));
            }
            Fault::Wake(environment) => {
                self.later(self.now, Happening::Environment(environment));
            }
            Fault::Close(stream, lasts) => {
                self.leave(stream);
                self.later(self.now + lasts, Happening::Open(stream));
            }
        }
    }

    fn heal(&mut self) {
        self.healed = true;
        (self.server.down_until, self.server.blackhole_until) = (self.now, self.now);
        self.server.refusal = None;
        (self.offline_until, self.asleep_until) = (self.now, self.now);
        // What is as it should be is not told: it would wake streams that have to notice by themselves.
        for end in self.holding.holding().to_vec() {
            let end = match end {
                Environment::Offline => Environment::Online,
                Environment::Hidden => Environment::Visible,
                _ => Environment::PageShow { persisted: true },
            };
            self.later(self.now, Happening::Environment(end));
        }
        let last = self.server.say(&mut self.rng);
        self.tell(&last);
    }

    fn later(&mut self, at: u64, happening: Happening) {
        self.serial += 1;
        self.queue.insert((at, self.serial), happening);
    }

    fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn set_timer(&mut self) {
        let due = self.links.poll_timeout().map(|due| due.at.as_millis().max(self.now));
        if due != self.timer
            && let Some(due) = due
        {
            self.later(due, Happening::Timer(due));
        }
        self.timer = due;
    }
}

impl Happening {
    fn is_of_the_page(&self) -> bool {
        !matches!(
            self,
            Self::Fault(_) | Self::Say | Self::Ping | Self::Heal | Self::Asked(..) | Self::Write(_)
        )
    }
}

/// Whether this is a fault, and not the end of one.
fn is_bad(environment: Environment) -> bool {
    use Environment::{Hidden, Offline, PageHide};
    matches!(environment, Hidden | Offline | PageHide { .. })
}
