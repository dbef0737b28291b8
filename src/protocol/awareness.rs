//! Awareness updates (y-protocols 1.0, `awareness.js`).

use super::writer::{write_string, write_var_uint};
use super::{FrameError, FrameLimits, Reader};

/// State of one client as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwarenessEntry {
    /// The client id.
    pub client: u64,
    /// Grows with each change of this client's state.
    pub clock: u32,
    /// JSON text of the state, `None` when the client is gone.
    pub state: Option<String>,
}

/// Reads an awareness update: a count, then client, clock and JSON text of each.
pub fn decode(bytes: &[u8], limits: &FrameLimits) -> Result<Vec<AwarenessEntry>, FrameError> {
    let mut reader = Reader::new(bytes);
    let count = reader.var_uint()?;
    if count > limits.awareness_entries as u64 {
        let limit = limits.awareness_entries;
        return Err(FrameError::TooMany { what: "presence states", limit });
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(read_entry(&mut reader, limits)?);
    }
    reader.finish()?;
    Ok(entries)
}

fn read_entry(reader: &mut Reader<'_>, limits: &FrameLimits) -> Result<AwarenessEntry, FrameError> {
    let client = reader.var_uint()?;
    let offset = reader.offset();
    let clock = u32::try_from(reader.var_uint()?).map_err(|_| FrameError::Number { offset })?;
    let json = reader.string()?;
    if json.len() > limits.awareness_state {
        return Err(FrameError::TooLarge { size: json.len(), limit: limits.awareness_state });
    }
    let state = (json != "null").then(|| json.to_owned());
    Ok(AwarenessEntry { client, clock, state })
}

/// Writes an awareness update.
pub fn encode(entries: &[AwarenessEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    write_var_uint(&mut out, entries.len() as u64);
    for entry in entries {
        write_var_uint(&mut out, entry.client);
        write_var_uint(&mut out, u64::from(entry.clock));
        write_string(&mut out, entry.state.as_deref().unwrap_or("null"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_the_round_trip() {
        let entries = vec![
            AwarenessEntry {
                client: (1 << 53) - 1,
                clock: u32::MAX,
                state: Some("{\"a\":1}".into()),
            },
            AwarenessEntry { client: 1, clock: 7, state: None },
        ];
        assert_eq!(decode(&encode(&entries), &FrameLimits::default()), Ok(entries));
    }

    #[test]
    fn four_bytes_that_declare_millions_of_clients_are_refused() {
        let bytes = [0xff, 0xff, 0xff, 0x0d];
        assert!(matches!(
            decode(&bytes, &FrameLimits::default()),
            Err(FrameError::TooMany { what: "presence states", .. })
        ));
    }
}
