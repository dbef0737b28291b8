//! What peers and the server that introduces them say.

use rejoin::io::Input;
use rejoin::machine::Machine;
use rejoin::mesh::assembly::{Assembly, Limits};
use rejoin::mesh::control::Control;
use rejoin::mesh::frame::Frame;
use rejoin::mesh::options::MeshOptions;
use rejoin::mesh::signal::FromServer;
use rejoin::peers::Peers;
use rejoin::time::Instant;

use crate::pieces;
use crate::target::{Outcome, Target, bounded, ensure};

pub(super) fn targets() -> Vec<Target> {
    let texts = Target {
        name: "signaling_json",
        seeds: texts,
        generate: None,
        longest: 16 << 10,
        feed: signaling,
    };
    vec![
        texts,
        Target { name: "peer_frames", seeds: channel, feed: peer_frames, ..texts },
        Target { name: "peer_control", seeds: controls, feed: control, ..texts },
    ]
}

fn texts() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"t":"welcome","you":"me","peers":[{"inst":"a"},{"inst":"b","user":"u"}],"ice":{"servers":[{"urls":["stun:s"]}],"ttl":60}}"#,
        r#"{"t":"join","inst":"c"}"#,
        r#"{"t":"leave","inst":"c","why":"bye"}"#,
        r#"{"t":"sig","from":"a","to":"me","body":{"own":1,"yours":0,"offer":{"id":1,"sdp":"v=0\r\na=fingerprint:sha-256 AA:BB\r\n"}}}"#,
        r#"{"t":"sig","from":"a","to":"me","body":{"own":1,"yours":1,"cand":{"candidate":"candidate:1 1 udp 1 10.0.0.1 9 typ host","mid":"0"}}}"#,
        r#"{"t":"ice","ice":null}"#,
        r#"{"t":"error","code":"too-many","message":"no"}"#,
        r#"{"__proto__":{"t":"join"},"t":"join","inst":"constructor"}"#,
        r#"[[[[[[[[[[[["#,
    ];
    texts
        .iter()
        .map(|text| pieces::join(&[text]))
        .chain([pieces::join(&texts), pieces::join(&["[".repeat(5_000)])])
        .collect()
}

/// A mesh hears texts: bounded, and in the end it waits for nothing but its deadlines.
fn signaling(input: &[u8]) -> Outcome {
    let mut peers = Peers::new(3);
    let options = MeshOptions { instance: Some("me".into()), ..MeshOptions::default() };
    let mesh = peers.join(Instant::from_millis(0), options);
    let mut now = 0;
    for text in pieces::split(input) {
        let text = String::from_utf8_lossy(text);
        now += 100;
        let at = Instant::from_millis(now);
        bounded("signaling", text.len(), || {
            drop(FromServer::decode(&text, "me"));
            let heard = peers.with(at, mesh, |mesh, cx| {
                mesh.handle_signal(cx, &text);
                Ok(())
            });
            assert!(heard.is_ok());
        })?;
        let outputs = std::iter::from_fn(|| peers.poll_output()).count();
        ensure(outputs <= 600, || format!("{outputs} outputs for one text"))?;
    }
    let end = now + 60_000;
    let mut steps = 0;
    while let Some(due) =
        peers.poll_timeout().filter(|due| due.at.as_millis() <= end && steps < 5_000)
    {
        peers.handle_input(Instant::from_millis(due.at.as_millis().max(now)), Input::Timeout);
        while peers.poll_output().is_some() {}
        steps += 1;
    }
    ensure(steps < 5_000, || "its deadlines never end".into())
}

fn channel() -> Vec<Vec<u8>> {
    let frame = |stream, total, last, bytes| Frame { stream, total, last, bytes }.encode();
    let whole = frame(1, Some(5), true, b"hello");
    let parts = [frame(2, Some(6), false, b"abc"), frame(2, None, true, b"def")];
    let giant = frame(3, Some(u32::MAX), false, b"x");
    let many: Vec<_> = (0..200).map(|stream| frame(stream, Some(60_000), false, b"")).collect();
    vec![pieces::join(&[whole]), pieces::join(&parts), pieces::join(&[giant]), pieces::join(&many)]
}

fn peer_frames(input: &[u8]) -> Outcome {
    let frames = pieces::split(input);
    bounded("an assembly", input.len(), || {
        let mut assembly = Assembly::new(Limits { message: 1 << 20, open: 16 });
        let mut given = 0;
        for bytes in &frames {
            let Some(frame) = Frame::decode(bytes) else { continue };
            if let Ok(Some(message)) = assembly.take(&frame) {
                given += message.len();
            }
        }
        ensure(given + assembly.held() <= input.len(), || "more came out than went in".into())
    })?
}

fn controls() -> Vec<Vec<u8>> {
    [
        r#"{"t":"hello","inst":"a","proof":"x"}"#,
        r#"{"t":"ping","n":1}"#,
        r#"{"t":"bye","why":"replace"}"#,
        r#"{"t":"near","peers":["a","b"]}"#,
        r#"{"t":"credit","c":1,"n":65536}"#,
        r#"{"t":"file","id":1,"name":"../../etc/passwd","size":9007199254740993,"type":"x"}"#,
        r#"{"t":"got","id":1,"bytes":4294967296}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn control(input: &[u8]) -> Outcome {
    let Ok(Some(read)) = bounded("a control", input.len(), || Control::decode(input))? else {
        return Ok(());
    };
    let again = Control::decode(&read.encode());
    ensure(matches!(&again, Ok(Some(again)) if *again == read), || {
        format!("{read:?} becomes {again:?}")
    })
}
