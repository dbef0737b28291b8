//! That both ends of a connection know the room's key, and see the same two certificates: a signaling server that puts
//! itself between two peers has certificates of its own (RFC 8827 §5.6).

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// Bytes that SHA-256 works on at a time (RFC 2104 §2).
const BLOCK: usize = 64;

/// One end of a connection as it is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End<'a> {
    /// The peer's instance.
    pub instance: &'a str,
    /// Fingerprint of its certificate.
    pub fingerprint: &'a str,
}

/// What `from` says to `to` to prove that it knows `key`.
pub fn prove(key: &[u8], from: End<'_>, to: End<'_>) -> String {
    let parts = [from.instance, from.fingerprint, to.instance, to.fingerprint];
    let text = parts.map(|part| format!("{}:{part}", part.len())).join(" ");
    Base64UrlUnpadded::encode_string(&hmac(key, text.as_bytes()))
}

/// Whether `proof` is what `from` has to say, in a time that tells nothing.
pub fn verify(key: &[u8], from: End<'_>, to: End<'_>, proof: &str) -> bool {
    let wanted = prove(key, from, to);
    let differ = wanted.bytes().zip(proof.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    wanted.len() == proof.len() && differ == 0
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    let hashed: [u8; 32];
    let short = if key.len() > BLOCK {
        hashed = Sha256::digest(key).into();
        &hashed[..]
    } else {
        key
    };
    block.iter_mut().zip(short).for_each(|(byte, key)| *byte = *key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231 §4.3 and §4.7.
    #[test]
    fn the_code_is_that_of_the_standard() {
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert!(hex(&short).starts_with("5bdcc146bf60754e6a042426089575c7"));
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert!(hex(&hmac(&[0xaa; 131], text)).starts_with("60e431591ee0b67f0d8a26aacbf5b77f"));
    }

    #[test]
    fn a_proof_holds_for_its_key_its_certificates_and_its_direction_only() {
        let (a, b) =
            (End { instance: "a", fingerprint: "1" }, End { instance: "b", fingerprint: "2" });
        let proof = prove(b"key", a, b);
        assert!(verify(b"key", a, b, &proof));
        assert!(!verify(b"other", a, b, &proof));
        assert!(!verify(b"key", b, a, &proof));
        assert!(!verify(b"key", a, End { instance: "b", fingerprint: "3" }, &proof));
        assert!(!verify(b"key", a, b, ""));
    }
}
