//! A name for a shared type that every replica understands.

use std::fmt;
use std::str::FromStr;

use yrs::{BranchID, ClientID, ID};

use crate::error::Misuse;
use crate::lib0::MAX_CLIENT;

/// Names one shared type: a root by its name, a nested one by the id of the edit that made it.
/// Written `r/<name>`, `n/<client>/<clock>` or `a/<client>/<clock>`. Stays true whatever others edit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypeId {
    /// A root.
    Root(String),
    /// A nested type.
    Nested {
        /// Who made it.
        client: u64,
        /// At which clock.
        clock: u32,
    },
    /// The attributes of a nested XML element or text: a map beside its content.
    Attributes {
        /// Who made the type.
        client: u64,
        /// At which clock.
        clock: u32,
    },
}

impl TypeId {
    /// The root of this name.
    pub fn root(name: impl Into<String>) -> Self {
        Self::Root(name.into())
    }

    pub(crate) fn from_branch(id: &BranchID) -> Self {
        match id {
            BranchID::Root(name) => Self::Root(name.to_string()),
            BranchID::Nested(id) => Self::Nested { client: id.client.get(), clock: id.clock },
        }
    }

    pub(crate) fn nested_id(client: u64, clock: u32) -> ID {
        ID::new(ClientID::new(client), clock)
    }
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => write!(f, "r/{name}"),
            Self::Nested { client, clock } => write!(f, "n/{client}/{clock}"),
            Self::Attributes { client, clock } => write!(f, "a/{client}/{clock}"),
        }
    }
}

impl FromStr for TypeId {
    type Err = Misuse;

    fn from_str(text: &str) -> Result<Self, Misuse> {
        parse(text).ok_or_else(|| {
            Misuse::argument(format!("expected a type id like `r/name` or `n/1/2`, got `{text}`"))
        })
    }
}

fn parse(text: &str) -> Option<TypeId> {
    if let Some(name) = text.strip_prefix("r/") {
        return Some(TypeId::root(name));
    }
    let (kind, id) = text.split_once('/')?;
    let (client, clock) = id.split_once('/')?;
    let client: u64 = client.parse().ok().filter(|client| *client < MAX_CLIENT)?;
    let clock = clock.parse().ok()?;
    match kind {
        "n" => Some(TypeId::Nested { client, clock }),
        "a" => Some(TypeId::Attributes { client, clock }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_id_reads_back_what_it_writes() {
        for id in [
            TypeId::root("todos"),
            TypeId::root("a/b"),
            TypeId::Nested { client: 7, clock: 3 },
            TypeId::Attributes { client: 7, clock: 3 },
        ] {
            assert_eq!(id.to_string().parse::<TypeId>(), Ok(id));
        }
    }

    #[test]
    fn other_words_are_refused() {
        for word in ["", "todos", "n/1", "n/-1/2", "n/9007199254740992/0", "x/1/2"] {
            assert!(word.parse::<TypeId>().is_err(), "{word}");
        }
    }
}
