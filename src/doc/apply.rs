//! Taking in what others wrote: through the gate. Our own edits are in `write.rs`.

use yrs::{ClientID, IdSet};

use crate::doc::change::{Change, Segment};
use crate::doc::content::{Content, covers, ranges, touches, units};
use crate::doc::gate::{self, Missing, Verdict, admit};
use crate::doc::hold::Released;
use crate::doc::index::{Holder, Index};
use crate::doc::places::{Block, News, Places};
use crate::doc::preflight::{Parent, Preflight, Ref};
use crate::doc::record::Recorded;
use crate::doc::{Doc, Origin, TypeId, UpdateError};

/// News: to be logged, forwarded and told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Integrated {
    /// Where it came from; of what was held, where that came from.
    pub origin: Origin,
    /// A V1 update of the news.
    pub update: Vec<u8>,
    /// Its ids.
    pub content: Content,
    /// What it changed in the declared roots.
    pub changes: Vec<Change>,
}

/// What became of an offered update.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What the update carries, as far as it is integrated now or was before: the ground for acknowledgements.
    pub content: Content,
    /// What was new. More than one if held updates were released, none if nothing was.
    pub integrated: Vec<Integrated>,
    /// Whether some of it waits for a missing update.
    pub held: bool,
    /// Held updates that were released now and turned out bad.
    pub refused: Vec<Refused>,
}

/// What waits of an update, and the first unit that is missing for it.
type Waiting = (Vec<u8>, Missing);

/// A held update that turned out bad.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Where it came from.
    pub origin: Origin,
    /// Its bytes.
    pub update: Vec<u8>,
    /// Why.
    pub error: UpdateError,
}

impl Doc {
    /// Takes in an update: pre-flight, own-id alarm, gate, engine; then what waited for it. On an error nothing changed.
    pub fn apply(&mut self, update: &[u8], origin: Origin) -> Result<Applied, UpdateError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let limit = match origin {
            Origin::Remote | Origin::Path(_) => self.limits.update_bytes,
            Origin::Local => self.limits.document_bytes,
            Origin::Storage => usize::MAX,
        };
        if update.len() > limit {
            return Err(UpdateError::TooLarge { size: update.len(), limit });
        }
        let mut applied = Applied::default();
        let waits = self.take_in(update, origin, &mut applied)?;
        let content = std::mem::take(&mut applied.content);
        let held = waits.is_some();
        self.hold(waits, vec![origin], 0);
        self.release(&mut applied);
        Ok(Applied { content, held, ..applied })
    }

    /// Whether everything in an update is known: taking it in would change nothing.
    pub fn knows(&self, update: &[u8]) -> Result<bool, UpdateError> {
        let mut news = carried(&Preflight::parse(update, &self.limits)?);
        news.subtract(&self.content());
        Ok(news.is_empty())
    }

    /// The deletions of an update alone, if it brings units that are new here; `None` if it brings none. One that cannot be read
    /// is for [`Self::apply`] to refuse.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn without_news(&self, update: &[u8]) -> Option<Vec<u8>> {
        let parsed = Preflight::parse(update, &self.limits).ok()?;
        let mut news = carried(&parsed);
        news.subtract(&self.content());
        if news.inserts.is_empty() {
            return None;
        }
        let mut deletions = gate::Writer::new(update, &parsed);
        for crate::doc::preflight::Deletion { client, start, end } in
            parsed.deletions.iter().copied()
        {
            let known = self.index.clock(parsed.client(client));
            deletions.deletion(client, start, end.min(known));
        }
        Some(deletions.finish())
    }

    /// Takes in what waited for units that are known by now.
    fn release(&mut self, applied: &mut Applied) {
        while let Some(released) = self.holds.take_ready(|client| self.index.clock(client)) {
            let origin = released.origin();
            for Released { update, origins, tries } in self.cut(released) {
                match self.take_in(&update, origin, applied) {
                    Ok(waits) => self.hold(waits, origins, tries),
                    Err(error) => applied.refused.push(Refused { origin, update, error }),
                }
            }
        }
    }

    /// What was tried again and again waits in two halves from then on: each try reads all of it, and whoever else writes may
    /// let it advance by a single unit.
    fn cut(&self, released: Released) -> Vec<Released> {
        const TRIES: u32 = 8;
        let Released { update, origins, tries } = &released;
        let parsed = Preflight::parse(update, &self.limits);
        let Some(parsed) = parsed.ok().filter(|_| *tries > TRIES) else { return vec![released] };
        let halves = gate::halves(update, &parsed).into_iter();
        let half = |update| Released { update, origins: origins.clone(), tries: *tries };
        halves.map(half).collect()
    }

    /// Takes in what is ready; returns what waits, and for what.
    fn take_in(
        &mut self,
        bytes: &[u8],
        origin: Origin,
        applied: &mut Applied,
    ) -> Result<Option<Waiting>, UpdateError> {
        let update = Preflight::parse(bytes, &self.limits)?;
        self.alarm(&update)?;
        match admit(&mut self.index, &self.deletes, &update, &self.limits)? {
            Verdict::Known => applied.content = carried(&update),
            Verdict::Ready(fresh) => {
                let integrated = self.integrate(bytes, &update, fresh, origin)?;
                applied.content = carried(&update);
                applied.integrated.push(integrated);
            }
            Verdict::Hold(_) | Verdict::Part(..) if self.limits.ungated => {
                self.engine.integrate(bytes, &update, origin, false)?;
                self.places = Places::default();
                let integrated = self.integrated(bytes.to_vec(), Content::default(), origin, None);
                applied.integrated.push(integrated);
            }
            Verdict::Hold(missing) => return Ok(Some((bytes.to_vec(), missing))),
            Verdict::Part(next, missing) => {
                let waiting = self.take_in_part(bytes, &update, &next, origin, applied)?;
                return Ok(waiting.zip(missing));
            }
        }
        Ok(None)
    }

    fn take_in_part(
        &mut self,
        bytes: &[u8],
        update: &Preflight<'_>,
        next: &[usize],
        origin: Origin,
        applied: &mut Applied,
    ) -> Result<Option<Vec<u8>>, UpdateError> {
        let halves = gate::split(bytes, update, next, &|client| self.index.clock(client));
        let ready = Preflight::parse(&halves.ready, &self.limits)?;
        match admit(&mut self.index, &self.deletes, &ready, &self.limits)? {
            Verdict::Known => applied.content = carried(&ready),
            Verdict::Ready(fresh) => {
                let integrated = self.integrate(&halves.ready, &ready, fresh, origin)?;
                applied.content = carried(&ready);
                applied.integrated.push(integrated);
            }
            Verdict::Hold(_) | Verdict::Part(..) => {
                return Err(UpdateError::Engine("a half was not ready".into()));
            }
        }
        Ok(halves.waiting)
    }

    fn hold(&mut self, waits: Option<Waiting>, origins: Vec<Origin>, tries: u32) {
        if let Some((update, missing)) = waits {
            self.holds.push(Released { update, origins, tries }, missing, &self.limits);
        }
    }

    /// Somebody who writes under our id takes clocks that we would use; a deletion there would eat what we type later.
    fn alarm(&self, update: &Preflight<'_>) -> Result<(), UpdateError> {
        let client = self.client_id();
        let Some(own) = update.clients.iter().position(|id| *id == client) else { return Ok(()) };
        let clock = self.index.clock(client);
        let beyond = |at: u32, end: u32| at as usize == own && end > clock;
        let taken = update.sections.iter().any(|section| beyond(section.client, section.end))
            || update.deletions.iter().any(|deletion| beyond(deletion.client, deletion.end));
        if taken { Err(UpdateError::ClientIdConflict { client }) } else { Ok(()) }
    }

    fn integrate(
        &mut self,
        bytes: &[u8],
        update: &Preflight<'_>,
        fresh: IdSet,
        origin: Origin,
    ) -> Result<Integrated, UpdateError> {
        let all_new = self.is_all_new(update, &fresh);
        if self.hangs_on_kept(update) {
            self.rotate_client_id(self.client_id());
        }
        let done = match self.engine.integrate(bytes, update, origin, !all_new) {
            Ok(done) if units(&done.inserts) == units(&fresh) => done,
            Ok(_) => {
                return Err(
                    self.give_up(UpdateError::Engine("an update was not integrated whole".into()))
                );
            }
            Err(error) => return Err(self.give_up(error)),
        };
        let block = update.only_block().filter(|_| all_new).map(Block::loose);
        let update = done.update.unwrap_or_else(|| bytes.to_vec());
        let content = Content { inserts: fresh, deletes: done.deletes };
        Ok(self.integrated(update, content, origin, block))
    }

    /// Whether something hangs on a deleted unit that never was a type. The engine bears that where the unit's content is
    /// gone; what could be undone keeps it, and is let go of.
    fn hangs_on_kept(&self, update: &Preflight<'_>) -> bool {
        let bad = |unit: Ref| {
            let (client, clock) = (update.client(unit.client), unit.clock);
            covers(&self.deletes, ClientID::new(client), clock, clock.saturating_add(1))
                && self.index.find(&TypeId::Nested { client, clock }).is_none()
        };
        self.undo.is_used()
            && update
                .blocks
                .iter()
                .any(|block| matches!(block.parent, Parent::Item(unit) if bad(unit)))
    }

    /// Whether the bytes hold nothing that we had: then they are the news as they stand.
    fn is_all_new(&self, update: &Preflight<'_>, fresh: &IdSet) -> bool {
        let offered: u64 =
            update.sections.iter().map(|section| u64::from(section.end - section.start)).sum();
        let is_old = |client: u32, start, end| {
            touches(&self.deletes, ClientID::new(update.client(client)), start, end)
        };
        offered == units(fresh)
            && !update
                .deletions
                .iter()
                .any(|deletion| is_old(deletion.client, deletion.start, deletion.end))
    }

    pub(super) fn give_up(&mut self, error: UpdateError) -> UpdateError {
        self.engine.recorder.drain();
        self.broken = Some(error.clone());
        error
    }

    /// What came of a transaction. `block` is what its update brought, if that was a single block.
    pub(super) fn integrated(
        &mut self,
        update: Vec<u8>,
        content: Content,
        origin: Origin,
        block: Option<Block>,
    ) -> Integrated {
        self.note_deletes(&content.deletes);
        let recorded = self.engine.recorder.drain();
        let news = News { inserts: &content.inserts, block };
        self.places.follow(&recorded, &self.index, news);
        let recorded = recorded.into_iter();
        let told = recorded.filter(|recorded| !self.index.is_inside_text(&recorded.target));
        let changes = told.filter_map(|recorded| shown(&self.index, recorded)).collect();
        Integrated { origin, update, content, changes }
    }

    fn note_deletes(&mut self, deletes: &IdSet) {
        for (client, start, end) in ranges(deletes) {
            self.deletes.insert(yrs::ID::new(client, start), end - start);
        }
    }
}

/// A change as the app sees it: what an XML element holds lies in its `children` and `attributes`. Those of texts and
/// fragments are not shown.
fn shown(index: &Index, Recorded { target, mut change }: Recorded) -> Option<Change> {
    let mut holders = index.holders(&target);
    let of_element = holders.pop() == Some(Holder::XmlElement);
    if !of_element && matches!(target, TypeId::Attributes { .. }) {
        return None;
    }
    if !of_element && !holders.contains(&Holder::XmlElement) {
        return Some(change);
    }
    let member = |name: &str| Segment::Key(name.to_owned());
    let path = change.path_mut();
    let mut steps = std::mem::take(path).into_iter();
    path.extend(steps.next());
    for (step, holder) in steps.zip(&holders) {
        if *holder == Holder::XmlElement {
            path.push(member(if matches!(step, Segment::Key(_)) {
                "attributes"
            } else {
                "children"
            }));
        }
        path.push(step);
    }
    if of_element {
        path.push(member(match target {
            TypeId::Attributes { .. } => "attributes",
            _ => "children",
        }));
    }
    Some(change)
}

fn carried(update: &Preflight<'_>) -> Content {
    Content { inserts: update.inserts(), deletes: update.deletes() }
}
