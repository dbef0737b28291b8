//! The same claims where WebSockets are blocked: some or all hosts reach the server by HTTP only.

use crate::world::Setup;
use crate::{campaign, env};

#[test]
fn no_seed_breaks_a_promise_where_websockets_are_blocked() {
    let setup = |seed| Setup { tunnels: share(seed), ..Setup::default() };
    campaign::run("SIM_HTTP_SEED", env("SIM_SEEDS").map_or(240, |seeds| seeds / 2), setup);
}

fn share(seed: u64) -> usize {
    1 + usize::try_from(seed % 3).unwrap_or_default()
}
