//! Entering a block into the index, if its place can hold it.

use yrs::{ClientID, IdSet};

use crate::doc::content::covers;
use crate::doc::index::{Batch, Holder, Run, TypeNo};
use crate::doc::limits::Limits;
use crate::doc::preflight::{Block, Kind, Parent, Preflight, Ref, TypeKind, UpdateError};

/// The index while an update is judged.
#[derive(Debug)]
pub(super) struct Placer<'i, 'u> {
    batch: Batch<'i>,
    update: &'u Preflight<'u>,
    known_deletes: &'u IdSet,
    contentless: &'u IdSet,
    limits: &'u Limits,
    /// Track of each client of the update, where there is one.
    slots: Vec<Option<usize>>,
}

/// Where a block belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    owner: TypeNo,
    keyed: bool,
}

const NOWHERE: Place = Place { owner: TypeNo::NONE, keyed: false };

/// Whether these are two places; garbage is nowhere and so never apart from anything.
fn are_apart(one: Place, other: Place) -> bool {
    !one.owner.is_none() && !other.owner.is_none() && one != other
}

impl<'i, 'u> Placer<'i, 'u> {
    pub(super) fn new(
        mut batch: Batch<'i>,
        update: &'u Preflight<'u>,
        known_deletes: &'u IdSet,
        contentless: &'u IdSet,
        limits: &'u Limits,
    ) -> Self {
        let mut slots: Vec<_> =
            update.clients.iter().map(|client| batch.known_slot(*client)).collect();
        for section in &update.sections {
            if let Some(slot) = slots.get_mut(section.client as usize) {
                *slot = Some(batch.slot(update.client(section.client)));
            }
        }
        Self { batch, update, known_deletes, contentless, limits, slots }
    }

    /// How far a client of the update is known by now.
    pub(super) fn clock(&self, client: u32) -> u32 {
        self.slot(client).map_or(0, |slot| self.batch.clock(slot))
    }

    fn slot(&self, client: u32) -> Option<usize> {
        self.slots.get(client as usize).copied().flatten()
    }

    /// Whether these units were deleted before this update.
    pub(super) fn knows_deleted(&self, client: ClientID, start: u32, end: u32) -> bool {
        covers(self.known_deletes, client, start, end)
    }

    /// Keeps what was placed and tells which units are new.
    pub(super) fn keep(mut self) -> Vec<(u64, u32, u32)> {
        for pair in &self.update.low_surrogates {
            self.batch.note_low_surrogate(self.update.client(pair.client), pair.clock);
        }
        self.batch.keep()
    }

    /// Places a block whose dependencies are all there.
    pub(super) fn place(&mut self, client: u32, block: &Block) -> Result<(), UpdateError> {
        let place = self.place_of(client, block)?;
        self.check_content(client, block, place)?;
        let made = match block.kind {
            Kind::Type(kind) if !place.owner.is_none() => self.make(kind, place)?,
            _ => TypeNo::NONE,
        };
        if block.kind == Kind::Format {
            self.batch.mark_formatted(place.owner);
        }
        if let Some(slot) = self.slot(client) {
            self.batch
                .push(slot, Run { end: block.end(), owner: place.owner, made, keyed: place.keyed });
        }
        Ok(())
    }

    fn place_of(&mut self, client: u32, block: &Block) -> Result<Place, UpdateError> {
        if block.kind == Kind::Gone {
            return Ok(NOWHERE);
        }
        let known = self.clock(client);
        // Of a block whose beginning is known the engine takes the rest, and hangs it behind that beginning.
        let beginning = (block.clock < known).then(|| Ref { client, clock: known - 1 });
        let named = match block.parent {
            Parent::Copied => return self.place_between(client, block, beginning.or(block.origin)),
            // Nothing in a root becomes garbage while the root stands: these are two histories under one id.
            Parent::Root(_) if beginning.is_some_and(|unit| self.is_garbage(unit)) => {
                return Err(self.invalid_parent(client, block));
            }
            Parent::Root(name) => {
                let name = self.update.roots.get(name as usize).copied().unwrap_or_default();
                self.batch.root(name)
            }
            Parent::Item(parent) => {
                self.type_at(parent).ok_or_else(|| self.invalid_parent(client, block))?
            }
        };
        let place =
            if named.is_none() { NOWHERE } else { Place { owner: named, keyed: block.keyed } };
        let before = beginning.map_or(NOWHERE, |beginning| self.place_at(beginning));
        if are_apart(place, before) { Err(self.invalid_parent(client, block)) } else { Ok(place) }
    }

    fn place_between(
        &self,
        client: u32,
        block: &Block,
        origin: Option<Ref>,
    ) -> Result<Place, UpdateError> {
        let left = origin.map_or(NOWHERE, |origin| self.place_at(origin));
        let right = block.right.map_or(NOWHERE, |right| self.place_at(right));
        if are_apart(left, right) {
            return Err(self.invalid_parent(client, block));
        }
        Ok(if left.owner.is_none() { right } else { left })
    }

    fn place_at(&self, unit: Ref) -> Place {
        let run = self.slot(unit.client).and_then(|slot| self.batch.run(slot, unit.clock));
        run.map_or(NOWHERE, |run| Place { owner: run.owner, keyed: run.keyed })
    }

    fn is_garbage(&self, unit: Ref) -> bool {
        self.place_at(unit).owner.is_none()
    }

    /// The type that this unit is; none where it is garbage; `None` where it never was a type.
    fn type_at(&self, unit: Ref) -> Option<TypeNo> {
        let slot = self.slot(unit.client)?;
        let run = self.batch.run(slot, unit.clock)?;
        let client = ClientID::new(self.update.client(unit.client));
        let deleted = |set: &IdSet| covers(set, client, unit.clock, unit.clock.saturating_add(1));
        if !run.made.is_none() || run.owner.is_none() {
            Some(run.made)
        } else if deleted(self.known_deletes) || deleted(self.contentless) {
            Some(TypeNo::NONE)
        } else {
            None
        }
    }

    fn make(&mut self, kind: TypeKind, place: Place) -> Result<TypeNo, UpdateError> {
        let depth = self.batch.info(place.owner).map_or(0, |info| info.depth) + 1;
        if depth > self.limits.type_depth {
            return Err(UpdateError::TooDeep {
                what: "shared types",
                limit: self.limits.type_depth,
            });
        }
        Ok(self.batch.make(kind.into(), place.owner, depth))
    }

    /// Content that a type never holds makes the engine loop, miscount or panic. What holds text is no list, declared here or not:
    /// a server knows no declarations, and must not store for all what those who have them refuse.
    fn check_content(
        &mut self,
        client: u32,
        block: &Block,
        place: Place,
    ) -> Result<(), UpdateError> {
        let Some(info) = self.batch.info(place.owner) else { return Ok(()) };
        let holder = info.holder;
        let wrong = match (holder, block.kind) {
            _ if place.keyed => block.kind == Kind::Format,
            (
                Holder::List | Holder::XmlElement | Holder::XmlFragment,
                Kind::Text | Kind::Format,
            ) => true,
            (Holder::Text | Holder::XmlText, Kind::Values | Kind::Binary) => true,
            _ => false,
        };
        if wrong {
            let (client, clock) = (self.update.client(client), block.clock);
            return Err(UpdateError::WrongContent { client, clock, holder: holder.name() });
        }
        let shown = match block.kind {
            Kind::Text | Kind::Format => Holder::Text,
            Kind::Values | Kind::Binary => Holder::List,
            _ => return Ok(()),
        };
        if holder == Holder::Undeclared && !place.keyed {
            self.batch.settle(place.owner, shown);
        }
        Ok(())
    }

    fn invalid_parent(&self, client: u32, block: &Block) -> UpdateError {
        UpdateError::InvalidParent { client: self.update.client(client), clock: block.clock }
    }
}
