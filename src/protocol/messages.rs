//! Messages of a room: a dialect of our own behind [`tag::MESSAGES`](super::tag::MESSAGES), spoken only by servers that
//! answered a subscription (see PROTOCOL.md). Requests and replies have numbers of their own, so that the echo of a
//! naive relay is not mistaken for an answer. Fields behind those that are known are ignored.

use super::writer::{write_buffer, write_string, write_var_uint};
use super::{FrameError, Reader, tag};

/// Version of the dialect.
pub const VERSION: u64 = 1;

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Send me what comes, from behind what I have seen. Answered by [`Reply::Hello`].
    Subscribe(Subscribe),
    /// Store this and give it to everyone. Answered by [`Reply::Ack`] or [`Reply::Reject`].
    Publish {
        /// Number of the message on this link, from 1, without a gap.
        n: u64,
        /// What kind of message, for the app.
        kind: u64,
        /// Stable id: the same message has it again after a reload.
        id: &'a str,
        /// JSON text.
        data: &'a str,
    },
    /// Give this to one connection; not stored. Answered by [`Reply::Delivered`] or [`Reply::Reject`].
    Direct {
        /// Number of the question.
        request: u64,
        /// Whose it is.
        to: u64,
        /// What kind of message, for the app.
        kind: u64,
        /// JSON text.
        data: &'a str,
    },
    /// Give this to everyone else who is here; not stored, not answered, and a newer one may take its place.
    Volatile {
        /// What kind of message, for the app.
        kind: u64,
        /// JSON text.
        data: &'a str,
    },
    /// Which messages came before? Answered by [`Reply::Page`] or [`Reply::Reject`].
    Page {
        /// Number of the question.
        request: u64,
        /// Only those with a lower number.
        before: u64,
        /// At most as many.
        limit: u64,
    },
}

/// The fields of [`Request::Subscribe`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscribe {
    /// Number of the question.
    pub request: u64,
    /// Random number of this run of the client, known to nobody else.
    pub session: u64,
    /// Connection id under which it wants to be known: its awareness client id.
    pub connection: u64,
    /// Epoch of the log it has seen, 0 for none.
    pub epoch: u64,
    /// Last message it has seen.
    pub after: u64,
    /// How many of the latest it wants when it has seen none.
    pub history: u64,
    /// When the server took the last message it has seen, 0 if it does not know: a log that was restored has another one there.
    pub at: u64,
}

/// What the server answers and tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The subscription holds; messages from `next` on follow.
    Hello(Hello),
    /// A stored message.
    Message(Envelope<'a>),
    /// A published message is stored, and so are all before it on this link.
    Ack {
        /// Its number on this link.
        n: u64,
        /// Its number in the room; 0 if it was stored so long ago that this is no longer known.
        seq: u64,
    },
    /// A request was refused.
    Reject(Reject),
    /// A message that is not stored.
    Passing {
        /// Whether it is for this connection alone.
        direct: bool,
        /// The envelope, without number and id.
        envelope: Envelope<'a>,
    },
    /// A direct message is on its way to its connection.
    Delivered {
        /// Number of the question.
        request: u64,
    },
    /// Earlier messages.
    Page {
        /// Number of the question.
        request: u64,
        /// Oldest number the server keeps.
        first: u64,
        /// The messages, in order.
        messages: Vec<Envelope<'a>>,
    },
}

/// The fields of [`Reply::Hello`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Number of the question it answers.
    pub request: u64,
    /// Epoch of the log: another one is another log, whose numbers mean something else.
    pub epoch: u64,
    /// Number of the first message that follows.
    pub next: u64,
    /// Number of the last message there is.
    pub head: u64,
    /// Whether nothing is missing between what was seen and `next`.
    pub recovered: bool,
    /// Largest message the server takes, in bytes of JSON.
    pub max_bytes: u64,
}

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Number in the room, from 1; 0 if it is not stored.
    pub seq: u64,
    /// When the server took it, in milliseconds since 1970.
    pub at: u64,
    /// Connection id of the sender, 0 if it has none.
    pub from: u64,
    /// What kind of message, for the app.
    pub kind: u64,
    /// Stable id.
    pub id: &'a str,
    /// JSON text.
    pub data: &'a str,
}

/// The fields of [`Reply::Reject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// What was refused.
    pub what: Rejected,
    /// Why.
    pub code: RejectCode,
    /// When to try again, in milliseconds; 0 if that is of no use.
    pub retry_ms: u64,
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A published message, by its number on this link.
    Publish(u64),
    /// Anything else, by the number of the question.
    Question(u64),
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectCode {
    /// Too many in too short a time.
    RateLimit,
    /// More bytes than allowed.
    TooLarge,
    /// Not allowed.
    Forbidden,
    /// No JSON, or no id.
    Malformed,
    /// No such connection.
    NotFound,
}

impl Request<'_> {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Subscribe(subscribe) => {
                let Subscribe { request, session, connection, epoch, after, history, at } =
                    *subscribe;
                numbers(&mut out, &[0, request, session, connection, epoch, after, history, at]);
            }
            Self::Publish { n, kind, id, data } => {
                numbers(&mut out, &[1, *n, *kind]);
                write_string(&mut out, id);
                write_string(&mut out, data);
            }
            Self::Direct { request, to, kind, data } => {
                numbers(&mut out, &[2, *request, *to, *kind]);
                write_string(&mut out, data);
            }
            Self::Volatile { kind, data } => {
                numbers(&mut out, &[3, *kind]);
                write_string(&mut out, data);
            }
            Self::Page { request, before, limit } => {
                numbers(&mut out, &[4, *request, *before, *limit]);
            }
        }
        frame(&out)
    }
}

impl<'a> Request<'a> {
    /// Reads what is behind the tag; `None` for a request of a later version.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<Self>, FrameError> {
        let mut reader = Reader::new(bytes);
        let request = match reader.var_uint()? {
            0 => Self::Subscribe(Subscribe {
                request: reader.var_uint()?,
                session: reader.var_uint()?,
                connection: reader.var_uint()?,
                epoch: reader.var_uint()?,
                after: reader.var_uint()?,
                history: reader.var_uint()?,
                at: if reader.is_empty() { 0 } else { reader.var_uint()? },
            }),
            1 => Self::Publish {
                n: reader.var_uint()?,
                kind: reader.var_uint()?,
                id: reader.string()?,
                data: reader.string()?,
            },
            2 => Self::Direct {
                request: reader.var_uint()?,
                to: reader.var_uint()?,
                kind: reader.var_uint()?,
                data: reader.string()?,
            },
            3 => Self::Volatile { kind: reader.var_uint()?, data: reader.string()? },
            4 => Self::Page {
                request: reader.var_uint()?,
                before: reader.var_uint()?,
                limit: reader.var_uint()?,
            },
            _ => return Ok(None),
        };
        Ok(Some(request))
    }
}

impl Reply<'_> {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Hello(hello) => {
                let Hello { request, epoch, next, head, recovered, max_bytes } = *hello;
                let fields = [request, epoch, next, head, recovered.into(), max_bytes];
                numbers(&mut out, &[16, VERSION]);
                numbers(&mut out, &fields);
            }
            Self::Message(envelope) => {
                numbers(&mut out, &[17]);
                envelope.write(&mut out);
            }
            Self::Ack { n, seq } => numbers(&mut out, &[18, *n, *seq]),
            Self::Reject(Reject { what, code, retry_ms }) => {
                let (what, number) = match what {
                    Rejected::Publish(n) => (0, *n),
                    Rejected::Question(request) => (1, *request),
                };
                numbers(&mut out, &[19, what, number, code.number(), *retry_ms]);
            }
            Self::Passing { direct, envelope } => {
                numbers(&mut out, &[20, (*direct).into()]);
                envelope.write(&mut out);
            }
            Self::Delivered { request } => numbers(&mut out, &[21, *request]),
            Self::Page { request, first, messages } => {
                numbers(&mut out, &[22, *request, *first, messages.len() as u64]);
                messages.iter().for_each(|envelope| envelope.write(&mut out));
            }
        }
        frame(&out)
    }
}

impl<'a> Reply<'a> {
    /// Reads what is behind the tag; `None` for a reply of a later version, or for a request that a relay echoed.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<Self>, FrameError> {
        let mut reader = Reader::new(bytes);
        let reader = &mut reader;
        let reply = match reader.var_uint()? {
            16 => match read_hello(reader)? {
                Some(hello) => Self::Hello(hello),
                None => return Ok(None),
            },
            17 => Self::Message(Envelope::read(reader)?),
            18 => {
                let [n, seq] = read(reader)?;
                Self::Ack { n, seq }
            }
            19 => Self::Reject(read_reject(reader)?),
            20 => {
                Self::Passing { direct: reader.var_uint()? == 1, envelope: Envelope::read(reader)? }
            }
            21 => Self::Delivered { request: reader.var_uint()? },
            22 => {
                let [request, first, count] = read(reader)?;
                let mut messages = Vec::new();
                for _ in 0..count {
                    messages.push(Envelope::read(reader)?);
                }
                Self::Page { request, first, messages }
            }
            _ => return Ok(None),
        };
        Ok(Some(reply))
    }
}

impl<'a> Envelope<'a> {
    /// Appends the envelope to a payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        numbers(out, &[self.seq, self.at, self.from, self.kind]);
        write_string(out, self.id);
        write_string(out, self.data);
    }

    /// Reads an envelope.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, FrameError> {
        let [seq, at, from, kind] = read(reader)?;
        Ok(Self { seq, at, from, kind, id: reader.string()?, data: reader.string()? })
    }
}

impl RejectCode {
    fn number(self) -> u64 {
        match self {
            Self::RateLimit => 0,
            Self::TooLarge => 1,
            Self::Forbidden => 2,
            Self::Malformed => 3,
            Self::NotFound => 4,
        }
    }
}

/// A hello of a later version is none that we understand.
fn read_hello(reader: &mut Reader<'_>) -> Result<Option<Hello>, FrameError> {
    if reader.var_uint()? != VERSION {
        return Ok(None);
    }
    let [request, epoch, next, head, recovered, max_bytes] = read(reader)?;
    let recovered = recovered == 1;
    Ok(Some(Hello { request, epoch, next, head, recovered, max_bytes }))
}

/// A code of a later version counts as forbidden: trying again is of no use.
fn read_reject(reader: &mut Reader<'_>) -> Result<Reject, FrameError> {
    let [what, number, code, retry_ms] = read(reader)?;
    let what = if what == 0 { Rejected::Publish(number) } else { Rejected::Question(number) };
    let code = match code {
        0 => RejectCode::RateLimit,
        1 => RejectCode::TooLarge,
        3 => RejectCode::Malformed,
        4 => RejectCode::NotFound,
        _ => RejectCode::Forbidden,
    };
    Ok(Reject { what, code, retry_ms })
}

fn read<const N: usize>(reader: &mut Reader<'_>) -> Result<[u64; N], FrameError> {
    let mut numbers = [0; N];
    fill(reader, &mut numbers)?;
    Ok(numbers)
}

/// Not generic: a copy for each count would be larger than the loop.
fn fill(reader: &mut Reader<'_>, numbers: &mut [u64]) -> Result<(), FrameError> {
    for number in numbers {
        *number = reader.var_uint()?;
    }
    Ok(())
}

fn numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|number| write_var_uint(out, *number));
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 6);
    write_var_uint(&mut out, tag::MESSAGES);
    write_buffer(&mut out, payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FrameLimits, Message, decode};

    fn payload(frame: &[u8]) -> &[u8] {
        match decode(frame, &FrameLimits::default()).unwrap()[..] {
            [Message::Messages(payload)] => payload,
            _ => panic!("not one message"),
        }
    }

    fn envelope() -> Envelope<'static> {
        Envelope { seq: 7, at: 1 << 40, from: 9, kind: 1, id: "a-1", data: "{\"é\":1}" }
    }

    fn requests() -> Vec<Request<'static>> {
        let subscribe =
            Subscribe { session: 3, connection: 4, after: 1 << 50, ..Subscribe::default() };
        vec![
            Request::Subscribe(subscribe),
            Request::Publish { n: 300, kind: 1, id: "a-1", data: "null" },
            Request::Direct { request: 2, to: 9, kind: 0, data: "[]" },
            Request::Volatile { kind: 1, data: "0" },
            Request::Page { request: 5, before: 100, limit: 50 },
        ]
    }

    fn replies() -> Vec<Reply<'static>> {
        let hello = Hello { epoch: 5, next: 8, head: 7, recovered: true, ..Hello::default() };
        let reject = |what, code| Reply::Reject(Reject { what, code, retry_ms: 1_500 });
        vec![
            Reply::Hello(hello),
            Reply::Message(envelope()),
            Reply::Ack { n: 1, seq: 7 },
            reject(Rejected::Publish(3), RejectCode::RateLimit),
            reject(Rejected::Question(3), RejectCode::NotFound),
            Reply::Passing { direct: true, envelope: envelope() },
            Reply::Delivered { request: 3 },
            Reply::Page { request: 1, first: 2, messages: vec![envelope(), envelope()] },
        ]
    }

    #[test]
    fn every_request_and_every_reply_survives_the_wire() {
        for request in requests() {
            assert_eq!(Request::decode(payload(&request.encode())), Ok(Some(request)));
        }
        for reply in replies() {
            assert_eq!(Reply::decode(payload(&reply.encode())), Ok(Some(reply)));
        }
    }

    #[test]
    fn a_request_that_comes_back_is_no_reply_and_the_other_way_round() {
        for request in requests() {
            assert_eq!(Reply::decode(payload(&request.encode())), Ok(None));
        }
        for reply in replies() {
            assert_eq!(Request::decode(payload(&reply.encode())), Ok(None));
        }
    }

    #[test]
    fn every_truncation_is_an_error_and_what_follows_is_ignored() {
        for frame in requests().iter().map(Request::encode) {
            let bytes = payload(&frame);
            // The last field of a subscription may be missing: older clients do not have it.
            let is_subscription = bytes.first() == Some(&0);
            for end in 0..bytes.len() - usize::from(is_subscription) {
                assert!(Request::decode(&bytes[..end]).is_err(), "{bytes:?} to {end}");
            }
            assert!(Request::decode(&[bytes, &[1, 2]].concat()).is_ok());
        }
        for frame in replies().iter().map(Reply::encode) {
            let bytes = payload(&frame);
            for end in 0..bytes.len() {
                assert!(Reply::decode(&bytes[..end]).is_err(), "{bytes:?} to {end}");
            }
        }
    }

    #[test]
    fn a_page_that_counts_more_than_it_holds_allocates_nothing_and_fails() {
        let huge = [22, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert!(Reply::decode(&huge).is_err());
    }

    #[test]
    fn a_hello_of_a_later_version_is_not_understood() {
        assert_eq!(Reply::decode(&[16, 2, 0, 0, 0, 0, 0, 0]), Ok(None));
    }
}
