//! A file that goes.

use base64ct::{Base64UrlUnpadded, Encoding};
use std::collections::VecDeque;

use sha2::{Digest, Sha256};

use super::{Ended, FileAction, FileEvent, FileInfo, FileMessage, REPORT, TransferStatus};
use crate::error::Misuse;

/// Bytes asked for at a time.
const PIECE: u64 = 256 << 10;
/// Bytes that may wait for a peer before more is asked for.
const BACKLOG: usize = 512 << 10;

#[derive(Debug)]
enum Stage {
    Offered,
    /// Reading from the start; what lies before `from` is there already and only hashed, to see that it is the same.
    Reading {
        from: u64,
        proof: String,
        position: u64,
        hash: Sha256,
        wanted: bool,
    },
    /// All is sent, and has not been confirmed.
    Sent,
    /// The connection was lost; the receiver says from where to go on.
    Waiting,
    Over,
    /// This side ended it, so.
    Withdrawn(TransferStatus),
}

/// One file to one peer.
#[derive(Debug)]
pub(super) struct Outgoing {
    transfer: u32,
    peer: u32,
    info: FileInfo,
    stage: Stage,
    transferred: u64,
    reported: u64,
}

type Actions = VecDeque<FileAction>;

impl Outgoing {
    pub(super) fn new(transfer: u32, peer: u32, info: FileInfo) -> Self {
        Self { transfer, peer, info, stage: Stage::Offered, transferred: 0, reported: 0 }
    }

    pub(super) fn peer(&self) -> u32 {
        self.peer
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over | Stage::Withdrawn(_))
    }

    /// What is to be remembered, if this side ended it.
    pub(super) fn withdrawn(&self) -> Option<Ended> {
        let Stage::Withdrawn(status) = self.stage else { return None };
        let Self { transfer: id, peer, info: FileInfo { size, .. }, .. } = *self;
        Some(Ended { peer, id, size, status, mine: true })
    }

    pub(super) fn offer(&self, actions: &mut Actions) {
        let offer = FileMessage::Offer { id: self.transfer, info: self.info.clone() };
        actions.push_back(FileAction::Say(self.peer, offer));
        self.tell(TransferStatus::Offered, None, actions);
    }

    /// The receiver wants it, from an offset on whose bytes it names the hash of.
    pub(super) fn on_take(&mut self, from: u64, proof: String, actions: &mut Actions) {
        if self.is_over() || from > self.info.size {
            return;
        }
        let (position, hash) = (0, Sha256::new());
        self.stage = Stage::Reading { from, proof, position, hash, wanted: false };
        (self.transferred, self.reported) = (from, from);
        self.tell(TransferStatus::Transferring, None, actions);
    }

    /// Asks for the next piece, unless enough waits already.
    pub(super) fn want(&mut self, backlog: usize, actions: &mut Actions) {
        let Stage::Reading { from, position, wanted, .. } = &mut self.stage else { return };
        if *wanted || backlog >= BACKLOG {
            return;
        }
        if *position == self.info.size {
            return self.end(actions);
        }
        // A piece lies on one side of the offset.
        let border = if position < from { *from } else { self.info.size };
        let length = (border - *position).min(PIECE) as u32;
        *wanted = true;
        let (transfer, offset) = (self.transfer, *position);
        actions.push_back(FileAction::Tell(FileEvent::Want { transfer, offset, length }));
    }

    pub(super) fn chunk(
        &mut self,
        offset: u64,
        bytes: Vec<u8>,
        actions: &mut Actions,
    ) -> Result<(), Misuse> {
        let Stage::Reading { from, proof, position, hash, wanted } = &mut self.stage else {
            return Ok(());
        };
        // It was read for a connection that is no more.
        if !*wanted || offset != *position {
            return Ok(());
        }
        let end = offset.saturating_add(bytes.len() as u64);
        let crosses = offset < *from && end > *from;
        if crosses || end > self.info.size || bytes.is_empty() {
            return Err(Misuse::argument("that piece of the file was not asked for"));
        }
        *wanted = false;
        *position = end;
        hash.update(&bytes);
        let skipped = end <= *from;
        if end == *from && encoded(hash) != *proof {
            self.withdraw(TransferStatus::Failed, "changed", actions);
            return Ok(());
        }
        if !skipped {
            self.transferred = end;
            actions.push_back(FileAction::Piece(self.peer, self.transfer, bytes));
            self.report(actions);
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, actions: &mut Actions) {
        if !self.is_over() {
            self.withdraw(TransferStatus::Cancelled, "here", actions);
        }
    }

    pub(super) fn on_stop(&mut self, rejected: bool, actions: &mut Actions) {
        let status = if rejected { TransferStatus::Rejected } else { TransferStatus::Cancelled };
        self.finish(status, Some("receiver"), actions);
    }

    pub(super) fn on_lost(&mut self, actions: &mut Actions) {
        if matches!(self.stage, Stage::Reading { .. } | Stage::Sent) {
            self.stage = Stage::Waiting;
            self.tell(TransferStatus::Waiting, None, actions);
        }
    }

    pub(super) fn on_up(&mut self, actions: &mut Actions) {
        if matches!(self.stage, Stage::Offered | Stage::Waiting) {
            let offer = FileMessage::Offer { id: self.transfer, info: self.info.clone() };
            actions.push_back(FileAction::Say(self.peer, offer));
        }
    }

    pub(super) fn finish(
        &mut self,
        status: TransferStatus,
        reason: Option<&'static str>,
        actions: &mut Actions,
    ) {
        if self.is_over() {
            return;
        }
        self.stage = Stage::Over;
        actions.push_back(FileAction::Forget(self.peer, self.transfer));
        self.tell(status, reason, actions);
    }

    fn end(&mut self, actions: &mut Actions) {
        if let Stage::Reading { hash, .. } = &self.stage {
            let end = FileMessage::End { id: self.transfer, hash: encoded(hash) };
            actions.push_back(FileAction::Say(self.peer, end));
            self.stage = Stage::Sent;
        }
    }

    fn withdraw(&mut self, status: TransferStatus, why: &'static str, actions: &mut Actions) {
        actions.push_back(FileAction::Say(self.peer, FileMessage::withdrawal(self.transfer)));
        self.finish(status, Some(why), actions);
        self.stage = Stage::Withdrawn(status);
    }

    fn report(&mut self, actions: &mut Actions) {
        if self.transferred >= self.reported + REPORT || self.transferred == self.info.size {
            self.reported = self.transferred;
            self.tell(TransferStatus::Transferring, None, actions);
        }
    }

    fn tell(&self, status: TransferStatus, reason: Option<&'static str>, actions: &mut Actions) {
        actions.push_back(FileAction::Tell(FileEvent::Progress {
            transfer: self.transfer,
            peer: self.peer,
            incoming: false,
            info: self.info.clone(),
            status,
            transferred: self.transferred,
            reason,
        }));
    }
}

/// The hash of what was read so far.
pub(super) fn encoded(hash: &Sha256) -> String {
    Base64UrlUnpadded::encode_string(&hash.clone().finalize())
}
