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
    let end = |word| Piece::finished(Mark::End, text_at(value, word));
    match kind {
        "response.output_text.delta" | "response.refusal.delta" => {
            Piece::text(text_at(value, "/delta"))
        }
        "response.completed" => end("/response/status"),
        "response.incomplete" => end("/response/incomplete_details/reason"),
        "response.failed" => Piece::broken(value.get("response").unwrap_or(value)),
        "error" => Piece::broken(value),
        _ => Piece::NOTHING,
    }
}

fn read_chunk(value: &Value) -> Piece {
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Piece::broken(value);
    }
    let Some(choice) = first_choice(value) else { return Piece::NOTHING };
    let text = match choice.pointer("/delta/content") {
        Some(Value::Array(parts)) => Piece::text(Some(&joined(parts))),
        _ => Piece::text(text_of(choice)),
    };
    // The chunk with the token counts comes after this one, and `[DONE]` after that.
    match text_at(choice, "/finish_reason") {
        None => text,
        word => Piece { text: text.text, ..Piece::finished(Mark::Complete, word) },
    }
}

/// The answer; the others that were asked for beside it come in between, each by its number.
fn first_choice(value: &Value) -> Option<&Value> {
    let number = |choice: &Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0);
    value.get("choices")?.as_array()?.iter().find(|choice| number(choice) == 0)
}

/// Some say the same in two places.
fn text_of(choice: &Value) -> Option<&str> {
    let places = ["/delta/content", "/delta/refusal", "/text"];
    places.iter().find_map(|place| text_at(choice, place).filter(|text| !text.is_empty()))
}

/// Mistral's models that think send parts, and their thoughts among them.
fn joined(parts: &[Value]) -> String {
    parts.iter().filter_map(|part| text_at(part, "/text")).collect()
}
