//! The units of one text in their order, as runs of consecutive ids.

use yrs::ID;

/// What stands right before a unit, be it shown or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prev {
    /// Nobody knows.
    Unknown,
    /// Nothing.
    Start,
    Unit(ID),
}

/// Units that stand side by side here as they do in the ids of their writer; or units of which only the number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first unit.
    pub(crate) id: Option<ID>,
    pub(crate) len: u32,
    /// What stands before the first unit.
    pub(crate) prev: Prev,
}

impl Run {
    pub(crate) fn new(id: ID, len: u32, prev: Prev) -> Self {
        Self { id: Some(id), len, prev }
    }

    pub(crate) fn unknown(len: u32) -> Self {
        Self { id: None, len, prev: Prev::Unknown }
    }

    fn unit(self, offset: u32) -> Option<ID> {
        self.id.map(|id| ID::new(id.client, id.clock + offset))
    }

    /// What stands before the unit at this offset, or would behind the last one if nothing came between.
    fn prev(self, offset: u32) -> Prev {
        match offset.checked_sub(1) {
            Some(before) => self.unit(before).map_or(Prev::Unknown, Prev::Unit),
            None => self.prev,
        }
    }

    /// Cuts off what lies from this offset on.
    fn split(&mut self, offset: u32) -> Self {
        let rest = Self { id: self.unit(offset), len: self.len - offset, prev: self.prev(offset) };
        self.len = offset;
        rest
    }
}

/// Some runs that follow each other.
#[derive(Clone, Debug, Default)]
struct Chunk {
    len: u32,
    runs: Vec<Run>,
}

/// Runs in chunks: an offset is found by the lengths of the chunks, then by those of the runs in one.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    len: u32,
    chunks: Vec<Chunk>,
    /// What stands last.
    last: Prev,
}

/// Runs of a chunk, at most.
const CHUNK: usize = 64;

impl Runs {
    /// So many units, of which nothing is known.
    pub(crate) fn unknown(len: u32) -> Self {
        let mut runs = Self { len: 0, chunks: Vec::new(), last: Prev::Unknown };
        runs.insert(0, Run::unknown(len), false);
        runs
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The unit at this offset, if it is known.
    pub(crate) fn unit(&self, index: u32) -> Option<ID> {
        let (run, offset) = self.run(index)?;
        run.unit(offset)
    }

    /// What stands right before the unit at this offset, or last if that is the end.
    pub(crate) fn before(&self, index: u32) -> Prev {
        self.run(index).map_or(self.last, |(run, offset)| run.prev(offset))
    }

    /// The ids of so many units from this offset on, if all are known.
    pub(crate) fn stretch(&self, index: u32, mut len: u32) -> Option<Vec<(ID, u32)>> {
        let (chunk, mut offset) = self.chunk(index);
        let mut ids = Vec::new();
        for run in self.chunks.get(chunk..)?.iter().flat_map(|chunk| &chunk.runs) {
            if offset >= run.len {
                offset -= run.len;
                continue;
            }
            let units = len.min(run.len - offset);
            ids.push((run.unit(offset)?, units));
            (len, offset) = (len - units, 0);
            if len == 0 {
                return Some(ids);
            }
        }
        None
    }

    /// Inserts units; `is_near` if nothing deleted stands between them and the unit behind.
    pub(crate) fn insert(&mut self, index: u32, run: Run, is_near: bool) {
        if run.len == 0 || index > self.len {
            return;
        }
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::default());
        }
        let (at, offset) = match self.chunk(index) {
            (at, offset) if at < self.chunks.len() => (at, offset),
            _ => (self.chunks.len() - 1, u32::MAX),
        };
        let last = if is_near { run.prev(run.len) } else { Prev::Unknown };
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        chunk.insert(offset, run, last);
        if index == self.len {
            self.last = last;
        }
        self.len += run.len;
        if let Some(rest) = chunk.overflow() {
            self.chunks.insert(at + 1, rest);
        }
    }

    pub(crate) fn delete(&mut self, index: u32, len: u32) {
        let mut len = len.min(self.len.saturating_sub(index));
        self.len -= len;
        let (mut at, mut offset) = self.chunk(index);
        while let Some(chunk) = self.chunks.get_mut(at).filter(|_| len > 0) {
            let units = len.min(chunk.len - offset);
            chunk.delete(offset, units);
            (len, offset) = (len - units, 0);
            if chunk.len == 0 {
                self.chunks.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// The chunk that the unit lies in, and its offset there.
    fn chunk(&self, index: u32) -> (usize, u32) {
        let mut offset = index;
        for (at, chunk) in self.chunks.iter().enumerate() {
            if offset < chunk.len {
                return (at, offset);
            }
            offset -= chunk.len;
        }
        (self.chunks.len(), offset)
    }

    /// The run that the unit lies in, and its offset there.
    fn run(&self, index: u32) -> Option<(Run, u32)> {
        let (chunk, mut offset) = self.chunk(index);
        for run in &self.chunks.get(chunk)?.runs {
            if offset < run.len {
                return Some((*run, offset));
            }
            offset -= run.len;
        }
        None
    }
}

impl Chunk {
    /// Where the run begins that this offset lies at, or would: cuts one if need be.
    fn cut(&mut self, mut offset: u32) -> usize {
        for (at, run) in self.runs.iter_mut().enumerate() {
            if offset == 0 {
                return at;
            }
            if offset < run.len {
                let rest = run.split(offset);
                self.runs.insert(at + 1, rest);
                return at + 1;
            }
            offset -= run.len;
        }
        self.runs.len()
    }

    /// Inserts a run; `last` is what the unit behind it has before it then.
    fn insert(&mut self, offset: u32, run: Run, last: Prev) {
        self.len += run.len;
        let at = self.cut(offset);
        if let Some(behind) = self.runs.get_mut(at) {
            behind.prev = last;
        }
        match self.runs.get_mut(..at).and_then(<[Run]>::last_mut) {
            Some(before)
                if before.prev(before.len) == run.prev && before.unit(before.len) == run.id =>
            {
                before.len += run.len;
            }
            _ => self.runs.insert(at, run),
        }
    }

    fn delete(&mut self, offset: u32, len: u32) {
        self.len -= len;
        let (start, end) = (self.cut(offset), self.cut(offset + len));
        self.runs.drain(start..end);
    }

    /// The second half of too many runs.
    fn overflow(&mut self) -> Option<Self> {
        if self.runs.len() <= CHUNK {
            return None;
        }
        let runs = self.runs.split_off(CHUNK / 2);
        let len = runs.iter().map(|run| run.len).sum();
        self.len -= len;
        Some(Self { len, runs })
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;
    use yrs::ClientID;

    use super::*;

    fn id(client: u64, clock: u32) -> ID {
        ID::new(ClientID::new(client), clock)
    }

    fn unit(client: u64, clock: u32) -> Prev {
        Prev::Unit(id(client, clock))
    }

    fn known(clock: u32, len: u32, prev: Prev) -> Run {
        Run::new(id(1, clock), len, prev)
    }

    #[test]
    fn typing_makes_one_run() {
        let mut runs = Runs::unknown(0);
        runs.insert(0, known(0, 1, Prev::Start), true);
        for clock in 1..1_000 {
            runs.insert(clock, known(clock, 1, unit(1, clock - 1)), true);
        }
        assert_eq!(runs.stretch(0, 1_000), Some(vec![(id(1, 0), 1_000)]));
        assert_eq!((runs.before(0), runs.unit(0)), (Prev::Start, Some(id(1, 0))));
        assert_eq!((runs.before(7), runs.unit(7)), (unit(1, 6), Some(id(1, 7))));
        assert_eq!((runs.before(1_000), runs.unit(1_000)), (unit(1, 999), None));
    }

    #[test]
    fn what_was_deleted_still_stands_before_the_unit_behind() {
        let mut runs = Runs::unknown(0);
        runs.insert(0, known(0, 20, Prev::Start), true);
        runs.delete(10, 5);
        assert_eq!(runs.stretch(9, 3), Some(vec![(id(1, 9), 1), (id(1, 15), 2)]));
        assert_eq!(runs.before(10), unit(1, 14));
        runs.delete(12, 3);
        assert_eq!((runs.len(), runs.before(12)), (12, unit(1, 19)));
    }

    #[test]
    fn what_nobody_knows_has_no_ids_and_no_neighbours() {
        let mut runs = Runs::unknown(4);
        runs.insert(2, known(7, 1, Prev::Unknown), false);
        assert_eq!((runs.unit(1), runs.unit(2), runs.unit(3)), (None, Some(id(1, 7)), None));
        assert_eq!((runs.before(2), runs.before(3)), (Prev::Unknown, Prev::Unknown));
        assert_eq!((runs.stretch(2, 1), runs.stretch(2, 2)), (Some(vec![(id(1, 7), 1)]), None));
        assert_eq!(runs.stretch(4, 2), None, "beyond the end");
    }

    #[test]
    fn a_run_of_the_same_writer_that_may_not_stand_right_behind_is_one_of_its_own() {
        let mut runs = Runs::unknown(0);
        runs.insert(0, known(0, 2, Prev::Start), true);
        runs.insert(2, known(2, 2, Prev::Unknown), true);
        assert_eq!((runs.before(2), runs.before(3)), (Prev::Unknown, unit(1, 2)));
    }

    proptest! {
        #[test]
        fn they_are_what_a_list_of_units_would_be(
            edits in prop::collection::vec((0_u32..4, any::<u32>(), 1_u32..9), 0..900)
        ) {
            let (mut runs, mut model, mut clock) = (Runs::unknown(0), Vec::new(), 0);
            for (kind, at, len) in edits {
                let size = u32::try_from(model.len()).unwrap();
                let at = at % (size + 1);
                if kind == 0 {
                    let len = len.min(size - at);
                    runs.delete(at, len);
                    model.drain(at as usize..(at + len) as usize);
                    continue;
                }
                let prev = runs.before(at);
                let run = if kind == 1 { Run::unknown(len) } else { known(clock, len, prev) };
                runs.insert(at, run, clock % 2 == 0);
                model.splice(at as usize..at as usize, (0..len).map(|unit| run.unit(unit)));
                clock += len;
            }
            prop_assert_eq!((0..runs.len()).map(|index| runs.unit(index)).collect::<Vec<_>>(), model);
        }
    }
}
