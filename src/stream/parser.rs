//! `text/event-stream` → events, by the rules of HTML §9.2.6 to the letter.

use super::lines::{Lines, TooLarge};

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name; `message` where the server gave none.
    pub event: String,
    /// Its data lines, joined by LF.
    pub data: String,
    /// The last event id when it was dispatched.
    pub id: String,
    /// Whether its own block had an `id` field.
    pub own_id: bool,
}

/// What a parser found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event(Message),
    /// A block that has an id and no data: the stream is at this place.
    Id(String),
    /// The server asks for this wait, in milliseconds, before a reconnect.
    Retry(u64),
}

/// Largest line and event a parser takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A line without its end.
    pub line: usize,
    /// The data of an event.
    pub event: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 16 << 20, event: 16 << 20 }
    }
}

/// Reads one response. What it has not finished at the end of the stream is thrown away, as the rules say.
#[derive(Clone, Debug)]
pub struct Parser {
    lines: Lines,
    block: Block,
}

impl Parser {
    /// A parser at the start of a response to a request that named `last_event_id`.
    pub fn new(limits: Limits, last_event_id: &str) -> Self {
        Self { lines: Lines::new(limits.line), block: Block::new(limits.event, last_event_id) }
    }

    /// Takes the next bytes; what they complete is put at the end of `items`, also if an error follows it.
    ///
    /// # Errors
    /// [`TooLarge`]; the parser is of no use any more.
    pub fn feed(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), TooLarge> {
        let Self { lines, block } = self;
        lines.feed(bytes, &mut |line| block.take(line, items))
    }

    /// The id to name in the next request: that of the last complete block which had one.
    pub fn last_event_id(&self) -> &str {
        &self.block.last_event_id
    }

    /// The id of the block that has begun, which may never end.
    pub(super) fn begun_id(&self) -> &str {
        &self.block.id
    }

    /// Bytes looked at or moved since the start: the work done.
    pub fn steps(&self) -> u64 {
        self.lines.steps() + self.block.steps
    }
}

/// The fields since the last blank line.
#[derive(Clone, Debug)]
struct Block {
    event: String,
    data: String,
    /// The rules call it the last event id buffer: it outlives the block.
    id: String,
    own_id: bool,
    last_event_id: String,
    limit: usize,
    steps: u64,
}

impl Block {
    fn new(limit: usize, last_event_id: &str) -> Self {
        let id = last_event_id.to_owned();
        Self {
            event: String::new(),
            data: String::new(),
            last_event_id: id.clone(),
            id,
            own_id: false,
            limit,
            steps: 0,
        }
    }

    fn take(&mut self, line: &[u8], items: &mut Vec<Item>) -> Result<(), TooLarge> {
        if line.is_empty() {
            self.dispatch(items);
            return Ok(());
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        self.steps += colon as u64;
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => return self.append(value),
            b"event" => self.event = self.text(value),
            b"id" if !value.contains(&0) => {
                self.id = self.text(value);
                self.own_id = true;
            }
            b"retry" => items.extend(milliseconds(value).map(Item::Retry)),
            // A comment, or a field of the future.
            _ => {}
        }
        Ok(())
    }

    fn append(&mut self, value: &[u8]) -> Result<(), TooLarge> {
        let limit = self.limit;
        if self.data.len().saturating_add(value.len()) > limit {
            return Err(TooLarge { what: "an event", limit });
        }
        self.steps += value.len() as u64;
        self.data.push_str(&String::from_utf8_lossy(value));
        self.data.push('\n');
        Ok(())
    }

    fn text(&mut self, value: &[u8]) -> String {
        self.steps += value.len() as u64;
        String::from_utf8_lossy(value).into_owned()
    }

    /// The id counts even where there is no event.
    fn dispatch(&mut self, items: &mut Vec<Item>) {
        self.last_event_id.clone_from(&self.id);
        let own_id = std::mem::take(&mut self.own_id);
        let event = std::mem::take(&mut self.event);
        let mut data = std::mem::take(&mut self.data);
        if data.pop().is_none() {
            items.extend(own_id.then(|| Item::Id(self.id.clone())));
            return;
        }
        self.steps += self.id.len() as u64;
        let event = if event.is_empty() { "message".to_owned() } else { event };
        items.push(Item::Event(Message { event, data, id: self.id.clone(), own_id }));
    }
}

/// Only ASCII digits count; a number too large to hold is as large as can be held.
fn milliseconds(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = value.iter().map(|byte| u64::from(byte - b'0'));
    Some(digits.fold(0u64, |number, digit| number.saturating_mul(10).saturating_add(digit)))
}

#[cfg(test)]
mod tests;
