//! Where the units of the texts stand that are being typed in.
//!
//! The engine finds an offset by walking the text from its beginning. Here it is looked up, and the edit is handed to the
//! engine as the update that it comes to, to the byte. For that the units on both sides must be known, deleted ones too:
//! replicas would come to different orders if an insertion named neighbours that others stand between.

mod runs;
mod update;

use yrs::{ID, IdSet};

use crate::doc::Edit;
use crate::doc::change::TextOp;
use crate::doc::edit::utf16;
use crate::doc::index::Index;
use crate::doc::record::Recorded;
use crate::doc::type_id::TypeId;
use runs::Runs;
pub(crate) use runs::{Prev, Run};
use update::{Insertion, deletion};

/// The places in the texts that were typed in last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    texts: Vec<Known>,
}

/// What is known of one text.
#[derive(Clone, Debug)]
struct Known {
    ty: TypeId,
    runs: Runs,
}

/// What a transaction did, as far as it tells of places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News<'a> {
    pub(crate) inserts: &'a IdSet,
    /// All that it inserted, if that was a single block.
    pub(crate) block: Option<Block>,
}

/// A block that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Its units; of typing with what stands before them.
    pub(crate) run: Run,
    /// The unit that it was written before.
    pub(crate) right: Option<ID>,
}

impl Block {
    /// The same where nobody knows what it stands between.
    pub(crate) fn loose(self) -> Self {
        Self { run: Run { prev: Prev::Unknown, ..self.run }, right: None }
    }
}

/// Texts that are kept in mind.
const TEXTS: usize = 4;

impl Places {
    /// The update that typing in an unformatted text of this length comes to, if its place is known. `next` is the id of the
    /// first unit that it inserts.
    pub(crate) fn update(&mut self, edit: &Edit, len: u32, next: ID) -> Option<Vec<u8>> {
        self.at_hand(edit.typing()?, len).update(edit, next)
    }

    /// The unit at this offset, if it is known.
    pub(crate) fn unit(&self, ty: &TypeId, index: u32) -> Option<ID> {
        self.texts.iter().find(|known| known.ty == *ty)?.runs.unit(index)
    }

    /// Follows what a transaction did. A text that it wrote in unseen is known no more.
    pub(crate) fn follow(&mut self, changes: &[Recorded], index: &Index, news: News<'_>) {
        self.texts.retain_mut(|known| {
            let units = index.find(&known.ty).map_or(0, |no| index.count(no, news.inserts));
            let texts = changes.iter().filter(|recorded| recorded.target == known.ty);
            let mut deltas = texts.filter_map(|recorded| recorded.change.text());
            known.follow(deltas.next().unwrap_or_default(), units, news.block)
        });
    }

    /// What is known of a text, which goes to the end of those in mind.
    fn at_hand(&mut self, ty: &TypeId, len: u32) -> &mut Known {
        let known = self.texts.iter().position(|known| known.ty == *ty);
        let known = known.map(|at| self.texts.remove(at)).filter(|known| known.runs.len() == len);
        let known = known.unwrap_or_else(|| Known { ty: ty.clone(), runs: Runs::unknown(len) });
        if self.texts.len() == TEXTS {
            self.texts.remove(0);
        }
        self.texts.push_mut(known)
    }
}

impl Known {
    fn update(&self, edit: &Edit, id: ID) -> Option<Vec<u8>> {
        match edit {
            Edit::TextInsert { ty, index, text, attributes: None } if !text.is_empty() => {
                let left = match self.runs.before(*index) {
                    Prev::Unknown => return None,
                    Prev::Start => None,
                    Prev::Unit(id) => Some(id),
                };
                let right = self.runs.unit(*index);
                if right.is_none() && *index < self.runs.len() {
                    return None;
                }
                Some(Insertion { ty, id, left, right, text }.update())
            }
            Edit::TextDelete { index, length, .. } if *length > 0 => {
                self.runs.stretch(*index, *length).map(deletion)
            }
            _ => None,
        }
    }

    /// Follows a change that came with so many new units of this text. Returns whether all of them were seen: what is deleted
    /// already comes unseen.
    fn follow(&mut self, delta: &[TextOp], units: u32, block: Option<Block>) -> bool {
        let is_lone = !delta.iter().any(|op| matches!(op, TextOp::Delete { .. }));
        let (mut index, mut seen) = (0, 0);
        for op in delta {
            match (op, block) {
                (TextOp::Retain { retain, .. }, _) => index += retain,
                (TextOp::Delete { delete }, _) => self.runs.delete(index, *delete),
                (_, Some(Block { run, right })) if seen == 0 && inserted(op) == run.len => {
                    self.insert(index, run, is_lone);
                    (index, seen) = (index + run.len, run.len);
                    self.learn(index, right);
                }
                _ => return false,
            }
        }
        seen == units
    }

    /// Inserts what came. Where another's stands is known only if nothing deleted is there; `is_lone` if nothing was deleted
    /// together with it.
    fn insert(&mut self, index: u32, run: Run, is_lone: bool) {
        if run.prev != Prev::Unknown {
            return self.runs.insert(index, run, true);
        }
        let gap = self.runs.before(index);
        let shown = match index.checked_sub(1) {
            Some(before) => self.runs.unit(before).map_or(Prev::Unknown, Prev::Unit),
            None => Prev::Start,
        };
        let is_empty = is_lone && gap == shown && gap != Prev::Unknown;
        let prev = if is_empty { gap } else { Prev::Unknown };
        self.runs.insert(index, Run { prev, ..run }, is_empty);
    }

    /// Takes in which unit this is.
    fn learn(&mut self, index: u32, unit: Option<ID>) {
        let Some(id) = unit.filter(|_| self.runs.unit(index).is_none()) else { return };
        let run = Run::new(id, 1, self.runs.before(index));
        self.runs.delete(index, 1);
        self.runs.insert(index, run, false);
    }
}

/// Units that one step of a delta inserts.
fn inserted(op: &TextOp) -> u32 {
    match op {
        TextOp::Insert { insert, .. } => utf16(insert),
        TextOp::Embed { .. } => 1,
        TextOp::Delete { .. } | TextOp::Retain { .. } => 0,
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use yrs::{Assoc, IndexScope, IndexedSequence, Text};

    use super::*;
    use crate::doc::shared::Shared;
    use crate::doc::{Direction, Doc, Limits, Origin, RootKind, UndoLimits};
    use crate::ordered::OrderedMap;

    fn doc(client: u64) -> Doc {
        let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
        let undo = UndoLimits { undo_merge: 0, ..UndoLimits::default() };
        Doc::new(client, &roots, Limits::default()).with_undo(undo)
    }

    fn ty() -> TypeId {
        TypeId::root("text")
    }

    fn insert(index: u32, text: &str) -> Edit {
        Edit::TextInsert { ty: ty(), index, text: text.into(), attributes: None }
    }

    fn text(doc: &Doc) -> String {
        doc.read()["text"].as_str().unwrap().to_owned()
    }

    /// Each unit's id by a walk.
    fn walked(doc: &Doc) -> Vec<Option<ID>> {
        let Some(Shared::Text(text)) = doc.engine.roots.get("text") else { panic!("no text") };
        let txn = doc.engine.read().unwrap();
        let unit = |index| match text.sticky_index(&txn, index, Assoc::After)?.scope() {
            IndexScope::Relative(id) => Some(*id),
            _ => None,
        };
        (0..text.len(&txn)).map(unit).collect()
    }

    /// Compares what is known with a walk; returns how much is known.
    fn check(doc: &Doc) -> usize {
        let Some(known) = doc.places.texts.first() else { return 0 };
        let units: Vec<_> = (0..known.runs.len()).map(|index| known.runs.unit(index)).collect();
        let walked = walked(doc);
        assert_eq!(units.len(), walked.len(), "{:?}", text(doc));
        for (unit, walked) in units.iter().zip(&walked) {
            assert!(unit.is_none() || unit == walked, "{units:?} instead of {walked:?}");
        }
        units.iter().flatten().count()
    }

    fn is_known(doc: &mut Doc, edit: Edit) -> bool {
        let len = u32::try_from(text(doc).encode_utf16().count()).unwrap();
        doc.places.update(&edit, len, ID::new(yrs::ClientID::new(1), 99)).is_some()
    }

    fn units(count: u32) -> usize {
        count as usize
    }

    #[test]
    fn what_is_typed_from_the_start_is_known_all_over() {
        let mut doc = doc(1);
        for edit in [insert(0, "ac😀"), insert(1, "b"), insert(0, "")] {
            doc.edit(edit).unwrap();
        }
        doc.edit(Edit::TextDelete { ty: ty(), index: 2, length: 3 }).unwrap();
        assert_eq!((text(&doc).as_str(), check(&doc)), ("ab", 2));
    }

    #[test]
    fn what_another_types_in_one_block_is_known() {
        let (mut doc, mut other) = (doc(1), doc(2));
        let first = doc.edit(insert(0, "ad")).unwrap();
        other.apply(&first.update, Origin::Remote).unwrap();
        let second = other.edit(insert(1, "bc")).unwrap();
        doc.apply(&second.update, Origin::Remote).unwrap();
        assert_eq!(check(&doc), 4);
        assert!(is_known(&mut doc, insert(1, "x")) && is_known(&mut doc, insert(3, "x")));
        // Two blocks at once might stand the other way round.
        other.edit(insert(0, "y")).unwrap();
        other.edit(insert(0, "x")).unwrap();
        doc.apply(&other.encode_state(), Origin::Remote).unwrap();
        assert_eq!((text(&doc).as_str(), check(&doc)), ("xyabcd", 0));
    }

    #[test]
    fn what_another_types_where_something_is_deleted_may_stand_on_either_side_of_it() {
        let (mut doc, mut other) = (doc(1), doc(2));
        doc.edit(insert(0, "axb")).unwrap();
        doc.edit(Edit::TextDelete { ty: ty(), index: 1, length: 1 }).unwrap();
        other.apply(&doc.encode_state(), Origin::Remote).unwrap();
        let typed = other.edit(insert(1, "y")).unwrap();
        doc.apply(&typed.update, Origin::Remote).unwrap();
        assert!(!is_known(&mut doc, insert(1, "z")) && !is_known(&mut doc, insert(2, "z")));
        assert!(is_known(&mut doc, insert(3, "z")) && is_known(&mut doc, insert(0, "z")));
    }

    #[test]
    fn what_came_and_went_unseen_makes_a_text_unknown() {
        let (mut doc, mut other) = (doc(1), doc(2));
        other.apply(&doc.edit(insert(0, "ab")).unwrap().update, Origin::Remote).unwrap();
        other.edit(insert(1, "x")).unwrap();
        other.edit(Edit::TextDelete { ty: ty(), index: 1, length: 1 }).unwrap();
        doc.apply(&other.diff(&doc.encode_state_vector()).unwrap(), Origin::Remote).unwrap();
        assert_eq!((text(&doc).as_str(), is_known(&mut doc, insert(1, "z"))), ("ab", false));
    }

    #[test]
    fn one_letter_in_a_loaded_text_makes_its_place_known() {
        let (mut doc, mut other) = (doc(1), doc(2));
        other.edit(insert(0, "some text")).unwrap();
        other.edit(Edit::TextDelete { ty: ty(), index: 4, length: 1 }).unwrap();
        doc.apply(&other.encode_state(), Origin::Storage).unwrap();
        assert!(!is_known(&mut doc, insert(4, "x")));
        doc.edit(insert(4, "x")).unwrap();
        assert!(is_known(&mut doc, insert(4, "y")) && is_known(&mut doc, insert(5, "y")));
        assert!(!is_known(&mut doc, insert(6, "y")));
        assert_eq!(doc.places.texts.len(), 1);
    }

    #[test]
    fn only_the_last_texts_are_kept_in_mind() {
        let roots = (0..6).map(|at| (format!("t{at}"), RootKind::Text));
        let mut doc = Doc::new(1, &roots.collect(), Limits::default());
        for at in [0, 1, 2, 3, 0, 4, 5] {
            let ty = TypeId::root(format!("t{at}"));
            doc.edit(Edit::TextInsert { ty, index: 0, text: "x".into(), attributes: None })
                .unwrap();
        }
        let kept: Vec<_> = doc.places.texts.iter().map(|known| known.ty.to_string()).collect();
        assert_eq!(kept, ["r/t3", "r/t0", "r/t4", "r/t5"]);
    }

    #[test]
    fn a_formatted_text_is_written_as_the_engine_would() {
        let (mut ours, mut engines) = (doc(1), doc(1));
        let bold = OrderedMap::from([("bold".to_owned(), json!(true))]).into_iter().collect();
        let edits = [
            insert(0, "abc"),
            Edit::TextFormat { ty: ty(), index: 0, length: 2, attributes: bold },
            insert(2, "x"),
        ];
        for edit in edits {
            ours.edit(edit.clone()).unwrap();
            engines.places = Places::default();
            engines.edit(edit).unwrap();
        }
        assert_eq!(ours.encode_state(), engines.encode_state());
    }

    /// One step of a random history: who, what, where, how much.
    type Step = (bool, u8, u32, u32);

    fn write(doc: &mut Doc, (_, kind, at, len): Step) -> Vec<Vec<u8>> {
        let size = u32::try_from(text(doc).encode_utf16().count()).unwrap();
        let (at, most) = (at % (size + 1), size - at % (size + 1));
        let news = match kind {
            0..=3 => doc.edit(insert(at, ["a", "bc", "😀", "d😀e"][units(len) % 4])),
            4..=5 => doc.edit(Edit::TextDelete { ty: ty(), index: at, length: len.min(most) }),
            6 => doc.edit(Edit::TextEmbed {
                ty: ty(),
                index: at,
                embed: json!({"image": 1}),
                attributes: None,
            }),
            _ => {
                let way = if len % 3 == 0 { Direction::Redo } else { Direction::Undo };
                return doc.travel(way).unwrap().into_iter().map(|news| news.update).collect();
            }
        };
        // An offset inside a character is refused.
        news.map(|news| news.update).into_iter().filter(|update| !update.is_empty()).collect()
    }

    fn tell(doc: &mut Doc, updates: &mut Vec<Vec<u8>>, merged: bool) {
        if merged && updates.len() > 1 {
            *updates = vec![yrs::merge_updates_v1(&*updates).unwrap()];
        }
        for update in updates.drain(..) {
            doc.apply(&update, Origin::Remote).unwrap();
        }
    }

    /// Does what another does: its step with the updates of that, or updates that it hears.
    type Twin<'a> = dyn FnMut(Option<Step>, &[Vec<u8>]) + 'a;

    /// Two write, and hear of each other now and then. `twin` does what the first does.
    fn talk(steps: Vec<Step>, patience: usize, twin: &mut Twin<'_>) {
        let (mut a, mut b) = (doc(7), doc(5));
        let (mut for_a, mut for_b) = (Vec::new(), Vec::new());
        for (at, step) in steps.into_iter().enumerate() {
            if step.0 {
                let news = write(&mut a, step);
                twin(Some(step), &news);
                for_b.extend(news);
            } else {
                for_a.extend(write(&mut b, step));
            }
            if at % patience == 0 {
                tell(&mut b, &mut for_b, step.3 % 2 == 0);
                check(&b);
            }
            if at % 3 == 0 {
                twin(None, &for_a);
                tell(&mut a, &mut for_a, step.3 % 2 == 0);
            }
            check(&a);
        }
        tell(&mut b, &mut for_b, false);
        tell(&mut a, &mut for_a, true);
        assert_eq!(text(&a), text(&b));
        check(&a);
        check(&b);
    }

    fn steps(kinds: std::ops::Range<u8>) -> impl Strategy<Value = Vec<Step>> {
        prop::collection::vec((any::<bool>(), kinds, any::<u32>(), 0_u32..7), 0..160)
    }

    proptest! {
        #[test]
        fn what_is_known_is_true_whoever_writes(steps in steps(0..9), patience in 1_usize..9) {
            talk(steps, patience, &mut |_, _| {});
        }

        // Without undo: of that the engine does the parts in any order.
        #[test]
        fn typing_is_what_the_engine_would_write(steps in steps(0..7), patience in 1_usize..9) {
            let mut walks = doc(7);
            talk(steps, patience, &mut |step, news| match step {
                Some(step) => {
                    walks.places = Places::default();
                    assert_eq!(write(&mut walks, step), news);
                }
                None => tell(&mut walks, &mut news.to_vec(), false),
            });
        }
    }
}
