//! Answers of models in the shape in which they were recorded, cut at every byte: the text never depends on the cuts, and a part is never taken for all.

use rejoin::stream::body::{Body, Kind, Yield};
use rejoin::stream::format::{Format, Mark};
use rejoin::stream::parser::Limits;
use rejoin::stream::replay::Replay;
use serde_json::Value;

struct Recorded {
    file: String,
    bytes: Vec<u8>,
    kind: Kind,
    finish: Option<String>,
}

fn index() -> Value {
    serde_json::from_str(include_str!("../fixtures/streams/recorded.json")).unwrap()
}

fn recorded() -> Vec<Recorded> {
    index()["streams"].as_array().unwrap().iter().map(recording).collect()
}

fn recording(entry: &Value) -> Recorded {
    let file = entry["file"].as_str().unwrap().to_owned();
    let path = format!("{}/tests/fixtures/streams/{file}", env!("CARGO_MANIFEST_DIR"));
    let finish = entry["finish"].as_str().map(str::to_owned);
    Recorded { bytes: std::fs::read(path).unwrap(), kind: kind(&file, entry), finish, file }
}

fn kind(file: &str, entry: &Value) -> Kind {
    match entry["format"].as_str().unwrap() {
        "ai-sdk" if file.starts_with("ai-sdk-data") => Kind::Lines,
        "ai-sdk" => Kind::Tokens(Format::AiSdk),
        "openai" => Kind::Tokens(Format::OpenAi),
        "anthropic" => Kind::Tokens(Format::Anthropic),
        "sse" => Kind::Tokens(Format::Sse),
        _ => Kind::Text,
    }
}

fn expected() -> String {
    index()["text"].as_str().unwrap().to_owned()
}

/// What has been read of an answer.
struct Reading {
    body: Body,
    replay: Replay,
    text: String,
    over: bool,
}

impl Reading {
    fn new(kind: Kind) -> Self {
        let body = Body::new(kind, Limits::default(), "");
        Self { body, replay: Replay::default(), text: String::new(), over: false }
    }

    fn feed(&mut self, chunk: &[u8]) {
        if chunk.is_empty() || self.over {
            return;
        }
        let mut yielded = Yield::default();
        self.body.feed(chunk, &mut self.replay, &mut yielded).unwrap();
        self.text += &yielded.text;
        assert!(!matches!(yielded.mark, Mark::Broken(_)), "{:?}", yielded.mark);
        self.over |= yielded.mark == Mark::End;
    }

    fn is_complete(&self) -> bool {
        self.over || self.body.is_complete()
    }
}

/// The text of some chunks, whether all of it is known to have come, and why it ends.
fn read<'a>(
    kind: Kind,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (String, bool, Option<String>) {
    let mut reading = Reading::new(kind);
    chunks.into_iter().for_each(|chunk| reading.feed(chunk));
    let complete = reading.is_complete();
    (reading.text, complete, reading.body.finish_word().map(str::to_owned))
}

#[test]
fn every_recorded_answer_is_read_whole_at_every_cut_and_byte_by_byte() {
    for Recorded { file, bytes, kind, finish } in recorded() {
        let whole = (expected(), kind != Kind::Text, finish);
        assert_eq!(read(kind, [bytes.as_slice()]), whole, "{file}");
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(read(kind, [head, tail]), whole, "{file}, cut at {cut}");
        }
        assert_eq!(read(kind, bytes.chunks(1)), whole, "{file}, byte by byte");
    }
}

#[test]
fn an_answer_that_breaks_off_anywhere_is_a_part_of_the_text_and_not_taken_for_all() {
    let whole = expected();
    for Recorded { file, bytes, kind, .. } in recorded() {
        let mut reading = Reading::new(kind);
        for (at, byte) in bytes.chunks(1).enumerate() {
            reading.feed(byte);
            assert!(whole.starts_with(&reading.text), "{file}, broken at {at}: {}", reading.text);
            assert!(!reading.is_complete() || reading.text == whole, "{file}, broken at {at}");
        }
    }
}
