//! Attempts: where to, when again, and how an answer is let go.

use super::event::{StreamEvent, StreamProblem};
use super::response::Verdict;
use super::state::{Park, State};
use super::{Cursor, History, Stream, StreamAction};
use crate::backoff::{Backoff, Hint};
use crate::connection::Context;
use crate::error::ErrorCode;
use crate::io::{EndpointRequest, FetchId, FetchOutput};
use crate::status::{EndpointReason, Problem, Reason};

impl Stream {
    /// Asks the app where to and with what: a token or a header may have changed since the last time.
    pub(super) fn attempt(&mut self, cx: &mut Context<'_>) {
        self.history.asked_until = None;
        let request = EndpointRequest(cx.fresh());
        self.state = State::Auth { request, deadline: cx.now + self.config.auth_timeout };
        self.tell(StreamEvent::Request {
            request: request.0,
            attempt: self.backoff.attempt(),
            reason: self.endpoint_reason(),
            resumes: self.history.opened,
            id: self.cursor.last_event_id.clone(),
        });
    }

    pub(super) fn open(&mut self, cx: &mut Context<'_>, url: &str) {
        let fetch = FetchId(cx.fresh());
        let accept = if self.config.wanted == super::response::Wanted::Events {
            "text/event-stream"
        } else {
            "text/event-stream, text/plain;q=0.9, */*;q=0.8"
        };
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        let Cursor { last_event_id, .. } = &self.cursor;
        let unnamed = self.config.id_in_url || self.config.broken.no_resume();
        if !last_event_id.is_empty() && !unnamed {
            headers.push(("last-event-id".to_owned(), last_event_id.clone()));
        }
        let open = FetchOutput::Open { source: self.source, url: url.to_owned(), headers };
        self.actions.push_back(StreamAction::Fetch(fetch, open));
        let deadline = cx.now + self.config.connect_timeout;
        self.state = State::Connecting { fetch, since: cx.now, deadline };
    }

    /// After a failure that the app saw: goes on where it was left, with fresh patience.
    pub(super) fn begin_again(&mut self, cx: &mut Context<'_>) {
        self.backoff.reset();
        self.history.refreshed = false;
        self.history.error = None;
        self.attempt(cx);
    }

    /// From the start, as if nothing had come.
    pub(super) fn restart(&mut self, cx: &mut Context<'_>) {
        self.backoff.reset();
        self.cursor = Cursor::default();
        self.history = History::default();
        self.tell(StreamEvent::Restart);
        self.attempt(cx);
    }

    /// The answer is lost, or there was none: tries again if that does nothing twice, else tells it.
    pub(super) fn lose(&mut self, cx: &mut Context<'_>, reason: Reason, problem: StreamProblem) {
        self.lose_with(cx, reason, Some(problem), Hint::None);
    }

    pub(super) fn lose_with(
        &mut self,
        cx: &mut Context<'_>,
        reason: Reason,
        problem: Option<StreamProblem>,
        hint: Hint,
    ) {
        self.history.reason = Some(reason);
        if self.resumable() {
            self.history.error = problem;
            self.retry(cx, hint);
        } else {
            let cut = || Problem::new(ErrorCode::Connection, "the stream ended too early").into();
            self.fail(problem.unwrap_or_else(cut));
        }
    }

    fn retry(&mut self, cx: &mut Context<'_>, hint: Hint) {
        if self.page.suspended {
            self.state = State::Parked { why: Park::Suspended, retry_at: None };
        } else if self.page.offline {
            let retry_at = Some(self.history.not_before(cx.now + self.config.offline_retry));
            self.state = State::Parked { why: Park::Offline, retry_at };
        } else if let Some(wait) = self.wait(cx, hint) {
            let until = self.history.asked_until.unwrap_or(cx.now + wait);
            self.state = State::Backoff { until };
        } else {
            let message = "all attempts are used up; start it again by hand";
            let problem = Problem::new(ErrorCode::Connection, message);
            let last = self.history.error.take();
            self.fail(last.unwrap_or_else(|| problem.into()));
        }
    }

    /// The server named a wait. It counts from here, whatever becomes of the rest of its answer.
    pub(super) fn heed(&mut self, cx: &mut Context<'_>, verdict: Verdict) {
        if let Verdict::Retry(Hint::After(wait)) = verdict
            && !self.config.broken.impatient()
        {
            self.history.asked_until = Some(cx.now + Backoff::asked(cx.rng, wait));
        }
    }

    /// A `retry` field is the wait after a stream that ran, and the least one after failures.
    fn wait(&mut self, cx: &mut Context<'_>, hint: Hint) -> Option<u64> {
        match (hint, self.history.retry) {
            (Hint::None, Some(named)) if self.backoff.attempt() == 0 => {
                self.backoff.next(cx.rng, Hint::After(named), self.page.hidden)
            }
            (Hint::None, Some(named)) => {
                let own = self.backoff.next(cx.rng, hint, self.page.hidden)?;
                Some(own.max(Backoff::asked(cx.rng, named)))
            }
            _ => self.backoff.next(cx.rng, hint, self.page.hidden),
        }
    }

    /// A token was refused: asks for a new one, once.
    pub(super) fn refresh(&mut self, cx: &mut Context<'_>, problem: StreamProblem) {
        self.history.reason = Some(Reason::Http { status: 401 });
        if self.history.refreshed || !self.config.refreshable {
            self.fail(problem);
        } else {
            self.history.refreshed = true;
            self.attempt(cx);
        }
    }

    pub(super) fn fail(&mut self, problem: StreamProblem) {
        self.history.error = Some(problem);
        self.state = State::Failed;
    }

    /// All has come.
    pub(super) fn finish(&mut self) {
        self.abort();
        self.history.reason = match &self.state {
            State::Streaming { body, .. } => {
                body.finish_word().map(|word| Reason::Finished { word: word.to_owned() })
            }
            _ => None,
        };
        self.history.error = None;
        self.state = State::Done;
    }

    /// Lets go of the request under way; its late inputs have no owner any more.
    pub(super) fn abort(&mut self) {
        if let Some(fetch) = self.state.fetch() {
            self.actions.push_back(StreamAction::Fetch(fetch, FetchOutput::Abort));
        }
    }

    pub(super) fn endpoint_reason(&self) -> EndpointReason {
        if self.history.refreshed {
            EndpointReason::Rejected
        } else if self.history.opened || self.backoff.attempt() > 0 {
            EndpointReason::Reconnect
        } else {
            EndpointReason::Initial
        }
    }
}
