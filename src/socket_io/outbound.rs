//! What the app sends, as messages.

use super::packet::{Fault, Kind, Packet};
use crate::error::Misuse;
use crate::socket::message::Message;

/// Something to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbound {
    /// JSON text of an array, beginning with the event's name; bytes have placeholders.
    pub data: String,
    /// The bytes.
    pub attachments: Vec<Vec<u8>>,
}

impl Outbound {
    /// The messages of one packet: its text, as the main namespace has it, then its bytes.
    pub(super) fn into_messages(self, kind: Kind, id: Option<u64>) -> Result<Vec<Message>, Misuse> {
        let Self { data, attachments } = self;
        let kind = match (kind, attachments.is_empty()) {
            (Kind::Event, false) => Kind::BinaryEvent,
            (Kind::Ack, false) => Kind::BinaryAck,
            (kind, _) => kind,
        };
        let packet = Packet {
            attachments: attachments.len(),
            id,
            data: Some(data),
            ..Packet::new(kind, "/")
        };
        let text = packet.encode();
        if let Err(Fault(what)) = Packet::decode(&text) {
            return Err(Misuse::argument(format!("this would be a packet {what}")));
        }
        let mut messages = vec![Message::Text(format!("4{text}"))];
        messages.extend(attachments.into_iter().map(Message::Binary));
        Ok(messages)
    }
}

/// A text of [`Outbound::into_messages`], for a namespace.
pub(super) fn addressed(text: String, namespace: &str) -> String {
    if namespace == "/" {
        return text;
    }
    // Behind the kind, or the count of bytes that follows some kinds.
    let binary = matches!(text.as_bytes().get(1), Some(b'5' | b'6'));
    let place = text.find('-').filter(|_| binary).map_or(2, |dash| dash + 1);
    let (head, rest) = text.split_at_checked(place).unwrap_or((&text, ""));
    [head, namespace, ",", rest].concat()
}
