//! Relative positions as Yjs writes them.

use yrs::{Assoc, ClientID, ID, IndexScope};

use crate::doc::limits::Limits;
use crate::lib0::Reader;
use crate::update_error::UpdateError;

/// Reads a relative position: an item, a root or a type, then the side (absent in old ones).
pub(crate) fn read_sticky(
    bytes: &[u8],
    limits: &Limits,
) -> Result<(IndexScope, Assoc), UpdateError> {
    let mut reader = Reader::new(bytes);
    let scope = match reader.number()? {
        0 => IndexScope::Relative(read_id(&mut reader, limits)?),
        1 => IndexScope::Root(reader.key(limits.key_bytes)?.into()),
        2 => IndexScope::Nested(read_id(&mut reader, limits)?),
        _ => return Err(reader.malformed("a position of an unknown kind")),
    };
    let negative = reader.left() > 0 && reader.byte()? & 0x40 != 0;
    reader.finish()?;
    Ok((scope, if negative { Assoc::Before } else { Assoc::After }))
}

fn read_id(reader: &mut Reader<'_>, limits: &Limits) -> Result<ID, UpdateError> {
    let client = reader.number()?;
    let clock = reader.number()?;
    match u32::try_from(clock) {
        Ok(clock) if clock < limits.clock => Ok(ID::new(ClientID::new(client), clock)),
        _ => Err(UpdateError::ClockRange { client, clock }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(IndexScope, Assoc), UpdateError> {
        read_sticky(bytes, &Limits::default())
    }

    #[test]
    fn items_roots_and_types_are_read_with_and_without_a_side() {
        let id = ID::new(ClientID::new(7), 3);
        assert_eq!(read(&[0, 7, 3, 0]), Ok((IndexScope::Relative(id), Assoc::After)));
        assert_eq!(read(&[2, 7, 3, 0x41]), Ok((IndexScope::Nested(id), Assoc::Before)));
        assert_eq!(read(&[1, 1, b't']), Ok((IndexScope::Root("t".into()), Assoc::After)));
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [
            &[][..],
            &[3, 1, 1],
            &[0, 7],
            &[0, 7, 3, 0, 0],
            &[1, 9, b't'],
            &[0, 7, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
