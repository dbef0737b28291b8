//! Answers to requests, packets of Socket.IO, and what comes and goes over HTTP.

use rejoin::socket_io::decoder::{Decoder, PacketLimits};
use rejoin::socket_io::packet::Packet;
use rejoin::stream::body::{Body, Kind, Yield};
use rejoin::stream::format::{Format, Mark};
use rejoin::stream::parser::Limits;
use rejoin::stream::replay::Replay;
use rejoin::tunnel::body::{Body as Posted, Item};

use crate::pieces;
use crate::target::{Outcome, Target, bounded, ensure};

pub(super) fn targets() -> Vec<Target> {
    let sse = Target {
        name: "event_stream",
        seeds: answers,
        generate: None,
        longest: 16 << 10,
        feed: answer,
    };
    vec![
        sse,
        Target { name: "socket_io", seeds: packets, feed: packet, ..sse },
        Target { name: "tunnel_body", seeds: posted, feed: post, ..sse },
    ]
}

fn answers() -> Vec<Vec<u8>> {
    let answers: [&[u8]; 8] = [
        b"id: 1\nevent: x\nretry: 10\ndata: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n",
        b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
        b"0:\"hello\"\nd:{\"finishReason\":\"stop\"}\n3:\"bad\"\n",
        b"data: {\"type\":\"text-delta\",\"delta\":\"x\"}\r\n\r\n",
        "\u{feff}data: 😀\r\rdata\n\n:comment\n\n".as_bytes(),
        b"retry: 99999999999999999999\nid: \0\n\n",
        b"\xff\xfe\xf0\x9f\x98data: \xc3\n\n",
        b"data: [[[[[[[[[[[[[[[[[[[[[[[[\n\n",
    ];
    let mut seeds: Vec<_> = answers.map(|bytes| [&[1, 3], bytes].concat()).to_vec();
    seeds.push([vec![0, 9], b"data: x\n".repeat(1_000)].concat());
    seeds
}

/// A kind and a size of chunks, then the bytes: read whole and in chunks they give the same, within a limit.
fn answer(input: &[u8]) -> Outcome {
    let Some(([kind, chunk], bytes)) = input.split_first_chunk::<2>() else { return Ok(()) };
    let kind = match kind % 6 {
        0 => Kind::Events,
        1 => Kind::Tokens(Format::OpenAi),
        2 => Kind::Tokens(Format::Anthropic),
        3 => Kind::Tokens(Format::AiSdk),
        4 => Kind::Lines,
        _ => Kind::Text,
    };
    let whole = bounded("an answer", bytes.len(), || read(kind, bytes, bytes.len().max(1)))?;
    let parts = bounded("an answer in parts", bytes.len(), || {
        read(kind, bytes, usize::from(*chunk).max(1))
    })?;
    ensure(whole == parts, || format!("in parts of {chunk}: {parts:?}, not {whole:?}"))?;
    ensure(whole.1 <= 3 * bytes.len() + 3, || "more text than bytes".into())
}

/// Text and its length, events, and whether it failed.
fn read(kind: Kind, bytes: &[u8], chunk: usize) -> (String, usize, usize, bool) {
    let limits = Limits::default();
    let (mut body, mut replay) = (Body::new(kind, limits, ""), Replay::default());
    let (mut text, mut events, mut failed) = (String::new(), 0, false);
    for piece in bytes.chunks(chunk) {
        let mut yielded = Yield::default();
        failed = body.feed(piece, &mut replay, &mut yielded).is_err();
        text.push_str(&yielded.text);
        events += yielded.messages.len();
        if failed || matches!(yielded.mark, Mark::End | Mark::Broken(_)) {
            break;
        }
    }
    text.push_str(&body.finish(&mut replay));
    let length = text.len();
    (text, length, events, failed)
}

fn packets() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 7] = [
        br#"0{"sid":"x"}"#,
        br#"2["message",{"a":1}]"#,
        br#"2/chat,17["x"]"#,
        br#"52-["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#,
        br#"4{"message":"no"}"#,
        br#"99999999999-/,99999999999999999999["#,
        br#"51-["a",{"__proto__":{"_placeholder":true,"num":0}}]"#,
    ];
    let mut seeds: Vec<_> = texts.map(|text| pieces::join(&[text])).to_vec();
    seeds.push(pieces::join(&[texts[3], b"one", b"two", texts[1]]));
    seeds
}

/// Texts, or bytes where bytes are due.
fn packet(input: &[u8]) -> Outcome {
    let mut decoder = Decoder::new(PacketLimits { bytes: 8_192, attachments: 8 });
    let mut waits = false;
    for piece in pieces::split(input) {
        let heard =
            bounded("a packet", piece.len() + 8_192, || match std::str::from_utf8(piece) {
                Ok(text) if !waits => decoder.handle_text(text),
                _ => decoder.handle_bytes(piece.to_vec()),
            })?;
        waits = matches!(heard, Ok(None));
        if let Ok(Some(whole)) = heard {
            ensure(whole.attachments.len() == whole.packet.attachments, || "not whole".into())?;
            let again = Packet::decode(&whole.packet.encode());
            ensure(again.as_ref() == Ok(&whole.packet), || {
                format!("{:?} becomes {again:?}", whole.packet)
            })?;
        }
    }
    Ok(())
}

fn posted() -> Vec<Vec<u8>> {
    let items = vec![Item::Frame(&[0, 0, 1, 0]), Item::Close { code: 1_000, reason: "bye" }];
    vec![
        Posted { received: 3, first: 1, items }.encode(),
        vec![1, 0, 1],
        vec![1, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f],
    ]
}

fn post(input: &[u8]) -> Outcome {
    let Ok(body) = bounded("a body", input.len(), || Posted::decode(input))? else { return Ok(()) };
    let bytes = body.encode();
    ensure(Posted::decode(&bytes) == Ok(body), || "does not survive".into())
}
