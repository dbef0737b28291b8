//! The primitives of lib0 that we write.

/// Writes a number in seven bits a byte, lowest first (lib0 `varUint`).
pub(crate) fn write_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a number and its sign, which zero has too (lib0 `varInt`).
#[cfg(feature = "codec")]
pub(crate) fn write_signed(out: &mut Vec<u8>, negative: bool, value: u64) {
    let more = if value >= 0x40 { 0x80 } else { 0 };
    let sign = if negative { 0x40 } else { 0 };
    out.push((value & 0x3f) as u8 | sign | more);
    if more != 0 {
        write_number(out, value >> 6);
    }
}

/// Writes bytes behind their count (lib0 `varUint8Array`, and `varString` for UTF-8).
#[cfg(feature = "codec")]
pub(crate) fn write_buffer(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::write_number;

    fn written(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        write_number(&mut out, value);
        out
    }

    #[test]
    fn numbers_take_as_few_bytes_as_they_can() {
        assert_eq!(written(0), [0]);
        assert_eq!(written(127), [127]);
        assert_eq!(written(300), [0xac, 0x02]);
        assert_eq!(written((1 << 53) - 1).len(), 8);
    }
}
