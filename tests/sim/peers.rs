//! The same claims where hosts are joined to each other too, some of them without a server; and the claims of peers.

use rejoin::config::{Broken, PathMode};

use crate::world::{Peers, Setup, World};
use crate::{campaign, env};

/// Seeds within which a broken build has to be caught.
const PATIENCE: u64 = 200;

fn setup(seed: u64) -> Setup {
    Setup { peers: Some(Peers::of(seed)), ..Setup::default() }
}

#[test]
fn no_seed_breaks_a_promise_among_peers() {
    campaign::run("SIM_PEER_SEED", env("SIM_SEEDS").unwrap_or(500), setup);
}

#[test]
fn no_seed_breaks_a_promise_among_peers_where_the_server_changes_its_mind() {
    let setup = |seed| Setup { footing: true, ..setup(seed) };
    campaign::run("SIM_PEER_FOOTING_SEED", env("SIM_SEEDS").unwrap_or(150), setup);
}

#[test]
fn an_edit_in_a_full_mesh_is_sent_once_to_each() {
    for seed in 0..20 {
        let setup = Setup { peers: Some(Peers::calm()), ..Setup::default() };
        assert_eq!(World::new(seed, setup).run().broken, None, "seed {seed}");
        let guests = Peers { mode: PathMode::PeersOnly, ..Peers::calm() };
        let setup = Setup { peers: Some(Peers { guests: 5, ..guests }), ..setup };
        assert_eq!(World::new(seed, setup).run().broken, None, "seed {seed}, no server");
    }
}

#[test]
fn the_same_seed_gives_the_same_run_among_peers() {
    for seed in [2, 18, 4_242] {
        let first = World::new(seed, setup(seed)).run();
        assert_eq!(first.trace, World::new(seed, setup(seed)).run().trace, "seed {seed}");
    }
}

fn assert_caught(rule: &str, claims: &[&str], broken: Broken, peers: fn(u64) -> Peers) {
    let footing = broken.no_path_footing;
    for seed in 0..PATIENCE {
        let setup = Setup { broken, footing, peers: Some(peers(seed)), ..Setup::default() };
        if let Some(claim) = World::new(seed, setup).run().broken {
            println!("{rule}: caught at seed {seed}: {claim:.200}");
            assert!(
                claims.iter().any(|known| claim.starts_with(known)),
                "for another reason: {claim}"
            );
            return;
        }
    }
    panic!("{rule}: not caught within {PATIENCE} seeds");
}

#[test]
fn a_build_that_forwards_to_everybody_is_caught() {
    let broken = Broken { forward_to_all: true, ..Broken::default() };
    assert_caught("forward-to-all", &["P2"], broken, |_| Peers::calm());
}

#[test]
fn a_build_that_does_not_bring_a_guests_edits_to_the_server_is_caught() {
    let broken = Broken { no_forward_to_server: true, ..Broken::default() };
    assert_caught("no-forward-to-server", &["I2", "I3"], broken, Peers::of);
}

#[test]
fn a_build_that_takes_a_peers_word_for_the_servers_is_caught() {
    let broken = Broken { ack_by_peer: true, ..Broken::default() };
    assert_caught("ack-by-peer", &["I4", "I3", "I2"], broken, Peers::of);
}

#[test]
fn a_build_that_sends_to_peers_before_it_commits_is_caught() {
    let broken = Broken { send_before_commit: true, ..Broken::default() };
    assert_caught("send-before-commit", &["rule 4"], broken, Peers::of);
}

#[test]
fn a_build_that_writes_by_way_of_its_peers_where_it_may_only_read_is_caught() {
    let broken = Broken { no_path_footing: true, ..Broken::default() };
    assert_caught("no-path-footing", &["host"], broken, Peers::of);
}

#[test]
fn a_build_without_the_gate_is_caught_among_peers() {
    let broken = Broken { no_gate: true, ..Broken::default() };
    assert_caught("no-gate", &["I", "an edit that fits was refused", "host"], broken, Peers::of);
}
