//! The same claims where WebSockets are blocked: some or all hosts reach the server by HTTP only.

use crate::env;
use crate::world::{Setup, World};

#[test]
fn no_seed_breaks_a_promise_where_websockets_are_blocked() {
    if let Some(seed) = env("SIM_HTTP_SEED") {
        let setup = Setup { tunnels: share(seed), print: true, ..Setup::default() };
        let outcome = World::new(seed, setup).run();
        println!("seed {seed}: {outcome:?}");
        assert_eq!(outcome.broken, None);
        return;
    }
    let seeds = env("SIM_SEEDS").map_or(240, |seeds| seeds / 2);
    let failures: Vec<String> = (0..seeds)
        .filter_map(|seed| {
            let setup = Setup { tunnels: share(seed), ..Setup::default() };
            let claim = World::new(seed, setup).run().broken?;
            Some(format!("SIM_HTTP_SEED={seed} {claim:.300}"))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {seeds} seeds:\n{}", failures.len(), failures.join("\n"));
}

fn share(seed: u64) -> usize {
    1 + usize::try_from(seed % 3).unwrap_or_default()
}
