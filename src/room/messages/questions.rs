//! Questions to the server that have one answer: direct messages and pages of history. Held in memory only.

use crate::error::ErrorCode;
use crate::event::{Answer, MessageEvent, Problem};
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// How long a question may stay unanswered.
const PATIENCE: u64 = 10_000;
/// Most questions at a time.
const MAX_OPEN: usize = 64;

/// Open questions by number.
#[derive(Debug, Default)]
pub struct Questions {
    open: OrderedMap<u64, Question>,
}

#[derive(Debug)]
struct Question {
    deadline: Instant,
    /// The frame, until it was sent.
    frame: Option<Vec<u8>>,
}

impl Questions {
    /// Whether another question may be asked.
    pub fn has_space(&self) -> bool {
        self.open.len() < MAX_OPEN
    }

    /// Adds a question.
    pub fn ask(&mut self, now: Instant, request: u64, frame: Vec<u8>) {
        self.open.insert(request, Question { deadline: now + PATIENCE, frame: Some(frame) });
    }

    /// Frames that were not sent yet.
    pub fn poll_frames(&mut self) -> Vec<Vec<u8>> {
        self.open.values_mut().filter_map(|question| question.frame.take()).collect()
    }

    /// Closes a question; `false` if it was not open.
    pub fn close(&mut self, request: u64) -> bool {
        self.open.remove(&request).is_some()
    }

    /// The link is gone: what was sent will not be answered.
    pub fn handle_link_down(&mut self) -> Vec<MessageEvent> {
        let message = "the link was lost before the server answered";
        self.fail(|question| question.frame.is_none(), ErrorCode::Connection, message)
    }

    /// The server does not speak messages.
    pub fn handle_unsupported(&mut self) -> Vec<MessageEvent> {
        self.fail(|_| true, ErrorCode::Unsupported, super::UNSUPPORTED)
    }

    /// When the first question is given up.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let at = self.open.values().map(|question| question.deadline).min()?;
        Some(Deadline { at, reason: "message answer" })
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<MessageEvent> {
        let message = "the server did not answer within ten seconds";
        self.fail(|question| question.deadline <= now, ErrorCode::Timeout, message)
    }

    fn fail(
        &mut self,
        which: impl Fn(&Question) -> bool,
        code: ErrorCode,
        message: &str,
    ) -> Vec<MessageEvent> {
        let mut failed = Vec::new();
        self.open.retain(|request, question| {
            let fails = which(question);
            if fails {
                let answer = Answer::Failed(Problem::new(code, message));
                failed.push(MessageEvent::Answer { request: *request, answer });
            }
            !fails
        });
        failed
    }
}
