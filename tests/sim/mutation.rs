//! Mutation proof: with one rule switched off, the simulation must notice.

use rejoin::config::Broken;
use rejoin_server::hub::Broken as HubBroken;

use crate::world::{Letters, Setup, Weather, World};

/// Seeds within which a broken build has to be caught.
const PATIENCE: u64 = 300;

fn assert_caught(rule: &str, broken: Broken) {
    assert_caught_by(rule, Setup { broken, ..Setup::default() });
}

fn assert_caught_by(rule: &str, setup: Setup) {
    for seed in 0..PATIENCE {
        let outcome = World::new(seed, setup).run();
        if let Some(claim) = outcome.broken {
            println!("{rule}: caught at seed {seed}: {claim}");
            return;
        }
    }
    panic!("{rule}: not caught within {PATIENCE} seeds");
}

#[test]
fn a_build_without_the_gate_is_caught() {
    assert_caught("no-gate", Broken { no_gate: true, ..Broken::default() });
}

#[test]
fn a_build_that_sends_before_it_commits_is_caught() {
    assert_caught("send-before-commit", Broken { send_before_commit: true, ..Broken::default() });
}

#[test]
fn a_build_without_a_heartbeat_is_caught() {
    assert_caught("no-heartbeat", Broken { no_heartbeat: true, ..Broken::default() });
}

#[test]
fn a_build_that_streams_before_the_handshake_is_caught() {
    let broken = Broken { stream_before_handshake: true, ..Broken::default() };
    assert_caught("stream-before-handshake", broken);
}

#[test]
fn a_build_that_claims_saved_before_the_commit_is_caught() {
    assert_caught("saved-before-commit", Broken { saved_before_commit: true, ..Broken::default() });
}

#[test]
fn a_build_that_trusts_what_it_sent_is_caught() {
    assert_caught("trim-on-send", Broken { trim_on_send: true, ..Broken::default() });
}

#[test]
fn a_server_that_acknowledges_before_it_has_stored_is_caught() {
    let server = HubBroken { show_before_commit: true, ..HubBroken::default() };
    assert_caught_by("ack-before-persist", Setup { server, ..Setup::default() });
}

#[test]
fn a_build_whose_disk_forgets_the_order_of_records_is_caught() {
    let slow = Setup { slow: true, ..Setup::default() };
    for seed in 0..30 {
        assert_eq!(World::new(seed, slow).run().broken, None, "a slow disk, seed {seed}");
    }
    assert_caught_by("unordered-store", Setup { unordered: true, ..slow });
}

/// Where nothing but relays fails, the build without its second line of defence passes; without the first as well it must not.
fn assert_caught_behind(rule: &str, partner: Broken, both: Broken, weather: Weather) {
    let setup = Setup { weather, ..Setup::default() };
    for seed in 0..30 {
        let outcome = World::new(seed, Setup { broken: partner, ..setup }).run();
        assert_eq!(outcome.broken, None, "{rule}: the partner alone, seed {seed}");
    }
    assert_caught_by(rule, Setup { broken: both, ..setup });
}

#[test]
fn a_build_that_never_asks_for_what_held_updates_lack_is_caught() {
    let partner = Broken { no_audit: true, no_heartbeat: true, ..Broken::default() };
    let both = Broken { no_resync: true, ..partner };
    assert_caught_behind("no-resync", partner, both, Weather::EarlyRelays);
}

#[test]
fn a_build_that_never_asks_whether_something_was_lost_is_caught() {
    let partner = Broken { no_heartbeat: true, ..Broken::default() };
    let both = Broken { no_audit: true, ..partner };
    assert_caught_behind("no-anti-entropy", partner, both, Weather::Relays);
}

/// A fresh id for each run and the ordered log guard the same promise, so a reused id shows where storage is cleared.
#[test]
fn a_build_that_takes_its_old_client_id_again_is_caught() {
    let broken = Broken { reuse_id: Some(1_000), ..Broken::default() };
    assert_caught_by("reuse-id", Setup { broken, hardships: true, ..Setup::default() });
}

#[test]
fn a_server_that_acknowledges_a_message_before_it_is_stored_is_caught() {
    let server = HubBroken { ack_before_commit: true, ..HubBroken::default() };
    assert_caught_by(
        "ack-before-commit",
        Setup { letters: Letters::Beside, server, ..Setup::default() },
    );
}

#[test]
fn a_server_that_stores_again_what_was_sent_again_is_caught() {
    let server = HubBroken { no_dedupe: true, ..HubBroken::default() };
    assert_caught_by("no-dedupe", Setup { letters: Letters::Beside, server, ..Setup::default() });
}

#[test]
fn a_client_that_shows_again_what_it_has_seen_is_caught() {
    let broken = Broken { no_message_dedupe: true, ..Broken::default() };
    assert_caught_by(
        "no-message-dedupe",
        Setup { letters: Letters::Beside, broken, ..Setup::default() },
    );
}

#[test]
fn a_build_that_writes_where_it_may_only_read_or_has_to_ask_is_caught() {
    let broken = Broken { no_footing: true, ..Broken::default() };
    assert_caught_by("no-footing", Setup { broken, footing: true, ..Setup::default() });
}

#[test]
fn a_build_that_never_compares_what_it_shows_is_caught() {
    let broken = Broken { no_comparison: true, ..Broken::default() };
    assert_caught_by("no-comparison", Setup { broken, footing: true, ..Setup::default() });
}
