//! What waits to be sent to a stock client: whole frames on one channel, none of them larger than it takes.

use std::collections::VecDeque;

use crate::error::{ErrorCode, Misuse};

/// What the browser may buffer.
const HIGH_WATER: u32 = 256 << 10;
/// The browser's buffer below which it is filled again.
pub(super) const LOW_WATER: u32 = 64 << 10;
/// Bytes that may wait.
const MAX_WAITING: usize = 64 << 20;

/// The way to one stock client.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// Largest frame it takes, once the channel is open.
    limit: Option<u32>,
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// Bytes in the browser's buffer, as far as is known.
    buffered: u32,
}

impl Pipe {
    /// The channel is open.
    pub(super) fn handle_open(&mut self, limit: u32) {
        self.limit = Some(limit);
    }

    /// Largest frame that it takes.
    pub(super) fn limit(&self) -> Option<u32> {
        self.limit
    }

    /// Puts a frame in the queue. One that may be lost is, where others wait.
    ///
    /// # Errors
    /// `E_NOT_CONNECTED`, `E_PEER_LIMIT`, `E_BUFFER_FULL`; then nothing was queued.
    pub(super) fn push(&mut self, bytes: Vec<u8>, lossy: bool) -> Result<(), Misuse> {
        let Some(limit) = self.limit else {
            let message = "there is no link with this peer; wait until its state is `up`";
            return Err(Misuse::new(ErrorCode::NotConnected, message));
        };
        if bytes.len() > limit as usize {
            let size = bytes.len();
            let message = format!("a client of y-webrtc takes frames of {limit} bytes; got {size}");
            return Err(Misuse::new(ErrorCode::PeerLimit, message));
        }
        if lossy && !self.waiting.is_empty() {
            return Ok(());
        }
        if self.waiting_bytes + bytes.len() > MAX_WAITING {
            let message = format!(
                "{MAX_WAITING} bytes wait for this peer already; send again when some have gone"
            );
            return Err(Misuse::new(ErrorCode::BufferFull, message));
        }
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(bytes);
        Ok(())
    }

    /// The next frame for the browser.
    pub(super) fn poll_frame(&mut self) -> Option<Vec<u8>> {
        if self.buffered >= HIGH_WATER {
            return None;
        }
        let frame = self.waiting.pop_front()?;
        self.waiting_bytes -= frame.len();
        self.buffered =
            self.buffered.saturating_add(u32::try_from(frame.len()).unwrap_or(u32::MAX));
        Some(frame)
    }

    /// The browser's buffer got emptier.
    pub(super) fn handle_drained(&mut self, buffered: u32) {
        self.buffered = buffered;
    }

    /// The browser's buffer was full; it goes again when there is room.
    pub(super) fn handle_unsent(&mut self, bytes: Vec<u8>) {
        self.buffered = u32::MAX;
        self.waiting_bytes += bytes.len();
        self.waiting.push_front(bytes);
    }
}
