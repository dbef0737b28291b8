//! What an update may hold. Everything beyond is refused before it touches the document.

/// Limits of one document and of the updates it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an update from another replica. One frame carries it whole.
    pub update_bytes: usize,
    /// Bytes of an update from this device's log, where a snapshot holds the whole document.
    pub document_bytes: usize,
    /// Writers named in one update.
    pub clients: usize,
    /// Blocks of one update.
    pub blocks: usize,
    /// Depth of a plain value.
    pub value_depth: usize,
    /// Depth of nested shared types.
    pub type_depth: usize,
    /// Bytes of a root's name, a map's key or a format's name.
    pub key_bytes: usize,
    /// Units one writer may write.
    pub clock: u32,
    /// Updates held for a missing one.
    pub held_updates: usize,
    /// Bytes of the held updates.
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
            clients: 65_536,
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
