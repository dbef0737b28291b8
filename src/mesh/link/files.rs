//! Files over a link.

use super::{Link, LinkAction};
use crate::mesh::control::Control;
use crate::mesh::file::FileMessage;
use crate::mesh::lane::Channel;
use crate::time::Instant;

impl Link {
    /// Says something about a file. An offer that finds no connection is made again by the next one.
    pub fn say_of_file(&mut self, now: Instant, message: FileMessage) {
        if self.attempt.as_ref().is_some_and(|attempt| attempt.greeted) {
            self.say(now, &Control::File(message));
            self.drain(now);
        }
    }

    /// Sends a piece of a file.
    pub fn send_piece(&mut self, now: Instant, stream: u32, bytes: Vec<u8>) {
        if let Some(attempt) = &mut self.attempt {
            attempt.lanes.lane(Channel::File).push_piece(stream, bytes);
        }
        self.drain(now);
    }

    /// Forgets what waits of a file.
    pub fn forget_pieces(&mut self, stream: u32) {
        if let Some(attempt) = &mut self.attempt {
            attempt.lanes.lane(Channel::File).forget(stream);
        }
    }

    /// Bytes of files have been dealt with.
    pub fn give_back(&mut self, now: Instant, bytes: u32) {
        if let Some(attempt) = &mut self.attempt {
            attempt.lanes.lane(Channel::File).give_back(bytes);
        }
        self.drain(now);
    }

    /// Bytes of files that wait, while the link is up.
    pub fn file_backlog(&self) -> Option<usize> {
        let attempt = self.attempt.as_ref().filter(|_| self.is_up())?;
        Some(attempt.lanes.file_backlog())
    }

    pub(super) fn on_piece(&mut self, bytes: &[u8]) {
        let Some(attempt) = &mut self.attempt else { return };
        match attempt.lanes.lane(Channel::File).take_piece(bytes) {
            // An empty piece is nothing, and could come for ever.
            Ok(frame) if frame.total.is_none() && !frame.bytes.is_empty() => {
                let (stream, bytes) = (frame.stream, frame.bytes.to_vec());
                self.actions.push_back(LinkAction::Piece(stream, bytes));
            }
            Ok(_) => self.on_violation("it sent a piece of a file that is none"),
            Err(violation) => self.on_violation(&violation.to_string()),
        }
    }
}
