//! Numbers that wander like measurements, and are the same for everybody who looks at the same moment.

use std::f64::consts::TAU;

/// The value of a series at a time in milliseconds, between 0 and 100, with one decimal.
pub(super) fn value(series: u64, ms: u64) -> f64 {
    let phase = TAU * unit(series);
    let slow = wave(ms, 17_000 + 1_300 * (series % 23), phase);
    let fast = wave(ms, 2_900 + 170 * (series % 17), phase * 3.0);
    let jitter = unit(series ^ ms.rotate_left(20)) - 0.5;
    let level = 30.0 + 40.0 * unit(series.wrapping_add(0x5eed));
    let value = level + 17.0 * slow + 6.0 * fast + 5.0 * jitter;
    (value.clamp(0.0, 100.0) * 10.0).round() / 10.0
}

fn wave(ms: u64, period: u64, phase: f64) -> f64 {
    // Within one period the number is small enough to be exact.
    let turn = (ms % period) as f64 / period as f64;
    (TAU * turn + phase).sin()
}

/// A number between 0 and 1 that looks random (splitmix64).
fn unit(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_stay_in_their_range_and_do_not_jump(series in any::<u64>(), ms in 0_u64..1 << 42) {
            let (now, soon) = (value(series, ms), value(series, ms + 40));
            prop_assert!((0.0..=100.0).contains(&now));
            prop_assert!((now - soon).abs() < 10.0);
            prop_assert_eq!(now.to_bits(), value(series, ms).to_bits());
        }
    }
}
