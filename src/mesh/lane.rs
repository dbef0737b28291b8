//! One data channel of a link: what waits to be sent on it, how much may go, and what has come in part.

use std::collections::VecDeque;

use super::assembly::{Assembly, Limits, Violation};
use super::frame::Frame;
use crate::error::{ErrorCode, Misuse};
use crate::io::{ChannelId, ChannelPlan};

/// Bytes that may be on their way before the other side allows more.
pub const WINDOW: u32 = 4 << 20;
/// Bytes that have come after which more is allowed: files are paced by it, and messages are kept until then.
const GRAIN: u32 = 32 << 10;
/// The browser's buffer below which it is filled again.
const LOW_WATER: u32 = 64 << 10;
/// Bytes that may wait on one channel of one link.
const MAX_WAITING: usize = 64 << 20;
/// States of presence that may wait; an old one is worth nothing.
const MAX_PRESENCE: usize = 64;
/// Largest state of presence: it goes in one piece, since pieces may be lost.
const PRESENCE_SIZE: usize = 15 << 10;

/// The channels of a link, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// What the two ends agree on.
    Control,
    /// Presence: only the latest counts, and what is lost is lost.
    Presence,
    /// The document.
    Sync,
    /// Messages.
    Message,
    /// Pieces of files.
    File,
}

impl Channel {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 5] =
        [Self::Control, Self::Presence, Self::Sync, Self::Message, Self::File];

    /// The id that both sides know without saying it.
    pub fn id(self) -> ChannelId {
        ChannelId(match self {
            Self::Control => 0,
            Self::Sync => 1,
            Self::Presence => 2,
            Self::Message => 3,
            Self::File => 4,
        })
    }

    /// The channel of an id.
    pub fn of(id: ChannelId) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.id() == id)
    }

    /// The name in events and calls.
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "ctl",
            Self::Sync => "sync",
            Self::Presence => "presence",
            Self::Message => "msg",
            Self::File => "file",
        }
    }

    /// How the browser is to make it.
    pub fn plan(self) -> ChannelPlan {
        let reliable = self != Self::Presence;
        ChannelPlan { id: self.id(), label: self.name(), reliable, low_water: LOW_WATER }
    }

    /// Whether the other side must allow what is sent. Control never waits, and presence is small and lossy.
    fn is_metered(self) -> bool {
        matches!(self, Self::Sync | Self::Message | Self::File)
    }

    fn limits(self) -> Limits {
        let message = match self {
            Self::Control => 64 << 10,
            Self::Presence => PRESENCE_SIZE,
            Self::Sync => 64 << 20,
            Self::Message | Self::File => 16 << 20,
        };
        Limits { message, open: if self == Self::Presence { 1 } else { 4 } }
    }
}

/// One channel of one link.
#[derive(Debug)]
pub struct Lane {
    channel: Channel,
    open: bool,
    waiting: VecDeque<Outgoing>,
    waiting_bytes: usize,
    /// Messages that were sent and have not all been taken, for a connection that takes the place of this one.
    unconfirmed: VecDeque<Outgoing>,
    /// Bytes of the first of them that have been taken.
    confirmed: u32,
    /// Frames that the browser did not take.
    returned: VecDeque<Vec<u8>>,
    next_stream: u32,
    /// Bytes in the browser's buffer, as far as is known.
    buffered: u32,
    /// Bytes that may still be sent.
    credit: u32,
    /// Bytes that the other side may still send, and those that are to be allowed again.
    allowed: u32,
    taken: u32,
    assembly: Assembly,
    /// Number of the message that comes next; what is before it came over an earlier connection.
    expected: u32,
}

#[derive(Debug)]
struct Outgoing {
    stream: u32,
    begins: bool,
    ends: bool,
    bytes: Vec<u8>,
    sent: usize,
}

impl Lane {
    /// A channel that is not open yet.
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            open: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            unconfirmed: VecDeque::new(),
            confirmed: 0,
            returned: VecDeque::new(),
            next_stream: 0,
            buffered: 0,
            credit: WINDOW,
            allowed: WINDOW,
            taken: 0,
            assembly: Assembly::new(channel.limits()),
            expected: 0,
        }
    }

    /// Goes on where the same channel of the connection before stood: what may not have arrived is sent again under its
    /// number, by which the other side knows what it has.
    pub fn inherit(&mut self, before: Self) {
        let unconfirmed = before.unconfirmed.into_iter().chain(before.waiting);
        self.waiting = unconfirmed.map(|outgoing| Outgoing { sent: 0, ..outgoing }).collect();
        self.count_waiting();
        self.next_stream = before.next_stream;
        self.expected = before.expected;
    }

    /// The browser says that it is open.
    pub fn handle_open(&mut self) {
        self.open = true;
    }

    /// Whether the browser said that it is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The browser's buffer got emptier.
    pub fn handle_drained(&mut self, buffered: u32) {
        self.buffered = buffered;
    }

    /// The browser's buffer was full; it goes again when there is room.
    pub fn handle_unsent(&mut self, bytes: Vec<u8>) {
        self.buffered = u32::MAX;
        self.returned.push_back(bytes);
    }

    /// Puts a message in the queue.
    ///
    /// # Errors
    /// [`ErrorCode::FrameTooLarge`] or [`ErrorCode::BufferFull`]; then nothing was queued.
    pub fn push(&mut self, bytes: Vec<u8>) -> Result<(), Misuse> {
        let limit = self.channel.limits().message;
        if bytes.len() > limit {
            let message =
                format!("a message to a peer has at most {limit} bytes here; got {}", bytes.len());
            return Err(Misuse::new(ErrorCode::FrameTooLarge, message));
        }
        if self.channel == Channel::Presence && self.waiting.len() >= MAX_PRESENCE {
            let oldest = self.waiting.pop_front();
            self.waiting_bytes -= oldest.map_or(0, |oldest| oldest.bytes.len());
        }
        self.room_for(bytes.len())?;
        let stream = self.next_stream;
        self.next_stream = self.next_stream.wrapping_add(1);
        self.queue(Outgoing { stream, begins: true, ends: true, bytes, sent: 0 });
        Ok(())
    }

    /// Puts a piece of a longer stream in the queue, whose length is not announced.
    pub fn push_piece(&mut self, stream: u32, bytes: Vec<u8>) {
        self.queue(Outgoing { stream, begins: false, ends: false, bytes, sent: 0 });
    }

    /// Forgets what waits of a stream.
    pub fn forget(&mut self, stream: u32) {
        self.waiting.retain(|outgoing| outgoing.stream != stream);
        self.count_waiting();
    }

    /// Bytes that wait here.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Bytes that were sent and that the other side has not taken, as far as is known.
    pub fn in_flight(&self) -> u32 {
        WINDOW - self.credit
    }

    /// The next frame with at most `chunk` bytes of a message, while the browser buffers less than `high_water`.
    pub fn poll_frame(&mut self, chunk: usize, high_water: u32) -> Option<Vec<u8>> {
        if !self.open || self.buffered >= high_water {
            return None;
        }
        let frame = match self.returned.pop_front() {
            Some(frame) => frame,
            None => self.next_frame(chunk)?,
        };
        self.buffered = self.buffered.saturating_add(frame.len() as u32);
        Some(frame)
    }

    fn next_frame(&mut self, chunk: usize) -> Option<Vec<u8>> {
        let metered = self.channel.is_metered();
        let most = if metered { chunk.min(self.credit as usize) } else { chunk };
        let outgoing = self.waiting.front_mut()?;
        let left = outgoing.bytes.len() - outgoing.sent;
        if most == 0 && left > 0 {
            return None;
        }
        let length = left.min(most);
        let bytes = outgoing.bytes.get(outgoing.sent..outgoing.sent + length)?;
        let first = outgoing.sent == 0 && outgoing.begins;
        let total = first.then_some(outgoing.bytes.len() as u32);
        let done = length == left;
        let last = done && outgoing.ends;
        let frame = Frame { stream: outgoing.stream, total, last, bytes }.encode();
        outgoing.sent += length;
        self.waiting_bytes -= length;
        if metered {
            self.credit -= length as u32;
        }
        if done {
            let sent = self.waiting.pop_front().filter(|_| self.channel == Channel::Message);
            self.unconfirmed.extend(sent);
        }
        Some(frame)
    }

    /// A frame came: counts it against what was allowed, and gives the message that it completes.
    ///
    /// # Errors
    /// How it breaks the rules.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, Violation> {
        let frame = Frame::decode(bytes).ok_or(Violation::Malformed)?;
        self.count(frame.bytes.len())?;
        self.give_back(frame.bytes.len() as u32);
        let message = self.assembly.take(&frame)?;
        Ok(message.filter(|_| self.channel != Channel::Message || self.is_new(frame.stream)))
    }

    /// A frame of a stream whose end is not announced; its bytes are given back by [`give_back`](Self::give_back).
    ///
    /// # Errors
    /// How it breaks the rules.
    pub fn take_piece<'a>(&mut self, bytes: &'a [u8]) -> Result<Frame<'a>, Violation> {
        let frame = Frame::decode(bytes).ok_or(Violation::Malformed)?;
        self.count(frame.bytes.len())?;
        Ok(frame)
    }

    /// Bytes that came have been dealt with.
    pub fn give_back(&mut self, bytes: u32) {
        if self.channel.is_metered() {
            self.taken = self.taken.saturating_add(bytes);
        }
    }

    /// What the other side is to be allowed now, once it is worth a message.
    pub fn poll_credit(&mut self) -> Option<u32> {
        let grain = if self.channel == Channel::Sync { WINDOW / 4 } else { GRAIN };
        if self.taken < grain {
            return None;
        }
        let taken = std::mem::take(&mut self.taken);
        self.allowed = self.allowed.saturating_add(taken);
        Some(taken)
    }

    /// The other side allows more.
    ///
    /// # Errors
    /// [`Violation::Credits`] if that is more than the window.
    pub fn handle_credit(&mut self, bytes: u32) -> Result<(), Violation> {
        let credit = self.credit.checked_add(bytes).filter(|credit| *credit <= WINDOW);
        self.credit = credit.filter(|_| self.channel.is_metered()).ok_or(Violation::Credits)?;
        if self.channel == Channel::Message {
            self.confirm(bytes);
        }
        Ok(())
    }

    /// What was taken, in order, need not be sent again.
    fn confirm(&mut self, bytes: u32) {
        self.confirmed = self.confirmed.saturating_add(bytes);
        while let Some(first) = self.unconfirmed.front()
            && first.bytes.len() <= self.confirmed as usize
        {
            self.confirmed -= first.bytes.len() as u32;
            self.unconfirmed.pop_front();
        }
    }

    /// Whether a message has not come before; they come in order.
    fn is_new(&mut self, stream: u32) -> bool {
        let new = stream.wrapping_sub(self.expected) <= u32::MAX / 2;
        if new {
            self.expected = stream.wrapping_add(1);
        }
        new
    }

    fn count(&mut self, bytes: usize) -> Result<(), Violation> {
        if self.channel.is_metered() {
            let bytes = u32::try_from(bytes).map_err(|_| Violation::Overrun)?;
            self.allowed = self.allowed.checked_sub(bytes).ok_or(Violation::Overrun)?;
        }
        Ok(())
    }

    fn room_for(&self, bytes: usize) -> Result<(), Misuse> {
        if self.waiting_bytes + bytes <= MAX_WAITING {
            return Ok(());
        }
        let message = format!(
            "{MAX_WAITING} bytes wait for this peer already; send again when some have gone"
        );
        Err(Misuse::new(ErrorCode::BufferFull, message))
    }

    fn queue(&mut self, outgoing: Outgoing) {
        self.waiting_bytes += outgoing.bytes.len();
        self.waiting.push_back(outgoing);
    }

    fn count_waiting(&mut self) {
        self.waiting_bytes = self.waiting.iter().map(|out| out.bytes.len() - out.sent).sum();
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
