//! Delivery of messages alone, in thousands of small worlds: delivered is what was sent, in the order of each sender, once,
//! whatever is lost, repeated, swapped or cut. A quarter of the worlds have hosts on HTTP, whose answers are cut at any byte.

use rejoin::config::Broken;
use rejoin_server::hub::Broken as HubBroken;

use crate::campaign::Figures;
use crate::world::{Letters, Setup, World};
use crate::{campaign, env};

const SEEDS: u64 = 10_000;

fn setup(seed: u64) -> Setup {
    let tunnels = if seed % 4 == 3 { 1 + (seed / 4 % 3) as usize } else { 0 };
    Setup { letters: Letters::Alone, tunnels, ..Setup::default() }
}

#[test]
fn ten_thousand_seeds_deliver_each_message_once_and_in_order() {
    let seeds = env("SIM_LETTER_SEEDS").unwrap_or(SEEDS);
    let Some(figures) = campaign::run("SIM_LETTER_SEED", seeds, setup) else { return };
    let Figures { messages, faults, .. } = figures;
    assert!(messages > 10 * seeds && faults > 5 * seeds, "{messages} messages, {faults} faults");
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
