//! Appending to the index, with a way back.

use yrs::{ClientID, ID};

use super::{Holder, Index, Run, Track, TypeInfo, TypeNo};

/// Additions to the index that vanish unless they are kept.
#[derive(Debug)]
pub(crate) struct Batch<'i> {
    index: &'i mut Index,
    touched: Vec<usize>,
    types_before: usize,
    tracks_before: usize,
    new_roots: Vec<String>,
    new_clients: Vec<u64>,
    /// Undeclared roots whose first content told what they are.
    settled: Vec<TypeNo>,
    kept: bool,
}

impl<'i> Batch<'i> {
    pub(crate) fn new(index: &'i mut Index) -> Self {
        let (types_before, tracks_before) = (index.types.len(), index.tracks.len());
        Self {
            index,
            touched: Vec::new(),
            types_before,
            tracks_before,
            new_roots: Vec::new(),
            new_clients: Vec::new(),
            settled: Vec::new(),
            kept: false,
        }
    }

    /// Keeps everything and tells what is new: client, old clock, new clock.
    pub(crate) fn keep(mut self) -> Vec<(u64, u32, u32)> {
        self.kept = true;
        let tracks = &mut self.index.tracks;
        let grown = self.touched.iter().filter_map(|slot| {
            let track = tracks.get_mut(*slot)?;
            let (_, old) = track.before.take()?;
            Some((track.client, old, track.clock()))
        });
        grown.collect()
    }

    /// The writer's track, made if need be.
    pub(crate) fn slot(&mut self, client: u64) -> usize {
        if let Some(slot) = self.known_slot(client) {
            return slot;
        }
        let slot = self.index.tracks.len();
        self.index.tracks.push(Track { client, runs: Vec::new(), before: None });
        self.index.known.add_client(client, u32::try_from(slot).unwrap_or(u32::MAX));
        self.new_clients.push(client);
        slot
    }

    pub(crate) fn known_slot(&self, client: u64) -> Option<usize> {
        self.index.slot(client)
    }

    pub(crate) fn clock(&self, slot: usize) -> u32 {
        self.index.slot_clock(slot)
    }

    pub(crate) fn run(&self, slot: usize, clock: u32) -> Option<Run> {
        self.index.run_in(slot, clock)
    }

    pub(crate) fn info(&self, no: TypeNo) -> Option<&TypeInfo> {
        self.index.info(no)
    }

    /// Appends units to a track.
    pub(crate) fn push(&mut self, slot: usize, run: Run) {
        let Some(track) = self.index.tracks.get_mut(slot) else { return };
        if track.before.is_none() {
            track.before = Some((track.runs.len(), track.clock()));
            self.touched.push(slot);
        }
        match track.runs.last_mut() {
            Some(last)
                if last.owner == run.owner
                    && last.keyed == run.keyed
                    && last.made.is_none()
                    && run.made.is_none() =>
            {
                last.end = run.end;
            }
            _ => track.runs.push(run),
        }
    }

    pub(crate) fn make(&mut self, holder: Holder, parent: TypeNo, depth: usize) -> TypeNo {
        self.index.add_type(TypeInfo { holder, depth, parent, formatted: false })
    }

    /// The root of this name, undeclared if it is new.
    pub(crate) fn root(&mut self, name: &str) -> TypeNo {
        if let Some(no) = self.index.known.root(name) {
            return TypeNo(no);
        }
        self.new_roots.push(name.to_owned());
        self.index.add_root(name, Holder::Undeclared)
    }

    pub(crate) fn mark_formatted(&mut self, no: TypeNo) {
        if let Some(info) = self.index.types.get_mut(no.0 as usize) {
            info.formatted = true;
        }
    }

    /// An undeclared root is from now on what its first content shows it to be.
    pub(crate) fn settle(&mut self, no: TypeNo, holder: Holder) {
        if let Some(info) = self.index.types.get_mut(no.0 as usize) {
            info.holder = holder;
            self.settled.push(no);
        }
    }

    pub(crate) fn note_low_surrogate(&mut self, client: u64, clock: u32) {
        self.index.low_surrogates.insert(ID::new(ClientID::new(client), clock), 1);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for slot in &self.touched {
            if let Some(track) = self.index.tracks.get_mut(*slot) {
                track.undo();
            }
        }
        for no in &self.settled {
            if let Some(info) = self.index.types.get_mut(no.0 as usize) {
                info.holder = Holder::Undeclared;
            }
        }
        self.index.types.truncate(self.types_before);
        self.index.tracks.truncate(self.tracks_before);
        for name in &self.new_roots {
            self.index.known.forget_root(name);
        }
        for client in &self.new_clients {
            self.index.known.forget_client(*client);
        }
    }
}
