//! Delivery of messages alone, in thousands of small worlds: delivered is what was sent, in the order of each sender, once,
//! whatever is lost, repeated, swapped or cut. A quarter of the worlds have hosts on HTTP, whose answers are cut at any byte.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rejoin::config::Broken;
use rejoin_server::hub::Broken as HubBroken;

use crate::env;
use crate::world::{Letters, Outcome, Setup, World};

const SEEDS: u64 = 10_000;

fn setup(seed: u64) -> Setup {
    let tunnels = if seed % 4 == 3 { 1 + (seed / 4 % 3) as usize } else { 0 };
    Setup { letters: Letters::Alone, tunnels, ..Setup::default() }
}

/// Runs all seeds, each thread those that are its turn, and tells them in any order.
fn run(seeds: u64) -> Vec<(u64, Outcome)> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut outcomes = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return outcomes;
            }
            outcomes.push((seed, World::new(seed, setup(seed)).run()));
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    })
}

#[test]
fn ten_thousand_seeds_deliver_each_message_once_and_in_order() {
    if let Some(seed) = env("SIM_LETTER_SEED") {
        let outcome = World::new(seed, Setup { print: true, ..setup(seed) }).run();
        println!("seed {seed}: {outcome:?}");
        assert_eq!(outcome.broken, None);
        return;
    }
    let seeds = env("SIM_LETTER_SEEDS").unwrap_or(SEEDS);
    let (mut messages, mut faults, mut failures) = (0, 0, Vec::new());
    for (seed, outcome) in run(seeds) {
        failures.extend(outcome.broken.map(|claim| format!("SIM_LETTER_SEED={seed} {claim:.300}")));
        messages += outcome.messages;
        faults += outcome.faults;
    }
    assert!(failures.is_empty(), "{} of {seeds} seeds:\n{}", failures.len(), failures.join("\n"));
    assert!(messages > 10 * seeds && faults > 5 * seeds, "{messages} messages, {faults} faults");
    println!("{seeds} seeds, {faults} faults, {messages} messages: each delivered once, in order");
}

#[test]
fn the_small_world_notices_what_is_broken() {
    let ack = HubBroken { ack_before_commit: true, ..HubBroken::default() };
    let again = HubBroken { no_dedupe: true, ..HubBroken::default() };
    let shown = Broken { no_message_dedupe: true, ..Broken::default() };
    let builds =
        [(ack, Broken::default()), (again, Broken::default()), (HubBroken::default(), shown)];
    for (server, broken) in builds {
        let is_caught =
            |seed| World::new(seed, Setup { server, broken, ..setup(seed) }).run().broken.is_some();
        assert!((0..500).any(is_caught), "not caught: {server:?} {broken:?}");
    }
}
