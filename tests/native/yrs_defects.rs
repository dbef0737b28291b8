//! Defects of yrs 0.28.1, on plain yrs, and what our document does with the same bytes. `docs/upstream.md` has the words to send.
//!
//! A test that fails with a newer yrs tells that a defect is gone: then its guard may be looked at again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rejoin::doc::{Origin, UpdateError};
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, ReadTxn, StateVector, Text, Transact, Update};

use crate::doc_support::bytes::{At, block, garbage, text, update};
use crate::doc_support::doc;

const ME: u64 = 1;
const OTHER: u64 = 9;

/// A replica on plain yrs that shows a text.
fn plain(client: u64) -> Doc {
    let doc = Doc::with_client_id(client);
    doc.get_or_insert_text("text");
    doc
}

fn take(doc: &Doc, bytes: &[u8]) -> Result<(), String> {
    let update = Update::decode_v1(bytes).map_err(|error| error.to_string())?;
    doc.transact_mut().apply_update(update).map_err(|error| error.to_string())
}

fn shown(doc: &Doc) -> String {
    doc.get_or_insert_text("text").get_string(&doc.transact())
}

fn append(doc: &Doc, root: &str, words: &str) -> Vec<u8> {
    let text = doc.get_or_insert_text(root);
    let mut transaction = doc.transact_mut();
    text.push(&mut transaction, words);
    transaction.encode_update_v1()
}

fn state_v2(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v2(&StateVector::default())
}

/// Ours must refuse it and show what it showed.
fn refused(bytes: &[u8]) -> UpdateError {
    let mut doc = doc(ME);
    let before = doc.encode_state();
    let error = doc.apply(bytes, Origin::Remote).expect_err("accepted");
    assert_eq!(doc.encode_state(), before);
    error
}

#[test]
fn a_state_in_v2_with_an_update_that_waits_cannot_be_read() {
    let author = plain(OTHER);
    append(&author, "text", "ab");
    let late = append(&author, "other", "c");
    let reader = plain(ME);
    take(&reader, &late).unwrap();
    assert!(Update::decode_v2(&state_v2(&reader)).is_err());

    let mut ours = doc(ME);
    assert!(ours.apply(&late, Origin::Remote).unwrap().held);
    assert_eq!((ours.held(), ours.content().units()), (1, 0));
}

#[test]
fn a_state_in_v2_panics_where_two_updates_wait_in_a_row() {
    let author = plain(OTHER);
    append(&author, "text", "a");
    let late = [append(&author, "text", "b"), append(&author, "other", "c")];
    let reader = plain(ME);
    late.iter().for_each(|bytes| take(&reader, bytes).unwrap());
    assert!(catch_unwind(AssertUnwindSafe(|| state_v2(&reader))).is_err());

    let mut ours = doc(ME);
    assert!(late.iter().all(|bytes| ours.apply(bytes, Origin::Remote).unwrap().held));
}

#[test]
fn a_legacy_json_value_that_yjs_reads_is_not_read() {
    let bytes = update(&[(OTHER, 0, &[block(2, At::Root("list"), &[1, 1, b'1'])])], &[]);
    assert!(take(&plain(ME), &bytes).is_err());

    assert!(matches!(refused(&bytes), UpdateError::Unsupported { .. }));
}

#[test]
fn an_update_that_is_refused_is_applied_in_part() {
    let blocks = [text(At::Root("text"), "a"), text(At::Child((OTHER, 0)), "x")];
    let bytes = update(&[(OTHER, 0, &blocks)], &[]);
    let reader = plain(ME);
    assert!(take(&reader, &bytes).is_err());
    assert_eq!(shown(&reader), "a");

    assert_eq!(refused(&bytes), UpdateError::InvalidParent { client: OTHER, clock: 1 });
}

#[test]
fn what_somebody_deletes_beforehand_is_gone_once_it_is_typed_and_sent() {
    let bytes = update(&[], &[(ME, 0, 5)]);
    let (typist, reader) = (plain(ME), plain(2));
    take(&reader, &bytes).unwrap();
    take(&reader, &append(&typist, "text", "hello")).unwrap();
    let state = reader.transact().encode_state_as_update_v1(&StateVector::default());
    take(&typist, &state).unwrap();
    assert_eq!((shown(&typist), shown(&reader)), (String::new(), String::new()));

    assert_eq!(refused(&bytes), UpdateError::ClientIdConflict { client: ME });
}

#[test]
fn clocks_that_somebody_takes_hide_what_is_typed_while_the_vectors_are_equal() {
    let bytes = update(&[(ME, 0, &[garbage(5)])], &[]);
    let (typist, reader) = (plain(ME), plain(2));
    take(&reader, &bytes).unwrap();
    take(&reader, &append(&typist, "text", "hello")).unwrap();
    assert_eq!((shown(&typist), shown(&reader)), ("hello".into(), String::new()));
    assert_eq!(typist.transact().state_vector(), reader.transact().state_vector());

    assert_eq!(refused(&bytes), UpdateError::ClientIdConflict { client: ME });
}
