//! What one side of a tunnel remembers: frames that the client has not confirmed, and how many of its own came.

use std::collections::VecDeque;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rejoin::protocol::FrameError;
use rejoin::tunnel::body::{Body, Item};

/// Both directions of one session: pure, so that the simulation can run it.
#[derive(Debug, Default)]
pub struct Session {
    /// Frames that go down, with their numbers, until they are confirmed.
    kept: VecDeque<(u64, Bytes)>,
    kept_bytes: usize,
    /// Bytes of the largest of them.
    largest: usize,
    /// Number of the last frame that goes down.
    last: u64,
    /// Frames that came up.
    taken: u64,
    closed: Option<(u16, String)>,
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Number of the last frame that it has whole.
    seen: u64,
    /// Bytes that it has of the next one.
    within: usize,
}

/// The rest of a frame that a reader has in part is not kept any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rest of a frame is not kept any more")]
pub struct Lost;

/// What a request brought that had not come before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Frames, in order.
    pub frames: Vec<Bytes>,
    /// Whether the client has gone.
    pub closed: bool,
}

/// Why a request cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// The body makes no sense.
    #[error(transparent)]
    Body(#[from] FrameError),
    /// Frames before this one never came.
    #[error("frames before number {0} are missing")]
    Gap(u64),
    /// A frame is larger than the limit.
    #[error("a frame is over the limit")]
    TooLarge,
}

impl Session {
    /// Puts a frame on its way down.
    pub fn push(&mut self, frame: Bytes) {
        self.last += 1;
        self.kept_bytes += frame.len();
        self.largest = self.largest.max(frame.len());
        self.kept.push_back((self.last, frame));
    }

    /// Nothing follows but the end.
    pub fn close(&mut self, code: u16, reason: &str) {
        self.closed.get_or_insert_with(|| (code, reason.replace(['\r', '\n'], " ")));
    }

    /// Nobody will come for what is kept.
    pub fn forget(&mut self) {
        self.kept.clear();
        self.kept_bytes = 0;
        self.largest = 0;
    }

    /// Bytes that are not confirmed.
    pub fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    /// The same without the largest frame: one may be larger than what may wait.
    pub fn waiting_bytes(&self) -> usize {
        self.kept_bytes - self.largest
    }

    /// Frames that are not confirmed.
    pub fn kept(&self) -> impl Iterator<Item = &Bytes> {
        self.kept.iter().map(|(_, frame)| frame)
    }

    /// The client has everything up to this frame. `false` if that cannot be, or what follows is no longer kept.
    pub fn confirm(&mut self, received: u64) -> bool {
        while self.kept.front().is_some_and(|(number, _)| *number <= received) {
            if let Some((_, frame)) = self.kept.pop_front() {
                self.kept_bytes -= frame.len();
            }
        }
        self.largest = self.kept.iter().map(|(_, frame)| frame.len()).max().unwrap_or(0);
        let next = self.kept.front().map_or(self.last + 1, |(number, _)| *number);
        received <= self.last && received + 1 == next
    }

    /// Events with what is behind `cursor`, which moves; at most about `most` bytes: a frame that is larger comes in several pieces, so that
    /// it is never there as a whole for each of those who read it. Whether the end is among them.
    ///
    /// # Errors
    /// [`Lost`]: the reader is in the middle of a frame that was forgotten.
    pub fn events(&self, cursor: &mut Cursor, most: usize) -> Result<(String, bool), Lost> {
        let mut events = String::new();
        let next = self.kept.partition_point(|(number, _)| *number <= cursor.seen);
        let is_next = |(number, _): &(u64, Bytes)| *number == cursor.seen + 1;
        if cursor.is_within() && !self.kept.get(next).is_some_and(is_next) {
            return Err(Lost);
        }
        for (number, frame) in self.kept.range(next..) {
            let rest = frame.get(cursor.within..).unwrap_or_default();
            if !events.is_empty() && events.len() + rest.len() > most {
                return Ok((events, false));
            }
            if !cursor.is_within() {
                let _ = write!(events, "id:{number}\ndata:");
            }
            // Three bytes make four letters, and only the last ones may be fewer.
            let piece = rest.get(..(most / 4).max(1) * 3).unwrap_or(rest);
            STANDARD.encode_string(piece, &mut events);
            if piece.len() < rest.len() {
                cursor.within += piece.len();
                return Ok((events, false));
            }
            events.push_str("\n\n");
            *cursor = Cursor::behind(*number);
        }
        if let Some((code, reason)) = &self.closed {
            let _ = write!(events, "event:close\ndata:{code} {reason}\n\n");
        }
        Ok((events, self.closed.is_some()))
    }

    /// Takes the body of a request; what came before is skipped.
    ///
    /// # Errors
    /// [`TakeError`]; then nothing of it was taken.
    pub fn take(&mut self, bytes: &Bytes, max_frame: usize) -> Result<Taken, TakeError> {
        let body = Body::decode(bytes)?;
        let too_large = |item: &Item<'_>| matches!(item, Item::Frame(f) if f.len() > max_frame);
        if body.items.iter().any(too_large) {
            return Err(TakeError::TooLarge);
        }
        if body.first > self.taken + 1 {
            return Err(TakeError::Gap(body.first));
        }
        self.confirm(body.received);
        let mut taken = Taken::default();
        for (item, number) in body.items.into_iter().zip(body.first..) {
            match item {
                Item::Frame(frame) if number > self.taken => {
                    self.taken = number;
                    taken.frames.push(bytes.slice_ref(frame));
                }
                Item::Frame(_) => {}
                Item::Close { .. } => taken.closed = true,
            }
        }
        Ok(taken)
    }
}

impl Cursor {
    /// Behind a frame.
    pub fn behind(seen: u64) -> Self {
        Self { seen, within: 0 }
    }

    /// Whether a frame is there in part.
    pub fn is_within(&self) -> bool {
        self.within > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(first: u64, frames: &[&'static [u8]]) -> Bytes {
        let items = frames.iter().map(|frame| Item::Frame(frame)).collect();
        Body { received: 0, first, items }.encode().into()
    }

    fn taken(session: &mut Session, first: u64, frames: &[&'static [u8]]) -> Vec<Bytes> {
        session.take(&body(first, frames), 1_000).map(|taken| taken.frames).unwrap_or_default()
    }

    #[test]
    fn a_request_that_comes_twice_counts_once_and_one_too_many_is_refused() {
        let mut session = Session::default();
        assert_eq!(taken(&mut session, 1, &[b"a", b"b"]), [&b"a"[..], b"b"]);
        assert_eq!(taken(&mut session, 1, &[b"a", b"b"]), [] as [&[u8]; 0]);
        assert_eq!(taken(&mut session, 2, &[b"b", b"c"]), [&b"c"[..]]);
        assert_eq!(session.take(&body(5, &[b"e"]), 1_000), Err(TakeError::Gap(5)));
        assert!(matches!(
            session.take(&Bytes::from_static(b"junk"), 1_000),
            Err(TakeError::Body(_))
        ));
        assert_eq!(session.take(&body(4, &[b"large"]), 4), Err(TakeError::TooLarge));
        assert_eq!(taken(&mut session, 4, &[b"d"]), [&b"d"[..]]);
    }

    #[test]
    fn frames_are_replayed_until_they_are_confirmed() {
        let mut session = Session::default();
        for frame in [&b"a"[..], b"b", b"c"] {
            session.push(Bytes::from_static(frame));
        }
        let mut cursor = Cursor::default();
        let whole = "id:1\ndata:YQ==\n\nid:2\ndata:Yg==\n\nid:3\ndata:Yw==\n\n".to_owned();
        assert_eq!(session.events(&mut cursor, 1_000), Ok((whole, false)));
        assert_eq!(session.events(&mut cursor, 1_000), Ok((String::new(), false)));
        assert!(session.confirm(1) && session.confirm(1));
        let mut again = Cursor::behind(1);
        assert_eq!(session.events(&mut again, 1), Ok(("id:2\ndata:Yg==\n\n".to_owned(), false)));
        assert!(session.confirm(3));
        assert_eq!(session.kept_bytes(), 0);
        assert!(!session.confirm(1), "what follows 1 is gone");
        assert!(!session.confirm(4), "4 was never sent");
    }

    #[test]
    fn the_end_comes_behind_every_frame_and_is_one_line() {
        let mut session = Session::default();
        session.push(Bytes::from_static(b"a"));
        session.close(1012, "a\nb");
        let events = session.events(&mut Cursor::default(), 1_000);
        let whole = "id:1\ndata:YQ==\n\nevent:close\ndata:1012 a b\n\n".to_owned();
        assert_eq!(events, Ok((whole, true)));
    }

    #[test]
    fn a_large_frame_comes_in_pieces_that_are_the_same_event() {
        for length in 95..110 {
            let mut session = Session::default();
            let large: Vec<u8> = (0..length).collect();
            for frame in [vec![1], large, vec![2]] {
                session.push(frame.into());
            }
            session.close(1012, "");
            let whole = session.events(&mut Cursor::default(), 10_000).expect("all of it");
            let (mut cursor, mut pieces, mut ends) = (Cursor::default(), String::new(), false);
            while !ends {
                let piece = session.events(&mut cursor, 40).expect("all of it");
                assert!(piece.0.len() < 90, "{}", piece.0.len());
                pieces.push_str(&piece.0);
                ends = piece.1;
            }
            assert_eq!((pieces, true), whole);
        }
    }

    #[test]
    fn who_has_a_part_of_a_frame_that_is_forgotten_gets_nothing_that_would_pass_for_the_rest() {
        let mut session = Session::default();
        session.push(vec![1; 100].into());
        session.close(1012, "");
        let mut cursor = Cursor::default();
        assert!(session.events(&mut cursor, 40).is_ok() && cursor.is_within());
        session.forget();
        assert_eq!(session.events(&mut cursor, 40), Err(Lost));
        assert!(matches!(session.events(&mut Cursor::default(), 40), Ok((_, true))));
    }
}
