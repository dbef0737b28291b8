//! The parser of event streams against the rules, and against a parser too simple to be wrong.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rejoin::stream::parser::{Item, Limits, Parser};

use crate::stream_support::reference;
use crate::stream_support::vectors::{Heard, vectors};

fn heard(chunks: &[&[u8]]) -> Heard {
    let mut parser = Parser::new(Limits::default(), "");
    let mut items = Vec::new();
    for chunk in chunks {
        parser.feed(chunk, &mut items).unwrap();
    }
    let mut heard = Heard { id: parser.last_event_id().to_owned(), ..Heard::default() };
    for item in items {
        match item {
            Item::Event(message) => heard.events.push((message.event, message.data, message.id)),
            Item::Retry(wait) => heard.retry.push(wait),
            Item::Id(_) => {}
        }
    }
    heard
}

#[test]
fn every_rule_holds_whole_at_every_cut_and_byte_by_byte() {
    let vectors = vectors();
    assert!(vectors.len() >= 53, "{}", vectors.len());
    for vector in vectors {
        let bytes = vector.bytes.as_slice();
        assert_eq!(heard(&[bytes]), vector.expected, "{}", vector.name);
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(heard(&[head, tail]), vector.expected, "{}, cut at {cut}", vector.name);
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(heard(&single), vector.expected, "{}, byte by byte", vector.name);
    }
}

#[test]
fn the_reference_agrees_with_the_rules() {
    for vector in vectors() {
        assert_eq!(reference::read(&vector.bytes), vector.expected, "{}", vector.name);
    }
}

/// The same cases in each run; `PROPTEST_CASES` asks for more, `PROPTEST_RNG_SEED` for others.
fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|value: String| value.parse().ok());
    ProptestConfig {
        cases: number("PROPTEST_CASES").map_or(5000, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Bytes made of what the rules are about.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&'static [u8]> = vec![
        b"data",
        b"event",
        b"id",
        b"retry",
        b"Data",
        b":",
        b": ",
        b" ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\r",
        b"\r\n\r\n",
        b"x",
        b"10",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xef",
        b"\xbb\xbf",
        b"\xe2\x82",
        b"\xac",
        b"\xff",
        b"data: a\n",
        b"id: 3\n",
    ];
    let part = prop_oneof![
        8 => proptest::sample::select(parts).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_in_any_chunks_are_read_as_the_reference_reads_them(
        bytes in stream(),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(bytes.len());
        let mut start = 0;
        let chunks: Vec<&[u8]> = ends
            .into_iter()
            .map(|end| &bytes[std::mem::replace(&mut start, end)..end])
            .collect();
        prop_assert_eq!(heard(&chunks), reference::read(&bytes));
    }
}
