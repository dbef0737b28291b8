//! Edits and reading: what the app calls.

use std::collections::BTreeMap;

use rejoin::doc::change::{Change, ListOp, Segment, TextOp};
use rejoin::doc::{Assoc, Doc, Edit, Integrated, Limits, Origin, Prelim, TypeId};
use rejoin::error::{ErrorCode, Misuse};
use rejoin::ordered::OrderedMap;
use serde_json::{Value, json};

use crate::doc_support::{doc, roots};

fn insert(index: u32, text: &str) -> Edit {
    Edit::TextInsert { ty: TypeId::root("text"), index, text: text.into(), attributes: None }
}

fn delete(index: u32, length: u32) -> Edit {
    Edit::TextDelete { ty: TypeId::root("text"), index, length }
}

fn set(key: &str, value: Prelim) -> Edit {
    Edit::MapSet { ty: TypeId::root("root"), key: key.into(), value }
}

fn plain(value: Value) -> Prelim {
    Prelim::Value(value)
}

fn bold(value: Value) -> BTreeMap<String, Value> {
    BTreeMap::from([("b".to_owned(), value)])
}

/// The edit must be refused with these words, and nothing be different.
fn misused(doc: &mut Doc, edit: Edit, words: &str) {
    let before = doc.encode_state();
    let error: Misuse = doc.edit(edit).expect_err("accepted");
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    assert!(error.message.contains(words), "{}", error.message);
    assert_eq!(doc.encode_state(), before);
}

#[test]
fn an_edit_comes_back_as_its_update_its_ids_and_its_change() {
    let mut author = doc(1);
    let news = author.edit(insert(0, "hi")).unwrap();
    assert_eq!(news.update, [1, 1, 1, 0, 4, 1, 4, b't', b'e', b'x', b't', 2, b'h', b'i', 0]);
    assert_eq!(news.content, author.content());
    let delta = vec![TextOp::Insert { insert: "hi".into(), attributes: None }];
    let path = vec![Segment::Key("text".into())];
    assert_eq!(news.changes, [Change::Text { path, target: "r/text".into(), delta }]);
    let mut reader = doc(2);
    let applied = reader.apply(&news.update, Origin::Remote).unwrap();
    assert_eq!(applied.integrated, [Integrated { origin: Origin::Remote, ..news }]);
}

#[test]
fn an_edit_that_does_nothing_brings_nothing() {
    let mut doc = doc(1);
    doc.edit(insert(0, "hi")).unwrap();
    for nothing in
        [insert(1, ""), delete(1, 0), Edit::MapDelete { ty: TypeId::root("root"), key: "x".into() }]
    {
        let news = doc.edit(nothing).unwrap();
        assert!(news.content.is_empty() && news.changes.is_empty() && news.update.is_empty());
    }
}

#[test]
fn offsets_and_ranges_beyond_the_end_are_told_with_what_was_expected() {
    let mut doc = doc(1);
    doc.edit(insert(0, "hello")).unwrap();
    misused(&mut doc, insert(6, "x"), "expected an index between 0 and 5, got 6");
    misused(&mut doc, delete(3, 3), "of length 5, got 3 from index 3");
    misused(&mut doc, delete(u32::MAX, u32::MAX), "length 5");
    let ty = TypeId::root("list");
    misused(
        &mut doc,
        Edit::ListInsert { ty: ty.clone(), index: 1, values: vec![plain(json!(1))] },
        "between 0 and 0",
    );
    misused(&mut doc, Edit::ListDelete { ty, index: 0, length: 1 }, "within the list of length 0");
}

#[test]
fn offsets_inside_a_surrogate_pair_are_refused_wherever_the_text_came_from() {
    let mut author = doc(1);
    author.edit(insert(0, "a😀b😀")).unwrap();
    let mut reader = doc(2);
    reader.apply(&author.encode_state(), Origin::Remote).unwrap();
    reader.edit(insert(1, "x")).unwrap();
    author.edit(delete(0, 1)).unwrap();
    for (mut doc, inside) in [(author, 1), (reader, 3)] {
        misused(&mut doc, insert(inside, "x"), "inside a surrogate pair");
        misused(&mut doc, delete(inside, 1), "inside a surrogate pair");
        misused(&mut doc, delete(inside - 1, 1), "inside a surrogate pair");
        let ty = TypeId::root("text");
        misused(
            &mut doc,
            Edit::TextFormat { ty, index: 0, length: inside, attributes: bold(json!(true)) },
            "inside",
        );
        doc.edit(delete(inside - 1, 2)).unwrap();
        assert!(doc.text(&TypeId::root("text")).unwrap().ends_with("b😀"));
    }
}

#[test]
fn a_wrong_kind_an_unknown_root_and_a_gone_type_are_refused() {
    let mut doc = doc(1);
    doc.edit(set("t", Prelim::Text("x".into()))).unwrap();
    let text = doc.child(&TypeId::root("root"), &Segment::Key("t".into())).unwrap().unwrap();
    doc.edit(set("t", plain(json!(1)))).unwrap();
    misused(
        &mut doc,
        Edit::TextDelete { ty: text.clone(), index: 0, length: 0 },
        "is gone or unknown",
    );
    misused(
        &mut doc,
        Edit::TextDelete { ty: TypeId::root("list"), index: 0, length: 0 },
        "expected a text",
    );
    misused(
        &mut doc,
        Edit::TextDelete { ty: TypeId::root("nope"), index: 0, length: 0 },
        "declared root, got `nope`",
    );
    assert!(
        doc.text(&text).is_err()
            && doc.len(&text).is_err()
            && doc.sticky(&text, 0, Assoc::After).is_err()
    );
    let made_up = TypeId::Nested { client: 5, clock: 5 };
    assert!(doc.text(&made_up).is_err());
}

#[test]
fn values_too_deep_and_keys_too_long_are_refused() {
    let mut doc = doc(1);
    let deep = |n: usize| (0..n).fold(json!(1), |value, _| json!([value]));
    doc.edit(set("k", plain(deep(64)))).unwrap();
    misused(&mut doc, set("k", plain(deep(65))), "at most 64 deep");
    let nested =
        |n: usize| (0..n).fold(Prelim::Text(String::new()), |value, _| Prelim::List(vec![value]));
    doc.edit(set("k", nested(127))).unwrap();
    misused(&mut doc, set("k", nested(128)), "at most 128 deep");
    misused(&mut doc, set(&"k".repeat(4097), plain(json!(1))), "at most 4096 bytes");
}

#[test]
fn plain_values_of_one_insert_are_one_block_and_shared_ones_stand_between_them() {
    let mut doc = doc(1);
    let ty = TypeId::root("list");
    let values = vec![
        plain(json!(1)),
        plain(json!("two")),
        Prelim::Text("t".into()),
        Prelim::Map(OrderedMap::new()),
        plain(json!(null)),
    ];
    let news = doc.edit(Edit::ListInsert { ty: ty.clone(), index: 0, values }).unwrap();
    assert_eq!(doc.read()["list"], json!([1, "two", "t", {}, null]));
    let insert = vec![json!(1), json!("two"), json!("t"), json!({}), json!(null)];
    let expected = Change::List {
        path: vec![Segment::Key("list".into())],
        target: "r/list".into(),
        delta: vec![ListOp::Insert { insert }],
    };
    assert_eq!(news.changes, [expected]);
    assert!(doc.child(&ty, &Segment::Index(2)).unwrap().is_some());
    assert_eq!(doc.child(&ty, &Segment::Index(0)).unwrap(), None);
    assert_eq!(doc.child(&ty, &Segment::Index(9)).unwrap(), None);
}

#[test]
fn nested_types_are_edited_by_their_id_and_told_with_their_path() {
    let mut doc = doc(1);
    let todo = Prelim::Map(OrderedMap::from([("title".to_owned(), Prelim::Text("milk".into()))]));
    doc.edit(Edit::ListInsert {
        ty: TypeId::root("list"),
        index: 0,
        values: vec![plain(json!(0)), todo],
    })
    .unwrap();
    let map = doc.child(&TypeId::root("list"), &Segment::Index(1)).unwrap().unwrap();
    let title = doc.child(&map, &Segment::Key("title".into())).unwrap().unwrap();
    let news = doc
        .edit(Edit::TextInsert { ty: title.clone(), index: 4, text: "!".into(), attributes: None })
        .unwrap();
    let path = [Segment::Key("list".into()), Segment::Index(1), Segment::Key("title".into())];
    assert_eq!(news.changes.iter().map(Change::path).collect::<Vec<_>>(), [&path[..]]);
    assert_eq!(doc.text(&title).unwrap(), "milk!");
    assert_eq!(title.to_string().parse::<TypeId>().unwrap(), title);
}

#[test]
fn text_takes_on_its_surroundings_or_exactly_the_marks_it_is_given() {
    let mut doc = doc(1);
    let ty = TypeId::root("text");
    doc.edit(insert(0, "plain")).unwrap();
    let news = doc
        .edit(Edit::TextFormat {
            ty: ty.clone(),
            index: 0,
            length: 5,
            attributes: bold(json!(true)),
        })
        .unwrap();
    let op = |change: &Change| {
        if let Change::Text { delta, .. } = change { delta[0].clone() } else { panic!() }
    };
    assert_eq!(
        op(&news.changes[0]),
        TextOp::Retain { retain: 5, attributes: Some(bold(json!(true))) }
    );
    let attributes = |doc: &mut Doc, attributes| {
        let news = doc
            .edit(Edit::TextInsert {
                ty: TypeId::root("text"),
                index: 2,
                text: "x".into(),
                attributes,
            })
            .unwrap();
        let Change::Text { delta, .. } = &news.changes[0] else { panic!() };
        let Some(TextOp::Insert { attributes, .. }) = delta.get(1) else { panic!("{delta:?}") };
        attributes.clone().unwrap_or_default()
    };
    assert_eq!(attributes(&mut doc, None), bold(json!(true)));
    assert_eq!(attributes(&mut doc, Some(BTreeMap::new())), BTreeMap::new());
}

#[test]
fn equal_content_hashes_equal_and_other_formatting_does_not() {
    let (mut a, mut b) = (doc(1), doc(2));
    let first = a.edit(insert(0, "ab")).unwrap().update;
    let second = a.edit(set("k", plain(json!({"x": 1, "y": 2})))).unwrap().update;
    b.apply(&second, Origin::Remote).unwrap();
    b.apply(&first, Origin::Remote).unwrap();
    assert_eq!(a.hash(), b.hash());
    assert_ne!(a.hash(), doc(3).hash());
    let attributes = bold(json!(true));
    let format = a
        .edit(Edit::TextFormat { ty: TypeId::root("text"), index: 0, length: 1, attributes })
        .unwrap()
        .update;
    assert_ne!(a.hash(), b.hash());
    b.apply(&format, Origin::Remote).unwrap();
    assert_eq!(a.hash(), b.hash());
}

#[test]
fn a_sticky_position_moves_with_its_text_at_both_replicas() {
    let (mut a, mut b) = (doc(1), doc(2));
    let ty = TypeId::root("text");
    b.apply(&a.edit(insert(0, "hello")).unwrap().update, Origin::Remote).unwrap();
    let sticky: Vec<_> = [
        (0, Assoc::Before),
        (2, Assoc::After),
        (2, Assoc::Before),
        (5, Assoc::After),
        (5, Assoc::Before),
    ]
    .map(|(index, side)| a.sticky(&ty, index, side).unwrap())
    .into();
    b.apply(&a.edit(insert(2, "XX")).unwrap().update, Origin::Remote).unwrap();
    b.apply(&a.edit(insert(7, "!")).unwrap().update, Origin::Remote).unwrap();
    for doc in [&a, &b] {
        let at: Vec<_> = sticky.iter().map(|sticky| doc.resolve(sticky).unwrap()).collect();
        assert_eq!(at, [Some(0), Some(4), Some(2), Some(8), Some(7)]);
    }
    assert_eq!(doc(3).resolve(&sticky[1]).unwrap(), None);
    assert!(a.sticky(&ty, 99, Assoc::After).is_err() && a.resolve(&[9]).is_err());
}

#[test]
fn a_diff_brings_exactly_what_is_lacking() {
    let (mut a, mut b) = (doc(1), doc(2));
    a.edit(insert(0, "one")).unwrap();
    b.apply(&a.diff(&b.encode_state_vector()).unwrap(), Origin::Remote).unwrap();
    a.edit(delete(0, 1)).unwrap();
    assert_eq!(a.encode_state_vector(), b.encode_state_vector(), "deletions do not move clocks");
    let applied = b.apply(&a.diff(&b.encode_state_vector()).unwrap(), Origin::Remote).unwrap();
    assert_eq!(applied.integrated.len(), 1);
    assert_eq!(b.read(), a.read());
    let again = b.apply(&a.encode_state(), Origin::Remote).unwrap();
    assert_eq!((again.integrated.len(), again.content), (0, a.content()));
}

#[test]
fn only_the_news_of_a_whole_state_are_news() {
    let (mut a, mut b) = (doc(1), doc(2));
    b.apply(&a.edit(insert(0, &"long ".repeat(100))).unwrap().update, Origin::Remote).unwrap();
    let last = a.edit(insert(500, "new")).unwrap();
    let applied = b.apply(&a.encode_state(), Origin::Remote).unwrap();
    assert_eq!(applied.integrated, [Integrated { origin: Origin::Remote, ..last }]);
}

#[test]
fn undeclared_roots_are_kept_and_synced_but_not_told() {
    let mut author = doc(1);
    author.edit(insert(0, "secret")).unwrap();
    let mut blind = Doc::new(2, &OrderedMap::new(), Limits::default());
    let applied = blind.apply(&author.encode_state(), Origin::Remote).unwrap();
    assert_eq!(applied.integrated[0].changes, []);
    assert!(blind.read().is_empty());
    let mut reader = Doc::new(3, &roots(), Limits::default());
    reader.apply(&blind.encode_state(), Origin::Remote).unwrap();
    assert_eq!(reader.read(), author.read());
}
