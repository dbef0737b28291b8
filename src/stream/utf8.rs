//! UTF-8 that comes in pieces, as text; what is not UTF-8 becomes U+FFFD (Encoding §4.5).

/// Holds back the beginning of a character whose end has not come.
#[derive(Clone, Debug, Default)]
pub struct Utf8 {
    held: Vec<u8>,
    started: bool,
}

impl Utf8 {
    /// The text of everything that is complete after these bytes. A byte order mark at the start is none of it.
    pub fn feed(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let (whole, rest) = all.split_at(all.len() - unfinished(&all));
        self.held = rest.to_vec();
        self.text(whole)
    }

    /// The text of what never became complete.
    pub fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        self.text(&held)
    }

    fn text(&mut self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let skip = !self.started;
        self.started |= !bytes.is_empty();
        match text.strip_prefix('\u{feff}') {
            Some(rest) if skip => rest.to_owned(),
            _ => text.into_owned(),
        }
    }
}

/// Length of a beginning at the end that further bytes may complete.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = bytes.len().min(3);
    (1..=tail)
        .find(|back| {
            let end = bytes.get(bytes.len() - back..).unwrap_or_default();
            // `error_len` is `None` exactly where more bytes may complete the character.
            std::str::from_utf8(end)
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_gives_the_same_text() {
        let samples: [&[u8]; 6] = [
            "aé€😀z".as_bytes(),
            b"\xef\xbb\xbfa\xef\xbb\xbfb",
            b"a\xe2\x82b\xff\xf0\x9f\x98",
            b"\xe2",
            b"\xf0\x90\x80",
            b"",
        ];
        for bytes in samples {
            let whole = String::from_utf8_lossy(bytes);
            let expected = whole.strip_prefix('\u{feff}').unwrap_or(&whole);
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let mut reader = Utf8::default();
                    let mut text = reader.feed(&bytes[..first]);
                    text += &reader.feed(&bytes[first..second]);
                    text += &reader.feed(&bytes[second..]);
                    text += &reader.finish();
                    assert_eq!(text, expected, "{bytes:?} cut at {first} and {second}");
                }
            }
        }
    }
}
