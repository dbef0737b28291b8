//! Packets of Socket.IO, and sessions that hear anything at all.

use fastrand::Rng;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rejoin::connection::Context;
use rejoin::io::{SocketId, SocketInput, SocketOutput};
use rejoin::socket::event::Signal;
use rejoin::socket_io::SocketIo;
use rejoin::socket_io::decoder::{Decoder, PacketLimits};
use rejoin::socket_io::options::SocketIoOptions;
use rejoin::socket_io::packet::{Kind, Packet};
use rejoin::time::Instant;
use serde_json::json;

fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|value: String| value.parse().ok());
    ProptestConfig {
        cases: number("PROPTEST_CASES").map_or(2000, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn namespace() -> impl Strategy<Value = String> {
    prop_oneof![Just("/".to_owned()), "/[a-z0-9?=é]{0,12}"]
}

/// Data with as many places for bytes as are told.
fn data() -> impl Strategy<Value = (String, usize)> {
    (".{0,20}", any::<i32>(), 0_usize..4).prop_map(|(text, number, places)| {
        let mut items =
            vec![json!(format!("event {text}")), json!(number), json!({"deep": [text]})];
        items.extend((0..places).map(|place| json!({"_placeholder": true, "num": place})));
        (serde_json::Value::Array(items).to_string(), places)
    })
}

fn packet() -> impl Strategy<Value = Packet> {
    (namespace(), data(), proptest::option::of(0..1_u64 << 53), any::<bool>()).prop_map(
        |(namespace, (data, attachments), id, answers)| {
            let kind = match (answers && id.is_some(), attachments) {
                (true, 0) => Kind::Ack,
                (true, _) => Kind::BinaryAck,
                (false, 0) => Kind::Event,
                (false, _) => Kind::BinaryEvent,
            };
            Packet { kind, attachments, namespace, id, data: Some(data) }
        },
    )
}

/// Text that is nearly what a server says.
fn almost() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("0{\"pingInterval\":1,\"pingTimeout\":1}".to_owned()),
        Just("40{\"sid\":\"a\",\"pid\":\"p\"}".to_owned()),
        Just("42[\"a\",\"offset\"]".to_owned()),
        Just("451-[\"a\",{\"_placeholder\":true,\"num\":0}]".to_owned()),
        "[0-6]{0,3}[-/,]?[0-9]{0,4}.{0,12}",
        ".{0,16}",
    ];
    proptest::collection::vec(parts, 1..3).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_packet_that_is_written_is_read_as_it_was(packet in packet()) {
        let text = packet.encode();
        prop_assert_eq!(Packet::decode(&text), Ok(packet), "{}", text);
    }

    #[test]
    fn every_truncation_of_a_packet_is_read_or_refused(packet in packet()) {
        let text = packet.encode();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            if let Ok(short) = Packet::decode(&text[..end]) {
                prop_assert!(short.data.as_ref().is_none_or(|data| data.len() < text.len()));
            }
        }
    }

    #[test]
    fn a_packet_is_whole_with_exactly_its_attachments(packet in packet(), sizes in proptest::collection::vec(0_usize..50, 0..6)) {
        let mut decoder = Decoder::new(PacketLimits { bytes: 10_000, attachments: 10 });
        let mut whole = decoder.handle_text(&packet.encode()).expect("a packet");
        let mut fed = 0;
        for size in sizes {
            if whole.is_some() {
                prop_assert!(decoder.handle_bytes(vec![0; size]).is_err());
                break;
            }
            whole = decoder.handle_bytes(vec![7; size]).expect("announced bytes");
            fed += 1;
        }
        prop_assert_eq!(whole.is_some(), fed >= packet.attachments);
    }

    #[test]
    fn whatever_a_server_says_the_session_answers_with_an_error_at_most(
        said in proptest::collection::vec(prop_oneof![
            4 => almost().prop_map(SocketInput::Text),
            1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(SocketInput::Frame),
        ], 0..40),
    ) {
        let mut links = 0;
        let mut session = SocketIo::new(SocketIoOptions::from_json(&json!({"url": "ws://s"})).unwrap());
        let (mut rng, mut last_id, mut now) = (Rng::with_seed(1), 0, 0);
        let mut open = None;
        let mut run = |session: &mut SocketIo, now: u64, step: &mut dyn FnMut(&mut SocketIo, &mut Context<'_>)| {
            let mut cx = Context { now: Instant::from_millis(now), rng: &mut rng, last_id: &mut last_id };
            step(session, &mut cx);
        };
        run(&mut session, now, &mut |session, cx| session.connect(cx));
        for input in said {
            while let Some(signal) = session.poll_signal() {
                if let Signal::Socket(id, output) = signal {
                    open = follow(open, id, &output, &mut links);
                }
            }
            match open {
                Some((id, true)) => run(&mut session, now, &mut |session, cx| session.handle_socket(cx, id, input.clone())),
                Some((id, false)) => {
                    open = Some((id, true));
                    let opened = SocketInput::Opened { protocol: String::new() };
                    run(&mut session, now, &mut |session, cx| session.handle_socket(cx, id, opened.clone()));
                }
                None => {
                    now += 30_000;
                    run(&mut session, now, &mut |session, cx| session.handle_timeout(cx));
                }
            }
        }
        prop_assert!(links <= 20, "{links} links");
    }
}

/// The socket that is open or opening, and whether it has opened.
fn follow(
    open: Option<(SocketId, bool)>,
    id: SocketId,
    output: &SocketOutput,
    links: &mut usize,
) -> Option<(SocketId, bool)> {
    match output {
        SocketOutput::Open { .. } => {
            *links += 1;
            Some((id, false))
        }
        SocketOutput::Close { .. } | SocketOutput::Abandon => None,
        _ => open,
    }
}
