//! The two clocks of the browser and its source of randomness.

use js_sys::{Date, Math, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::time::{Instant, WallClock};

/// Wall and monotonic clock may go apart by this much between two looks before the machine is taken to have slept.
const JUMP: f64 = 5_000.0;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn performance_now() -> Result<f64, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn random_values(into: &Uint8Array) -> Result<JsValue, JsValue>;
}

/// The monotonic clock in whole milliseconds, rounded down so that a timer never finds its deadline in the future.
pub fn now() -> Instant {
    Instant::from_millis(monotonic() as u64)
}

/// What must be added to the monotonic clock to get milliseconds since 1970.
pub fn epoch_offset() -> f64 {
    Date::now() - monotonic()
}

/// The wall clock, told from the monotonic one.
pub fn wall() -> WallClock {
    WallClock(epoch_offset())
}

/// Whether the two clocks have gone apart since an offset was taken.
pub fn jumped(since: f64, until: f64) -> bool {
    (until - since).abs() > JUMP
}

/// An unpredictable seed.
pub fn seed() -> u64 {
    let bytes = Uint8Array::new_with_length(8);
    if random_values(&bytes).is_err() {
        return (Math::random() * 2f64.powi(53)) as u64 ^ (Date::now() as u64).rotate_left(21);
    }
    bytes.to_vec().into_iter().fold(0, |seed, byte| seed << 8 | u64::from(byte))
}

fn monotonic() -> f64 {
    performance_now().unwrap_or_else(|_| Date::now())
}
