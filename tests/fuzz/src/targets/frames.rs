//! Frames of the room's socket: dialects one by one, and a client that hears them.

use rejoin::protocol::auth::Auth;
use rejoin::protocol::messages::{Envelope, Hello, Reply, Request, Subscribe};
use rejoin::protocol::peer::Peer;
use rejoin::protocol::standing::{Access, Greeting, Print, Question, Statement};
use rejoin::protocol::{AwarenessEntry, FrameLimits, Message, awareness, decode, encode};

use super::document::update_seeds;
use super::tab::Tab;
use crate::hostile::grammar;
use crate::pieces;
use crate::support::random::Rng;
use crate::target::{Outcome, Target, bounded, ensure};

const LONGEST: usize = 32 << 10;

pub(super) fn targets() -> Vec<Target> {
    let frame = Target {
        name: "frame_decode",
        seeds: frames,
        generate: None,
        longest: LONGEST,
        feed: frame_decode,
    };
    vec![
        frame,
        Target { name: "awareness", seeds: presences, feed: awareness_decode, ..frame },
        Target { name: "messages_dialect", seeds: dialect, feed: dialect_decode, ..frame },
        Target {
            name: "client_frames",
            seeds: talks,
            generate: Some(talk),
            feed: client_hears,
            ..frame
        },
    ]
}

pub(super) fn frames() -> Vec<Vec<u8>> {
    let presences = presences().into_iter().map(|entries| [vec![1], buffer(&entries)].concat());
    let updates = update_seeds();
    let mut frames = vec![
        encode::sync_step_1(&[0]),
        encode::sync_step_1(&[0]).repeat(300),
        encode::sync_step_2(&[0, 0]),
        vec![3],
        [3].repeat(5_000),
        vec![2, 0, 2, b'n', b'o'],
        vec![102, 0, 0],
        encode::signal(r#"{"t":"welcome","peers":[]}"#),
        Auth::Admitted(5_000).encode(),
        Auth::Refused("no").encode(),
        Peer::Mark(7).encode(),
    ];
    frames.extend(standings());
    frames.extend(presences);
    frames.extend(updates.iter().map(|update| encode::update(update)));
    frames.extend(updates.iter().step_by(7).map(|update| encode::sync_step_2(update)));
    frames.extend(dialect().into_iter().map(|body| [vec![120], buffer(&body)].concat()));
    frames
}

/// What servers and clients say of themselves.
fn standings() -> Vec<Vec<u8>> {
    let greet = |epoch, access| Statement::Greeting(Greeting { epoch, access }).encode();
    vec![
        Question::Hello.encode(),
        Question::Greet.encode(),
        Question::Check(9, b"\x04text\0").encode(),
        greet(5, Access::Write),
        greet(6, Access::Write),
        greet(5, Access::Read),
        Statement::Refused("no").encode(),
        Statement::Print(Print { client: 9, digest: 1, hash: 2 }).encode(),
    ]
}

fn buffer(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    rejoin::protocol::writer::write_buffer(&mut out, bytes);
    out
}

fn presences() -> Vec<Vec<u8>> {
    let entry = |client, clock, state: Option<&str>| AwarenessEntry {
        client,
        clock,
        state: state.map(str::to_owned),
    };
    vec![
        awareness::encode(&[entry(1, 1, Some(r#"{"name":"a"}"#)), entry(2, 9, None)]),
        awareness::encode(&[entry(5, u32::MAX, Some("{}"))]),
        awareness::encode(&[entry(5, 1, Some(r#"{"__proto__":{"admin":true}}"#))]),
        awareness::encode(&[entry(5, 1, Some(&"[".repeat(20_000)))]),
        awareness::encode(&[entry(5, 1, Some("no json"))]),
        awareness::encode(&(0..300).map(|at| entry(at, 1, Some("{}"))).collect::<Vec<_>>()),
        vec![0xff, 0xff, 0xff, 0x0d],
        vec![0],
    ]
}

fn dialect() -> Vec<Vec<u8>> {
    let envelope =
        Envelope { seq: 3, at: 1_700_000_000_000, from: 9, kind: 1, id: "id", data: r#"{"a":1}"# };
    let hello =
        Hello { request: 1, epoch: 5, next: 1, head: 3, recovered: true, max_bytes: 65_536 };
    let replies = [
        Reply::Hello(hello),
        Reply::Message(envelope.clone()),
        Reply::Ack { n: 1, seq: 1 },
        Reply::Delivered { request: 4 },
        Reply::Passing { direct: true, envelope: envelope.clone() },
        Reply::Page { request: 2, first: 1, messages: vec![envelope; 3] },
    ];
    let requests = [
        Request::Subscribe(Subscribe {
            request: 1,
            session: 2,
            connection: 3,
            epoch: 0,
            after: 0,
            history: 50,
            at: 1_700_000_000_000,
        }),
        Request::Publish { n: 1, kind: 0, id: "x", data: "{}" },
        Request::Volatile { kind: 0, data: "1" },
        Request::Page { request: 1, before: 9, limit: 5 },
    ];
    let frames = replies.iter().map(Reply::encode).chain(requests.iter().map(Request::encode));
    frames.map(|frame| behind_tag(&frame)).collect()
}

fn behind_tag(frame: &[u8]) -> Vec<u8> {
    match decode(frame, &FrameLimits::default()).as_deref() {
        Ok([Message::Messages(body)]) => body.to_vec(),
        other => panic!("not of the dialect: {other:?}"),
    }
}

fn frame_decode(input: &[u8]) -> Outcome {
    let limits = FrameLimits::default();
    let messages = bounded("a frame", input.len(), || decode(input, &limits))?;
    for message in messages.unwrap_or_default() {
        match message {
            Message::Messages(body) => dialect_decode(body)?,
            Message::Token(body) => {
                if let Ok(Some(auth)) = bounded("a token", body.len(), || Auth::decode(body))? {
                    let again = decode(&auth.encode(), &limits).map(|messages| messages.len());
                    ensure(again == Ok(1), || format!("{auth:?} does not survive"))?;
                }
            }
            Message::Standing(body) => {
                if let Ok(Some(statement)) = Statement::decode(body) {
                    ensure(decode(&statement.encode(), &limits).is_ok(), || {
                        format!("{statement:?} does not survive")
                    })?;
                }
            }
            Message::Peer(body) => {
                if let Ok(Some(peer)) = Peer::decode(body) {
                    ensure(decode(&peer.encode(), &limits).is_ok(), || {
                        format!("{peer:?} does not survive")
                    })?;
                }
            }
            Message::Awareness(entries) => {
                ensure(
                    awareness::decode(&awareness::encode(&entries), &limits) == Ok(entries),
                    || "presence".into(),
                )?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn awareness_decode(input: &[u8]) -> Outcome {
    let limits = FrameLimits::default();
    let Ok(entries) = bounded("presence", input.len(), || awareness::decode(input, &limits))?
    else {
        return Ok(());
    };
    ensure(awareness::decode(&awareness::encode(&entries), &limits) == Ok(entries), || {
        "does not survive".into()
    })?;
    client_hears(&pieces::join(&[[vec![1], buffer(input)].concat()]))
}

fn dialect_decode(input: &[u8]) -> Outcome {
    if let Ok(Some(reply)) = bounded("a reply", input.len(), || Reply::decode(input))? {
        let body = behind_tag(&reply.encode());
        ensure(Reply::decode(&body) == Ok(Some(reply.clone())), || {
            format!("{reply:?} does not survive")
        })?;
    }
    if let Ok(Some(request)) = bounded("a request", input.len(), || Request::decode(input))? {
        let body = behind_tag(&request.encode());
        ensure(Request::decode(&body) == Ok(Some(request.clone())), || {
            format!("{request:?} does not survive")
        })?;
    }
    Ok(())
}

fn talks() -> Vec<Vec<u8>> {
    let frames = frames();
    frames.windows(4).step_by(3).map(pieces::join).collect()
}

fn talk(rng: &mut Rng) -> Vec<u8> {
    thread_local! {
        static FRAMES: Vec<Vec<u8>> = frames();
    }
    FRAMES.with(|frames| {
        let talk: Vec<_> = (0..1 + rng.below(8))
            .map(|_| match rng.below(3) {
                0 => encode::update(&grammar(rng)),
                _ => frames[rng.below(frames.len())].clone(),
            })
            .collect();
        pieces::join(&talk)
    })
}

/// A hostile server: whatever it says, the tab works on, answers within bounds, and its log holds what it shows.
fn client_hears(input: &[u8]) -> Outcome {
    let mut tab = Tab::connected();
    let (sent, events) = (tab.sent, tab.events);
    for frame in pieces::split(input) {
        bounded("the client", frame.len(), || tab.hear(frame.to_vec()))?;
        let deadlines = tab.pass(100);
        ensure(deadlines < 200, || format!("{deadlines} deadlines in 100 ms"))?;
    }
    let frames = pieces::split(input).len();
    let answers = tab.sent.1 - sent.1;
    ensure(answers <= 300 * frames + 16, || format!("{answers} answers to {frames} frames"))?;
    let told = tab.events - events;
    ensure(told <= 64 * frames + input.len() / 2 + 64, || {
        format!("{told} events for {} bytes", input.len())
    })?;
    ensure(!tab.gone, || "the engine gave up".into())?;
    tab.types_on()?;
    let deadlines = tab.pass(120_000);
    ensure(deadlines < 3_000 && tab.opened < 40, || {
        format!("{deadlines} deadlines, {} sockets", tab.opened)
    })?;
    let again = Tab::open(tab.log.clone());
    ensure(again.ready && again.hash() == tab.hash(), || "its log shows something else".into())
}
