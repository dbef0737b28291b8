//! Three replicas on a link that drops, doubles and reorders, and that lose their memory now and then.
//!
//! `CONVERGENCE_SEEDS=n` sets how many seeds run, `CONVERGENCE_SEED=n` replays one.

use std::process::Command;

use crate::doc_support::plain_yrs::Ungated;
use crate::doc_support::random::{Rng, random_edit};
use crate::doc_support::replica::{Gated, Replica};

const REPLICAS: usize = 3;
const STEPS: usize = 40;

struct World<R> {
    rng: Rng,
    replicas: Vec<R>,
    /// Next client id: a restart takes a fresh one.
    next_client: u64,
    in_flight: Vec<(usize, Vec<u8>)>,
    link: Link,
}

/// How updates travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// 30 % are lost, 10 % come twice, in any order.
    Bad,
    /// All at once to everybody.
    Perfect,
}

impl<R: Replica> World<R> {
    fn new(seed: u64, link: Link) -> Self {
        let replicas = (0..REPLICAS as u64).map(|at| R::new(at + 1)).collect();
        Self {
            rng: Rng(seed),
            replicas,
            next_client: REPLICAS as u64 + 1,
            in_flight: Vec::new(),
            link,
        }
    }

    fn step(&mut self) -> Result<(), String> {
        let at = self.rng.below(REPLICAS);
        match self.rng.below(100) {
            0..=44 => self.edit(at)?,
            45..=84 => self.deliver()?,
            85..=92 => self.send(at, self.replicas[at].state())?,
            _ => self.restart(at)?,
        }
        Ok(())
    }

    fn edit(&mut self, at: usize) -> Result<(), String> {
        let edit = random_edit(&mut self.rng, &self.replicas[at].view());
        match self.replicas[at].edit(edit) {
            Some(update) => self.send(at, update),
            None => Ok(()),
        }
    }

    fn send(&mut self, from: usize, update: Vec<u8>) -> Result<(), String> {
        for to in (0..REPLICAS).filter(|to| *to != from) {
            if self.link == Link::Perfect {
                self.replicas[to].apply(&update)?;
                continue;
            }
            let copies = match self.rng.below(100) {
                0..=29 => 0,
                30..=39 => 2,
                _ => 1,
            };
            self.in_flight.extend(vec![(to, update.clone()); copies]);
        }
        Ok(())
    }

    fn deliver(&mut self) -> Result<(), String> {
        if self.in_flight.is_empty() {
            return Ok(());
        }
        let (to, update) = self.in_flight.swap_remove(self.rng.below(self.in_flight.len()));
        self.replicas[to].apply(&update)
    }

    /// Save, forget, load. What was on its way to it still comes.
    fn restart(&mut self, at: usize) -> Result<(), String> {
        let state = self.replicas[at].state();
        let before = self.replicas[at].summary();
        let mut fresh = R::new(self.next_client);
        self.next_client += 1;
        fresh.apply(&state)?;
        if fresh.summary() != before {
            return Err(format!("reload differs:\n{before}\n{}", fresh.summary()));
        }
        self.replicas[at] = fresh;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), String> {
        for (from, to) in [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)] {
            let diff = self.replicas[from].diff(&self.replicas[to].vector());
            self.replicas[to].apply(&diff)?;
        }
        Ok(())
    }

    fn run(mut self) -> Result<(), String> {
        for _ in 0..STEPS {
            self.step()?;
        }
        for _ in 0..3 {
            self.sync()?;
        }
        self.restart(0)?;
        let summaries: Vec<String> = self.replicas.iter().map(Replica::summary).collect();
        if summaries.iter().any(|summary| *summary != summaries[0]) {
            return Err(format!("replicas differ:\n{}", summaries.join("\n")));
        }
        Ok(())
    }
}

fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    match (number("CONVERGENCE_SEED"), number("CONVERGENCE_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, count) => 0..count.unwrap_or(default),
    }
}

#[test]
fn replicas_converge_over_a_bad_link_with_restarts() {
    let seeds = seeds(5000);
    for seed in seeds.clone() {
        if let Err(difference) = World::<Gated>::new(seed, Link::Bad).run() {
            panic!("CONVERGENCE_SEED={seed}: {difference}");
        }
    }
    println!(
        "{} seeds, {REPLICAS} replicas, {STEPS} steps: 0 differences",
        seeds.end - seeds.start
    );
}

/// So that a failure without the gate is the link's doing, not the test's.
#[test]
fn without_the_gate_a_perfect_link_does_no_harm() {
    for seed in 0..300 {
        World::<Ungated>::new(seed, Link::Perfect)
            .run()
            .unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
    }
}

const CHILD: &str = "CONVERGENCE_WITHOUT_GATE";
const FAILED: i32 = 42;

/// In a process of its own, for yrs may not only differ or panic but touch memory that is gone.
#[test]
fn the_same_traffic_without_the_gate_fails_within_two_thousand_seeds() {
    if std::env::var_os(CHILD).is_some() {
        run_without_gate();
        return;
    }
    let name = "doc_convergence::the_same_traffic_without_the_gate_fails_within_two_thousand_seeds";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(!child.status.success(), "plain yrs went through: is the gate still needed?");
    let words = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.code() == Some(FAILED) || child.status.code().is_none(),
        "the run without the gate failed for another reason: {words}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    println!(
        "{}",
        words
            .lines()
            .find(|line| line.contains("without the gate"))
            .unwrap_or("killed by a signal")
    );
}

fn run_without_gate() {
    std::panic::set_hook(Box::new(|_| {}));
    for seed in 0..2000 {
        let outcome = std::panic::catch_unwind(|| World::<Ungated>::new(seed, Link::Bad).run());
        let what = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(difference)) => difference,
            Err(_) => "panic".to_owned(),
        };
        println!("seed {seed} without the gate: {}", what.lines().next().unwrap_or_default());
        std::process::exit(FAILED);
    }
}
