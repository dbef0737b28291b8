//! Writing frames.

use super::awareness::{self, AwarenessEntry};
use super::tag;
use super::writer::{write_buffer, write_string, write_var_uint};

/// Asks the counterpart for what this state vector lacks.
pub fn sync_step_1(state_vector: &[u8]) -> Vec<u8> {
    sync(tag::SYNC_STEP_1, state_vector)
}

/// Answers a step 1.
pub fn sync_step_2(update: &[u8]) -> Vec<u8> {
    sync(tag::SYNC_STEP_2, update)
}

/// A live update.
pub fn update(update: &[u8]) -> Vec<u8> {
    sync(tag::UPDATE, update)
}

/// Awareness states.
pub fn awareness(entries: &[AwarenessEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    write_var_uint(&mut out, tag::AWARENESS);
    write_buffer(&mut out, &awareness::encode(entries));
    out
}

/// Signaling of peers.
pub fn signal(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 6);
    write_var_uint(&mut out, tag::SIGNAL);
    write_string(&mut out, text);
    out
}

/// The most that a sync frame has besides its payload, whose length takes at most ten bytes.
pub const SYNC_HEADER: usize = 12;

fn sync(step: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + SYNC_HEADER);
    write_var_uint(&mut out, tag::SYNC);
    write_var_uint(&mut out, step);
    write_buffer(&mut out, payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_equal_those_captured_from_stock_clients() {
        assert_eq!(sync_step_1(&[0]), [0, 0, 1, 0]);
        assert_eq!(sync_step_2(&[0, 0]), [0, 1, 2, 0, 0]);
        let gone = AwarenessEntry { client: 5, clock: 0, state: None };
        assert_eq!(awareness(&[gone]), [1, 8, 1, 5, 0, 4, b'n', b'u', b'l', b'l']);
    }
}
