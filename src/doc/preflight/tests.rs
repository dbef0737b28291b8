use super::*;

fn parse(bytes: &[u8]) -> Result<Preflight<'_>, UpdateError> {
    Preflight::parse(bytes, &Limits::default())
}

/// `01 01 01 00 | 04 01 01 't' <text> | 00`: client 1 writes into the root "t".
fn with_block(content: &[u8]) -> Vec<u8> {
    [&[1, 1, 1, 0][..], content, &[0]].concat()
}

fn refused(content: &[u8]) -> UpdateError {
    parse(&with_block(content)).expect_err("accepted")
}

#[test]
fn the_update_of_the_protocol_page_is_read() {
    let bytes = [1, 1, 1, 0, 4, 1, 1, 0x74, 2, 0x68, 0x69, 0];
    let update = parse(&bytes).expect("refused");
    let block = Block {
        clock: 0,
        len: 2,
        origin: None,
        right: None,
        parent: Parent::Root(0),
        keyed: false,
        kind: Kind::Text,
        at: 4,
    };
    assert_eq!((update.clients.as_slice(), update.roots.as_slice()), (&[1_u64][..], &["t"][..]));
    assert_eq!(update.blocks, [block]);
    assert_eq!(
        update.inserts().get(&ClientID::new(1)).map(|ranges| ranges.as_slice().len()),
        Some(1)
    );
    assert!(update.deletes().is_empty());
}

#[test]
fn an_empty_update_is_read_and_a_cut_one_is_not() {
    assert!(parse(&[0, 0]).is_ok());
    let bytes = [1, 1, 1, 0, 4, 1, 1, 0x74, 2, 0x68, 0x69, 0];
    for end in 0..bytes.len() {
        assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert!(parse(&[&bytes[..], &[0]].concat()).is_err(), "a byte behind the end");
}

#[test]
fn strings_are_counted_in_utf16_and_their_pairs_noted() {
    let update = with_block(&[&[4, 1, 1, b't', 9], "a😀é女".as_bytes()].concat());
    let update = with_len(update, 10);
    let parsed = parse(&update).expect("refused");
    assert_eq!(parsed.blocks.first().map(|block| block.len), Some(5));
    assert_eq!(parsed.low_surrogates, [Ref { client: 0, clock: 2 }]);
}

fn with_len(mut update: Vec<u8>, len: u8) -> Vec<u8> {
    update[8] = len;
    update
}

#[test]
fn old_json_forged_subdocuments_and_weak_links_are_refused_by_name() {
    let what = |error| match error {
        UpdateError::Unsupported { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(what(refused(&[2, 1, 1, b't', 1, 1, b'1'])), "content of the old JSON kind");
    let forged = [&[3, 1, 1, b't', 20][..], &crate::doc::subdoc::MARK, &[1, b'g', 118, 0]].concat();
    assert_eq!(what(refused(&forged)), "bytes that look like a subdocument");
    assert_eq!(what(refused(&[7, 1, 1, b't', 7])), "a weak link");
    assert_eq!(what(refused(&[7, 1, 1, b't', 9])), "a subdocument");
    assert_eq!(what(refused(&[7, 1, 1, b't', 5, 1, b'x'])), "an XML hook");
}

#[test]
fn a_subdocument_is_one_unit_and_its_place_is_known() {
    let bytes = with_block(&[9, 1, 1, b't', 1, b'g', 118, 0]);
    let parsed = parse(&bytes).unwrap();
    let lengths: Vec<_> = parsed.blocks.iter().map(|block| block.len).collect();
    assert_eq!((lengths, parsed.subdocs.len()), (vec![1], 1));
    assert!(parse(&with_block(&[9, 1, 1, b't', 1, b'g'])).is_err(), "nothing said of loading");
}

#[test]
fn unknown_references_are_refused_also_with_a_flag_that_yrs_would_ignore() {
    for info in [11, 12, 15, 0x14, 0x10, 0x1a, 0x20] {
        assert!(parse(&with_block(&[info, 1, 1, b't', 1, b'x'])).is_err(), "info {info:#x}");
    }
}

#[test]
fn empty_blocks_are_refused() {
    let empty = |error| matches!(error, UpdateError::Malformed { what: "an empty block", .. });
    assert!(empty(refused(&[0, 0])));
    assert!(empty(refused(&[4, 1, 1, b't', 0])));
    assert!(empty(refused(&[8, 1, 1, b't', 0])));
    assert!(empty(refused(&[1, 1, 1, b't', 0])));
    assert!(parse(&[0, 1, 1, 1, 5, 0]).is_err(), "an empty deletion");
}

#[test]
fn clocks_beyond_two_to_the_thirty_are_refused() {
    let range = |error| matches!(error, UpdateError::ClockRange { client: 1, .. });
    assert!(range(refused(&[0, 0xff, 0xff, 0xff, 0xff, 0x0f])));
    assert!(range(refused(&[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01])));
    assert!(range(parse(&[1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x08, 0, 1, 0]).expect_err("accepted")));
    assert!(range(parse(&[0, 1, 1, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]).expect_err("accepted")));
}

#[test]
fn client_ids_of_54_bits_are_refused() {
    assert!(parse(&[1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 1, 0]).is_err());
    assert!(parse(&[1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 1, 0]).is_ok());
}

#[test]
fn four_bytes_that_declare_27_million_writers_are_refused() {
    assert!(matches!(parse(&[0xc0, 0xfc, 0xef, 0x0c]), Err(UpdateError::Malformed { .. })));
    assert!(parse(&[1, 0xff, 0xff, 0x7f, 1, 0, 0]).is_err(), "more blocks than bytes");
    assert!(parse(&[0, 1, 1, 0xff, 0xff, 0x7f, 1, 1]).is_err(), "more ranges than bytes");
}

#[test]
fn a_writer_that_comes_twice_is_refused() {
    assert!(matches!(
        parse(&[2, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0]),
        Err(UpdateError::Unsupported { .. })
    ));
    assert!(matches!(parse(&[0, 2, 1, 1, 0, 1, 1, 1, 2, 1]), Err(UpdateError::Unsupported { .. })));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    assert!(matches!(refused(&[4, 1, 1, b't', 1, 0xff]), UpdateError::BadText { offset: 9 }));
    assert!(matches!(refused(&[4, 1, 1, 0xc3, 1, b'x']), UpdateError::BadText { .. }));
}

#[test]
fn a_key_is_read_only_where_the_parent_is() {
    let update = with_block(&[0xa4, 2, 7, 1, b'x']);
    let block = parse(&update).expect("refused").blocks[0];
    assert_eq!((block.keyed, block.parent), (false, Parent::Copied));
    assert_eq!(block.origin, Some(Ref { client: 1, clock: 7 }));
    let update = with_block(&[0x28, 1, 1, b'm', 1, b'k', 1, 120]);
    assert!(parse(&update).expect("refused").blocks[0].keyed);
}

#[test]
fn a_hole_is_no_content() {
    let update = [1, 2, 1, 0, 10, 5, 4, 1, 1, b't', 1, b'x', 0];
    let parsed = parse(&update).expect("refused");
    assert!(parsed.has_hole());
    assert_eq!(crate::doc::content::units(&parsed.inserts()), 1);
}

#[test]
fn deletions_are_sorted_whatever_their_order() {
    let update = [0, 1, 3, 2, 9, 1, 2, 3];
    let parsed = parse(&update).expect("refused");
    assert_eq!(
        parsed.deletions.iter().map(|d| (d.start, d.end)).collect::<Vec<_>>(),
        [(2, 5), (9, 10)]
    );
    assert_eq!(crate::doc::content::units(&parsed.deletes()), 4);
}
