//! How a server stands to a client, and whether it is still the one that the client knew: a dialect of our own behind
//! [`tag::STANDING`](super::tag::STANDING). The server's greeting rides behind its y-sync messages, in the same frame: who
//! reads one message a frame, as y-websocket's client does, never sees it. Everything else is said only to who has
//! answered a greeting. Questions and answers have numbers of their own: the echo of a naive relay is no answer.

use super::writer::{write_buffer, write_var_uint};
use super::{FrameError, Reader, tag};

const HELLO: u64 = 1;
const GREET: u64 = 2;
const CHECK: u64 = 3;
const GREETING: u64 = 16;
const REFUSED: u64 = 17;
const PRINT: u64 = 18;

/// What a client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// I have read the greeting, and know this dialect.
    Hello,
    /// Greet me again.
    Greet,
    /// I have this id; what do you show, read by this outline of the document's roots?
    Check(u64, &'a [u8]),
}

/// What a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement<'a> {
    /// Who I am, and what you may do.
    Greeting(Greeting),
    /// I do not take this update of yours, and why.
    Refused(&'a str),
    /// What I show.
    Print(Print),
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Drawn when its store was made: another number is another history. 0 where it keeps nothing.
    pub epoch: u64,
    /// What the client may do.
    pub access: Access,
}

/// What a client may do with the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and write.
    Write,
    /// Read.
    Read,
}

/// What a replica has, in short. Two with the same digest and another hash have diverged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// Id of the client that asked.
    pub client: u64,
    /// Of the ids of all units and deletions.
    pub digest: u64,
    /// Of what the roots show; 53 bits, as numbers on the wire.
    pub hash: u64,
}

impl<'a> Question<'a> {
    /// A frame with this message alone.
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Hello => frame(&[HELLO], None),
            Self::Greet => frame(&[GREET], None),
            Self::Check(client, outline) => frame(&[CHECK, client], Some(outline)),
        }
    }

    /// Reads what stands in the buffer behind the tag; `None` for what is of the future, or a server's.
    ///
    /// # Errors
    /// [`FrameError`] for a message that is cut.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, FrameError> {
        let mut reader = Reader::new(body);
        Ok(Some(match reader.var_uint()? {
            HELLO => Self::Hello,
            GREET => Self::Greet,
            CHECK => Self::Check(reader.var_uint()?, reader.buffer()?),
            _ => return Ok(None),
        }))
    }
}

impl<'a> Statement<'a> {
    /// A frame with this message alone; it may also stand behind those of another frame.
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Greeting(Greeting { epoch, access }) => {
                frame(&[GREETING, epoch, (access == Access::Read).into()], None)
            }
            Self::Refused(reason) => frame(&[REFUSED], Some(reason.as_bytes())),
            Self::Print(Print { client, digest, hash }) => {
                frame(&[PRINT, client, digest, hash], None)
            }
        }
    }

    /// Reads what stands in the buffer behind the tag; `None` for what is of the future, or a client's.
    ///
    /// # Errors
    /// [`FrameError`] for a message that is cut.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, FrameError> {
        let mut reader = Reader::new(body);
        Ok(Some(match reader.var_uint()? {
            GREETING => Self::Greeting(Greeting {
                epoch: reader.var_uint()?,
                access: if reader.var_uint()? == 0 { Access::Write } else { Access::Read },
            }),
            REFUSED => Self::Refused(reader.string()?),
            PRINT => Self::Print(Print {
                client: reader.var_uint()?,
                digest: reader.var_uint()?,
                hash: reader.var_uint()?,
            }),
            _ => return Ok(None),
        }))
    }
}

/// Numbers, and a buffer or none behind them.
fn frame(numbers: &[u64], buffer: Option<&[u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    numbers.iter().for_each(|number| write_var_uint(&mut body, *number));
    if let Some(buffer) = buffer {
        write_buffer(&mut body, buffer);
    }
    let mut frame = Vec::new();
    write_var_uint(&mut frame, tag::STANDING);
    write_buffer(&mut frame, &body);
    frame
}

#[cfg(test)]
mod tests {
    use super::super::{FrameLimits, Message, decode, encode};
    use super::*;

    const QUESTIONS: [Question<'_>; 3] =
        [Question::Hello, Question::Greet, Question::Check(9, &[1, b't', 0])];
    const STATEMENTS: [Statement<'_>; 4] = [
        Statement::Greeting(Greeting { epoch: (1 << 53) - 1, access: Access::Write }),
        Statement::Greeting(Greeting { epoch: 0, access: Access::Read }),
        Statement::Refused("no"),
        Statement::Print(Print { client: 9, digest: 1, hash: (1 << 53) - 1 }),
    ];

    fn body(frame: &[u8]) -> Vec<u8> {
        let behind = [encode::sync_step_1(&[0]), frame.to_vec()].concat();
        let messages = decode(&behind, &FrameLimits::default()).unwrap_or_default();
        let [Message::SyncStep1([0]), Message::Standing(body)] = messages[..] else {
            panic!("{messages:?}")
        };
        body.to_vec()
    }

    #[test]
    fn messages_are_read_as_they_were_written_behind_others_and_by_those_they_are_for() {
        for question in QUESTIONS {
            let body = body(&question.encode());
            assert_eq!(Question::decode(&body), Ok(Some(question)));
            assert_eq!(Statement::decode(&body), Ok(None));
        }
        for statement in STATEMENTS {
            let body = body(&statement.encode());
            assert_eq!(Statement::decode(&body), Ok(Some(statement)));
            assert_eq!(Question::decode(&body), Ok(None));
        }
    }

    #[test]
    fn what_is_cut_is_an_error_and_fields_of_the_future_are_left_out() {
        assert_eq!(Statement::decode(&[16, 5, 0, 7, 7]), Statement::decode(&[16, 5, 0]));
        for cut in [&[][..], &[16], &[16, 5], &[17, 9, b'x'], &[18, 1, 1]] {
            assert!(Statement::decode(cut).is_err(), "{cut:?}");
        }
        assert!(Question::decode(&[3, 1]).is_err());
    }
}
