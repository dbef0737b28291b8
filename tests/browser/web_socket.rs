//! Real sockets against a server that does as its path says (`echo.mjs`).

use rejoin::io::{Input, Shown, SocketId, SocketInput, SocketOutput, SocketRefusal};
use rejoin::web::web_socket::Sockets;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Probe, page, sleep};

const FIRST: SocketId = SocketId(1);
const SECOND: SocketId = SocketId(2);

#[wasm_bindgen_test]
async fn a_frame_comes_back_byte_for_byte() {
    let page = Page::new();
    page.open(FIRST, "/").await;
    let frame: Vec<u8> = (0..=255).collect();
    page.sockets.perform(FIRST, SocketOutput::Send(frame.clone()));
    assert_eq!(page.next().await, (FIRST, SocketInput::Frame(frame)));
    page.sockets.perform(FIRST, SocketOutput::Send(Vec::new()));
    assert_eq!(page.next().await, (FIRST, SocketInput::Frame(Vec::new())));
    page.abandon(FIRST);
}

#[wasm_bindgen_test]
async fn the_subprotocol_the_server_chose_is_told() {
    let page = Page::new();
    let protocols = vec!["a".to_owned(), "b".to_owned()];
    page.sockets.perform(FIRST, SocketOutput::Open { url: echo("/"), protocols });
    assert_eq!(page.next().await, (FIRST, SocketInput::Opened { protocol: "b".to_owned() }));
    page.abandon(FIRST);
}

#[wasm_bindgen_test]
async fn a_text_frame_arrives_as_it_was_sent() {
    let page = Page::new();
    page.open(FIRST, "/text").await;
    assert_eq!(page.next().await, (FIRST, SocketInput::Text("héllo".to_owned())));
    let text = "naïve 😀".to_owned();
    page.sockets.perform(FIRST, SocketOutput::SendText(text.clone()));
    assert_eq!(page.next().await, (FIRST, SocketInput::Text(text)));
    page.abandon(FIRST);
}

#[wasm_bindgen_test]
async fn what_the_browser_has_not_sent_yet_is_measured() {
    let page = Page::new();
    page.open(FIRST, "/").await;
    page.sockets.perform(FIRST, SocketOutput::Measure);
    assert_eq!(page.next().await, (FIRST, SocketInput::Buffered(0)));
    page.sockets.perform(FIRST, SocketOutput::Send(vec![7; 8 << 20]));
    page.sockets.perform(FIRST, SocketOutput::Measure);
    assert_eq!(page.next().await, (FIRST, SocketInput::Buffered(8 << 20)));
    page.abandon(FIRST);
    page.sockets.perform(FIRST, SocketOutput::Measure);
    assert_eq!(page.next().await, (FIRST, SocketInput::Buffered(0)));
}

#[wasm_bindgen_test]
async fn the_servers_close_code_and_reason_arrive() {
    let page = Page::new();
    page.open(FIRST, "/close/4401/expired").await;
    let closed = SocketInput::Closed { code: 4401, reason: "expired".to_owned(), clean: true };
    assert_eq!(page.next().await, (FIRST, closed));
}

#[wasm_bindgen_test]
async fn a_refused_handshake_closes_with_1006() {
    let page = Page::new();
    page.sockets.perform(FIRST, opening(&echo("/status/403")));
    let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
    assert_eq!(page.next().await, (FIRST, closed));
}

#[wasm_bindgen_test]
async fn an_abandoned_socket_is_not_heard_any_more() {
    let page = Page::new();
    page.open(FIRST, "/").await;
    page.sockets.perform(FIRST, SocketOutput::Send(vec![1]));
    page.abandon(FIRST);
    page.open(SECOND, "/").await;
    page.sockets.perform(FIRST, SocketOutput::Send(vec![2]));
    page.sockets.perform(SECOND, SocketOutput::Send(vec![3]));
    assert_eq!(page.next().await, (SECOND, SocketInput::Frame(vec![3])));
    sleep(100).await;
    assert_eq!(page.probe.heard(), []);
    page.abandon(SECOND);
}

#[wasm_bindgen_test]
async fn a_socket_may_be_abandoned_while_it_connects() {
    let page = Page::new();
    page.sockets.perform(FIRST, opening(&echo("/never")));
    page.abandon(FIRST);
    sleep(100).await;
    assert_eq!(page.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn a_polite_close_is_not_answered_either() {
    let page = Page::new();
    page.open(FIRST, "/").await;
    let close = SocketOutput::Close { code: 1000, reason: "bye".to_owned() };
    page.sockets.perform(FIRST, close);
    sleep(100).await;
    assert_eq!(page.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn a_close_code_no_browser_takes_still_closes() {
    let page = Page::new();
    page.open(FIRST, "/").await;
    page.sockets.perform(FIRST, SocketOutput::Close { code: 1006, reason: "x".repeat(500) });
    page.sockets.perform(FIRST, SocketOutput::Send(vec![1]));
    sleep(100).await;
    assert_eq!(page.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn sending_before_the_handshake_ends_the_socket_instead_of_throwing() {
    let page = Page::new();
    page.sockets.perform(FIRST, opening(&echo("/never")));
    page.sockets.perform(FIRST, SocketOutput::Send(vec![1]));
    let closed = SocketInput::Closed { code: 1006, reason: String::new(), clean: false };
    assert_eq!(page.next().await, (FIRST, closed));
}

#[wasm_bindgen_test]
async fn a_url_that_is_none_is_refused() {
    let page = Page::new();
    for url in ["ws://[", "ftp://127.0.0.1/", "ws://127.0.0.1/#fragment"] {
        page.sockets.perform(FIRST, opening(url));
        let refused = SocketInput::Refused(SocketRefusal::InvalidUrl);
        assert_eq!(page.next().await, (FIRST, refused), "{url}");
    }
}

#[wasm_bindgen_test]
async fn a_scope_without_sockets_says_so() {
    let page = Page::new();
    let restore = page::hide("WebSocket");
    page.sockets.perform(FIRST, opening(&echo("/")));
    page::call(&restore);
    assert_eq!(page.next().await, (FIRST, SocketInput::Refused(SocketRefusal::Unavailable)));
}

#[wasm_bindgen_test]
async fn a_preflight_learns_the_status_and_how_long_to_wait() {
    let page = Page::new();
    page.preflight("/status/503/7");
    let shown = Shown::Everything;
    let status = SocketInput::HttpStatus { status: 503, retry_after: Some(7_000), shown };
    assert_eq!(page.next().await, (FIRST, status));
    page.preflight("/status/403");
    let status = SocketInput::HttpStatus { status: 403, retry_after: None, shown };
    assert_eq!(page.next().await, (FIRST, status));
}

#[wasm_bindgen_test]
async fn a_preflight_shows_the_token_where_that_is_allowed_and_tells_where_it_is_not() {
    let page = Page::new();
    for (path, status, shown) in [
        ("/bearer/secret", 426, Shown::Everything),
        ("/bearer/other", 401, Shown::Everything),
        ("/bearer/secret/any-origin", 426, Shown::NoCookies),
        ("/bearer/secret/no-header", 401, Shown::Nothing),
    ] {
        let token = Some("secret".to_owned());
        page.sockets.perform(FIRST, SocketOutput::Preflight { url: echo(path), token });
        let told = SocketInput::HttpStatus { status, retry_after: None, shown };
        assert_eq!(page.next().await, (FIRST, told), "{path}");
    }
}

#[wasm_bindgen_test]
async fn a_preflight_to_nowhere_fails_and_one_without_an_answer_ends_in_time() {
    let page = Page::new();
    let url = "ws://127.0.0.1:9/".to_owned();
    page.sockets.perform(FIRST, SocketOutput::Preflight { url, token: None });
    assert_eq!(page.next().await, (FIRST, SocketInput::PreflightFailed));
    page.preflight("/never");
    assert_eq!(page.next().await, (FIRST, SocketInput::PreflightFailed));
}

#[wasm_bindgen_test]
async fn an_abandoned_preflight_is_not_heard_any_more() {
    let page = Page::new();
    page.preflight("/status/503");
    page.abandon(FIRST);
    sleep(200).await;
    assert_eq!(page.probe.heard(), []);
}

#[wasm_bindgen_test]
async fn a_scope_without_fetch_fails_the_preflight() {
    let page = Page::new();
    let restore = page::hide("fetch");
    page.preflight("/status/503");
    let answer = page.next().await;
    page::call(&restore);
    assert_eq!(answer, (FIRST, SocketInput::PreflightFailed));
}

struct Page {
    probe: Probe,
    sockets: Sockets,
}

impl Page {
    fn new() -> Self {
        let probe = Probe::new();
        let sockets = Sockets::new(probe.host.clone(), None);
        Self { probe, sockets }
    }

    async fn open(&self, id: SocketId, path: &str) {
        self.sockets.perform(id, opening(&echo(path)));
        assert_eq!(self.next().await, (id, SocketInput::Opened { protocol: String::new() }));
    }

    fn abandon(&self, id: SocketId) {
        self.sockets.perform(id, SocketOutput::Abandon);
    }

    fn preflight(&self, path: &str) {
        self.sockets.perform(FIRST, SocketOutput::Preflight { url: echo(path), token: None });
    }

    async fn next(&self) -> (SocketId, SocketInput) {
        match self.probe.next().await {
            Input::Socket(id, input) => (id, input),
            other => panic!("expected news of a socket, got {other:?}"),
        }
    }
}

fn opening(url: &str) -> SocketOutput {
    SocketOutput::Open { url: url.to_owned(), protocols: Vec::new() }
}

fn echo(path: &str) -> String {
    let base =
        option_env!("REJOIN_TEST_ECHO").expect("REJOIN_TEST_ECHO: the URL that echo.mjs prints");
    format!("{base}{path}")
}
