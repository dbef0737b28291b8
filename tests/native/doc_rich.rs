//! Rich text and moves.

use std::collections::BTreeMap;

use rejoin::doc::change::{Attributes, Change, ListOp, TextOp};
use rejoin::doc::{Doc, Edit, Origin, Prelim, TypeId};
use rejoin::error::ErrorCode;
use serde_json::{Value, json};

use crate::doc_support::doc;

fn text() -> TypeId {
    TypeId::root("text")
}

fn list() -> TypeId {
    TypeId::root("list")
}

fn bold() -> Option<Attributes> {
    Some(BTreeMap::from([("b".to_owned(), json!(true))]))
}

fn insert(text: &str, attributes: Option<Attributes>) -> TextOp {
    TextOp::Insert { insert: text.into(), attributes }
}

fn embed(attributes: Option<Attributes>) -> TextOp {
    TextOp::Embed { embed: json!({"image": "x.png"}), attributes }
}

fn delta(doc: &mut Doc, delta: Vec<TextOp>) -> Vec<Change> {
    doc.edit(Edit::TextDelta { ty: text(), delta }).unwrap().changes
}

fn push(doc: &mut Doc, values: Vec<Prelim>) {
    let index = doc.len(&list()).unwrap();
    doc.edit(Edit::ListInsert { ty: list(), index, values }).unwrap();
}

#[test]
fn what_a_delta_writes_reads_back_as_that_delta() {
    let mut doc = doc(1);
    let whole =
        vec![insert("plain ", None), insert("bold", bold()), embed(bold()), insert("!", None)];
    delta(&mut doc, whole.clone());
    assert_eq!(doc.delta(&text()).unwrap(), whole);
    assert_eq!(doc.text(&text()).unwrap(), "plain bold\u{fffc}!");
}

#[test]
fn a_delta_counts_what_was_there_and_is_one_change_and_one_update() {
    let mut doc = doc(1);
    delta(&mut doc, vec![insert("hello 😀 world", None)]);
    let ops = vec![
        TextOp::Retain { retain: 5, attributes: bold() },
        TextOp::Delete { delete: 3 },
        embed(None),
        TextOp::Retain { retain: 1, attributes: None },
        insert("big ", bold()),
    ];
    let news = doc.edit(Edit::TextDelta { ty: text(), delta: ops.clone() }).unwrap();
    assert_eq!(doc.text(&text()).unwrap(), "hello\u{fffc} big world");
    let [Change::Text { delta, .. }] = news.changes.as_slice() else { panic!("{news:?}") };
    assert!(delta.contains(&embed(None)), "{delta:?}");
    let mut reader = crate::doc_support::doc(2);
    reader.apply(&doc.encode_state(), Origin::Remote).unwrap();
    assert_eq!(reader.delta(&text()).unwrap(), doc.delta(&text()).unwrap());
}

#[test]
fn an_embedded_object_takes_on_the_marks_around_it_or_has_its_own() {
    let mut doc = doc(1);
    delta(&mut doc, vec![insert("ab", bold())]);
    let object = json!({"image": "x.png"});
    for attributes in [None, Some(Attributes::new())] {
        let embed = object.clone();
        doc.edit(Edit::TextEmbed { ty: text(), index: 1, embed, attributes }).unwrap();
    }
    let expected = [insert("a", bold()), embed(None), embed(bold()), insert("b", bold())];
    assert_eq!(doc.delta(&text()).unwrap(), expected);
}

#[test]
fn wrong_deltas_and_objects_are_refused_and_change_nothing() {
    let mut doc = doc(1);
    delta(&mut doc, vec![insert("a😀", None)]);
    let before = doc.encode_state();
    let deep = (0..100).fold(json!(1), |value, _| json!([value]));
    let wrong = [
        vec![TextOp::Retain { retain: 4, attributes: None }],
        vec![insert("x", None), TextOp::Delete { delete: 4 }],
        vec![TextOp::Delete { delete: 2 }],
        vec![TextOp::Embed { embed: json!("no object"), attributes: None }],
        vec![TextOp::Embed { embed: json!({ "deep": deep }), attributes: None }],
        vec![insert("x", Some(BTreeMap::from([("b".to_owned(), deep.clone())])))],
        vec![insert("x", Some(BTreeMap::from([("k".repeat(5000), json!(1))])))],
        vec![
            TextOp::Retain { retain: u32::MAX, attributes: None },
            TextOp::Retain { retain: u32::MAX, attributes: None },
        ],
    ];
    for delta in wrong {
        let error = doc.edit(Edit::TextDelta { ty: text(), delta }).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
        assert_eq!(doc.encode_state(), before);
    }
    let error = doc.edit(Edit::TextDelta { ty: list(), delta: Vec::new() }).unwrap_err();
    assert!(error.message.contains("expected a text"), "{}", error.message);
}

fn rich_item() -> Prelim {
    Prelim::Map(
        [
            ("title".to_owned(), Prelim::Text("milk".into())),
            ("tags".to_owned(), Prelim::List(vec![Prelim::Value(json!({"a": 1.5}))])),
        ]
        .into_iter()
        .collect(),
    )
}

#[test]
fn a_moved_item_is_where_it_was_to_be_with_everything_in_it() {
    for (from, to) in [(0, 2), (2, 0), (1, 2), (2, 1), (0, 1), (1, 1)] {
        let mut doc = doc(1);
        push(&mut doc, vec![Prelim::Value(json!("a")), rich_item(), Prelim::Value(json!([1]))]);
        let item = doc.child(&list(), &rejoin::doc::change::Segment::Index(1)).unwrap().unwrap();
        let title = rejoin::doc::change::Segment::Key("title".into());
        let title = doc.child(&item, &title).unwrap().unwrap();
        let ops = vec![TextOp::Retain { retain: 2, attributes: bold() }, embed(None)];
        doc.edit(Edit::TextDelta { ty: title, delta: ops }).unwrap();
        let Value::Array(mut expected) = doc.read()["list"].clone() else { panic!() };
        let moved = expected.remove(from);
        expected.insert(to, moved);
        let (from, to) = (from as u32, to as u32);
        let news = doc.edit(Edit::ListMove { ty: list(), from, to }).unwrap();
        assert_eq!(doc.read()["list"], Value::Array(expected), "{from} to {to}");
        assert_eq!(news.content.is_empty(), from == to);
        let at = rejoin::doc::change::Segment::Index(position(&doc));
        let item = doc.child(&list(), &at).unwrap().unwrap();
        let title = rejoin::doc::change::Segment::Key("title".into());
        let title = doc.child(&item, &title).unwrap().unwrap();
        let expected = [insert("mi", bold()), embed(None), insert("lk", None)];
        assert_eq!(doc.delta(&title).unwrap(), expected);
    }
}

/// Where the item with a title is.
fn position(doc: &Doc) -> u32 {
    let Value::Array(items) = doc.read()["list"].clone() else { panic!() };
    items.iter().position(Value::is_object).unwrap() as u32
}

#[test]
fn a_move_is_told_as_one_change_of_the_list() {
    let mut doc = doc(1);
    push(&mut doc, vec![Prelim::Value(json!("a")), Prelim::Value(json!("b"))]);
    let news = doc.edit(Edit::ListMove { ty: list(), from: 0, to: 1 }).unwrap();
    let [Change::List { delta, .. }] = news.changes.as_slice() else { panic!("{news:?}") };
    assert!(delta.contains(&ListOp::Insert { insert: vec![json!("a")] }), "{delta:?}");
}

#[test]
fn a_move_from_or_to_nowhere_is_refused() {
    let mut doc = doc(1);
    push(&mut doc, vec![Prelim::Value(json!("a"))]);
    for (from, to) in [(1, 0), (0, 1), (u32::MAX, 0)] {
        let error = doc.edit(Edit::ListMove { ty: list(), from, to }).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
    }
    assert_eq!(doc.read()["list"], json!(["a"]));
}
