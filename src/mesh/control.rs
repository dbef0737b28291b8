//! What the two ends of a link tell each other on the control channel: one JSON object a message.

use serde_json::Value;

use super::body::{Body, Malformed};
use super::file::FileMessage;
use super::lane::Channel;
use crate::io::ChannelId;
use crate::json::JsonText;

/// Most neighbours that are read of one message.
const MAX_NEIGHBOURS: usize = 256;

/// Why a side goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It leaves the room.
    Leave,
    /// It makes a new connection in place of this one.
    Replace,
}

/// One control message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// First on every connection.
    Hello {
        /// Who speaks.
        instance: String,
        /// Number of its link, which outlives connections that are replaced.
        link: u32,
        /// That it knows the room's key, for this very connection.
        proof: Option<String>,
    },
    /// Is to be answered by a pong with the same number.
    Ping(u32),
    /// Answer to a ping.
    Pong(u32),
    /// The connection ends now.
    Bye(Farewell),
    /// Whom the speaker has links with.
    Neighbours(Vec<String>),
    /// The other may send so many bytes more.
    Credit {
        /// On this channel.
        channel: Channel,
        /// So many.
        bytes: u32,
    },
    /// Something about a file.
    File(FileMessage),
    /// A step of the negotiation, which needs no server while the link is up.
    Signal(Body),
}

impl Control {
    /// The message's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut json = JsonText::default();
        json.object(|json| self.write(json));
        json.finish().into_bytes()
    }

    /// Reads a message: `Ok(None)` for one of a later version.
    ///
    /// # Errors
    /// For what is no message.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        // From a text: one more kind of reader is a parser of its own.
        let text = str::from_utf8(bytes).map_err(|_| Malformed)?;
        let json: Value = serde_json::from_str(text).map_err(|_| Malformed)?;
        let number = |name: &str| {
            json.get(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
        };
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let read = match json.get("t").and_then(Value::as_str).ok_or(Malformed)? {
            "hello" => text("inst").zip(number("link")).map(|(instance, link)| {
                let proof = text("proof");
                Self::Hello { instance, link, proof }
            }),
            "ping" => number("n").map(Self::Ping),
            "pong" => number("n").map(Self::Pong),
            "bye" => {
                let replaced = text("why").as_deref() == Some("replace");
                Some(Self::Bye(if replaced { Farewell::Replace } else { Farewell::Leave }))
            }
            "near" => json.get("peers").and_then(Value::as_array).map(|peers| {
                let names = peers.iter().filter_map(Value::as_str).map(str::to_owned);
                Self::Neighbours(names.take(MAX_NEIGHBOURS).collect())
            }),
            "credit" => number("c").zip(number("n")).and_then(|(channel, bytes)| {
                let channel = Channel::of(ChannelId(u8::try_from(channel).ok()?))?;
                Some(Self::Credit { channel, bytes })
            }),
            "sig" => json.get("body").and_then(Body::read).map(Self::Signal),
            kind @ ("file" | "take" | "end" | "got" | "stop") => {
                FileMessage::read(kind, &json).map(Self::File)
            }
            _ => return Ok(None),
        };
        read.map(Some).ok_or(Malformed)
    }

    fn write(&self, json: &mut JsonText) {
        match self {
            Self::Hello { instance, link, proof } => {
                json.word("t", "hello");
                json.word("inst", instance);
                json.count("link", (*link).into());
                if let Some(proof) = proof {
                    json.word("proof", proof);
                }
            }
            Self::Ping(number) => numbered(json, "ping", *number),
            Self::Pong(number) => numbered(json, "pong", *number),
            Self::Bye(farewell) => {
                json.word("t", "bye");
                if *farewell == Farewell::Replace {
                    json.word("why", "replace");
                }
            }
            Self::Neighbours(peers) => {
                json.word("t", "near");
                json.array("peers", peers, |json, peer| json.text(peer));
            }
            Self::File(message) => message.write(json),
            Self::Signal(body) => {
                json.word("t", "sig");
                json.key("body");
                body.write(json);
            }
            Self::Credit { channel, bytes } => {
                numbered(json, "credit", *bytes);
                json.count("c", channel.id().0.into());
            }
        }
    }
}

fn numbered(json: &mut JsonText, kind: &str, number: u32) {
    json.word("t", kind);
    json.count("n", number.into());
}

#[cfg(test)]
mod tests {
    use super::super::negotiation::Message;
    use super::*;

    #[test]
    fn every_message_comes_back_as_it_was() {
        let messages = [
            Control::Hello { instance: "a".into(), link: 1, proof: None },
            Control::Hello { instance: "a".into(), link: 2, proof: Some("p".into()) },
            Control::Ping(1),
            Control::Pong(u32::MAX),
            Control::Bye(Farewell::Leave),
            Control::Bye(Farewell::Replace),
            Control::Neighbours(vec!["a".into(), "b".into()]),
            Control::Credit { channel: Channel::Sync, bytes: 5 },
            Control::Signal(Body {
                own: 1,
                yours: 2,
                message: Message::Answer { id: 3, sdp: "v=0\r\n".into() },
            }),
        ];
        for message in messages {
            assert_eq!(Control::decode(&message.encode()), Ok(Some(message)));
        }
    }

    #[test]
    fn nonsense_is_an_error_and_what_is_not_known_is_skipped() {
        assert_eq!(Control::decode(br#"{"t":"later","x":1}"#), Ok(None));
        for bytes in [
            &b"\xff"[..],
            b"[]",
            b"{}",
            br#"{"t":"ping"}"#,
            br#"{"t":"credit","c":9,"n":1}"#,
            br#"{"t":"sig","body":{}}"#,
        ] {
            assert_eq!(Control::decode(bytes), Err(Malformed), "{bytes:?}");
        }
    }
}
