use super::*;

fn read(bytes: &[u8], limits: Limits) -> (Vec<Item>, Result<(), TooLarge>) {
    let mut parser = Parser::new(limits, "");
    let mut items = Vec::new();
    let result = parser.feed(bytes, &mut items);
    (items, result)
}

fn message(data: &str) -> Item {
    let event = "message".to_owned();
    Item::Event(Message { event, data: data.into(), id: String::new(), own_id: false })
}

/// The work for `bytes` cut into chunks of `size`.
fn steps(bytes: &[u8], size: usize) -> u64 {
    let mut parser = Parser::new(Limits::default(), "");
    let mut items = Vec::new();
    for chunk in bytes.chunks(size) {
        parser.feed(chunk, &mut items).unwrap();
    }
    parser.steps()
}

/// Inputs that make parsers of the field quadratic.
fn pathologies(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let line = [b"data: ", vec![b'x'; length].as_slice(), b"\n\n"].concat();
    let events = b"data: token\n\n".repeat(length / 13);
    let late_cr = [events.as_slice(), b"\r"].concat();
    let lines = [b"data: y\n".repeat(length / 8).as_slice(), b"\n"].concat();
    let endless = vec![b'x'; length];
    vec![
        ("one long line", line),
        ("many events and a late CR", late_cr),
        ("many events", events),
        ("many lines of one event", lines),
        ("a line without an end", endless),
        ("only line ends", b"\n".repeat(length)),
        ("only CRs", b"\r".repeat(length)),
        ("only colons", b":".repeat(length)),
        ("comments", b":c\n".repeat(length / 3)),
        ("empty data", b"data\n".repeat(length / 5)),
        ("ids", b"id: 123\ndata\n\n".repeat(length / 14)),
        ("bytes that are not UTF-8", [b"data: ", vec![0xff; length].as_slice(), b"\n\n"].concat()),
    ]
}

#[test]
fn double_the_input_is_double_the_work_at_every_chunk_size() {
    for size in [1, 7, 1_024, 1_400, 16_384, usize::MAX] {
        for (small, large) in pathologies(50_000).into_iter().zip(pathologies(100_000)) {
            let (name, once) = (small.0, steps(&small.1, size));
            let twice = steps(&large.1, size);
            assert!(twice * 10 < once * 26, "{name} in {size}: {once} then {twice}");
            assert!(once < 6 * 50_000, "{name} in {size}: {once} steps");
        }
    }
}

#[test]
fn a_line_and_an_event_above_their_limits_are_refused_and_what_came_before_is_kept() {
    let limits = Limits { line: 20, event: 10 };
    let (items, result) = read(b"data: a\n\ndata: 123456789012345\n", limits);
    assert_eq!(items, [message("a")]);
    assert_eq!(result, Err(TooLarge { what: "a line", limit: 20 }));
    let (items, result) = read(b"data: a\n\ndata: 12345\ndata: 12345\n\n", limits);
    assert_eq!(items, [message("a")]);
    assert_eq!(result, Err(TooLarge { what: "an event", limit: 10 }));
    let (items, result) = read(b"data: 1234\ndata: 12345\n\n", limits);
    assert_eq!((items, result), (vec![message("1234\n12345")], Ok(())));
}

#[test]
fn lines_without_content_count_towards_an_event() {
    let limits = Limits { line: 20, event: 10 };
    let (_, result) = read(&b"data\n".repeat(12), limits);
    assert_eq!(result, Err(TooLarge { what: "an event", limit: 10 }));
}

#[test]
fn an_id_that_was_named_in_the_request_holds_until_the_server_changes_it() {
    let mut parser = Parser::new(Limits::default(), "7");
    let mut items = Vec::new();
    parser.feed(b"data: a\n\n", &mut items).unwrap();
    assert!(matches!(&items[..], [Item::Event(message)] if message.id == "7" && !message.own_id));
    parser.feed(b"id: 8\n\n", &mut items).unwrap();
    assert_eq!(parser.last_event_id(), "8");
}

#[test]
fn an_event_knows_whether_it_has_an_id_of_its_own() {
    let (items, _) = read(b"id: 1\ndata: a\n\ndata: b\n\nid: 1\ndata: c\n\n", Limits::default());
    let own: Vec<bool> =
        items.iter().map(|item| matches!(item, Item::Event(message) if message.own_id)).collect();
    assert_eq!(own, [true, false, true]);
}
