//! Pieces of streams → whole messages, at a bounded cost whatever the peer sends.

use super::frame::Frame;
use crate::ordered::OrderedMap;

/// What is reserved for a stream before its bytes are there: its announced length is only the peer's word.
const RESERVED: usize = 64 << 10;

/// How the other side broke the rules of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Bytes that are no frame, or a piece that does not fit its stream.
    #[error("it sent a piece that belongs nowhere")]
    Malformed,
    /// A message larger than the channel takes.
    #[error("it sent a message larger than this channel takes")]
    TooLarge,
    /// More unfinished streams than the channel takes.
    #[error("it began more messages at once than this channel takes")]
    TooMany,
    /// More bytes than it had been allowed.
    #[error("it sent more than it had been allowed")]
    Overrun,
    /// It gave back more than it had taken.
    #[error("it allowed more than there is room for")]
    Credits,
    /// A control message that makes no sense.
    #[error("it sent a control message that makes no sense")]
    Control,
}

/// How much a channel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest message in bytes.
    pub message: usize,
    /// Most unfinished messages.
    pub open: usize,
}

/// The unfinished messages of one channel.
#[derive(Debug)]
pub struct Assembly {
    limits: Limits,
    open: OrderedMap<u32, Partial>,
}

#[derive(Debug)]
struct Partial {
    total: usize,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Nothing unfinished.
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: OrderedMap::new() }
    }

    /// Takes a piece; gives the message that it completes.
    ///
    /// # Errors
    /// How the frame breaks the rules. What it belongs to is forgotten.
    pub fn take(&mut self, frame: &Frame<'_>) -> Result<Option<Vec<u8>>, Violation> {
        let mut partial = match frame.total {
            Some(total) => self.begin(frame.stream, total as usize)?,
            None => self.open.remove(&frame.stream).ok_or(Violation::Malformed)?,
        };
        if frame.bytes.len() > partial.total - partial.bytes.len() {
            return Err(Violation::Malformed);
        }
        partial.bytes.extend_from_slice(frame.bytes);
        let complete = partial.bytes.len() == partial.total;
        if frame.last {
            return if complete { Ok(Some(partial.bytes)) } else { Err(Violation::Malformed) };
        }
        // A piece without bytes that is not the last could come for ever.
        if complete || frame.bytes.is_empty() {
            return Err(Violation::Malformed);
        }
        self.open.insert(frame.stream, partial);
        Ok(None)
    }

    /// Bytes held for unfinished messages.
    pub fn held(&self) -> usize {
        self.open.values().map(|partial| partial.bytes.len()).sum()
    }

    fn begin(&self, stream: u32, total: usize) -> Result<Partial, Violation> {
        if self.open.get(&stream).is_some() {
            return Err(Violation::Malformed);
        }
        if total > self.limits.message {
            return Err(Violation::TooLarge);
        }
        if self.open.len() >= self.limits.open {
            return Err(Violation::TooMany);
        }
        Ok(Partial { total, bytes: Vec::with_capacity(total.min(RESERVED)) })
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { message: 1000, open: 2 };

    fn piece(stream: u32, total: Option<u32>, last: bool, bytes: &[u8]) -> Frame<'_> {
        Frame { stream, total, last, bytes }
    }

    #[test]
    fn pieces_of_two_streams_may_alternate() {
        let mut assembly = Assembly::new(LIMITS);
        assert_eq!(assembly.take(&piece(1, Some(4), false, b"ab")), Ok(None));
        assert_eq!(assembly.take(&piece(2, Some(1), true, b"x")), Ok(Some(b"x".to_vec())));
        assert_eq!(assembly.take(&piece(1, None, true, b"cd")), Ok(Some(b"abcd".to_vec())));
        assert_eq!(assembly.held(), 0);
    }

    #[test]
    fn an_announced_length_beyond_the_limit_is_refused_before_anything_is_kept() {
        let mut assembly = Assembly::new(LIMITS);
        let huge = piece(1, Some(u32::MAX), false, b"a");
        assert_eq!(assembly.take(&huge), Err(Violation::TooLarge));
        assert_eq!(assembly.held(), 0);
    }

    #[test]
    fn a_third_unfinished_stream_is_refused() {
        let mut assembly = Assembly::new(LIMITS);
        for stream in 0..2 {
            assembly.take(&piece(stream, Some(9), false, b"a")).unwrap();
        }
        assert_eq!(assembly.take(&piece(2, Some(9), false, b"a")), Err(Violation::TooMany));
    }

    proptest! {
        #[test]
        fn no_sequence_of_frames_makes_it_hold_more_than_its_limits(
            frames in proptest::collection::vec(
                (0u32..4, proptest::option::of(0u32..3000), any::<bool>(), 0usize..700),
                0..200,
            ),
        ) {
            let mut assembly = Assembly::new(LIMITS);
            for (stream, total, last, length) in frames {
                let bytes = vec![0; length];
                if let Ok(Some(message)) = assembly.take(&piece(stream, total, last, &bytes)) {
                    prop_assert!(message.len() <= LIMITS.message);
                }
                prop_assert!(assembly.held() <= LIMITS.message * LIMITS.open);
            }
        }
    }
}
