//! What the code of a page does with a stream, as the package does it.

use rejoin::stream::format::Format;
use rejoin::stream::response::Wanted;
use rejoin::stream::{Broken, Place, Resume, StreamConfig};

/// What is read.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Events,
    /// Answers of a model, one question after the other.
    Text {
        openai: bool,
        ids: bool,
        resume: Resume,
    },
}

/// One stream of the page, in the core or not.
#[derive(Debug)]
pub struct App {
    pub kind: Kind,
    /// Its number in the core, while it is there.
    pub link: Option<u32>,
    /// Where it goes on.
    pub place: Place,
    /// The token that it knows.
    pub token: u32,
    /// The number of the question.
    pub question: u32,
    pub text: String,
    /// Whether the whole answer is there.
    pub done: bool,
    /// How long it takes over a piece at most, in milliseconds.
    pub slowness: u64,
    /// The request that it reads the answer of.
    pub answer: Option<u32>,
    /// The answer of which it has a piece that it has not taken yet.
    pub holds: Option<u32>,
    /// Whether the server does not know the answer any more.
    pub gone: bool,
    /// The first event whose id the core knows since the app opened the stream.
    pub known_from: usize,
}

impl App {
    pub fn new(kind: Kind, slowness: u64) -> Self {
        Self {
            kind,
            link: None,
            place: Place::default(),
            token: 0,
            question: 0,
            text: String::new(),
            done: false,
            slowness,
            answer: None,
            holds: None,
            gone: false,
            known_from: 0,
        }
    }

    /// How the core is to read it from here on.
    pub fn begin(&mut self, broken: Broken) -> StreamConfig {
        self.holds = None;
        let Kind::Text { openai, resume, .. } = self.kind else {
            let last_event_id = self.place.id.clone();
            let events = StreamConfig::events();
            return StreamConfig { last_event_id, refreshable: true, broken, ..events };
        };
        if self.gone || !self.can_continue() {
            self.question += 1;
            (self.text, self.place, self.done) = (String::new(), Place::default(), false);
        }
        self.gone = false;
        StreamConfig {
            wanted: Wanted::Text(Some(if openai { Format::OpenAi } else { Format::Sse })),
            resume,
            last_event_id: self.place.id.clone(),
            received: self.text.len() as u64,
            behind: self.place.behind,
            eof_is_done: Some(false),
            refreshable: true,
            broken,
            ..StreamConfig::text()
        }
    }

    fn can_continue(&self) -> bool {
        let Kind::Text { resume, .. } = self.kind else { return true };
        !self.done
            && match resume {
                Resume::ById => !self.place.id.is_empty(),
                Resume::OnceOpened => !self.text.is_empty(),
                Resume::Always | Resume::Never => false,
            }
    }

    /// Where a request goes: a question is asked once, and its answer read on.
    pub fn url(&self, resumes: bool) -> String {
        let Self { token, question, .. } = self;
        match self.kind {
            Kind::Events => format!("events {token}"),
            Kind::Text { resume: Resume::ById | Resume::OnceOpened, .. } if resumes => {
                format!("again {token} {question}")
            }
            Kind::Text { .. } => format!("ask {token} {question}"),
        }
    }
}
