//! The program itself: killed, stopped, started again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rejoin::protocol::encode;
use serde_json::json;

use super::auth::{SECRET, token};
use super::support::{Client, within};

/// A server in its own process, killed at the end.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin-server"));
        command.args(["--port", "0", "--log", "error", "--data"]).arg(data);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program");
        let stdout = child.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("the address");
        let address = address.parse().expect("an address");
        Self { child, address }
    }

    /// What a plain request is answered: 426 where a handshake would be let in.
    fn status(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.split(' ').nth(1).expect("a status").to_owned()
    }

    fn kill(mut self) {
        self.child.kill().expect("a live process");
        self.child.wait().expect("its end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill() {
            eprintln!("the server had ended: {error}");
        }
    }
}

/// Types until this many echoes came back, with more under way; gives the text that was echoed.
async fn type_until(client: &mut Client, echoes: usize) -> String {
    let mut returned = 0;
    for _ in 0..echoes + 5 {
        client.type_text("x").await;
    }
    while returned < echoes {
        returned += usize::from(client.frame().await.get(1) == Some(&2));
    }
    "x".repeat(returned)
}

#[tokio::test]
async fn what_was_echoed_survives_a_kill() {
    let data = tempfile::tempdir().expect("a directory");
    for round in 1..=3 {
        let server = Process::start(data.path());
        let room = format!("round-{round}");
        let mut alice = Client::join(server.address, &room).await;
        let echoed = type_until(&mut alice, 40).await;
        server.kill();

        let server = Process::start(data.path());
        let mut bob = Client::join(server.address, &room).await;
        bob.send(encode::sync_step_1(&[0])).await;
        while bob.frame().await.get(..2) != Some(&[0, 1]) {}
        assert!(
            bob.text().len() >= echoed.len(),
            "round {round}: {} of {}",
            bob.text().len(),
            echoed.len()
        );
    }
}

#[tokio::test]
async fn sigterm_says_goodbye_and_ends_well() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Process::start(data.path());
    let mut alice = Client::join(server.address, "r").await;
    alice.type_text("kept").await;
    while alice.frame().await.get(1) != Some(&2) {}
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
    assert_eq!(alice.close_code().await, Some(1012));
    drop(alice);
    let end = tokio::task::spawn_blocking(move || {
        let status = server.child.wait();
        (server, status)
    });
    let (_server, status) = within(end).await.expect("its end");
    assert!(status.expect("a status").success());
}

/// What a server with a JWT key says at its start.
fn words_at_start(flags: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin-server"));
    command.args(["--port", "0", "--memory", "--jwt-key", "secret"]).args(flags);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it");
    let stdout = child.stdout.take().expect("its output");
    BufReader::new(stdout).read_line(&mut String::new()).expect("a line");
    child.kill().expect("a live process");
    let output = child.wait_with_output().expect("its end");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_key_whose_tokens_count_whoever_they_are_for_is_warned_of() {
    let open = words_at_start(&[]);
    assert!(open.contains("WARN") && open.contains("--jwt-audience"), "{open}");
    for bound in ["--jwt-audience", "--jwt-issuer"] {
        let words = words_at_start(&[bound, "us"]);
        assert!(!words.contains("WARN"), "{words}");
    }
}

#[test]
fn what_the_command_line_says_of_tokens_counts() {
    let with = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin-server"));
        command
            .args(["--port", "0", "--memory", "--log", "error", "--jwt-key", SECRET])
            .args(flags);
        Process::spawn(command)
    };
    let ask = |server: &Process, claims| server.status(&format!("/r?token={}", token(60, claims)));
    let bound = with(&["--jwt-require-rooms", "--jwt-audience", "us"]);
    assert_eq!(ask(&bound, json!({ "rooms": ["r"], "aud": "us" })), "426");
    assert_eq!(ask(&bound, json!({ "aud": "us" })), "401", "no rooms");
    assert_eq!(ask(&bound, json!({ "rooms": ["r"], "aud": "them" })), "401", "for others");
    assert_eq!(ask(&with(&[]), json!({ "aud": "them" })), "426");
}

#[test]
fn rules_for_tokens_without_a_key_do_not_start_an_open_server() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin-server"));
    command.args(["--port", "0", "--memory", "--jwt-audience", "us"]).env_remove("REJOIN_JWT_KEY");
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("need --jwt-key"), "{output:?}");
}

#[tokio::test]
async fn two_servers_do_not_share_a_directory() {
    let data = tempfile::tempdir().expect("a directory");
    let _first = Process::start(data.path());
    let mut second = Command::new(env!("CARGO_BIN_EXE_rejoin-server"));
    second.args(["--port", "0", "--data"]).arg(data.path());
    let output = second.output().expect("the program");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be opened"), "{output:?}");
}
