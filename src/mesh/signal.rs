//! The room's own dialect of signaling: JSON texts over the room's socket, routed by its server.

use serde_json::Value;

use super::body::{Body, Malformed};
use super::ice::IceAnswer;
use crate::json::JsonText;

/// Longest name of an instance or a user taken, in bytes.
const MAX_NAME: usize = 256;
/// Most peers read of one roster.
const MAX_ROSTER: usize = 1_024;

/// Somebody in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The page or worker it runs in, anew with each.
    pub instance: String,
    /// Who it is, in the server's words.
    pub user: Option<String>,
}

/// What is said to the server.
#[derive(Clone, Debug, PartialEq)]
pub enum ToServer<'a> {
    /// First on every socket.
    Hello {
        /// Who may take the instance's place on another socket: nobody else knows it.
        secret: &'a str,
    },
    /// To be brought to one peer.
    Signal {
        /// Its instance.
        to: &'a str,
        /// What is said.
        body: &'a Body,
    },
    /// A question for ICE servers.
    Ice,
    /// This side goes.
    Bye,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromServer {
    /// Answer to the hello: who is there.
    Welcome {
        /// All others.
        peers: Vec<Member>,
        /// Servers, if it has some.
        ice: Option<IceAnswer>,
    },
    /// Somebody came.
    Join(Member),
    /// Somebody went; on purpose or not.
    Leave {
        /// Who.
        instance: String,
        /// Whether it said goodbye.
        goodbye: bool,
    },
    /// A peer said something.
    Signal {
        /// Who.
        from: String,
        /// What.
        body: Body,
    },
    /// Answer to the question for ICE servers.
    Ice(IceAnswer),
    /// It refuses something.
    Refused {
        /// Its word for it.
        code: String,
        /// Its sentence.
        message: String,
    },
}

impl ToServer<'_> {
    /// The text, said by `instance`: several may share a socket.
    pub fn encode(&self, instance: &str) -> String {
        let mut json = JsonText::default();
        json.object(|json| {
            json.word("t", self.kind());
            json.word("inst", instance);
            match self {
                Self::Hello { secret } => json.word("secret", secret),
                Self::Signal { to, body } => {
                    json.word("to", to);
                    json.key("body");
                    body.write(json);
                }
                Self::Ice | Self::Bye => {}
            }
        });
        json.finish()
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Signal { .. } => "sig",
            Self::Ice => "ice",
            Self::Bye => "bye",
        }
    }
}

impl FromServer {
    /// Reads a text: `Ok(None)` for one of a later version, and for what is said to another than `instance`.
    ///
    /// # Errors
    /// For what is no message.
    pub fn decode(text: &str, instance: &str) -> Result<Option<Self>, Malformed> {
        let json: Value = serde_json::from_str(text).map_err(|_| Malformed)?;
        let addressee = json.get("you").or_else(|| json.get("to")).and_then(Value::as_str);
        if addressee.is_some_and(|addressee| addressee != instance) {
            return Ok(None);
        }
        let read = match json.get("t").and_then(Value::as_str).ok_or(Malformed)? {
            "welcome" => json.get("peers").and_then(Value::as_array).map(|peers| Self::Welcome {
                peers: peers.iter().take(MAX_ROSTER).filter_map(Member::read).collect(),
                ice: json.get("ice").and_then(IceAnswer::read),
            }),
            "join" => Member::read(&json).map(Self::Join),
            "leave" => name(&json, "inst").map(|instance| Self::Leave {
                instance,
                goodbye: json.get("why").and_then(Value::as_str) == Some("bye"),
            }),
            "sig" => name(&json, "from")
                .zip(json.get("body").and_then(Body::read))
                .map(|(from, body)| Self::Signal { from, body }),
            "ice" => json.get("ice").and_then(IceAnswer::read).map(Self::Ice),
            "error" => name(&json, "code").map(|code| Self::Refused {
                code,
                message: name(&json, "message").unwrap_or_default(),
            }),
            _ => return Ok(None),
        };
        read.map(Some).ok_or(Malformed)
    }
}

impl Member {
    fn read(json: &Value) -> Option<Self> {
        Some(Self { instance: name(json, "inst")?, user: name(json, "user") })
    }
}

fn name(json: &Value, member: &str) -> Option<String> {
    let text = json.get(member)?.as_str()?;
    (!text.is_empty() && text.len() <= MAX_NAME).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::negotiation::Message;

    fn read(text: &str) -> Result<Option<FromServer>, Malformed> {
        FromServer::decode(text, "b")
    }

    #[test]
    fn what_is_said_to_another_behind_the_same_socket_is_skipped() {
        let text = r#"{"t":"welcome","you":"x","peers":[]}"#;
        assert_eq!(read(text), Ok(None));
    }

    #[test]
    fn what_the_server_says_is_read() {
        let member = |instance: &str| Member { instance: instance.into(), user: None };
        let welcome = r#"{"t":"welcome","you":"b","peers":[{"inst":"d"},{"inst":"","x":1},{"inst":"c","user":"u"}],"ice":null}"#;
        let peers = vec![member("d"), Member { user: Some("u".into()), ..member("c") }];
        assert_eq!(read(welcome), Ok(Some(FromServer::Welcome { peers, ice: None })));
        let join = FromServer::Join(member("b"));
        assert_eq!(read(r#"{"t":"join","inst":"b"}"#), Ok(Some(join)));
        let leave = FromServer::Leave { instance: "b".into(), goodbye: true };
        assert_eq!(read(r#"{"t":"leave","inst":"b","why":"bye"}"#), Ok(Some(leave)));
        assert_eq!(read(r#"{"t":"later"}"#), Ok(None));
    }

    #[test]
    fn what_is_said_to_one_peer_comes_out_at_the_other() {
        let body = Body { own: 1, yours: 2, message: Message::Answer { id: 3, sdp: "v=0".into() } };
        let text = ToServer::Signal { to: "b", body: &body }.encode("a");
        let routed = text.replace(r#""to":"b""#, r#""from":"a","to":"b""#);
        let signal = FromServer::Signal { from: "a".into(), body };
        assert_eq!(read(&routed), Ok(Some(signal)));
    }

    #[test]
    fn nonsense_is_an_error() {
        let long = format!(r#"{{"t":"join","inst":"{}"}}"#, "x".repeat(MAX_NAME + 1));
        for text in ["", "[]", r#"{"t":1}"#, r#"{"t":"join"}"#, r#"{"t":"sig","from":"a"}"#, &long]
        {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
    }
}
