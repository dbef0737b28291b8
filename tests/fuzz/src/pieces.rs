//! One input as several: each behind its length in two bytes, which may lie.

/// Writes pieces.
pub(crate) fn join<B: AsRef<[u8]>>(pieces: &[B]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        let piece = piece.as_ref();
        out.extend_from_slice(&(piece.len().min(0xffff) as u16).to_le_bytes());
        out.extend_from_slice(&piece[..piece.len().min(0xffff)]);
    }
    out
}

/// Reads pieces: a length beyond the end takes what there is.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
