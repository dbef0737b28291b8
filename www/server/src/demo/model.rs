//! A model that reads from a script: an answer as events, in the format of choice, from any point on.

use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::script;

/// How the pieces of an answer are wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Events `token` and at last `done`.
    #[default]
    Sse,
    /// Chunks of a chat completion and at last `[DONE]`.
    OpenAi,
}

/// The events of the answer to a question that follow the one with the id `after`; ids count from one.
pub(super) fn answer(question: &str, format: Format, after: u64) -> Vec<Frame> {
    let text = script::answer(question);
    let tokens = script::tokens(&text);
    let mut frames: Vec<Frame> =
        (1..).zip(&tokens).map(|(id, token)| format.token(id, token)).collect();
    frames.extend(format.end(frames.len() as u64));
    frames.retain(|frame| frame.id.is_none_or(|id| id > after));
    frames
}

impl Format {
    fn token(self, id: u64, token: &str) -> Frame {
        match self {
            Self::Sse => Frame { id: Some(id), event: Some("token"), data: token.to_owned() },
            Self::OpenAi => Frame { id: Some(id), event: None, data: chunk(Some(token)) },
        }
    }

    fn end(self, tokens: u64) -> Vec<Frame> {
        match self {
            Self::Sse => {
                // An event without data is not dispatched.
                let data = json!({ "tokens": tokens }).to_string();
                vec![Frame { event: Some("done"), data, ..Frame::default() }]
            }
            Self::OpenAi => [chunk(None), "[DONE]".to_owned()]
                .map(|data| Frame { data, ..Frame::default() })
                .into(),
        }
    }
}

/// A chunk of a chat completion; the last has no more text.
fn chunk(token: Option<&str>) -> String {
    let delta = token.map_or_else(|| json!({}), |token| json!({ "content": token }));
    let finish = token.is_none().then_some("stop");
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    json!({ "object": "chat.completion.chunk", "model": "script", "choices": [choice] }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_either_format_are_the_answer() {
        let plain: String = answer("a poem", Format::Sse, 0)
            .iter()
            .filter(|frame| frame.event == Some("token"))
            .map(|frame| frame.data.as_str())
            .collect();
        assert_eq!(plain, script::answer("a poem"));
        let chunks: String = answer("a poem", Format::OpenAi, 0)
            .iter()
            .filter_map(|frame| serde_json::from_str::<serde_json::Value>(&frame.data).ok())
            .filter_map(|chunk| {
                let content = chunk.pointer("/choices/0/delta/content");
                content.and_then(serde_json::Value::as_str).map(str::to_owned)
            })
            .collect();
        assert_eq!(chunks, plain);
    }

    #[test]
    fn an_answer_cut_at_any_id_goes_on_with_the_next() {
        for format in [Format::Sse, Format::OpenAi] {
            let whole = answer("plan", format, 0);
            for (cut, frame) in whole.iter().enumerate() {
                let Some(id) = frame.id else { continue };
                assert_eq!(answer("plan", format, id), whole[cut + 1..]);
            }
        }
    }

    #[test]
    fn who_has_it_all_is_told_the_end_only() {
        let rest = answer("plan", Format::Sse, u64::MAX);
        assert_eq!(rest.iter().map(|frame| frame.event).collect::<Vec<_>>(), [Some("done")]);
        let rest = answer("plan", Format::OpenAi, 10_000);
        assert_eq!(rest.last().map(|frame| frame.data.as_str()), Some("[DONE]"));
        assert!(rest.iter().all(|frame| !frame.data.is_empty()));
    }
}
