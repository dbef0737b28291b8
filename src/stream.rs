//! One-way streams over HTTP: events that a server sends, and text that a model writes.

pub mod format;
pub mod lines;
pub mod parser;
pub mod utf8;
