//! Cutting an update in the middle, wherever that is: what waits is read whole each time that it is tried.

use super::Writer;
use crate::doc::preflight::{Deletion, Preflight};

/// The same as `update`, in two updates, or in one where there is nothing to cut.
pub(crate) fn halves(bytes: &[u8], update: &Preflight<'_>) -> Vec<Vec<u8>> {
    let (blocks, deletions) = (update.blocks.len(), update.deletions.len());
    let (blocks_cut, deletions_cut) = match (blocks, deletions) {
        (0, _) => (0, deletions / 2),
        (1, 1..) => (1, 0),
        _ => (blocks / 2, 0),
    };
    let mut first = Writer::new(bytes, update);
    let mut second = Writer::new(bytes, update);
    for section in &update.sections {
        let cut = blocks_cut.clamp(section.first, section.last);
        first.section(section, section.first, cut);
        second.section(section, cut, section.last);
    }
    for (at, Deletion { client, start, end }) in update.deletions.iter().copied().enumerate() {
        let half = if at < deletions_cut { &mut first } else { &mut second };
        half.deletion(client, start, end);
    }
    [first, second].into_iter().filter(|half| !half.is_empty()).map(Writer::finish).collect()
}
