//! What the hub knows of one socket.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::protocol::AwarenessEntry;
use rejoin::time::Instant;

use super::presence::Standing;
use super::rate::{Pace, Strikes};
use super::{HubConfig, Permission};

/// One socket in one room.
#[derive(Debug)]
pub(super) struct Member {
    /// How many had come to the room before.
    pub(super) arrival: u64,
    pub(super) malformed: Strikes,
    pub(super) refused: Strikes,
    pub(super) questions: Questions,
    pub(super) resync: Resync,
    pub(super) says: Says,
    pub(super) permission: Permission,
    pub(super) dialect: Dialect,
    /// Its name, where it has proven one.
    pub(super) user: Option<String>,
}

/// Whether a member reads what the server says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Nobody knows: it may be a stock client, which is told only where it does not look.
    #[default]
    Stock,
    /// It has answered a greeting.
    Ours,
}

impl Member {
    pub(super) fn new(arrival: u64, permission: Permission, config: &HubConfig) -> Self {
        Self {
            arrival,
            malformed: Strikes::default(),
            refused: Strikes::default(),
            questions: Questions::new(config.questions_per_second),
            resync: Resync::default(),
            says: Says::new(config.presence.per_second),
            permission,
            dialect: Dialect::default(),
            user: None,
        }
    }

    /// When it is to be served; `may_answer` says whether the room has place for one more answer to a state vector.
    pub(super) fn poll_timeout(&self, may_answer: bool) -> Option<Instant> {
        let waiting = [self.questions.due(may_answer), self.resync.due, self.says.due()];
        waiting.into_iter().flatten().min()
    }
}

/// Questions that cost an answer; a few at once, then only the latest of each kind.
#[derive(Debug)]
pub(super) struct Questions {
    pace: Pace,
    state: StateQuestion,
    presence: bool,
    print: Option<(u64, Vec<u8>)>,
}

impl Questions {
    fn new(per_second: u64) -> Self {
        Self {
            pace: Pace::per_second(per_second),
            state: StateQuestion::default(),
            presence: false,
            print: None,
        }
    }

    pub(super) fn ask_state(&mut self, state_vector: &[u8]) {
        self.state.ask(state_vector);
    }

    /// Whether the member's questions for the document count from now on.
    pub(super) fn heed_state(&mut self, heed: Heed) {
        self.state.heed = heed;
    }

    /// The answer to the last state vector has left, or there is none.
    pub(super) fn state_answered(&mut self) {
        self.state.answering = None;
    }

    pub(super) fn ask_presence(&mut self) {
        self.presence = true;
    }

    pub(super) fn ask_print(&mut self, client: u64, outline: &[u8]) {
        self.print = Some((client, outline.to_vec()));
    }

    /// The question for a print to answer now: who asked, and the outline.
    pub(super) fn take_print(&mut self, now: Instant) -> Option<(u64, Vec<u8>)> {
        if self.print.is_some() && self.pace.take(now) { self.print.take() } else { None }
    }

    /// The state vector that may be answered now.
    pub(super) fn state(&self, now: Instant) -> Option<&[u8]> {
        let waits = self.state.is_waiting() && self.pace.ready_at() <= now;
        self.state.waiting.as_deref().filter(|_| waits)
    }

    /// The state vector to answer now.
    pub(super) fn take_state(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.state.is_waiting() && self.pace.take(now) { self.state.take() } else { None }
    }

    /// Whether to answer with all of presence now.
    pub(super) fn take_presence(&mut self, now: Instant) -> bool {
        let answer = self.presence && self.pace.take(now);
        self.presence &= !answer;
        answer
    }

    fn due(&self, may_answer: bool) -> Option<Instant> {
        let asks = may_answer && self.state.is_waiting();
        let asked = self.presence || asks || self.print.is_some();
        asked.then(|| self.pace.ready_at())
    }
}

/// What a member asks by state vectors: one question at a time is being answered, the latest of the others waits.
#[derive(Debug, Default)]
struct StateQuestion {
    waiting: Option<Vec<u8>>,
    answering: Option<Vec<u8>>,
    heed: Heed,
}

/// Whether questions for the document count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Heed {
    /// They do.
    #[default]
    Heed,
    /// They do not: a large answer is on its way.
    Ignore,
}

impl StateQuestion {
    fn ask(&mut self, state_vector: &[u8]) {
        // What comes behind the answer that is under way comes by itself.
        let is_answered = self.answering.as_deref() == Some(state_vector);
        if self.heed == Heed::Heed && !is_answered {
            self.waiting = Some(state_vector.to_vec());
        }
    }

    fn is_waiting(&self) -> bool {
        self.waiting.is_some() && self.answering.is_none()
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.answering = self.waiting.take();
        self.answering.clone()
    }
}

/// When the member was last asked for what a held update lacks: less and less often, while nothing is released.
#[derive(Debug, Default)]
pub(super) struct Resync {
    asked: Option<Instant>,
    due: Option<Instant>,
    wait: u64,
    releases: u64,
}

/// Longest wait between two of these questions.
const MAX_WAIT: u64 = 60_000;

impl Resync {
    /// An update of the member is held: it is to be asked, now or when the wait is over. `releases` is how often held
    /// updates were released so far.
    pub(super) fn want(&mut self, now: Instant, interval: u64, releases: u64) {
        let is_in_vain = std::mem::replace(&mut self.releases, releases) == releases;
        if !is_in_vain || self.wait == 0 {
            self.wait = interval;
        } else if self.due.is_some() {
            return;
        }
        self.due = Some(self.asked.map_or(now, |asked| (asked + self.wait).max(now)));
    }

    /// Whether to ask now.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let ask = self.due.is_some_and(|due| due <= now);
        if ask {
            self.due = None;
            if self.asked.replace(now).is_some() {
                self.wait = (self.wait * 2).min(MAX_WAIT);
            }
        }
        ask
    }
}

/// Most client ids of one member.
const MAX_OWN: usize = 64;

/// Presence a member announces: paced, and which ids are its own.
#[derive(Debug)]
pub(super) struct Says {
    pace: Pace,
    pending: BTreeMap<u64, AwarenessEntry>,
    own: BTreeSet<u64>,
    /// Whether the next id it announces alone is its own.
    introduces: bool,
}

impl Says {
    fn new(per_second: u64) -> Self {
        Self {
            pace: Pace::per_second(per_second),
            pending: BTreeMap::new(),
            own: BTreeSet::new(),
            introduces: true,
        }
    }

    /// The member asked for the document, as every replica does before it says who it is: a socket that several tabs
    /// share speaks for several.
    pub(super) fn expect_introduction(&mut self) {
        self.introduces = true;
    }

    /// Takes a message; later entries of a client stand for earlier ones until [`Self::take`].
    pub(super) fn hear(&mut self, entries: Vec<AwarenessEntry>, most: usize) {
        self.learn_own(&entries);
        for entry in entries {
            if self.pending.len() < most || self.pending.contains_key(&entry.client) {
                self.pending.insert(entry.client, entry);
            }
        }
    }

    /// What is to be heard now.
    pub(super) fn take(&mut self, now: Instant) -> Vec<(Standing, AwarenessEntry)> {
        if self.pending.is_empty() || !self.pace.take(now) {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        let heard: Vec<_> =
            pending.into_values().map(|entry| (self.standing(entry.client), entry)).collect();
        self.forget_own(&heard);
        heard
    }

    fn learn_own(&mut self, entries: &[AwarenessEntry]) {
        match entries {
            [] => {}
            [AwarenessEntry { client, .. }] if self.own.contains(client) => {}
            [AwarenessEntry { client, state: Some(_), .. }]
                if self.introduces && self.own.len() < MAX_OWN =>
            {
                self.own.insert(*client);
                self.introduces = false;
            }
            // Who begins with several only passes on.
            _ if self.own.is_empty() => self.introduces = false,
            _ => {}
        }
    }

    /// A member that says farewell to an id of its own may come back under another.
    fn forget_own(&mut self, heard: &[(Standing, AwarenessEntry)]) {
        for (standing, entry) in heard {
            if *standing == Standing::Owner && entry.state.is_none() {
                self.own.remove(&entry.client);
                self.introduces = true;
            }
        }
    }

    fn standing(&self, client: u64) -> Standing {
        if self.own.contains(&client) { Standing::Owner } else { Standing::Relay }
    }

    fn due(&self) -> Option<Instant> {
        (!self.pending.is_empty()).then(|| self.pace.ready_at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn entry(client: u64, clock: u32, state: Option<&str>) -> AwarenessEntry {
        AwarenessEntry { client, clock, state: state.map(str::to_owned) }
    }

    #[test]
    fn the_first_lone_announcement_is_the_members_own() {
        let mut says = Says::new(20);
        says.hear(vec![entry(5, 1, Some("{}"))], 9);
        assert_eq!(says.take(at(0)), [(Standing::Owner, entry(5, 1, Some("{}")))]);
        says.hear(vec![entry(6, 1, Some("{}"))], 9);
        assert_eq!(says.take(at(0)), [(Standing::Relay, entry(6, 1, Some("{}")))]);
    }

    #[test]
    fn a_member_that_said_farewell_may_own_another_id() {
        let mut says = Says::new(20);
        for (client, clock, state) in [(5, 1, Some("{}")), (5, 2, None), (6, 0, Some("{}"))] {
            says.hear(vec![entry(client, clock, state)], 9);
            assert_eq!(says.take(at(0)), [(Standing::Owner, entry(client, clock, state))]);
        }
    }

    #[test]
    fn a_socket_shared_by_tabs_speaks_for_each_that_asked_and_then_announced_itself() {
        let mut says = Says::new(20);
        for client in [5, 6, 7] {
            says.expect_introduction();
            says.hear(vec![entry(client, 1, Some("{}"))], 9);
            assert_eq!(says.take(at(0)), [(Standing::Owner, entry(client, 1, Some("{}")))]);
        }
        says.hear(vec![entry(8, 1, Some("{}"))], 9);
        assert_eq!(says.take(at(0)), [(Standing::Relay, entry(8, 1, Some("{}")))], "unasked");
        says.hear(vec![entry(6, 2, Some("{}"))], 9);
        assert_eq!(says.take(at(0)), [(Standing::Owner, entry(6, 2, Some("{}")))]);
    }

    #[test]
    fn one_question_introduces_one_id_and_a_member_owns_a_bounded_number() {
        let mut says = Says::new(10_000);
        says.expect_introduction();
        says.expect_introduction();
        says.hear(vec![entry(1, 1, Some("{}"))], 9);
        says.hear(vec![entry(2, 1, Some("{}"))], 9);
        let heard = says.take(at(0));
        assert_eq!(
            heard.iter().map(|(standing, _)| *standing).collect::<Vec<_>>(),
            [Standing::Owner, Standing::Relay]
        );
        for client in 10..200 {
            says.expect_introduction();
            says.hear(vec![entry(client, 1, Some("{}"))], 9);
        }
        assert_eq!(says.own.len(), MAX_OWN);
    }

    #[test]
    fn a_flood_is_merged_and_its_last_word_is_heard() {
        let mut says = Says::new(20);
        let mut heard = Vec::new();
        for clock in 0..1_000 {
            says.hear(vec![entry(5, clock, Some("{}"))], 9);
            heard.extend(says.take(at(u64::from(clock))));
        }
        let due = says.due();
        heard.extend(due.map(|due| says.take(due)).unwrap_or_default());
        assert!(heard.len() <= 42, "{}", heard.len());
        assert_eq!(heard.last(), Some(&(Standing::Owner, entry(5, 999, Some("{}")))));
    }

    #[test]
    fn a_member_is_asked_for_missing_updates_once_an_interval() {
        let mut resync = Resync::default();
        resync.want(at(10), 1_000, 0);
        assert!(resync.take(at(10)));
        resync.want(at(20), 1_000, 0);
        assert!(!resync.take(at(1_009)));
        assert_eq!(resync.due, Some(at(1_010)));
        assert!(resync.take(at(1_010)));
        assert!(!resync.take(at(9_999)));
    }

    #[test]
    fn of_many_questions_a_few_are_answered_and_then_the_latest() {
        let mut questions = Questions::new(4);
        let mut answered = Vec::new();
        for n in 0..100_u8 {
            questions.ask_state(&[n]);
            answered.extend(questions.take_state(at(0)));
            questions.state_answered();
        }
        assert_eq!(answered.len(), 4);
        let due = questions.due(true);
        assert_eq!(due.and_then(|due| questions.take_state(due)), Some(vec![99]));
    }
}
