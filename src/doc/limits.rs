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

    #[test]
    fn a_document_of_millions_of_blocks_is_read_whole() {
        // Two entries set in turn never become one block: hours of dragging.
        let count = 2_100_000_u32;
        let mut bytes = vec![1];
        write_number(&mut bytes, u64::from(count));
        bytes.extend([9, 0]);
        bytes.extend([0, 1].repeat(count as usize));
        bytes.push(0);
        let parsed = Preflight::parse(&bytes, &Limits::default()).map(|parsed| parsed.blocks.len());
        assert_eq!(parsed, Ok(count as usize));
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
