//! Text: never asked for twice, resumed only where it may be.

use super::super::*;
use super::bench::*;
use crate::io::Environment;
use crate::status::EndpointReason;

#[test]
fn text_is_never_asked_for_again_by_itself() {
    let losses: [fn(&mut Bench); 3] = [Bench::break_off, Bench::end, Bench::wait];
    for lose in losses {
        let mut bench = Bench::streaming(text(format::Format::OpenAi));
        bench.chunk("id: 1\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n");
        lose(&mut bench);
        assert_eq!(bench.error(), (ErrorCode::Connection, true));
        for environment in [
            Environment::Hidden,
            Environment::Visible,
            Environment::Offline,
            Environment::Online,
            Environment::PageHide { persisted: true },
            Environment::PageShow { persisted: true },
            Environment::ClockJump,
        ] {
            bench.environment(environment);
        }
        assert_eq!((bench.opened.len(), bench.stream.poll_timeout()), (1, None));
        assert_eq!((bench.text.as_str(), bench.status()), ("Hi", StreamStatus::Error));
    }
}

#[test]
fn a_busy_model_is_told_to_the_app_and_not_asked_again() {
    let mut bench = Bench::started(text(format::Format::OpenAi));
    bench.refuse(429, &[("retry-after", "1")], "{\"error\":{\"message\":\"slow down\"}}");
    assert_eq!(bench.error(), (ErrorCode::Unavailable, true));
    assert_eq!((bench.opened.len(), bench.stream.poll_timeout()), (1, None));
}

#[test]
fn the_end_of_a_format_is_the_end_and_a_body_that_breaks_after_it_does_no_harm() {
    let done = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let losses: [fn(&mut Bench); 2] = [Bench::break_off, Bench::end];
    for lose in losses {
        let mut bench = Bench::streaming(text(format::Format::OpenAi));
        bench.chunk(done);
        assert_eq!(bench.status(), StreamStatus::Streaming);
        lose(&mut bench);
        assert_eq!((bench.status(), bench.state().error), (StreamStatus::Done, None));
    }
    let mut bench = Bench::streaming(text(format::Format::OpenAi));
    bench.chunk("data: [DONE]\n\n");
    assert_eq!((bench.status(), bench.aborts), (StreamStatus::Done, 1));
}

#[test]
fn plain_events_end_with_their_body_unless_the_app_says_otherwise() {
    let mut bench = Bench::streaming(text(format::Format::Sse));
    bench.chunk("data: a\n\n");
    bench.end();
    assert_eq!(bench.status(), StreamStatus::Done);
    let config = StreamConfig { eof_is_done: Some(false), ..text(format::Format::Sse) };
    let mut bench = Bench::streaming(config);
    bench.end();
    assert_eq!(bench.error(), (ErrorCode::Connection, true));
}

#[test]
fn an_answer_that_says_it_is_the_ai_sdks_has_come_whole_only_with_its_own_end() {
    let types = [
        ("text/event-stream", "data: {\"type\":\"text-delta\",\"delta\":\"Hi\"}\n\n"),
        ("text/plain", "0:\"Hi\"\n"),
    ];
    for (media_type, said) in types {
        let config = StreamConfig { wanted: response::Wanted::Text(None), ..StreamConfig::text() };
        let mut bench = Bench::started(config);
        let headers = [("content-type", media_type), ("x-vercel-ai-data-stream", "v1")];
        bench.head(200, &headers);
        bench.chunk(said);
        bench.end();
        assert_eq!((bench.text.as_str(), bench.error()), ("Hi", (ErrorCode::Connection, true)));
        assert_eq!(bench.heads.len(), 1);
        assert_eq!(bench.heads[0].1[1].0, "x-vercel-ai-data-stream");
    }
}

#[test]
fn an_error_in_the_stream_ends_it_with_its_words_after_the_text_before_it() {
    let mut bench = Bench::streaming(text(format::Format::Sse));
    bench.chunk("data: a\n\nevent: error\ndata: out of tokens\n\ndata: b\n\n");
    assert_eq!((bench.text.as_str(), bench.error()), ("a", (ErrorCode::Stream, false)));
    let message = bench.state().error.unwrap().problem.message;
    assert!(message.contains("out of tokens"), "{message}");
}

#[test]
fn text_with_ids_goes_on_by_its_last_id() {
    let mut bench = Bench::streaming(resumable(Resume::ById));
    bench.chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    bench.break_off();
    assert_eq!(bench.status(), StreamStatus::Reconnecting);
    bench.wait();
    assert_eq!(bench.reasons.last(), Some(&(EndpointReason::Reconnect, true)));
    assert_eq!(bench.header("last-event-id"), Some("2"));
    bench.answer(200, "text/event-stream");
    bench.chunk("id: 2\ndata: b\n\nid: 3\ndata: c\n\nevent: done\ndata\n\n");
    assert_eq!((bench.text.as_str(), bench.status()), ("abc", StreamStatus::Done));
}

#[test]
fn text_without_ids_is_not_resumed_by_id() {
    let mut bench = Bench::streaming(resumable(Resume::ById));
    bench.chunk("data: a\n\n");
    bench.break_off();
    assert_eq!((bench.status(), bench.opened.len()), (StreamStatus::Error, 1));
}

#[test]
fn a_named_stream_that_is_replayed_from_its_start_is_not_told_twice() {
    let mut bench = Bench::streaming(resumable(Resume::OnceOpened));
    bench.chunk("data: héllo\n\n");
    bench.break_off();
    bench.wait();
    bench.answer(200, "text/event-stream");
    bench.chunk("data: hé\n\n");
    bench.chunk("data: llo wor\n\ndata: ld\n\n");
    assert_eq!(bench.text, "héllo world");
    bench.end();
    assert_eq!(bench.status(), StreamStatus::Done);
}

#[test]
fn a_named_stream_that_never_opened_is_not_repeated() {
    let mut bench = Bench::started(resumable(Resume::OnceOpened));
    bench.break_off();
    assert_eq!((bench.status(), bench.opened.len()), (StreamStatus::Error, 1));
}

#[test]
fn an_answer_of_which_nothing_came_before_a_reload_is_found_by_its_name() {
    let config = StreamConfig { opened: true, ..resumable(Resume::OnceOpened) };
    let bench = Bench::started(config);
    assert_eq!(bench.reasons, [(EndpointReason::Reconnect, true)]);
    // Without a name there is no place to find it.
    let config = StreamConfig { opened: true, ..resumable(Resume::ById) };
    assert_eq!(Bench::started(config).reasons, [(EndpointReason::Initial, false)]);
}

#[test]
fn text_from_before_a_reload_is_continued() {
    let config = StreamConfig { last_event_id: "7".into(), received: 5, ..resumable(Resume::ById) };
    let mut bench = Bench::started(config);
    assert_eq!(bench.reasons, [(EndpointReason::Reconnect, true)]);
    assert_eq!(bench.header("last-event-id"), Some("7"));
    bench.answer(200, "text/event-stream");
    bench.chunk("id: 7\ndata: old\n\nid: 8\ndata: new\n\n");
    assert_eq!(bench.text, "new");
}

#[test]
fn text_with_ids_on_only_some_events_goes_on_behind_what_came_after_the_last_id() {
    let events = "id: 1\ndata: ab\n\ndata: cd\n\ndata: ef\n\n";
    let rests = [
        // Behind the id, in other pieces; with the id again; from the very start.
        "data: cde\n\ndata: f\n\nid: 2\ndata: gh\n\n",
        "id: 1\ndata: ab\n\ndata: cd\n\ndata: ef\n\nid: 2\ndata: gh\n\n",
        "id: 0\ndata: x\n\ndata: y\n\nid: 1\ndata: ab\n\ndata: cdefgh\n\n",
        // What had no id is not kept by this one: the next id is new all the same.
        "id: 2\ndata: gh\n\n",
        "id: 2\n\ndata: gh\n\n",
    ];
    for rest in rests {
        let mut bench = Bench::streaming(resumable(Resume::ById));
        bench.chunk("id: 0\ndata: x\n\ndata: y\n\n");
        bench.chunk(events);
        bench.break_off();
        bench.wait();
        assert_eq!(bench.header("last-event-id"), Some("1"));
        bench.answer(200, "text/event-stream");
        bench.chunk(rest);
        assert_eq!(bench.text, "xyabcdefgh", "{rest}");
    }
}

#[test]
fn an_id_without_an_event_is_a_place_to_go_on_from() {
    let mut bench = Bench::streaming(resumable(Resume::ById));
    bench.chunk("data: ab\n\nid: 9\n\ndata: c\n\n");
    bench.break_off();
    bench.wait();
    assert_eq!(bench.header("last-event-id"), Some("9"));
    bench.answer(200, "text/event-stream");
    bench.chunk("data: cd\n\n");
    assert_eq!(bench.text, "abcd");
}

#[test]
fn text_behind_the_last_id_is_not_told_again_after_a_reload() {
    let mut bench = Bench::streaming(resumable(Resume::ById));
    bench.chunk("id: 7\ndata: old\n\ndata:  and\n\n");
    let place = bench.place.clone();
    assert_eq!((place.id.as_str(), place.behind), ("7", 4));
    let received = bench.text.len() as u64;
    let resumed = resumable(Resume::ById);
    let config =
        StreamConfig { last_event_id: place.id, received, behind: place.behind, ..resumed };
    let mut bench = Bench::streaming(config);
    bench.chunk("data:  and\n\ndata:  new\n\n");
    assert_eq!(bench.text, " new");
}

#[test]
fn stop_ends_and_disconnect_only_lets_go() {
    let mut bench = Bench::streaming(resumable(Resume::ById));
    bench.chunk("id: 1\ndata: a\n\n");
    bench.act(|stream, _| stream.disconnect());
    assert_eq!((bench.status(), bench.aborts), (StreamStatus::Idle, 1));
    bench.act(Stream::start);
    assert_eq!(bench.reasons.last(), Some(&(EndpointReason::Reconnect, true)));
    bench.answer(200, "text/event-stream");
    bench.chunk("id: 2\ndata: b\n\n");
    bench.act(|stream, _| stream.stop());
    assert_eq!((bench.text.as_str(), bench.status()), ("ab", StreamStatus::Stopped));
    bench.act(Stream::start);
    assert_eq!(bench.text, "");
    assert_eq!(bench.reasons.last(), Some(&(EndpointReason::Initial, false)));
    assert_eq!(bench.header("last-event-id"), None);
}

#[test]
fn the_app_may_find_the_end_or_an_error_itself() {
    let mut bench = Bench::streaming(text(format::Format::Raw));
    bench.chunk("data: x\n\n");
    assert_eq!(bench.messages, ["x"]);
    bench.act(|stream, _| stream.complete());
    assert_eq!(bench.status(), StreamStatus::Done);
    let mut bench = Bench::streaming(text(format::Format::Raw));
    bench.act(|stream, _| stream.reject("no such field"));
    assert_eq!(bench.error(), (ErrorCode::Stream, false));
}

#[test]
fn an_end_that_comes_with_events_waits_until_the_app_has_read_them() {
    let streaming = || {
        let mut bench = Bench::streaming(text(format::Format::Raw));
        bench.fetch(FetchInput::Chunk(b"data: a\n\ndata: b\n\ndata: [DONE]\n\n".to_vec()));
        assert_eq!((bench.messages.len(), bench.status()), (2, StreamStatus::Streaming));
        assert_eq!((bench.reads, bench.stream.poll_timeout()), (1, None));
        bench
    };
    let mut bench = streaming();
    bench.act(|stream, cx| stream.read_more(cx));
    assert_eq!((bench.status(), bench.aborts, bench.reads), (StreamStatus::Done, 1, 1));
    let mut bench = streaming();
    bench.act(|stream, _| stream.reject("no such field"));
    assert_eq!(bench.error(), (ErrorCode::Stream, false));
    let mut bench = streaming();
    bench.break_off();
    assert_eq!(bench.status(), StreamStatus::Done);
}

/// Events behind an id, or all, as a server that keeps them writes them.
fn from(events: &[&str], id: Option<&str>) -> String {
    let known = id.and_then(|id| id.parse::<usize>().ok()).unwrap_or(0);
    let numbered = events.iter().zip(1..).skip(known);
    numbered.map(|(words, id)| format!("id: {id}\r\ndata: {words}\n\n")).collect::<String>()
        + "event: done\ndata\n\n"
}

#[test]
fn a_stream_cut_at_any_byte_ends_with_the_exact_text() {
    let events = ["Once", " upon", "", " a 😀 time", "\u{e9}nd."];
    let whole = from(&events, None);
    for cut in 0..=whole.len() {
        let mut bench = Bench::streaming(resumable(Resume::Always));
        let head = &whole.as_bytes()[..cut];
        bench.fetch(FetchInput::Chunk(head.to_vec()));
        bench.act(|stream, cx| stream.read_more(cx));
        if bench.status() != StreamStatus::Done {
            bench.break_off();
            bench.wait();
            let rest = from(&events, bench.header("last-event-id"));
            bench.answer(200, "text/event-stream");
            bench.chunk(&rest);
        }
        assert_eq!(
            (bench.text.as_str(), bench.status()),
            (&*events.concat(), StreamStatus::Done),
            "cut at {cut}"
        );
    }
}

/// What a model ends with, in front of the end of the stream.
const FINISHED: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

#[test]
fn an_answer_whose_model_has_finished_is_whole_though_its_end_never_comes() {
    let hide: fn(&mut Bench) = |bench| bench.environment(Environment::PageHide { persisted: true });
    for resume in [Resume::Never, Resume::Always] {
        for lose in [Bench::wait, hide] {
            let config = StreamConfig { resume, ..text(format::Format::OpenAi) };
            let mut bench = Bench::streaming(config);
            bench.chunk(FINISHED);
            lose(&mut bench);
            assert_eq!((bench.status(), bench.state().error), (StreamStatus::Done, None));
            let reason = Some(Reason::Finished { word: "stop".into() });
            assert_eq!((bench.state().reason, bench.aborts), (reason, 1));
        }
    }
}

#[test]
fn a_place_to_begin_is_where_text_that_is_never_asked_for_again_begins() {
    let config = StreamConfig { last_event_id: "7".into(), ..text(format::Format::Sse) };
    let bench = Bench::started(config);
    assert_eq!(bench.header("last-event-id"), Some("7"));
    assert_eq!(bench.reasons, [(EndpointReason::Initial, false)]);
}

#[test]
fn a_character_that_is_cut_between_two_answers_is_whole() {
    let piece = |id: u32, json: &str| {
        format!("id: {id}\ndata: {{\"choices\":[{{\"delta\":{{\"content\":\"{json}\"}}}}]}}\n\n")
    };
    let config = StreamConfig { resume: Resume::ById, ..text(format::Format::OpenAi) };
    let mut bench = Bench::streaming(config);
    bench.chunk(&piece(1, "a\\ud83d"));
    bench.break_off();
    bench.wait();
    bench.answer(200, "text/event-stream");
    bench.chunk(&piece(2, "\\ude00b"));
    assert_eq!(bench.text, "a😀b");
}
