//! One WebSocket: reads into the hub, writes from the outbox, notices when it is dead.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tungstenite::error::CapacityError;

use crate::access::Permit;
use crate::config::SocketConfig;
use crate::guard::{Guard, Sentence};
use crate::hub::{RoomName, close};
use crate::line::Traffic;
use crate::outbox::{End, Next, Outbox};
use crate::pump::HubHandle;
use crate::routes::Shared;

/// How long the counterpart may take to answer a close frame.
const LINGER: Duration = Duration::from_secs(2);
/// The same while it still sends a message that nobody reads: a socket that is dropped with unread bytes is reset,
/// and the reset overtakes a close frame that a busy page has not looked at.
const LONG_LINGER: Duration = Duration::from_secs(4);

/// Why reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadEnd {
    /// The socket is gone.
    Gone,
    /// Nothing was heard for too long.
    Silent,
    /// A message over the limit began.
    TooLarge,
}

/// Why writing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteEnd {
    /// A close frame was sent.
    Closed,
    /// Cut, or the socket is gone.
    Gone,
}

/// Serves a socket to its end.
pub(crate) async fn serve(
    socket: WebSocket,
    room: RoomName,
    permit: Permit,
    traffic: Traffic,
    shared: Shared,
) {
    let (config, hub) = (shared.config.socket, &shared.hub);
    let outbox = Arc::new(Outbox::new(config.max_waiting));
    tracing::debug!(%room, "joined");
    let guard = Guard::new(&shared, room.clone(), permit, outbox.clone(), traffic.clone());
    // Both halves live to the end of this function: the socket is reset when they are dropped.
    let (mut sink, mut stream) = socket.split();
    let reader = read(&mut stream, &guard, hub, &outbox, &traffic, config);
    let writer = write(&mut sink, &outbox, &traffic, config);
    tokio::pin!(reader, writer);
    tokio::select! {
        end = &mut reader => if end == ReadEnd::TooLarge {
            guard.leave(hub);
            let reason = "frame over the limit".to_owned();
            outbox.end_now(End::Close { code: close::TOO_LARGE, reason });
            if timeout(config.last_words, writer).await == Ok(WriteEnd::Closed) {
                sleep(LONG_LINGER).await;
            }
        },
        end = &mut writer => if end == WriteEnd::Closed {
            let _ = timeout(LINGER, reader).await;
        },
        () = overdue(&outbox, config.last_words) => {}
        () = guard.keep_term(hub) => {}
    }
    guard.leave(hub);
    tracing::debug!(%room, "left");
}

async fn read(
    stream: &mut SplitStream<WebSocket>,
    guard: &Guard,
    hub: &HubHandle,
    outbox: &Outbox,
    traffic: &Traffic,
    config: SocketConfig,
) -> ReadEnd {
    loop {
        // A message may take its time as long as its pieces come.
        let heard = tokio::select! {
            biased;
            heard = stream.next() => heard,
            () = traffic.silent(config.ping * 2) => return ReadEnd::Silent,
        };
        outbox.unstalled().await;
        match heard {
            Some(Ok(Message::Binary(bytes))) => {
                if guard.frame(hub, bytes).await == Sentence::End {
                    return wait_for_the_end(stream).await;
                }
            }
            Some(Ok(Message::Text(text))) => {
                if guard.text(hub, text.len()) == Sentence::End {
                    return wait_for_the_end(stream).await;
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => guard.heard(hub),
            Some(Err(error)) if is_too_large(&error) => return ReadEnd::TooLarge,
            Some(Ok(Message::Close(_))) => {
                // The answer to a close frame leaves with the next read.
                let _ = timeout(LINGER, stream.next()).await;
                return ReadEnd::Gone;
            }
            Some(Err(_)) | None => return ReadEnd::Gone,
        }
    }
}

/// The client was sent away: what it still says counts for nothing.
async fn wait_for_the_end(stream: &mut SplitStream<WebSocket>) -> ReadEnd {
    while let Some(Ok(_)) = stream.next().await {}
    ReadEnd::Gone
}

async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    outbox: &Outbox,
    traffic: &Traffic,
    config: SocketConfig,
) -> WriteEnd {
    let mut pings = interval(config.ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.tick().await;
    loop {
        // Whoever takes nothing, and goes on sending, would keep what waits for it for ever.
        let drained = tokio::select! {
            biased;
            drained = drain(sink, outbox) => drained,
            () = traffic.stuck(config.ping * 2) => return WriteEnd::Gone,
        };
        match drained {
            Ok(None) => {}
            Ok(Some(end)) => return end,
            Err(_) => return WriteEnd::Gone,
        }
        tokio::select! {
            () = outbox.changed() => {}
            _ = pings.tick() => outbox.ping(),
        }
    }
}

/// Writes all that waits, and flushes once.
async fn drain(
    sink: &mut SplitSink<WebSocket, Message>,
    outbox: &Outbox,
) -> Result<Option<WriteEnd>, axum::Error> {
    loop {
        outbox.unstalled().await;
        match outbox.take() {
            Some(Next::Frame(frame)) => sink.feed(Message::Binary(frame)).await?,
            Some(Next::Ping) => sink.feed(Message::Ping(bytes::Bytes::new())).await?,
            Some(Next::End(End::Cut)) => return Ok(Some(WriteEnd::Gone)),
            Some(Next::End(End::Close { code, reason })) => {
                let frame = CloseFrame { code, reason: reason.into() };
                sink.send(Message::Close(Some(frame))).await?;
                return Ok(Some(WriteEnd::Closed));
            }
            None => {
                sink.flush().await?;
                outbox.written();
                return Ok(None);
            }
        }
    }
}

/// The end was asked for, and the counterpart takes too long to read what is before it.
async fn overdue(outbox: &Outbox, last_words: Duration) {
    outbox.ended().await;
    sleep(last_words).await;
}

fn is_too_large(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    matches!(source, Some(tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. })))
}
