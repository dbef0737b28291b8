//! A record as it is stored: CRC-32 of the update, little-endian, then the update.

/// Puts a checksum before an update.
pub(super) fn seal(update: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(update.len() + 4);
    stored.extend_from_slice(&crc32fast::hash(update).to_le_bytes());
    stored.extend_from_slice(update);
    stored
}

/// The update, if its checksum holds.
pub(super) fn open(stored: &[u8]) -> Option<&[u8]> {
    let (checksum, update) = stored.split_first_chunk::<4>()?;
    (crc32fast::hash(update) == u32::from_le_bytes(*checksum)).then_some(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let stored = seal(b"an update");
        assert_eq!(open(&stored), Some(b"an update".as_slice()));
        for bit in 0..stored.len() * 8 {
            let mut damaged = stored.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&damaged), None, "bit {bit}");
        }
        for end in 0..stored.len() {
            assert_eq!(open(&stored[..end]), None, "{end} bytes");
        }
    }
}
