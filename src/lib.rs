//! The core of rejoin: everything real-time of a web app, without a browser.
//!
//! Nothing in here knows a socket, a clock, a database or a random source. A driver puts [`io::Input`]
//! in, takes [`io::Output`] out until there is none, and comes back at the deadline of
//! [`machine::Machine::poll_timeout`]. The same code runs in the browser (`web`) and under simulation.

pub mod backoff;
#[cfg(feature = "documents")]
pub mod client;
#[cfg(feature = "codec")]
pub mod codec;
pub mod config;
pub mod connection;
#[cfg(feature = "documents")]
pub mod doc;
pub mod error;
#[cfg(feature = "documents")]
pub mod event;
pub mod io;
pub mod json;
#[cfg(any(feature = "documents", feature = "codec"))]
mod lib0;
#[cfg(feature = "links")]
pub mod links;
pub mod machine;
#[cfg(feature = "peers")]
pub mod mesh;
pub mod ordered;
pub mod page;
#[cfg(feature = "peers")]
pub mod peers;
#[cfg(feature = "documents")]
pub mod protocol;
#[cfg(feature = "documents")]
pub mod room;
#[cfg(feature = "links")]
pub mod socket;
#[cfg(feature = "links")]
pub mod socket_io;
pub mod status;
#[cfg(any(feature = "documents", feature = "links"))]
pub mod stream;
#[cfg(any(feature = "documents", feature = "links"))]
mod switches;
pub mod time;
#[cfg(feature = "documents")]
pub mod tunnel;
#[cfg(any(feature = "documents", feature = "codec"))]
pub mod update_error;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod web;
