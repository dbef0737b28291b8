//! lib0 primitives, written (lib0 0.2, `encoding.js`).

/// A number of 7 bits a byte.
pub fn write_var_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A length and the bytes.
pub fn write_buffer(out: &mut Vec<u8>, bytes: &[u8]) {
    write_var_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A length and the UTF-8 bytes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    write_buffer(out, text.as_bytes());
}
