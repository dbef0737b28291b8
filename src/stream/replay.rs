//! What the app has had of a stream, so that nothing is told twice after a reconnect.

use std::collections::VecDeque;

use super::parser::Message;

/// Most ids remembered.
const REMEMBERED: usize = 256;
/// Longest id remembered, in bytes.
const LONGEST: usize = 256;
/// Most events remembered of one id, and most without one behind it.
const RUN: usize = 64;

/// Remembers the latest ids and drops, at the start of an answer, the events that have them.
///
/// A server may send one id with several events, and the same event twice on purpose: only what it repeats after a
/// reconnect, before anything new, is a replay; and ids that come with other events, two in a row, are new ones, given by a
/// server that began to count anew. An event without an id has no place of its own: between two ids that are
/// repeated it is known by its content; behind the last id it is told again, since an equal one may be a new one. Text has a
/// place: what comes behind an id is as long as it was.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    seen: VecDeque<Seen>,
    phase: Phase,
    /// Text (bytes) or events the app has had.
    received: u64,
    /// How much of that came behind the last id.
    behind: u64,
    /// How much of that comes again in this answer.
    skip: u64,
}

/// An id, the events that had it, and what came behind it without one.
#[derive(Clone, Debug)]
struct Seen {
    id: String,
    told: Vec<u64>,
    plain: Vec<u64>,
}

impl Seen {
    /// The place behind an event that had the id, looked for from a place on: a server may give its ids anew. Where not all
    /// of them are known, the id must do.
    fn behind(&self, digest: Option<u64>, from: usize) -> Option<usize> {
        let mut later = self.told.iter().skip(from);
        let found = digest.and_then(|digest| later.position(|told| *told == digest));
        let by_id = digest.is_none() || self.told.is_empty() || self.told.len() == RUN;
        found.map(|at| from + at + 1).or_else(|| by_id.then_some(from))
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    /// What comes is new.
    #[default]
    New,
    /// What comes may repeat something; `odd`, if an id that is known has just come with another event.
    Expected { odd: bool },
    /// The server repeats what came with the id at this place and behind it; so much of both has come.
    Repeating { at: usize, told: usize, next: usize },
}

impl Replay {
    /// Nothing has been had but what came up to `id` and `behind` it, `received` in all.
    pub fn after(id: &str, received: u64, behind: u64) -> Self {
        let mut replay = Self { received, behind, ..Self::default() };
        replay.remember(id, None);
        replay
    }

    /// A new answer begins.
    pub fn begin(&mut self) {
        self.phase = if self.seen.is_empty() { Phase::New } else { Phase::Expected { odd: false } };
        self.skip = 0;
    }

    /// It is text, and goes on behind `id`. Without one the server can only begin at the start.
    pub fn expect_text(&mut self, id: &str) {
        self.skip = if id.is_empty() { self.received } else { self.behind };
    }

    /// How much the app has had behind the last id.
    pub fn behind(&self) -> u64 {
        self.behind
    }

    /// Whether the app has not had this event yet, as far as ids tell.
    pub fn admits(&mut self, message: &Message) -> bool {
        let digest = digest(message);
        if message.own_id && !message.id.is_empty() {
            self.admits_id(&message.id, Some(digest))
        } else {
            self.admits_plain(digest)
        }
    }

    /// The stream is at this id, without an event that has it.
    pub fn pass(&mut self, id: &str) {
        if !id.is_empty() && self.admits_id(id, None) {
            self.settle();
        }
    }

    /// The event that was admitted last has an id, and all of it has been had.
    pub fn settle(&mut self) {
        self.behind = 0;
    }

    /// Removes what the app has had from the beginning of some text.
    pub fn trim(&mut self, text: &mut String) {
        let mut cut = usize::try_from(self.skip).unwrap_or(usize::MAX).min(text.len());
        while !text.is_char_boundary(cut) {
            cut += 1;
        }
        text.drain(..cut);
        self.skip = self.skip.saturating_sub(cut as u64);
        self.count(text.len() as u64);
    }

    /// Whether the app has had an event of a format of its own.
    pub fn repeats_event(&mut self) -> bool {
        let repeated = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        self.count(u64::from(!repeated));
        repeated
    }

    fn count(&mut self, more: u64) {
        self.received = self.received.saturating_add(more);
        self.behind = self.behind.saturating_add(more);
    }

    fn admits_id(&mut self, id: &str, digest: Option<u64>) -> bool {
        if let Some((at, told)) = self.find(id, digest) {
            self.phase = Phase::Repeating { at, told, next: 0 };
            return false;
        }
        let may_go_on = match self.phase {
            Phase::New | Phase::Expected { odd: true } => false,
            Phase::Expected { odd: false } => true,
            Phase::Repeating { at, .. } => !self.is_at(at, id),
        };
        let odd = may_go_on && self.seen.iter().any(|seen| seen.id == id);
        self.phase = if odd { Phase::Expected { odd } } else { Phase::New };
        self.skip = 0;
        self.remember(id, digest);
        true
    }

    /// Where this was had before, and the place behind it: the newest, and of one id in order.
    fn find(&self, id: &str, digest: Option<u64>) -> Option<(usize, usize)> {
        match self.phase {
            Phase::New => None,
            Phase::Repeating { at, told, .. } if self.is_at(at, id) => {
                self.seen.get(at)?.behind(digest, told).map(|told| (at, told))
            }
            _ => {
                let mut places =
                    self.seen.iter().enumerate().rev().filter(|(_, seen)| seen.id == id);
                places.find_map(|(at, seen)| seen.behind(digest, 0).map(|told| (at, told)))
            }
        }
    }

    fn is_at(&self, at: usize, id: &str) -> bool {
        self.seen.get(at).is_some_and(|seen| seen.id == id)
    }

    fn admits_plain(&mut self, digest: u64) -> bool {
        if let Phase::Repeating { at, next, .. } = &mut self.phase {
            let last = *at + 1 == self.seen.len();
            let known = self.seen.get(*at).and_then(|seen| seen.plain.get(*next));
            if !last && known == Some(&digest) {
                *next += 1;
                return false;
            }
        }
        if let Some(seen) = self.seen.back_mut().filter(|seen| seen.plain.len() < RUN) {
            seen.plain.push(digest);
        }
        true
    }

    fn remember(&mut self, id: &str, digest: Option<u64>) {
        if id.is_empty() || id.len() > LONGEST {
            return;
        }
        if self.seen.back().is_none_or(|last| last.id != id) {
            if self.seen.len() == REMEMBERED {
                self.seen.pop_front();
            }
            self.seen.push_back(Seen { id: id.to_owned(), told: Vec::new(), plain: Vec::new() });
        }
        if let Some(digest) = digest
            && let Some(seen) = self.seen.back_mut().filter(|seen| seen.told.len() < RUN)
        {
            seen.told.push(digest);
        }
    }
}

/// FNV-1a of what an event says.
fn digest(message: &Message) -> u64 {
    let bytes = message.event.bytes().chain([0]).chain(message.data.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event: its id, or a `-` and its data.
    fn message(word: &str) -> Message {
        let (id, data) = word.split_once('-').unwrap_or((word, "x"));
        let own_id = !id.is_empty();
        Message { event: "message".into(), data: data.into(), id: id.into(), own_id }
    }

    fn admitted<'a>(replay: &mut Replay, words: &[&'a str]) -> Vec<&'a str> {
        words.iter().copied().filter(|word| replay.admits(&message(word))).collect()
    }

    #[test]
    fn what_comes_again_after_a_reconnect_is_dropped_until_something_new_comes() {
        let mut replay = Replay::default();
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1", "2", "-", "3"]), ["1", "2", "-", "3"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["2", "3", "4", "3"]), ["4", "3"]);
    }

    #[test]
    fn what_stands_between_repeated_ids_is_repeated_and_what_is_behind_the_last_may_be_new() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["1", "-a", "-b", "2", "-ping"]);
        replay.begin();
        let told = admitted(&mut replay, &["1", "-a", "-b", "2", "-ping", "-c", "3"]);
        assert_eq!(told, ["-ping", "-c", "3"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["-ping", "4"]), ["-ping", "4"]);
    }

    #[test]
    fn something_else_between_repeated_ids_is_told() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["1", "-a", "-b", "2"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1", "-new", "-a", "-b", "2", "3"]), ["-new", "3"]);
    }

    #[test]
    fn ids_that_start_over_with_other_events_are_new_and_so_is_what_follows() {
        let mut replay = Replay::default();
        for words in [["1-a", "2-b", "3-c", "4-d"], ["1-e", "2-f", "3-c", "4-g"]] {
            replay.begin();
            assert_eq!(admitted(&mut replay, &words), words);
        }
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1-e", "2-f", "3-c", "4-h"]), ["4-h"]);
    }

    #[test]
    fn an_id_that_had_several_events_repeats_each_of_them() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["1-a", "1-b", "2-c"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1-a", "1-b", "2-c", "3-d"]), ["3-d"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1-b", "1-z", "2-c"]), ["1-z", "2-c"]);
    }

    #[test]
    fn one_event_that_is_another_each_time_does_not_end_a_replay() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["0-t1", "1-a", "2-b"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["0-t2", "1-a", "2-b", "3-c"]), ["0-t2", "3-c"]);
    }

    #[test]
    fn behind_what_is_repeated_of_an_id_an_equal_event_is_a_new_one() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["1-a", "1-_", "1-b"]);
        replay.begin();
        let told = admitted(&mut replay, &["1-a", "1-_", "1-b", "1-_", "1-c", "1-a"]);
        assert_eq!(told, ["1-_", "1-c", "1-a"]);
    }

    #[test]
    fn an_id_that_was_passed_without_an_event_is_known_by_itself() {
        let mut replay = Replay::default();
        replay.begin();
        replay.pass("1");
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1-a", "2-b"]), ["2-b"]);
    }

    #[test]
    fn one_id_for_many_events_is_no_replay() {
        let mut replay = Replay::default();
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1", "1", "1"]), ["1", "1", "1"]);
    }

    #[test]
    fn the_id_the_app_began_with_has_been_seen() {
        let mut replay = Replay::after("7", 0, 0);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["7", "8"]), ["8"]);
    }

    #[test]
    fn only_so_many_and_so_long_ids_are_kept_and_so_many_events_behind_each() {
        let mut replay = Replay::default();
        replay.begin();
        let long = "x".repeat(LONGEST + 1);
        assert!(replay.admits(&message(&long)));
        for id in 0..10_000 {
            assert!(replay.admits(&message(&id.to_string())));
        }
        for _ in 0..10_000 {
            assert!(replay.admits(&message("-a")));
        }
        assert_eq!(replay.seen.len(), REMEMBERED);
        assert!(!replay.seen.iter().any(|seen| seen.id == long));
        assert_eq!(replay.seen.back().map(|seen| seen.plain.len()), Some(RUN));
    }
}
