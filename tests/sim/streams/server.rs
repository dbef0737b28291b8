//! A server of events with a history, and of answers that a model writes. It says everything only once it is asked.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::json;

/// Events that it keeps when it forgets.
const KEPT: usize = 5;

/// Something that was said to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Empty: said once, to whoever listens, and never repeated.
    pub id: String,
    pub name: String,
    pub data: String,
}

/// An answer of the model: one for each question.
#[derive(Debug)]
pub struct Answered {
    pub pieces: Vec<String>,
    /// Whether its pieces have ids.
    ids: bool,
    openai: bool,
}

/// How a server writes.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    end: &'static str,
    space: &'static str,
    id_first: bool,
    noise: bool,
}

/// A refusal.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    pub status: u16,
    pub until: u64,
    pub wait: Option<u64>,
}

/// Who listens, by request.
#[derive(Clone, Copy, Debug)]
pub enum Listener {
    Events(Style),
    /// To the answer to a question, from this piece on.
    Text {
        question: (usize, u32),
        next: usize,
        style: Style,
    },
}

#[derive(Debug, Default)]
pub struct Server {
    /// Everything that was said, also in earlier lives.
    pub log: Vec<Event>,
    /// The first one that it still knows.
    pub kept_from: usize,
    life: u32,
    pub down_until: u64,
    pub blackhole_until: u64,
    pub refusal: Option<Refusal>,
    /// The oldest token that is good.
    pub token: u32,
    pub listeners: BTreeMap<u32, Listener>,
    pub answers: BTreeMap<(usize, u32), Answered>,
}

impl Style {
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            end: rng.choice(&["\n", "\n", "\r\n", "\r"]).unwrap_or(&"\n"),
            space: rng.choice(&[" ", ""]).unwrap_or(&" "),
            id_first: rng.bool(),
            noise: rng.bool(),
        }
    }

    fn field(&self, name: &str, value: &str) -> String {
        // The first space does not count.
        let space = if value.starts_with(' ') { " " } else { self.space };
        format!("{name}:{space}{value}{}", self.end)
    }

    /// An event as bytes.
    pub fn write(&self, rng: &mut Rng, event: &Event) -> Vec<u8> {
        let mut text = String::new();
        let id = if event.id.is_empty() { String::new() } else { self.field("id", &event.id) };
        if self.noise && rng.u8(0..4) == 0 {
            text += &self.field("", "a comment");
            text += &self.field("strange", "field");
        }
        if self.id_first {
            text += &id;
        }
        if event.name != "message" {
            text += &self.field("event", &event.name);
        }
        event.data.split('\n').for_each(|line| text += &self.field("data", line));
        if !self.id_first {
            text += &id;
        }
        text += self.end;
        if self.noise && !id.is_empty() && rng.u8(0..8) == 0 {
            // The place again, without an event.
            text += &format!("{id}{}", self.end);
        }
        text.into_bytes()
    }

    /// A wait before a reconnect.
    pub fn retry(&self, millis: u64) -> Vec<u8> {
        self.field("retry", &millis.to_string()).into_bytes()
    }

    pub fn comment(&self) -> Vec<u8> {
        self.field("", "ping").into_bytes()
    }
}

impl Server {
    /// Says another event, with an id or without.
    pub fn say(&mut self, rng: &mut Rng) -> Event {
        let index = self.log.len();
        let event = Event {
            id: if rng.u8(0..6) == 0 { String::new() } else { format!("{}-{index}é", self.life) },
            name: (*rng.choice(&["message", "price", "größe"]).unwrap_or(&"message")).to_owned(),
            data: format!("{index}\n{}", "wörter 😀 ".repeat(rng.usize(0..6))),
        };
        self.log.push(event.clone());
        event
    }

    pub fn forget(&mut self) {
        self.kept_from = self.kept_from.max(self.log.len().saturating_sub(KEPT));
    }

    /// Everything is forgotten, and ids are other ones.
    pub fn begin_anew(&mut self) {
        self.kept_from = self.log.len();
        self.life += 1;
        self.answers.clear();
    }

    /// What a listener is told first that names this id, and as much too much as `overlap` says, from `known_from` on at most.
    pub fn history(&self, id: &str, overlap: usize, known_from: usize) -> Vec<Event> {
        let kept = self.log.get(self.kept_from..).unwrap_or_default();
        let place = kept.iter().position(|event| !id.is_empty() && event.id == id);
        let known_from = known_from.saturating_sub(self.kept_from);
        let from = place.map_or(0, |at| (at + 1).saturating_sub(overlap).max(known_from));
        let told = kept.get(from..).unwrap_or_default().iter();
        told.filter(|event| !event.id.is_empty()).cloned().collect()
    }

    /// A question to the model; whether it is the first of its name.
    pub fn ask(&mut self, rng: &mut Rng, question: (usize, u32), ids: bool, openai: bool) -> bool {
        let count = rng.usize(1..40);
        let pieces = (0..count).map(piece).collect();
        self.answers.insert(question, Answered { pieces, ids, openai }).is_none()
    }
}

fn piece(at: usize) -> String {
    let word = ["für", "the", "😀😀", "naïve\n", "x"].get(at % 5).copied().unwrap_or_default();
    format!("{at}{word} ")
}

impl Answered {
    pub fn whole(&self) -> String {
        self.pieces.concat()
    }

    /// Where to go on for a listener that names this id.
    pub fn place(&self, id: &str, overlap: usize) -> usize {
        let number = id.parse().ok().filter(|_| self.ids);
        number.map_or(0, |number: usize| (number + 1).saturating_sub(overlap))
    }

    /// One piece as an event; behind the last one, the end.
    pub fn event(&self, at: usize) -> Event {
        let named = |name: &str, data: String| {
            let id = if self.ids { at.to_string() } else { String::new() };
            Event { id, name: name.to_owned(), data }
        };
        match self.pieces.get(at) {
            Some(piece) if self.openai => {
                named("message", json!({"choices": [{"delta": {"content": piece}}]}).to_string())
            }
            Some(piece) => named("message", piece.clone()),
            None if self.openai => named("message", "[DONE]".to_owned()),
            None => named("done", "all".to_owned()),
        }
    }
}
