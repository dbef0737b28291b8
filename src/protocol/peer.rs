//! What two of our own clients say to each other over a path, beside y-sync: a dialect behind
//! [`tag::PEER`](super::tag::PEER). Stock peers are never sent it.

use super::writer::{write_buffer, write_var_uint};
use super::{FrameError, Reader, tag};

const HELLO: u64 = 0;
const MARK: u64 = 1;
const DONE: u64 = 2;
const CHECK: u64 = 3;

/// One message of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Who speaks; said first, and again whenever it changes.
    Hello(Hello),
    /// Tell me when everything before this is yours: integrated, and on your disk if you have one.
    Mark(u64),
    /// Everything before the mark of this number is.
    Done(u64),
    /// This is the digest of everything I have; ask me if yours is another.
    Check(u64),
}

/// What a peer says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Drawn anew each time its end of the path begins; another number means that it has forgotten everything.
    pub epoch: u64,
    /// The id it writes under.
    pub client: u64,
    /// Whether it has a path to the server.
    pub server: bool,
    /// Whether it has heard ours; if not, it is said again.
    pub heard: bool,
}

impl Peer {
    /// A frame with this message alone.
    pub fn encode(self) -> Vec<u8> {
        let mut body = Vec::new();
        let (kind, number) = match self {
            Self::Hello(hello) => (HELLO, hello.epoch),
            Self::Mark(number) => (MARK, number),
            Self::Done(number) => (DONE, number),
            Self::Check(digest) => (CHECK, digest),
        };
        write_var_uint(&mut body, kind);
        write_var_uint(&mut body, number);
        if let Self::Hello(hello) = self {
            write_var_uint(&mut body, hello.client);
            write_var_uint(&mut body, hello.server.into());
            write_var_uint(&mut body, hello.heard.into());
        }
        let mut frame = Vec::with_capacity(body.len() + 2);
        write_var_uint(&mut frame, tag::PEER);
        write_buffer(&mut frame, &body);
        frame
    }

    /// Reads what stands in the buffer behind the tag; `None` for what is of the future.
    ///
    /// # Errors
    /// [`FrameError`] for a message that is cut.
    pub fn decode(body: &[u8]) -> Result<Option<Self>, FrameError> {
        let mut reader = Reader::new(body);
        let kind = reader.var_uint()?;
        if kind > CHECK {
            return Ok(None);
        }
        let number = reader.var_uint()?;
        Ok(Some(match kind {
            HELLO => Self::Hello(Hello {
                epoch: number,
                client: reader.var_uint()?,
                server: reader.var_uint()? != 0,
                heard: reader.var_uint()? != 0,
            }),
            MARK => Self::Mark(number),
            DONE => Self::Done(number),
            _ => Self::Check(number),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FrameLimits, Message, decode};

    #[test]
    fn everything_survives_the_round_trip_and_may_grow() {
        let hello =
            Hello { epoch: 1 << 40, client: u64::from(u32::MAX), server: true, heard: false };
        for sent in [Peer::Hello(hello), Peer::Mark(0), Peer::Done(7), Peer::Check(u64::MAX >> 11)]
        {
            let frame = sent.encode();
            let messages = decode(&frame, &FrameLimits::default()).unwrap();
            let [Message::Peer(body)] = messages[..] else { panic!("{messages:?}") };
            assert_eq!(Peer::decode(body), Ok(Some(sent)));
            assert_eq!(Peer::decode(&[body, &[9, 9]].concat()), Ok(Some(sent)));
            assert!(Peer::decode(&body[..body.len() - 1]).is_err());
        }
        assert_eq!(Peer::decode(&[4]), Ok(None));
    }
}
