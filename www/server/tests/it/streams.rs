//! The demo's streams.

use std::collections::BTreeMap;

use rejoin_server::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Server, config, within};

/// An answer that is read while it comes.
struct Answer {
    stream: TcpStream,
    said: String,
}

impl Answer {
    async fn ask(server: &Server, query: &str) -> Self {
        let body = r#"{"prompt":"a poem"}"#;
        let length = body.len();
        let request = format!(
            "POST /demo/answer?{query} HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        Self::send(server, &request).await
    }

    async fn resume(server: &Server, last: u64) -> Self {
        let request = format!(
            "GET /demo/answer?pace=0&prompt=a+poem HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\
             last-event-id: {last}\r\n\r\n"
        );
        Self::send(server, &request).await
    }

    async fn readings(server: &Server, query: &str, headers: &str) -> Self {
        let request = format!("GET /demo/readings?{query} HTTP/1.1\r\nhost: here\r\n{headers}\r\n");
        Self::send(server, &request).await
    }

    async fn send(server: &Server, request: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("a request");
        Self { stream, said: String::new() }
    }

    async fn says(&mut self, words: &str) {
        while !self.said.contains(words) {
            assert!(self.more().await, "ended without {words:?}: {}", self.said);
        }
    }

    async fn ends(mut self) -> String {
        while self.more().await {}
        self.said
    }

    /// Whether anything came before the end.
    async fn more(&mut self) -> bool {
        let mut bytes = vec![0; 1 << 16];
        let count = within(self.stream.read(&mut bytes)).await.expect("an answer");
        self.said += &String::from_utf8_lossy(&bytes[..count]);
        count > 0
    }
}

fn ids(said: &str) -> Vec<u64> {
    said.lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().expect("a number"))
        .collect()
}

#[tokio::test]
async fn an_answer_ends_with_a_word_and_goes_on_where_it_was_cut() {
    let server = Server::start(config()).await;
    let whole = Answer::ask(&server, "pace=0").await.ends().await;
    assert!(whole.contains("content-type: text/event-stream"), "{whole}");
    assert!(whole.contains("event: done"), "{whole}");
    let count = ids(&whole).len() as u64;
    assert_eq!(ids(&whole), (1..=count).collect::<Vec<_>>());
    let rest = Answer::resume(&server, 40).await.ends().await;
    assert_eq!(ids(&rest), (41..=count).collect::<Vec<_>>());
    let chunks = Answer::ask(&server, "pace=0&format=openai").await.ends().await;
    assert!(chunks.contains("data: [DONE]"), "{chunks}");
}

#[tokio::test]
async fn an_answer_is_cut_without_its_end_and_others_go_on() {
    let server = Server::start(config()).await;
    let mut cut = Answer::ask(&server, "pace=5&room=r").await;
    let mut other = Answer::ask(&server, "pace=5&room=other").await;
    cut.says("id: 3").await;
    other.says("id: 3").await;
    let reply = server.http("POST", "/demo/drop?room=r&only=streams", "").await.2;
    assert_eq!(reply, r#"{"sockets":0}"#);
    let cut = cut.ends().await;
    assert!(!cut.contains("event: done") && !cut.ends_with("0\r\n\r\n"), "{cut}");
    assert!(other.ends().await.contains("event: done"));
}

#[tokio::test]
async fn readings_follow_each_other_at_their_rate_and_the_latest_can_be_asked_for() {
    let server = Server::start(config()).await;
    let mut readings = Answer::readings(&server, "rate=1000&keys=5", "").await;
    while ids(&readings.said).len() < 400 {
        assert!(readings.more().await);
    }
    let seen = ids(&readings.said);
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seen:?}");
    let last = seen[seen.len() - 2];
    let path = format!("/demo/readings/latest?rate=1000&keys=5&id={last}");
    let latest = server.http("GET", &path, "").await.2;
    let latest: BTreeMap<String, f64> = serde_json::from_str(&latest).expect("numbers");
    assert_eq!(latest.len(), 5);
    for (key, value) in latest {
        let event = serde_json::json!({ "key": key, "value": value }).to_string();
        assert!(readings.said.contains(&event), "{event}");
    }
    let header = format!("last-event-id: {last}\r\n");
    let mut back = Answer::readings(&server, "rate=1000&keys=5", &header).await;
    back.says("id: ").await;
    back.says("\n\n").await;
    assert_eq!(ids(&back.said).first(), Some(&(last + 1)));
}

#[tokio::test]
async fn without_the_flag_there_is_no_model() {
    let server = Server::start(Config { demo: false, ..config() }).await;
    let answer = Answer::ask(&server, "").await.ends().await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}
