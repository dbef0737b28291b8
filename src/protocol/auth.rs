//! Tokens inside the protocol: a dialect of our own behind [`tag::TOKEN`](super::tag::TOKEN). A client that was not told
//! to show its token this way asks first, so that no server gets one it did not ask for. Questions and answers have
//! numbers of their own: the echo of a naive relay is no answer.

use super::writer::{write_buffer, write_string, write_var_uint};
use super::{FrameError, Reader, tag};

const ASK: u64 = 1;
const SHOW: u64 = 2;
const ADMIT: u64 = 129;
const REFUSE: u64 = 130;

/// One message of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth<'a> {
    /// Client: would you take a fresh token here? Answered by [`Self::Admitted`].
    Ask,
    /// Client: this is my token. Answered by [`Self::Admitted`] or [`Self::Refused`].
    Show(&'a str),
    /// Server: you may stay for so many milliseconds, 0 for ever; a fresh token is taken here.
    Admitted(u64),
    /// Server: you may not, and why; the link is closed with 4401 behind it.
    Refused(&'a str),
}

impl<'a> Auth<'a> {
    /// A frame with this message alone.
    pub fn encode(self) -> Vec<u8> {
        let mut body = Vec::new();
        match self {
            Self::Ask => write_var_uint(&mut body, ASK),
            Self::Show(token) => {
                write_var_uint(&mut body, SHOW);
                write_string(&mut body, token);
            }
            Self::Admitted(millis) => {
                write_var_uint(&mut body, ADMIT);
                write_var_uint(&mut body, millis);
            }
            Self::Refused(reason) => {
                write_var_uint(&mut body, REFUSE);
                write_string(&mut body, reason);
            }
        }
        let mut frame = Vec::with_capacity(body.len() + 4);
        write_var_uint(&mut frame, tag::TOKEN);
        write_buffer(&mut frame, &body);
        frame
    }

    /// Reads what stands in the buffer behind the tag; `None` for what is of the future.
    ///
    /// # Errors
    /// [`FrameError`] for a message that is cut.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, FrameError> {
        let mut reader = Reader::new(body);
        Ok(Some(match reader.var_uint()? {
            ASK => Self::Ask,
            SHOW => Self::Show(reader.string()?),
            ADMIT => Self::Admitted(reader.var_uint()?),
            REFUSE => Self::Refused(reader.string()?),
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FrameLimits, Message, decode};
    use super::*;

    #[test]
    fn messages_are_read_as_they_were_written() {
        for auth in [Auth::Ask, Auth::Show("a.b.c"), Auth::Admitted(90_000), Auth::Refused("no")] {
            let frame = auth.encode();
            let messages = decode(&frame, &FrameLimits::default()).unwrap_or_default();
            let [Message::Token(body)] = messages[..] else { panic!("{messages:?}") };
            assert_eq!(Auth::decode(body), Ok(Some(auth)));
        }
        assert_eq!(Auth::decode(&[99, 1, 2]), Ok(None));
        assert!(Auth::decode(&[2, 9, b'x']).is_err());
    }
}
