//! What an update may hold. Everything beyond is refused before it touches the document.

/// Limits of one document and of the updates it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an update from another replica. One frame carries it whole.
    pub update_bytes: usize,
    /// Bytes of an update that the app gives. What is in this device's log was let in before, and is in memory.
    pub document_bytes: usize,
    /// Writers of the document, so that an update or a state vector may name as many.
    pub clients: usize,
    /// Blocks of one update, or one for every five of its bytes if those are more: hours of dragging alone make millions. The
    /// smallest of what honest writers make in such numbers have six bytes (deleted items with garbage between).
    pub blocks: usize,
    /// Depth of a plain value.
    pub value_depth: usize,
    /// Depth of nested shared types.
    pub type_depth: usize,
    /// Bytes of a root's name, a map's key or a format's name.
    pub key_bytes: usize,
    /// Units one writer may write.
    pub clock: u32,
    /// Updates of others held for a missing one.
    pub held_updates: usize,
    /// Bytes of those.
    pub held_bytes: usize,
    /// Hands what is not causally ready straight to yrs. Only for the simulation's mutation proof.
    pub ungated: bool,
}

impl Limits {
    /// None but those of depth and clocks, for what this replica made itself.
    pub(crate) const NONE: Self = Self {
        update_bytes: usize::MAX,
        document_bytes: usize::MAX,
        clients: usize::MAX,
        blocks: usize::MAX,
        value_depth: 64,
        type_depth: 128,
        key_bytes: usize::MAX,
        clock: u32::MAX,
        held_updates: 0,
        held_bytes: 0,
        ungated: false,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            update_bytes: 8 << 20,
            document_bytes: 64 << 20,
            clients: 1 << 20,
            blocks: 2_000_000,
            value_depth: 64,
            type_depth: 128,
            key_bytes: 4096,
            clock: 1 << 30,
            held_updates: 1000,
            held_bytes: 8 << 20,
            ungated: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::preflight::{Preflight, write_number};
    use crate::doc::{Doc, Edit, Origin, RootKind};
    use crate::error::Misuse;
    use crate::ordered::OrderedMap;
    use crate::update_error::UpdateError;

    const LIMITS: fn() -> Limits = || Limits { clients: 4, ..Limits::default() };

    fn doc(client: u64) -> Doc {
        Doc::new(client, &OrderedMap::from([("text".into(), RootKind::Text)]), LIMITS())
    }

    fn write(doc: &mut Doc) -> Result<Vec<u8>, Misuse> {
        let ty = "r/text".parse().unwrap();
        let edit = Edit::TextInsert { ty, index: 0, text: "x".into(), attributes: None };
        doc.edit(edit).map(|done| done.update)
    }

    #[test]
    fn what_came_bit_by_bit_can_always_be_taken_in_whole() {
        let mut all = doc(99);
        for client in 1..=4 {
            all.apply(&write(&mut doc(client)).unwrap(), Origin::Remote).unwrap();
        }
        let fifth = all.apply(&write(&mut doc(5)).unwrap(), Origin::Remote);
        assert_eq!(fifth, Err(UpdateError::TooMany { what: "writers", limit: 4 }));
        assert!(write(&mut all).is_err(), "nor as a fifth ourselves");
        assert!(!all.is_broken());
        assert!(doc(6).apply(&all.encode_state(), Origin::Remote).is_ok());
        assert!(all.diff(&all.encode_state_vector()).is_ok());
    }

    #[test]
    fn those_who_are_known_go_on() {
        let mut all = doc(1);
        write(&mut all).unwrap();
        let mut others: Vec<Doc> = (2..=4).map(doc).collect();
        for _ in 0..2 {
            for other in &mut others {
                all.apply(&write(other).unwrap(), Origin::Remote).unwrap();
            }
            write(&mut all).unwrap();
        }
    }

    /// Parses so many deleted blocks of a writer, each behind the one before; or garbage, which takes the fewest bytes.
    fn parse(count: u32, honest: bool) -> Result<usize, UpdateError> {
        let mut bytes = vec![1];
        write_number(&mut bytes, u64::from(count));
        let client = u64::from(u32::MAX);
        write_number(&mut bytes, client);
        bytes.push(0);
        for clock in 0..count {
            if honest {
                bytes.push(0x81);
                write_number(&mut bytes, client);
                write_number(&mut bytes, u64::from(clock));
            } else {
                bytes.push(0);
            }
            bytes.push(1);
        }
        bytes.push(0);
        Preflight::parse(&bytes, &Limits { blocks: 1_000, ..LIMITS() }).map(|it| it.blocks.len())
    }

    #[test]
    fn an_update_may_have_as_many_blocks_as_its_bytes_tell_of_honest_ones() {
        assert_eq!(parse(20_000, true), Ok(20_000));
        assert_eq!(parse(1_000, false), Ok(1_000));
        let bomb = parse(20_000, false);
        assert!(matches!(bomb, Err(UpdateError::TooMany { what: "blocks", .. })), "{bomb:?}");
    }

    #[test]
    fn a_log_is_read_however_large_its_snapshot_is() {
        let limits = Limits { document_bytes: 4, update_bytes: 4, ..LIMITS() };
        let mut all = Doc::new(1, &OrderedMap::new(), limits);
        let state = write(&mut doc(2)).unwrap();
        for origin in [Origin::Remote, Origin::Local] {
            assert!(matches!(all.apply(&state, origin), Err(UpdateError::TooLarge { .. })));
        }
        assert!(all.apply(&state, Origin::Storage).is_ok());
    }
}
