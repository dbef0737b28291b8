//! Reading an answer: head, body, end, and what was no stream.

use super::body::{Body, Kind, Yield};
use super::event::{Place, StreamEvent, StreamProblem};
use super::format::{Format, Mark};
use super::response::{Head, Refusal, Verdict, Wanted, judge};
use super::state::{Flow, State};
use super::{Stream, StreamAction};
use crate::connection::Context;
use crate::error::ErrorCode;
use crate::io::{FetchId, FetchOutput};
use crate::status::{Problem, Reason};

/// How much is read of the body of an answer that is no stream, in bytes.
const REFUSAL_BODY: usize = 4 << 10;
/// How long that may take.
const REFUSAL_PATIENCE: u64 = 3_000;

impl Stream {
    pub(super) fn on_head(
        &mut self,
        cx: &mut Context<'_>,
        fetch: FetchId,
        status: u16,
        headers: &[(String, String)],
    ) {
        if !matches!(self.state, State::Connecting { .. }) {
            return;
        }
        match judge(self.config.wanted, status, headers) {
            Head::Stream(kind) => {
                self.tell(StreamEvent::Response { status, headers: headers.to_vec() });
                self.on_stream(cx, fetch, kind);
            }
            Head::Over => {
                self.finish();
                self.history.reason = Some(Reason::Http { status });
            }
            Head::Refused(refusal) => {
                self.heed(cx, refusal.verdict);
                let deadline = cx.now + REFUSAL_PATIENCE;
                self.state = State::Refused { fetch, refusal, body: Vec::new(), deadline };
                self.actions.push_back(StreamAction::Fetch(fetch, FetchOutput::Read));
            }
        }
    }

    fn on_stream(&mut self, cx: &Context<'_>, fetch: FetchId, kind: Kind) {
        let body = Body::new(kind, self.config.limits, &self.cursor.last_event_id);
        if !self.config.broken.no_dedupe() {
            self.cursor.replay.begin();
        }
        if kind != Kind::Events {
            self.cursor.replay.expect_text(&self.cursor.last_event_id);
        }
        self.history.opened = true;
        self.history.refreshed = false;
        self.history.reason = None;
        self.history.error = None;
        let flow = Flow::reading(cx.now, self.config.patience());
        let body = Box::new(body);
        self.state = State::Streaming { fetch, since: cx.now, body, flow, proven: false };
        self.actions.push_back(StreamAction::Fetch(fetch, FetchOutput::Read));
    }

    pub(super) fn on_chunk(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        match &mut self.state {
            State::Streaming { body: reader, proven, .. } => {
                *proven = true;
                let mut yielded = Yield::default();
                let result = reader.feed(bytes, &mut self.cursor.replay, &mut yielded);
                if let Some(id) = reader.last_event_id(self.config.broken.early_id()) {
                    id.clone_into(&mut self.cursor.last_event_id);
                }
                self.history.retry = yielded.retry.or(self.history.retry);
                let told = self.deliver(&mut yielded);
                match result {
                    Err(error) => {
                        self.abort();
                        self.fail(Problem::new(ErrorCode::FrameTooLarge, error.to_string()).into());
                    }
                    Ok(()) => self.on_mark(cx, yielded, told),
                }
            }
            State::Refused { fetch, body, .. } => {
                let room = REFUSAL_BODY.saturating_sub(body.len());
                body.extend(bytes.iter().take(room));
                if body.len() < REFUSAL_BODY {
                    self.actions.push_back(StreamAction::Fetch(*fetch, FetchOutput::Read));
                } else {
                    self.conclude_refusal(cx);
                }
            }
            _ => {}
        }
    }

    fn on_mark(&mut self, cx: &Context<'_>, yielded: Yield, told: bool) {
        match yielded.mark {
            Mark::End => {
                let unread = told && self.config.wanted == Wanted::Text(Some(Format::Raw));
                match &mut self.state {
                    State::Streaming { flow, .. } if unread => *flow = Flow::Ending,
                    _ => self.finish(),
                }
            }
            Mark::Broken(words) => {
                self.abort();
                let message = format!("the server broke the stream off: {words}");
                let problem = Problem::new(ErrorCode::Stream, message);
                self.fail(StreamProblem { problem, status: None, body: Some(yielded.said) });
            }
            Mark::More | Mark::Complete => {
                if let State::Streaming { fetch, flow, .. } = &mut self.state {
                    *flow = Flow::reading(cx.now, self.config.patience());
                    if told && !self.config.broken.no_backpressure() {
                        *flow = Flow::Waiting;
                    } else {
                        self.actions.push_back(StreamAction::Fetch(*fetch, FetchOutput::Read));
                    }
                }
            }
        }
    }

    /// Tells what has come; `true` if that is anything.
    fn deliver(&mut self, yielded: &mut Yield) -> bool {
        if yielded.is_empty() {
            return false;
        }
        let place =
            Place { id: self.cursor.last_event_id.clone(), behind: self.cursor.replay.behind() };
        if !yielded.text.is_empty() {
            let text = std::mem::take(&mut yielded.text);
            self.tell(StreamEvent::Text { text, place: place.clone() });
        }
        if !yielded.messages.is_empty() {
            let messages = std::mem::take(&mut yielded.messages);
            self.tell(StreamEvent::Messages { messages, place });
        }
        true
    }

    pub(super) fn on_end(&mut self, cx: &mut Context<'_>) {
        match &mut self.state {
            State::Refused { .. } => self.conclude_refusal(cx),
            State::Streaming { body, proven, .. } => {
                let text = body.finish(&mut self.cursor.replay);
                let complete = body.is_complete()
                    || self.config.eof_is_done.unwrap_or_else(|| body.ends_whole());
                // Who names the wait and ends each answer means to be asked again.
                if *proven && self.history.retry.is_some() {
                    self.backoff.reset();
                }
                self.deliver(&mut Yield { text, ..Yield::default() });
                self.reset_if_proven(cx);
                self.on_body_end(cx, complete);
            }
            _ => {}
        }
    }

    fn on_body_end(&mut self, cx: &mut Context<'_>, complete: bool) {
        if self.config.wanted == Wanted::Events {
            self.lose_with(cx, Reason::Ended, None, crate::backoff::Hint::None);
        } else if complete {
            self.finish();
        } else {
            let message = "the stream ended before the answer was finished";
            self.lose(cx, Reason::Ended, Problem::new(ErrorCode::Connection, message).into());
        }
    }

    pub(super) fn on_failure(&mut self, cx: &mut Context<'_>, words: &str) {
        match &self.state {
            State::Refused { .. } => self.conclude_refusal(cx),
            // The end may come as a broken connection: everything was there.
            State::Streaming { body, .. } if body.is_complete() => self.finish(),
            State::Streaming { .. } => {
                self.reset_if_proven(cx);
                let message = format!("the stream broke off: {words}");
                self.lose(cx, Reason::Lost, Problem::new(ErrorCode::Connection, message).into());
            }
            State::Connecting { .. } => {
                let message = format!(
                    "no answer: the network or the server is down, or the server does not let this origin read it (CORS): {words}"
                );
                self.lose(cx, Reason::Lost, Problem::new(ErrorCode::Connection, message).into());
            }
            _ => {}
        }
    }

    /// As much of the body as is wanted has come, or as much as will.
    pub(super) fn conclude_refusal(&mut self, cx: &mut Context<'_>) {
        self.abort();
        let State::Refused { refusal, body, .. } =
            std::mem::replace(&mut self.state, State::Failed)
        else {
            return;
        };
        let verdict = refusal.verdict;
        let status = refusal.status;
        let problem = problem_of(&refusal, &body);
        match verdict {
            Verdict::Refresh => self.refresh(cx, problem),
            Verdict::Retry(hint) => {
                self.lose_with(cx, Reason::Http { status }, Some(problem), hint);
            }
            Verdict::Fail => {
                self.history.reason = Some(Reason::Http { status });
                self.fail(problem);
            }
        }
    }
}

fn problem_of(refusal: &Refusal, body: &[u8]) -> StreamProblem {
    let retryable = matches!(refusal.verdict, Verdict::Retry(_));
    StreamProblem {
        problem: Problem { code: refusal.code, message: refusal.message(), retryable },
        status: Some(refusal.status),
        body: Some(String::from_utf8_lossy(body).into_owned()),
    }
}
