//! Bad and hostile updates: each with its typed error, and nothing changed.

use std::process::Command;

use rejoin::doc::change::Segment;
use rejoin::doc::{
    Applied, Direction, Doc, Edit, Limits, Origin, Prelim, TypeId, UndoLimits, UpdateError,
};
use rejoin::error::ErrorCode;
use rejoin::ordered::OrderedMap;
use serde_json::json;

use crate::doc_support::bytes::{At, block, garbage, hole, nested, text, update};
use crate::doc_support::doc;

fn apply(doc: &mut Doc, update: &[u8]) -> Result<Applied, UpdateError> {
    doc.apply(update, Origin::Remote)
}

/// The document must refuse it and be as before.
fn refused(doc: &mut Doc, update: &[u8]) -> UpdateError {
    let before = (doc.encode_state(), doc.content(), doc.held());
    let error = apply(doc, update).expect_err("accepted");
    assert_eq!((doc.encode_state(), doc.content(), doc.held()), before, "{error}");
    error
}

fn type_text(doc: &mut Doc, index: u32, text: &str) -> Vec<u8> {
    let ty = TypeId::root("text");
    doc.edit(Edit::TextInsert { ty, index, text: text.to_owned(), attributes: None })
        .unwrap()
        .update
}

#[test]
fn ten_thousand_nested_lists_are_refused_also_when_the_outermost_is_deleted() {
    let mut blocks = vec![nested(At::Root("list"), 0)];
    blocks.extend((0..9_999).map(|parent| nested(At::Child((9, parent)), 0)));
    let too_deep = UpdateError::TooDeep { what: "shared types", limit: 128 };
    assert_eq!(refused(&mut doc(1), &update(&[(9, 0, &blocks)], &[])), too_deep);
    assert_eq!(refused(&mut doc(1), &update(&[(9, 0, &blocks)], &[(9, 0, 1)])), too_deep);
}

#[test]
fn depth_is_counted_across_updates() {
    let mut doc = doc(1);
    apply(&mut doc, &update(&[(9, 0, &[nested(At::Root("list"), 0)])], &[])).unwrap();
    for parent in 0..127 {
        let one = update(&[(9, parent + 1, &[nested(At::Child((9, parent)), 0)])], &[]);
        assert_eq!(apply(&mut doc, &one).unwrap().integrated.len(), 1);
    }
    let last = update(&[(9, 128, &[nested(At::Child((9, 127)), 0)])], &[]);
    assert!(matches!(refused(&mut doc, &last), UpdateError::TooDeep { .. }));
    assert_eq!(doc.read()["list"].to_string().len(), 2 * 129);
}

#[test]
fn a_string_in_a_list_is_refused_in_a_root_and_in_a_nested_one() {
    let mut doc = doc(1);
    let error = refused(&mut doc, &update(&[(9, 0, &[text(At::Root("list"), "😀")])], &[]));
    assert_eq!(error, UpdateError::WrongContent { client: 9, clock: 0, holder: "list" });
    let value = Prelim::List(vec![Prelim::Value(json!(1))]);
    doc.edit(Edit::MapSet { ty: TypeId::root("root"), key: "l".into(), value }).unwrap();
    for at in [At::Child((1, 0)), At::Behind((1, 1))] {
        let error = refused(&mut doc, &update(&[(9, 0, &[text(at, "😀")])], &[]));
        assert!(matches!(error, UpdateError::WrongContent { .. }), "{error}");
    }
}

#[test]
fn values_in_a_text_are_refused_for_the_engine_cannot_delete_them() {
    let values = block(8, At::Root("text"), &[1, 120]);
    assert!(matches!(
        refused(&mut doc(1), &update(&[(9, 0, &[values])], &[])),
        UpdateError::WrongContent { .. }
    ));
}

#[test]
fn text_in_an_xml_element_or_fragment_and_values_in_an_xml_text_are_refused() {
    let element = block(7, At::Root("xml"), &[3, 1, b'p']);
    for (made, inside) in [
        (element.clone(), text(At::Child((9, 0)), "é")),
        (nested(At::Root("xml"), 4), text(At::Child((9, 0)), "x")),
        (nested(At::Root("xml"), 6), block(8, At::Child((9, 0)), &[1, 120])),
    ] {
        let error = refused(&mut doc(1), &update(&[(9, 0, &[made, inside])], &[]));
        assert!(matches!(error, UpdateError::WrongContent { clock: 1, .. }));
    }
    // Attributes are plain values, and a child that is none does no harm.
    let attribute = vec![8 | 0x20, 0, 9, 0, 1, b'k', 1, 120];
    let value = block(8, At::Child((9, 0)), &[1, 120]);
    let mut doc = doc(1);
    apply(&mut doc, &update(&[(9, 0, &[element, attribute, value])], &[])).unwrap();
    let shown = json!({"tag": "p", "attributes": {"k": true}, "children": [true]});
    assert_eq!(doc.read()["xml"], json!([shown]));
}

#[test]
fn a_parent_that_is_no_type_is_refused_before_any_change() {
    let mut doc = doc(1);
    type_text(&mut doc, 0, "abc");
    let child = [text(At::Root("text"), "x"), text(At::Child((1, 1)), "y")];
    let error = refused(&mut doc, &update(&[(9, 0, &child)], &[]));
    assert_eq!(error, UpdateError::InvalidParent { client: 9, clock: 1 });
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "abc");
    let inside = [text(At::Root("text"), "x"), text(At::Child((9, 0)), "y")];
    assert!(matches!(
        refused(&mut doc, &update(&[(9, 0, &inside)], &[])),
        UpdateError::InvalidParent { .. }
    ));
}

#[test]
fn a_child_of_what_was_deleted_is_no_error() {
    let mut doc = doc(1);
    let value = Prelim::Map([("k".to_owned(), Prelim::Value(json!(1)))].into());
    doc.edit(Edit::MapSet { ty: TypeId::root("root"), key: "m".into(), value }).unwrap();
    doc.edit(Edit::MapDelete { ty: TypeId::root("root"), key: "m".into() }).unwrap();
    let late = block(0x28, At::Child((1, 0)), &[1, b'x', 1, 120]);
    assert_eq!(apply(&mut doc, &update(&[(9, 0, &[late])], &[])).unwrap().integrated.len(), 1);
    assert_eq!(doc.read()["root"], json!({}));
    assert_eq!(doc.state_vector().get(&yrs::ClientID::new(9)), 1);
}

#[test]
fn a_child_of_deleted_text_is_borne_also_where_undo_keeps_that_text() {
    let limits = UndoLimits::default();
    let mut undoing = doc(1).with_undo(limits);
    let mut other = doc(2);
    let typed = type_text(&mut undoing, 0, "abc");
    let ty = TypeId::root("text");
    let deleted = undoing.edit(Edit::TextDelete { ty, index: 1, length: 1 }).unwrap().update;
    let child = update(&[(9, 0, &[text(At::Child((1, 1)), "y")])], &[]);
    for (doc, updates) in
        [(&mut undoing, vec![&child]), (&mut other, vec![&typed, &deleted, &child])]
    {
        for update in updates {
            apply(doc, update).unwrap();
        }
        assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "ac");
    }
    assert_eq!(undoing.state_vector(), other.state_vector());
    undoing.travel(Direction::Undo).unwrap();
    type_text(&mut undoing, 2, "d");
    assert_eq!(undoing.text(&TypeId::root("text")).unwrap(), "acd");
}

#[test]
fn what_holds_values_takes_no_text_also_where_nobody_declared_it() {
    let mut doc = Doc::new(1, &OrderedMap::new(), Limits::default());
    let values = block(8, At::Root("log"), &[1, 119, 1, b'a']);
    let lie = update(&[(9, 0, &[text(At::Root("log"), "x")])], &[]);
    apply(&mut doc, &update(&[(8, 0, &[values])], &[])).unwrap();
    assert!(matches!(refused(&mut doc, &lie), UpdateError::WrongContent { .. }));
    let mut doc = Doc::new(1, &OrderedMap::new(), Limits::default());
    let both = [block(8, At::Root("log"), &[1, 119, 1, b'a']), text(At::Root("log"), "x")];
    refused(&mut doc, &update(&[(8, 0, &both)], &[]));
    apply(&mut doc, &lie).unwrap();
}

#[test]
fn neighbours_in_two_types_are_refused() {
    let mut doc = doc(1);
    type_text(&mut doc, 0, "abc");
    doc.edit(Edit::ListInsert {
        ty: TypeId::root("list"),
        index: 0,
        values: vec![Prelim::Value(json!(1))],
    })
    .unwrap();
    let torn = [vec![0x80 | 0x40 | 4], vec![1, 0, 1, 3], vec![1, b'x']].concat();
    assert!(matches!(
        refused(&mut doc, &update(&[(9, 0, &[torn])], &[])),
        UpdateError::InvalidParent { .. }
    ));
}

#[test]
fn units_under_our_own_id_are_an_alarm_and_can_be_taken_in_under_a_new_id() {
    let mut doc = doc(1);
    type_text(&mut doc, 0, "hello");
    for squat in [update(&[(1, 5, &[garbage(1000)])], &[]), update(&[], &[(1, 5, 1000)])] {
        let error = refused(&mut doc, &squat);
        assert_eq!(
            (error.code(), &error),
            (ErrorCode::ClientIdConflict, &UpdateError::ClientIdConflict { client: 1 })
        );
    }
    doc.rotate_client_id(2);
    assert_eq!((doc.client_id(), doc.text(&TypeId::root("text")).unwrap().as_str()), (2, "hello"));
    apply(&mut doc, &update(&[(1, 5, &[garbage(1000)])], &[])).unwrap();
    type_text(&mut doc, 5, " WORLD");
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "hello WORLD");
}

#[test]
fn an_echo_of_our_own_edit_is_no_alarm() {
    let mut doc = doc(1);
    let echo = type_text(&mut doc, 0, "hello");
    let applied = apply(&mut doc, &echo).unwrap();
    assert_eq!((applied.integrated.len(), applied.held), (0, false));
    assert_eq!(applied.content, doc.content());
}

#[test]
fn a_deletion_of_units_that_nobody_has_seen_waits() {
    let mut doc = doc(1);
    let deletion = update(&[], &[(9, 0, 3)]);
    assert!(apply(&mut doc, &deletion).unwrap().held);
    assert!(apply(&mut doc, &deletion).unwrap().held);
    assert_eq!(doc.held(), 1);
    let applied =
        apply(&mut doc, &update(&[(9, 0, &[text(At::Root("text"), "abcd")])], &[])).unwrap();
    assert_eq!((applied.integrated.len(), applied.held, doc.held()), (2, false, 0));
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "d");
}

#[test]
fn blocks_that_wait_for_each_other_are_refused() {
    let one = [text(At::Behind((9, 0)), "x")];
    let two = [text(At::Behind((8, 0)), "y")];
    assert_eq!(
        refused(&mut doc(1), &update(&[(9, 0, &two), (8, 0, &one)], &[])),
        UpdateError::Cycle
    );
    let own = [text(At::Behind((9, 0)), "x")];
    assert_eq!(refused(&mut doc(1), &update(&[(9, 0, &own)], &[])), UpdateError::Cycle);
}

#[test]
fn sections_in_the_wrong_order_are_put_right() {
    let first = [text(At::Root("text"), "ab")];
    let then = [text(At::Behind((9, 1)), "cd")];
    for sections in
        [[(9, 0, &first[..]), (8, 0, &then[..])], [(8, 0, &then[..]), (9, 0, &first[..])]]
    {
        let mut doc = doc(1);
        assert!(!apply(&mut doc, &update(&sections, &[])).unwrap().held);
        assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "abcd");
    }
}

#[test]
fn what_is_ready_of_an_update_with_a_hole_is_taken_and_the_rest_waits() {
    let mut doc = doc(1);
    let blocks = [text(At::Root("text"), "ab"), hole(2), text(At::Behind((9, 3)), "e")];
    let applied = apply(&mut doc, &update(&[(9, 0, &blocks)], &[(9, 0, 1), (9, 4, 1)])).unwrap();
    assert!(applied.held);
    assert_eq!(applied.integrated.len(), 1);
    assert_eq!((doc.text(&TypeId::root("text")).unwrap().as_str(), doc.held()), ("b", 1));
    let applied =
        apply(&mut doc, &update(&[(9, 2, &[text(At::Behind((9, 1)), "cd")])], &[])).unwrap();
    assert_eq!((applied.integrated.len(), doc.held()), (2, 0));
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "bcd");
}

#[test]
fn a_hole_that_we_can_fill_ourselves_is_no_hole() {
    let mut doc = doc(1);
    apply(&mut doc, &update(&[(9, 0, &[text(At::Root("text"), "abcd")])], &[])).unwrap();
    let blocks = [text(At::Root("text"), "ab"), hole(2), text(At::Behind((9, 3)), "e")];
    let applied = apply(&mut doc, &update(&[(9, 0, &blocks)], &[])).unwrap();
    assert_eq!((applied.integrated.len(), applied.held, doc.held()), (1, false, 0));
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "abcde");
}

#[test]
fn an_update_with_a_missing_author_waits_and_the_news_are_told_when_it_comes() {
    let mut author = doc(9);
    let mut doc = doc(1);
    let first = type_text(&mut author, 0, "one ");
    let second = type_text(&mut author, 4, "two");
    assert!(apply(&mut doc, &second).unwrap().held);
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "");
    let applied = apply(&mut doc, &first).unwrap();
    assert_eq!(
        applied.integrated.iter().map(|news| news.update.clone()).collect::<Vec<_>>(),
        [first, second]
    );
    assert!(applied.integrated.iter().all(|news| news.changes.len() == 1));
    assert_eq!(doc.text(&TypeId::root("text")).unwrap(), "one two");
    assert_eq!(doc.hash(), author.hash());
}

#[test]
fn every_prefix_of_a_real_update_is_refused() {
    let mut author = doc(9);
    let value = Prelim::Map([("k".to_owned(), Prelim::Text("😀".into()))].into());
    author.edit(Edit::MapSet { ty: TypeId::root("root"), key: "m".into(), value }).unwrap();
    type_text(&mut author, 0, "hello");
    let state = author.encode_state();
    for end in 0..state.len() {
        assert_eq!(refused(&mut doc(1), &state[..end]).code(), ErrorCode::Update, "cut at {end}");
    }
}

#[test]
fn keys_that_javascript_trips_over_are_data() {
    let mut doc = doc(1);
    for key in ["__proto__", "constructor", "prototype", ""] {
        let value = Prelim::Map([(key.to_owned(), Prelim::Value(json!({ key: 1 })))].into());
        doc.edit(Edit::MapSet { ty: TypeId::root("root"), key: key.into(), value }).unwrap();
        assert_eq!(doc.read()["root"][key][key][key], json!(1));
        assert!(doc.child(&TypeId::root("root"), &Segment::Key(key.into())).unwrap().is_some());
    }
}

#[test]
fn an_update_beyond_the_limit_is_refused_but_a_stored_snapshot_may_be_larger() {
    let bytes = update(&[(9, 0, &[text(At::Root("text"), &"x".repeat(9 << 20))])], &[]);
    let mut doc = doc(1);
    assert!(matches!(refused(&mut doc, &bytes), UpdateError::TooLarge { limit: 8_388_608, .. }));
    assert_eq!(doc.apply(&bytes, Origin::Storage).unwrap().integrated.len(), 1);
}

/// Each asked yrs or Yjs for 459 MiB to 2.1 GiB.
const BOMBS: [&[u8]; 4] = [
    &[0xc0, 0xfc, 0xef, 0x0c],
    &[1, 1, 1, 0, 8, 1, 1, b't', 0x80, 0xe1, 0xeb, 0x17, 126],
    &[1, 0xff, 0xff, 0xff, 0x0f, 1, 0, 0],
    &[0, 1, 1, 0xff, 0xff, 0xff, 0x7f, 1, 1],
];

const CHILD: &str = "HOSTILE_LITTLE_MEMORY";

/// In a process of its own with 400 MB of address space: an allocation beyond that fails it.
#[test]
fn a_few_bytes_never_make_it_allocate_much() {
    if std::env::var_os(CHILD).is_some() {
        let mut doc = doc(1);
        for bomb in BOMBS {
            assert_eq!(refused(&mut doc, bomb).code(), ErrorCode::Update);
        }
        assert!(doc.diff(&[0x80, 0x87, 0xa7, 0x0e]).is_err());
        assert!(doc.resolve(&[1, 0xff, 0xff, 0xff, 0x7f, b'x']).is_err());
        return;
    }
    let binary = std::env::current_exe().unwrap();
    let name = "doc_hostile::a_few_bytes_never_make_it_allocate_much";
    let command = format!("ulimit -v 400000; exec {:?} --exact {name} --test-threads 1", binary);
    let child = Command::new("sh").args(["-c", &command]).env(CHILD, "1").output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

#[test]
fn a_text_whose_beginning_is_garbage_is_refused_for_a_copy_would_not_have_it() {
    let mut doc = doc(1);
    apply(&mut doc, &update(&[(9, 0, &[garbage(3)])], &[])).unwrap();
    let whole = update(&[(9, 0, &[text(At::Root("text"), "abcdef")])], &[]);
    let error = refused(&mut doc, &whole);
    assert_eq!(error, UpdateError::InvalidParent { client: 9, clock: 0 });
}

/// A list of one item: bytes in a plain value that begin as a subdocument does inside of the engine.
fn marked(junk: &[u8]) -> Vec<u8> {
    let bytes = [b"\x00rejoin-subdoc\x00\x01", junk].concat();
    let content = [&[1, 116, bytes.len() as u8], bytes.as_slice()].concat();
    let other = block(8, At::Behind((9, 0)), &[1, 120]);
    update(&[(9, 0, &[block(8, At::Root("list"), &content), other])], &[])
}

#[test]
fn bytes_that_look_like_a_subdocument_are_moved_as_the_bytes_that_they_are() {
    for junk in [&[][..], &[9, 9, 9], &[1, b'g'], &[1, b'g', 118], &[1, b'g', 118, 0, 7]] {
        let (mut doc, mut other) = (doc(1), doc(2));
        for doc in [&mut doc, &mut other] {
            apply(doc, &marked(junk)).unwrap();
        }
        let ty = TypeId::root("list");
        let moved = doc.edit(Edit::ListMove { ty: ty.clone(), from: 0, to: 1 }).unwrap();
        apply(&mut other, &moved.update).unwrap();
        assert_eq!(doc.hash(), other.hash());
        doc.edit(Edit::ListMove { ty, from: 1, to: 0 }).unwrap();
        assert!(
            apply(&mut Doc::new(3, &OrderedMap::new(), Limits::default()), &doc.encode_state())
                .is_ok()
        );
    }
}

/// Letters of writer 9 of which each hangs on one of writer 8, then two that nobody has, and a last one.
fn hung(units: u64) -> Vec<u8> {
    let mut blocks: Vec<_> = (0..units).map(|unit| text(At::Behind((8, unit)), "a")).collect();
    blocks.push(hole(2));
    blocks.push(text(At::Behind((9, units + 1)), "z"));
    update(&[(9, 0, &blocks)], &[(7, 0, 3), (8, units - 1, 1), (9, 5, 1)])
}

#[test]
fn an_update_that_advances_by_one_unit_at_a_time_goes_in_bit_by_bit_with_its_holes_and_deletions() {
    const UNITS: u64 = 200;
    let ty = TypeId::root("text");
    let mut doc = doc(1);
    assert!(apply(&mut doc, &hung(UNITS)).unwrap().held);
    for unit in 0..UNITS {
        let at = if unit == 0 { At::Root("text") } else { At::Behind((8, unit - 1)) };
        let applied = apply(&mut doc, &update(&[(8, unit, &[text(at, "b")])], &[])).unwrap();
        assert_eq!((applied.refused.len(), applied.held), (0, false));
        let shown = doc.text(&ty).unwrap().matches('a').count() as u64;
        assert_eq!(shown, unit + 1 - u64::from(unit > 4), "what is ready is shown");
    }
    assert!(doc.held() > 0);
    for late in [
        update(&[(9, UNITS, &[text(At::Behind((9, UNITS - 1)), "yy")])], &[]),
        update(&[(7, 0, &[text(At::Root("text"), "ccc")])], &[]),
    ] {
        apply(&mut doc, &late).unwrap();
    }
    let shown = doc.text(&ty).unwrap();
    assert_eq!((doc.held(), shown.len() as u64), (0, 2 * UNITS + 3 - 2));
    assert!(shown.contains("yyz") && !shown.contains('c'));
}
