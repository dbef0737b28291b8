//! What clients say to each other over a signaling server of y-webrtc, which brings everything to everybody in the room.
//!
//! Stock clients read `type`, `from`, `to`, `token` and `signal`, and skip a `type` that they do not know. Ours are known by
//! the member `x: { v, inst }`, and say what they have to say under the type `rejoin`.

use base64ct::{Base64, Encoding};
use serde_json::Value;

use super::any;
use crate::io::Candidate;
use crate::json::JsonText;
use crate::mesh::body::{Body, Malformed, read_candidate};

/// Longest name of a client taken, in bytes.
const MAX_NAME: usize = 128;
/// Longest text of a server taken, in bytes: a description and its envelope.
const MAX_TEXT: usize = 512 << 10;
/// Longest description taken, in bytes.
const MAX_SDP: usize = 256 << 10;
/// Name of the only cipher, at the head of each envelope.
const CIPHER: &[u8] = b"AES-GCM";
/// Version of what our own clients say.
const VERSION: u64 = 1;

/// A text of a server, as far as it can be read without the password.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// In the open.
    Plain(Value),
    /// To be decrypted first: nonce and ciphertext.
    Sealed([Vec<u8>; 2]),
    /// Nothing for this room.
    Nothing,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// I am here: connect to me.
    Announce {
        /// Whether it is one of ours.
        kin: bool,
    },
    /// To us, from a stock client.
    Signal {
        /// Newer ones are greater; decides when both offer. Versions before 10.2 say none.
        token: Option<f64>,
        /// What.
        signal: Signal,
    },
    /// To us, from one of ours: I am here too.
    Here,
    /// To us, from one of ours.
    Body {
        /// Its number: every message comes once by each server.
        number: u64,
        /// What.
        body: Body,
    },
    /// One of ours goes.
    Bye,
}

/// A signal of simple-peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// A description that opens.
    Offer(String),
    /// A description that accepts.
    Answer(String),
    /// A network address.
    Candidate(Candidate),
}

impl Heard {
    /// Reads a text of a server of `room`.
    pub(super) fn read(text: &str, room: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_TEXT {
            return Err(Malformed);
        }
        let mut json: Value = serde_json::from_str(text).map_err(|_| Malformed)?;
        let kind = json.get("type").and_then(Value::as_str).ok_or(Malformed)?;
        if kind != "publish" || json.get("topic").and_then(Value::as_str) != Some(room) {
            return Ok(Self::Nothing);
        }
        match json.get_mut("data").map(Value::take) {
            Some(Value::String(envelope)) => open(&envelope).map(Self::Sealed).ok_or(Malformed),
            Some(data @ Value::Object(_)) => Ok(Self::Plain(data)),
            _ => Err(Malformed),
        }
    }
}

/// Takes an envelope apart: `varString "AES-GCM" | varUint8Array nonce | varUint8Array ciphertext` in base64.
fn open(envelope: &str) -> Option<[Vec<u8>; 2]> {
    let bytes = Base64::decode_vec(envelope).ok()?;
    let (cipher, rest) = any::read_bytes(&bytes)?;
    let (nonce, rest) = any::read_bytes(rest)?;
    let (sealed, _) = any::read_bytes(rest)?;
    let known = cipher == CIPHER && !nonce.is_empty();
    known.then(|| [nonce.to_vec(), sealed.to_vec()])
}

/// The text that publishes what was encrypted.
pub(super) fn publish_sealed(room: &str, nonce: &[u8], sealed: &[u8]) -> String {
    let mut bytes = Vec::new();
    for part in [CIPHER, nonce, sealed] {
        any::write_bytes(&mut bytes, part);
    }
    publish(room, |json| json.text(&Base64::encode_string(&bytes)))
}

/// The text that publishes `data`.
pub(super) fn publish(room: &str, data: impl FnOnce(&mut JsonText)) -> String {
    let mut json = JsonText::default();
    json.object(|json| {
        json.word("type", "publish");
        json.word("topic", room);
        json.key("data");
        data(json);
    });
    json.finish()
}

/// The text that begins to listen to a room.
pub(super) fn subscribe(room: &str) -> String {
    let mut json = JsonText::default();
    json.object(|json| {
        json.word("type", "subscribe");
        json.array("topics", &[room], |json, topic| json.text(topic));
    });
    json.finish()
}

/// Who said what to `own`; `Ok(None)` for what is said to others, for one's own words, and for what is of a later version.
pub(super) fn read(data: &Value, own: &str) -> Result<Option<(String, Said)>, Malformed> {
    let from = data.get("from").and_then(Value::as_str).ok_or(Malformed)?;
    if from.is_empty() || from.len() > MAX_NAME {
        return Err(Malformed);
    }
    let to = data.get("to").filter(|to| !to.is_null());
    let elsewhere = to.is_some_and(|to| to.as_str() != Some(own));
    if from == own || elsewhere {
        return Ok(None);
    }
    let x = data.get("x").filter(|x| is_kin(x, from));
    let said = match (data.get("type").and_then(Value::as_str), x) {
        (Some("announce"), _) => Said::Announce { kin: x.is_some() },
        (Some("bye"), Some(_)) => Said::Bye,
        (Some("signal"), _) if to.is_some() => match read_signal(data)? {
            Some(said) => said,
            None => return Ok(None),
        },
        (Some("rejoin"), Some(x)) if to.is_some() => match x.get("body") {
            None => Said::Here,
            Some(body) => {
                let number = x.get("n").and_then(Value::as_u64).ok_or(Malformed)?;
                Said::Body { number, body: Body::read(body).ok_or(Malformed)? }
            }
        },
        (Some(_), _) => return Ok(None),
        (None, _) => return Err(Malformed),
    };
    Ok(Some((from.to_owned(), said)))
}

fn is_kin(x: &Value, from: &str) -> bool {
    let version = x.get("v").and_then(Value::as_u64);
    version >= Some(VERSION) && x.get("inst").and_then(Value::as_str) == Some(from)
}

fn read_signal(data: &Value) -> Result<Option<Said>, Malformed> {
    let token = data.get("token").and_then(Value::as_f64);
    let signal = data.get("signal").ok_or(Malformed)?;
    let sdp = || {
        let sdp = signal.get("sdp").and_then(Value::as_str);
        sdp.filter(|sdp| sdp.len() <= MAX_SDP).map(str::to_owned).ok_or(Malformed)
    };
    let signal = match signal.get("type").and_then(Value::as_str) {
        Some("offer") => Signal::Offer(sdp()?),
        Some("answer") => Signal::Answer(sdp()?),
        Some("candidate") => {
            let candidate = signal.get("candidate").and_then(read_candidate);
            Signal::Candidate(candidate.ok_or(Malformed)?)
        }
        // `renegotiate` and `transceiverRequest` are about tracks, of which there are none.
        Some(_) => return Ok(None),
        None => return Err(Malformed),
    };
    Ok(Some(Said::Signal { token, signal }))
}

/// Something to be said to a room, as the member `data`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Say<'a> {
    Announce,
    Bye,
    Signal { to: &'a str, token: f64, signal: &'a Signal },
    Here { to: &'a str },
    Body { to: &'a str, number: u64, body: &'a Body },
}

impl Say<'_> {
    /// Writes the object, said by `own`.
    pub(super) fn write(&self, json: &mut JsonText, own: &str) {
        json.object(|json| {
            json.word("type", self.kind());
            json.word("from", own);
            match self {
                Self::Announce | Self::Bye => write_x(json, own, |_| {}),
                Self::Signal { to, token, signal } => {
                    json.word("to", to);
                    json.key("token");
                    json.value(&Value::from(*token));
                    json.key("signal");
                    signal.write(json);
                }
                Self::Here { to } => {
                    json.word("to", to);
                    write_x(json, own, |_| {});
                }
                Self::Body { to, number, body } => {
                    json.word("to", to);
                    write_x(json, own, |json| {
                        json.count("n", *number);
                        json.key("body");
                        body.write(json);
                    });
                }
            }
        });
    }

    /// The value as it is before it is encrypted.
    pub(super) fn encode(&self, own: &str) -> Vec<u8> {
        let mut json = JsonText::default();
        self.write(&mut json, own);
        let value = serde_json::from_str(&json.finish()).unwrap_or_default();
        let mut bytes = Vec::new();
        any::write(&mut bytes, &value);
        bytes
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Bye => "bye",
            Self::Signal { .. } => "signal",
            Self::Here { .. } | Self::Body { .. } => "rejoin",
        }
    }
}

fn write_x(json: &mut JsonText, own: &str, more: impl FnOnce(&mut JsonText)) {
    json.key("x");
    json.object(|json| {
        json.count("v", VERSION);
        json.word("inst", own);
        more(json);
    });
}

impl Signal {
    /// As simple-peer has it.
    fn write(&self, json: &mut JsonText) {
        json.object(|json| match self {
            Self::Offer(sdp) => write_description(json, "offer", sdp),
            Self::Answer(sdp) => write_description(json, "answer", sdp),
            Self::Candidate(candidate) => {
                json.word("type", "candidate");
                json.key("candidate");
                json.object(|json| {
                    json.word("candidate", &candidate.candidate);
                    if let Some(line) = candidate.line {
                        json.count("sdpMLineIndex", line.into());
                    }
                    if let Some(mid) = &candidate.mid {
                        json.word("sdpMid", mid);
                    }
                });
            }
        });
    }
}

fn write_description(json: &mut JsonText, kind: &str, sdp: &str) {
    json.word("type", kind);
    json.word("sdp", sdp);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(data: &Value) -> Result<Option<(String, Said)>, Malformed> {
        read(data, "me")
    }

    fn written(say: Say<'_>) -> Value {
        any::read(&say.encode("me")).unwrap()
    }

    #[test]
    fn what_stock_clients_say_is_read() {
        let announce = json!({"type": "announce", "from": "u"});
        assert_eq!(said(&announce), Ok(Some(("u".into(), Said::Announce { kin: false }))));
        let candidate = json!({"candidate": "candidate:1", "sdpMLineIndex": 0, "sdpMid": "0"});
        for (signal, expected) in [
            (json!({"type": "offer", "sdp": "v=0"}), Some(Signal::Offer("v=0".into()))),
            (json!({"type": "answer", "sdp": "v=1"}), Some(Signal::Answer("v=1".into()))),
            (
                json!({"type": "candidate", "candidate": candidate}),
                Some(Signal::Candidate(read_candidate(&candidate).unwrap())),
            ),
            (json!({"type": "renegotiate", "renegotiate": true}), None),
            (json!({"type": "transceiverRequest", "transceiverRequest": {}}), None),
        ] {
            let data =
                json!({"type": "signal", "to": "me", "from": "u", "token": 1.5, "signal": signal});
            let expected =
                expected.map(|signal| ("u".to_owned(), Said::Signal { token: Some(1.5), signal }));
            assert_eq!(said(&data), Ok(expected), "{data}");
        }
    }

    #[test]
    fn what_is_said_is_what_stock_clients_say() {
        assert_eq!(
            written(Say::Announce),
            json!({"type": "announce", "from": "me", "x": {"v": 1, "inst": "me"}})
        );
        let candidate = json!({"candidate": "candidate:1", "sdpMLineIndex": 0, "sdpMid": "0"});
        let signal = Signal::Candidate(read_candidate(&candidate).unwrap());
        let say = Say::Signal { to: "u", token: 1_795_293_379_725.531, signal: &signal };
        let expected = json!({
            "type": "signal", "from": "me", "to": "u", "token": 1_795_293_379_725.531,
            "signal": {"type": "candidate", "candidate": candidate},
        });
        assert_eq!(written(say), expected);
    }

    #[test]
    fn our_own_clients_understand_each_other() {
        let body = json!({"pc": 1, "yours": 0, "offer": {"id": 1, "sdp": "v=0"}});
        let body = Body::read(&body).unwrap();
        for (say, expected) in [
            (Say::Announce, Said::Announce { kin: true }),
            (Say::Bye, Said::Bye),
            (Say::Here { to: "b" }, Said::Here),
            (
                Say::Body { to: "b", number: 7, body: &body },
                Said::Body { number: 7, body: body.clone() },
            ),
        ] {
            assert_eq!(read(&written(say), "b"), Ok(Some(("me".into(), expected))));
        }
    }

    #[test]
    fn an_envelope_comes_back_as_it_was() {
        let text = publish_sealed("r", &[7; 12], &[1, 2, 3]);
        assert_eq!(Heard::read(&text, "r"), Ok(Heard::Sealed([vec![7; 12], vec![1, 2, 3]])));
        assert_eq!(Heard::read(&text, "other"), Ok(Heard::Nothing));
        let rot13 = Base64::encode_string(&[5, b'R', b'O', b'T', b'1', b'3', 1, 1, 1, 1]);
        for data in [rot13.as_str(), "?", "", "AA=="] {
            let text = publish("r", |json| json.text(data));
            assert_eq!(Heard::read(&text, "r"), Err(Malformed), "{data}");
        }
    }

    #[test]
    fn words_to_others_ones_own_and_those_of_later_versions_are_skipped() {
        for data in [
            json!({"type": "announce", "from": "me"}),
            json!({"type": "signal", "from": "u", "to": "other", "signal": 1}),
            json!({"type": "signal", "from": "u", "to": 5, "signal": 1}),
            json!({"type": "rejoin", "from": "u", "to": "me", "x": {"v": 1, "inst": "forged"}}),
            json!({"type": "later", "from": "u"}),
            json!({"type": "bye", "from": "u"}),
        ] {
            assert_eq!(said(&data), Ok(None), "{data}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        let long = "x".repeat(MAX_SDP + 1);
        for data in [
            json!({}),
            json!({"from": "u"}),
            json!({"from": 1, "type": "announce"}),
            json!({"from": "", "type": "announce"}),
            json!({"from": "x".repeat(MAX_NAME + 1), "type": "announce"}),
            json!({"type": "signal", "from": "u", "to": "me"}),
            json!({"type": "signal", "from": "u", "to": "me", "signal": {"type": "offer"}}),
            json!({"type": "signal", "from": "u", "to": "me", "signal": {"type": "offer", "sdp": long}}),
            json!({"type": "signal", "from": "u", "to": "me", "signal": {"type": "candidate"}}),
            json!({"type": "rejoin", "from": "u", "to": "me", "x": {"v": 1, "inst": "u", "body": {}}}),
        ] {
            assert_eq!(said(&data), Err(Malformed), "{data:.90}");
        }
        let huge = format!("{{\"type\":\"publish\",\"topic\":\"{long}{long}\"}}");
        for text in ["", "[]", "{}", huge.as_str(), r#"{"type":"publish","topic":"r","data":1}"#] {
            assert_eq!(Heard::read(text, "r"), Err(Malformed), "{text:.50}");
        }
        assert_eq!(Heard::read(r#"{"type":"pong"}"#, "r"), Ok(Heard::Nothing));
    }
}
