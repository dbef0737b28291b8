//! The body of an answer: bytes → text and events, and where they leave the stream.

use super::format::{Format, Mark, Piece};
use super::lines::{Lines, TooLarge};
use super::parser::{Item, Limits, Message, Parser};
use super::replay::Replay;
use super::utf8::Utf8;

/// Reads one answer.
#[derive(Clone, Debug)]
pub struct Body {
    reader: Reader,
    complete: bool,
    finish: Option<String>,
}

#[derive(Clone, Debug)]
enum Reader {
    /// Events for the app as they are.
    Events(Parser),
    /// Events with text in them.
    Tokens(Parser, Format),
    /// Lines with text in them.
    Lines(Lines),
    /// Text.
    Text(Utf8),
}

/// What the body of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events for the app.
    Events,
    /// Events in a format that is known.
    Tokens(Format),
    /// Lines of the AI SDK.
    Lines,
    /// Text as it is.
    Text,
}

/// What some bytes gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Yield {
    /// More text.
    pub text: String,
    /// More events.
    pub messages: Vec<Message>,
    /// Wait before a reconnect, in milliseconds, if the server named one.
    pub retry: Option<u64>,
    /// Where that leaves the stream.
    pub mark: Mark,
    /// What the server said as it broke off, or its beginning.
    pub said: String,
}

impl Yield {
    /// Whether there is something for the app.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.messages.is_empty()
    }
}

impl Body {
    /// A body of this kind, at its start.
    pub fn new(kind: Kind, limits: Limits, last_event_id: &str) -> Self {
        let parser = || Parser::new(limits, last_event_id);
        let reader = match kind {
            Kind::Events => Reader::Events(parser()),
            Kind::Tokens(format) => Reader::Tokens(parser(), format),
            Kind::Lines => Reader::Lines(Lines::new(limits.line)),
            Kind::Text => Reader::Text(Utf8::default()),
        };
        Self { reader, complete: false, finish: None }
    }

    /// The id to name in the next request; `early`: also of an event that has only begun.
    pub(super) fn last_event_id(&self, early: bool) -> Option<&str> {
        match &self.reader {
            Reader::Events(parser) | Reader::Tokens(parser, _) if early => Some(parser.begun_id()),
            Reader::Events(parser) | Reader::Tokens(parser, _) => Some(parser.last_event_id()),
            Reader::Lines(_) | Reader::Text(_) => None,
        }
    }

    /// Whether the server has said that all text has come.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether a body that just ends has come whole, as is usual for what was found in it.
    pub fn ends_whole(&self) -> bool {
        match &self.reader {
            Reader::Tokens(_, format) => format.ends_with_body(),
            Reader::Lines(_) => Format::AiSdk.ends_with_body(),
            Reader::Events(_) | Reader::Text(_) => true,
        }
    }

    /// Why the model ended, in its maker's word.
    pub fn finish_word(&self) -> Option<&str> {
        self.finish.as_deref()
    }

    /// Takes the next bytes. What came before an error is in `yielded`.
    ///
    /// # Errors
    /// [`TooLarge`]; nothing can be read after it.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        replay: &mut Replay,
        yielded: &mut Yield,
    ) -> Result<(), TooLarge> {
        match &mut self.reader {
            Reader::Text(utf8) => {
                yielded.text = utf8.feed(bytes);
                replay.trim(&mut yielded.text);
                Ok(())
            }
            Reader::Lines(lines) => {
                let mut pieces = Vec::new();
                let result = lines.feed(bytes, &mut |line| {
                    let line = replay.halves.mend(&String::from_utf8_lossy(line));
                    let piece = Format::AiSdk.read_line(&line);
                    pieces.push((piece, line));
                    Ok(())
                });
                for (piece, line) in pieces {
                    self.take(piece, &line, replay, yielded);
                }
                result
            }
            Reader::Events(parser) | Reader::Tokens(parser, _) => {
                let mut items = Vec::new();
                let result = parser.feed(bytes, &mut items);
                items.into_iter().for_each(|item| self.sort(item, replay, yielded));
                result
            }
        }
    }

    /// The body has ended: what is left of it.
    pub fn finish(&mut self, replay: &mut Replay) -> String {
        let Reader::Text(utf8) = &mut self.reader else { return String::new() };
        let mut text = utf8.finish();
        replay.trim(&mut text);
        text
    }

    fn sort(&mut self, item: Item, replay: &mut Replay, yielded: &mut Yield) {
        let message = match item {
            Item::Retry(wait) => {
                yielded.retry = Some(wait);
                return;
            }
            Item::Id(id) => return replay.pass(&id),
            Item::Event(message) => message,
        };
        if !replay.admits(&message) {
            return;
        }
        let has_id = message.own_id && !message.id.is_empty();
        self.read(message, replay, yielded);
        if has_id {
            replay.settle();
        }
    }

    fn read(&mut self, mut message: Message, replay: &mut Replay, yielded: &mut Yield) {
        match self.reader {
            Reader::Tokens(_, Format::Raw) => {
                let piece = Format::Raw.read(&message);
                let more = piece.mark == Mark::More && yielded.mark == Mark::More;
                self.take(piece, &message.data, replay, yielded);
                if more && !replay.repeats_event() {
                    yielded.messages.push(message);
                }
            }
            Reader::Tokens(_, format) => {
                if format.is_json() {
                    message.data = replay.halves.mend(&message.data);
                }
                self.take(format.read(&message), &message.data, replay, yielded);
            }
            _ => yielded.messages.push(message),
        }
    }

    /// What a piece says, read from `data`. After the end nothing counts.
    fn take(&mut self, piece: Piece, data: &str, replay: &mut Replay, yielded: &mut Yield) {
        if matches!(yielded.mark, Mark::End | Mark::Broken(_)) {
            return;
        }
        let mut text = piece.text.unwrap_or_default();
        replay.trim(&mut text);
        yielded.text.push_str(&text);
        self.complete |= matches!(piece.mark, Mark::Complete | Mark::End);
        if piece.finish.is_some() {
            self.finish = piece.finish;
        }
        if matches!(piece.mark, Mark::Broken(_)) {
            yielded.said = data.chars().take(SAID).collect();
        }
        if piece.mark != Mark::More {
            yielded.mark = piece.mark;
        }
    }
}

/// How much of an error is kept for the app, in characters.
const SAID: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, bytes: &[u8]) -> (Body, Yield) {
        let mut body = Body::new(kind, Limits::default(), "");
        let mut yielded = Yield::default();
        body.feed(bytes, &mut Replay::default(), &mut yielded).unwrap();
        (body, yielded)
    }

    #[test]
    fn the_tokens_of_a_chunk_are_one_text_and_nothing_counts_after_the_end() {
        let bytes = b"data: a\n\ndata: b\n\nretry: 7\n\nevent: done\ndata\n\ndata: c\n\nevent: error\ndata\n\n";
        let (_, yielded) = read(Kind::Tokens(Format::Sse), bytes);
        assert_eq!((yielded.text.as_str(), yielded.retry), ("ab", Some(7)));
        assert_eq!(yielded.mark, Mark::End);
    }

    #[test]
    fn events_of_an_unknown_format_are_handed_over_up_to_the_end() {
        let (_, yielded) =
            read(Kind::Tokens(Format::Raw), b"event: x\ndata: a\n\ndata: [DONE]\n\ndata: b\n\n");
        let names: Vec<_> = yielded.messages.iter().map(|message| message.event.as_str()).collect();
        assert_eq!((names, yielded.mark), (vec!["x"], Mark::End));
    }

    #[test]
    fn events_for_the_app_are_not_looked_into() {
        let (_, yielded) = read(Kind::Events, b"data: [DONE]\n\nevent: error\ndata: x\n\n");
        assert_eq!((yielded.messages.len(), yielded.mark), (2, Mark::More));
    }

    #[test]
    fn a_character_that_was_cut_between_two_pieces_is_whole_in_the_text() {
        let chunk = |json: &str| {
            format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{json}\"}}}}]}}\n\n")
        };
        let openai = |pieces: &[&str]| pieces.iter().map(|piece| chunk(piece)).collect::<String>();
        for (pieces, text) in [
            (["a\\ud83d", "\\ude00b"], "a😀b"),
            (["\\ud83d", "\\ude00\\ud83d"], "😀"),
            (["\\ude00x", "\\\\ud83d"], "\u{fffd}x\\ud83d"),
            (["\u{fffd}\\ud83d", "\\ude00\u{e03d}"], "\u{fffd}😀\u{e03d}"),
        ] {
            let (_, yielded) = read(Kind::Tokens(Format::OpenAi), openai(&pieces).as_bytes());
            assert_eq!((yielded.text.as_str(), yielded.mark), (text, Mark::More), "{pieces:?}");
        }
        let (_, yielded) = read(Kind::Lines, b"0:\"\\ud83d\"\n0:\"\\ude00\"\n");
        assert_eq!((yielded.text.as_str(), yielded.mark), ("😀", Mark::More));
    }

    #[test]
    fn lines_and_plain_text_are_text() {
        let (body, yielded) = read(Kind::Lines, b"0:\"a\"\n0:\"b\"\nd:{}\n");
        assert_eq!((yielded.text.as_str(), body.is_complete()), ("ab", true));
        let (mut body, yielded) = read(Kind::Text, b"caf\xc3");
        let rest = body.finish(&mut Replay::default());
        assert_eq!((yielded.text.as_str(), rest.as_str()), ("caf", "\u{fffd}"));
    }
}
