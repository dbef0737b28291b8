//! Vectors and a reference for streams.

pub(crate) mod reference;
#[path = "../fixtures/sse/vectors.rs"]
pub(crate) mod vectors;
