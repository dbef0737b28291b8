//! Frames of the y-websocket protocol: y-sync and awareness behind a message tag (see PROTOCOL.md).
//!
//! Decoding is total: any bytes give messages or a [`FrameError`], never a panic, and allocate in
//! proportion to their length.

pub mod auth;
pub mod awareness;
pub mod encode;
pub mod messages;
pub mod peer;
mod reader;
pub mod standing;
pub mod writer;

pub use awareness::AwarenessEntry;
pub use reader::{FrameError, Reader};

/// Message tags of y-websocket (source: y-websocket 3.1, `messageSync` and following).
pub mod tag {
    /// y-sync, followed by one of [`SYNC_STEP_1`], [`SYNC_STEP_2`], [`UPDATE`].
    pub const SYNC: u64 = 0;
    /// Awareness update in a buffer.
    pub const AWARENESS: u64 = 1;
    /// Authentication; only "permission denied" is defined.
    pub const AUTH: u64 = 2;
    /// Asks for all awareness states.
    pub const QUERY_AWARENESS: u64 = 3;
    /// y-sync: a state vector, answered by [`SYNC_STEP_2`].
    pub const SYNC_STEP_1: u64 = 0;
    /// y-sync: what the counterpart lacks.
    pub const SYNC_STEP_2: u64 = 1;
    /// y-sync: a live update.
    pub const UPDATE: u64 = 2;
    /// Auth: the server refuses.
    pub const PERMISSION_DENIED: u64 = 0;
    /// Messages of a room, our own dialect in a buffer; stock servers ignore it, and stock clients never get it.
    pub const MESSAGES: u64 = 120;
    /// Tokens inside the protocol, our own dialect in a buffer; stock servers ignore it, and stock clients never get it.
    pub const TOKEN: u64 = 121;
    /// Signaling of peers, JSON text as a string, our own dialect; stock servers ignore it, and stock clients never get it.
    pub const SIGNAL: u64 = 122;
    /// What peers say to each other beside y-sync, our own dialect in a buffer; only on paths between our own clients.
    pub const PEER: u64 = 123;
    /// How the server stands to a client, our own dialect in a buffer; behind other messages, where stock clients do not look.
    pub const STANDING: u64 = 125;
}

/// Bounds on what one frame may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Bytes of a frame.
    pub frame: usize,
    /// Messages in a frame.
    pub messages: usize,
    /// Clients in one awareness update.
    pub awareness_entries: usize,
    /// Bytes of one awareness state.
    pub awareness_state: usize,
}

impl Default for FrameLimits {
    fn default() -> Self {
        Self { frame: 64 << 20, messages: 256, awareness_entries: 2048, awareness_state: 64 << 10 }
    }
}

/// One message of a frame. Byte slices borrow from the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The counterpart's state vector; it wants what it lacks.
    SyncStep1(&'a [u8]),
    /// Answer to our step 1: an update with everything we lacked and the whole delete set.
    SyncStep2(&'a [u8]),
    /// A live update.
    Update(&'a [u8]),
    /// Awareness states.
    Awareness(Vec<AwarenessEntry>),
    /// The counterpart wants all awareness states.
    QueryAwareness,
    /// The server refuses, with its words.
    Denied(&'a str),
    /// Something of the [`messages`] dialect.
    Messages(&'a [u8]),
    /// Something of the [`auth`] dialect.
    Token(&'a [u8]),
    /// Signaling of peers: JSON text, not checked yet.
    Signal(&'a str),
    /// Something of the [`peer`] dialect.
    Peer(&'a [u8]),
    /// Something of the [`standing`] dialect.
    Standing(&'a [u8]),
    /// A message of another dialect; the rest of its frame cannot be read.
    Unknown(u64),
}

/// Reads all messages of a frame. An unknown tag ends the frame quietly: its length is not known.
pub fn decode<'a>(frame: &'a [u8], limits: &FrameLimits) -> Result<Vec<Message<'a>>, FrameError> {
    if frame.len() > limits.frame {
        return Err(FrameError::TooLarge { size: frame.len(), limit: limits.frame });
    }
    let mut reader = Reader::new(frame);
    let mut messages = Vec::new();
    while !reader.is_empty() {
        if messages.len() == limits.messages {
            return Err(FrameError::TooMany { what: "messages", limit: limits.messages });
        }
        let message = read_message(&mut reader, limits)?;
        let readable = !matches!(message, Message::Unknown(_));
        messages.push(message);
        if !readable {
            break;
        }
    }
    Ok(messages)
}

fn read_message<'a>(
    reader: &mut Reader<'a>,
    limits: &FrameLimits,
) -> Result<Message<'a>, FrameError> {
    match reader.var_uint()? {
        tag::SYNC => read_sync(reader),
        tag::AWARENESS => awareness::decode(reader.buffer()?, limits).map(Message::Awareness),
        tag::AUTH => match reader.var_uint()? {
            tag::PERMISSION_DENIED => reader.string().map(Message::Denied),
            _ => Ok(Message::Unknown(tag::AUTH)),
        },
        tag::QUERY_AWARENESS => Ok(Message::QueryAwareness),
        tag::MESSAGES => reader.buffer().map(Message::Messages),
        tag::TOKEN => reader.buffer().map(Message::Token),
        tag::SIGNAL => reader.string().map(Message::Signal),
        tag::PEER => reader.buffer().map(Message::Peer),
        tag::STANDING => reader.buffer().map(Message::Standing),
        unknown => Ok(Message::Unknown(unknown)),
    }
}

fn read_sync<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, FrameError> {
    match reader.var_uint()? {
        tag::SYNC_STEP_1 => reader.buffer().map(Message::SyncStep1),
        tag::SYNC_STEP_2 => reader.buffer().map(Message::SyncStep2),
        tag::UPDATE => reader.buffer().map(Message::Update),
        _ => Ok(Message::Unknown(tag::SYNC)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(frame: &[u8]) -> Vec<Message<'_>> {
        decode(frame, &FrameLimits::default()).unwrap_or_default()
    }

    #[test]
    fn frames_captured_from_stock_clients_decode() {
        assert_eq!(decoded(&[0, 0, 1, 0]), [Message::SyncStep1(&[0])]);
        assert_eq!(decoded(&[0, 1, 2, 0, 0]), [Message::SyncStep2(&[0, 0])]);
        let captured = [1, 6, 1, 5, 0, 2, b'{', b'}'];
        let entry = AwarenessEntry { client: 5, clock: 0, state: Some("{}".into()) };
        assert_eq!(decoded(&captured), [Message::Awareness(vec![entry])]);
    }

    #[test]
    fn several_messages_of_a_frame_are_all_read() {
        let frame = [0, 0, 1, 0, 0, 1, 2, 0, 0, 3];
        assert_eq!(
            decoded(&frame),
            [Message::SyncStep1(&[0]), Message::SyncStep2(&[0, 0]), Message::QueryAwareness]
        );
    }

    #[test]
    fn an_unknown_message_ends_the_frame_without_an_error() {
        assert_eq!(decoded(&[3, 102, 0, 0]), [Message::QueryAwareness, Message::Unknown(102)]);
    }

    #[test]
    fn every_truncation_of_a_frame_is_an_error() {
        let frame = encode::update(&[1, 2, 3, 4, 5]);
        for end in 1..frame.len() {
            assert!(decode(&frame[..end], &FrameLimits::default()).is_err(), "prefix of {end}");
        }
    }

    #[test]
    fn limits_are_kept_before_anything_is_read() {
        let limits = FrameLimits { frame: 3, ..FrameLimits::default() };
        assert_eq!(decode(&[0; 4], &limits), Err(FrameError::TooLarge { size: 4, limit: 3 }));
        let limits = FrameLimits { messages: 2, ..FrameLimits::default() };
        assert!(decode(&[3, 3, 3], &limits).is_err());
    }

    #[test]
    fn signaling_is_a_text() {
        assert_eq!(decoded(&encode::signal("{}")), [Message::Signal("{}")]);
        let no_text = decode(&[tag::SIGNAL as u8, 1, 0xff], &FrameLimits::default());
        assert_eq!(no_text, Err(FrameError::Text { offset: 1 }));
    }

    #[test]
    fn a_denial_carries_its_reason() {
        assert_eq!(decoded(&[2, 0, 2, b'n', b'o']), [Message::Denied("no")]);
    }
}
