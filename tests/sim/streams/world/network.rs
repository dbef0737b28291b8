//! The server, and the network between it and the page.

use rejoin::io::{Environment, FetchId, FetchInput};

use super::super::server::{Event, Listener, Style};
use super::{FAULTS, Happening, Kind, PING, Piece, World};

/// Most bytes that a page is given at once, where it is given crumbs.
const CRUMBS: usize = 40;

impl World {
    /// A request leaves the page.
    pub(super) fn request(&mut self, id: FetchId, url: String, last: String) {
        let latency = self.rng.u64(5..120);
        let is_lost = self.now < self.offline_until || self.now < self.server.down_until;
        if is_lost {
            self.later(self.now + latency, Happening::Arrive(id));
            self.answers.entry(id.0).and_modify(|answer| answer.cut(Some(Piece::Broken)));
        } else {
            self.later(self.now + latency, Happening::Asked(id, url, last));
        }
    }

    /// Nobody waits for an answer any more; what is under way may come all the same.
    pub(super) fn abort(&mut self, id: FetchId) {
        self.server.listeners.remove(&id.0);
        if self.answers.remove(&id.0).is_none() || self.rng.bool() {
            return;
        }
        let words = b"id: ghost\ndata: ghost\n\ndata: [DONE]\n\n".to_vec();
        let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
        let inputs = [
            FetchInput::Response { status: 200, headers },
            FetchInput::Chunk(words),
            FetchInput::End,
            FetchInput::Failed { message: "too late".to_owned() },
        ];
        let input = self.rng.choice(inputs);
        let at = self.now + self.rng.u64(0..5_000);
        self.queue_ghost(at, id, input);
    }

    fn queue_ghost(&mut self, at: u64, id: FetchId, input: Option<FetchInput>) {
        if let Some(input) = input {
            self.later(at, Happening::Ghost(id, input));
        }
    }

    /// A request is at the server.
    pub(super) fn asked(&mut self, id: FetchId, url: &str, last: &str) {
        if !self.answers.contains_key(&id.0) || self.now < self.server.blackhole_until {
            return;
        }
        let mut words = url.split(' ');
        let what = words.next().unwrap_or_default();
        let token: u32 = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let question = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let refusal = self.server.refusal.filter(|refusal| self.now < refusal.until);
        if let Some(refusal) = refusal {
            // A server that says 204 to who reads an answer says that it has all of it.
            let lies = refusal.status == 204 && what != "events";
            return self.refuse(id, if lies { 500 } else { refusal.status }, refusal.wait);
        }
        if token < self.server.token {
            return self.refuse(id, 401, None);
        }
        let style = Style::draw(&mut self.rng);
        if what == "events" {
            self.serve_events(id, last, style);
        } else {
            self.serve_text(id, what == "ask", question, last, style);
        }
    }

    fn serve_events(&mut self, id: FetchId, last: &str, style: Style) {
        self.head(id, 200, "text/event-stream", None);
        if self.rng.bool() {
            self.send(id, "\u{feff}".into());
        }
        let Some(answer) = self.answers.get(&id.0) else { return };
        let known_from = self.apps[answer.stream].known_from;
        let overlap = self.rng.usize(0..=self.overlap);
        for event in self.server.history(last, overlap, known_from) {
            let bytes = style.write(&mut self.rng, &event);
            self.send(id, bytes);
        }
        self.server.listeners.insert(id.0, Listener::Events(style));
    }

    fn serve_text(&mut self, id: FetchId, asks: bool, number: u32, last: &str, style: Style) {
        let Some(stream) = self.answers.get(&id.0).map(|answer| answer.stream) else { return };
        let Kind::Text { openai, ids, .. } = self.apps[stream].kind else { return };
        let question = (stream, number);
        if asks && !self.server.ask(&mut self.rng, question, ids, openai) {
            self.oracle.fail(format!("T1: stream {stream} asks question {number} twice"));
        }
        let overlap = self.rng.usize(0..=self.overlap);
        let answer = self.server.answers.get(&question);
        let place = answer.map(|answer| answer.place(last, overlap));
        let Some(next) = place.map(|next| next.max(self.apps[stream].known_from)) else {
            return self.refuse(id, 404, None);
        };
        self.head(id, 200, "text/event-stream", None);
        self.server.listeners.insert(id.0, Listener::Text { question, next, style });
        self.later(self.now, Happening::Write(id));
    }

    /// The model writes one more piece for whoever listens, or is at its end.
    pub(super) fn write(&mut self, id: FetchId) {
        let Some(Listener::Text { question, next, style }) = self.server.listeners.get_mut(&id.0)
        else {
            return;
        };
        let Some(answer) = self.server.answers.get(question) else { return };
        let (at, style) = (*next, *style);
        let event = answer.event(at);
        *next += 1;
        let is_over = at >= answer.pieces.len();
        let bytes = style.write(&mut self.rng, &event);
        self.send(id, bytes);
        if is_over {
            self.server.listeners.remove(&id.0);
            self.pass(id, Piece::End);
        } else {
            let pause = if self.rng.u8(0..3) == 0 { self.rng.u64(0..800) } else { 20 };
            self.later(self.now + pause, Happening::Write(id));
        }
    }

    fn refuse(&mut self, id: FetchId, status: u16, wait: Option<u64>) {
        self.head(id, status, "text/html", wait);
        self.send(id, b"<h1>Sorry</h1>".to_vec());
        self.pass(id, Piece::End);
    }

    fn head(&mut self, id: FetchId, status: u16, media_type: &str, wait: Option<u64>) {
        let mut headers = vec![("content-type".to_owned(), media_type.to_owned())];
        headers.extend(wait.map(|wait| ("retry-after".to_owned(), wait.to_string())));
        self.pass(id, Piece::Head(status, headers));
    }

    /// Bytes leave the server, and are cut somewhere on the way.
    fn send(&mut self, id: FetchId, mut bytes: Vec<u8>) {
        while !bytes.is_empty() {
            let size = if self.rng.bool() { bytes.len() } else { self.rng.usize(1..=bytes.len()) };
            let rest = bytes.split_off(size);
            self.pass(id, Piece::Bytes(bytes));
            bytes = rest;
        }
    }

    fn pass(&mut self, id: FetchId, piece: Piece) {
        let latency = self.rng.u64(5..120);
        let Some(answer) = self.answers.get_mut(&id.0) else { return };
        if answer.open {
            let at = answer.not_before.max(self.now + latency);
            answer.not_before = at;
            answer.send(piece);
            self.later(at, Happening::Arrive(id));
        }
    }

    /// Something of an answer is at the page.
    pub(super) fn arrive(&mut self, id: FetchId) {
        let Some(answer) = self.answers.get_mut(&id.0) else { return };
        let Some(piece) = answer.next() else { return };
        let stream = answer.stream;
        match piece {
            Piece::Head(status, headers) => {
                answer.headed = true;
                let wait = headers.iter().find(|(name, _)| name == "retry-after");
                let wait: Option<u64> = wait.and_then(|(_, seconds)| seconds.parse().ok());
                if let Some(wait) = wait {
                    self.asked_to_wait[stream] = self.now + wait * 1_000;
                }
                let input = FetchInput::Response { status, headers };
                self.input(rejoin::io::Input::Fetch(id, input));
            }
            // Before there is a head nothing is read.
            Piece::End | Piece::Broken if !answer.headed => {
                let message = "no answer".to_owned();
                self.input(rejoin::io::Input::Fetch(id, FetchInput::Failed { message }));
            }
            piece => {
                answer.arrive(piece);
                self.deliver(id);
            }
        }
    }

    pub(super) fn deliver(&mut self, id: FetchId) {
        let Some(answer) = self.answers.get_mut(&id.0) else { return };
        let rng = &mut self.rng;
        let size = |all: usize| if rng.bool() { all } else { rng.usize(1..=all.min(CRUMBS)) };
        if let Some(input) = answer.read(size) {
            self.input(rejoin::io::Input::Fetch(id, input));
        }
    }

    pub(super) fn say(&mut self) {
        if self.now < self.server.down_until {
            self.later(self.server.down_until, Happening::Say);
            return;
        }
        let event = self.server.say(&mut self.rng);
        self.tell(&event);
        let next = self.now + self.rng.u64(50..500);
        if next < FAULTS {
            self.later(next, Happening::Say);
        }
    }

    pub(super) fn tell(&mut self, event: &Event) {
        for (id, style) in self.event_listeners() {
            let bytes = style.write(&mut self.rng, event);
            self.send(FetchId(id), bytes);
        }
    }

    pub(super) fn tell_all(&mut self, bytes: impl Fn(&Style) -> Vec<u8>) {
        for (id, style) in self.event_listeners() {
            self.send(FetchId(id), bytes(&style));
        }
    }

    pub(super) fn ping(&mut self) {
        self.tell_all(Style::comment);
        self.later(self.now + PING, Happening::Ping);
    }

    fn event_listeners(&self) -> Vec<(u32, Style)> {
        let listeners = self.server.listeners.iter();
        let events = listeners.filter_map(|(id, listener)| match listener {
            Listener::Events(style) => Some((*id, *style)),
            Listener::Text { .. } => None,
        });
        events.collect()
    }

    /// Ends the answers of a stream, or of all: what is under way is lost. `None`: nobody is told.
    pub(super) fn each_answer(
        &mut self,
        stream: Option<usize>,
        mut end: impl FnMut(&mut fastrand::Rng) -> Option<Piece>,
    ) {
        let of =
            self.answers.iter().filter(|(_, answer)| stream.is_none_or(|s| s == answer.stream));
        let ids: Vec<u32> = of.map(|(id, _)| *id).collect();
        for id in ids {
            let end = end(&mut self.rng);
            let Some(answer) = self.answers.get_mut(&id) else { continue };
            if !answer.open {
                continue;
            }
            answer.cut(end);
            self.server.listeners.remove(&id);
            self.later(self.now, Happening::Arrive(FetchId(id)));
        }
    }

    pub(super) fn crash(&mut self, lasts: u64) {
        self.server.down_until = self.now + lasts;
        self.each_answer(None, |rng| match rng.u8(0..4) {
            0 => None,
            1 => Some(Piece::End),
            _ => Some(Piece::Broken),
        });
    }

    pub(super) fn go_offline(&mut self, lasts: u64) {
        self.offline_until = self.now + lasts;
        self.later(self.now, Happening::Environment(Environment::Offline));
        self.later(self.now + lasts, Happening::Environment(Environment::Online));
        // Some links outlive it.
        self.each_answer_by_chance();
    }

    pub(super) fn sleep(&mut self, lasts: u64) {
        self.asleep_until = self.asleep_until.max((self.now + lasts).min(FAULTS));
        self.later(self.asleep_until, Happening::Environment(Environment::ClockJump));
        self.each_answer_by_chance();
    }

    fn each_answer_by_chance(&mut self) {
        for stream in 0..self.apps.len() {
            match self.rng.u8(0..3) {
                0 => self.each_answer(Some(stream), |_| None),
                1 => self.each_answer(Some(stream), |_| Some(Piece::Broken)),
                _ => {}
            }
        }
    }
}
