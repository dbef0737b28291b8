//! What the app receives: deltas of texts and lists, entries of maps. UTF-16 offsets throughout.

use std::collections::BTreeMap;

use serde_json::Value;

/// One change of one shared type. Paths hold in the state after the whole transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A text changed.
    Text {
        /// Where it lies: the root's name, then keys and indexes.
        path: Vec<Segment>,
        /// Its type id.
        target: String,
        /// What changed, from the start.
        delta: Vec<TextOp>,
    },
    /// A list changed.
    List {
        /// Where it lies.
        path: Vec<Segment>,
        /// Its type id.
        target: String,
        /// What changed, from the start.
        delta: Vec<ListOp>,
    },
    /// A map changed.
    Map {
        /// Where it lies.
        path: Vec<Segment>,
        /// Its type id.
        target: String,
        /// Entries that are new or have a new value; nested types as plain JSON.
        set: BTreeMap<String, Value>,
        /// Keys that are gone.
        removed: Vec<String>,
    },
}

impl Change {
    /// Where the changed type lies.
    pub fn path(&self) -> &[Segment] {
        match self {
            Self::Text { path, .. } | Self::List { path, .. } | Self::Map { path, .. } => path,
        }
    }

    /// The delta of a text.
    pub(crate) fn text(&self) -> Option<&[TextOp]> {
        match self {
            Self::Text { delta, .. } => Some(delta),
            Self::List { .. } | Self::Map { .. } => None,
        }
    }

    pub(crate) fn path_mut(&mut self) -> &mut Vec<Segment> {
        match self {
            Self::Text { path, .. } | Self::List { path, .. } | Self::Map { path, .. } => path,
        }
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Name of a root or key of a map.
    Key(String),
    /// Index in a list.
    Index(u32),
}

/// Formatting of a stretch of text; `null` removes a mark.
pub type Attributes = BTreeMap<String, Value>;

/// One step of a text's delta.
#[derive(Clone, Debug, PartialEq)]
pub enum TextOp {
    /// New text. A shared type in it is one unit, U+FFFC.
    Insert {
        /// The text.
        insert: String,
        /// Its formatting.
        attributes: Option<Attributes>,
    },
    /// A new embedded object: one unit.
    Embed {
        /// The object.
        embed: Value,
        /// Its formatting.
        attributes: Option<Attributes>,
    },
    /// Text that is gone.
    Delete {
        /// UTF-16 units.
        delete: u32,
    },
    /// Text that stays.
    Retain {
        /// UTF-16 units.
        retain: u32,
        /// Formatting that changed on it.
        attributes: Option<Attributes>,
    },
}

/// One step of a list's delta.
#[derive(Clone, Debug, PartialEq)]
pub enum ListOp {
    /// New items; nested types as plain JSON.
    Insert {
        /// The items.
        insert: Vec<Value>,
    },
    /// Items that are gone.
    Delete {
        /// How many.
        delete: u32,
    },
    /// Items that stay.
    Retain {
        /// How many.
        retain: u32,
    },
}
