//! tokio-tungstenite alone: it answers nothing but handshakes, so what a page is to know it says by closing.
#![expect(clippy::result_large_err, reason = "the library wants it so")]

use std::env::var;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", var("PORT")?)).await?;
    let refused = Arc::new(AtomicI32::new(3));
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, Arc::clone(&refused)));
    }
}

async fn serve(stream: TcpStream, refused: Arc<AtomicI32>) {
    let mut goodbye = None;
    let check = |request: &Request, response: Response| {
        goodbye = goodbye_for(request);
        check(request, response, &refused)
    };
    let Ok(mut socket) = accept_hdr_async(stream, check).await else { return };
    if goodbye.is_some() {
        // What the client still says is read, until it has closed too.
        let _ = socket.close(goodbye).await;
        while let Some(Ok(_)) = socket.next().await {}
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        let echoes = message.is_text() || message.is_binary();
        if echoes && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn check(
    request: &Request,
    response: Response,
    refused: &AtomicI32,
) -> Result<Response, ErrorResponse> {
    match request.uri().path() {
        "/private" if !knows_token(request) => Err(refusal(StatusCode::UNAUTHORIZED)),
        "/busy" if refused.fetch_sub(1, Ordering::Relaxed) > 0 => {
            Err(refusal(StatusCode::SERVICE_UNAVAILABLE))
        }
        _ => Ok(response),
    }
}

/// How a socket ends that was let in only to be told why it has to go.
fn goodbye_for(request: &Request) -> Option<CloseFrame> {
    let goes = request.uri().path() == "/private/told" && !knows_token(request);
    goes.then(|| CloseFrame { code: CloseCode::from(4401), reason: "token wanted".into() })
}

fn knows_token(request: &Request) -> bool {
    let query = request.uri().query();
    query.is_some_and(|query| query.split('&').any(|pair| pair == "token=secret"))
}

fn refusal(status: StatusCode) -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    *response.status_mut() = status;
    response
}
