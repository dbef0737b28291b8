//! The page: the core, and the code of the app.

use std::hash::Hash;

use rejoin::io::{EndpointRequest, FetchId, FetchInput, FetchOutput, Input, Output};
use rejoin::links::{LinkEvent, LinkEventKind};
use rejoin::machine::Machine;
use rejoin::status::EndpointReason;
use rejoin::stream::{StreamEvent, StreamStatus};

use super::{Answer, App, Happening, Kind, World};

impl World {
    pub(super) fn input(&mut self, input: Input) {
        if let Input::Fetch(id, FetchInput::Chunk(bytes)) = &input {
            (id.0, bytes).hash(&mut self.trace);
        }
        self.links.handle_input(self.instant(), input);
        self.drain();
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.links.poll_output() {
            match output {
                Output::Fetch(id, output) => self.fetch(id, output),
                Output::Event(event) => self.hear(event),
                other => self.oracle.fail(format!("a stream asks for {other:?}")),
            }
        }
        self.set_timer();
    }

    pub(super) fn open(&mut self, stream: usize) {
        if self.apps[stream].link.is_some() || self.healed && self.apps[stream].done {
            return;
        }
        let now = self.instant();
        let config = self.apps[stream].begin(self.broken);
        self.apps[stream].known_from = self.number_of(stream, &config.last_event_id);
        let link = self.links.open_stream(now, config);
        self.apps[stream].link = Some(link);
        self.oracle.opened(stream);
        // The app itself asks: that no server can forbid.
        self.asked_to_wait[stream] = 0;
        let started = self.links.start_stream(now, link);
        self.oracle.claim(started.err().map(|error| format!("E8: {error:?}")));
        self.drain();
    }

    /// The place of an id among the server's events, or the pieces of an answer; 0 without one, as some events have none.
    fn number_of(&self, stream: usize, id: &str) -> usize {
        if id.is_empty() {
            return 0;
        }
        match self.apps[stream].kind {
            Kind::Events => self.server.log.iter().position(|said| said.id == id).unwrap_or(0),
            Kind::Text { .. } => id.parse().unwrap_or(0),
        }
    }

    /// The app closes a stream.
    pub(super) fn leave(&mut self, stream: usize) {
        let Some(link) = self.apps[stream].link.take() else { return };
        self.links.leave(self.instant(), link);
        self.drain();
    }

    /// A stream is over: the app lets go of it, and asks again some time later.
    pub(super) fn over(&mut self, stream: usize, link: u32) {
        if self.apps[stream].link != Some(link) {
            return;
        }
        self.leave(stream);
        let pause = self.rng.u64(100..4_000);
        self.later(self.now + pause, Happening::Open(stream));
    }

    pub(super) fn taken(&mut self, stream: usize, link: u32) {
        if self.apps[stream].link != Some(link) {
            return;
        }
        self.apps[stream].holds = None;
        self.links.read_stream(self.instant(), link);
        self.drain();
    }

    pub(super) fn provide(
        &mut self,
        stream: usize,
        link: u32,
        request: u32,
        reason: EndpointReason,
        resumes: bool,
    ) {
        let app = &mut self.apps[stream];
        if reason == EndpointReason::Rejected {
            app.token = self.server.token;
        }
        let url = app.url(resumes);
        self.links.provide_stream(self.instant(), link, EndpointRequest(request), &url);
        self.drain();
    }

    fn fetch(&mut self, id: FetchId, output: FetchOutput) {
        match output {
            FetchOutput::Open { source, url, headers } => {
                let stream = self.apps.iter().position(|app| app.link == Some(source));
                let Some(stream) = stream else {
                    return self.oracle.fail(format!("E7: a closed stream asks for {url}"));
                };
                let attempt = self.bounds.attempt(self.now, stream);
                self.oracle.claim(attempt);
                let asked = self.asked_to_wait[stream];
                if self.now < asked {
                    let early = asked - self.now;
                    self.oracle.fail(format!("E5: stream {stream} asks {early} ms too early"));
                }
                self.apps[stream].answer = Some(id.0);
                self.answers.insert(id.0, Answer::new(stream));
                let last = headers.into_iter().find(|(name, _)| name == "last-event-id");
                self.request(id, url, last.map(|(_, id)| id).unwrap_or_default());
            }
            FetchOutput::Read => {
                let Some(answer) = self.answers.get_mut(&id.0) else { return };
                let holds = self.apps[answer.stream].holds == Some(id.0);
                if holds || std::mem::replace(&mut answer.wanted, true) {
                    let stream = answer.stream;
                    self.oracle.fail(format!("E6: stream {stream} reads on unasked"));
                }
                self.later(self.now, Happening::Deliver(id));
            }
            FetchOutput::Abort => self.abort(id),
            FetchOutput::Send { url, .. } => self.oracle.fail(format!("a stream sends to {url}")),
        }
    }

    fn hear(&mut self, LinkEvent { link, kind }: LinkEvent) {
        let stream = self.apps.iter().position(|app| app.link == Some(link));
        let (Some(stream), LinkEventKind::Stream(event)) = (stream, kind) else {
            return self.oracle.fail(format!("E7: link {link}, which is closed, tells something"));
        };
        if self.look.print {
            println!("{:>7} stream {stream} hears {event:.300?}", self.now);
        }
        match event {
            StreamEvent::State(state) => match state.status {
                StreamStatus::Done => {
                    self.apps[stream].done = matches!(self.apps[stream].kind, Kind::Text { .. });
                    self.check_text(stream);
                    self.later(self.now, Happening::Over(stream, link));
                }
                StreamStatus::Error | StreamStatus::Stopped => {
                    self.apps[stream].gone =
                        state.error.and_then(|error| error.status) == Some(404);
                    self.later(self.now, Happening::Over(stream, link));
                }
                _ => {}
            },
            StreamEvent::Request { request, reason, resumes, .. } => {
                let thinks = if self.rng.u8(0..10) == 0 { 300 } else { 0 };
                let provide = Happening::Provide { stream, link, request, reason, resumes };
                self.later(self.now + thinks, provide);
            }
            StreamEvent::Response { .. } => {}
            StreamEvent::Restart => self.oracle.fail(format!("stream {stream} begins anew")),
            StreamEvent::Text { text, place } => {
                self.apps[stream].text += &text;
                self.apps[stream].place = place;
                self.check_text(stream);
                self.hold(stream, link);
            }
            StreamEvent::Messages { messages, place } => {
                self.apps[stream].place = place;
                for message in &messages {
                    self.oracle.heard(stream, &self.server, message);
                }
                self.hold(stream, link);
            }
        }
    }

    /// The app works on a piece for a while.
    fn hold(&mut self, stream: usize, link: u32) {
        let app = &mut self.apps[stream];
        app.holds = app.answer;
        let slowness = self.rng.u64(0..=app.slowness);
        self.later(self.now + slowness, Happening::Taken(stream, link));
    }

    fn check_text(&mut self, stream: usize) {
        let App { question, text, done, .. } = &self.apps[stream];
        let answer = self.server.answers.get(&(stream, *question));
        if matches!(self.apps[stream].kind, Kind::Text { .. })
            && let Some(whole) = answer.map(|answer| answer.whole())
        {
            self.oracle.read(stream, text, &whole, *done);
        }
    }
}
