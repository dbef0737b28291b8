//! The streams of the demo over HTTP.

use std::collections::VecDeque;
use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::time::Instant;

use super::frame::Frame;
use super::line::{Cut, Line};
use super::model::{self, Format};
use super::ticker::Ticker;
use crate::routes::Shared;

/// Longest time between two words, in milliseconds.
const MAX_PACE: u64 = 2_000;
/// How often readings are sent that are due: a frame's time, so that a thousand a second are sixty writes.
const BATCH: Duration = Duration::from_millis(16);

/// Which answer, and how.
#[derive(Debug, Deserialize)]
pub(super) struct AnswerQuery {
    #[serde(default)]
    room: String,
    #[serde(default)]
    format: Format,
    /// Milliseconds from one word to the next.
    #[serde(default = "usual_pace")]
    pace: u64,
}

fn usual_pace() -> u64 {
    45
}

/// What is asked.
#[derive(Debug, Deserialize)]
pub(super) struct Question {
    prompt: String,
}

/// The model's answer.
pub(super) async fn answer(
    State(shared): State<Shared>,
    Query(query): Query<AnswerQuery>,
    Json(question): Json<Question>,
) -> Response {
    answered(&shared, query, &question, 0)
}

/// The rest of an answer: the events after `Last-Event-ID`. The model is not asked again: its answers are known.
pub(super) async fn resumed(
    State(shared): State<Shared>,
    Query(query): Query<AnswerQuery>,
    Query(question): Query<Question>,
    headers: HeaderMap,
) -> Response {
    answered(&shared, query, &question, last_event_id(&headers).unwrap_or_default())
}

fn answered(shared: &Shared, query: AnswerQuery, question: &Question, after: u64) -> Response {
    let frames = model::answer(&question.prompt, query.format, after);
    let pace = Duration::from_millis(query.pace.min(MAX_PACE));
    Sse::new(paced(shared.lines.join(query.room), frames.into(), pace)).into_response()
}

fn paced(
    line: Line,
    frames: VecDeque<Frame>,
    pace: Duration,
) -> impl Stream<Item = Result<Event, Cut>> {
    unfold((line, frames, Instant::now()), move |(mut line, mut frames, due)| async move {
        let frame = frames.pop_front()?;
        match line.wait_until(due).await {
            Ok(()) => Some((Ok(frame.into()), (line, frames, Instant::now() + pace))),
            Err(cut) => Some((Err(cut), (line, VecDeque::new(), due))),
        }
    })
}

/// Which readings.
#[derive(Debug, Deserialize)]
pub(super) struct ReadingsQuery {
    #[serde(default)]
    room: String,
    /// Events a second.
    #[serde(default = "usual_rate")]
    rate: u64,
    #[serde(default = "usual_keys")]
    keys: u64,
}

fn usual_rate() -> u64 {
    100
}

fn usual_keys() -> u64 {
    48
}

/// Readings without an end, from the one after `Last-Event-ID` on.
pub(super) async fn readings(
    State(shared): State<Shared>,
    Query(query): Query<ReadingsQuery>,
    headers: HeaderMap,
) -> Response {
    let ticker = Ticker::new(query.rate, query.keys);
    let next = ticker.first(last_event_id(&headers), wall_clock());
    let state = Some((shared.lines.join(query.room), next, wall_clock()));
    let events = unfold(state, move |state| async move {
        let (mut line, next, ms) = state?;
        match due(ticker, &mut line, next, ms).await {
            Ok(ms) => Some((Ok(ticker.frame(next).into()), Some((line, next + 1, ms)))),
            Err(cut) => Some((Err::<Event, Cut>(cut), None)),
        }
    });
    Sse::new(events).into_response()
}

/// Waits until an event is due; `ms` is when the clock was read last.
async fn due(ticker: Ticker, line: &mut Line, n: u64, mut ms: u64) -> Result<u64, Cut> {
    while ticker.now(ms) < n {
        let wait = Duration::from_millis(ticker.due(n).saturating_sub(ms)).max(BATCH);
        line.wait_until(Instant::now() + wait).await?;
        ms = wall_clock();
    }
    Ok(ms)
}

/// Which readings are meant.
#[derive(Debug, Deserialize)]
pub(super) struct LatestQuery {
    id: u64,
    #[serde(default = "usual_keys")]
    keys: u64,
    #[serde(default = "usual_rate")]
    rate: u64,
}

/// The value of each key once the event with an id has come: what a page that missed none has to show.
pub(super) async fn latest(Query(query): Query<LatestQuery>) -> Response {
    Json(Ticker::new(query.rate, query.keys).latest(query.id)).into_response()
}

fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// Milliseconds since 1970.
fn wall_clock() -> u64 {
    let elapsed = UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
