//! What two peers tell each other through signaling, before there is a link.
//!
//! `{ pc, yours, offer | answer | candidate | bye }`: `pc` numbers the sender's connection, growing; `yours` is the number of
//! the receiver's that it belongs to, 0 while the sender knows none. What is of an older connection is ignored.

use serde_json::Value;

use super::negotiation::Message;
use crate::io::Candidate;
use crate::json::JsonText;

/// Longest description taken, in bytes.
const MAX_SDP: usize = 256 << 10;
/// Longest candidate taken, in bytes.
const MAX_CANDIDATE: usize = 2 << 10;

/// What was said is no message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// One message between two peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Number of the sender's connection.
    pub own: u32,
    /// Number of the receiver's connection, 0 if it is not known.
    pub yours: u32,
    /// What it says.
    pub message: Message,
}

impl Body {
    /// Whether it begins a link.
    pub fn opens(&self) -> bool {
        self.yours == 0 && self.is_offer()
    }

    /// Whether it offers something.
    pub fn is_offer(&self) -> bool {
        matches!(self.message, Message::Offer { .. })
    }

    /// Writes it as an object.
    pub fn write(&self, json: &mut JsonText) {
        json.object(|json| {
            json.count("pc", self.own.into());
            json.count("yours", self.yours.into());
            match &self.message {
                Message::Offer { id, sdp } => description(json, "offer", *id, sdp),
                Message::Answer { id, sdp } => description(json, "answer", *id, sdp),
                Message::Candidate(candidate) => {
                    json.key("candidate");
                    write_candidate(json, candidate);
                }
            }
        });
    }

    /// Reads an object; `None` for what makes no sense.
    pub fn read(json: &Value) -> Option<Self> {
        let own = number(json, "pc").filter(|own| *own > 0)?;
        let yours = number(json, "yours")?;
        let message = if let Some(offer) = json.get("offer") {
            let (id, sdp) = read_description(offer)?;
            Message::Offer { id, sdp }
        } else if let Some(answer) = json.get("answer") {
            let (id, sdp) = read_description(answer)?;
            Message::Answer { id, sdp }
        } else {
            Message::Candidate(read_candidate(json.get("candidate")?)?)
        };
        Some(Self { own, yours, message })
    }
}

/// Writes a candidate as `RTCIceCandidateInit`.
pub fn write_candidate(json: &mut JsonText, candidate: &Candidate) {
    json.object(|json| {
        json.word("candidate", &candidate.candidate);
        if let Some(mid) = &candidate.mid {
            json.word("sdpMid", mid);
        }
        if let Some(line) = candidate.line {
            json.count("sdpMLineIndex", line.into());
        }
        if let Some(ufrag) = &candidate.ufrag {
            json.word("usernameFragment", ufrag);
        }
    });
}

/// Reads an `RTCIceCandidateInit`.
pub fn read_candidate(json: &Value) -> Option<Candidate> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    let line = json.get("sdpMLineIndex").and_then(Value::as_u64);
    let candidate = text("candidate").filter(|text| text.len() <= MAX_CANDIDATE)?;
    let ufrag = text("usernameFragment").filter(|text| text.len() <= MAX_CANDIDATE);
    let mid = text("sdpMid").filter(|text| text.len() <= MAX_CANDIDATE);
    Some(Candidate { candidate, mid, line: line.and_then(|line| u16::try_from(line).ok()), ufrag })
}

fn description(json: &mut JsonText, kind: &str, id: u32, sdp: &str) {
    json.key(kind);
    json.object(|json| {
        json.count("id", id.into());
        json.word("sdp", sdp);
    });
}

fn read_description(json: &Value) -> Option<(u32, String)> {
    let id = number(json, "id").filter(|id| *id > 0)?;
    let sdp = json.get("sdp")?.as_str().filter(|sdp| sdp.len() <= MAX_SDP)?;
    Some((id, sdp.to_owned()))
}

fn number(json: &Value, name: &str) -> Option<u32> {
    u32::try_from(json.get(name)?.as_u64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &Body) -> String {
        let mut json = JsonText::default();
        body.write(&mut json);
        json.finish()
    }

    #[test]
    fn a_body_comes_back_as_it_was() {
        let candidate = Candidate {
            candidate: "candidate:1".into(),
            mid: Some("0".into()),
            line: Some(0),
            ufrag: None,
        };
        let messages = [
            Message::Offer { id: 1, sdp: "v=0\r\n".into() },
            Message::Answer { id: 2, sdp: "\"".into() },
            Message::Candidate(candidate),
        ];
        for message in messages {
            let body = Body { own: 3, yours: 0, message };
            let read = Body::read(&serde_json::from_str(&text(&body)).unwrap());
            assert_eq!(read, Some(body));
        }
    }

    #[test]
    fn what_makes_no_sense_or_is_too_long_is_refused() {
        let long = "x".repeat(MAX_SDP + 1);
        let bodies = [
            "{}".to_owned(),
            r#"{"pc":0,"yours":0,"offer":{"id":1,"sdp":""}}"#.into(),
            r#"{"pc":1,"yours":0,"offer":{"id":0,"sdp":""}}"#.into(),
            r#"{"pc":1,"yours":0}"#.into(),
            format!(r#"{{"pc":1,"yours":0,"answer":{{"id":1,"sdp":"{long}"}}}}"#),
            format!(r#"{{"pc":1,"yours":0,"candidate":{{"candidate":"{long}"}}}}"#),
            r#"{"pc":4294967296,"yours":0,"offer":{"id":1,"sdp":""}}"#.into(),
        ];
        for body in bodies {
            assert_eq!(Body::read(&serde_json::from_str(&body).unwrap()), None);
        }
    }
}
