//! Updates of Yjs' format V2 to and from V1, which is what documents, links and logs speak.
//!
//! V2 keeps each kind of number in a column of its own and packs runs of them, so that a few bytes may stand for millions of
//! blocks. Nothing is integrated here: bytes go in, bytes come out, and what they make is bounded. What comes out
//! of hostile bytes is either an error or V1 that is still to pass the pre-flight.
//!
//! ```text
//! V2 ── columns ─┐               ┌─ in one stream ── V1
//!                ├─ block, field ─┤
//! V1 ── stream ──┘               └─ columns ──────── V2
//! ```

mod column;
mod pack;
mod v1;
mod v2;
mod value;
mod walk;

use serde_json::Value;

use crate::lib0::Reader;
use crate::update_error::UpdateError;

/// Blocks of one update, as the pre-flight takes them.
const MAX_BLOCKS: u64 = 2_000_000;
/// Bytes of a converted update: what a document's log may hold.
const MAX_BYTES: usize = 64 << 20;

/// The V1 form of a V2 update.
///
/// # Errors
/// [`UpdateError`] if it is none, or if it stands for more than 64 MB or two million blocks.
pub fn v2_to_v1(update: &[u8]) -> Result<Vec<u8>, UpdateError> {
    let mut to = v1::Encoder::default();
    walk::walk(&mut v2::Decoder::new(update)?, &mut to)?;
    Ok(to.finish())
}

/// The V2 form of a V1 update.
///
/// # Errors
/// As [`v2_to_v1`].
pub fn v1_to_v2(update: &[u8]) -> Result<Vec<u8>, UpdateError> {
    let mut to = v2::Encoder::default();
    walk::walk(&mut v1::Decoder::new(update), &mut to)?;
    Ok(to.finish())
}

/// Takes the fields of an update apart, in the order in which Yjs reads them.
trait Decode<'a> {
    /// What is not in a column.
    fn rest(&mut self) -> &mut Reader<'a>;
    fn client(&mut self) -> Result<u64, UpdateError>;
    fn info(&mut self) -> Result<u8, UpdateError>;
    fn left(&mut self) -> Result<(u64, u64), UpdateError>;
    fn right(&mut self) -> Result<(u64, u64), UpdateError>;
    fn names_root(&mut self) -> Result<bool, UpdateError>;
    fn text(&mut self) -> Result<&'a str, UpdateError>;
    fn key(&mut self) -> Result<&'a str, UpdateError>;
    fn type_ref(&mut self) -> Result<u64, UpdateError>;
    fn len(&mut self) -> Result<u64, UpdateError>;
    fn json(&mut self) -> Result<Value, UpdateError>;
    /// A range of the delete set; `behind` is where the last one of this writer ended.
    fn range(&mut self, behind: u64) -> Result<(u64, u64), UpdateError>;
    /// How many blocks follow.
    fn blocks(&mut self) -> Result<u64, UpdateError>;
}

/// Puts them together again.
trait Encode {
    /// What is not in a column.
    fn rest(&mut self) -> &mut Vec<u8>;
    fn client(&mut self, client: u64);
    fn info(&mut self, info: u8);
    fn left(&mut self, id: (u64, u64));
    fn right(&mut self, id: (u64, u64));
    fn names_root(&mut self, yes: bool);
    fn text(&mut self, text: &str);
    fn key(&mut self, key: &str);
    fn type_ref(&mut self, type_ref: u64);
    fn len(&mut self, len: u64);
    fn json(&mut self, value: &Value);
    fn range(&mut self, behind: u64, range: (u64, u64));
    /// Bytes so far, about.
    fn size(&self) -> usize;
    fn finish(self) -> Vec<u8>;
}

#[cfg(test)]
mod tests;
