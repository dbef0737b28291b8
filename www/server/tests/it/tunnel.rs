//! Rooms over HTTP: events down, requests up, beside and instead of WebSockets.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rejoin::protocol::auth::Auth;
use rejoin::protocol::{encode, tag};
use rejoin::tunnel::body::{Body, Item};
use rejoin_server::{AccessConfig, Config, SocketConfig, TunnelConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Server, config, refused, within};

/// One answer with events, read as it comes.
struct Events {
    stream: TcpStream,
    text: String,
}

impl Events {
    async fn get(server: &Server, query: &str, headers: &str) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("a connection");
        Self::over(stream, query, headers).await
    }

    async fn over(mut stream: TcpStream, query: &str, headers: &str) -> Self {
        let request = format!("GET /room?{query} HTTP/1.1\r\nhost: here\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        Self { stream, text: String::new() }
    }

    /// Reads until the text has this in it.
    async fn until(&mut self, what: &str) {
        while !self.text.contains(what) {
            assert!(self.more().await, "no {what:?} in {}", self.text);
        }
    }

    async fn read_all(&mut self) {
        // The last chunk of a chunked body.
        while !self.text.contains("\r\n0\r\n\r\n") && self.more().await {}
    }

    async fn more(&mut self) -> bool {
        let mut bytes = [0; 4_096];
        let read = within(self.stream.read(&mut bytes)).await.unwrap_or(0);
        self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        read > 0
    }

    async fn session(&mut self) -> String {
        self.until("event:open\ndata:").await;
        self.until("\n\n").await;
        let name = self.text.split("event:open\ndata:").nth(1).expect("a name");
        name.split('\n').next().expect("a name").to_owned()
    }

    /// The frames so far.
    fn frames(&self) -> Vec<Vec<u8>> {
        let data = self.text.split("\ndata:").skip(1).filter_map(|rest| rest.split('\n').next());
        data.filter_map(|data| STANDARD.decode(data).ok()).collect()
    }
}

async fn post(server: &Server, session: &str, first: u64, items: Vec<Item<'_>>) -> u16 {
    send(server, session, Body { received: 0, first, items }).await
}

async fn send(server: &Server, session: &str, body: Body<'_>) -> u16 {
    let body = body.encode();
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /room?tunnel={session} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    stream.write_all(&body).await.expect("a body");
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

fn is_step_2(frame: &[u8]) -> bool {
    frame.starts_with(&[tag::SYNC as u8, tag::SYNC_STEP_2 as u8])
}

fn is_update(frame: &[u8]) -> bool {
    frame.starts_with(&[tag::SYNC as u8, tag::UPDATE as u8])
}

#[tokio::test]
async fn a_tunnel_is_a_member_of_its_room_like_any_other() {
    let server = Server::start(config()).await;
    let mut alice = server.join("room").await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    assert!(events.text.contains("content-type: text/event-stream"), "{}", events.text);
    alice.type_text("hello").await;
    events.until("id:1\n").await;
    let health = server.app.health().await.expect("health");
    assert_eq!(health.members, 2);

    // What goes up reaches the others; what comes twice counts once.
    let frame = encode::sync_step_1(&[0]);
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&frame)]).await, 204);
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&frame)]).await, 204);
    while !events.frames().iter().any(|frame| is_step_2(frame)) {
        assert!(events.more().await);
    }
    assert_eq!(post(&server, &session, 3, vec![Item::Frame(&frame)]).await, 409, "2 is missing");

    let close = vec![Item::Close { code: 1000, reason: "" }];
    assert_eq!(post(&server, &session, 2, close).await, 204);
    while server.app.health().await.is_some_and(|health| health.members != 1) {
        tokio::task::yield_now().await;
    }
    assert_eq!(post(&server, &session, 2, Vec::new()).await, 410);
}

#[tokio::test]
async fn a_cut_answer_is_resumed_behind_what_was_seen() {
    let server = Server::start(config()).await;
    let mut alice = server.join("room").await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    for text in ["a", "b", "c"] {
        alice.type_text(text).await;
    }
    events.until("id:3\n").await;
    drop(events);
    let mut again =
        Events::get(&server, &format!("tunnel={session}"), "last-event-id: 1\r\n").await;
    again.until("id:3\n").await;
    assert!(again.text.contains("id:2\n") && !again.text.contains("id:1\n"), "{}", again.text);
    assert!(!again.text.contains("event:open"));
    let gone = Events::get(&server, &format!("tunnel={session}"), "last-event-id: 0\r\n").await;
    let mut gone = gone;
    gone.until("HTTP/1.1 410").await;
    let mut unknown = Events::get(&server, "tunnel=nobody", "").await;
    unknown.until("HTTP/1.1 410").await;
}

#[tokio::test]
async fn an_answer_that_is_asked_to_end_does_as_soon_as_it_says_something() {
    let tunnel = TunnelConfig { hold: Duration::from_millis(50), ..TunnelConfig::default() };
    let server = Server::start(Config { tunnel, ..config() }).await;
    let mut alice = server.join("room").await;
    let mut opening = Events::get(&server, "tunnel=new&poll=1", "").await;
    opening.read_all().await;
    let session = opening.session().await;
    let mut first = Events::get(&server, &format!("tunnel={session}&poll=1"), "").await;
    first.read_all().await;
    assert_eq!(first.frames().len(), 1, "the server's question: {}", first.text);
    let seen = "last-event-id: 1\r\n";
    let mut empty = Events::get(&server, &format!("tunnel={session}&poll=1"), seen).await;
    empty.read_all().await;
    assert!(empty.frames().is_empty() && empty.text.contains("200 OK"), "{}", empty.text);
    alice.type_text("hello").await;
    alice.reads("hello").await;
    let mut full = Events::get(&server, &format!("tunnel={session}&poll=1"), seen).await;
    full.read_all().await;
    assert!(full.text.contains("id:2\n"), "{}", full.text);
}

#[tokio::test]
async fn a_session_that_nobody_reads_ends_after_a_grace() {
    let tunnel = TunnelConfig { grace: Duration::from_millis(100), ..TunnelConfig::default() };
    let server = Server::start(Config { tunnel, ..config() }).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    drop(events);
    while server.app.health().await.is_some_and(|health| health.members > 0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(post(&server, &session, 1, Vec::new()).await, 410);
}

#[tokio::test]
async fn a_session_whose_client_says_nothing_more_ends_for_its_reader_too() {
    let socket = SocketConfig { ping: Duration::from_millis(200), ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    events.session().await;
    // It reads each ping, and answers none.
    events.read_all().await;
    assert_eq!(server.app.health().await.map(|health| health.members), Some(0));
}

#[tokio::test]
async fn what_is_left_of_an_answer_is_not_kept_for_who_takes_nothing_of_it() {
    let socket = SocketConfig { ping: Duration::from_millis(500), ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let text = "x".repeat(7_500_000);
    let mut alice = server.join("room").await;
    alice.type_text(&text).await;
    while !is_update(&alice.frame().await) {}
    let stream = TcpSocket::new_v4().expect("a socket");
    stream.set_recv_buffer_size(10_000).expect("a size");
    let stream = stream.connect(server.address).await.expect("a connection");
    let mut events = Events::over(stream, "tunnel=new", "").await;
    let session = events.session().await;
    let frame = encode::sync_step_1(&[0]);
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&frame)]).await, 204);
    drop(alice);
    while server.app.health().await.is_some_and(|health| health.members > 0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What the system has taken already it still gets.
    events.read_all().await;
    assert!(events.text.len() < text.len(), "{} of {}", events.text.len(), text.len());
}

#[tokio::test]
async fn so_many_requests_of_one_session_and_no_more_are_read_at_a_time() {
    let server = Server::start(config()).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    let head =
        format!("POST /room?tunnel={session} HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\n");
    let mut half = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("a request");
        half.push(stream);
    }
    // The three are taken up in their own time.
    while post(&server, &session, 1, Vec::new()).await != 503 {}
    drop(half);
    while post(&server, &session, 1, Vec::new()).await != 204 {}
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_lets_answers_end() {
    let server = Server::start(config()).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    events.session().await;
    server.app.stop().await;
    events.until("event:close\ndata:1012 ").await;
    events.read_all().await;
}

#[tokio::test]
async fn a_client_between_two_polls_is_told_the_end_as_well() {
    let server = Server::start(config()).await;
    let mut opening = Events::get(&server, "tunnel=new&poll=1", "").await;
    opening.read_all().await;
    let session = opening.session().await;
    let mut first = Events::get(&server, &format!("tunnel={session}&poll=1"), "").await;
    first.read_all().await;
    let next = async {
        // The end has to come while nobody reads.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let seen = "last-event-id: 1\r\n";
        let mut next = Events::get(&server, &format!("tunnel={session}&poll=1"), seen).await;
        next.read_all().await;
        next.text
    };
    let ((), text) = tokio::join!(server.app.stop(), next);
    assert!(text.contains("event:close\ndata:1012 "), "{text}");
}

#[tokio::test]
async fn a_slow_upload_does_not_end_its_session() {
    let tunnel = TunnelConfig { grace: Duration::from_secs(1), ..TunnelConfig::default() };
    let server = Server::start(Config { tunnel, ..config() }).await;
    let mut opening = Events::get(&server, "tunnel=new&poll=1", "").await;
    opening.read_all().await;
    let session = opening.session().await;
    let frame = encode::sync_step_1(&[0]);
    let body = Body { received: 0, first: 1, items: vec![Item::Frame(&frame)] }.encode();
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /room?tunnel={session} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    let pause = Duration::from_millis(2_500) / u32::try_from(body.len()).expect("a short body");
    for byte in body {
        stream.write_all(&[byte]).await.expect("a piece");
        tokio::time::sleep(pause).await;
    }
    assert_eq!(post(&server, &session, 2, Vec::new()).await, 204);
}

#[tokio::test]
async fn one_frame_may_be_larger_than_what_may_wait() {
    let socket = SocketConfig { max_waiting: 10_000, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let text = "x".repeat(50_000);
    let mut alice = server.join("room").await;
    let mut bob = server.join("room").await;
    bob.frame().await;
    alice.type_text(&text).await;
    bob.reads(&text).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    let frame = encode::sync_step_1(&[0]);
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&frame)]).await, 204);
    while !events.frames().iter().any(|frame| is_step_2(frame) && frame.len() > text.len()) {
        assert!(events.more().await, "{}", events.text);
    }
    // Nothing was confirmed yet, neither what came before the large frame nor that one itself.
    bob.type_text("!").await;
    while !events.frames().last().is_some_and(|frame| is_update(frame)) {
        assert!(events.more().await, "{}", events.text);
    }
    assert!(!events.text.contains("event:close"));
}

#[tokio::test]
async fn a_token_that_comes_up_when_the_session_is_over_lets_nobody_in() {
    let access = AccessConfig { token: Some("secret".to_owned()), ..AccessConfig::default() };
    let tunnel = TunnelConfig { grace: Duration::from_millis(200), ..TunnelConfig::default() };
    let server = Server::start(Config { access, tunnel, ..config() }).await;
    let mut events = Events::get(&server, "tunnel=new&auth=message", "").await;
    let session = events.session().await;
    drop(events);
    let token = Auth::Show("secret").encode();
    let body = Body { received: 0, first: 1, items: vec![Item::Frame(&token)] }.encode();
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /room?tunnel={session} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    stream.write_all(&body[..1]).await.expect("half a body");
    while !server.http("GET", "/health", "").await.2.contains("\"tunnels\":0") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = stream.write_all(&body[1..]).await;
    let mut answer = [0; 12];
    within(stream.read_exact(&mut answer)).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 410");
    assert_eq!(server.app.health().await.map(|health| health.members), Some(0));
}

#[tokio::test]
async fn a_question_whose_answer_is_on_its_way_is_not_answered_again_until_that_is_there() {
    let server = Server::start(config()).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    let frame = encode::sync_step_1(&[0]);
    let ask = async |received, first| {
        let items = vec![Item::Frame(&frame)];
        send(&server, &session, Body { received, first, items }).await
    };
    let answers = |events: &Events| events.frames().iter().filter(|f| is_step_2(f)).count();
    assert_eq!(ask(0, 1).await, 204);
    while answers(&events) < 1 {
        assert!(events.more().await);
    }
    assert_eq!((ask(0, 2).await, ask(2, 3).await), (204, 204));
    while answers(&events) < 2 {
        assert!(events.more().await);
    }
    let mut alice = server.join("room").await;
    alice.type_text("behind").await;
    while !events.frames().last().is_some_and(|frame| is_update(frame)) {
        assert!(events.more().await);
    }
    assert_eq!(answers(&events), 2, "to the first and the third");
}

#[tokio::test]
async fn an_answer_that_is_never_confirmed_keeps_nobody_from_the_document() {
    let (max_unread, unread_patience) = (100_000, Duration::ZERO);
    let unread_pace = 1 << 20;
    let socket =
        SocketConfig { max_unread, unread_patience, unread_pace, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let text = "x".repeat(90_000);
    let mut alice = server.join("room").await;
    alice.type_text(&text).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    let frame = encode::sync_step_1(&[0]);
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&frame)]).await, 204);
    while !events.frames().iter().any(|frame| is_step_2(frame) && frame.len() > text.len()) {
        assert!(events.more().await, "{}", events.text);
    }
    let mut bob = server.join("room").await;
    bob.send(frame).await;
    bob.reads(&text).await;
    events.until("event:close\ndata:1013").await;
}

#[tokio::test]
async fn where_websockets_are_refused_http_is_not() {
    let access = AccessConfig { no_websocket: true, ..AccessConfig::default() };
    let server = Server::start(Config { access, ..config() }).await;
    assert_eq!(refused(&server, "/room", &[]).await, 403);
    Events::get(&server, "tunnel=new", "").await.session().await;
}

#[tokio::test]
async fn bad_requests_are_refused_with_a_status_and_end_nothing() {
    let hub = rejoin_server::hub::HubConfig { max_frame: 1_000, ..Default::default() };
    let server = Server::start(Config { hub, ..config() }).await;
    let mut events = Events::get(&server, "tunnel=new", "").await;
    let session = events.session().await;
    let large = vec![0; 2_000];
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&large)]).await, 413);
    let path = format!("/room?tunnel={session}");
    let (status, _, body) = server.http("POST", &path, "content-length: 0\r\n").await;
    assert_eq!(status, 400, "{body}");
    let (status, ..) = server.http("DELETE", &path, "").await;
    assert_eq!(status, 405);
    let (status, ..) = server.http("GET", &format!("/other?tunnel={session}"), "").await;
    assert_eq!(status, 410, "a session belongs to its room");
    let asks = "origin: https://a.example\r\naccess-control-request-headers: last-event-id\r\n";
    let (status, head, _) = server.http("OPTIONS", &path, asks).await;
    assert_eq!(status, 204);
    assert!(head.contains("access-control-allow-headers: last-event-id"), "{head}");
    assert!(head.contains("access-control-allow-origin: https://a.example"), "{head}");
    let frame = encode::sync_step_1(&[0]);
    assert_eq!(post(&server, &session, 1, vec![Item::Frame(&frame)]).await, 204);
}
