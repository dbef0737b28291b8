//! Deterministic simulation: the real core and the real hub under a virtual clock, on links that cut,
//! stall and lose, and disks that forget what they had not flushed.
//!
//! `SIM_SEEDS=2000` runs more seeds, `SIM_SEED=7` replays one and prints its script.

#![cfg(not(target_family = "wasm"))]
#![allow(unreachable_pub)]

mod actions;
mod delivery;
mod disk;
mod host;
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
mod world;

use world::{Letters, Setup, World};

fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_seed_breaks_a_promise() {
    if let Some(seed) = env("SIM_SEED") {
        let outcome = World::new(seed, Setup { print: true, ..Setup::default() }).run();
        println!("seed {seed}: {outcome:?}");
        assert_eq!(outcome.broken, None);
        return;
    }
    let seeds = env("SIM_SEEDS").unwrap_or(500);
    let (mut edits, mut faults, mut failures) = (0, 0, Vec::new());
    for seed in 0..seeds {
        let outcome = World::new(seed, Setup::default()).run();
        failures.extend(outcome.broken.map(|claim| format!("SIM_SEED={seed} {claim:.300}")));
        edits += outcome.edits;
        faults += outcome.faults;
    }
    assert!(failures.is_empty(), "{} of {seeds} seeds:\n{}", failures.len(), failures.join("\n"));
    println!(
        "{seeds} seeds, {faults} faults, {edits} edits: nothing lost, diverged or falsely claimed"
    );
}

#[test]
fn no_seed_loses_repeats_or_reorders_a_message() {
    let setup = Setup { letters: Letters::Beside, ..Setup::default() };
    if let Some(seed) = env("SIM_SEED") {
        let outcome = World::new(seed, Setup { print: true, ..setup }).run();
        println!("seed {seed}: {outcome:?}");
        assert_eq!(outcome.broken, None);
        return;
    }
    let seeds = env("SIM_SEEDS").unwrap_or(500);
    let (mut messages, mut faults, mut failures) = (0, 0, Vec::new());
    for seed in 0..seeds {
        let outcome = World::new(seed, setup).run();
        failures.extend(outcome.broken.map(|claim| format!("SIM_SEED={seed} {claim:.300}")));
        messages += outcome.messages;
        faults += outcome.faults;
    }
    assert!(failures.is_empty(), "{} of {seeds} seeds:\n{}", failures.len(), failures.join("\n"));
    println!("{seeds} seeds, {faults} faults, {messages} messages: each delivered once, in order");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [1, 17, 4_242] {
        let first = World::new(seed, Setup::default()).run();
        let second = World::new(seed, Setup::default()).run();
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}
