//! Hostile bytes into everything that reads bytes from elsewhere: never a panic, never a loop, in bounded memory, and
//! what is honest stays. `tests/` feeds a few thousand inputs of each kind; `npm run fuzz` goes on for as long as asked.
#![allow(clippy::disallowed_methods)]

pub mod allocation;
mod hostile;
mod mutate;
mod pieces;
pub mod session;
mod support;
pub mod target;
pub mod targets;

#[global_allocator]
static ALLOCATOR: allocation::Counting = allocation::Counting;
