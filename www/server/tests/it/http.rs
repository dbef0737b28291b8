//! Statuses a browser hides and can ask for, health and the page.

use std::time::Duration;

use rejoin_server::hub::HubConfig;
use rejoin_server::{AccessConfig, Config, SocketConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Server, config, refused, request, within};
use tokio_tungstenite::connect_async;

#[tokio::test]
async fn a_plain_request_learns_what_a_handshake_would_get_and_any_page_may_read_it() {
    let access = AccessConfig {
        token: Some("secret".to_owned()),
        origins: vec!["https://a.example".to_owned()],
        ..AccessConfig::default()
    };
    let hub = HubConfig { max_rooms: 1, ..HubConfig::default() };
    let server = Server::start(Config { access, hub, ..config() }).await;
    let elsewhere = ("origin", "https://b.example");
    let first = request(&server, "/room?token=secret", &[]);
    let _held = connect_async(first).await.expect("a handshake");
    for (path, headers, status) in [
        ("/", vec![], 404),
        ("/a//b", vec![], 400),
        ("/room?token=secret", vec![elsewhere], 403),
        ("/room?token=wrong", vec![], 401),
        ("/room", vec![], 401),
        ("/another?token=secret", vec![], 503),
    ] {
        assert_eq!(refused(&server, path, &headers).await, status, "{path}");
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (plain, head, body) = server.http("GET", path, &lines).await;
        assert_eq!(plain, status, "{path}: {body}");
        // By name: a page that asks with cookies, as the client does, may not read what `*` may read.
        let reader = headers.first().map_or("*", |(_, origin)| *origin);
        assert!(head.contains(&format!("access-control-allow-origin: {reader}\r\n")), "{head}");
        assert!(head.contains("access-control-allow-credentials: true"), "{head}");
        assert_eq!(head.contains("retry-after"), status == 503 || head.contains("expose"));
    }
    let (status, head, body) = server.http("GET", "/room?token=secret", "").await;
    assert_eq!(status, 426, "{body}");
    assert!(head.contains("upgrade: websocket") && head.contains("access-control-allow-origin: *"));
}

#[tokio::test]
async fn a_token_may_come_as_a_subprotocol() {
    let access = AccessConfig { token: Some("secret".to_owned()), ..AccessConfig::default() };
    let server = Server::start(Config { access, ..config() }).await;
    let right = [("sec-websocket-protocol", "rejoin, bearer.c2VjcmV0")];
    let (_, response) = connect_async(request(&server, "/r", &right)).await.expect("a handshake");
    let chosen = response.headers().get("sec-websocket-protocol");
    assert_eq!(chosen.and_then(|value| value.to_str().ok()), Some("rejoin"));
    let wrong = [("sec-websocket-protocol", "rejoin, bearer.d3Jvbmc")];
    assert_eq!(refused(&server, "/r", &wrong).await, 401);
}

#[tokio::test]
async fn health_counts_rooms_and_members() {
    let server = Server::start(config()).await;
    let (mut alice, _bob) = (server.join("a").await, server.join("b").await);
    alice.type_text("hi").await;
    alice.frame().await;
    alice.frame().await;
    let (status, head, body) = server.http("GET", "/health", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/json"), "{head}");
    for part in ["\"rooms\":2", "\"members\":2", "\"updates\":1", "\"uptime\":"] {
        assert!(body.contains(part), "{part} in {body}");
    }
}

#[tokio::test]
async fn the_page_is_served_with_its_headers_and_rooms_keep_their_statuses() {
    let directory = tempfile::tempdir().expect("a directory");
    let write =
        |name, content| std::fs::write(directory.path().join(name), content).expect("a file");
    write("index.html", "<!doctype html>start");
    write("core.wasm", "\0asm");
    let assets = Some(directory.path().to_path_buf());
    let server = Server::start(Config { assets, ..config() }).await;

    let (status, head, body) = server.http("GET", "/", "").await;
    assert_eq!((status, body.as_str()), (200, "<!doctype html>start"));
    for part in ["'wasm-unsafe-eval'", "connect-src 'self' ws: wss:", "nosniff", "no-referrer"] {
        assert!(head.contains(part), "{part} in {head}");
    }
    let (status, head, _) = server.http("GET", "/core.wasm", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: application/wasm"), "{head}");

    let (status, head, body) = server.http("GET", "/some/page", "accept: text/html\r\n").await;
    assert_eq!((status, body.as_str()), (200, "<!doctype html>start"), "{head}");
    assert_eq!(server.http("GET", "/some/page", "accept: */*\r\n").await.0, 426);
    assert_eq!(server.http("GET", "/../../etc/passwd", "").await.0, 400);

    let mut alice = server.join("core.wasm").await;
    alice.type_text("a handshake is a room on any path").await;
    alice.reads("a handshake is a room on any path").await;
}

#[tokio::test]
async fn half_a_request_is_not_waited_for_for_ever() {
    let socket = SocketConfig { ping: Duration::from_millis(100), ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let connect = async || TcpStream::connect(server.address).await.expect("a connection");
    let (mut half, mut whole) = (connect().await, connect().await);
    let request = b"GET /health HTTP/1.1\r\nhost: here\r\n\r\n";
    let mut answer = [0; 4_096];
    half.write_all(&request[..20]).await.expect("half a request");
    whole.write_all(request).await.expect("a request");
    assert!(within(whole.read(&mut answer)).await.is_ok_and(|read| read > 0));
    assert!(matches!(within(half.read(&mut answer)).await, Ok(0) | Err(_)), "it is closed");
    whole.write_all(request).await.expect("one more");
    assert!(within(whole.read(&mut answer)).await.is_ok_and(|read| read > 0));
}
