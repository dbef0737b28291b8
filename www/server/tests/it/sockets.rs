//! Frames over real sockets.

use std::time::Duration;

use rejoin::protocol::encode;
use rejoin_server::hub::HubConfig;
use rejoin_server::{Config, SocketConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::support::{Client, Server, config, gone, here, request};
use futures_util::SinkExt;

#[tokio::test]
async fn two_clients_of_a_room_read_each_other_and_other_rooms_do_not() {
    let server = Server::start(config()).await;
    let (mut alice, mut bob) = (server.join("a/b%20c").await, server.join("a/b%20c").await);
    let mut other = server.join("a").await;
    alice.type_text("hello").await;
    bob.reads("hello").await;
    bob.type_text(" world").await;
    alice.reads("hello world").await;
    other.send(encode::sync_step_1(&[0])).await;
    assert_eq!(other.frame().await, encode::sync_step_1(&[0]));
    assert_eq!(other.frame().await, encode::sync_step_2(&[0, 0]));
}

#[tokio::test]
async fn a_socket_that_is_cut_leaves_no_ghost() {
    let server = Server::start(config()).await;
    let (mut alice, mut bob) = (server.join("r").await, server.join("r").await);
    alice.send(encode::awareness(&[here(7, 1)])).await;
    assert_eq!(bob.people().await, [here(7, 1)]);
    drop(alice);
    assert_eq!(bob.people().await, [gone(7, 1)]);
}

#[tokio::test]
async fn a_dead_socket_is_reaped() {
    let ping = Duration::from_millis(100);
    let socket = SocketConfig { ping, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let (mut silent, mut bob) = (server.join("r").await, server.join("r").await);
    silent.send(encode::awareness(&[here(7, 1)])).await;
    assert_eq!(bob.people().await, [here(7, 1)]);
    assert_eq!(bob.people().await, [gone(7, 1)], "pings are answered only by one that reads");
    assert!(server.app.health().await.is_some_and(|health| health.members == 1));
}

#[tokio::test]
async fn a_message_that_takes_long_is_no_silence() {
    let socket = SocketConfig { ping: Duration::from_millis(400), ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = "GET /r HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("a handshake");
    // A binary message of four bytes, masked with zeros: the question for everything.
    for byte in [0x82, 0x84, 0, 0, 0, 0, 0, 0, 1, 0] {
        stream.write_all(&[byte]).await.expect("a piece");
        sleep(Duration::from_millis(250)).await;
    }
    let answer = [&[0x82, 5][..], &encode::sync_step_2(&[0, 0])].concat();
    let mut got = Vec::new();
    while !got.windows(answer.len()).any(|window| window == answer) {
        let read = super::support::within(stream.read_buf(&mut got)).await;
        assert!(read.is_ok_and(|read| read > 0), "the socket ended: {got:?}");
    }
}

#[tokio::test]
async fn who_takes_nothing_is_gone_though_it_goes_on_sending() {
    let socket = SocketConfig { ping: Duration::from_secs(1), ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let mut alice = server.join("r").await;
    fill(&mut alice, 15).await;
    let mut slow = server.join("r").await;
    slow.send(encode::sync_step_1(&[0])).await;
    drop(alice);
    let gone = async {
        while server.app.health().await.is_some_and(|health| health.members > 0) {
            let _ = slow.socket.send(Frame::Text("still here".into())).await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    super::support::within(gone).await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_told_with_1009_and_the_others_stay() {
    let hub = HubConfig { max_frame: 1 << 20, ..HubConfig::default() };
    let server = Server::start(Config { hub, ..config() }).await;
    let (mut alice, mut bob) = (server.join("r").await, server.join("r").await);
    let huge = Frame::Binary(vec![0; 64 << 20].into());
    let (mut sender, mut receiver) = futures_util::StreamExt::split(alice.socket);
    let sending = tokio::spawn(async move { sender.send(huge).await });
    let code = loop {
        match super::support::within(futures_util::StreamExt::next(&mut receiver)).await {
            Some(Ok(Frame::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
            Some(Ok(_)) => {}
            other => panic!("no close frame but {other:?}"),
        }
    };
    assert_eq!(code, Some(1009));
    sending.abort();
    alice = server.join("r").await;
    alice.type_text("still here").await;
    bob.reads("still here").await;
}

#[tokio::test]
async fn text_frames_are_counted_and_otherwise_ignored() {
    let server = Server::start(config()).await;
    let mut alice = server.join("r").await;
    alice.socket.send(Frame::Text("hello?".into())).await.expect("an open socket");
    alice.type_text("hi").await;
    while alice.frame().await.get(1) != Some(&2) {}
    assert!(server.app.health().await.is_some_and(|health| health.counters.texts == 1));
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_sent_away_and_does_not_hold_up_the_rest() {
    let last_words = Duration::from_secs(60);
    let socket = SocketConfig { max_waiting: 1 << 20, last_words, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let (mut alice, mut slow) = (server.join("r").await, server.join("r").await);
    let piece = "x".repeat(1 << 20);
    for _ in 0..24 {
        alice.type_text(&piece).await;
        while alice.frame().await.get(1) != Some(&2) {}
    }
    assert_eq!(slow.close_code().await, Some(1013));
    alice.type_text("!").await;
    while alice.frame().await.get(1) != Some(&2) {}
}

#[tokio::test]
async fn a_client_that_asks_again_while_the_answer_is_on_its_way_is_not_answered_twice() {
    let last_words = Duration::from_secs(60);
    let socket = SocketConfig { max_waiting: 1 << 20, last_words, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let mut alice = server.join("r").await;
    fill(&mut alice, 15).await;
    let mut slow = server.join("r").await;
    let frames = async || server.app.health().await.expect("health").counters.frames;
    let before = frames().await;
    slow.send(encode::sync_step_1(&[0])).await;
    while frames().await == before {
        sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..3 {
        slow.send(encode::sync_step_1(&[0])).await;
        slow.send([encode::sync_step_1(&[0]), vec![3]].concat()).await;
    }
    slow.socket.send(Frame::Text("behind them".into())).await.expect("an open socket");
    while server.app.health().await.is_some_and(|health| health.counters.texts == 0) {
        sleep(Duration::from_millis(5)).await;
    }
    slow.reads(&alice.text()).await;

    // Whether the server knows already that it came, nobody can tell from here.
    let asked = frames().await;
    while frames().await == asked {
        slow.send(encode::sync_step_1(&[0])).await;
        sleep(Duration::from_millis(20)).await;
    }
    while slow.frame().await.get(1) != Some(&1) {}
}

#[tokio::test]
async fn sockets_that_do_not_read_hold_so_much_of_answers_and_no_more() {
    let socket = SocketConfig { max_unread: 50 << 20, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let mut alice = server.join("r").await;
    fill(&mut alice, 15).await;
    let mut members = Vec::new();
    for _ in 0..8 {
        members.push(server.join("r").await);
    }
    let before = server.app.health().await.expect("health").counters.frames;
    for member in &mut members {
        member.send(encode::sync_step_1(&[0])).await;
        // Its answer is in the hands of its socket, as far as that takes it, before the next one asks.
        sleep(Duration::from_millis(50)).await;
    }
    while server.app.health().await.is_some_and(|health| health.counters.frames < before + 8) {
        sleep(Duration::from_millis(5)).await;
    }
    let mut refused = 0;
    for member in &mut members {
        let answered = async {
            loop {
                match member.next().await {
                    Some(Ok(Frame::Binary(frame))) if frame.len() > 15 << 20 => break true,
                    Some(Ok(Frame::Binary(_))) => {}
                    Some(Ok(Frame::Close(Some(frame)))) => {
                        assert_eq!(u16::from(frame.code), 1013);
                        break false;
                    }
                    other => panic!("neither a document nor an end but {other:?}"),
                }
            }
        };
        refused += usize::from(!answered.await);
    }
    assert_eq!(refused, 5);
    let mut later = server.join("r").await;
    later.send(encode::sync_step_1(&[0])).await;
    later.reads(&alice.text()).await;
}

#[tokio::test]
async fn who_does_not_read_keeps_nobody_from_the_document_for_long() {
    let (max_unread, unread_patience) = (20 << 20, Duration::from_millis(300));
    let unread_pace = 100 << 20;
    let socket =
        SocketConfig { max_unread, unread_patience, unread_pace, ..SocketConfig::default() };
    let server = Server::start(Config { socket, ..config() }).await;
    let mut alice = server.join("r").await;
    fill(&mut alice, 15).await;
    let mut hostile = server.join("r").await;
    hostile.send(encode::sync_step_1(&[0])).await;
    let ask = async || {
        let mut honest = server.join("r").await;
        honest.send(encode::sync_step_1(&[0])).await;
        loop {
            match honest.next().await {
                Some(Ok(Frame::Binary(frame))) if frame.len() > 15 << 20 => return true,
                Some(Ok(Frame::Binary(_))) => {}
                Some(Ok(Frame::Close(_))) => return false,
                other => panic!("neither a document nor an end but {other:?}"),
            }
        }
    };
    let answered = async {
        while !ask().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    super::support::within(answered).await;
}

/// So many MiB of text.
async fn fill(client: &mut Client, mebibytes: usize) {
    let piece = "x".repeat(1 << 20);
    for _ in 0..mebibytes {
        client.type_text(&piece).await;
        while client.frame().await.get(1) != Some(&2) {}
    }
}

#[tokio::test]
async fn our_subprotocol_is_chosen_when_it_is_offered() {
    let server = Server::start(config()).await;
    for (offered, chosen) in [("bearer.eA, rejoin", Some("rejoin")), ("other", None)] {
        let offer = request(&server, "/r", &[("sec-websocket-protocol", offered)]);
        let response = match connect_async(offer).await {
            Ok((_, response)) => response.headers().get("sec-websocket-protocol").cloned(),
            Err(_) => None,
        };
        assert_eq!(response.as_ref().and_then(|value| value.to_str().ok()), chosen);
    }
}

#[tokio::test]
async fn stopping_says_1012_to_every_client() {
    let server = Server::start(config()).await;
    let mut clients: Vec<Client> = Vec::new();
    for room in ["a", "a", "b"] {
        clients.push(server.join(room).await);
    }
    let stopping = tokio::spawn({
        let app = server.app.clone();
        async move { app.stop().await }
    });
    for client in &mut clients {
        assert_eq!(client.close_code().await, Some(1012));
    }
    super::support::within(stopping).await.expect("it stops");
}
