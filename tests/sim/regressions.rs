//! Seeds that failed once, with what they showed.

use crate::world::{Setup, World};

/// `(seed, what it showed)`.
const SEEDS: &[(u64, &str)] = &[];

#[test]
fn seeds_that_failed_once_pass() {
    for (seed, story) in SEEDS {
        let outcome = World::new(*seed, Setup::default()).run();
        assert_eq!(outcome.broken, None, "seed {seed}: {story}");
    }
}
