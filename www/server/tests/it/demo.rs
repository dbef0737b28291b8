//! The demo's controls.

use std::time::Duration;

use rejoin_server::Config;
use tokio::time::Instant;

use super::support::{Server, config, gone, here};
use rejoin::protocol::encode;

#[tokio::test]
async fn drop_cuts_the_sockets_of_one_room_without_a_close_frame() {
    let server = Server::start(config()).await;
    let (mut alice, mut other) = (server.join("r").await, server.join("other").await);
    assert_eq!(server.http("POST", "/demo/drop?room=r", "").await.2, r#"{"sockets":1}"#);
    assert_eq!(alice.close_code().await, None);
    other.type_text("hi").await;
    other.reads("hi").await;
}

#[tokio::test]
async fn stall_plays_dead_and_then_goes_on() {
    let server = Server::start(config()).await;
    let (mut alice, mut bob) = (server.join("r").await, server.join("r").await);
    alice.type_text("one").await;
    bob.reads("one").await;
    let start = Instant::now();
    assert_eq!(server.http("POST", "/demo/stall?room=r&ms=700", "").await.2, r#"{"sockets":2}"#);
    alice.type_text(" two").await;
    bob.reads("one two").await;
    assert!(start.elapsed() >= Duration::from_millis(700), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_comes_back_while_its_old_socket_plays_dead_is_seen() {
    let server = Server::start(config()).await;
    let (mut alice, mut bob) = (server.join("r").await, server.join("r").await);
    alice.send(encode::awareness(&[here(7, 1)])).await;
    assert_eq!(bob.people().await, [here(7, 1)]);
    server.http("POST", "/demo/stall?room=r&ms=6000", "").await;
    let (mut back, mut carol) = (server.join("r").await, server.join("r").await);
    back.send(encode::awareness(&[here(7, 3)])).await;
    assert_eq!(carol.people().await, [here(7, 1)]);
    assert_eq!(carol.people().await, [here(7, 3)], "before the stall is over");
    drop(alice);
    back.send(encode::awareness(&[gone(7, 3)])).await;
    assert_eq!(carol.people().await, [gone(7, 3)]);
}

#[tokio::test]
async fn restart_cuts_everyone_and_reads_rooms_from_disk() {
    let server = Server::start(config()).await;
    let mut alice = server.join("r").await;
    alice.type_text("kept").await;
    while alice.frame().await.get(1) != Some(&2) {}
    assert_eq!(server.http("POST", "/demo/restart", "").await.0, 204);
    assert_eq!(alice.close_code().await, None);
    let mut back = server.join("r").await;
    back.send(encode::sync_step_1(&[0])).await;
    back.reads("kept").await;
}

#[tokio::test]
async fn without_the_flag_there_are_no_controls() {
    let server = Server::start(Config { demo: false, ..config() }).await;
    let mut alice = server.join("r").await;
    assert_eq!(server.http("POST", "/demo/drop?room=r", "").await.0, 405);
    alice.type_text("hi").await;
    while alice.frame().await.get(1) != Some(&2) {}
}
