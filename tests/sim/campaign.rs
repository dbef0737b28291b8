//! Runs of many seeds: figures, failures, and the shortest script that still fails.

use std::fmt::Debug;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::env;
use crate::world::{Outcome, Setup, World};

/// What many seeds showed.
#[derive(Debug, Default)]
pub struct Figures {
    pub edits: u64,
    pub faults: u64,
    pub messages: u64,
    /// The longest time to rest.
    pub slowest: u64,
    pub failures: Vec<String>,
}

/// How a run is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Of the script, only these actions.
    pub keep: Option<&'static [usize]>,
    /// Whether it is printed.
    pub print: bool,
}

impl Look {
    fn of(self, setup: Setup) -> Setup {
        Setup { keep: self.keep.or(setup.keep), print: self.print, ..setup }
    }
}

/// Runs worlds of seeds `0..seeds`, or of `$name` alone with its script; `setup` makes a world of a seed.
pub fn run(name: &str, seeds: u64, setup: impl Fn(u64) -> Setup + Sync) -> Option<Figures> {
    run_worlds(name, seeds, |seed, look| World::new(seed, look.of(setup(seed))).run())
}

/// The same for worlds of any kind.
///
/// `None` where one was replayed. With `SIM_SHRINK` the script of a failing seed is cut down first; with `SIM_KEEP=1,4,9` only those actions happen.
pub fn run_worlds<A: Debug>(
    name: &str,
    seeds: u64,
    world: impl Fn(u64, Look) -> Outcome<A> + Sync,
) -> Option<Figures> {
    if let Some(seed) = env(name) {
        replay(seed, &|look| world(seed, look));
        return None;
    }
    let first = env("SIM_FROM").unwrap_or(0);
    let next = AtomicU64::new(first);
    let figures = Mutex::new(Figures::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let outcome = world(seed, Look::default());
                    figures.lock().expect("a lock").add(name, seed, outcome);
                }
            });
        }
    });
    let figures = figures.into_inner().expect("a lock");
    let Figures { failures, edits, faults, messages, slowest, .. } = &figures;
    println!(
        "{name}: {seeds} seeds, {faults} faults, {edits} edits, {messages} messages, at rest after {slowest} ms at most"
    );
    assert!(failures.is_empty(), "{} of {seeds} seeds:\n{}", failures.len(), failures.join("\n"));
    Some(figures)
}

impl Figures {
    fn add<A>(&mut self, name: &str, seed: u64, outcome: Outcome<A>) {
        self.edits += outcome.edits;
        self.faults += outcome.faults;
        self.messages += outcome.messages;
        self.slowest = self.slowest.max(outcome.rested.unwrap_or_default());
        self.failures.extend(outcome.broken.map(|claim| format!("{name}={seed} {claim:.300}")));
    }
}

fn replay<A: Debug>(seed: u64, world: &dyn Fn(Look) -> Outcome<A>) {
    let kept = std::env::var("SIM_KEEP").ok();
    let kept = kept.map(|list| list.split(',').filter_map(|n| n.parse().ok()).collect::<Vec<_>>());
    let keep = match env("SIM_SHRINK") {
        Some(_) => Some(shrink(world)),
        None => kept,
    };
    let keep: Option<&[usize]> = keep.map(|keep| &*keep.leak());
    let outcome = world(Look { keep, print: true });
    let mut script: Vec<_> = outcome.script.iter().enumerate().collect();
    script.retain(|(number, _)| keep.is_none_or(|keep| keep.contains(number)));
    for (number, (at, action)) in &script {
        println!("{number:>4} at {at:>6} {action:?}");
    }
    let numbers: Vec<String> = script.iter().map(|(number, _)| number.to_string()).collect();
    println!("SIM_KEEP={}", numbers.join(","));
    println!(
        "seed {seed}: {} edits, {} faults, at rest {:?}",
        outcome.edits, outcome.faults, outcome.rested
    );
    assert_eq!(outcome.broken, None, "seed {seed}");
}

/// The shortest script found that still breaks the same claim (ddmin, Zeller 2002).
pub fn shrink<A>(world: &dyn Fn(Look) -> Outcome<A>) -> Vec<usize> {
    let all = world(Look::default());
    let Some(claim) = all.broken else { return Vec::new() };
    let kind = |claim: &str| claim.split(':').next().unwrap_or_default().to_owned();
    let wanted = kind(&claim);
    let still = |kept: &[usize]| {
        let keep: &'static [usize] = kept.to_vec().leak();
        let broken = world(Look { keep: Some(keep), print: false }).broken;
        broken.is_some_and(|claim| kind(&claim) == wanted)
    };
    let mut kept: Vec<usize> = (0..all.script.len()).collect();
    let mut parts = 2;
    while kept.len() > 1 {
        let size = kept.len().div_ceil(parts);
        let without = |from: usize| {
            let rest = kept.iter().enumerate().filter(|(at, _)| !(from..from + size).contains(at));
            rest.map(|(_, number)| *number).collect::<Vec<_>>()
        };
        let shorter = (0..kept.len()).step_by(size).map(without).find(|rest| still(rest));
        match shorter {
            Some(rest) => (kept, parts) = (rest, parts.saturating_sub(1).max(2)),
            None if size == 1 => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    kept
}
