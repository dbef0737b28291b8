//! Values of which only the latest counts: cursors, positions, levels. Thirty times a second at most.

use super::message::Message;
use crate::error::{ErrorCode, Misuse};
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// Time between two flushes: 30 Hz.
const INTERVAL: u64 = 33;
/// What the browser may have unsent, in bytes, for volatile values still to be fresh on arrival.
pub const LATE: u64 = 64 << 10;
/// Most keys.
const MOST: usize = 1_024;

/// The latest value of each key that has not been sent.
#[derive(Debug)]
pub struct Volatile {
    latest: OrderedMap<String, Message>,
    due_at: Instant,
}

impl Volatile {
    /// No values.
    pub fn new() -> Self {
        Self { latest: OrderedMap::new(), due_at: Instant::default() }
    }

    /// Takes a value, in place of an older one under the key.
    ///
    /// # Errors
    /// `E_BUFFER_FULL` for more than 1,024 keys.
    pub fn set(&mut self, key: String, message: Message) -> Result<(), Misuse> {
        if self.latest.len() >= MOST && self.latest.get(&key).is_none() {
            let words = format!("more than {MOST} keys of volatile messages");
            return Err(Misuse::new(ErrorCode::BufferFull, words));
        }
        self.latest.insert(key, message);
        Ok(())
    }

    /// When values go next.
    pub fn deadline(&self) -> Option<Deadline> {
        (!self.latest.is_empty()).then_some(Deadline { at: self.due_at, reason: "volatile" })
    }

    /// Whether values are due.
    pub fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline.at <= now)
    }

    /// The turn passes without a flush: the browser's buffer is too full.
    pub fn skip(&mut self, now: Instant) {
        self.due_at = now + INTERVAL;
    }

    /// Takes all values, by key.
    pub fn flush(&mut self, now: Instant) -> Vec<Message> {
        self.due_at = now + INTERVAL;
        let messages = self.latest.iter().map(|(_, message)| message.clone()).collect();
        self.latest.clear();
        messages
    }

    /// Forgets all values: nobody wants them later.
    pub fn clear(&mut self) {
        self.latest.clear();
    }
}

impl Default for Volatile {
    fn default() -> Self {
        Self::new()
    }
}
