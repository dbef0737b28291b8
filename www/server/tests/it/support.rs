//! A server for a test, and a client that speaks frames.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rejoin::protocol::{AwarenessEntry, FrameLimits, Message, decode, encode};
use rejoin_server::{App, Config, Data};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, Text, Transact, Update};

/// Longer than anything may take, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server in this process.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
}

pub(crate) fn config() -> Config {
    Config { data: Data::Memory, demo: true, ..Config::default() }
}

impl Server {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let app = App::start(config).expect("storage");
        let serving = app.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        Self { app, address }
    }

    pub(crate) async fn join(&self, room: &str) -> Client {
        Client::join(self.address, room).await
    }

    /// A plain HTTP request; gives status, headers in lower case, and the body.
    pub(crate) async fn http(
        &self,
        method: &str,
        path: &str,
        headers: &str,
    ) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), head.to_lowercase(), body.to_owned())
    }
}

/// A client that speaks frames.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) doc: Doc,
}

impl Client {
    pub(crate) async fn join(address: SocketAddr, room: &str) -> Self {
        let (socket, _) =
            connect_async(format!("ws://{address}/{room}")).await.expect("a handshake");
        Self { socket, doc: Doc::new() }
    }

    pub(crate) async fn send(&mut self, frame: Vec<u8>) {
        self.socket.send(Frame::Binary(frame.into())).await.expect("an open socket");
    }

    /// Types at the end, and sends it.
    pub(crate) async fn type_text(&mut self, text: &str) {
        let update = {
            let root = self.doc.get_or_insert_text("text");
            let mut transaction = self.doc.transact_mut();
            let end = root.len(&transaction);
            root.insert(&mut transaction, end, text);
            transaction.encode_update_v1()
        };
        self.send(encode::update(&update)).await;
    }

    /// The next thing on the socket that is not a ping.
    pub(crate) async fn next(&mut self) -> Option<Result<Frame, tungstenite::Error>> {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                other => return other,
            }
        }
    }

    /// The next frame, taken into the document.
    pub(crate) async fn frame(&mut self) -> Vec<u8> {
        match self.next().await {
            Some(Ok(Frame::Binary(bytes))) => {
                self.take_in(&bytes);
                bytes.to_vec()
            }
            other => panic!("no frame but {other:?}"),
        }
    }

    /// Reads until the document's text is this.
    pub(crate) async fn reads(&mut self, text: &str) {
        while self.text() != text {
            self.frame().await;
        }
    }

    /// Reads until presence entries come.
    pub(crate) async fn people(&mut self) -> Vec<AwarenessEntry> {
        loop {
            let frame = self.frame().await;
            for message in decode(&frame, &FrameLimits::default()).expect("a good frame") {
                if let Message::Awareness(entries) = message {
                    return entries;
                }
            }
        }
    }

    /// Reads until the socket closes; gives the close code, or `None` when there was no close frame.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        self.close_frame().await.map(|(code, _)| code)
    }

    /// The same with the reason.
    pub(crate) async fn close_frame(&mut self) -> Option<(u16, String)> {
        loop {
            match self.next().await {
                Some(Ok(Frame::Close(frame))) => {
                    return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        self.doc.get_or_insert_text("text").get_string(&self.doc.transact())
    }

    fn take_in(&self, frame: &[u8]) {
        for message in decode(frame, &FrameLimits::default()).expect("a good frame") {
            if let Message::SyncStep2(update) | Message::Update(update) = message {
                let update = Update::decode_v1(update).expect("a good update");
                self.doc.transact_mut().apply_update(update).expect("a good update");
            }
        }
    }
}

/// A handshake with headers; gives the status it was refused with.
pub(crate) async fn refused(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    match connect_async(request(server, path, headers)).await {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Ok(_) => panic!("the handshake was accepted"),
        Err(other) => panic!("{other}"),
    }
}

/// A handshake with headers.
pub(crate) fn request(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> Request {
    let url = format!("ws://{}{path}", server.address);
    let mut request = url.into_client_request().expect("a good address");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a good value"));
    }
    request
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

pub(crate) fn here(client: u64, clock: u32) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: Some("{}".to_owned()) }
}

pub(crate) fn gone(client: u64, clock: u32) -> AwarenessEntry {
    AwarenessEntry { client, clock, state: None }
}
