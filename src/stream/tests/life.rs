//! Time, network and page life.

use super::super::*;
use super::bench::*;
use crate::backoff::BackoffPolicy;
use crate::io::Environment;
use crate::time::Instant;
use fastrand::Rng;

#[test]
fn comments_are_life_and_silence_is_not() {
    let mut bench = Bench::streaming(events());
    for _ in 0..5 {
        bench.now += 44_000;
        bench.act(Stream::handle_timeout);
        bench.chunk(": ping\n");
    }
    assert_eq!(bench.status(), StreamStatus::Streaming);
    assert_eq!(bench.until_deadline(), 45_000);
    bench.wait();
    assert_eq!(bench.state().reason, Some(Reason::Timeout { waiting_for: "idle" }));
    assert_eq!((bench.status(), bench.aborts), (StreamStatus::Reconnecting, 1));
}

#[test]
fn a_server_that_has_nothing_to_say_is_asked_again_without_growing_waits() {
    let mut bench = Bench::streaming(events());
    for _ in 0..12 {
        bench.wait();
        assert_eq!(bench.state().attempt, 1);
        assert!(bench.until_deadline() <= 2_000, "{} ms", bench.until_deadline());
        bench.wait();
        bench.answer(200, "text/event-stream");
    }
}

#[test]
fn a_late_timer_of_our_own_is_forgiven_once() {
    let mut bench = Bench::streaming(events());
    bench.now += 3_600_000;
    bench.act(Stream::handle_timeout);
    assert_eq!((bench.status(), bench.until_deadline()), (StreamStatus::Streaming, 10_000));
    bench.wait();
    assert_eq!(bench.status(), StreamStatus::Reconnecting);
}

#[test]
fn a_flapping_server_is_asked_ten_times_in_twenty_seconds_at_most() {
    for seed in 0..50 {
        let mut bench = Bench::started(events());
        bench.rng = Rng::with_seed(seed);
        let start = bench.now;
        while bench.now < start + 20_000 {
            bench.answer(200, "text/event-stream");
            bench.chunk("data: hello\n\n");
            bench.end();
            bench.wait();
        }
        assert!(bench.opened.len() <= 11, "{} with seed {seed}", bench.opened.len());
    }
}

#[test]
fn a_server_that_names_a_wait_and_ends_each_answer_is_asked_again_after_that_wait_for_ever() {
    let backoff = BackoffPolicy { max_attempts: Some(3), ..BackoffPolicy::default() };
    let mut bench = Bench::started(StreamConfig { backoff, ..events() });
    for _ in 0..8 {
        bench.answer(200, "text/event-stream");
        bench.chunk("retry: 1000\ndata: a\n\n");
        bench.end();
        let wait = bench.until_deadline();
        assert!((1_000..=1_500).contains(&wait), "{wait} ms");
        bench.wait();
    }
}

#[test]
fn a_wait_that_a_server_names_does_not_hide_answers_that_say_nothing() {
    let mut bench = Bench::streaming(events());
    bench.chunk("retry: 1000\ndata: a\n\n");
    for failures in 1..4 {
        bench.end();
        assert_eq!(bench.state().attempt, failures);
        bench.wait();
        bench.answer(200, "text/event-stream");
    }
}

#[test]
fn attempts_begin_anew_after_a_stream_that_ran() {
    let mut bench = Bench::streaming(events());
    for _ in 0..6 {
        bench.end();
        bench.wait();
        bench.answer(200, "text/event-stream");
    }
    bench.chunk("data: a\n\n");
    bench.now += 10_000;
    bench.end();
    assert_eq!(bench.state().attempt, 1);
}

#[test]
fn a_page_that_is_put_aside_does_not_break_text_that_cannot_be_had_again() {
    let mut bench = Bench::streaming(text(format::Format::Sse));
    bench.environment(Environment::Hidden);
    bench.environment(Environment::PageHide { persisted: true });
    bench.environment(Environment::PageShow { persisted: true });
    bench.chunk("data: a\n\n");
    bench.chunk("event: done\ndata\n\n");
    assert_eq!((bench.text.as_str(), bench.status()), ("a", StreamStatus::Done));
    assert_eq!(bench.opened.len(), 1);
}

#[test]
fn a_page_in_the_back_forward_cache_holds_no_stream() {
    let mut bench = Bench::streaming(events());
    bench.chunk("id: 1\ndata: a\n\n");
    bench.environment(Environment::PageHide { persisted: true });
    assert_eq!((bench.aborts, bench.state().reason), (1, Some(Reason::Suspended)));
    assert_eq!(bench.stream.poll_timeout(), None);
    bench.environment(Environment::Visible);
    bench.environment(Environment::Online);
    assert_eq!(bench.opened.len(), 1);
    bench.environment(Environment::PageShow { persisted: true });
    assert_eq!((bench.opened.len(), bench.header("last-event-id")), (2, Some("1")));
}

#[test]
fn without_a_network_attempts_wait_and_with_it_they_come_soon() {
    let mut bench = Bench::streaming(events());
    bench.environment(Environment::Offline);
    assert_eq!(bench.status(), StreamStatus::Streaming);
    bench.break_off();
    assert_eq!(bench.state().reason, Some(Reason::Offline));
    assert_eq!(bench.until_deadline(), 60_000);
    bench.environment(Environment::Online);
    assert!((100..=500).contains(&bench.until_deadline()));
}

#[test]
fn a_stream_is_doubted_after_the_network_came_back() {
    let mut bench = Bench::streaming(events());
    bench.environment(Environment::Offline);
    bench.environment(Environment::Online);
    assert_eq!(bench.until_deadline(), 10_000);
    bench.chunk(": alive\n");
    assert_eq!(bench.until_deadline(), 45_000);
}

#[test]
fn wake_events_shorten_a_wait_once_a_second() {
    let mut bench = Bench::streaming(events());
    for _ in 0..6 {
        bench.break_off();
        bench.wait();
    }
    bench.break_off();
    bench.environment(Environment::Visible);
    assert!(bench.until_deadline() <= 500);
    bench.wait();
    bench.break_off();
    let before = bench.until_deadline();
    bench.environment(Environment::Visible);
    assert_eq!(bench.until_deadline(), before);
}

#[test]
fn a_wait_that_a_server_asked_for_outlasts_what_wakes_the_page() {
    let wakes: [&[Environment]; 4] = [
        &[Environment::Visible],
        &[Environment::Offline, Environment::Online],
        &[Environment::PageHide { persisted: true }, Environment::PageShow { persisted: true }],
        &[Environment::Resume, Environment::ClockJump],
    ];
    for wake in wakes {
        let mut bench = Bench::started(events());
        bench.refuse(503, &[("retry-after", "20")], "");
        wake.iter().for_each(|environment| bench.environment(*environment));
        assert!(bench.until_deadline() >= 20_000, "{wake:?}: {} ms", bench.until_deadline());
        bench.act(Stream::start);
        assert_eq!(bench.opened.len(), 2, "the app itself may ask");
    }
}

#[test]
fn a_wait_that_a_server_asked_for_counts_for_a_stream_that_rested_and_not_for_the_app() {
    let rested = || {
        let mut bench = Bench::started(events());
        bench.refuse(429, &[("retry-after", "20")], "");
        bench.act(|stream, _| stream.disconnect());
        bench.now += 5_000;
        bench
    };
    let mut bench = rested();
    bench.act(Stream::resume);
    assert_eq!(bench.opened.len(), 1);
    assert!(bench.until_deadline() >= 15_000, "{} ms", bench.until_deadline());
    bench.wait();
    assert_eq!(bench.opened.len(), 2);
    let mut bench = rested();
    bench.act(Stream::start);
    assert_eq!(bench.opened.len(), 2);
    let mut bench = rested();
    bench.now += 60_000;
    bench.act(Stream::resume);
    assert_eq!(bench.opened.len(), 2);
}

#[test]
fn a_wait_that_a_server_asked_for_counts_although_its_words_were_not_read_to_the_end() {
    let mut bench = Bench::started(events());
    let headers = vec![("retry-after".to_owned(), "20".to_owned())];
    bench.fetch(FetchInput::Response { status: 503, headers });
    bench.environment(Environment::PageHide { persisted: true });
    bench.environment(Environment::PageShow { persisted: true });
    assert_eq!(bench.opened.len(), 1);
    assert!(bench.until_deadline() >= 20_000, "{} ms", bench.until_deadline());
}

#[test]
fn an_attempt_from_before_the_network_came_back_is_begun_again() {
    let mut bench = Bench::started(events());
    bench.now += 5_000;
    bench.environment(Environment::Online);
    assert_eq!((bench.opened.len(), bench.aborts), (2, 1));
    let mut bench = Bench::started(text(format::Format::Sse));
    bench.now += 5_000;
    bench.environment(Environment::Online);
    assert_eq!((bench.opened.len(), bench.aborts), (1, 0));
}

#[test]
fn inputs_of_old_requests_are_ignored() {
    let mut bench = Bench::streaming(events());
    let old = bench.stream.fetch().unwrap();
    bench.break_off();
    bench.wait();
    for input in [
        FetchInput::Chunk(b"data: old\n\n".to_vec()),
        FetchInput::End,
        FetchInput::Failed { message: String::new() },
        FetchInput::Response { status: 204, headers: Vec::new() },
    ] {
        bench.act(|stream, cx| stream.handle_fetch(cx, old, input));
    }
    assert_eq!((bench.messages.len(), bench.status()), (0, StreamStatus::Reconnecting));
}

#[test]
fn an_app_that_does_not_answer_or_fails_is_asked_again() {
    let mut bench = Bench::new(events());
    let now = Instant::from_millis(bench.now);
    let mut cx = Context { now, rng: &mut bench.rng, last_id: &mut bench.last_id };
    bench.stream.start(&mut cx);
    while bench.stream.poll_action().is_some() {}
    bench.wait();
    assert_eq!(bench.error(), (ErrorCode::Unavailable, true));
    let mut cx = Context { now, rng: &mut bench.rng, last_id: &mut bench.last_id };
    bench.stream.start(&mut cx);
    let request = EndpointRequest(*cx.last_id);
    bench.stream.refuse(&mut cx, request, EndpointFailure::Unauthorized, "signed out");
    assert_eq!((bench.status(), bench.error()), (StreamStatus::Error, (ErrorCode::Auth, false)));
}
