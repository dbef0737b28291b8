//! The core of rejoin: everything real-time of a web app, without a browser.
//!
//! Nothing in here knows a socket, a clock, a database or a random source. A driver puts [`io::Input`]
//! in, takes [`io::Output`] out until there is none, and comes back at the deadline of
//! [`client::Client::poll_timeout`]. The same code runs in the browser (`web`) and under simulation.

pub mod backoff;
pub mod client;
pub mod config;
pub mod connection;
pub mod doc;
pub mod error;
pub mod event;
pub mod io;
pub mod json;
pub mod ordered;
pub mod protocol;
pub mod room;
pub mod time;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod web;
