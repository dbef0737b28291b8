use super::*;
use proptest::prelude::*;

fn open(channel: Channel) -> Lane {
    let mut lane = Lane::new(channel);
    lane.handle_open();
    lane
}

fn send_all(from: &mut Lane, to: &mut Lane, chunk: usize) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some(frame) = from.poll_frame(chunk, u32::MAX) {
        messages.extend(to.take(&frame).unwrap());
        from.handle_drained(0);
        if let Some(credit) = to.poll_credit() {
            from.handle_credit(credit).unwrap();
        }
    }
    messages
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn messages_of_any_size_arrive_whole_and_in_order(
        sizes in proptest::collection::vec(0usize..300_000, 0..12),
        chunk in 1_000usize..70_000,
    ) {
        let (mut from, mut to) = (open(Channel::Sync), open(Channel::Sync));
        let sent: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(at, size)| vec![at as u8; *size]).collect();
        for message in &sent {
            from.push(message.clone()).unwrap();
        }
        prop_assert_eq!(send_all(&mut from, &mut to, chunk), sent);
        prop_assert_eq!(from.waiting_bytes(), 0);
    }
}

proptest! {
    #[test]
    fn over_one_connection_after_the_other_each_message_arrives_once_and_in_order(
        seed: u64,
        count in 0usize..400,
    ) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut from, mut to) = (open(Channel::Message), open(Channel::Message));
        let sent: Vec<Vec<u8>> = (0..count).map(|at| vec![at as u8; rng.usize(1..4_000)]).collect();
        let (mut left, mut taken) = (sent.clone().into_iter(), Vec::new());
        while taken.len() < sent.len() {
            for message in left.by_ref().take(rng.usize(0..40)) {
                from.push(message).unwrap();
            }
            let mut frames: Vec<_> =
                std::iter::from_fn(|| from.poll_frame(1_000, 60_000)).collect();
            frames.truncate(rng.usize(..=frames.len()));
            for frame in &frames {
                taken.extend(to.take(frame).unwrap());
            }
            // Whatever else was under way is lost with the connection, also word of what was taken.
            let credit = to.poll_credit().filter(|_| rng.bool());
            from.handle_credit(credit.unwrap_or_default()).unwrap();
            let befores = [&mut from, &mut to].map(|lane| std::mem::replace(lane, open(Channel::Message)));
            let [old_from, old_to] = befores;
            from.inherit(old_from);
            to.inherit(old_to);
        }
        prop_assert_eq!(taken, sent);
    }
}

#[test]
fn a_message_larger_than_the_window_arrives_because_pieces_are_given_back() {
    let (mut from, mut to) = (open(Channel::Sync), open(Channel::Sync));
    from.push(vec![7; 3 * WINDOW as usize]).unwrap();
    assert_eq!(send_all(&mut from, &mut to, 65_536), [vec![7; 3 * WINDOW as usize]]);
}

#[test]
fn nothing_is_sent_beyond_what_the_other_side_allowed() {
    let mut lane = open(Channel::Message);
    lane.push(vec![0; WINDOW as usize + 5]).unwrap();
    let sent: usize = std::iter::from_fn(|| lane.poll_frame(65_536, u32::MAX))
        .map(|frame| Frame::decode(&frame).unwrap().bytes.len())
        .sum();
    assert_eq!(sent, WINDOW as usize);
    lane.handle_credit(5).unwrap();
    assert_eq!(Frame::decode(&lane.poll_frame(65_536, u32::MAX).unwrap()).unwrap().bytes.len(), 5);
}

#[test]
fn who_sends_more_than_was_allowed_is_found_out() {
    let mut lane = open(Channel::File);
    let piece = Frame { stream: 1, total: None, last: false, bytes: &vec![0; 1 << 20] }.encode();
    for _ in 0..4 {
        lane.take_piece(&piece).unwrap();
    }
    assert_eq!(lane.take_piece(&piece), Err(Violation::Overrun));
}

#[test]
fn credit_beyond_the_window_is_refused() {
    let mut lane = open(Channel::Sync);
    assert_eq!(lane.handle_credit(1), Err(Violation::Credits));
    assert_eq!(lane.handle_credit(u32::MAX), Err(Violation::Credits));
    assert_eq!(open(Channel::Control).handle_credit(0), Err(Violation::Credits));
}

#[test]
fn a_full_buffer_of_the_browser_is_waited_for_and_nothing_is_lost() {
    let (mut from, mut to) = (open(Channel::Message), open(Channel::Message));
    from.push(b"hello".to_vec()).unwrap();
    let frame = from.poll_frame(100, 1000).unwrap();
    from.handle_unsent(frame);
    assert_eq!(from.poll_frame(100, 1000), None);
    from.handle_drained(0);
    assert_eq!(send_all(&mut from, &mut to, 100), [b"hello".to_vec()]);
}

#[test]
fn of_presence_only_the_latest_states_wait() {
    let mut lane = Lane::new(Channel::Presence);
    for number in 0..200u8 {
        lane.push(vec![number]).unwrap();
    }
    lane.handle_open();
    let first = lane.poll_frame(100, u32::MAX).unwrap();
    assert_eq!(Frame::decode(&first).unwrap().bytes, [200 - MAX_PRESENCE as u8]);
    let error = lane.push(vec![0; PRESENCE_SIZE + 1]).unwrap_err();
    assert_eq!(error.code, ErrorCode::FrameTooLarge);
}

#[test]
fn a_channel_that_is_full_says_so_and_keeps_what_it_has() {
    let mut lane = open(Channel::Sync);
    lane.push(vec![0; MAX_WAITING]).unwrap();
    assert_eq!(lane.push(vec![0]).unwrap_err().code, ErrorCode::BufferFull);
    assert_eq!(lane.waiting_bytes(), MAX_WAITING);
}
