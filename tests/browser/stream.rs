//! Streams in a real browser: the rules against its own `EventSource`, and its `fetch`.

use std::collections::BTreeSet;

use js_sys::{JSON, Object};
use rejoin::io::{FetchId, FetchInput, FetchOutput, Input};
use rejoin::stream::parser::{Item, Limits, Parser};
use rejoin::web::fetch::Fetches;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Probe, page, sleep};
use crate::vectors::{Heard, Vector, vectors};

const FIRST: FetchId = FetchId(1);
const SECOND: FetchId = FetchId(2);
const SOURCE: u32 = 7;

#[wasm_bindgen_test]
fn every_rule_holds_in_wasm_at_every_cut_and_byte_by_byte() {
    for vector in vectors() {
        let bytes = vector.bytes.as_slice();
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(heard(&[head, tail]), vector.expected, "{}, cut at {cut}", vector.name);
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(heard(&single), vector.expected, "{}, byte by byte", vector.name);
    }
}

#[wasm_bindgen_test]
async fn the_browsers_own_event_source_hears_the_same() {
    for vector in vectors() {
        let page = Page::new();
        page.fetches.prepare(SOURCE, native(&vector));
        page.open(FIRST, &format!("/sse/hex/{}", hex(&vector.bytes)));
        let told = page.rest_of_native().await;
        let expected = Heard { retry: Vec::new(), id: String::new(), ..vector.expected };
        let told = Heard { retry: Vec::new(), id: String::new(), ..heard(&[&told]) };
        assert_eq!(told, expected, "{}", vector.name);
    }
}

#[wasm_bindgen_test]
async fn fetch_gives_the_bytes_as_they_are_sent_one_piece_for_each_read() {
    let bytes = "id: 1\ndata: é\u{2028}\r\n\r".as_bytes();
    for way in ["sse", "drip"] {
        let page = Page::new();
        page.open(FIRST, &format!("/{way}/hex/{}", hex(bytes)));
        let (status, headers) = page.head(FIRST).await;
        assert_eq!(status, 200);
        assert!(headers.contains(&("content-type".into(), "text/event-stream".into())));
        sleep(50).await;
        assert_eq!(page.probe.heard(), [], "nothing is read unasked");
        assert_eq!(page.body(FIRST).await, bytes);
    }
}

#[wasm_bindgen_test]
async fn the_apps_headers_go_with_ours_and_an_id_goes_as_its_bytes() {
    let page = Page::new();
    let options =
        JSON::parse(r#"{"headers": {"X-Own": "mine", "Accept": "text/x"}, "native": false}"#);
    page.fetches.prepare(SOURCE, options.unwrap().unchecked_into());
    let headers = vec![
        ("accept".to_owned(), "text/event-stream".to_owned()),
        ("last-event-id".to_owned(), "é…".to_owned()),
    ];
    let url = http("/headers");
    page.fetches.perform(FIRST, FetchOutput::Open { source: SOURCE, url, headers });
    page.head(FIRST).await;
    let told: serde_json::Value = serde_json::from_slice(&page.body(FIRST).await).unwrap();
    assert_eq!(told["x-own"], "mine");
    assert_eq!(told["accept"], "text/x");
    let bytes: Vec<u8> =
        told["last-event-id"].as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect();
    assert_eq!(String::from_utf8(bytes).unwrap(), "é…");
}

#[wasm_bindgen_test]
async fn a_status_and_a_wish_to_wait_are_told_and_a_dead_place_fails() {
    let page = Page::new();
    page.open(FIRST, "/status/503/7");
    let (status, headers) = page.head(FIRST).await;
    assert_eq!(status, 503);
    assert!(headers.contains(&("retry-after".into(), "7".into())), "{headers:?}");
    assert_eq!(page.body(FIRST).await, b"");
    let url = "http://127.0.0.1:9/".to_owned();
    let open = FetchOutput::Open { source: SOURCE, url, headers: Vec::new() };
    page.fetches.perform(SECOND, open);
    assert!(matches!(page.next().await, (SECOND, FetchInput::Failed { .. })));
}

#[wasm_bindgen_test]
async fn a_wait_until_a_date_becomes_seconds() {
    let page = Page::new();
    page.open(FIRST, "/status/429/Thu, 01 Jan 1970 00:00:00 GMT");
    let (_, headers) = page.head(FIRST).await;
    assert!(headers.contains(&("retry-after".into(), "0".into())), "{headers:?}");
}

#[wasm_bindgen_test]
async fn an_aborted_request_is_not_heard_any_more() {
    for path in ["/never", "/hold"] {
        let page = Page::new();
        page.open(FIRST, path);
        page.fetches.perform(FIRST, FetchOutput::Abort);
        page.fetches.perform(FIRST, FetchOutput::Read);
        sleep(100).await;
        assert_eq!(page.probe.heard(), []);
    }
    let page = Page::new();
    page.open(FIRST, "/hold");
    page.head(FIRST).await;
    page.fetches.perform(FIRST, FetchOutput::Read);
    assert_eq!(page.next().await, (FIRST, FetchInput::Chunk(b"data: held\n\n".to_vec())));
    page.fetches.perform(FIRST, FetchOutput::Read);
    page.fetches.perform(FIRST, FetchOutput::Abort);
    sleep(100).await;
    assert_eq!(page.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn what_would_outlive_a_dead_instance_is_undone_by_its_remains() {
    let page = Page::new();
    page.open(FIRST, "/hold");
    page.head(FIRST).await;
    page.fetches.perform(FIRST, FetchOutput::Read);
    page.next().await;
    page.fetches.perform(FIRST, FetchOutput::Read);
    page.probe.host.remains().as_set().for_each(&mut |undo, _, _| {
        page::call(&undo.unchecked_into());
    });
    assert!(matches!(page.next().await, (FIRST, FetchInput::Failed { .. })));
}

#[wasm_bindgen_test]
async fn a_scope_without_fetch_or_event_source_fails_the_request() {
    for (global, options) in [("fetch", "{}"), ("EventSource", r#"{"native": true}"#)] {
        let page = Page::new();
        page.fetches.prepare(SOURCE, JSON::parse(options).unwrap().unchecked_into());
        let restore = page::hide(global);
        page.open(FIRST, "/hold");
        page::call(&restore);
        assert!(matches!(page.next().await, (FIRST, FetchInput::Failed { .. })), "{global}");
    }
}

struct Page {
    probe: Probe,
    fetches: Fetches,
}

impl Page {
    fn new() -> Self {
        let probe = Probe::new();
        let fetches = Fetches::new(probe.host.clone());
        Self { probe, fetches }
    }

    fn open(&self, id: FetchId, path: &str) {
        let open = FetchOutput::Open { source: SOURCE, url: http(path), headers: Vec::new() };
        self.fetches.perform(id, open);
    }

    async fn next(&self) -> (FetchId, FetchInput) {
        match self.probe.next().await {
            Input::Fetch(id, input) => (id, input),
            other => panic!("expected news of a request, got {other:?}"),
        }
    }

    async fn head(&self, id: FetchId) -> (u16, Vec<(String, String)>) {
        match self.next().await {
            (told, FetchInput::Response { status, headers }) if told == id => (status, headers),
            other => panic!("expected a head, got {other:?}"),
        }
    }

    async fn body(&self, id: FetchId) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            self.fetches.perform(id, FetchOutput::Read);
            match self.next().await {
                (told, FetchInput::Chunk(bytes)) if told == id => body.extend(bytes),
                (_, FetchInput::End) => return body,
                other => panic!("expected a piece, got {other:?}"),
            }
        }
    }

    /// What an `EventSource` tells until its first answer ends.
    async fn rest_of_native(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            match self.next().await.1 {
                FetchInput::Response { status, .. } => assert_eq!(status, 200),
                FetchInput::Chunk(chunk) => bytes.extend(chunk),
                FetchInput::Failed { .. } => return bytes,
                FetchInput::End => panic!("an EventSource does not end"),
            }
        }
    }
}

fn heard(chunks: &[&[u8]]) -> Heard {
    let mut parser = Parser::new(Limits::default(), "");
    let mut items = Vec::new();
    for chunk in chunks {
        parser.feed(chunk, &mut items).unwrap();
    }
    let mut heard = Heard { id: parser.last_event_id().to_owned(), ..Heard::default() };
    for item in items {
        match item {
            Item::Event(message) => heard.events.push((message.event, message.data, message.id)),
            Item::Retry(wait) => heard.retry.push(wait),
            Item::Id(_) => {}
        }
    }
    heard
}

/// Options that listen to the names of a vector.
fn native(vector: &Vector) -> Object {
    let names: BTreeSet<&String> = vector.expected.events.iter().map(|(name, ..)| name).collect();
    let options = serde_json::json!({ "native": true, "events": names });
    JSON::parse(&options.to_string()).unwrap().unchecked_into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn http(path: &str) -> String {
    let base =
        option_env!("REJOIN_TEST_ECHO").expect("REJOIN_TEST_ECHO: the URL that echo.mjs prints");
    format!("{}{path}", base.replace("ws://", "http://"))
}
