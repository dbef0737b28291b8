use super::*;
use crate::io::{Environment, FetchInput, FetchOutput};
use crate::json::JsonText;
use crate::machine::AppEvent;
use crate::stream::StreamConfig;
use crate::time::WallClock;

const NOW: Instant = Instant::from_millis(5_000);

fn drain(links: &mut Links) -> (Vec<FetchOutput>, Vec<String>) {
    let (mut fetches, mut events) = (Vec::new(), Vec::new());
    while let Some(output) = links.poll_output() {
        match output {
            Output::Fetch(_, output) => fetches.push(output),
            Output::Event(event) => {
                let mut json = JsonText::default();
                event.write(&mut json, WallClock(1_000_000.0));
                events.push(json.finish());
            }
            other => panic!("{other:?}"),
        }
    }
    (fetches, events)
}

/// A stream with its request under way.
fn connecting(links: &mut Links) -> (u32, crate::io::FetchId) {
    let link = links.open_stream(NOW, StreamConfig::events());
    links.start_stream(NOW, link).unwrap();
    let request = crate::io::EndpointRequest(links.last_id);
    links.provide_stream(NOW, link, request, "http://a/");
    let fetch = links.streams.get(&link).and_then(Stream::fetch).unwrap();
    drain(links);
    (link, fetch)
}

#[test]
fn two_streams_hear_only_what_is_theirs() {
    let mut links = Links::new(1);
    let (first, fetch) = connecting(&mut links);
    let (second, _) = connecting(&mut links);
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    links.handle_input(NOW, Input::Fetch(fetch, FetchInput::Response { status: 200, headers }));
    links.handle_input(
        NOW,
        Input::Fetch(fetch, FetchInput::Chunk(b"id: 7\ndata: \"\xc3\xa9\"\n\n".to_vec())),
    );
    let (fetches, events) = drain(&mut links);
    assert_eq!(fetches, [FetchOutput::Read]);
    assert_ne!(first, second);
    let head = format!(
        r#"{{"type":"response","link":{first},"status":200,"headers":[["content-type","text/event-stream"]]}}"#
    );
    let state = format!(
        r#"{{"type":"stream","link":{first},"status":"streaming","attempt":0,"nextRetryAt":null,"reason":null,"error":null}}"#
    );
    let messages = format!(
        r#"{{"type":"messages","link":{first},"messages":[["message","\"é\"","7"]],"id":"7","behind":0}}"#
    );
    assert_eq!(events, [head, state, messages]);
}

#[test]
fn a_refusal_is_written_with_its_status_and_body() {
    let mut links = Links::new(1);
    let (link, fetch) = connecting(&mut links);
    let headers = Vec::new();
    links.handle_input(NOW, Input::Fetch(fetch, FetchInput::Response { status: 500, headers }));
    links.handle_input(NOW, Input::Fetch(fetch, FetchInput::Chunk(b"later".to_vec())));
    links.handle_input(NOW, Input::Fetch(fetch, FetchInput::End));
    let (_, events) = drain(&mut links);
    let state = events.last().unwrap();
    let begin = format!(
        r#"{{"type":"stream","link":{link},"status":"connecting","attempt":1,"nextRetryAt":10"#
    );
    assert!(state.starts_with(&begin), "{state}");
    assert!(state.contains(r#""reason":{"kind":"http","status":500}"#), "{state}");
    assert!(state.ends_with(r#""retryable":true,"status":500,"body":"later"}}"#), "{state}");
}

#[test]
fn a_link_that_is_let_go_aborts_its_request_and_is_not_heard_any_more() {
    let mut links = Links::new(1);
    let (link, fetch) = connecting(&mut links);
    links.leave(NOW, link);
    assert_eq!(drain(&mut links), (vec![FetchOutput::Abort], vec![]));
    links.handle_input(NOW, Input::Fetch(fetch, FetchInput::End));
    assert_eq!(drain(&mut links), (vec![], vec![]));
    assert!(links.start_stream(NOW, link).is_err());
    assert_eq!(links.poll_timeout(), None);
}

#[test]
fn closing_lets_go_of_all_links() {
    let mut links = Links::new(1);
    connecting(&mut links);
    connecting(&mut links);
    links.close(NOW);
    assert_eq!(drain(&mut links).0, [FetchOutput::Abort, FetchOutput::Abort]);
}

#[test]
fn a_stream_that_comes_later_knows_what_the_page_is_like() {
    let mut links = Links::new(1);
    links.handle_input(NOW, Input::Environment(Environment::Offline));
    let (link, fetch) = connecting(&mut links);
    links.handle_input(NOW, Input::Fetch(fetch, FetchInput::Failed { message: "x".into() }));
    let state = links.streams.get(&link).unwrap().public_state();
    assert_eq!(state.reason, Some(crate::status::Reason::Offline));
    assert_eq!(links.poll_timeout().unwrap().at, NOW + 60_000);
}
