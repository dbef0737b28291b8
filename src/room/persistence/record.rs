//! One record of the log: what it is, who wrote it, a checksum, the bytes.
//!
//! ```text
//! version u8 │ kind u8 │ boot u64 LE │ loaded u64 LE │ crc32c u32 LE │ payload
//! ```

use crc::{CRC_32_ISCSI, Crc, Table};

const VERSION: u8 = 1;
const HEADER: usize = 22;
const CRC32C: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// An update made here, V1.
    Local,
    /// An update learnt from elsewhere, V1.
    Remote,
    /// What the server had not returned when this was written.
    Acknowledgement,
    /// The whole document, with what the server had not returned.
    Snapshot,
    /// A message written here.
    Message,
    /// Ids of messages that no longer wait for the server.
    MessagesDone,
    /// A snapshot, with the messages that waited for the server.
    SnapshotWithMessages,
    /// The epoch of the server that this replica belongs to.
    Epoch,
}

impl RecordKind {
    /// Whether it holds the whole document.
    pub fn is_snapshot(self) -> bool {
        matches!(self, Self::Snapshot | Self::SnapshotWithMessages)
    }
}

/// A decoded record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it holds.
    pub kind: RecordKind,
    /// Which run of the client wrote it.
    pub boot: u64,
    /// Last key of the log when that run had loaded it: it knew everything up to there, and its own.
    pub loaded: u64,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Shorter than its header, or of an unknown kind.
    #[error("a stored record is malformed")]
    Malformed,
    /// Written by a newer version.
    #[error("a stored record has version {0}, this client reads {VERSION}")]
    Version(u8),
    /// The checksum does not fit.
    #[error("a stored record is damaged")]
    Damaged,
}

impl Record {
    /// The bytes to store.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + self.payload.len());
        out.push(VERSION);
        out.push(match self.kind {
            RecordKind::Local => 0,
            RecordKind::Remote => 1,
            RecordKind::Acknowledgement => 2,
            RecordKind::Snapshot => 3,
            RecordKind::Message => 4,
            RecordKind::MessagesDone => 5,
            RecordKind::SnapshotWithMessages => 6,
            RecordKind::Epoch => 7,
        });
        out.extend_from_slice(&self.boot.to_le_bytes());
        out.extend_from_slice(&self.loaded.to_le_bytes());
        let checksum = checksum(&out, &self.payload);
        out.extend_from_slice(&checksum.to_le_bytes());
        out.extend_from_slice(&self.payload);
        out
    }

    /// Whether the run that wrote this knew the *earlier* record `key` of run `boot`.
    pub fn knew(&self, key: u64, boot: u64) -> bool {
        key <= self.loaded || boot == self.boot
    }

    /// Reads stored bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let (head, rest) = bytes.split_first_chunk::<18>().ok_or(RecordError::Malformed)?;
        let (sum, payload) = rest.split_first_chunk::<4>().ok_or(RecordError::Malformed)?;
        let [version, kind, b0, b1, b2, b3, b4, b5, b6, b7, loaded @ ..] = head;
        let boot = u64::from_le_bytes([*b0, *b1, *b2, *b3, *b4, *b5, *b6, *b7]);
        if *version != VERSION {
            return Err(RecordError::Version(*version));
        }
        if u32::from_le_bytes(*sum) != checksum(head, payload) {
            return Err(RecordError::Damaged);
        }
        let kind = match kind {
            0 => RecordKind::Local,
            1 => RecordKind::Remote,
            2 => RecordKind::Acknowledgement,
            3 => RecordKind::Snapshot,
            4 => RecordKind::Message,
            5 => RecordKind::MessagesDone,
            6 => RecordKind::SnapshotWithMessages,
            7 => RecordKind::Epoch,
            _ => return Err(RecordError::Malformed),
        };
        let loaded = u64::from_le_bytes(*loaded);
        Ok(Self { kind, boot, loaded, payload: payload.to_vec() })
    }
}

fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    let mut digest = CRC32C.digest();
    digest.update(head);
    digest.update(payload);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_round_trip() {
        let record = Record {
            kind: RecordKind::Remote,
            boot: u64::MAX - 3,
            loaded: 42,
            payload: vec![1, 2, 3],
        };
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let bytes =
            Record { kind: RecordKind::Local, boot: 7, loaded: 0, payload: vec![9; 20] }.encode();
        for end in 0..bytes.len() {
            assert!(Record::decode(&bytes[..end]).is_err(), "prefix of {end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::decode(&damaged).is_err(), "bit {bit}");
        }
    }
}
