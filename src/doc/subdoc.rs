//! Subdocuments: places that name another document.
//!
//! The engine never sees one: it would make a whole document for each, tie it to this one in a circle that is never let go of,
//! and open transactions on it while it commits. To the engine a subdocument is bytes with a mark, which take one unit as it
//! does; where an update goes in the one is put for the other, and where one comes out it is put back.

use std::borrow::Cow;

use crate::doc::limits::Limits;
use crate::doc::preflight::{Preflight, skip_any, write_number};
use crate::lib0::Reader;

/// What stands before a subdocument's content. Nobody else may send bytes that begin like this.
pub(crate) const MARK: [u8; 16] = *b"\x00rejoin-subdoc\x00\x01";
const BYTES: u8 = 3;
const SUBDOCUMENT: u8 = 9;
/// An object without entries, in lib0's `any`: nothing is said about how the document is to be loaded.
const NO_OPTIONS: [u8; 2] = [118, 0];

/// Where an update has a subdocument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subdoc {
    /// Its block.
    pub(crate) at: usize,
    /// Its content.
    pub(crate) start: usize,
    /// Behind its content.
    pub(crate) end: usize,
}

/// What the engine holds of a new subdocument.
pub(crate) fn hidden(guid: &str) -> Vec<u8> {
    let mut bytes = MARK.to_vec();
    write_number(&mut bytes, guid.len() as u64);
    bytes.extend_from_slice(guid.as_bytes());
    bytes.extend_from_slice(&NO_OPTIONS);
    bytes
}

/// The name of the document behind these bytes, if they are a hidden subdocument.
pub(crate) fn guid_of(bytes: &[u8]) -> Option<&str> {
    Reader::new(bytes.strip_prefix(&MARK)?).text().ok()
}

/// Whether the engine may hold these bytes as content of their own: where they begin as a hidden subdocument does, they are
/// one to the end. Others may have put them into a plain value, where they say nothing.
pub(crate) fn may_be_content(bytes: &[u8]) -> bool {
    let Some(content) = bytes.strip_prefix(&MARK) else { return true };
    let (mut reader, limits) = (Reader::new(content), Limits::default());
    reader.key(limits.key_bytes).is_ok()
        && skip_any(&mut reader, &limits).is_ok()
        && reader.finish().is_ok()
}

/// An update for the engine.
pub(crate) fn hide<'b>(update: &'b [u8], parsed: &Preflight<'_>) -> Cow<'b, [u8]> {
    if parsed.subdocs.is_empty() {
        return Cow::Borrowed(update);
    }
    let swapped = swap(update, &parsed.subdocs, BYTES, |out, content| {
        write_number(out, (MARK.len() + content.len()) as u64);
        out.extend_from_slice(&MARK);
        out.extend_from_slice(content);
    });
    Cow::Owned(swapped)
}

/// An update of the engine for everybody else.
pub(crate) fn show(update: Vec<u8>) -> Vec<u8> {
    if !update.windows(MARK.len()).any(|window| window == MARK) {
        return update;
    }
    let Ok(parsed) = Preflight::parse_hidden(&update, &Limits::NONE) else { return update };
    swap(&update, &parsed.subdocs, SUBDOCUMENT, |out, content| {
        let mut reader = Reader::new(content);
        let shown = reader.buffer().ok().and_then(|bytes| bytes.strip_prefix(&MARK));
        out.extend_from_slice(shown.unwrap_or_default());
    })
}

/// Own updates as one. The engine merges subdocuments as the bytes it knows them by: else their options would be lost.
pub(crate) fn merge_updates(updates: &[Vec<u8>]) -> Option<Vec<u8>> {
    let hidden: Option<Vec<_>> = updates
        .iter()
        .map(|update| Some(hide(update, &Preflight::parse(update, &Limits::NONE).ok()?)))
        .collect();
    yrs::merge_updates_v1(hidden?).ok().map(show)
}

/// The update with other content of another kind in these places.
fn swap(
    update: &[u8],
    places: &[Subdoc],
    kind: u8,
    write: impl Fn(&mut Vec<u8>, &[u8]),
) -> Vec<u8> {
    const REFERENCE: u8 = 0x1f;
    let part = |from: usize, to: usize| update.get(from..to).unwrap_or_default();
    let mut out = Vec::with_capacity(update.len());
    let mut done = 0;
    for Subdoc { at, start, end } in places.iter().copied() {
        out.extend_from_slice(part(done, at));
        out.extend(part(at, at + 1).iter().map(|info| info & !REFERENCE | kind));
        out.extend_from_slice(part(at + 1, start));
        write(&mut out, part(start, end));
        done = end;
    }
    out.extend_from_slice(part(done, update.len()));
    out
}
