//! Tests of the crate's public face that need no browser.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::disallowed_methods,
    clippy::drop_non_drop,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod close_codes;
mod doc_convergence;
mod doc_edits;
mod doc_hostile;
mod doc_pieces;
mod doc_properties;
mod doc_rich;
mod doc_subdocs;
mod doc_support;
mod doc_traces;
mod doc_undo;
mod socket_properties;
mod stream_formats;
mod stream_parser;
mod stream_support;
mod tokens;
mod tunnel;
mod yrs_defects;
