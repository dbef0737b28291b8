//! Subdocuments: named in lists and maps, never opened here.

use rejoin::doc::{Direction, Preflight};
use rejoin::doc::{Edit, Origin, Prelim, TypeId, UndoLimits, UpdateError};
use serde_json::json;

use crate::doc_support::bytes::{At, block, update};
use crate::doc_support::doc;

const MARK: &[u8] = b"\x00rejoin-subdoc\x00\x01";

fn named(guid: &str) -> Prelim {
    Prelim::Subdoc(guid.to_owned())
}

fn root() -> TypeId {
    TypeId::root("root")
}

fn list() -> TypeId {
    TypeId::root("list")
}

/// As Yjs writes it: a name, then what is said about loading.
fn yjs(guid: &str, options: &[u8]) -> Vec<u8> {
    [&[guid.len() as u8], guid.as_bytes(), options].concat()
}

#[test]
fn a_subdocument_is_written_as_yjs_writes_it_and_moves_undoes_and_comes_back() {
    let mut mine = doc(1).with_undo(UndoLimits::default());
    let made =
        mine.edit(Edit::MapSet { ty: root(), key: "a".into(), value: named("one") }).unwrap();
    let wanted =
        block(9 | 0x20, At::Root("root"), &[&[1, b'a'][..], &yjs("one", &[118, 0])].concat());
    assert_eq!(made.update, update(&[(1, 0, &[wanted])], &[]));
    let values = vec![Prelim::Value(json!(1)), named("two"), Prelim::Value(json!(2))];
    mine.edit(Edit::ListInsert { ty: list(), index: 0, values }).unwrap();
    mine.edit(Edit::ListMove { ty: list(), from: 1, to: 2 }).unwrap();
    assert_eq!(mine.read()["list"], json!([1, 2, {"guid": "two"}]));
    mine.edit(Edit::MapDelete { ty: root(), key: "a".into() }).unwrap();
    mine.travel(Direction::Undo).unwrap();
    assert_eq!(mine.read()["root"], json!({"a": {"guid": "one"}}));
    let state = mine.encode_state();
    assert!(!state.windows(MARK.len()).any(|window| window == MARK), "what is hidden came out");
    let mut other = doc(2);
    other.apply(&state, Origin::Remote).unwrap();
    assert_eq!((other.read(), other.hash()), (mine.read(), mine.hash()));
    other.rotate_client_id(9);
    assert_eq!((other.read(), other.hash()), (mine.read(), mine.hash()));
}

#[test]
fn what_others_say_of_loading_is_kept_as_it_is() {
    // {"autoLoad": true}
    let options = [&[118, 1, 8][..], b"autoLoad", &[120]].concat();
    let theirs = update(&[(7, 0, &[block(9, At::Root("list"), &yjs("x", &options))])], &[]);
    let mut mine = doc(1);
    mine.apply(&theirs, Origin::Remote).unwrap();
    assert_eq!(mine.read()["list"], json!([{"guid": "x"}]));
    assert_eq!(mine.encode_state(), theirs);
    let gone = mine.edit(Edit::ListDelete { ty: list(), index: 0, length: 1 }).unwrap();
    assert_eq!(mine.read()["list"], json!([]));
    assert_eq!(gone.update, update(&[], &[(7, 0, 1)]));
}

#[test]
fn bytes_that_would_pass_for_a_subdocument_and_subdocuments_in_texts_are_refused() {
    let forged = [&[MARK.len() as u8 + 3][..], MARK, &[1, b'x', 126]].concat();
    let bytes = update(&[(7, 0, &[block(3, At::Root("list"), &forged)])], &[]);
    assert!(matches!(doc(1).apply(&bytes, Origin::Remote), Err(UpdateError::Unsupported { .. })));
    let inside = update(&[(7, 0, &[block(9, At::Root("text"), &yjs("x", &[118, 0]))])], &[]);
    assert!(matches!(doc(1).apply(&inside, Origin::Remote), Err(UpdateError::WrongContent { .. })));
    let whole = update(&[(7, 0, &[block(9, At::Root("list"), &yjs("x", &[118, 0]))])], &[]);
    for end in 0..whole.len() {
        assert!(Preflight::parse(&whole[..end], &doc(1).limits()).is_err());
    }
}

#[test]
fn a_text_that_says_the_mark_is_a_text() {
    let mut mine = doc(1);
    let text = String::from_utf8(MARK.to_vec()).unwrap();
    let ty = TypeId::root("text");
    mine.edit(Edit::TextInsert { ty: ty.clone(), index: 0, text: text.clone(), attributes: None })
        .unwrap();
    let mut other = doc(2);
    other.apply(&mine.encode_state(), Origin::Remote).unwrap();
    assert_eq!(other.text(&ty), Ok(text));
}
