//! Tokens go where they are meant to go, and into nothing that is told or logged.

use rejoin::client::Client;
use rejoin::config::{Config, RoomOptions};
use rejoin::connection::EndpointAnswer;
use rejoin::connection::answer::Answer;
use rejoin::event::EventKind;
use rejoin::io::{Input, Output, RoomId, SocketId, SocketInput, SocketOutput, StorageReply};
use rejoin::machine::Machine;
use rejoin::time::Instant;

const TOKEN: &str = "s3cret.t0ken.of-somebody";

/// A client that is given a token whenever it asks, and whose server refuses it in every way; everything it says.
fn refused_client() -> (Vec<Output<rejoin::event::Event>>, Vec<String>) {
    let now = Instant::from_millis(1_000);
    let mut client = Client::new(Config { url: None, ..Config::default() }, 3);
    let options = RoomOptions { connect: true, ..RoomOptions::default() };
    client.enter_room(now, "room", options).unwrap();
    let (mut said, mut urls) = (Vec::new(), Vec::new());
    let mut closes = [4401_u16, 4403, 1008, 1006].into_iter();
    while let Some(output) = client.poll_output() {
        match &output {
            Output::Storage(task, _) => {
                client
                    .handle_input(now, Input::Storage(*task, Ok(StorageReply::Loaded(Vec::new()))));
            }
            Output::Event(event) => {
                if let EventKind::Endpoint { request, .. } = &event.kind {
                    let (url, lifetime) = ("wss://server/rooms", None);
                    let answer = EndpointAnswer { url, token: Some(TOKEN), lifetime };
                    let room = RoomId(event.room);
                    client.answer(now, room, *request, Answer::Endpoint(answer)).unwrap();
                }
            }
            Output::Socket(socket, SocketOutput::Open { url, .. }) => {
                urls.push(url.clone());
                refuse(&mut client, now, *socket, closes.next());
            }
            _ => {}
        }
        said.push(output);
    }
    (said, urls)
}

fn refuse(client: &mut Client, now: Instant, socket: SocketId, code: Option<u16>) {
    let Some(code) = code else { return };
    let closed = SocketInput::Closed { code, reason: "no".into(), clean: true };
    client.handle_input(now, Input::Socket(socket, closed));
}

#[test]
fn a_token_is_never_in_an_address_unless_it_was_asked_for_there() {
    let (_, urls) = refused_client();
    assert!(!urls.is_empty());
    assert!(urls.iter().all(|url| !url.contains("s3cret") && !url.contains('?')), "{urls:?}");
}

#[test]
fn nothing_that_is_told_or_stored_has_the_token() {
    let (said, _) = refused_client();
    let told = said.iter().filter(|output| !matches!(output, Output::Socket(..)));
    let words: Vec<String> = told.map(|output| format!("{output:?}")).collect();
    assert!(words.len() > 3, "{words:?}");
    assert!(words.iter().all(|words| !words.contains("s3cret")), "{words:?}");
}
