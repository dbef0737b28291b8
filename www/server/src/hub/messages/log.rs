//! The messages of a room that are kept: numbered without a gap, bounded by count and bytes.

use std::collections::{BTreeMap, VecDeque};

use rejoin::protocol::Reader;
use rejoin::protocol::messages::Envelope;

use super::MessageLimits;
use crate::hub::StoredMessages;

/// Milliseconds by which a clock may go back without having been wrong before.
const MAX_STEP_BACK: u64 = 24 * 60 * 60 * 1_000;

/// One message that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) seq: u64,
    pub(super) at: u64,
    pub(super) from: u64,
    pub(super) kind: u64,
    pub(super) id: String,
    pub(super) data: String,
}

/// Messages in memory, as they are on disk.
#[derive(Debug)]
pub(super) struct Log {
    epoch: u64,
    kept: VecDeque<Kept>,
    bytes: usize,
    head: u64,
    by_id: BTreeMap<String, u64>,
}

impl Kept {
    pub(super) fn envelope(&self) -> Envelope<'_> {
        let Self { seq, at, from, kind, id, data } = self;
        Envelope { seq: *seq, at: *at, from: *from, kind: *kind, id, data }
    }

    /// The bytes to store.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.envelope().write(&mut out);
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let Envelope { seq, at, from, kind, id, data } =
            Envelope::read(&mut Reader::new(bytes)).ok()?;
        Some(Self { seq, at, from, kind, id: id.to_owned(), data: data.to_owned() })
    }

    fn bytes(&self) -> usize {
        self.id.len() + self.data.len()
    }
}

impl Log {
    /// Reads what was stored. Of a log with a hole, only what is behind it is kept: nothing is skipped in silence.
    pub(super) fn load(stored: StoredMessages) -> Self {
        let StoredMessages { epoch, messages } = stored;
        let mut log =
            Self { epoch, kept: VecDeque::new(), bytes: 0, head: 0, by_id: BTreeMap::new() };
        for (seq, bytes) in messages {
            let Some(kept) = Kept::decode(&bytes).filter(|kept| kept.seq == seq) else {
                log.head = seq;
                log.clear();
                continue;
            };
            if seq != log.head + 1 {
                log.clear();
            }
            log.put(kept);
        }
        log
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Number of the last message.
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Number of the oldest message that is kept; of the next one if there is none.
    pub(super) fn first(&self) -> u64 {
        self.kept.front().map_or(self.head + 1, |kept| kept.seq)
    }

    /// The number of a message that is kept, by its id.
    pub(super) fn find(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// Whether the message of this number, if it is kept, was taken then: in a log that was restored from a copy numbers are given
    /// again. 0 is a client that cannot say.
    pub(super) fn has(&self, seq: u64, at: u64) -> bool {
        let kept = (seq >= self.first()).then(|| self.from(seq).next()).flatten();
        at == 0 || kept.is_none_or(|kept| kept.at == at)
    }

    /// Numbers a message and keeps it; the oldest make room. A clock that was set back a little dates none before the last one.
    pub(super) fn append(&mut self, mut message: Kept, limits: &MessageLimits) -> Option<&Kept> {
        message.seq = self.head + 1;
        let last = self.kept.back().map_or(0, |last| last.at);
        if last.saturating_sub(message.at) <= MAX_STEP_BACK {
            message.at = message.at.max(last);
        }
        self.put(message);
        while self.kept.len() > limits.keep.max(1)
            || (self.bytes > limits.keep_bytes && self.kept.len() > 1)
        {
            self.trim();
        }
        self.kept.back()
    }

    /// Messages from a number on.
    pub(super) fn from(&self, seq: u64) -> impl Iterator<Item = &Kept> {
        let skip = seq.saturating_sub(self.first());
        self.kept.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX))
    }

    /// The last messages before a number, at most as many and as many bytes.
    pub(super) fn page(&self, before: u64, limit: u64, bytes: usize) -> Vec<&Kept> {
        let mut left = bytes;
        let earlier = self.kept.iter().rev().skip_while(|kept| kept.seq >= before);
        let mut page: Vec<&Kept> = Vec::new();
        for kept in earlier.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            if kept.bytes() > left && !page.is_empty() {
                break;
            }
            left = left.saturating_sub(kept.bytes());
            page.push(kept);
        }
        page.reverse();
        page
    }

    fn put(&mut self, message: Kept) {
        self.head = message.seq;
        self.bytes += message.bytes();
        self.by_id.insert(message.id.clone(), message.seq);
        self.kept.push_back(message);
    }

    fn trim(&mut self) {
        if let Some(oldest) = self.kept.pop_front() {
            self.bytes -= oldest.bytes();
            if self.find(&oldest.id) == Some(oldest.seq) {
                self.by_id.remove(&oldest.id);
            }
        }
    }

    fn clear(&mut self) {
        self.kept.clear();
        self.by_id.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, data: &str) -> Kept {
        Kept { seq: 0, at: 5, from: 9, kind: 0, id: id.into(), data: data.into() }
    }

    fn log(messages: usize, limits: &MessageLimits) -> Log {
        let mut log = Log::load(StoredMessages { epoch: 7, messages: Vec::new() });
        for index in 1..=messages {
            log.append(message(&format!("m{index}"), "\"0123456789\""), limits);
        }
        log
    }

    fn numbers<'a>(messages: impl IntoIterator<Item = &'a Kept>) -> Vec<u64> {
        messages.into_iter().map(|kept| kept.seq).collect()
    }

    #[test]
    fn messages_are_numbered_from_one_without_a_gap_also_after_a_restart() {
        let before = log(3, &MessageLimits::default());
        let messages = before.from(1).map(|kept| (kept.seq, kept.encode())).collect();
        let mut after = Log::load(StoredMessages { epoch: 7, messages });
        assert_eq!(numbers(after.from(0)), [1, 2, 3]);
        assert_eq!(after.find("m2"), Some(2));
        let next = after.append(message("m4", "1"), &MessageLimits::default());
        assert_eq!(next.map(|kept| kept.seq), Some(4));
    }

    #[test]
    fn the_oldest_make_room_and_their_ids_are_forgotten() {
        let by_count = log(10, &MessageLimits { keep: 4, ..MessageLimits::default() });
        assert_eq!((numbers(by_count.from(0)), by_count.first()), (vec![7, 8, 9, 10], 7));
        assert_eq!((by_count.find("m6"), by_count.find("m7")), (None, Some(7)));
        let by_bytes = log(10, &MessageLimits { keep_bytes: 40, ..MessageLimits::default() });
        assert_eq!(numbers(by_bytes.from(0)), [9, 10]);
        let tiny = log(10, &MessageLimits { keep: 0, keep_bytes: 0, ..MessageLimits::default() });
        assert_eq!(numbers(tiny.from(0)), [10], "the last one tells where the numbers are");
    }

    #[test]
    fn a_page_has_the_last_before_a_number() {
        let log = log(10, &MessageLimits::default());
        assert_eq!(numbers(log.page(8, 3, 1_000)), [5, 6, 7]);
        assert_eq!(numbers(log.page(3, 9, 1_000)), [1, 2]);
        assert_eq!(numbers(log.page(u64::MAX, 2, 1_000)), [9, 10]);
        assert_eq!(numbers(log.page(8, 9, 30)), [6, 7], "bounded by bytes");
        assert_eq!(numbers(log.page(8, 9, 1)), [7], "but never empty for that");
        assert!(log.page(1, 9, 1_000).is_empty());
    }

    #[test]
    fn behind_a_hole_or_a_damaged_message_only_what_follows_is_kept() {
        let before = log(5, &MessageLimits::default());
        let stored: Vec<_> = before.from(1).map(|kept| (kept.seq, kept.encode())).collect();
        let without = |seq: u64| {
            let messages = stored.iter().filter(|(at, _)| *at != seq).cloned().collect();
            Log::load(StoredMessages { epoch: 7, messages })
        };
        assert_eq!(numbers(without(3).from(0)), [4, 5]);
        assert_eq!(without(3).find("m2"), None);
        let mut damaged = stored.clone();
        damaged[4].1.truncate(3);
        let log = Log::load(StoredMessages { epoch: 7, messages: damaged });
        assert_eq!(
            (numbers(log.from(0)), log.head()),
            (vec![], 5),
            "its number is not given again"
        );
    }
}
