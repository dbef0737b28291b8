//! Messages a server refused as too large: sent again, they would only close the next link.

use super::message::Message;

/// Most messages remembered.
const MOST: usize = 64;

/// What was sent on this link, and what must not go again.
#[derive(Debug, Default)]
pub struct Quarantine {
    largest: Option<Fingerprint>,
    refused: Vec<Fingerprint>,
}

/// Enough of a message to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    len: usize,
    hash: u64,
}

impl Quarantine {
    /// A new link.
    pub fn reset(&mut self) {
        self.largest = None;
    }

    /// A message goes.
    pub fn note(&mut self, message: &Message) {
        if self.largest.is_none_or(|largest| message.len() > largest.len) {
            self.largest = Some(Fingerprint::of(message));
        }
    }

    /// The server refused a message as too large: the largest of this link is the one. Returns its length.
    pub fn refuse(&mut self) -> Option<usize> {
        let largest = self.largest.take()?;
        if self.refused.len() == MOST {
            self.refused.remove(0);
        }
        self.refused.push(largest);
        Some(largest.len)
    }

    /// Whether this very message was refused.
    pub fn holds(&self, message: &Message) -> bool {
        self.refused
            .iter()
            .any(|refused| refused.len == message.len() && *refused == Fingerprint::of(message))
    }
}

impl Fingerprint {
    /// FNV-1a.
    fn of(message: &Message) -> Self {
        let seed = match message {
            Message::Text(_) => 0xcbf2_9ce4_8422_2325,
            Message::Binary(_) => 0x8422_2325_cbf2_9ce4,
        };
        let hash = message
            .bytes()
            .iter()
            .fold(seed, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        Self { len: message.len(), hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Message {
        Message::Text("x".repeat(len))
    }

    #[test]
    fn the_largest_message_of_the_link_is_not_sent_again_and_others_are() {
        let mut quarantine = Quarantine::default();
        for len in [3, 900, 12] {
            quarantine.note(&text(len));
        }
        assert_eq!(quarantine.refuse(), Some(900));
        assert!(quarantine.holds(&text(900)));
        assert!(!quarantine.holds(&text(12)));
        assert!(!quarantine.holds(&Message::Binary(vec![b'x'; 900])));
        assert!(!quarantine.holds(&Message::Text("y".repeat(900))));
        assert_eq!(quarantine.refuse(), None, "nothing was sent since");
    }

    #[test]
    fn what_an_earlier_link_sent_is_not_blamed_and_the_memory_is_bounded() {
        let mut quarantine = Quarantine::default();
        quarantine.note(&text(5));
        quarantine.reset();
        assert_eq!(quarantine.refuse(), None);
        for len in 1..=1_000 {
            quarantine.note(&text(len));
            quarantine.refuse();
        }
        assert_eq!(quarantine.refused.len(), MOST);
        assert!(quarantine.holds(&text(1_000)));
    }
}
