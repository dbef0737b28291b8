use proptest::prelude::*;

use super::*;

const PEER: u32 = 1;

/// Two ends, and the file as the sender's app has it.
struct Pair {
    ends: [Transfers; 2],
    file: Vec<u8>,
    received: Vec<u8>,
    statuses: [Vec<TransferStatus>; 2],
    reasons: Vec<&'static str>,
    /// Bytes after which the connection breaks.
    breaks_after: Option<usize>,
    carried: usize,
    given_back: usize,
    accepts: bool,
}

impl Pair {
    fn new(file: Vec<u8>) -> Self {
        Self {
            ends: [Transfers::default(), Transfers::default()],
            file,
            received: Vec::new(),
            statuses: [Vec::new(), Vec::new()],
            reasons: Vec::new(),
            breaks_after: None,
            carried: 0,
            given_back: 0,
            accepts: true,
        }
    }

    fn send(&mut self) -> u32 {
        let info = FileInfo { name: "f".into(), size: self.file.len() as u64, mime: String::new() };
        self.ends[0].send(PEER, info).unwrap()
    }

    fn run(&mut self) {
        for _ in 0..10_000 {
            self.ends[0].advance(|_| Some(0));
            let moved = [0, 1].map(|at| self.drain(at));
            if moved == [false, false] {
                return;
            }
        }
        panic!("it never ends");
    }

    fn drain(&mut self, at: usize) -> bool {
        let mut moved = false;
        while let Some(action) = self.ends[at].poll_action() {
            moved = true;
            match action {
                FileAction::Say(_, message) => {
                    let mut json = crate::json::JsonText::default();
                    json.object(|json| message.write(json));
                    let json: serde_json::Value = serde_json::from_str(&json.finish()).unwrap();
                    let read = FileMessage::read(json["t"].as_str().unwrap(), &json);
                    assert_eq!(read.as_ref(), Some(&message));
                    self.ends[1 - at].handle_message(PEER, message);
                }
                FileAction::Piece(_, id, bytes) => self.carry(id, bytes),
                FileAction::GiveBack(_, bytes) => self.given_back += bytes as usize,
                FileAction::Forget(..) => {}
                FileAction::Tell(event) => self.on_event(at, event),
            }
        }
        moved
    }

    fn carry(&mut self, id: u32, bytes: Vec<u8>) {
        self.carried += bytes.len();
        if self.breaks_after.is_some_and(|after| self.carried > after) {
            self.breaks_after = None;
            self.carry_on();
        } else {
            self.ends[1].handle_piece(PEER, id, bytes);
        }
    }

    /// One connection ends, and the next one works.
    fn carry_on(&mut self) {
        for end in &mut self.ends {
            end.handle_lost(PEER);
        }
        for end in &mut self.ends {
            end.handle_up(PEER);
        }
    }

    fn on_event(&mut self, at: usize, event: FileEvent) {
        match event {
            FileEvent::Progress { transfer, status, incoming, reason, .. } => {
                assert_eq!(incoming, at == 1);
                self.statuses[at].push(status);
                self.reasons.extend(reason);
                if status == TransferStatus::Offered && at == 1 && self.accepts {
                    self.ends[1].accept(transfer, |_| true).unwrap();
                }
            }
            FileEvent::Want { transfer, offset, length } => {
                let piece = self.file[offset as usize..][..length as usize].to_vec();
                self.ends[0].chunk(transfer, offset, piece).unwrap();
            }
            FileEvent::Chunk { transfer, offset, bytes } => {
                assert_eq!(offset as usize, self.received.len());
                self.received.extend(&bytes);
                self.ends[1].put_away(transfer, bytes.len() as u32);
            }
        }
    }

    /// A file of a MiB whose connection broke in the middle; there is another.
    fn broken_off() -> Self {
        let mut pair = Self::new(vec![1; 1 << 20]);
        pair.breaks_after = Some(600_000);
        pair.send();
        while pair.breaks_after.is_some() {
            pair.ends[0].advance(|_| Some(0));
            pair.drain(0);
            pair.drain(1);
        }
        pair
    }

    fn last(&self) -> [Option<TransferStatus>; 2] {
        [0, 1].map(|at| self.statuses[at].last().copied())
    }
}

const DONE: [Option<TransferStatus>; 2] = [Some(TransferStatus::Done), Some(TransferStatus::Done)];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_file_arrives_whole_also_when_the_connection_breaks_in_the_middle(
        size in 0usize..1_500_000,
        breaks_after in proptest::option::of(0usize..1_500_000),
    ) {
        let mut pair = Pair::new((0..size).map(|at| (at * 7) as u8).collect());
        pair.breaks_after = breaks_after;
        pair.send();
        pair.run();
        prop_assert_eq!(pair.last(), DONE);
        prop_assert!(pair.received == pair.file);
        prop_assert!(pair.carried <= size + 2 * (256 << 10), "what was there is not sent again");
        prop_assert_eq!(pair.given_back, pair.received.len());
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_not_patched_together() {
    let mut pair = Pair::broken_off();
    pair.file[5] = 9;
    pair.run();
    assert_eq!(pair.last()[0], Some(TransferStatus::Failed));
    assert_eq!(pair.last()[1], Some(TransferStatus::Cancelled));
    assert!(pair.reasons.contains(&"changed"));
}

#[test]
fn a_file_that_is_taken_again_after_an_outage_waits_no_more() {
    let mut pair = Pair::broken_off();
    while pair.drain(0) || pair.drain(1) {}
    assert_eq!(pair.last()[0], Some(TransferStatus::Transferring));
}

#[test]
fn a_wrong_byte_on_the_way_is_found() {
    let mut pair = Pair::new(vec![1; 1000]);
    pair.accepts = false;
    let id = pair.send();
    pair.run();
    pair.ends[1].accept(1, |_| true).unwrap();
    pair.drain(1);
    pair.ends[1].handle_piece(PEER, id, vec![2; 1000]);
    pair.ends[0].advance(|_| Some(0));
    while let Some(action) = pair.ends[0].poll_action() {
        if let FileAction::Tell(FileEvent::Want { transfer, .. }) = action {
            pair.ends[0].chunk(transfer, 0, vec![1; 1000]).unwrap();
            pair.ends[0].advance(|_| Some(0));
        } else if let FileAction::Say(_, message) = action {
            pair.ends[1].handle_message(PEER, message);
        }
    }
    pair.drain(1);
    assert_eq!(pair.last()[1], Some(TransferStatus::Failed));
    assert!(pair.reasons.contains(&"corrupt"));
}

#[test]
fn more_than_was_announced_is_refused() {
    let mut pair = Pair::new(vec![1; 10]);
    pair.accepts = false;
    let id = pair.send();
    pair.run();
    pair.ends[1].accept(1, |_| true).unwrap();
    pair.ends[1].handle_piece(PEER, id, vec![0; 11]);
    pair.drain(1);
    assert_eq!(pair.last()[1], Some(TransferStatus::Failed));
    assert!(pair.received.is_empty());
}

#[test]
fn an_offer_may_be_refused_and_either_side_may_end_it() {
    for (by, expected) in [(1, TransferStatus::Rejected), (0, TransferStatus::Cancelled)] {
        let mut pair = Pair::new(vec![1; 10]);
        pair.accepts = false;
        pair.send();
        pair.run();
        pair.ends[by].cancel(1);
        pair.run();
        assert_eq!(pair.last(), [Some(expected), Some(expected)]);
        pair.ends[by].cancel(1);
        assert_eq!(pair.ends[by].poll_action(), None, "harmless once it is over");
    }
}

#[test]
fn offers_of_one_who_floods_are_refused_and_a_peer_that_goes_ends_his() {
    let mut end = Transfers::default();
    let info = FileInfo { name: "f".into(), size: 1, mime: String::new() };
    for id in 0..1_000 {
        end.handle_message(PEER, FileMessage::Offer { id, info: info.clone() });
    }
    let actions: Vec<_> = std::iter::from_fn(|| end.poll_action()).collect();
    let refused = actions.iter().filter(|action| matches!(action, FileAction::Say(..))).count();
    assert_eq!(refused, 1_000 - MAX_TRANSFERS);
    end.handle_gone(PEER);
    assert_eq!(std::iter::from_fn(|| end.poll_action()).count(), MAX_TRANSFERS);
    assert!(end.incoming.is_empty());
}

#[test]
fn offers_of_one_peer_close_files_for_nobody_else() {
    let mut end = Transfers::default();
    let info = FileInfo { name: "f".into(), size: 1, mime: String::new() };
    let offer = |id| FileMessage::Offer { id, info: info.clone() };
    for id in 0..1_000 {
        end.handle_message(PEER, offer(id));
    }
    let full = FileMessage::Stop { id: 999, mine: false, rejected: false };
    let last = std::iter::from_fn(|| end.poll_action()).last();
    assert_eq!(last, Some(FileAction::Say(PEER, full)), "it was not refused by anybody");
    end.handle_message(2, offer(0));
    assert!(matches!(end.poll_action(), Some(FileAction::Tell(_))));
    for _ in 0..MAX_TRANSFERS {
        end.send(2, info.clone()).unwrap();
    }
    assert_eq!(end.send(2, info).unwrap_err().code, ErrorCode::BufferFull);
}

/// A file of which the first piece is asked for, and that question.
fn asked(pair: &mut Pair) -> FileEvent {
    let mut asked = None;
    while asked.is_none() {
        pair.ends[0].advance(|_| Some(0));
        pair.drain(1);
        while let Some(action) = pair.ends[0].poll_action() {
            match action {
                FileAction::Say(_, message) => pair.ends[1].handle_message(PEER, message),
                FileAction::Tell(want @ FileEvent::Want { .. }) => asked = Some(want),
                FileAction::Piece(_, id, bytes) => pair.carry(id, bytes),
                _ => {}
            }
        }
    }
    asked.unwrap()
}

#[test]
fn a_piece_that_was_read_for_the_connection_before_does_no_harm() {
    let mut pair = Pair::new((0..1_000_000).map(|at| (at * 7) as u8).collect());
    pair.send();
    let late = asked(&mut pair);
    pair.carry_on();
    pair.drain(0);
    pair.drain(1);
    pair.on_event(0, late.clone());
    pair.run();
    pair.on_event(0, late);
    assert_eq!(pair.last(), DONE);
    assert!(pair.received == pair.file);
}

#[test]
fn a_piece_that_comes_twice_counts_once() {
    let mut pair = Pair::new(vec![1; 1_000_000]);
    pair.send();
    let first = asked(&mut pair);
    pair.on_event(0, first.clone());
    pair.on_event(0, first.clone());
    let second = asked(&mut pair);
    pair.on_event(0, first);
    pair.on_event(0, second);
    pair.run();
    assert_eq!(pair.last()[1], Some(TransferStatus::Done));
}

#[test]
fn a_file_that_came_is_not_offered_again_when_the_word_of_it_was_lost() {
    let mut pair = Pair::new(vec![1; 10]);
    pair.send();
    while pair.last()[1] != Some(TransferStatus::Done) {
        pair.ends[0].advance(|_| Some(0));
        pair.drain(0);
        while let Some(action) = pair.ends[1].poll_action() {
            match action {
                FileAction::Say(_, FileMessage::Got { .. }) => {}
                FileAction::Say(_, message) => pair.ends[0].handle_message(PEER, message),
                FileAction::Tell(event) => pair.on_event(1, event),
                _ => {}
            }
        }
    }
    pair.carry_on();
    pair.run();
    assert_eq!(pair.last(), DONE);
    let offered = pair.statuses[1].iter().filter(|status| **status == TransferStatus::Offered);
    assert_eq!(offered.count(), 1);
}

#[test]
fn a_file_of_the_number_of_one_that_is_over_is_another() {
    let mut pair = Pair::new(vec![1; 10]);
    pair.send();
    pair.run();
    pair.ends[0] = Transfers::default();
    pair.file = vec![2; 20];
    pair.received.clear();
    pair.send();
    pair.run();
    assert!(pair.received == pair.file);
}
