//! A file that comes.

use std::collections::VecDeque;

use sha2::{Digest, Sha256};

use super::outgoing::encoded;
use super::{Ended, FileAction, FileEvent, FileInfo, FileMessage, REPORT, TransferStatus};
use crate::error::Misuse;

type Actions = VecDeque<FileAction>;

/// One file from one peer.
#[derive(Debug)]
pub(super) struct Incoming {
    transfer: u32,
    peer: u32,
    /// Number that the sender gave it.
    id: u32,
    info: FileInfo,
    status: TransferStatus,
    position: u64,
    reported: u64,
    hash: Sha256,
    /// What the sender says that the hash of all is.
    expected: Option<String>,
    /// Bytes that the app has not put away yet.
    held: u32,
}

impl Incoming {
    pub(super) fn new(transfer: u32, peer: u32, id: u32, info: FileInfo) -> Self {
        Self {
            transfer,
            peer,
            id,
            info,
            status: TransferStatus::Offered,
            position: 0,
            reported: 0,
            hash: Sha256::new(),
            expected: None,
            held: 0,
        }
    }

    pub(super) fn is(&self, peer: u32, id: u32) -> bool {
        self.peer == peer && self.id == id
    }

    pub(super) fn ended(&self) -> Ended {
        Ended {
            peer: self.peer,
            id: self.id,
            size: self.info.size,
            status: self.status,
            mine: false,
        }
    }

    pub(super) fn peer(&self) -> u32 {
        self.peer
    }

    pub(super) fn is_over(&self) -> bool {
        self.status.is_over()
    }

    /// Whether pieces of it are taken.
    pub(super) fn is_open(&self) -> bool {
        self.status == TransferStatus::Transferring
    }

    /// Takes it, or waits for the link that says so.
    pub(super) fn accept(&mut self, is_up: bool, actions: &mut Actions) -> Result<(), Misuse> {
        if self.status != TransferStatus::Offered {
            return Err(Misuse::argument("this file has been accepted already"));
        }
        self.status = TransferStatus::Waiting;
        if is_up {
            self.on_up(actions);
        } else {
            self.tell(None, actions);
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, actions: &mut Actions) {
        let rejected = self.status == TransferStatus::Offered;
        self.stop(rejected, actions);
        let status = if rejected { TransferStatus::Rejected } else { TransferStatus::Cancelled };
        self.finish(status, Some("here"), actions);
    }

    pub(super) fn on_piece(&mut self, bytes: Vec<u8>, actions: &mut Actions) {
        let length = bytes.len() as u32;
        if self.position + u64::from(length) > self.info.size {
            actions.push_back(FileAction::GiveBack(self.peer, length));
            return self.fail("corrupt", actions);
        }
        self.hash.update(&bytes);
        let offset = self.position;
        self.position += u64::from(length);
        self.held += length;
        let transfer = self.transfer;
        actions.push_back(FileAction::Tell(FileEvent::Chunk { transfer, offset, bytes }));
        if self.position >= self.reported + REPORT {
            self.reported = self.position;
            self.tell(None, actions);
        }
        self.conclude(actions);
    }

    pub(super) fn on_end(&mut self, hash: &str, actions: &mut Actions) {
        self.expected = Some(hash.to_owned());
        self.conclude(actions);
    }

    /// What the app has put away may come again.
    pub(super) fn put_away(&mut self, bytes: u32, actions: &mut Actions) {
        let bytes = bytes.min(self.held);
        self.held -= bytes;
        actions.push_back(FileAction::GiveBack(self.peer, bytes));
    }

    pub(super) fn on_lost(&mut self, actions: &mut Actions) {
        // A new connection knows nothing of what came over this one.
        self.held = 0;
        if self.status == TransferStatus::Transferring {
            self.status = TransferStatus::Waiting;
            self.tell(None, actions);
        }
    }

    /// Goes on from where it was.
    pub(super) fn on_up(&mut self, actions: &mut Actions) {
        if self.status == TransferStatus::Waiting {
            self.status = TransferStatus::Transferring;
            self.expected = None;
            self.take(actions);
            self.tell(None, actions);
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
        self.status = status;
        if self.held > 0 {
            actions.push_back(FileAction::GiveBack(self.peer, self.held));
        }
        self.tell(reason, actions);
    }

    pub(super) fn tell(&self, reason: Option<&'static str>, actions: &mut Actions) {
        actions.push_back(FileAction::Tell(FileEvent::Progress {
            transfer: self.transfer,
            peer: self.peer,
            incoming: true,
            info: self.info.clone(),
            status: self.status,
            transferred: self.position,
            reason,
        }));
    }

    fn conclude(&mut self, actions: &mut Actions) {
        let Some(expected) = self.expected.as_ref().filter(|_| self.position == self.info.size)
        else {
            return;
        };
        if *expected != encoded(&self.hash) {
            return self.fail("corrupt", actions);
        }
        actions.push_back(FileAction::Say(self.peer, FileMessage::Got { id: self.id }));
        self.finish(TransferStatus::Done, None, actions);
    }

    fn fail(&mut self, reason: &'static str, actions: &mut Actions) {
        self.stop(false, actions);
        self.finish(TransferStatus::Failed, Some(reason), actions);
    }

    fn take(&self, actions: &mut Actions) {
        let (id, from) = (self.id, self.position);
        let take = FileMessage::Take { id, from, hash: encoded(&self.hash) };
        actions.push_back(FileAction::Say(self.peer, take));
    }

    fn stop(&self, rejected: bool, actions: &mut Actions) {
        let stop = FileMessage::Stop { id: self.id, mine: false, rejected };
        actions.push_back(FileAction::Say(self.peer, stop));
    }
}
