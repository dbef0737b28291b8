use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{
    Any, Array, ClientID, Doc, Map, OffsetKind, Options, ReadTxn, StateVector, Text, Transact,
    Update, XmlElementPrelim,
};
use yrs::{XmlFragment, XmlTextPrelim};

use super::{v1_to_v2, v2_to_v1};
use crate::doc::{Limits, Preflight};
use crate::update_error::UpdateError;

/// A document with every kind of content that both formats have.
fn sample() -> Vec<u8> {
    let mut options = Options::with_client_id(ClientID::new(7));
    options.offset_kind = OffsetKind::Utf16;
    let doc = Doc::with_options(options);
    let (text, list, map) = (
        doc.get_or_insert_text("text"),
        doc.get_or_insert_array("list"),
        doc.get_or_insert_map("root"),
    );
    let xml = doc.get_or_insert_xml_fragment("xml");
    let mut txn = doc.transact_mut();
    text.insert(&mut txn, 0, "a😀b and some more");
    text.insert_with_attributes(
        &mut txn,
        4,
        "bold",
        [("b".into(), Any::from(true)), ("c".into(), Any::from("red"))].into(),
    );
    text.insert_with_attributes(&mut txn, 9, "again", [("b".into(), Any::from(true))].into());
    text.insert_embed(&mut txn, 3, Any::from_json(r#"{"n":[1,-2.5,null,1e300,"x"]}"#).unwrap());
    text.remove_range(&mut txn, 1, 2);
    list.insert_range(&mut txn, 0, [Any::from(1), Any::from(1.5), Any::Null, Any::from("x")]);
    list.insert(&mut txn, 1, Any::Buffer(vec![1, 2, 3].into()));
    list.remove_range(&mut txn, 2, 1);
    map.insert(&mut txn, "k", "v");
    map.insert(&mut txn, "k", 2);
    let element = xml.insert(&mut txn, 0, XmlElementPrelim::empty("p"));
    element.insert(&mut txn, 0, XmlTextPrelim::new("inside"));
    txn.encode_state_as_update_v1(&StateVector::default())
}

/// The sample in both formats.
fn both() -> (Vec<u8>, Vec<u8>) {
    let v1 = sample();
    let v2 = v1_to_v2(&v1).unwrap();
    (v1, v2)
}

#[test]
fn an_update_comes_back_from_v2_as_it_was() {
    let (v1, v2) = both();
    assert_eq!(v2_to_v1(&v2), Ok(v1.clone()));
    // What another implementation wrote, and reads; it drops a flag of entries that nobody looks at.
    let update = Update::decode_v1(&v1).unwrap();
    let theirs = update.encode_v1();
    assert_eq!(v2_to_v1(&update.encode_v2()), Ok(theirs.clone()));
    assert_eq!(Update::decode_v2(&v2).unwrap().encode_v1(), theirs);
}

#[test]
fn nothing_is_an_update_too() {
    assert_eq!(v2_to_v1(&v1_to_v2(&[0, 0]).unwrap()), Ok(vec![0, 0]));
}

#[test]
fn an_update_cut_anywhere_is_refused() {
    let (v1, v2) = both();
    for end in 0..v2.len() {
        assert!(v2_to_v1(&v2[..end]).is_err(), "cut at {end}");
    }
    for end in 0..v1.len() {
        assert!(v1_to_v2(&v1[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn twenty_million_blocks_in_a_few_bytes_are_refused() {
    // yjs#687: one run of GC blocks, each of one unit.
    let bytes = [
        0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 6, 0x41, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0x80, 0xda,
        0xc4, 0x09, 0, 0,
    ];
    assert!(matches!(v2_to_v1(&bytes), Err(UpdateError::TooMany { what: "blocks", .. })));
}

#[test]
fn declared_counts_beyond_the_bytes_are_refused() {
    for hostile in [&[0x81, 0xf0, 0xe4, 0x0c][..], &[1, 1, 1, 0, 8, 0xff, 0xff, 0xff, 0x7f, 126]] {
        assert!(v1_to_v2(hostile).is_err());
        assert!(v2_to_v1(hostile).is_err());
    }
}

/// What hostile bytes become is refused here or is the pre-flight's to judge; nothing else happens.
#[test]
fn changed_bytes_are_refused_or_still_make_an_update() {
    let (v1, v2) = both();
    let mut dice = fastrand::Rng::with_seed(1);
    let mut passed = 0;
    for _ in 0..20_000 {
        let mut bytes = v2.clone();
        for _ in 0..dice.usize(1..4) {
            let at = dice.usize(0..bytes.len());
            bytes[at] = dice.u8(..);
        }
        if let Ok(out) = v2_to_v1(&bytes) {
            assert!(out.len() <= super::MAX_BYTES + v1.len());
            passed += u32::from(Preflight::parse(&out, &Limits::default()).is_ok());
        }
        let noise: Vec<u8> = (0..dice.usize(0..200)).map(|_| dice.u8(..)).collect();
        let (_, _) = (v2_to_v1(&noise), v1_to_v2(&noise));
    }
    assert!(passed > 0, "the changes never left anything to judge");
}

#[test]
fn numbers_of_json_keep_their_value_and_what_json_lacks_is_null() {
    let mut bytes = Vec::new();
    let value = serde_json::json!([1, -5, 2.5, 0.1, 4_294_967_296_u64, true, {"a": null}]);
    super::value::write_json(&mut bytes, &value);
    let read = super::value::read_json(&mut super::Reader::new(&bytes), 0).unwrap();
    assert_eq!(read[3], serde_json::json!(0.1));
    assert_eq!(read[4].as_f64(), Some(4_294_967_296.0));
    assert_eq!((&read[0], &read[1], &read[6]), (&value[0], &value[1], &value[6]));
    let nan = [123, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0];
    assert_eq!(super::value::read_json(&mut super::Reader::new(&nan), 0), Ok(().into()));
}
