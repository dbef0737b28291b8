//! Tokens: by every way they may come, their end, and what they allow.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{EncodingKey, Header, encode as sign, get_current_timestamp};
use rejoin::protocol::auth::Auth;
use rejoin::protocol::{FrameLimits, Message, decode};
use rejoin_server::hub::HubConfig;
use rejoin_server::{AccessConfig, Config, Jwt, UserLimits};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use yrs::Doc;

use crate::support::{Client, Server, config, refused, request};

pub(crate) const SECRET: &str = "a secret of the test";

async fn server() -> Server {
    server_with(UserLimits::default()).await
}

async fn server_with(users: UserLimits) -> Server {
    server_of(users, HubConfig::default()).await
}

async fn server_of(users: UserLimits, hub: HubConfig) -> Server {
    let jwt = Some(Jwt::from_secret(SECRET));
    let access =
        AccessConfig { jwt, cookie: Some("session".to_owned()), ..AccessConfig::default() };
    Server::start(Config { access, users, hub, ..config() }).await
}

/// A token that lasts so many seconds, less the server's leeway of five.
pub(crate) fn token(seconds: i64, more: Value) -> String {
    let now = i64::try_from(get_current_timestamp()).expect("a time");
    let mut claims = json!({ "exp": now + seconds });
    if let (Some(all), Some(more)) = (claims.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    sign(&Header::default(), &claims, &key).expect("a token")
}

async fn join(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> Client {
    let (socket, _) = connect_async(request(server, path, headers)).await.expect("a handshake");
    Client { socket, doc: Doc::new() }
}

/// Reads until something about tokens comes: for how long the client may stay, or `None` for a refusal.
async fn admitted(client: &mut Client) -> Option<u64> {
    loop {
        let frame = client.frame().await;
        for message in decode(&frame, &FrameLimits::default()).expect("a good frame") {
            let Message::Token(body) = message else { continue };
            return match Auth::decode(body).expect("a good message") {
                Some(Auth::Admitted(millis)) => Some(millis),
                _ => None,
            };
        }
    }
}

#[tokio::test]
async fn a_signed_token_may_come_by_header_cookie_or_query_and_none_is_refused() {
    let server = server().await;
    let (good, old) = (token(60, json!({})), token(-60, json!({})));
    let bearer = format!("Bearer {good}");
    join(&server, "/r", &[("authorization", &bearer)]).await.type_text("a").await;
    join(&server, "/r", &[("cookie", &format!("session={good}"))]).await.type_text("b").await;
    join(&server, &format!("/r?token={good}"), &[]).await.type_text("c").await;
    assert_eq!(refused(&server, "/r", &[]).await, 401);
    assert_eq!(refused(&server, &format!("/r?token={old}"), &[]).await, 401);
    let (status, _, body) = server.http("GET", &format!("/r?tunnel=new&token={old}"), "").await;
    assert_eq!(status, 401);
    assert!(body.contains("the token has expired"), "{body}");
    let elsewhere = token(60, json!({ "rooms": ["team/*"] }));
    assert_eq!(refused(&server, &format!("/r?token={elsewhere}"), &[]).await, 401);
    join(&server, &format!("/team/a?token={elsewhere}"), &[]).await.type_text("d").await;
}

#[tokio::test]
async fn a_token_may_come_in_the_first_message_and_nothing_else_may() {
    let server = server().await;
    let mut alice = join(&server, "/r?auth=message", &[]).await;
    alice.send(Auth::Show(&token(60, json!({}))).encode()).await;
    assert!(admitted(&mut alice).await.is_some_and(|millis| millis > 30_000));
    alice.type_text("hi").await;
    alice.reads("hi").await;
    let mut eve = join(&server, "/r?auth=message", &[]).await;
    eve.type_text("no token").await;
    assert_eq!(eve.close_code().await, Some(4401));
    let mut eve = join(&server, "/r?auth=message", &[]).await;
    eve.send(Auth::Show(&token(-60, json!({}))).encode()).await;
    assert_eq!(admitted(&mut eve).await, None);
    assert_eq!(eve.close_code().await, Some(4401));
    assert_eq!(server.app.health().await.map(|health| health.members), Some(1));
}

#[tokio::test]
async fn a_link_ends_with_its_token_unless_a_fresh_one_came_on_it() {
    let server = server().await;
    // With the leeway of five seconds: one second is left.
    let short = token(-4, json!({}));
    let mut alice = join(&server, &format!("/r?token={short}"), &[]).await;
    let mut bob = join(&server, &format!("/r?token={short}"), &[]).await;
    bob.send(Auth::Ask.encode()).await;
    assert!(admitted(&mut bob).await.is_some_and(|millis| millis <= 1_000));
    bob.send(Auth::Show(&token(60, json!({}))).encode()).await;
    assert!(admitted(&mut bob).await.is_some_and(|millis| millis > 30_000));
    assert_eq!(alice.close_code().await, Some(4401));
    bob.type_text("still here").await;
    bob.reads("still here").await;
}

#[tokio::test]
async fn a_token_that_may_only_read_reads_and_is_sent_away_for_writing() {
    let server = server().await;
    let (writes, reads) = (token(60, json!({})), token(60, json!({ "readonly": true })));
    let mut alice = join(&server, &format!("/r?token={writes}"), &[]).await;
    let mut bob = join(&server, &format!("/r?token={reads}"), &[]).await;
    alice.type_text("hello").await;
    bob.reads("hello").await;
    bob.socket.send(Frame::Binary(vec![0, 1, 2, 0, 0].into())).await.expect("an open socket");
    bob.type_text("graffiti").await;
    assert_eq!(bob.close_code().await, Some(4403));
    alice.type_text("!").await;
    alice.reads("hello!").await;
}

#[tokio::test]
async fn a_user_has_so_many_connections_in_all_rooms_together_and_more_are_refused_as_such() {
    let server = server_with(UserLimits { connections: 2, ..UserLimits::default() }).await;
    let [ann, bob] = ["ann", "bob"].map(|name| token(60, json!({ "sub": name })));
    let first = join(&server, &format!("/a?token={ann}"), &[]).await;
    let mut second = join(&server, &format!("/b?token={ann}"), &[]).await;
    let mut other = join(&server, &format!("/b?token={bob}"), &[]).await;
    second.type_text("hi").await;
    other.reads("hi").await;
    let (mut second, pongs) = second.socket.split();
    for socket in [first.socket.split().1, pongs] {
        // Who reads answers pings.
        tokio::spawn(socket.for_each(|_| async {}));
    }
    assert_eq!(refused(&server, &format!("/c?token={ann}"), &[]).await, 429);
    let (status, head, body) = server.http("GET", &format!("/c?tunnel=new&token={ann}"), "").await;
    assert_eq!(status, 429);
    assert!(head.contains("retry-after: 2") && body.contains("E_RATE_LIMIT"), "{head} {body}");
    let mut late = join(&server, "/c?auth=message", &[]).await;
    late.send(Auth::Show(&ann).encode()).await;
    assert_eq!(late.close_code().await, Some(4429));
    second.close().await.expect("a close frame");
    while refused_or_joined(&server, &format!("/c?token={ann}")).await == Some(429) {}
}

#[tokio::test]
async fn connections_whose_clients_answer_no_more_make_room_for_new_ones_of_their_user() {
    let answer = Duration::from_millis(500);
    let users = UserLimits { connections: 2, answer, ..UserLimits::default() };
    let server = server_with(users).await;
    let ann = token(60, json!({ "sub": "ann" }));
    let _silent = [
        join(&server, &format!("/a?token={ann}"), &[]).await,
        join(&server, &format!("/a?token={ann}"), &[]).await,
    ];
    let mut third = join(&server, &format!("/b?token={ann}"), &[]).await;
    third.type_text("hi").await;
    third.reads("hi").await;
    let _fourth = join(&server, &format!("/b?token={ann}"), &[]).await;
    // From here on nobody reads, so that the others answer no more either.
    let mut late = join(&server, "/b?auth=message", &[]).await;
    late.send(Auth::Show(&ann).encode()).await;
    assert!(admitted(&mut late).await.is_some());
}

#[tokio::test]
async fn who_gets_no_place_ends_no_connection_of_its_user() {
    let users =
        UserLimits { connections: 1, answer: Duration::from_millis(50), ..UserLimits::default() };
    let hub = HubConfig { max_rooms: 1, ..HubConfig::default() };
    let server = server_of(users, hub).await;
    let ann = token(60, json!({ "sub": "ann" }));
    let _silent = join(&server, &format!("/a?token={ann}"), &[]).await;
    let asked = async || server.http("GET", &format!("/a?token={ann}"), "").await.0;
    assert_eq!((asked().await, asked().await), (429, 429), "who only asks");
    assert_eq!(refused(&server, &format!("/b?token={ann}"), &[]).await, 503);
    assert_eq!(asked().await, 429, "who finds the server full");
    let _instead = join(&server, &format!("/a?token={ann}"), &[]).await;
}

#[tokio::test]
async fn text_counts_among_what_a_user_sends_though_nobody_reads_it() {
    let server = server_with(UserLimits { bytes_per_minute: 3_000, ..UserLimits::default() }).await;
    let mut ann =
        join(&server, &format!("/r?token={}", token(60, json!({ "sub": "ann" }))), &[]).await;
    for _ in 0..2 {
        ann.socket.send(Frame::text("x".repeat(4_000))).await.expect("a frame");
    }
    assert_eq!(ann.close_code().await, Some(4429));
}

#[tokio::test]
async fn what_a_user_sends_is_counted_over_all_connections_and_too_much_is_told_with_a_wait() {
    let server = server_with(UserLimits { bytes_per_minute: 3_000, ..UserLimits::default() }).await;
    let [ann, bob] = ["ann", "bob"].map(|name| token(60, json!({ "sub": name })));
    let mut first = join(&server, &format!("/r?token={ann}"), &[]).await;
    let mut second = join(&server, &format!("/r?token={ann}"), &[]).await;
    let mut other = join(&server, &format!("/r?token={bob}"), &[]).await;
    let mut witness = join(&server, &format!("/r?token={bob}"), &[]).await;
    let large = "x".repeat(4_000);
    first.type_text(&large).await;
    other.reads(&large).await;
    second.type_text("more").await;
    let (code, reason) = second.close_frame().await.expect("a close frame");
    assert_eq!(code, 4429);
    let wait = reason.strip_prefix(r#"{"retry_ms":"#).and_then(|rest| rest.strip_suffix('}'));
    let wait = wait.and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|wait| (30_000..60_000).contains(&wait)), "{reason}");
    other.type_text("!").await;
    witness.reads(&format!("{large}!")).await;
}

/// The status a handshake is refused with; `None` if it is not.
async fn refused_or_joined(server: &Server, path: &str) -> Option<u16> {
    match connect_async(request(server, path, &[])).await {
        Err(tungstenite::Error::Http(response)) => Some(response.status().as_u16()),
        _ => None,
    }
}
