//! What the app has had of a stream, so that nothing is told twice after a reconnect.

use std::collections::VecDeque;

use super::parser::Message;
use crate::json::halves::Halves;

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
    /// What the app has yet to have of a character: the rest of it may come in the next answer.
    pub(super) halves: Halves,
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
    /// Further events, of which only the id is known.
    unknown: usize,
    plain: Vec<u64>,
}

impl Seen {
    /// An id of which an event may have been had, nobody knows which.
    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), told: Vec::new(), unknown: 1, plain: Vec::new() }
    }

    fn note(&mut self, digest: u64) {
        if self.told.len() < RUN {
            self.told.push(digest);
            self.unknown = 0;
        } else {
            self.unknown += 1;
        }
    }

    /// How far this has come again with an event that has the id. In any order; but of the last id, an event as one before
    /// those that came again may be a new one.
    fn again(&self, digest: Option<u64>, place: Place, last: bool) -> Option<Place> {
        let Some(digest) = digest else { return Some(place) };
        let mut bits = (0..).zip(&self.told);
        let unused = |bit: u32| place.told & (1 << bit) == 0;
        if let Some((bit, _)) = bits.find(|(bit, told)| **told == digest && unused(*bit)) {
            let used = if last { u64::MAX >> (u64::BITS - 1 - bit) } else { 1 << bit };
            return Some(Place { told: place.told | used, ..place });
        }
        let all = place.told.count_ones() as usize == self.told.len();
        let known = all && place.unknown < self.unknown;
        known.then_some(Place { unknown: place.unknown + 1, ..place })
    }
}

/// Where the server is in what has been had, and how much of that has come again.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: usize,
    /// A bit for each event.
    told: u64,
    unknown: usize,
    plain: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    /// What comes is new.
    #[default]
    New,
    /// What comes may repeat something.
    Expected,
    /// So it may, but an id that is known has just come with another event.
    Odd(Place),
    /// The server repeats what came with an id and behind it.
    Repeating(Place),
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
        self.phase = if self.seen.is_empty() { Phase::New } else { Phase::Expected };
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
        if let Some(place) = self.find(id, digest) {
            self.phase = Phase::Repeating(Place { plain: 0, ..place });
            return false;
        }
        let may_go_on = match self.phase {
            Phase::New | Phase::Odd(_) => false,
            Phase::Expected => true,
            Phase::Repeating(place) => !self.is_at(place, id),
        };
        let odd = self.seen.iter().rposition(|seen| may_go_on && seen.id == id);
        self.phase = odd.map_or(Phase::New, |at| Phase::Odd(self.note(at, digest)));
        self.skip = 0;
        if odd.is_none() {
            self.remember(id, digest);
        }
        true
    }

    /// Where this was had before: the newest.
    fn find(&self, id: &str, digest: Option<u64>) -> Option<Place> {
        let again = |place: Place| {
            let last = place.at + 1 == self.seen.len();
            self.seen.get(place.at)?.again(digest, place, last)
        };
        match self.phase {
            Phase::New => None,
            Phase::Odd(place) | Phase::Repeating(place) if self.is_at(place, id) => again(place),
            _ => {
                let places = (0..self.seen.len()).rev().map(|at| Place { at, ..Place::default() });
                places.filter(|place| self.is_at(*place, id)).find_map(again)
            }
        }
    }

    fn is_at(&self, place: Place, id: &str) -> bool {
        self.seen.get(place.at).is_some_and(|seen| seen.id == id)
    }

    fn admits_plain(&mut self, digest: u64) -> bool {
        let last = self.seen.len().wrapping_sub(1);
        let at = match &mut self.phase {
            Phase::Repeating(place) if place.at != last => {
                let known = self.seen.get(place.at).and_then(|seen| seen.plain.get(place.plain));
                if known == Some(&digest) {
                    place.plain += 1;
                    return false;
                }
                place.at
            }
            Phase::Odd(place) => place.at,
            _ => last,
        };
        if let Some(seen) = self.seen.get_mut(at).filter(|seen| seen.plain.len() < RUN) {
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
            self.seen.push_back(Seen::new(id));
        }
        self.note(self.seen.len() - 1, digest);
    }

    /// Adds an event to an id, and returns where: it has come in this answer.
    fn note(&mut self, at: usize, digest: Option<u64>) -> Place {
        let mut place = Place { at, ..Place::default() };
        if let (Some(seen), Some(digest)) = (self.seen.get_mut(at), digest) {
            place.told = 1u64.checked_shl(seen.told.len() as u32).unwrap_or_default();
            seen.note(digest);
        }
        place
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

    #[test]
    fn new_events_of_an_id_that_had_more_than_are_remembered_are_told() {
        let mut replay = Replay::default();
        replay.begin();
        let old: Vec<_> = (0..70).map(|event| format!("c-{event}")).collect();
        let old: Vec<_> = old.iter().map(String::as_str).collect();
        assert_eq!(admitted(&mut replay, &old), old);
        replay.begin();
        let new: Vec<_> = (0..50).map(|event| format!("c-new{event}")).collect();
        let new: Vec<_> = new.iter().map(String::as_str).collect();
        assert_eq!(admitted(&mut replay, &new), new);
    }

    #[test]
    fn all_events_of_an_id_that_had_more_than_are_remembered_are_known_when_they_come_again() {
        let mut replay = Replay::default();
        replay.begin();
        let words: Vec<_> = (0..75).map(|event| format!("c-{event}")).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        admitted(&mut replay, &words[..70]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &words), words[70..]);
    }

    #[test]
    fn of_an_id_that_is_known_without_its_events_one_has_been_had() {
        let mut replay = Replay::after("c", 0, 0);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["c-1", "c-2", "c-3"]), ["c-2", "c-3"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["c-2", "c-3", "c-4", "c-5"]), ["c-4", "c-5"]);
    }

    #[test]
    fn events_of_an_earlier_id_come_again_in_any_order() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["1-a", "1-b", "2-c", "3-d"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["1-b", "1-a", "2-c", "3-d", "4-e"]), ["4-e"]);
    }

    #[test]
    fn of_the_last_id_an_event_as_one_before_what_came_again_is_a_new_one() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["c-tick", "c-a", "c-tock", "c-b"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["c-tock", "c-b", "c-tick", "c-a"]), ["c-tick", "c-a"]);
    }

    #[test]
    fn behind_a_greeting_that_is_another_each_time_equal_events_are_told() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["0-t1", "1-a", "2-b", "-ping"]);
        for greeting in ["0-t2", "0-t3"] {
            replay.begin();
            let told = admitted(&mut replay, &[greeting, "1-a", "2-b", "-ping", "-c"]);
            assert_eq!(told, [greeting, "-ping", "-c"]);
        }
    }

    #[test]
    fn an_event_that_comes_twice_behind_the_last_one_of_its_id_is_told_twice() {
        let mut replay = Replay::default();
        replay.begin();
        admitted(&mut replay, &["c-a"]);
        replay.begin();
        assert_eq!(admitted(&mut replay, &["c-x", "c-x", "c-x"]), ["c-x", "c-x", "c-x"]);
    }
}
