use serde_json::json;

use super::*;

fn event(name: &str, data: &str) -> Message {
    Message { event: name.into(), data: data.into(), id: String::new(), own_id: false }
}

fn read(format: Format, value: &Value) -> Piece {
    format.read(&event("message", &value.to_string()))
}

fn text(text: &str) -> Piece {
    Piece::text(Some(text))
}

fn complete(word: &str) -> Piece {
    Piece::finished(Mark::Complete, Some(word))
}

fn broken(words: &str) -> Piece {
    Piece::mark(Mark::Broken(words.into()))
}

#[test]
fn every_format_knows_the_common_end_and_the_common_error() {
    for format in [Format::Sse, Format::OpenAi, Format::Anthropic, Format::AiSdk, Format::Raw] {
        assert_eq!(format.read(&event("message", "[DONE]")), Piece::mark(Mark::End));
        assert_eq!(format.read(&event("error", "out of luck")), broken("out of luck"));
        let nested = json!({"error": {"message": "overloaded", "type": "x"}}).to_string();
        assert_eq!(format.read(&event("error", &nested)), broken("overloaded"));
    }
}

#[test]
fn an_empty_event_that_keeps_the_connection_alive_says_nothing() {
    for format in [Format::OpenAi, Format::Anthropic, Format::AiSdk] {
        assert_eq!(format.read(&event("message", "")), Piece::NOTHING);
        assert_eq!(format.read(&event("ping", " ")), Piece::NOTHING);
        assert!(matches!(format.read(&event("message", "<html>")).mark, Mark::Broken(_)));
    }
}

#[test]
fn plain_events_carry_their_text_as_it_is() {
    let sse = Format::Sse;
    assert_eq!(sse.read(&event("message", " a\nb ")), text(" a\nb "));
    assert_eq!(sse.read(&event("token", "x")), text("x"));
    assert_eq!(sse.read(&event("token", "")), Piece::NOTHING);
    assert_eq!(sse.read(&event("done", "{}")), Piece::mark(Mark::End));
    assert_eq!(sse.read(&event("usage", "12")), Piece::NOTHING);
}

#[test]
fn openai_chat_chunks_are_read() {
    let chunk = |delta: Value, reason: Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let format = Format::OpenAi;
    assert_eq!(
        read(format, &chunk(json!({"role": "assistant", "content": ""}), Value::Null)),
        Piece::NOTHING
    );
    assert_eq!(read(format, &chunk(json!({"content": "Hi"}), Value::Null)), text("Hi"));
    assert_eq!(
        read(format, &chunk(json!({"content": null, "refusal": "No"}), Value::Null)),
        text("No")
    );
    assert_eq!(read(format, &chunk(json!({}), json!("stop"))), complete("stop"));
    let last = chunk(json!({"content": "!"}), json!("length"));
    assert_eq!(read(format, &last), Piece { text: Some("!".into()), ..complete("length") });
    assert_eq!(read(format, &json!({"choices": [], "usage": {"total_tokens": 3}})), Piece::NOTHING);
    assert_eq!(read(format, &json!({"choices": [{"text": "old"}]})), text("old"));
    assert_eq!(read(format, &json!({"error": {"message": "quota"}})), broken("quota"));
}

#[test]
fn of_several_answers_the_first_is_read_wherever_it_stands() {
    let other = json!({"index": 1, "delta": {"content": "B"}, "finish_reason": "length"});
    let first = json!({"index": 0, "delta": {"content": "A"}, "finish_reason": null});
    let format = Format::OpenAi;
    assert_eq!(read(format, &json!({"choices": [other]})), Piece::NOTHING);
    assert_eq!(read(format, &json!({"choices": [other, first]})), text("A"));
    assert_eq!(read(format, &json!({"choices": [{"delta": {"content": "C"}}]})), text("C"));
}

#[test]
fn content_in_parts_is_its_text_without_the_thoughts() {
    let thought = json!({"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]});
    let parts = json!([thought, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    let chunk = |content: &Value| json!({"choices": [{"delta": {"content": content}}]});
    assert_eq!(read(Format::OpenAi, &chunk(&parts)), text("ab"));
    assert_eq!(read(Format::OpenAi, &chunk(&json!([thought]))), Piece::NOTHING);
}

#[test]
fn openai_responses_are_read() {
    let format = Format::OpenAi;
    assert_eq!(read(format, &json!({"type": "response.created", "response": {}})), Piece::NOTHING);
    assert_eq!(
        read(format, &json!({"type": "response.output_text.delta", "delta": "Hi"})),
        text("Hi")
    );
    assert_eq!(
        read(format, &json!({"type": "response.output_text.done", "text": "Hi"})),
        Piece::NOTHING
    );
    assert_eq!(read(format, &json!({"type": "response.completed"})), Piece::mark(Mark::End));
    let end = |word| Piece::finished(Mark::End, Some(word));
    let completed = json!({"type": "response.completed", "response": {"status": "completed"}});
    assert_eq!(read(format, &completed), end("completed"));
    let cut = json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": "content_filter"}}});
    assert_eq!(read(format, &cut), end("content_filter"));
    let failed = json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "sorry"}}});
    assert_eq!(read(format, &failed), broken("sorry"));
    assert_eq!(read(format, &json!({"type": "error", "message": "bad"})), broken("bad"));
}

#[test]
fn anthropic_messages_are_read() {
    let format = Format::Anthropic;
    assert_eq!(read(format, &json!({"type": "message_start", "message": {}})), Piece::NOTHING);
    assert_eq!(read(format, &json!({"type": "ping"})), Piece::NOTHING);
    let start =
        json!({"type": "content_block_start", "content_block": {"type": "text", "text": ""}});
    assert_eq!(read(format, &start), Piece::NOTHING);
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": 0, "delta": delta});
    assert_eq!(read(format, &delta(json!({"type": "text_delta", "text": "Hi"}))), text("Hi"));
    assert_eq!(
        read(format, &delta(json!({"type": "thinking_delta", "thinking": "hm"}))),
        Piece::NOTHING
    );
    assert_eq!(
        read(format, &delta(json!({"type": "input_json_delta", "partial_json": "{"}))),
        Piece::NOTHING
    );
    assert_eq!(
        read(format, &json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})),
        complete("end_turn")
    );
    assert_eq!(read(format, &json!({"type": "message_stop"})), Piece::mark(Mark::End));
    let error =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    assert_eq!(read(format, &error), broken("Overloaded"));
}

#[test]
fn both_streams_of_the_ai_sdk_are_read() {
    let format = Format::AiSdk;
    assert_eq!(read(format, &json!({"type": "start", "messageId": "m"})), Piece::NOTHING);
    assert_eq!(read(format, &json!({"type": "text-delta", "id": "t", "delta": "Hi"})), text("Hi"));
    assert_eq!(
        read(format, &json!({"type": "reasoning-delta", "id": "r", "delta": "hm"})),
        Piece::NOTHING
    );
    assert_eq!(read(format, &json!({"type": "finish"})), Piece::mark(Mark::Complete));
    let finish = json!({"type": "finish", "finishReason": "length"});
    assert_eq!(read(format, &finish), complete("length"));
    assert_eq!(read(format, &json!({"type": "error", "errorText": "no"})), broken("no"));
    assert_eq!(read(format, &json!({"type": "abort"})), broken("the server stopped the answer"));
    let why = json!({"type": "abort", "reason": "user cancelled"});
    assert_eq!(read(format, &why), broken("user cancelled"));
    for other in
        ["tool-input-delta", "tool-output-available", "data-x", "source-url", "finish-step"]
    {
        assert_eq!(read(format, &json!({"type": other, "delta": "no text"})), Piece::NOTHING);
    }
    assert_eq!(format.read_line(r#"0:"Hi\n""#), text("Hi\n"));
    assert_eq!(format.read_line(r#"f:{"messageId":"m"}"#), Piece::NOTHING);
    assert_eq!(format.read_line(r#"3:"no""#), broken("no"));
    assert_eq!(format.read_line(r#"e:{"finishReason":"stop"}"#), Piece::NOTHING);
    assert_eq!(format.read_line(r#"d:{"finishReason":"stop"}"#), complete("stop"));
    assert_eq!(format.read_line(""), Piece::NOTHING);
}

#[test]
fn what_is_not_of_the_format_breaks_the_stream_with_a_piece_of_it() {
    for format in [Format::OpenAi, Format::Anthropic, Format::AiSdk] {
        let Mark::Broken(words) = format.read(&event("message", "<html>")).mark else {
            panic!("taken for JSON");
        };
        assert!(words.contains("<html>"));
        let long = "é".repeat(5_000);
        let Mark::Broken(words) = format.read(&event("error", &long)).mark else { panic!() };
        assert_eq!(words.chars().count(), 200);
    }
    assert!(matches!(Format::AiSdk.read_line("<html>").mark, Mark::Broken(_)));
    assert!(matches!(Format::AiSdk.read_line("0:hi").mark, Mark::Broken(_)));
    assert_eq!(read(Format::Anthropic, &json!(5)), Piece::NOTHING);
}

#[test]
fn only_formats_without_an_end_of_their_own_end_with_the_body() {
    assert!(Format::Text.ends_with_body() && Format::Sse.ends_with_body());
    assert!(!Format::OpenAi.ends_with_body() && !Format::Anthropic.ends_with_body());
}
