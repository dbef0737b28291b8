//! Crash points: short scripts run once for each place where a machine can die, which is before and behind every write to a
//! disk and every frame.

use rejoin::config::Broken;

use crate::actions::Action;
use crate::world::{Setup, World};

const HOSTS_EDIT: &[(u64, Action)] = &[
    (300, Action::Edit(0)),
    (301, Action::Edit(1)),
    (302, Action::Edit(0)),
    (330, Action::Edit(0)),
    (420, Action::Edit(1)),
    (500, Action::Edit(1)),
    (520, Action::Edit(0)),
    (700, Action::Edit(1)),
    (720, Action::Edit(0)),
    (900, Action::Edit(2)),
];

const LINKS_FAIL: &[(u64, Action)] = &[
    (300, Action::Edit(0)),
    (310, Action::Cut(0)),
    (320, Action::Edit(0)),
    (330, Action::Edit(1)),
    (600, Action::Silence(1)),
    (620, Action::Edit(1)),
    (800, Action::Edit(0)),
    (1_000, Action::ServerCrash),
    (1_010, Action::Edit(0)),
    (1_020, Action::Edit(1)),
];

const DISKS_FAIL: &[(u64, Action)] = &[
    (300, Action::Edit(0)),
    (310, Action::Evict(0)),
    (330, Action::Edit(0)),
    (340, Action::Edit(1)),
    (600, Action::ServerDiskFails(60)),
    (610, Action::Edit(1)),
    (800, Action::ServerCrawls(500)),
    (810, Action::Edit(0)),
    (820, Action::Edit(1)),
];

/// Often enough for its log to be compacted, before and behind the loss of its storage.
const HOST_WRITES: &[(u64, Action)] = &[
    (300, Action::Edit(0)),
    (340, Action::Edit(0)),
    (380, Action::Edit(0)),
    (420, Action::Edit(0)),
    (460, Action::Edit(0)),
    (500, Action::Edit(0)),
    (540, Action::Edit(0)),
    (580, Action::Edit(0)),
    (620, Action::Cut(0)),
    (1_000, Action::Edit(0)),
    (1_300, Action::Edit(0)),
    (1_600, Action::Edit(0)),
    (1_900, Action::Edit(0)),
    (2_300, Action::Edit(0)),
];

/// Has something happen at every point of the script; how many there are.
fn assert_survives(
    name: &str,
    script: &'static [(u64, Action)],
    seed: u64,
    fault: fn(Setup, u64) -> Setup,
) -> u64 {
    let setup = Setup { script: Some(script), ..Setup::default() };
    let calm = World::new(seed, setup).run();
    assert_eq!(calm.broken, None, "{name} without a fault");
    for point in 1..=calm.points {
        let outcome = World::new(seed, fault(setup, point)).run();
        assert_eq!(outcome.broken, None, "{name}, seed {seed}, point {point}");
        assert!(outcome.rested.is_some(), "{name}, seed {seed}, point {point}: no rest");
    }
    calm.points
}

#[test]
fn nothing_is_lost_whichever_write_or_frame_is_the_last() {
    let scripts = [("edits", HOSTS_EDIT), ("links", LINKS_FAIL), ("disks", DISKS_FAIL)];
    let mut points = 0;
    for (name, script) in scripts {
        for seed in 0..4 {
            points += assert_survives(name, script, seed, |setup, point| Setup {
                dies_at: Some(point),
                ..setup
            });
        }
    }
    assert!(points > 1_000, "{points} points");
    println!("{points} crash points: nothing lost");
}

#[test]
fn what_is_told_as_saved_after_storage_was_cleared_is_there_whichever_write_it_hits() {
    let mut points = 0;
    for seed in 0..4 {
        points += assert_survives("cleared", HOST_WRITES, seed, |setup, point| Setup {
            cleared_at: Some(point),
            ..setup
        });
    }
    assert!(points > 400, "{points} points");
    println!("{points} points at which storage is cleared: nothing lost");
}

#[test]
fn a_crash_at_the_right_place_shows_what_is_broken() {
    let builds = [
        Broken { send_before_commit: true, ..Broken::default() },
        Broken { saved_before_commit: true, ..Broken::default() },
    ];
    for broken in builds {
        let setup = Setup { script: Some(HOSTS_EDIT), broken, ..Setup::default() };
        let points = World::new(0, setup).run().points;
        let dies = |point| World::new(0, Setup { dies_at: Some(point), ..setup }).run();
        assert!((1..=points).any(|point| dies(point).broken.is_some()), "not caught: {broken:?}");
    }
}
