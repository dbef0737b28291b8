//! Updates cut into pieces: of documents that many wrote, for rooms of every size.

use rejoin::doc::pieces::pieces;
use rejoin::doc::{Doc, Edit, Limits, Origin, Prelim, TypeId};
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, Transact, Update};

use crate::doc_support::doc;
use crate::doc_support::random::{Rng, rich_edit};
use crate::doc_support::replica::{Gated, Replica};

const SEEDS: u64 = 300;
const WRITERS: usize = 4;
const EDITS: usize = 60;

/// Writers in turn, each of whom knows what the others wrote, and undoes nothing.
fn written(seed: u64) -> (Rng, Gated) {
    let mut rng = Rng(seed);
    let mut writers: Vec<Gated> = (1..=WRITERS as u64).map(Gated::new).collect();
    for _ in 0..EDITS {
        let at = rng.below(WRITERS);
        let edit = rich_edit(&mut rng, &writers[at].view());
        let Some(update) = writers[at].edit(edit) else { continue };
        for (other, writer) in writers.iter_mut().enumerate() {
            if other != at && !rng.percent(20) {
                writer.apply(&update).unwrap();
            }
        }
    }
    let states: Vec<Vec<u8>> = writers.iter().map(Replica::state).collect();
    let mut first = writers.swap_remove(0);
    states.iter().for_each(|state| first.apply(state).unwrap());
    (rng, first)
}

#[test]
fn every_piece_fits_hangs_on_earlier_ones_only_and_all_of_them_are_the_whole() {
    let mut cut = 0;
    for seed in 0..SEEDS {
        let (mut rng, whole) = written(seed);
        let room = 150 + rng.below(600);
        let Some(parts) = pieces(&whole.state(), room, &Limits::default()) else {
            panic!("seed {seed}: {room} bytes are enough for every value there is")
        };
        cut += parts.len();
        let mut copy = doc(99);
        let plain = yrs::Doc::new();
        for part in &parts {
            assert!(part.len() <= room, "seed {seed}: {} bytes in a room of {room}", part.len());
            let applied = copy.apply(part, Origin::Remote).unwrap();
            assert!(!applied.held && copy.held() == 0, "seed {seed}: a piece had to wait");
            plain.transact_mut().apply_update(Update::decode_v1(part).unwrap()).unwrap();
        }
        assert_eq!(copy.encode_state_vector(), whole.vector(), "seed {seed}");
        assert_eq!((copy.read(), copy.hash()), (whole.doc.read(), whole.doc.hash()), "seed {seed}");
        assert!(plain.transact().store().pending_update().is_none(), "seed {seed}");
    }
    assert!(cut > SEEDS as usize * 4, "{cut} pieces are too few to show anything");
}

#[test]
fn a_text_of_one_block_is_cut_between_its_characters_and_read_as_one() {
    let text = "a😀女é👨‍👩‍👧".repeat(500);
    let parts = cut_in_two_hundreds(Edit::TextInsert {
        ty: "r/text".parse().unwrap(),
        index: 0,
        text: text.clone(),
        attributes: None,
    });
    assert_eq!(replayed(&parts).text(&"r/text".parse().unwrap()).unwrap(), text);
}

#[test]
fn values_of_one_block_are_cut_between_them() {
    let values: Vec<Prelim> = (0..1_000).map(|at| Prelim::Value(at.into())).collect();
    let ty: TypeId = "r/list".parse().unwrap();
    let parts = cut_in_two_hundreds(Edit::ListInsert { ty, index: 0, values });
    let read = replayed(&parts).read();
    assert_eq!(read["list"].as_array().unwrap().len(), 1_000);
}

#[test]
fn a_value_that_is_larger_than_the_room_cannot_be_cut() {
    let mut author = doc(1);
    let ty: TypeId = "r/root".parse().unwrap();
    let value = Prelim::Value("x".repeat(1_000).into());
    author.edit(Edit::MapSet { ty, key: "key".into(), value }).unwrap();
    assert_eq!(pieces(&author.encode_state(), 500, &Limits::default()), None);
    assert!(pieces(&author.encode_state(), 1_100, &Limits::default()).is_some());
    assert_eq!(pieces(&author.encode_state(), 20, &Limits::default()), None);
}

/// An edit between two of another writer, and its update in pieces.
fn cut_in_two_hundreds(edit: Edit) -> Vec<Vec<u8>> {
    let mut author = doc(1);
    let update = author.edit(edit).unwrap().update;
    let parts = pieces(&update, 200, &Limits::default()).unwrap();
    assert!(parts.len() >= update.len() / 200, "{} pieces", parts.len());
    assert!(parts.iter().all(|part| part.len() <= 200));
    parts
}

fn replayed(parts: &[Vec<u8>]) -> Doc {
    let mut copy = doc(2);
    for part in parts {
        assert!(!copy.apply(part, Origin::Remote).unwrap().held);
    }
    copy
}
