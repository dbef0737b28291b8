//! What goes up: the body of a `POST`, read by the server with the same code.

use crate::protocol::writer::{write_buffer, write_string, write_var_uint};
use crate::protocol::{FrameError, Reader};

/// Version of the dialect, the first number of each body.
const VERSION: u64 = 1;
const FRAME: u64 = 0;
const CLOSE: u64 = 1;

/// The body of a `POST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<'a> {
    /// Number of the last frame that came down: it need not be kept any longer.
    pub received: u64,
    /// Number of the first item, counted from 1 over the whole session.
    pub first: u64,
    /// What is sent, in order.
    pub items: Vec<Item<'a>>,
}

/// One thing that goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A frame.
    Frame(&'a [u8]),
    /// The client goes; counts whatever its number is.
    Close {
        /// 1000 or 3000–4999.
        code: u16,
        /// Its words.
        reason: &'a str,
    },
}

impl<'a> Body<'a> {
    /// Writes it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [VERSION, self.received, self.first] {
            write_var_uint(&mut out, number);
        }
        for item in &self.items {
            match item {
                Item::Frame(bytes) => {
                    write_var_uint(&mut out, FRAME);
                    write_buffer(&mut out, bytes);
                }
                Item::Close { code, reason } => {
                    write_var_uint(&mut out, CLOSE);
                    write_var_uint(&mut out, u64::from(*code));
                    write_string(&mut out, reason);
                }
            }
        }
        out
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`FrameError`] for anything else.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let mut reader = Reader::new(bytes);
        if reader.var_uint()? != VERSION {
            return Err(FrameError::Number { offset: 0 });
        }
        let (received, first) = (reader.var_uint()?, reader.var_uint()?);
        let mut items = Vec::new();
        while !reader.is_empty() {
            let offset = reader.offset();
            items.push(match reader.var_uint()? {
                FRAME => Item::Frame(reader.buffer()?),
                CLOSE => {
                    let code = u16::try_from(reader.var_uint()?);
                    let code = code.map_err(|_| FrameError::Number { offset })?;
                    Item::Close { code, reason: reader.string()? }
                }
                _ => return Err(FrameError::Number { offset }),
            });
        }
        Ok(Self { received, first, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_it_was_written_and_no_other_way() {
        let frame = [7; 200];
        let items =
            vec![Item::Frame(&frame), Item::Frame(&[]), Item::Close { code: 4901, reason: "gone" }];
        let body = Body { received: 9, first: 300, items };
        let bytes = body.encode();
        assert_eq!(Body::decode(&bytes), Ok(body));
        let whole = [3, 205, bytes.len()].map(|end| end.min(bytes.len()));
        for end in (0..bytes.len()).filter(|end| *end != 4) {
            let read = Body::decode(&bytes[..end]);
            assert!(
                read.is_err() || read.is_ok_and(|read| read.items.len() < 3),
                "{end} {whole:?}"
            );
        }
        for odd in [&[2, 0, 1][..], &[1, 0, 1, 2], &[1, 0, 1, 1, 0xff, 0xff, 0x7f, 0]] {
            assert!(Body::decode(odd).is_err(), "{odd:?}");
        }
    }
}
