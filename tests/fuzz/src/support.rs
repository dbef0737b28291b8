//! What the native tests of the document have already: updates by hand, a generator, random edits.
#![allow(dead_code, unreachable_pub)]

#[path = "../../native/doc_support/bytes.rs"]
pub(crate) mod bytes;
#[path = "../../native/doc_support/mirror.rs"]
mod mirror;
#[path = "../../native/doc_support/random.rs"]
pub(crate) mod random;
#[path = "../../native/doc_support/replica.rs"]
pub(crate) mod replica;

use rejoin::doc::RootKind;
use rejoin::ordered::OrderedMap;

/// The roots of all documents here.
pub(crate) fn roots() -> OrderedMap<String, RootKind> {
    OrderedMap::from([
        ("text".to_owned(), RootKind::Text),
        ("list".to_owned(), RootKind::List),
        ("root".to_owned(), RootKind::Map),
    ])
}
