use super::*;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn parcel(ticket: u32, len: usize) -> Parcel {
    Parcel { ticket, messages: vec![Message::Binary(vec![ticket as u8; len])] }
}

fn linked(limits: Limits) -> Outgoing {
    let mut outgoing = Outgoing::new(limits);
    outgoing.link_up(at(0), None);
    outgoing
}

fn left(outgoing: &mut Outgoing) -> Vec<Leaving> {
    std::iter::from_fn(|| outgoing.poll()).collect()
}

fn tickets(leaving: &[Leaving]) -> Vec<u32> {
    let sent = leaving.iter().filter_map(|leaving| match leaving {
        Leaving::Sent(ticket) => Some(*ticket),
        _ => None,
    });
    sent.collect()
}

#[test]
fn what_can_go_goes_at_once_and_is_not_told_by_its_ticket() {
    let mut outgoing = linked(Limits::default());
    assert_eq!(outgoing.send(at(0), parcel(1, 3)), Ok(Handed::Over));
    assert_eq!(left(&mut outgoing), [Leaving::Message(Message::Binary(vec![1; 3]))]);
}

#[test]
fn without_a_link_a_message_is_refused_unless_a_buffer_was_asked_for() {
    let mut outgoing = Outgoing::new(Limits::default());
    let refused = outgoing.send(at(0), parcel(1, 3)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotConnected);
    let mut outgoing = Outgoing::new(Limits { keep: true, ..Limits::default() });
    assert_eq!(outgoing.send(at(0), parcel(1, 3)), Ok(Handed::Waiting));
    assert_eq!(outgoing.send(at(0), parcel(2, 3)), Ok(Handed::Waiting));
    assert_eq!(left(&mut outgoing), []);
    assert_eq!(outgoing.waiting_bytes(), 6, "as a browser counts");
    outgoing.link_up(at(5), Some(Message::Text("first".into())));
    let leaving = left(&mut outgoing);
    assert_eq!(leaving[0], Leaving::Message(Message::Text("first".into())));
    assert_eq!(tickets(&leaving), [1, 2]);
    assert_eq!(outgoing.weight, 0);
}

#[test]
fn the_buffer_is_bounded_by_count_and_by_bytes_and_says_so() {
    let limits = Limits { keep: true, messages: 3, bytes: 1_000, ..Limits::default() };
    let mut outgoing = Outgoing::new(limits);
    for ticket in 0..3 {
        assert!(outgoing.send(at(0), parcel(ticket, 0)).is_ok());
    }
    assert_eq!(outgoing.send(at(0), parcel(9, 0)).unwrap_err().code, ErrorCode::BufferFull);
    let mut outgoing = Outgoing::new(limits);
    assert!(outgoing.send(at(0), parcel(1, 900)).is_ok());
    assert_eq!(outgoing.send(at(0), parcel(2, 100)).unwrap_err().code, ErrorCode::BufferFull);
    outgoing.link_up(at(0), None);
    assert!(outgoing.send(at(0), parcel(2, 100)).is_ok(), "there is room again");
}

#[test]
fn above_the_high_mark_messages_wait_until_the_browser_has_sent_most() {
    let mut outgoing = linked(Limits { high: 1_000, low: 100, ..Limits::default() });
    assert_eq!(outgoing.send(at(0), parcel(1, 5_000)), Ok(Handed::Over), "a first one always may");
    assert!(left(&mut outgoing).contains(&Leaving::Measure));
    outgoing.measured(at(0), 5_000);
    assert_eq!(outgoing.send(at(0), parcel(2, 10)), Ok(Handed::Waiting));
    assert_eq!(left(&mut outgoing), []);
    let poll = outgoing.deadline().expect("a poll");
    assert_eq!((poll.at, poll.reason), (at(25), "buffered amount"));
    outgoing.handle_timeout(at(25));
    assert_eq!(left(&mut outgoing), [Leaving::Measure]);
    outgoing.measured(at(25), 101);
    assert_eq!(left(&mut outgoing), []);
    outgoing.measured(at(75), 100);
    assert_eq!(tickets(&left(&mut outgoing)), [2]);
    assert_eq!(outgoing.deadline(), None, "nothing is polled while there is room");
}

#[test]
fn what_waited_for_a_link_that_is_lost_is_named() {
    let mut outgoing = linked(Limits { high: 10, low: 1, ..Limits::default() });
    outgoing.send(at(0), parcel(1, 50)).unwrap();
    outgoing.measured(at(0), 50);
    outgoing.send(at(0), parcel(2, 1)).unwrap();
    outgoing.send(at(0), parcel(3, 1)).unwrap();
    assert_eq!(outgoing.link_down(), [2, 3]);
    assert_eq!(outgoing.weight, 0);
    assert_eq!(outgoing.send(at(0), parcel(4, 1)).unwrap_err().code, ErrorCode::NotConnected);
}

#[test]
fn over_its_rate_a_message_waits_its_turn_or_is_refused() {
    let rate = |rejects| Some(RateLimit { count: 2, per: 1_000, rejects });
    let mut outgoing = linked(Limits { rate: rate(false), ..Limits::default() });
    for ticket in 1..=5 {
        outgoing.send(at(0), parcel(ticket, 1)).unwrap();
    }
    left(&mut outgoing);
    let turn = outgoing.deadline().expect("a turn");
    assert_eq!((turn.at, turn.reason), (at(1_000), "rate limit"));
    outgoing.handle_timeout(at(1_000));
    assert_eq!(tickets(&left(&mut outgoing)), [3, 4]);
    outgoing.handle_timeout(at(2_000));
    assert_eq!(tickets(&left(&mut outgoing)), [5]);
    let mut outgoing = linked(Limits { rate: rate(true), ..Limits::default() });
    outgoing.send(at(0), parcel(1, 1)).unwrap();
    outgoing.send(at(0), parcel(2, 1)).unwrap();
    assert_eq!(outgoing.send(at(0), parcel(3, 1)).unwrap_err().code, ErrorCode::RateLimit);
    assert!(outgoing.send(at(1_000), parcel(3, 1)).is_ok());
}

#[test]
fn a_message_over_the_limit_or_one_the_server_refused_before_is_not_sent() {
    let mut outgoing = linked(Limits { max_frame: 100, ..Limits::default() });
    assert_eq!(outgoing.send(at(0), parcel(1, 101)).unwrap_err().code, ErrorCode::FrameTooLarge);
    assert!(outgoing.send(at(0), parcel(2, 90)).is_ok());
    assert_eq!(outgoing.quarantine(), Some(90));
    outgoing.link_down();
    outgoing.link_up(at(0), None);
    left(&mut outgoing);
    assert_eq!(outgoing.send(at(0), parcel(2, 90)).unwrap_err().code, ErrorCode::FrameTooLarge);
    assert_eq!(left(&mut outgoing), []);
    assert!(outgoing.send(at(0), parcel(3, 90)).is_ok(), "another one of that length may be fine");
}

#[test]
fn a_flush_hands_over_what_waited_for_room_but_keeps_the_rate() {
    let rate = Some(RateLimit { count: 3, per: 1_000, rejects: false });
    let mut outgoing = linked(Limits { high: 10, low: 1, rate, ..Limits::default() });
    outgoing.send(at(0), parcel(1, 50)).unwrap();
    for ticket in 2..=4 {
        outgoing.send(at(0), parcel(ticket, 1)).unwrap();
    }
    left(&mut outgoing);
    outgoing.flush(at(0));
    assert_eq!(tickets(&left(&mut outgoing)), [2, 3]);
    assert_eq!(outgoing.clear(), [4]);
}
