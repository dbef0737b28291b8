//! Shared by the tests of the document.

pub(crate) mod bytes;
pub(crate) mod mirror;
pub(crate) mod plain_yrs;
pub(crate) mod random;
pub(crate) mod replica;

use rejoin::doc::{Doc, Limits, RootKind};
use rejoin::ordered::OrderedMap;

/// The roots that all these tests use.
pub(crate) fn roots() -> OrderedMap<String, RootKind> {
    OrderedMap::from([
        ("text".to_owned(), RootKind::Text),
        ("list".to_owned(), RootKind::List),
        ("root".to_owned(), RootKind::Map),
        ("xml".to_owned(), RootKind::List),
    ])
}

/// An empty document with these roots.
pub(crate) fn doc(client: u64) -> Doc {
    Doc::new(client, &roots(), Limits::default())
}
