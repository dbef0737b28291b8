//! Streams of events and of text: the real core of the small module reads what a simulated server says, over a network that cuts
//! at any byte, holds back and falls silent, in a page that sleeps, is put aside and loses its network.

mod answer;
mod app;
mod fault;
mod oracle;
mod server;
mod world;

use rejoin::stream::Broken;

use crate::campaign::{self, Look};
use crate::env;
use crate::world::Outcome;
use fault::Fault;
use world::World;

/// Seeds within which a broken build has to be caught.
const PATIENCE: u64 = 300;

fn run(seed: u64, broken: Broken, look: Look) -> Outcome<Fault> {
    World::new(seed, broken, look).run()
}

#[test]
fn no_seed_loses_repeats_or_tears_what_a_stream_says() {
    let seeds = env("SIM_SEEDS").unwrap_or(1_200);
    let world = |seed, look| run(seed, Broken::default(), look);
    let Some(figures) = campaign::run_worlds("SIM_STREAM_SEED", seeds, world) else { return };
    assert!(figures.messages > 100 * seeds && figures.faults > 20 * seeds, "{figures:?}");
}

/// `(seed, what it showed)`.
const SEEDS: &[(u64, &str)] = &[
    (
        10_367,
        "a wait that a server named was forgotten where the page was put aside while its words were read",
    ),
    (10_946, "the same"),
    (
        29_533,
        "a stream without a place was taken for one that knew the first events (the simulation's fault)",
    ),
];

#[test]
fn seeds_of_streams_that_failed_once_pass() {
    for (seed, story) in SEEDS {
        let outcome = run(*seed, Broken::default(), Look::default());
        assert_eq!(outcome.broken, None, "seed {seed}: {story}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run_of_streams() {
    for seed in [1, 17, 4_242] {
        let trace = || run(seed, Broken::default(), Look::default()).trace;
        assert_eq!(trace(), trace(), "seed {seed}");
    }
}

/// A rule that is switched off is noticed, by the claim that it guards.
fn assert_caught(rule: &str, claims: &[&str], broken: Broken) {
    for seed in 0..PATIENCE {
        if let Some(claim) = run(seed, broken, Look::default()).broken {
            println!("{rule}: caught at seed {seed}: {claim}");
            assert!(claims.iter().any(|wanted| claim.starts_with(wanted)), "{rule}: {claim}");
            return;
        }
    }
    panic!("{rule}: not caught within {PATIENCE} seeds");
}

#[test]
fn a_build_that_tells_again_what_a_server_repeats_is_caught() {
    assert_caught("no-dedupe", &["E2", "T2"], Broken { no_dedupe: true, ..Broken::default() });
}

#[test]
fn a_build_that_does_not_say_where_it_goes_on_is_caught() {
    assert_caught(
        "no-resume",
        &["E2", "T2", "E3"],
        Broken { no_resume: true, ..Broken::default() },
    );
}

#[test]
fn a_build_that_takes_an_id_for_had_before_its_event_is_caught() {
    assert_caught("early-id", &["E3", "T2", "T3"], Broken { early_id: true, ..Broken::default() });
}

#[test]
fn a_build_that_waits_for_a_silent_answer_for_ever_is_caught() {
    let broken = Broken { no_idle_timeout: true, ..Broken::default() };
    assert_caught("no-idle-timeout", &["E4"], broken);
}

#[test]
fn a_build_that_asks_a_model_again_by_itself_is_caught() {
    assert_caught("repeat-text", &["T1"], Broken { repeat_text: true, ..Broken::default() });
}

#[test]
fn a_build_that_reads_on_before_the_app_has_room_is_caught() {
    let broken = Broken { no_backpressure: true, ..Broken::default() };
    assert_caught("no-backpressure", &["E6"], broken);
}

#[test]
fn a_build_that_does_not_wait_as_long_as_a_server_asks_is_caught() {
    assert_caught("impatient", &["E5"], Broken { impatient: true, ..Broken::default() });
}
