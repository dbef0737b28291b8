//! Deterministic simulation: the real core and the real hub under a virtual clock, on links that cut,
//! stall and lose, and disks that forget what they had not flushed.
//!
//! `SIM_SEEDS=2000` runs more seeds, `SIM_SEED=7` replays one and prints what happens, `SIM_SHRINK=1` cuts its script down first.
//! Each kind of run has its own name for a seed; a failure tells it.

#![cfg(not(target_family = "wasm"))]
#![allow(unreachable_pub)]

mod actions;
mod bounds;
#[path = "../native/doc_support/bytes.rs"]
mod bytes;
mod campaign;
mod crash_points;
mod delivery;
mod disk;
mod herd;
mod host;
mod hostile;
mod mailbox;
mod mutation;
mod net;
mod oracle;
mod over_http;
mod peer_net;
mod peers;
mod presence;
mod regressions;
mod server;
mod storms;
mod streams;
mod world;

use world::{Letters, Setup, World};

fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_seed_breaks_a_promise() {
    campaign::run("SIM_SEED", env("SIM_SEEDS").unwrap_or(300), |_| Setup::default());
}

#[test]
fn no_seed_breaks_a_promise_in_hardship() {
    let hard = Setup { hardships: true, ..Setup::default() };
    campaign::run("SIM_HARD_SEED", env("SIM_SEEDS").unwrap_or(400), |_| hard);
}

#[test]
fn no_seed_breaks_a_promise_where_the_server_changes_its_mind() {
    let setup = Setup { footing: true, ..Setup::default() };
    campaign::run("SIM_FOOTING_SEED", env("SIM_SEEDS").unwrap_or(300), |_| setup);
}

#[test]
fn no_seed_breaks_a_promise_where_databases_do_not_answer() {
    let setup = Setup { hangs: true, ..Setup::default() };
    campaign::run("SIM_HANG_SEED", env("SIM_SEEDS").unwrap_or(200), |_| setup);
}

#[test]
fn no_seed_loses_repeats_or_reorders_a_message() {
    let setup = Setup { letters: Letters::Beside, ..Setup::default() };
    campaign::run("SIM_MESSAGE_SEED", env("SIM_SEEDS").unwrap_or(300), |_| setup);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [1, 17, 4_242] {
        for setup in [Setup::default(), Setup { hardships: true, ..Setup::default() }] {
            let first = World::new(seed, setup).run();
            let second = World::new(seed, setup).run();
            assert_eq!(first.trace, second.trace, "I9: seed {seed}");
        }
    }
}
