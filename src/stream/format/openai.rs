//! OpenAI: chunks of chat completions and completions, events of responses.

use serde_json::Value;

use super::{Mark, Piece, text_at};

/// What the data of one event says. Refusals are text too: they are what the user is to read.
pub(super) fn read(value: &Value) -> Piece {
    match value.get("type").and_then(Value::as_str) {
        Some(kind) if kind.starts_with("response.") || kind == "error" => {
            read_response(kind, value)
        }
        _ => read_chunk(value),
    }
}

fn read_response(kind: &str, value: &Value) -> Piece {
    match kind {
        "response.output_text.delta" | "response.refusal.delta" => {
            Piece::text(text_at(value, "/delta"))
        }
        "response.completed" | "response.incomplete" => Piece::mark(Mark::End),
        "response.failed" => Piece::broken(value.get("response").unwrap_or(value)),
        "error" => Piece::broken(value),
        _ => Piece::NOTHING,
    }
}

fn read_chunk(value: &Value) -> Piece {
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Piece::broken(value);
    }
    let places = ["/choices/0/delta/content", "/choices/0/delta/refusal", "/choices/0/text"];
    let text = places.iter().find_map(|place| text_at(value, place).filter(|t| !t.is_empty()));
    // The chunk with the token counts comes after this one, and `[DONE]` after that.
    let finished = text_at(value, "/choices/0/finish_reason").is_some();
    Piece { mark: if finished { Mark::Complete } else { Mark::More }, ..Piece::text(text) }
}
