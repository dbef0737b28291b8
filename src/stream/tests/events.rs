//! Streams of events: answers, waits, refusals.

use super::super::*;
use super::bench::*;
use crate::io::Environment;
use crate::status::EndpointReason;

#[test]
fn one_piece_is_read_at_a_time_and_the_next_one_when_the_app_asks() {
    let mut bench = Bench::streaming(events());
    assert_eq!((bench.status(), bench.reads), (StreamStatus::Streaming, 1));
    bench.fetch(FetchInput::Chunk(b": nothing for the app\n".to_vec()));
    assert_eq!(bench.reads, 2);
    bench.fetch(FetchInput::Chunk(b"data: a\n\ndata: b\n\n".to_vec()));
    assert_eq!((bench.messages.len(), bench.reads), (2, 2));
    assert_eq!(bench.stream.poll_timeout(), None);
    bench.act(|stream, cx| stream.read_more(cx));
    bench.act(|stream, cx| stream.read_more(cx));
    assert_eq!(bench.reads, 3);
}

#[test]
fn events_come_back_where_they_were_left_and_repeated_ones_are_dropped() {
    let mut bench = Bench::streaming(events());
    assert_eq!(bench.header("last-event-id"), None);
    assert_eq!(bench.header("accept"), Some("text/event-stream"));
    bench.chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c");
    bench.break_off();
    assert_eq!(bench.status(), StreamStatus::Reconnecting);
    assert!(bench.until_deadline() <= 2_000);
    bench.wait();
    assert_eq!(bench.header("last-event-id"), Some("2"));
    assert_eq!(bench.reasons.last(), Some(&(EndpointReason::Reconnect, true)));
    bench.answer(200, "text/event-stream");
    bench.chunk("id: 2\ndata: b\n\nid: 3\ndata: c\n\n");
    assert_eq!(bench.messages, ["a", "b", "c"]);
}

#[test]
fn a_clean_end_is_followed_by_another_attempt_and_an_id_without_an_event_counts() {
    let mut bench = Bench::streaming(events());
    bench.chunk("data: a\n\nid: 9\n\n");
    bench.end();
    assert_eq!(bench.state().reason, Some(Reason::Ended));
    assert_eq!(bench.state().error, None);
    bench.wait();
    assert_eq!(bench.header("last-event-id"), Some("9"));
}

#[test]
fn a_wait_that_the_server_names_is_kept_within_bounds() {
    for (named, least, most) in
        [(0, 250, 375), (4_000, 4_000, 6_000), (1u64 << 40, 300_000, 450_000)]
    {
        let mut bench = Bench::streaming(events());
        bench.chunk(&format!("retry: {named}\n"));
        bench.end();
        assert!((least..=most).contains(&bench.until_deadline()), "{named}");
    }
    let mut bench = Bench::started(events());
    bench.refuse(503, &[("retry-after", "30")], "");
    assert!((30_000..=45_000).contains(&bench.until_deadline()));
    bench.environment(Environment::Visible);
    assert!(bench.until_deadline() >= 30_000);
}

#[test]
fn the_named_wait_is_the_least_one_while_the_server_stays_away() {
    let mut bench = Bench::streaming(events());
    bench.chunk("retry: 3000\n");
    bench.end();
    let mut longest = 0;
    for _ in 0..8 {
        assert!(bench.until_deadline() >= 3_000);
        longest = longest.max(bench.until_deadline());
        bench.wait();
        bench.break_off();
    }
    assert!(longest > 6_000, "{longest}");
}

#[test]
fn a_refused_token_is_replaced_once() {
    let config = StreamConfig { refreshable: true, ..events() };
    let mut bench = Bench::started(config);
    bench.refuse(401, &[], "expired");
    assert_eq!(bench.reasons.last(), Some(&(EndpointReason::Rejected, false)));
    assert_eq!(bench.opened.len(), 2);
    bench.refuse(401, &[], "still expired");
    assert_eq!((bench.status(), bench.error()), (StreamStatus::Error, (ErrorCode::Auth, false)));
    assert_eq!(bench.opened.len(), 2);
    assert_eq!(bench.stream.poll_timeout(), None);
}

#[test]
fn a_token_that_worked_may_be_replaced_again() {
    let config = StreamConfig { refreshable: true, ..events() };
    let mut bench = Bench::started(config);
    for _ in 0..3 {
        bench.refuse(401, &[], "");
        bench.answer(200, "text/event-stream");
        bench.end();
        bench.wait();
    }
    assert_eq!(bench.status(), StreamStatus::Reconnecting);
}

#[test]
fn a_refused_request_without_a_token_fails_at_once_with_what_the_server_said() {
    let mut bench = Bench::started(events());
    bench.refuse(401, &[], "no entry");
    let error = bench.state().error.unwrap();
    assert_eq!((error.status, error.body.as_deref()), (Some(401), Some("no entry")));
    assert_eq!(bench.state().reason, Some(Reason::Http { status: 401 }));
}

#[test]
fn fatal_answers_end_the_stream_and_are_not_asked_again() {
    for (status, code) in [
        (403, ErrorCode::Forbidden),
        (404, ErrorCode::NotFound),
        (400, ErrorCode::Connection),
        (205, ErrorCode::Protocol),
    ] {
        let mut bench = Bench::started(events());
        bench.refuse(status, &[("content-type", "application/json")], "{}");
        assert_eq!(bench.error(), (code, false), "{status}");
        assert_eq!(bench.stream.poll_timeout(), None);
    }
}

#[test]
fn no_content_ends_the_stream_without_an_error() {
    let mut bench = Bench::started(events());
    bench.answer(204, "");
    assert_eq!((bench.status(), bench.state().error), (StreamStatus::Done, None));
    assert_eq!(bench.stream.poll_timeout(), None);
}

#[test]
fn a_page_instead_of_a_stream_is_told_with_a_bounded_piece_of_it() {
    let mut bench = Bench::started(events());
    bench.answer(200, "text/html");
    bench.chunk(&"é".repeat(3_000));
    let error = bench.state().error.unwrap();
    assert_eq!(error.problem.code, ErrorCode::Protocol);
    assert_eq!(error.body.unwrap().len(), 4_096);
    assert_eq!((bench.aborts, bench.stream.poll_timeout()), (1, None));
}

#[test]
fn a_refusal_whose_body_hangs_is_told_all_the_same() {
    let mut bench = Bench::started(events());
    bench.answer(403, "text/plain");
    bench.chunk("you may");
    bench.wait();
    assert_eq!(bench.state().error.unwrap().body.as_deref(), Some("you may"));
}

#[test]
fn an_event_above_the_limit_fails_the_stream_and_what_came_before_is_told() {
    let mut config = events();
    config.limits = parser::Limits { line: 20, event: 20 };
    let mut bench = Bench::streaming(config);
    bench.chunk("data: a\n\ndata: 1234567890123456789\n\n");
    assert_eq!(bench.messages, ["a"]);
    assert_eq!(bench.error(), (ErrorCode::FrameTooLarge, false));
    assert_eq!((bench.aborts, bench.stream.poll_timeout()), (1, None));
}

#[test]
fn what_failed_goes_on_when_the_app_says_so() {
    let config = StreamConfig {
        backoff: crate::backoff::BackoffPolicy { max_attempts: Some(1), ..Default::default() },
        ..events()
    };
    let mut bench = Bench::streaming(config);
    bench.chunk("id: 1\ndata: a\n\n");
    bench.break_off();
    bench.wait();
    bench.break_off();
    assert_eq!(bench.status(), StreamStatus::Error);
    bench.act(Stream::start);
    assert_eq!(
        (bench.header("last-event-id"), bench.status()),
        (Some("1"), StreamStatus::Reconnecting)
    );
}

#[test]
fn an_id_that_goes_in_the_url_is_not_a_header() {
    let options = serde_json::json!({"idInUrl": true, "lastEventId": "7"});
    let bench = Bench::started(StreamConfig::from_json(&options).unwrap());
    assert_eq!(bench.header("last-event-id"), None);
}
