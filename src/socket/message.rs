//! One message of a WebSocket.

use crate::io::SocketOutput;

/// A text or binary message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Message {
    /// Its payload, in bytes of UTF-8 where it is text.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Length of its payload in bytes.
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether its payload is empty, which is a message all the same.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// What sends it.
    pub fn into_output(self) -> SocketOutput {
        match self {
            Self::Text(text) => SocketOutput::SendText(text),
            Self::Binary(bytes) => SocketOutput::Send(bytes),
        }
    }
}
