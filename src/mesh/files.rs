//! A mesh's transfers, and the links they go over.

use super::event::MeshEvent;
use super::file::{FileAction, FileInfo};
use super::link::{Link, LinkState};
use super::{Mesh, MeshAction};
use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::time::Instant;

impl Mesh {
    /// Offers a file to a peer and returns the transfer's number.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED` without a link, `E_BUFFER_FULL` for too many at once, `E_INVALID_ARGUMENT`.
    pub fn send_file(
        &mut self,
        cx: &mut Context<'_>,
        peer: u32,
        info: FileInfo,
    ) -> Result<u32, Misuse> {
        if !self.roster.link(peer).is_some_and(|link| link.is_linked()) {
            let message = "there is no link with this peer; wait until its state is `up`";
            return Err(Misuse::new(ErrorCode::NotConnected, message));
        }
        let transfer = self.transfers.send(peer, info)?;
        self.advance(cx);
        Ok(transfer)
    }

    /// Takes an offered file.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if it is not on offer.
    pub fn accept_file(&mut self, cx: &mut Context<'_>, transfer: u32) -> Result<(), Misuse> {
        let is_up = |peer| self.roster.link(peer).is_some_and(|link| link.is_up());
        self.transfers.accept(transfer, is_up)?;
        self.advance(cx);
        Ok(())
    }

    /// Ends a transfer or refuses an offer. Harmless once it is over.
    pub fn cancel_file(&mut self, cx: &mut Context<'_>, transfer: u32) {
        self.transfers.cancel(transfer);
        self.advance(cx);
    }

    /// The piece that a `want` event asked for. One that is asked for no more is dropped.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another length.
    pub fn file_chunk(
        &mut self,
        cx: &mut Context<'_>,
        transfer: u32,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<(), Misuse> {
        self.transfers.chunk(transfer, offset, bytes)?;
        self.advance(cx);
        Ok(())
    }

    /// The app has put away so many bytes of `chunk` events: as many more may come.
    pub fn file_taken(&mut self, cx: &mut Context<'_>, transfer: u32, bytes: u32) {
        self.transfers.put_away(transfer, bytes);
        self.advance(cx);
    }

    /// Transfers follow the links they go over.
    pub(super) fn note_link(&mut self, peer: u32, state: LinkState) {
        match state {
            LinkState::Up => self.transfers.handle_up(peer),
            LinkState::Connecting | LinkState::Gone => self.transfers.handle_lost(peer),
            LinkState::Suspect | LinkState::Restarting | LinkState::Parked => {}
        }
    }

    /// Does what the transfers want.
    pub(super) fn drive_files(&mut self, now: Instant) {
        for peer in self.roster.take_departed() {
            self.transfers.handle_gone(peer);
        }
        loop {
            let roster = &self.roster;
            self.transfers.advance(|peer| roster.file_backlog(peer));
            let Some(action) = self.transfers.poll_action() else { return };
            match action {
                FileAction::Say(peer, message) => {
                    self.on_link(peer, |link| link.say_of_file(now, message));
                }
                FileAction::Piece(peer, stream, bytes) => {
                    self.on_link(peer, |link| link.send_piece(now, stream, bytes));
                }
                FileAction::GiveBack(peer, bytes) => {
                    self.on_link(peer, |link| link.give_back(now, bytes));
                }
                FileAction::Forget(peer, stream) => {
                    self.on_link(peer, |link| link.forget_pieces(stream));
                }
                FileAction::Tell(event) => {
                    self.actions.push_back(MeshAction::Tell(MeshEvent::File(event)));
                }
            }
        }
    }

    fn on_link(&mut self, peer: u32, act: impl FnOnce(&mut Link)) {
        if let Some(link) = self.roster.link(peer) {
            act(link);
        }
    }
}
