//! The encoding primitives of lib0, on which Yjs' formats are built.

mod reader;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use writer::write_number;
#[cfg(feature = "codec")]
pub(crate) use writer::{write_buffer, write_signed};

/// Client ids have 53 bits (Yjs, lib0).
pub(crate) const MAX_CLIENT: u64 = 1 << 53;
