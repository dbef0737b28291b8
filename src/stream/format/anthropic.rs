//! Anthropic: events of messages.

use serde_json::Value;

use super::{Mark, Piece, text_at};

/// What the data of one event says. Thinking and tool input are not text.
pub(super) fn read(value: &Value) -> Piece {
    match text_at(value, "/type") {
        Some("content_block_start") => Piece::text(text_at(value, "/content_block/text")),
        Some("content_block_delta") => Piece::text(text_at(value, "/delta/text")),
        Some("message_delta") => match text_at(value, "/delta/stop_reason") {
            None => Piece::NOTHING,
            word => Piece::finished(Mark::Complete, word),
        },
        Some("message_stop") => Piece::mark(Mark::End),
        Some("error") => Piece::broken(value),
        _ => Piece::NOTHING,
    }
}
