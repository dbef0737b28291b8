//! The server over real sockets, on a port of the system's choice.

mod demo;
mod http;
mod process;
mod sockets;
mod support;
