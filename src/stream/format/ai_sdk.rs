//! AI SDK: UI message stream (version 5 and later, events) and data stream v1 (version 4, lines).

use serde_json::Value;

use super::{Mark, Piece, shorten, text_at};

/// What the data of one event says.
pub(super) fn read(value: &Value) -> Piece {
    match text_at(value, "/type") {
        Some("text-delta") => {
            Piece::text(text_at(value, "/delta").or_else(|| text_at(value, "/textDelta")))
        }
        Some("finish") => Piece::finished(Mark::Complete, text_at(value, "/finishReason")),
        Some("abort") => {
            let why = text_at(value, "/reason").unwrap_or("the server stopped the answer");
            Piece::mark(Mark::Broken(shorten(why).to_owned()))
        }
        Some("error") => Piece::broken(value),
        _ => Piece::NOTHING,
    }
}

/// What a line `code:json` says: `0` is text, `3` an error, `d` the end of the message.
pub(super) fn read_line(line: &str) -> Piece {
    let Some((code, json)) = line.split_once(':') else {
        return if line.is_empty() { Piece::NOTHING } else { odd(line) };
    };
    match (code, serde_json::from_str::<Value>(json)) {
        (_, Err(_)) => odd(line),
        ("0", Ok(value)) => Piece::text(value.as_str()),
        ("3", Ok(value)) => Piece::broken(&value),
        ("d", Ok(value)) => Piece::finished(Mark::Complete, text_at(&value, "/finishReason")),
        (_, Ok(_)) => Piece::NOTHING,
    }
}

fn odd(line: &str) -> Piece {
    Piece::mark(Mark::Broken(format!("a line is no part of a data stream: {}", shorten(line))))
}
