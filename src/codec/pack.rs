//! Columns of V2, written. See [`super::column`].

use std::collections::BTreeMap;

use crate::lib0::{write_buffer, write_number, write_signed};

/// See [`super::column::Bytes`].
#[derive(Debug, Default)]
pub(super) struct Bytes {
    out: Vec<u8>,
    run: Option<(u8, u64)>,
}

impl Bytes {
    pub(super) fn push(&mut self, value: u8) {
        match &mut self.run {
            Some((same, count)) if *same == value => *count += 1,
            run => {
                if let Some((_, count)) = run {
                    write_number(&mut self.out, *count - 1);
                }
                self.out.push(value);
                *run = Some((value, 1));
            }
        }
    }

    /// The last run has no end.
    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// See [`super::column::Numbers`].
#[derive(Debug, Default)]
pub(super) struct Numbers {
    out: Vec<u8>,
    value: u64,
    count: u64,
}

impl Numbers {
    pub(super) fn push(&mut self, value: u64) {
        if self.count == 0 || self.value != value {
            self.flush();
            self.value = value;
        }
        self.count += 1;
    }

    fn flush(&mut self) {
        if self.count > 0 {
            write_signed(&mut self.out, self.count > 1, self.value);
        }
        if self.count > 1 {
            write_number(&mut self.out, self.count - 2);
        }
        self.count = 0;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out
    }
}

/// See [`super::column::Differences`].
#[derive(Debug, Default)]
pub(super) struct Differences {
    out: Vec<u8>,
    value: i64,
    step: i64,
    count: u64,
}

impl Differences {
    pub(super) fn push(&mut self, value: u64) {
        let value = value as i64;
        let step = value - self.value;
        if self.count == 0 || self.step != step {
            self.flush();
            self.step = step;
        }
        self.value = value;
        self.count += 1;
    }

    fn flush(&mut self) {
        if self.count > 0 {
            let coded = self.step * 2 + i64::from(self.count > 1);
            write_signed(&mut self.out, coded < 0, coded.unsigned_abs());
        }
        if self.count > 1 {
            write_number(&mut self.out, self.count - 2);
        }
        self.count = 0;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out
    }
}

/// See [`super::column::Strings`].
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    lengths: Numbers,
}

impl Strings {
    pub(super) fn push(&mut self, text: &str) {
        self.lengths.push(text.chars().map(|char| char.len_utf16() as u64).sum());
        self.text.push_str(text);
    }

    pub(super) fn size(&self) -> usize {
        self.text.len()
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut out = Vec::new();
        write_buffer(&mut out, self.text.as_bytes());
        out.extend(self.lengths.finish());
        out
    }
}

/// See [`super::column::Names`].
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: Differences,
    known: BTreeMap<String, u64>,
}

impl Names {
    pub(super) fn push(&mut self, name: &str, strings: &mut Strings) {
        if let Some(known) = self.known.get(name) {
            self.numbers.push(*known);
            return;
        }
        let next = self.known.len() as u64;
        self.known.insert(name.to_owned(), next);
        self.numbers.push(next);
        strings.push(name);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.numbers.finish()
    }
}
