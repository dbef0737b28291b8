//! Puts packets and the bytes that follow them together.

use super::packet::{Fault, MOST_PLACES, Packet};

/// Limits of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// Bytes of its text and all attachments.
    pub bytes: usize,
    /// Attachments.
    pub attachments: usize,
}

impl Default for PacketLimits {
    fn default() -> Self {
        Self { bytes: 64 << 20, attachments: 256 }
    }
}

/// A packet with all its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The packet.
    pub packet: Packet,
    /// Bytes, by the numbers of their places.
    pub attachments: Vec<Vec<u8>>,
}

/// The packet that waits for its bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: PacketLimits,
    waiting: Option<Whole>,
    /// Bytes of the packet that waits.
    size: usize,
}

impl Decoder {
    /// A decoder with nothing in it.
    pub fn new(limits: PacketLimits) -> Self {
        let attachments = limits.attachments.min(MOST_PLACES);
        Self { limits: PacketLimits { attachments, ..limits }, waiting: None, size: 0 }
    }

    /// Forgets a packet that waits: its link is gone.
    pub fn reset(&mut self) {
        self.waiting = None;
        self.size = 0;
    }

    /// Takes a packet's text; returns it if nothing is to follow.
    ///
    /// # Errors
    /// If it is no packet, too large, or comes where bytes are due.
    pub fn handle_text(&mut self, text: &str) -> Result<Option<Whole>, Fault> {
        if self.waiting.is_some() {
            return Err(Fault("in place of the bytes of the one before"));
        }
        if text.len() > self.limits.bytes {
            return Err(TOO_LARGE);
        }
        let packet = Packet::decode(text)?;
        if packet.attachments > self.limits.attachments {
            return Err(Fault("with more attachments than are taken"));
        }
        let whole = Whole { packet, attachments: Vec::new() };
        if whole.packet.attachments == 0 {
            return Ok(Some(whole));
        }
        self.size = text.len();
        self.waiting = Some(whole);
        Ok(None)
    }

    /// Takes one attachment; returns the packet if it was the last.
    ///
    /// # Errors
    /// If none is due, or the packet becomes too large.
    pub fn handle_bytes(&mut self, bytes: Vec<u8>) -> Result<Option<Whole>, Fault> {
        let Some(mut whole) = self.waiting.take() else {
            return Err(Fault("in bytes that no packet announced"));
        };
        self.size = self.size.saturating_add(bytes.len());
        if self.size > self.limits.bytes {
            return Err(TOO_LARGE);
        }
        whole.attachments.push(bytes);
        if whole.attachments.len() == whole.packet.attachments {
            return Ok(Some(whole));
        }
        self.waiting = Some(whole);
        Ok(None)
    }
}

const TOO_LARGE: Fault = Fault("that is larger than is taken (maxReceive)");

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"52-["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;

    #[test]
    fn a_packet_is_whole_with_its_last_attachment() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.handle_text(TWO), Ok(None));
        assert_eq!(decoder.handle_bytes(vec![1]), Ok(None));
        let whole = decoder.handle_bytes(vec![2, 3]).unwrap().unwrap();
        assert_eq!(whole.attachments, [vec![1], vec![2, 3]]);
        assert_eq!(decoder.handle_text(r#"2["b"]"#).unwrap().unwrap().attachments, [[0; 0]; 0]);
    }

    #[test]
    fn text_where_bytes_are_due_and_bytes_that_nobody_announced_are_refused() {
        let mut decoder = Decoder::default();
        assert!(decoder.handle_bytes(vec![1]).is_err());
        assert_eq!(decoder.handle_text(TWO), Ok(None));
        assert!(decoder.handle_text(r#"2["b"]"#).is_err());
        decoder.reset();
        assert!(decoder.handle_text(r#"2["b"]"#).is_ok());
    }

    #[test]
    fn size_and_number_of_attachments_are_limited() {
        let mut decoder = Decoder::new(PacketLimits { bytes: 100, attachments: 1 });
        assert!(decoder.handle_text(TWO).is_err());
        let mut decoder = Decoder::new(PacketLimits { bytes: 100, attachments: 2 });
        assert_eq!(decoder.handle_text(TWO), Ok(None));
        assert!(decoder.handle_bytes(vec![0; 100]).is_err());
        assert!(decoder.handle_text(&format!(r#"2["{}"]"#, "x".repeat(100))).is_err());
    }
}
