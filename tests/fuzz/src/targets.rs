//! All targets.

mod document;
mod frames;
mod hub;
mod log;
mod mesh;
mod streams;
mod tab;

use crate::target::Target;

/// Every reader of bytes that come from elsewhere.
pub fn all() -> Vec<Target> {
    [
        document::targets(),
        frames::targets(),
        log::targets(),
        mesh::targets(),
        streams::targets(),
        hub::targets(),
    ]
    .concat()
}
