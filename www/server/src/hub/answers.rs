//! Answers to state vectors, each made once for all who lack the same: after a restart that is everybody.

use bytes::Bytes;
use rejoin::time::Instant;

/// How long the latest answer is kept for others, in milliseconds.
const KEPT: u64 = 10_000;
/// Smaller ones are as quickly made anew.
const MIN_KEPT: usize = 16 << 10;

/// The latest large answer of a room, as long as the document stays as it was.
#[derive(Debug, Default)]
pub(super) struct Answers(Option<Latest>);

#[derive(Debug)]
struct Latest {
    state_vector: Vec<u8>,
    greeting: Vec<u8>,
    frame: Bytes,
    until: Instant,
}

impl Answers {
    /// The answer to this state vector with this greeting behind it, if it was the latest.
    pub(super) fn find(&self, state_vector: &[u8], greeting: &[u8]) -> Option<Bytes> {
        let is_it = |kept: &&Latest| kept.state_vector == state_vector && kept.greeting == greeting;
        self.0.as_ref().filter(is_it).map(|kept| kept.frame.clone())
    }

    /// Keeps an answer in the place of the one before.
    pub(super) fn keep(
        &mut self,
        now: Instant,
        state_vector: &[u8],
        greeting: Vec<u8>,
        frame: &Bytes,
    ) {
        let (state_vector, frame) = (state_vector.to_vec(), frame.clone());
        self.0 = (frame.len() >= MIN_KEPT).then_some(Latest {
            state_vector,
            greeting,
            frame,
            until: now + KEPT,
        });
    }

    /// The document has changed.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Time has passed.
    pub(super) fn on_timeout(&mut self, now: Instant) {
        self.0.take_if(|kept| kept.until <= now);
    }

    /// When the one that is kept goes.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.0.as_ref().map(|kept| kept.until)
    }
}
