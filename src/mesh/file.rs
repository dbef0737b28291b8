//! Files between two peers: offered, taken from an offset, checked by their hash, resumed after a new connection.
//!
//! ```text
//!   sender                                     receiver
//!     offer{id, name, size, mime} ──────────────►  the app accepts
//!     ◄──────────────────────── take{id, from, hash of what it has}
//!     pieces on the file channel ──────────────►  chunks to the app, which says what it has put away
//!     end{id, hash of all} ────────────────────►  compared with the hash of what came
//!     ◄──────────────────────────────── got{id}
//!   either: stop{id, mine, why}
//! ```
//!
//! Neither side holds a file: the sender's app is asked for pieces, the receiver's gets them.

mod incoming;
mod message;
mod outgoing;
#[cfg(all(test, not(target_family = "wasm")))]
mod tests;

use std::collections::VecDeque;

use crate::error::{ErrorCode, Misuse};
use crate::ordered::OrderedMap;
use incoming::Incoming;
pub use message::FileMessage;
use outgoing::Outgoing;

/// Most transfers that are not over: those that go, to all peers together, and those that come, from each.
const MAX_TRANSFERS: usize = 64;
/// Most that come from all peers together.
const MAX_INCOMING: usize = 1_024;
/// Most transfers that are over of which is known how they ended.
const MAX_ENDED: usize = 256;
/// Bytes between two reports of progress.
const REPORT: u64 = 256 << 10;

/// What is known of a file before it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name, the peer's word.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type, the peer's word.
    pub mime: String,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferStatus {
    /// Nobody has accepted it yet.
    Offered,
    /// It is on its way.
    Transferring,
    /// For the link to come back.
    Waiting,
    /// It is there, whole and checked.
    Done,
    /// The receiver did not want it.
    Rejected,
    /// One side ended it.
    Cancelled,
    /// It cannot be ended well: the peer is gone, or the bytes are not those that were sent.
    Failed,
}

impl TransferStatus {
    /// The word in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Transferring => "transferring",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Rejected | Self::Cancelled | Self::Failed)
    }
}

/// What transfers want done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAction {
    /// Say this to a peer.
    Say(u32, FileMessage),
    /// Send this piece of a stream to a peer.
    Piece(u32, u32, Vec<u8>),
    /// So many bytes of a peer's have been dealt with.
    GiveBack(u32, u32),
    /// Forget what waits of a stream to a peer.
    Forget(u32, u32),
    /// Tell the app.
    Tell(FileEvent),
}

/// What the app is told of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEvent {
    /// Where it stands.
    Progress {
        /// Number of the transfer.
        transfer: u32,
        /// With this peer.
        peer: u32,
        /// Whether it comes; else it goes.
        incoming: bool,
        /// What it is.
        info: FileInfo,
        /// Where it stands.
        status: TransferStatus,
        /// Bytes so far.
        transferred: u64,
        /// Why it failed or ended.
        reason: Option<&'static str>,
    },
    /// The app is to give this piece.
    Want {
        /// Number of the transfer.
        transfer: u32,
        /// From this byte on.
        offset: u64,
        /// So many bytes.
        length: u32,
    },
    /// A piece came.
    Chunk {
        /// Number of the transfer.
        transfer: u32,
        /// It begins at this byte.
        offset: u64,
        /// The piece.
        bytes: Vec<u8>,
    },
}

#[derive(Debug)]
struct Ended {
    peer: u32,
    id: u32,
    size: u64,
    status: TransferStatus,
    /// Whether it went, and was ended here; else it came.
    mine: bool,
}

/// All transfers of a mesh.
#[derive(Debug, Default)]
pub struct Transfers {
    last: u32,
    outgoing: OrderedMap<u32, Outgoing>,
    incoming: OrderedMap<u32, Incoming>,
    /// What came and is over, and what went and was ended here, the newest last: the other side may not have heard of it.
    ended: VecDeque<Ended>,
    actions: VecDeque<FileAction>,
}

impl Transfers {
    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<FileAction> {
        self.actions.pop_front()
    }

    /// Offers a file to a peer and returns the transfer's number.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`], or [`ErrorCode::BufferFull`] if too many are under way.
    pub fn send(&mut self, peer: u32, info: FileInfo) -> Result<u32, Misuse> {
        if !info.is_sensible() {
            return Err(Misuse::argument(
                "a file has a name of 1 to 512 bytes and a size below 2^53",
            ));
        }
        if self.outgoing.len() >= MAX_TRANSFERS {
            let message = format!("{MAX_TRANSFERS} files are under way already");
            return Err(Misuse::new(ErrorCode::BufferFull, message));
        }
        let transfer = self.fresh();
        let outgoing = Outgoing::new(transfer, peer, info);
        outgoing.offer(&mut self.actions);
        self.outgoing.insert(transfer, outgoing);
        Ok(transfer)
    }

    /// Takes an offered file: now if the link is up, else when it is.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for a transfer that is over, or not on offer.
    pub fn accept(&mut self, transfer: u32, is_up: impl FnOnce(u32) -> bool) -> Result<(), Misuse> {
        let incoming = self.incoming.get_mut(&transfer).ok_or_else(over)?;
        incoming.accept(is_up(incoming.peer()), &mut self.actions)?;
        self.sweep();
        Ok(())
    }

    /// Ends a transfer, or refuses an offer. Harmless once it is over.
    pub fn cancel(&mut self, transfer: u32) {
        if let Some(outgoing) = self.outgoing.get_mut(&transfer) {
            outgoing.cancel(&mut self.actions);
        } else if let Some(incoming) = self.incoming.get_mut(&transfer) {
            incoming.cancel(&mut self.actions);
        }
        self.sweep();
    }

    /// The piece that was wanted. One that is wanted no more is dropped.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for a piece of another length.
    pub fn chunk(&mut self, transfer: u32, offset: u64, bytes: Vec<u8>) -> Result<(), Misuse> {
        let Some(outgoing) = self.outgoing.get_mut(&transfer) else { return Ok(()) };
        outgoing.chunk(offset, bytes, &mut self.actions)?;
        self.sweep();
        Ok(())
    }

    /// The app has put away so many bytes of what came.
    pub fn put_away(&mut self, transfer: u32, bytes: u32) {
        if let Some(incoming) = self.incoming.get_mut(&transfer) {
            incoming.put_away(bytes, &mut self.actions);
        }
    }

    /// A peer said something about a file.
    pub fn handle_message(&mut self, peer: u32, message: FileMessage) {
        match message {
            FileMessage::Offer { id, info } => self.on_offer(peer, id, info),
            FileMessage::Take { id, from, hash } => {
                if self.has_sent(peer, id) {
                    self.with_sent(peer, id, |outgoing, actions| {
                        outgoing.on_take(from, hash, actions);
                    });
                } else {
                    self.say(peer, FileMessage::withdrawal(id));
                }
            }
            FileMessage::Got { id } => self.with_sent(peer, id, |outgoing, actions| {
                outgoing.finish(TransferStatus::Done, None, actions);
            }),
            FileMessage::End { id, hash } => self.with_offered(peer, id, |incoming, actions| {
                incoming.on_end(&hash, actions);
            }),
            FileMessage::Stop { id, mine: true, .. } => {
                self.with_offered(peer, id, |incoming, actions| {
                    incoming.finish(TransferStatus::Cancelled, Some("sender"), actions);
                });
            }
            FileMessage::Stop { id, mine: false, rejected } => {
                self.with_sent(peer, id, |outgoing, actions| outgoing.on_stop(rejected, actions));
            }
        }
        self.sweep();
    }

    /// A piece came. What belongs to no transfer that was accepted is dropped: it may have been cancelled meanwhile.
    pub fn handle_piece(&mut self, peer: u32, id: u32, bytes: Vec<u8>) {
        let length = bytes.len() as u32;
        let known = self.incoming.values_mut().find(|incoming| incoming.is(peer, id));
        match known.filter(|incoming| incoming.is_open()) {
            Some(incoming) => incoming.on_piece(bytes, &mut self.actions),
            None => self.actions.push_back(FileAction::GiveBack(peer, length)),
        }
        self.sweep();
    }

    /// Asks the apps for what may go: `backlog` says how many bytes wait for a peer, if it has a link.
    pub fn advance(&mut self, backlog: impl Fn(u32) -> Option<usize>) {
        for outgoing in self.outgoing.values_mut() {
            if let Some(waiting) = backlog(outgoing.peer()) {
                outgoing.want(waiting, &mut self.actions);
            }
        }
    }

    /// The connection with a peer is lost: what was on its way waits for another.
    pub fn handle_lost(&mut self, peer: u32) {
        for outgoing in self.outgoing.values_mut().filter(|outgoing| outgoing.peer() == peer) {
            outgoing.on_lost(&mut self.actions);
        }
        for incoming in self.incoming.values_mut().filter(|incoming| incoming.peer() == peer) {
            incoming.on_lost(&mut self.actions);
        }
    }

    /// There is a link with a peer, the same as before or another.
    pub fn handle_up(&mut self, peer: u32) {
        for outgoing in self.outgoing.values_mut().filter(|outgoing| outgoing.peer() == peer) {
            outgoing.on_up(&mut self.actions);
        }
        for incoming in self.incoming.values_mut().filter(|incoming| incoming.peer() == peer) {
            incoming.on_up(&mut self.actions);
        }
        for ended in self.ended.iter().filter(|ended| ended.mine && ended.peer == peer) {
            self.actions.push_back(FileAction::Say(peer, FileMessage::withdrawal(ended.id)));
        }
    }

    /// A peer is gone for good.
    pub fn handle_gone(&mut self, peer: u32) {
        let (failed, why) = (TransferStatus::Failed, Some("gone"));
        for outgoing in self.outgoing.values_mut().filter(|outgoing| outgoing.peer() == peer) {
            outgoing.finish(failed, why, &mut self.actions);
        }
        for incoming in self.incoming.values_mut().filter(|incoming| incoming.peer() == peer) {
            incoming.finish(failed, why, &mut self.actions);
        }
        self.sweep();
        self.ended.retain(|ended| ended.peer != peer);
    }

    fn on_offer(&mut self, peer: u32, id: u32, info: FileInfo) {
        // Said again after a new connection.
        if self.incoming.values().any(|incoming| incoming.is(peer, id)) {
            return;
        }
        let sought = (false, peer, id, info.size);
        let is_it = |ended: &&Ended| (ended.mine, ended.peer, ended.id, ended.size) == sought;
        let ended = self.ended.iter().rfind(is_it).map(|ended| ended.status);
        if ended == Some(TransferStatus::Done) {
            return self.say(peer, FileMessage::Got { id });
        }
        if ended.is_some() || self.is_full(peer) {
            let rejected = ended == Some(TransferStatus::Rejected);
            return self.say(peer, FileMessage::Stop { id, mine: false, rejected });
        }
        let transfer = self.fresh();
        let incoming = Incoming::new(transfer, peer, id, info);
        incoming.tell(None, &mut self.actions);
        self.incoming.insert(transfer, incoming);
    }

    /// Whether no more may come from a peer.
    fn is_full(&self, peer: u32) -> bool {
        let incoming = self.incoming.values().filter(|incoming| incoming.peer() == peer);
        incoming.count() >= MAX_TRANSFERS || self.incoming.len() >= MAX_INCOMING
    }

    fn has_sent(&self, peer: u32, id: u32) -> bool {
        self.outgoing.get(&id).is_some_and(|outgoing| outgoing.peer() == peer)
    }

    fn with_sent(
        &mut self,
        peer: u32,
        id: u32,
        act: impl FnOnce(&mut Outgoing, &mut VecDeque<FileAction>),
    ) {
        let known = self.outgoing.get_mut(&id).filter(|outgoing| outgoing.peer() == peer);
        if let Some(outgoing) = known {
            act(outgoing, &mut self.actions);
        }
    }

    fn with_offered(
        &mut self,
        peer: u32,
        id: u32,
        act: impl FnOnce(&mut Incoming, &mut VecDeque<FileAction>),
    ) {
        if let Some(incoming) = self.incoming.values_mut().find(|incoming| incoming.is(peer, id)) {
            act(incoming, &mut self.actions);
        }
    }

    fn say(&mut self, peer: u32, message: FileMessage) {
        self.actions.push_back(FileAction::Say(peer, message));
    }

    fn sweep(&mut self) {
        let withdrawn = self.outgoing.values().filter_map(Outgoing::withdrawn);
        let over = self.incoming.values().filter(|incoming| incoming.is_over());
        self.ended.extend(withdrawn.chain(over.map(Incoming::ended)));
        self.outgoing.retain(|_, outgoing| !outgoing.is_over());
        self.incoming.retain(|_, incoming| !incoming.is_over());
        let excess = self.ended.len().saturating_sub(MAX_ENDED);
        self.ended.drain(..excess);
    }

    fn fresh(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }
}

impl FileInfo {
    fn is_sensible(&self) -> bool {
        let named = !self.name.is_empty() && self.name.len() <= 512 && self.mime.len() <= 256;
        named && self.size < 1 << 53
    }
}

fn over() -> Misuse {
    Misuse::argument("there is no such transfer, or it is over")
}
