//! Seeds that failed once, with what they showed.

use rejoin::config::Broken;

use crate::actions::Action;
use crate::campaign;
use crate::world::{Letters, Setup, World};

/// `(seed, what it showed)`.
const SEEDS: &[(u64, &str)] = &[
    (
        0,
        "records after a snapshot of the same run counted as contained in it and were not replayed",
    ),
    (14, "deletions found lacking after the push were never asked for"),
    (78, "a log that was read late replaced what the outbox knew"),
    (90, "the same, told as synced while the server lacked an edit"),
    (223, "a lost handshake answer was never asked for again while presence kept the link alive"),
    (865, "pushing again and again kept an unanswered handshake from timing out"),
    (6_781, "what a late read of the log released was never logged"),
    (12_494, "the last update on a link was dropped in silence and nobody asked"),
    (19_275, "the same"),
];

#[test]
fn seeds_that_failed_once_pass() {
    for (seed, story) in SEEDS {
        let outcome = World::new(*seed, Setup::default()).run();
        assert_eq!(outcome.broken, None, "seed {seed}: {story}");
    }
}

/// The same, of runs with hardships.
const HARD_SEEDS: &[(u64, &str)] = &[
    (
        10_209,
        "what a late read of the log brought back was not sent to a server that had gone back meanwhile",
    ),
    (18_963, "a refused update whose content came as a gap was said to be lacking for ever"),
    (
        19_073,
        "an update waited for ever for one that the server had forgotten and its author lost, as told",
    ),
];

#[test]
fn hard_seeds_that_failed_once_pass() {
    for (seed, story) in HARD_SEEDS {
        let outcome = World::new(*seed, Setup { hardships: true, ..Setup::default() }).run();
        assert_eq!(outcome.broken, None, "seed {seed}: {story}");
    }
}

#[test]
fn an_edit_made_while_a_hanging_log_was_read_again_is_not_lost_unless_that_was_told() {
    let outcome = World::new(3_778, Setup { hangs: true, ..Setup::default() }).run();
    assert_eq!(outcome.broken, None, "it was sent, lost and never told to be in memory only");
}

#[test]
fn a_host_whose_log_could_not_be_read_lost_nothing_of_it_yet() {
    let outcome = World::new(8_227, Setup { hangs: true, ..Setup::default() }).run();
    assert_eq!(outcome.broken, None, "the simulation's fault");
}

#[test]
fn what_goes_to_a_server_that_has_everything_after_all_follows_the_word_of_it() {
    let setup = Setup { footing: true, ..Setup::default() };
    assert_eq!(World::new(12_782, setup).run().broken, None, "told behind the first frame");
}

#[test]
fn two_tokens_that_are_altered_are_not_taken_for_one_another() {
    let setup = Setup { footing: true, ..Setup::default() };
    assert_eq!(World::new(17_753, setup).run().broken, None, "the simulation's fault");
}

/// The same, of runs with messages.
const MESSAGE_SEEDS: &[(u64, &str)] = &[
    (785, "messages of a log that was read late went behind those of this run"),
    (4_621, "the same"),
    (7_474, "a snapshot on the server's disk was not counted as durable (the simulation's fault)"),
];

#[test]
fn message_seeds_that_failed_once_pass() {
    for (seed, story) in MESSAGE_SEEDS {
        let outcome =
            World::new(*seed, Setup { letters: Letters::Beside, ..Setup::default() }).run();
        assert_eq!(outcome.broken, None, "seed {seed}: {story}");
    }
}

/// Short scripts to which seeds of more recent kinds were cut down.
const SCRIPTS: &[(&[(u64, Action)], &str)] = &[(
    &[(300, Action::Edit(1)), (380, Action::Evict(1)), (900, Action::Crash(1))],
    "storage that was cleared under an open page was said to be saved until the next edit",
)];

#[test]
fn scripts_that_failed_once_pass() {
    for (script, story) in SCRIPTS {
        for seed in 0..10 {
            let setup = Setup { script: Some(script), ..Setup::default() };
            assert_eq!(World::new(seed, setup).run().broken, None, "seed {seed}: {story}");
        }
    }
}

#[test]
fn a_seed_that_fails_is_cut_down_to_a_few_actions() {
    let broken = Broken { trim_on_send: true, ..Broken::default() };
    let setup = Setup { broken, ..Setup::default() };
    let kept = campaign::shrink(&|look| World::new(0, Setup { keep: look.keep, ..setup }).run());
    assert!((1..=8).contains(&kept.len()), "{kept:?}");
    let setup = Setup { keep: Some(kept.leak()), ..setup };
    assert!(World::new(0, setup).run().broken.is_some());
}
