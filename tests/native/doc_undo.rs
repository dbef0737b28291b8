//! Undo and redo of own edits: single steps, and random histories.

use rejoin::doc::{Direction, Doc, Edit, Intent, Limits, Origin, Prelim, TypeId, UndoLimits};
use rejoin::time::Instant;
use serde_json::{Value, json};

use crate::doc_support::random::{Rng, rich_edit};
use crate::doc_support::replica::{Gated, Replica};
use crate::doc_support::roots;

use Direction::{Redo, Undo};

/// A document and a clock.
struct Desk {
    doc: Doc,
    now: u64,
    others: u64,
}

impl Desk {
    fn new() -> Self {
        Self::with(UndoLimits::default())
    }

    fn with(limits: UndoLimits) -> Self {
        Self { doc: Doc::new(1, &roots(), Limits::default()).with_undo(limits), now: 0, others: 1 }
    }

    fn wait(&mut self, millis: u64) -> &mut Self {
        self.now += millis;
        self
    }

    fn edit(&mut self, edit: Edit) -> &mut Self {
        self.doc.edit_at(Instant::from_millis(self.now), edit).unwrap();
        self
    }

    fn write(&mut self, index: u32, text: &str) -> &mut Self {
        let ty = TypeId::root("text");
        self.edit(Edit::TextInsert { ty, index, text: text.into(), attributes: None })
    }

    fn erase(&mut self, index: u32, length: u32) -> &mut Self {
        self.edit(Edit::TextDelete { ty: TypeId::root("text"), index, length })
    }

    fn set(&mut self, key: &str, value: Value) -> &mut Self {
        let ty = TypeId::root("root");
        self.edit(Edit::MapSet { ty, key: key.into(), value: Prelim::Value(value) })
    }

    fn push(&mut self, index: u32, values: Vec<Prelim>) -> &mut Self {
        self.edit(Edit::ListInsert { ty: TypeId::root("list"), index, values })
    }

    /// Whether there was something to undo.
    fn undo(&mut self) -> bool {
        !self.doc.travel(Undo).unwrap().is_empty()
    }

    fn redo(&mut self) -> bool {
        !self.doc.travel(Redo).unwrap().is_empty()
    }

    fn text(&self) -> String {
        self.doc.text(&TypeId::root("text")).unwrap()
    }

    fn json(&self, root: &str) -> Value {
        self.doc.read()[root].clone()
    }

    /// Another replica with the same content, that edits and gives its edits back.
    fn beside(&mut self, edit: Edit) -> &mut Self {
        self.others += 1;
        let mut other = Doc::new(self.others, &roots(), Limits::default());
        other.apply(&self.doc.encode_state(), Origin::Remote).unwrap();
        let news = other.edit(edit).unwrap();
        self.doc.apply(&news.update, Origin::Remote).unwrap();
        self
    }
}

#[test]
fn typing_is_one_step_until_it_pauses() {
    let mut desk = Desk::new();
    desk.write(0, "a").wait(400).write(1, "b").wait(499).write(2, "c").wait(500).write(3, "d");
    assert!(desk.undo());
    assert_eq!(desk.text(), "abc");
    assert!(desk.undo());
    assert_eq!(desk.text(), "");
    assert!(!desk.undo());
    assert!(desk.redo() && desk.redo() && !desk.redo());
    assert_eq!(desk.text(), "abcd");
}

#[test]
fn what_is_not_typing_is_a_step_of_its_own() {
    let mut desk = Desk::new();
    desk.set("a", json!(1)).set("a", json!(2)).write(0, "x").set("b", json!(3));
    assert!(desk.undo());
    assert_eq!((desk.json("root"), desk.text()), (json!({"a": 2}), "x".into()));
    assert!(desk.undo() && desk.undo());
    assert_eq!((desk.json("root"), desk.text()), (json!({"a": 1}), String::new()));
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({}));
}

#[test]
fn a_checkpoint_ends_typing_and_so_does_an_undo() {
    let mut desk = Desk::new();
    desk.write(0, "a");
    desk.doc.checkpoint();
    desk.write(1, "b").undo();
    desk.write(1, "c");
    assert!(desk.undo());
    assert_eq!(desk.text(), "a");
}

#[test]
fn edits_between_begin_and_end_are_one_step() {
    let mut desk = Desk::new();
    desk.set("a", json!(1));
    desk.doc.begin_step(Intent::Own);
    desk.set("b", json!(1)).write(0, "x").push(0, vec![Prelim::Text("y".into())]);
    desk.doc.end_step();
    assert!(desk.undo());
    assert_eq!((desk.json("root"), desk.json("list")), (json!({"a": 1}), json!([])));
    assert!(desk.redo());
    assert_eq!((desk.json("root"), desk.json("list")), (json!({"a": 1, "b": 1}), json!(["y"])));
}

#[test]
fn a_pause_makes_one_step_of_what_takes_long() {
    let mut desk = Desk::new();
    desk.doc.pause_undo();
    for x in 0..50 {
        desk.wait(16).set("x", json!(x));
    }
    desk.doc.resume_undo();
    desk.set("x", json!("dropped"));
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({"x": 49}));
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({}));
    assert!(!desk.undo());
}

#[test]
fn an_undo_within_a_pause_takes_back_what_it_has_so_far() {
    let mut desk = Desk::new();
    desk.doc.pause_undo();
    desk.set("a", json!(1)).set("b", json!(1));
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({}));
    assert!(desk.redo());
    desk.set("c", json!(1));
    desk.doc.resume_undo();
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({"a": 1, "b": 1}));
}

#[test]
fn a_new_edit_forgets_what_could_be_redone() {
    let mut desk = Desk::new();
    desk.set("a", json!(1)).undo();
    desk.set("b", json!(1));
    assert!(!desk.redo());
    assert_eq!(desk.doc.undo_state().redo, None);
}

#[test]
fn a_deletion_comes_back_where_it_was_among_what_others_wrote_meanwhile() {
    let mut desk = Desk::new();
    desk.write(0, "hello world").wait(1000).erase(5, 6);
    let ty = TypeId::root("text");
    desk.beside(Edit::TextInsert { ty, index: 0, text: ">> ".into(), attributes: None });
    let ty = TypeId::root("text");
    desk.beside(Edit::TextInsert { ty, index: 8, text: "!".into(), attributes: None });
    assert_eq!(desk.text(), ">> hello!");
    assert!(desk.undo());
    assert!(["> hello world!", "> hello! world"].contains(&&desk.text()[1..]), "{}", desk.text());
    assert!(desk.undo());
    assert_eq!(desk.text(), ">> !");
    assert!(desk.redo() && desk.redo());
    assert_eq!(desk.text(), ">> hello!");
}

#[test]
fn what_was_restored_goes_with_the_step_that_first_wrote_it() {
    let mut desk = Desk::new();
    desk.write(0, "abc").wait(1000).erase(1, 1);
    for _ in 0..3 {
        assert!(desk.undo());
        assert_eq!(desk.text(), "abc");
        assert!(desk.undo());
        assert_eq!(desk.text(), "");
        assert!(desk.redo());
        assert_eq!(desk.text(), "abc");
        assert!(desk.redo());
        assert_eq!(desk.text(), "ac");
    }
}

#[test]
fn an_item_that_was_deleted_comes_back_whole() {
    let mut desk = Desk::new();
    let item = Prelim::Map(
        [
            ("text".to_owned(), Prelim::Text("milk".into())),
            ("tags".to_owned(), Prelim::List(vec![Prelim::Value(json!("shop"))])),
        ]
        .into_iter()
        .collect(),
    );
    desk.push(0, vec![Prelim::Value(json!(1)), item, Prelim::Value(json!(2))]);
    let whole = desk.json("list");
    desk.edit(Edit::ListDelete { ty: TypeId::root("list"), index: 1, length: 1 });
    assert!(desk.undo());
    assert_eq!(desk.json("list"), whole);
    assert!(desk.redo() && desk.undo() && desk.undo());
    assert_eq!(desk.json("list"), json!([]));
}

#[test]
fn what_somebody_else_has_set_since_stays() {
    let mut desk = Desk::new();
    desk.set("a", json!("mine")).set("a", json!("mine too"));
    let value = Prelim::Value(json!("yours"));
    desk.beside(Edit::MapSet { ty: TypeId::root("root"), key: "a".into(), value });
    // Both steps have nothing left to take back.
    assert!(!desk.undo());
    assert_eq!(desk.json("root"), json!({"a": "yours"}));
    assert_eq!(desk.doc.undo_state(), Default::default());
}

#[test]
fn a_named_step_takes_in_what_comes_late_and_leaves_the_rest_alone() {
    let mut desk = Desk::new();
    let chunk = |desk: &mut Desk, at, text: &str| {
        desk.doc.begin_step(Intent::Named("answer".into()));
        desk.wait(100).write(at, text);
        desk.doc.end_step();
    };
    chunk(&mut desk, 0, "one ");
    desk.wait(1000).set("a", json!(1));
    chunk(&mut desk, 4, "two ");
    desk.undo();
    // More of it is no reason to forget what can be redone.
    chunk(&mut desk, 8, "three");
    assert!(desk.redo());
    assert_eq!((desk.text(), desk.json("root")), ("one two three".into(), json!({"a": 1})));
    assert!(desk.undo() && desk.undo());
    assert_eq!((desk.text(), desk.json("root")), (String::new(), json!({})));
    assert!(!desk.undo());
    assert!(desk.redo());
    assert_eq!(desk.text(), "one two three");
}

#[test]
fn what_is_set_aside_is_not_undone() {
    let mut desk = Desk::new();
    desk.set("a", json!(1));
    desk.doc.begin_step(Intent::Aside);
    desk.set("b", json!(1));
    desk.doc.end_step();
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({"b": 1}));
    assert!(!desk.undo());
}

#[test]
fn only_so_many_steps_are_kept_and_what_the_older_ones_deleted_is_let_go_of() {
    let limits = UndoLimits { undo_steps: 3, ..UndoLimits::default() };
    let mut desk = Desk::with(limits);
    let long = "x".repeat(1000);
    for _ in 0..300 {
        desk.set("a", json!(long));
    }
    assert!(desk.doc.encode_state().len() < 270 * 1000, "{}", desk.doc.encode_state().len());
    assert!(desk.undo() && desk.undo() && desk.undo() && !desk.undo());
    assert_eq!(desk.json("root"), json!({"a": long}));
}

#[test]
fn what_a_step_overwrites_of_its_own_is_not_kept_for_it() {
    let mut desk = Desk::new();
    desk.doc.pause_undo();
    let long = "x".repeat(1000);
    desk.set("a", json!("before"));
    desk.doc.resume_undo();
    desk.doc.pause_undo();
    for _ in 0..600 {
        desk.set("a", json!(long));
    }
    assert!(desk.doc.encode_state().len() < 300 * 1000, "{}", desk.doc.encode_state().len());
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({"a": "before"}));
}

#[test]
fn another_client_id_ends_what_can_be_undone() {
    let mut desk = Desk::new();
    desk.set("a", json!(1));
    desk.doc.rotate_client_id(77);
    assert!(!desk.undo());
    desk.set("b", json!(1));
    assert!(desk.undo());
    assert_eq!(desk.json("root"), json!({"a": 1}));
}

/// Steps of one to three edits; nothing joins, as no two edits are typing in a row.
fn random_steps(replica: &mut Gated, rng: &mut Rng) {
    for _ in 0..1 + rng.below(12) {
        replica.doc.begin_step(Intent::Own);
        for _ in 0..1 + rng.below(3) {
            let edit = rich_edit(rng, &replica.view());
            replica.edit(edit);
        }
        replica.doc.end_step();
        replica.doc.checkpoint();
    }
}

fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let one = std::env::var("UNDO_SEED").ok().map(|seed| seed.parse().unwrap());
    one.map_or(0..count, |seed: u64| seed..seed + 1)
}

/// Runs steps, takes all of them back and brings them forth again, `rounds` times.
fn back_and_forth(seed: u64, rounds: usize, shown_by: impl Fn(&Doc) -> Value) {
    let mut rng = Rng(seed);
    let mut replica = Gated::undoing(1, UndoLimits::default());
    let nothing = replica.doc.read();
    for _ in 0..rounds {
        random_steps(&mut replica, &mut rng);
        let mut shown = vec![shown_by(&replica.doc)];
        while !replica.travel(Undo).is_empty() {
            shown.push(shown_by(&replica.doc));
        }
        assert_eq!(replica.doc.read(), nothing, "UNDO_SEED={seed}: all undone");
        while let Some(before) = shown.pop() {
            assert_eq!(
                shown_by(&replica.doc),
                before,
                "UNDO_SEED={seed}: {} steps back",
                shown.len()
            );
            assert!(shown.is_empty() || !replica.travel(Redo).is_empty(), "UNDO_SEED={seed}");
        }
        for _ in 0..rng.below(4) {
            replica.travel(Undo);
        }
    }
}

#[test]
fn alone_everything_can_be_undone_and_comes_back_step_by_step() {
    for seed in seeds(300) {
        back_and_forth(seed, 1, |doc| Value::Object(doc.read()));
    }
}

/// Nested texts and lists without their order.
fn without_order(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            chars.sort_unstable();
            Value::String(chars.into_iter().collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(without_order).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, without_order(value))).collect()
        }
        plain => plain,
    }
}

/// The engine, as Yjs, can mistake the order inside a nested type that came back more than once and was edited in between.
#[test]
fn alone_everything_comes_back_also_when_it_was_edited_in_between() {
    for seed in seeds(150) {
        back_and_forth(seed, 4, |doc| {
            let text = doc.text(&TypeId::root("text")).unwrap();
            json!([text, without_order(Value::Object(doc.read()))])
        });
    }
}

#[test]
fn replicas_that_undo_and_redo_at_random_end_equal() {
    for seed in seeds(250) {
        println!("UNDO_SEED={seed}");
        let mut rng = Rng(seed);
        let limits = UndoLimits { undo_steps: 1 + rng.below(8), ..UndoLimits::default() };
        let mut replicas = [Gated::undoing(1, limits), Gated::undoing(2, limits)];
        for _ in 0..8 {
            let mut sent = [Vec::new(), Vec::new()];
            for (replica, sent) in replicas.iter_mut().zip(&mut sent) {
                for _ in 0..rng.below(8) {
                    match rng.below(6) {
                        0 | 1 => sent.extend(replica.travel(Undo)),
                        2 => sent.extend(replica.travel(Redo)),
                        _ => {
                            let edit = rich_edit(&mut rng, &replica.view());
                            sent.extend(replica.edit(edit));
                        }
                    }
                }
            }
            let [first, second] = &mut replicas;
            sent[1].iter().for_each(|update| first.apply(update).unwrap());
            sent[0].iter().for_each(|update| second.apply(update).unwrap());
        }
        let [first, second] = &replicas;
        assert_eq!(first.summary(), second.summary());
    }
}
