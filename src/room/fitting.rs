//! Frames that fit: an update that is larger than the server takes goes in pieces.

use super::Room;
use crate::doc::DocHost;
use crate::doc::pieces::pieces;
use crate::protocol::{FrameLimits, Message, decode, encode};

impl<D: DocHost> Room<D> {
    /// Sends a frame of the document, in several where it is too large for one. Keeps it back where one of its values alone is
    /// more than the server takes: its edits stay here, saved and pending.
    pub(super) fn send_guarded(&mut self, frame: Vec<u8>) -> bool {
        let frames = match self.strikes.admit(frame.len()) {
            Ok(()) => vec![frame],
            Err(limit) => match self.in_pieces(&frame, limit) {
                Some(frames) => frames,
                None => {
                    self.footing.note_too_large(frame.len(), limit);
                    self.hold_back();
                    return false;
                }
            },
        };
        for frame in frames {
            self.timers.note_on_its_way(frame.len());
            self.send(frame);
        }
        true
    }

    /// What did not fit may fit by now: it is tried again soon, however long nothing was returned.
    pub(super) fn retry_what_did_not_fit(&mut self) {
        if self.footing.is_too_large() {
            self.outbox.handle_link_down();
        }
    }

    /// Whether an update can be sent, in one frame or in several.
    pub(super) fn fits(&self, update: &[u8]) -> bool {
        match self.strikes.admit(update.len() + encode::SYNC_HEADER) {
            Ok(()) => true,
            Err(limit) => self.cut(update, limit).is_some(),
        }
    }

    /// An answer to a question begins with an answer.
    fn in_pieces(&self, frame: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
        let limits = FrameLimits { frame: usize::MAX, ..FrameLimits::default() };
        let (update, answers) = match decode(frame, &limits).ok()?.pop()? {
            Message::SyncStep2(update) => (update, true),
            Message::Update(update) => (update, false),
            _ => return None,
        };
        let frame_of = |(at, piece): (usize, Vec<u8>)| match at {
            0 if answers => encode::sync_step_2(&piece),
            _ => encode::update(&piece),
        };
        Some(self.cut(update, limit)?.into_iter().enumerate().map(frame_of).collect())
    }

    fn cut(&self, update: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
        pieces(update, limit.checked_sub(encode::SYNC_HEADER)?, &self.doc.limits())
    }
}
