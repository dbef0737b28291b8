//! State vectors: per writer, how far a replica knows.

use yrs::{ClientID, StateVector};

use super::{index, write_number};
use crate::doc::limits::Limits;
use crate::lib0::Reader;
use crate::update_error::UpdateError;

/// Reads a V1 state vector, never allocating for more entries than there are bytes.
pub(crate) fn read_state_vector(bytes: &[u8], limits: &Limits) -> Result<StateVector, UpdateError> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(2, "more writers than bytes")?;
    if count > limits.clients {
        return Err(UpdateError::TooMany { what: "writers", limit: limits.clients });
    }
    let mut vector = StateVector::default();
    for _ in 0..count {
        let client = reader.number()?;
        let clock = reader.number()?;
        let id = ClientID::new(client);
        if vector.contains_client(&id) {
            return Err(reader.unsupported("one writer twice"));
        }
        match u32::try_from(clock) {
            Ok(clock) if clock <= limits.clock => vector.set_max(id, clock),
            _ => return Err(UpdateError::ClockRange { client, clock }),
        }
    }
    reader.finish()?;
    Ok(vector)
}

/// Writes clocks as a V1 state vector, higher clients first as Yjs does.
pub(crate) fn write_state_vector(clocks: impl DoubleEndedIterator<Item = (u64, u32)>) -> Vec<u8> {
    let clocks: Vec<_> = clocks.rev().filter(|(_, clock)| *clock > 0).collect();
    let mut out = Vec::with_capacity(clocks.len() * 8 + 2);
    write_number(&mut out, u64::from(index(clocks.len())));
    for (client, clock) in clocks {
        write_number(&mut out, client);
        write_number(&mut out, u64::from(clock));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<StateVector, UpdateError> {
        read_state_vector(bytes, &Limits::default())
    }

    #[test]
    fn a_written_vector_reads_back() {
        let clocks = [(1, 5), (77, 300), ((1 << 53) - 1, 1 << 29)];
        let vector = read(&write_state_vector(clocks.into_iter())).unwrap_or_default();
        assert_eq!(vector.len(), 3);
        for (client, clock) in clocks {
            assert_eq!(vector.get(&ClientID::new(client)), clock);
        }
        assert_eq!(write_state_vector([].into_iter()), [0]);
    }

    #[test]
    fn four_bytes_that_declare_thirty_million_writers_are_refused() {
        assert!(matches!(read(&[0x80, 0x87, 0xa7, 0x0e]), Err(UpdateError::Malformed { .. })));
    }

    #[test]
    fn a_writer_twice_a_cut_and_a_tail_are_refused() {
        assert!(read(&[2, 1, 1, 1, 2]).is_err());
        assert!(read(&[1, 1]).is_err());
        assert!(read(&[1, 1, 1, 0]).is_err());
        assert!(read(&[1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        assert!(read(&[0]).is_ok());
    }
}
