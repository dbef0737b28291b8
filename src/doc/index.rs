//! What the gate knows of every integrated unit: which shared type holds it, and whether it is one.
//!
//! Runs of one writer in one type merge, so a text typed by a hundred writers costs a hundred entries.

mod batch;

use yrs::{ClientID, ID, IdSet};

use crate::doc::RootKind;
use crate::doc::content::ranges;
use crate::doc::numbers::Numbers;
use crate::doc::preflight::TypeKind;
use crate::doc::type_id::TypeId;
use crate::ordered::OrderedMap;
pub(crate) use batch::Batch;

/// Number of a shared type in the index, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TypeNo(u32);

impl TypeNo {
    /// No type: garbage has no place, most units are no types.
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// What kind of type holds things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Text,
    List,
    Map,
    XmlElement,
    XmlFragment,
    XmlText,
    /// A root that the app did not declare: kept and synced, never read.
    Undeclared,
}

impl Holder {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::List => "list",
            Self::Map => "map",
            Self::XmlElement => "XML element",
            Self::XmlFragment => "XML fragment",
            Self::XmlText => "XML text",
            Self::Undeclared => "undeclared root",
        }
    }
}

impl From<RootKind> for Holder {
    fn from(kind: RootKind) -> Self {
        match kind {
            RootKind::Text => Self::Text,
            RootKind::List => Self::List,
            RootKind::Map => Self::Map,
        }
    }
}

impl From<TypeKind> for Holder {
    fn from(kind: TypeKind) -> Self {
        match kind {
            TypeKind::List => Self::List,
            TypeKind::Map => Self::Map,
            TypeKind::Text => Self::Text,
            TypeKind::XmlElement => Self::XmlElement,
            TypeKind::XmlFragment => Self::XmlFragment,
            TypeKind::XmlText => Self::XmlText,
        }
    }
}

/// A shared type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeInfo {
    pub(crate) holder: Holder,
    /// 0 for a root.
    pub(crate) depth: usize,
    pub(crate) parent: TypeNo,
    /// Whether a format mark ever lay in it.
    pub(crate) formatted: bool,
}

/// Consecutive units of one writer in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) end: u32,
    /// The type that holds them.
    pub(crate) owner: TypeNo,
    /// The type that this one unit is.
    pub(crate) made: TypeNo,
    /// Whether they are entries of a map.
    pub(crate) keyed: bool,
}

/// The runs of one writer, without a hole, from clock 0.
#[derive(Debug)]
struct Track {
    client: u64,
    runs: Vec<Run>,
    /// Within a batch that touched it: how many runs it had and where the last one ended.
    before: Option<(usize, u32)>,
}

impl Track {
    fn clock(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.end)
    }

    /// How many units of a range a type holds.
    fn count(&self, holder: TypeNo, mut start: u32, end: u32) -> u32 {
        let mut count = 0;
        let first = self.runs.partition_point(|run| run.end <= start);
        for run in self.runs.iter().skip(first) {
            if start >= end {
                break;
            }
            let next = run.end.min(end);
            count += if run.owner == holder { next - start } else { 0 };
            start = next;
        }
        count
    }

    /// Takes back what the batch did.
    fn undo(&mut self) {
        let Some((length, end)) = self.before.take() else { return };
        self.runs.truncate(length);
        if let Some(last) = self.runs.last_mut() {
            last.end = end;
        }
    }
}

/// Everything integrated, by writer.
#[derive(Debug, Default)]
pub(crate) struct Index {
    tracks: Vec<Track>,
    types: Vec<TypeInfo>,
    /// Tracks by writer, types by the name of a root.
    known: Numbers,
    low_surrogates: IdSet,
}

impl Index {
    pub(crate) fn new(roots: &OrderedMap<String, RootKind>) -> Self {
        let mut index = Self::default();
        for (name, kind) in roots.iter() {
            index.add_root(name, (*kind).into());
        }
        index
    }

    fn add_root(&mut self, name: &str, holder: Holder) -> TypeNo {
        let no =
            self.add_type(TypeInfo { holder, depth: 0, parent: TypeNo::NONE, formatted: false });
        self.known.add_root(name, no.0);
        no
    }

    fn add_type(&mut self, info: TypeInfo) -> TypeNo {
        let no = TypeNo(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(info);
        no
    }

    /// Known units of a writer: all below this clock.
    pub(crate) fn clock(&self, client: u64) -> u32 {
        self.slot(client).map_or(0, |slot| self.slot_clock(slot))
    }

    /// How many writers there are.
    pub(crate) fn writers(&self) -> usize {
        self.tracks.len()
    }

    /// Clocks of all writers, lowest id first.
    pub(crate) fn clocks(&self) -> impl DoubleEndedIterator<Item = (u64, u32)> + '_ {
        self.known.clients().map(|(client, slot)| (client, self.slot_clock(slot as usize)))
    }

    /// The track of a writer.
    fn slot(&self, client: u64) -> Option<usize> {
        self.known.client(client).map(|slot| slot as usize)
    }

    fn slot_clock(&self, slot: usize) -> u32 {
        self.tracks.get(slot).map_or(0, Track::clock)
    }

    fn run_in(&self, slot: usize, clock: u32) -> Option<Run> {
        let runs = &self.tracks.get(slot)?.runs;
        let at = runs.partition_point(|run| run.end <= clock);
        runs.get(at).copied()
    }

    /// How many of these units a type holds.
    pub(crate) fn count(&self, holder: TypeNo, units: &IdSet) -> u32 {
        let held = ranges(units).map(|(client, start, end)| {
            let track = self.slot(client.get()).and_then(|slot| self.tracks.get(slot));
            track.map_or(0, |track| track.count(holder, start, end))
        });
        held.sum()
    }

    pub(crate) fn info(&self, no: TypeNo) -> Option<&TypeInfo> {
        self.types.get(no.0 as usize)
    }

    /// The type of this name, if it was ever made.
    pub(crate) fn find(&self, id: &TypeId) -> Option<TypeNo> {
        match id {
            TypeId::Root(name) => self.known.root(name).map(TypeNo),
            TypeId::Nested { client, clock } | TypeId::Attributes { client, clock } => {
                let run = self.run_in(self.slot(*client)?, *clock)?;
                (!run.made.is_none()).then_some(run.made)
            }
        }
    }

    /// Whether any type around this one is a text: what hangs there is one U+FFFC to the reader.
    pub(crate) fn is_inside_text(&self, id: &TypeId) -> bool {
        let mut around = self.find(id).and_then(|no| self.info(no)).map(|info| info.parent);
        while let Some(info) = around.and_then(|no| self.info(no)) {
            if matches!(info.holder, Holder::Text | Holder::XmlText) {
                return true;
            }
            around = Some(info.parent);
        }
        false
    }

    /// What holds what, from the root down to this type.
    pub(crate) fn holders(&self, id: &TypeId) -> Vec<Holder> {
        let mut holders = Vec::new();
        let mut next = self.find(id);
        while let Some(info) = next.and_then(|no| self.info(no)) {
            holders.push(info.holder);
            next = Some(info.parent);
        }
        holders.reverse();
        holders
    }

    /// Whether any text here ever had a surrogate pair.
    pub(crate) fn has_surrogates(&self) -> bool {
        !self.low_surrogates.is_empty()
    }

    /// Whether this unit was written as the second half of a surrogate pair.
    pub(crate) fn is_low_surrogate(&self, client: ClientID, clock: u32) -> bool {
        self.low_surrogates.contains(&ID::new(client, clock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_of_one_writer_in_one_text_is_one_run() {
        let mut index = Index::new(&OrderedMap::from([("t".to_owned(), RootKind::Text)]));
        let text = index.find(&TypeId::root("t")).unwrap_or(TypeNo::NONE);
        let mut batch = Batch::new(&mut index);
        let slot = batch.slot(7);
        for end in 1..=1000 {
            batch.push(slot, Run { end, owner: text, made: TypeNo::NONE, keyed: false });
        }
        batch.keep();
        assert_eq!(index.clock(7), 1000);
        assert_eq!(index.tracks.iter().map(|track| track.runs.len()).sum::<usize>(), 1);
    }

    #[test]
    fn a_batch_that_is_not_kept_leaves_nothing_behind() {
        let mut index = Index::new(&OrderedMap::new());
        let run = |end| Run { end, owner: TypeNo::NONE, made: TypeNo::NONE, keyed: false };
        let mut batch = Batch::new(&mut index);
        let slot = batch.slot(7);
        batch.push(slot, run(3));
        batch.keep();
        let mut batch = Batch::new(&mut index);
        let (old, new) = (batch.slot(7), batch.slot(8));
        batch.push(old, run(9));
        batch.push(old, Run { keyed: true, ..run(11) });
        batch.push(new, run(2));
        batch.root("x");
        drop(batch);
        assert_eq!(index.clocks().collect::<Vec<_>>(), [(7, 3)]);
        assert_eq!(
            (index.types.len(), index.find(&TypeId::root("x")), index.tracks.len()),
            (0, None, 1)
        );
    }
}
