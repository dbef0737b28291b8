//! Seeds that failed once, with what they showed.

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
