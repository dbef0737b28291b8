//! Bytes → lines, by the rules of `text/event-stream` (HTML §9.2.5): CR, LF and CRLF end a line, in any mix and however
//! the bytes are cut; one byte order mark at the start is not content.

/// U+FEFF in UTF-8.
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A line or an event is larger than the reader was told to take. Nothing can be read after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} of the stream is larger than {limit} bytes")]
pub struct TooLarge {
    /// `a line` or `an event`.
    pub what: &'static str,
    /// The limit in bytes.
    pub limit: usize,
}

/// Cuts a stream of bytes into lines. Each byte is looked at once and moved at most once.
#[derive(Clone, Debug)]
pub struct Lines {
    start: Start,
    /// A CR ended the last line: an LF that follows belongs to it.
    after_cr: bool,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    limit: usize,
    steps: u64,
}

/// How much of a byte order mark has been seen.
#[derive(Clone, Copy, Debug)]
enum Start {
    Bom(usize),
    Content,
}

impl Lines {
    /// Takes lines of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { start: Start::Bom(0), after_cr: false, partial: Vec::new(), limit, steps: 0 }
    }

    /// Bytes looked at or moved since the start: the work done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes the next bytes and gives each line that ends in them, without its end, to `take`.
    ///
    /// # Errors
    /// [`TooLarge`] for a line above the limit, or what `take` says.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<(), TooLarge>,
    ) -> Result<(), TooLarge> {
        let rest = self.skip_bom(bytes, take)?;
        self.cut(rest, take)
    }

    /// What came after the last line end; a stream of events throws it away.
    pub fn rest(&self) -> &[u8] {
        &self.partial
    }

    fn skip_bom<'a>(
        &mut self,
        bytes: &'a [u8],
        take: &mut dyn FnMut(&[u8]) -> Result<(), TooLarge>,
    ) -> Result<&'a [u8], TooLarge> {
        let mut rest = bytes;
        while let Start::Bom(seen) = self.start {
            match (rest.split_first(), BOM.get(seen)) {
                (None, Some(_)) => break,
                (Some((byte, tail)), Some(mark)) if byte == mark => {
                    self.start = Start::Bom(seen + 1);
                    self.steps += 1;
                    rest = tail;
                }
                (_, None) => self.start = Start::Content,
                (Some(_), Some(_)) => {
                    self.start = Start::Content;
                    self.cut(BOM.get(..seen).unwrap_or_default(), take)?;
                }
            }
        }
        Ok(rest)
    }

    fn cut(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<(), TooLarge>,
    ) -> Result<(), TooLarge> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            let (line, tail) = rest.split_at(end);
            self.steps += line.len() as u64 + 1;
            self.finish_line(line, take)?;
            rest = match tail {
                [b'\r', b'\n', tail @ ..] => tail,
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                [_, tail @ ..] => tail,
                [] => &[],
            };
        }
        self.keep(rest)
    }

    fn finish_line(
        &mut self,
        line: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<(), TooLarge>,
    ) -> Result<(), TooLarge> {
        if self.partial.is_empty() {
            self.check(line.len())?;
            return take(line);
        }
        self.keep(line)?;
        let result = take(&self.partial);
        self.partial.clear();
        result
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        self.check(self.partial.len().saturating_add(bytes.len()))?;
        self.steps += 2 * bytes.len() as u64;
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    fn check(&self, length: usize) -> Result<(), TooLarge> {
        let limit = self.limit;
        if length > limit { Err(TooLarge { what: "a line", limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> (Vec<String>, String) {
        let mut reader = Lines::new(1 << 20);
        let mut lines = Vec::new();
        for chunk in chunks {
            let taken = reader.feed(chunk, &mut |line| {
                lines.push(String::from_utf8_lossy(line).into_owned());
                Ok(())
            });
            taken.unwrap();
        }
        (lines, String::from_utf8_lossy(reader.rest()).into_owned())
    }

    #[test]
    fn every_line_end_ends_a_line_and_a_split_pair_ends_one() {
        let expected = ["a", "b", "", "c", "", "d"].map(str::to_owned).to_vec();
        let bytes = b"a\rb\r\n\nc\n\rd\r\ne";
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(lines(&[head, tail]), (expected.clone(), "e".into()), "cut at {at}");
        }
    }

    #[test]
    fn a_cr_at_the_end_of_a_chunk_ends_the_line_at_once() {
        assert_eq!(lines(&[b"a\r"]).0, ["a"]);
        assert_eq!(lines(&[b"a\r", b"", b"\n", b"b\n"]).0, ["a", "b"]);
    }

    #[test]
    fn one_byte_order_mark_at_the_start_is_skipped_and_part_of_one_is_content() {
        assert_eq!(lines(&[b"\xef", b"\xbb", b"\xbfa\n"]).0, ["a"]);
        assert_eq!(lines(&[b"\xef\xbb\xbf\xef\xbb\xbfa\n"]).0, ["\u{feff}a"]);
        assert_eq!(lines(&[b"\xef\xbb", b"\n"]).0, ["\u{fffd}"]);
        assert_eq!(lines(&[b"a\n\xef\xbb\xbfb\n"]).0, ["a", "\u{feff}b"]);
        assert_eq!(lines(&[b"\xef\xbb\xbf"]), (vec![], String::new()));
    }

    #[test]
    fn a_line_above_the_limit_is_refused_with_or_without_its_end() {
        for bytes in [&b"12345\n"[..], b"12345"] {
            let refused = Lines::new(4).feed(bytes, &mut |_| Ok(()));
            assert_eq!(refused, Err(TooLarge { what: "a line", limit: 4 }));
        }
        assert_eq!(Lines::new(4).feed(b"1234\n1234", &mut |_| Ok(())), Ok(()));
    }
}
