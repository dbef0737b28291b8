//! The server over real sockets, on a port of the system's choice.
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

mod auth;
mod demo;
mod http;
mod process;
mod sockets;
mod streams;
mod support;
mod tunnel;
