//! The causal gate: only what is causally ready, and what its types can hold, goes to the engine.
//!
//! yrs integrates a block ahead of a gap and then loses text; an update it has no room for is kept by it in ways
//! that break later. So nothing reaches it before everything it hangs on.

mod halves;
mod place;
mod split;
mod worklist;

use yrs::{ClientID, ID, IdSet};

use crate::doc::content::{covers, ranges};
use crate::doc::index::{Batch, Index};
use crate::doc::limits::Limits;
use crate::doc::preflight::{Preflight, Section, UpdateError};
pub(crate) use halves::halves;
use place::Placer;
pub(crate) use split::{Writer, split};
use worklist::Worklist;

/// What an update waits for: unit `clock` of `client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Missing {
    pub(crate) client: u64,
    pub(crate) clock: u32,
}

/// What the gate says.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nothing in it is new.
    Known,
    /// All of it can be integrated and was entered into the index: these units are new.
    Ready(IdSet),
    /// Some of it can: per section, the first block that must wait.
    Part(Vec<usize>, Option<Missing>),
    /// Nothing of it can.
    Hold(Missing),
}

/// Judges an update. On anything but [`Verdict::Ready`] the index is as it was.
pub(crate) fn admit(
    index: &mut Index,
    known_deletes: &IdSet,
    update: &Preflight<'_>,
    limits: &Limits,
) -> Result<Verdict, UpdateError> {
    if is_known(index, known_deletes, update) {
        return Ok(Verdict::Known);
    }
    check_writers(index, update, limits)?;
    let contentless = fresh_contentless(index, update);
    let mut placer = Placer::new(Batch::new(index), update, known_deletes, &contentless, limits);
    let outcome = Worklist::new(update).run(&mut placer)?;
    let missing = outcome.missing.or_else(|| unreached_deletion(&placer, update));
    match missing {
        None if !update.has_hole() => Ok(Verdict::Ready(grown(placer.keep()))),
        Some(missing) if !outcome.advanced && !deletes_something(&placer, update) => {
            Ok(Verdict::Hold(missing))
        }
        missing => Ok(Verdict::Part(outcome.next, missing)),
    }
}

/// Refuses the writer with whom the document could not be taken in whole any more.
fn check_writers(
    index: &Index,
    update: &Preflight<'_>,
    &Limits { clients: limit, .. }: &Limits,
) -> Result<(), UpdateError> {
    let new = |section: &&Section| index.clock(update.client(section.client)) == 0;
    match index.writers() + update.sections.iter().filter(new).count() {
        sum if sum > limit => Err(UpdateError::TooMany { what: "writers", limit }),
        _ => Ok(()),
    }
}

/// Units that this update brings, and brings without content. What is known already keeps the content it has.
fn fresh_contentless(index: &Index, update: &Preflight<'_>) -> IdSet {
    let mut fresh = IdSet::new();
    for (client, start, end) in ranges(&update.contentless()) {
        let start = start.max(index.clock(client.get()));
        if start < end {
            fresh.insert(ID::new(client, start), end - start);
        }
    }
    fresh
}

fn grown(tracks: Vec<(u64, u32, u32)>) -> IdSet {
    let mut set = IdSet::new();
    for (client, old, new) in tracks {
        set.insert(ID::new(ClientID::new(client), old), new.saturating_sub(old));
    }
    set
}

fn is_known(index: &Index, known_deletes: &IdSet, update: &Preflight<'_>) -> bool {
    let known = |client: u32, end: u32| end <= index.clock(update.client(client));
    update.sections.iter().all(|section| known(section.client, section.end))
        && update.deletions.iter().all(|deletion| {
            let client = ClientID::new(update.client(deletion.client));
            covers(known_deletes, client, deletion.start, deletion.end)
        })
}

fn unreached_deletion(placer: &Placer<'_, '_>, update: &Preflight<'_>) -> Option<Missing> {
    let beyond =
        update.deletions.iter().find(|deletion| deletion.end > placer.clock(deletion.client))?;
    Some(Missing { client: update.client(beyond.client), clock: beyond.end - 1 })
}

fn deletes_something(placer: &Placer<'_, '_>, update: &Preflight<'_>) -> bool {
    update.deletions.iter().any(|deletion| {
        let client = ClientID::new(update.client(deletion.client));
        let end = deletion.end.min(placer.clock(deletion.client));
        end > deletion.start && !placer.knows_deleted(client, deletion.start, end)
    })
}

#[cfg(test)]
mod tests;
