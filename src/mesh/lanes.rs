//! All channels of a link, and in which order what waits on them is sent.

mod flow;

use super::assembly::Violation;
use super::lane::{Channel, Lane};
use crate::error::Misuse;
use crate::io::ChannelId;
use crate::time::Instant;
use flow::Flow;

/// Piece of a message while the link does nothing else, in bytes.
const LARGE_CHUNK: usize = 64 << 10;
/// Piece of a message while others want to be quick: one congestion window carries all channels.
const SMALL_CHUNK: usize = 16 << 10;
/// What the browser may buffer in the one case and in the other.
const LARGE_BUFFER: u32 = 4 << 20;
const SMALL_BUFFER: u32 = 256 << 10;
/// How long what is urgent may wait behind files in the one case and in the other, in milliseconds.
const LARGE_DELAY: u64 = 250;
const SMALL_DELAY: u64 = 40;
/// For how long after its last message a document or presence is taken to be live, in milliseconds.
const LIVELY: u64 = 2_000;
/// Bytes handed to the browser in one turn.
const BUDGET: usize = 1 << 20;

/// The channels of one connection.
#[derive(Debug)]
pub struct Lanes {
    lanes: [Lane; Channel::ALL.len()],
    chunk: usize,
    /// Last time that something other than a file was sent.
    lively: Option<Instant>,
    budget: usize,
    files: Flow,
}

impl Lanes {
    /// Channels that are not open yet.
    pub fn new() -> Self {
        let lanes = Channel::ALL.map(Lane::new);
        Self { lanes, chunk: LARGE_CHUNK, lively: None, budget: BUDGET, files: Flow::new() }
    }

    /// One of them.
    pub fn lane(&mut self, channel: Channel) -> &mut Lane {
        let [control, presence, sync, message, file] = &mut self.lanes;
        match channel {
            Channel::Control => control,
            Channel::Presence => presence,
            Channel::Sync => sync,
            Channel::Message => message,
            Channel::File => file,
        }
    }

    /// The channel of messages, for the connection that takes the place of this one.
    pub fn into_messages(self) -> Lane {
        let [_, _, _, messages, _] = self.lanes;
        messages
    }

    /// A channel is open; the other side takes messages of `max_message` bytes.
    pub fn handle_open(&mut self, channel: Channel, max_message: u32) {
        let most = (max_message as usize).saturating_sub(super::frame::OVERHEAD).max(1);
        self.chunk = self.chunk.min(most);
        self.lane(channel).handle_open();
    }

    /// Whether all are open.
    pub fn are_open(&self) -> bool {
        self.lanes.iter().all(Lane::is_open)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// As [`Lane::push`].
    pub fn push(&mut self, now: Instant, channel: Channel, bytes: Vec<u8>) -> Result<(), Misuse> {
        if matches!(channel, Channel::Presence | Channel::Sync | Channel::Message) {
            self.lively = Some(now);
        }
        self.lane(channel).push(bytes)
    }

    /// A frame came on a channel of whole messages.
    ///
    /// # Errors
    /// How it breaks the rules.
    pub fn take(&mut self, channel: Channel, bytes: &[u8]) -> Result<Option<Vec<u8>>, Violation> {
        self.lane(channel).take(bytes)
    }

    /// The other side has taken bytes, and allows as many more.
    ///
    /// # Errors
    /// As [`Lane::handle_credit`].
    pub fn handle_credit(
        &mut self,
        now: Instant,
        channel: Channel,
        bytes: u32,
    ) -> Result<(), Violation> {
        self.lane(channel).handle_credit(bytes)?;
        if channel == Channel::File {
            let target = if self.is_lively(now) { SMALL_DELAY } else { LARGE_DELAY };
            self.files.handle_taken(now, bytes, target);
        }
        Ok(())
    }

    /// What is to be allowed again, and where.
    pub fn poll_credit(&mut self) -> Option<(Channel, u32)> {
        Channel::ALL
            .into_iter()
            .find_map(|channel| self.lane(channel).poll_credit().map(|bytes| (channel, bytes)))
    }

    /// The next frame for the browser: of the most urgent channel that has one and may send it.
    pub fn poll_frame(&mut self, now: Instant) -> Option<(ChannelId, Vec<u8>)> {
        if self.budget == 0 {
            return None;
        }
        let shared = self.is_lively(now);
        for channel in Channel::ALL {
            let bulk = channel == Channel::File;
            if bulk && !self.files.permits() {
                continue;
            }
            let gentle = bulk && shared;
            let chunk = if gentle { self.chunk.min(SMALL_CHUNK) } else { self.chunk };
            let buffer = if bulk && !shared { LARGE_BUFFER } else { SMALL_BUFFER };
            let lane = self.lane(channel);
            let before = lane.in_flight();
            if let Some(frame) = lane.poll_frame(chunk, buffer) {
                let bytes = lane.in_flight() - before;
                if bulk {
                    self.files.handle_sent(now, bytes);
                }
                self.budget = self.budget.saturating_sub(frame.len());
                return Some((channel.id(), frame));
            }
        }
        None
    }

    /// Bytes of files that wait.
    pub fn file_backlog(&self) -> usize {
        self.lanes.last().map_or(0, Lane::waiting_bytes)
    }

    /// Begins a new turn; whether the last one ended before all was sent.
    pub fn renew_budget(&mut self) -> bool {
        std::mem::replace(&mut self.budget, BUDGET) == 0
    }

    /// Whether a document, presence or messages are to be quick.
    fn is_lively(&self, now: Instant) -> bool {
        self.lively.is_some_and(|at| now.since(at) < LIVELY)
    }

    /// Whether this turn's bytes are used up.
    pub fn is_exhausted(&self) -> bool {
        self.budget == 0
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::frame::Frame;

    fn open() -> Lanes {
        let mut lanes = Lanes::new();
        for channel in Channel::ALL {
            lanes.handle_open(channel, 262_144);
        }
        lanes
    }

    fn order(lanes: &mut Lanes, now: Instant) -> Vec<ChannelId> {
        std::iter::from_fn(|| lanes.poll_frame(now)).map(|(channel, _)| channel).collect()
    }

    #[test]
    fn what_is_urgent_goes_first_whatever_was_there_before() {
        let (mut lanes, now) = (open(), Instant::default());
        for channel in Channel::ALL.into_iter().rev() {
            lanes.push(now, channel, vec![1]).unwrap();
        }
        assert_eq!(order(&mut lanes, now), Channel::ALL.map(Channel::id));
    }

    #[test]
    fn beside_a_live_document_a_file_leaves_the_browser_little_to_work_off() {
        let (mut lanes, now) = (open(), Instant::default());
        lanes.lane(Channel::File).push_piece(1, vec![0; 3 << 20]);
        lanes.push(now, Channel::Presence, vec![1]).unwrap();
        let frames: Vec<_> = std::iter::from_fn(|| lanes.poll_frame(now)).collect();
        assert_eq!(frames.first().map(|(channel, _)| *channel), Some(Channel::Presence.id()));
        let bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
        assert!(bytes < SMALL_BUFFER as usize + 2 * SMALL_CHUNK, "{bytes}");
        assert!(frames.iter().all(|(_, frame)| frame.len() <= SMALL_CHUNK + 16));
    }

    #[test]
    fn a_file_alone_goes_faster_while_the_other_side_keeps_up() {
        let mut lanes = open();
        lanes.lane(Channel::File).push_piece(1, vec![0; 3 << 20]);
        let mut sizes = Vec::new();
        while lanes.file_backlog() > 0 {
            let now = Instant::from_millis(5 * sizes.len() as u64);
            order(&mut lanes, now);
            let taken = lanes.lane(Channel::File).in_flight();
            lanes.handle_credit(now + 5, Channel::File, taken).unwrap();
            lanes.renew_budget();
            sizes.push(taken);
        }
        assert!(sizes.len() < 10 && sizes.iter().max() > Some(&(512 << 10)), "{sizes:?}");
    }

    #[test]
    fn while_presence_waits_few_bytes_of_a_file_are_handed_over_on_a_slow_way() {
        const SLOW: u64 = 128;
        let (mut lanes, mut arrivals) = (open(), std::collections::VecDeque::new());
        lanes.lane(Channel::File).push_piece(1, vec![0; 4 << 20]);
        let mut free_at = 0;
        for millis in 0..10_000 {
            let now = Instant::from_millis(millis);
            if millis % 50 == 0 {
                lanes.push(now, Channel::Presence, vec![1]).unwrap();
            }
            while let Some((_, frame)) = lanes.poll_frame(now) {
                free_at = free_at.max(millis) + frame.len() as u64 / SLOW;
                arrivals.push_back((free_at, frame));
            }
            while let Some((_, frame)) = arrivals.pop_front_if(|(at, _)| *at <= millis) {
                let taken = frame.len() as u32;
                if taken > 1_000 {
                    let bytes = Frame::decode(&frame).unwrap().bytes.len() as u32;
                    lanes.handle_credit(now, Channel::File, bytes).unwrap();
                }
            }
            for channel in Channel::ALL {
                lanes.lane(channel).handle_drained(0);
            }
            lanes.renew_budget();
            let ahead = lanes.lane(Channel::File).in_flight();
            assert!(millis < 3_000 || ahead <= 128 << 10, "{ahead} bytes after {millis} ms");
        }
    }

    #[test]
    fn no_frame_is_larger_than_the_other_side_takes() {
        let (mut lanes, now) = (Lanes::new(), Instant::default());
        for channel in Channel::ALL {
            lanes.handle_open(channel, 1_200);
        }
        lanes.push(now, Channel::Sync, vec![0; 50_000]).unwrap();
        while let Some((_, frame)) = lanes.poll_frame(now) {
            assert!(frame.len() <= 1_200);
        }
    }
}
