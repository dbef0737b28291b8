//! The one timer: armed, re-armed, disarmed.

use rejoin::io::Input;
use rejoin::time::Instant;
use rejoin::web::clock;
use rejoin::web::timer::Timer;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Probe, sleep};

#[wasm_bindgen_test]
async fn a_timer_fires_at_its_deadline_and_not_before() {
    let probe = Probe::new();
    let timer = Timer::new(probe.host.clone());
    let deadline = clock::now() + 50;
    timer.arm(clock::now(), Some(deadline));
    assert_eq!(probe.next().await, Input::Timeout);
    assert!(clock::now() >= deadline);
    sleep(80).await;
    assert_eq!(probe.heard(), []);
}

#[wasm_bindgen_test]
async fn a_sooner_deadline_replaces_a_later_one() {
    let probe = Probe::new();
    let timer = Timer::new(probe.host.clone());
    let now = clock::now();
    timer.arm(now, Some(now + 60_000));
    timer.arm(now, Some(now + 10));
    assert_eq!(probe.next().await, Input::Timeout);
}

#[wasm_bindgen_test]
async fn a_disarmed_or_dropped_timer_stays_silent() {
    let probe = Probe::new();
    let timer = Timer::new(probe.host.clone());
    timer.arm(clock::now(), Some(clock::now() + 20));
    timer.arm(clock::now(), None);
    sleep(60).await;
    assert_eq!(probe.heard(), []);
    timer.arm(clock::now(), Some(clock::now() + 20));
    drop(timer);
    sleep(60).await;
    assert_eq!(probe.heard(), []);
}

#[wasm_bindgen_test]
async fn a_spent_timer_takes_the_same_deadline_again() {
    let probe = Probe::new();
    let timer = Timer::new(probe.host.clone());
    let passed = Instant::from_millis(clock::now().as_millis().saturating_sub(5));
    for _ in 0..3 {
        timer.arm(clock::now(), Some(passed));
        assert_eq!(probe.next().await, Input::Timeout);
    }
}

#[wasm_bindgen_test]
async fn a_deadline_weeks_away_does_not_fire_at_once() {
    let probe = Probe::new();
    let timer = Timer::new(probe.host.clone());
    timer.arm(clock::now(), Some(clock::now() + u64::MAX / 2));
    sleep(50).await;
    assert_eq!(probe.heard(), []);
}

#[wasm_bindgen_test]
fn the_clocks_have_gone_apart_only_beyond_five_seconds() {
    assert!(!clock::jumped(1_000.0, 5_900.0));
    assert!(clock::jumped(1_000.0, 6_100.0));
    assert!(clock::jumped(6_100.0, 1_000.0));
}

#[wasm_bindgen_test]
fn two_seeds_differ() {
    assert_ne!(clock::seed(), clock::seed());
}
