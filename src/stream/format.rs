//! What the text is in a stream that a model writes, and where it ends: the formats of the field.

mod ai_sdk;
mod anthropic;
mod openai;

use serde_json::Value;

use super::parser::Message;
use crate::json::text_of;

/// What the events of a stream look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The body is the text.
    Text,
    /// `message` and `token` events carry text, `done` ends it, `error` breaks it.
    #[default]
    Sse,
    /// Chat completions, completions and responses of OpenAI and of those who copied them.
    OpenAi,
    /// Messages of Anthropic.
    Anthropic,
    /// UI message stream (events) or data stream v1 (lines) of the AI SDK.
    AiSdk,
    /// The app finds the text.
    Raw,
}

/// What one event or line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// More text.
    pub text: Option<String>,
    /// Where that leaves the stream.
    pub mark: Mark,
    /// Why the model ends here, in its maker's word: `stop`, `max_tokens`, `refusal` …
    pub finish: Option<String>,
}

/// Where an event leaves its stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// It goes on.
    #[default]
    More,
    /// All text has come; what follows is bookkeeping, and the body may end.
    Complete,
    /// It is over.
    End,
    /// The server says that it broke, and why.
    Broken(String),
}

impl Piece {
    /// Nothing of interest.
    pub const NOTHING: Self = Self { text: None, mark: Mark::More, finish: None };

    fn text(text: Option<&str>) -> Self {
        let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
        Self { text, ..Self::NOTHING }
    }

    fn mark(mark: Mark) -> Self {
        Self { mark, ..Self::NOTHING }
    }

    fn finished(mark: Mark, word: Option<&str>) -> Self {
        Self { mark, finish: word.map(|word| shorten(word).to_owned()), text: None }
    }

    fn broken(value: &Value) -> Self {
        Self::mark(Mark::Broken(words(value)))
    }
}

impl Format {
    /// Whether a body that just ends has come whole. The others say so themselves.
    pub fn ends_with_body(self) -> bool {
        matches!(self, Self::Text | Self::Sse | Self::Raw)
    }

    /// Whether its events are JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Self::OpenAi | Self::Anthropic | Self::AiSdk)
    }

    /// What an event says. Of [`Raw`](Self::Raw) only the end is known.
    pub fn read(self, message: &Message) -> Piece {
        if message.event == "error" {
            return Piece::mark(Mark::Broken(error_words(&message.data)));
        }
        if message.data.trim() == "[DONE]" {
            return Piece::mark(Mark::End);
        }
        match self {
            Self::Text | Self::Raw => Piece::NOTHING,
            Self::Sse => read_plain(message),
            Self::OpenAi => read_json(&message.data, openai::read),
            Self::Anthropic => read_json(&message.data, anthropic::read),
            Self::AiSdk => read_json(&message.data, ai_sdk::read),
        }
    }

    /// What a line of the AI SDK's data stream says.
    pub fn read_line(self, line: &str) -> Piece {
        ai_sdk::read_line(line)
    }
}

fn read_plain(message: &Message) -> Piece {
    match message.event.as_str() {
        "message" | "token" => Piece::text(Some(&message.data)),
        "done" => Piece::mark(Mark::End),
        _ => Piece::NOTHING,
    }
}

/// An event that is no JSON is not of this format: the stream cannot be trusted to be one. Gateways send empty ones to keep
/// the connection alive.
fn read_json(data: &str, read: fn(&Value) -> Piece) -> Piece {
    if data.trim().is_empty() {
        return Piece::NOTHING;
    }
    match serde_json::from_str(data) {
        Ok(value) => read(&value),
        Err(_) => Piece::mark(Mark::Broken(format!("an event is not JSON: {}", shorten(data)))),
    }
}

fn error_words(data: &str) -> String {
    match serde_json::from_str::<Value>(data) {
        Ok(value) => words(&value),
        Err(_) => shorten(data).to_owned(),
    }
}

/// The sentence in an error, wherever the server put it.
fn words(value: &Value) -> String {
    let inner = value.get("error").unwrap_or(value);
    let known = ["message", "errorText", "detail", "code", "type"];
    let sentence = known.iter().find_map(|name| inner.get(name).and_then(Value::as_str));
    match sentence.or(inner.as_str()) {
        Some(sentence) => shorten(sentence).to_owned(),
        None => shorten(&text_of(inner)).to_owned(),
    }
}

/// At most 200 characters of what may be long.
fn shorten(text: &str) -> &str {
    text.char_indices().nth(200).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// The text at a path of names; a number as text is a place in a list.
fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
