//! Servers that flap, machines that wake again and again, sockets that are gone and speak all the same: nobody is hammered,
//! nothing is lost.

use rejoin::io::Environment;

use crate::actions::Action;
use crate::world::{Outcome, Setup, World};

const SEEDS: u64 = 60;
/// Faults last so long, in milliseconds.
const STORM: u64 = 30_000;

/// What all seeds showed, each promise kept.
fn weather(setup: Setup) -> Vec<Outcome> {
    let outcomes = (0..SEEDS).map(|seed| (seed, World::new(seed, setup).run()));
    let checked = outcomes.map(|(seed, outcome)| {
        assert_eq!(outcome.broken, None, "seed {seed}");
        outcome
    });
    checked.collect()
}

/// People type, and meanwhile this happens every so often.
fn storm(every: u64, act: impl Fn(u64) -> Action) -> Setup {
    let edits = (0..STORM / 300).map(|turn| (300 * turn, Action::Edit(turn as usize % 3)));
    let acts = (1..STORM / every).map(|turn| (every * turn, act(turn)));
    let script: Vec<_> = edits.chain(acts).collect();
    Setup { script: Some(script.leak()), lasts: Some(STORM), ..Setup::default() }
}

/// Everything that makes a client look whether its link is alive, for one host after the other.
fn wake(turn: u64) -> Action {
    let wakes = [
        Environment::Online,
        Environment::Hidden,
        Environment::Visible,
        Environment::Resume,
        Environment::ClockJump,
    ];
    Action::Wake(turn as usize % 3, wakes[(turn / 3) as usize % wakes.len()])
}

/// When everybody is joined, and the links are idle.
const CALM: u64 = 20_000;
/// Nothing happens until then but what is told.
const LASTS: u64 = 80_000;

/// How long hosts took to give silent links up, one for each seed.
fn noticed(script: &[(u64, Action)]) -> Vec<u64> {
    let script: &'static [_] = script.to_vec().leak();
    let outcomes = weather(Setup { script: Some(script), lasts: Some(LASTS), ..Setup::default() });
    let noticed: Vec<u64> = outcomes.iter().flat_map(|outcome| outcome.noticed.clone()).collect();
    assert_eq!(noticed.len() as u64, SEEDS, "each dead link is noticed, once");
    noticed
}

/// Most connections a host asked for within twenty seconds.
fn busiest(outcomes: &[Outcome]) -> usize {
    outcomes.iter().map(|outcome| outcome.busiest).max().unwrap_or_default()
}

#[test]
fn a_server_that_flaps_is_asked_at_most_ten_times_in_twenty_seconds_and_gets_every_edit() {
    let outcomes = weather(storm(1_500, |_| Action::ServerCrash));
    assert!(outcomes.iter().all(|outcome| outcome.faults >= 15 && outcome.edits >= 50));
    assert!((4..=10).contains(&busiest(&outcomes)), "{}", busiest(&outcomes));
}

#[test]
fn a_storm_of_wakes_on_a_link_that_works_opens_no_other() {
    let outcomes = weather(storm(20, wake));
    assert!(outcomes.iter().all(|outcome| outcome.edits >= 50));
    assert_eq!(busiest(&outcomes), 1);
}

#[test]
fn a_storm_of_wakes_hurries_nobody_to_a_server_that_is_down_more_than_once_a_second() {
    let act = |turn| if turn % 5 == 0 { Action::ServerCrash } else { wake(turn) };
    let outcomes = weather(storm(20, act));
    assert!((10..=25).contains(&busiest(&outcomes)), "{}", busiest(&outcomes));
}

#[test]
fn a_dead_link_that_is_idle_is_given_up_within_33_seconds() {
    let noticed = noticed(&[(CALM, Action::Silence(0))]);
    assert!(noticed.iter().all(|wait| (10_000..=33_000).contains(wait)), "{noticed:?}");
}

#[test]
fn a_dead_link_is_given_up_within_3_seconds_after_a_wake() {
    for environment in [Environment::Visible, Environment::Resume, Environment::ClockJump] {
        let wake = (CALM + 5_000, Action::Wake(0, environment));
        let noticed = noticed(&[(CALM, Action::Silence(0)), wake]);
        assert!(noticed.iter().all(|wait| (5_000..=8_000).contains(wait)), "{noticed:?}");
    }
}

#[test]
fn a_dead_link_that_is_written_on_is_given_up_9_seconds_after_an_edit_has_left() {
    // The first edit that gets no answer is 500 ms late at most, and a disk keeps it back for a second at most.
    let most = 500 + 1_000 + 9_000;
    for begun in [CALM - 5_000, CALM + 500] {
        let edits = (0..60).map(|turn| (begun + 300 * turn, Action::Edit(0)));
        let script: Vec<_> = edits.chain([(CALM, Action::Silence(0))]).collect();
        let noticed = noticed(&script);
        assert!(noticed.iter().all(|wait| (9_000..=most).contains(wait)), "{noticed:?}");
    }
}

#[test]
fn what_a_socket_says_that_is_gone_changes_nothing() {
    let outcomes = weather(Setup { ghosts: true, ..Setup::default() });
    let ghosts: u64 = outcomes.iter().map(|outcome| outcome.ghosts).sum();
    assert!(ghosts > 2 * SEEDS, "{ghosts} sockets spoke that were gone");
}
