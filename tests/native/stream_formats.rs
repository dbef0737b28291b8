//! Answers of models as their makers document them, cut at every byte: the text never depends on the cuts, and a part is never taken for all.

use rejoin::stream::body::{Body, Kind, Yield};
use rejoin::stream::format::{Format, Mark};
use rejoin::stream::parser::Limits;
use rejoin::stream::replay::Replay;
use serde_json::Value;

struct Recorded {
    file: &'static str,
    bytes: &'static [u8],
    kind: Kind,
}

macro_rules! recorded {
    ($file:literal, $kind:expr) => {
        Recorded {
            file: $file,
            bytes: include_bytes!(concat!("../fixtures/streams/", $file)),
            kind: $kind,
        }
    };
}

fn recorded() -> Vec<Recorded> {
    vec![
        recorded!("openai-chat.sse", Kind::Tokens(Format::OpenAi)),
        recorded!("openai-responses.sse", Kind::Tokens(Format::OpenAi)),
        recorded!("anthropic.sse", Kind::Tokens(Format::Anthropic)),
        recorded!("ai-sdk-ui.sse", Kind::Tokens(Format::AiSdk)),
        recorded!("ai-sdk-data-v1.txt", Kind::Lines),
        recorded!("openai-chat-tools.sse", Kind::Tokens(Format::OpenAi)),
        recorded!("openai-responses-tools.sse", Kind::Tokens(Format::OpenAi)),
        recorded!("anthropic-tools.sse", Kind::Tokens(Format::Anthropic)),
        recorded!("ai-sdk-ui-tools.sse", Kind::Tokens(Format::AiSdk)),
        recorded!("tokens.sse", Kind::Tokens(Format::Sse)),
        recorded!("plain.txt", Kind::Text),
    ]
}

fn expected() -> String {
    let index: Value =
        serde_json::from_str(include_str!("../fixtures/streams/recorded.json")).unwrap();
    index["text"].as_str().unwrap().to_owned()
}

/// The text of some chunks, and whether all of it is known to have come.
fn read(kind: Kind, chunks: &[&[u8]]) -> (String, bool) {
    let mut body = Body::new(kind, Limits::default(), "");
    let mut replay = Replay::default();
    let (mut text, mut over) = (String::new(), false);
    for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
        if over {
            break;
        }
        let mut yielded = Yield::default();
        body.feed(chunk, &mut replay, &mut yielded).unwrap();
        text += &yielded.text;
        assert!(!matches!(yielded.mark, Mark::Broken(_)), "{:?}", yielded.mark);
        over |= yielded.mark == Mark::End;
    }
    (text, over || body.is_complete())
}

#[test]
fn every_recorded_answer_is_read_whole_at_every_cut_and_byte_by_byte() {
    for Recorded { file, bytes, kind } in recorded() {
        let whole = (expected(), kind != Kind::Text);
        assert_eq!(read(kind, &[bytes]), whole, "{file}");
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(read(kind, &[head, tail]), whole, "{file}, cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(kind, &single), whole, "{file}, byte by byte");
    }
}

#[test]
fn an_answer_that_breaks_off_anywhere_is_a_part_of_the_text_and_not_taken_for_all() {
    let whole = expected();
    for Recorded { file, bytes, kind } in recorded() {
        for cut in 0..bytes.len() {
            let (text, complete) = read(kind, &[&bytes[..cut]]);
            assert!(whole.starts_with(&text), "{file}, broken at {cut}: {text}");
            assert!(!complete || text == whole, "{file}, broken at {cut}");
        }
    }
}
