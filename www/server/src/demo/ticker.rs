//! A source of live numbers: event `n` is a pure function of `n`, so that everybody sees the same ones and a stream
//! can begin at any of them.

use std::collections::BTreeMap;

use serde_json::json;

use super::frame::Frame;
use super::noise;

/// Most events a second.
const MAX_RATE: u64 = 1_000;
/// Most keys.
const MAX_KEYS: u64 = 500;
/// Most missed events that are made up for.
const MAX_MISSED: u64 = 10_000;
const PLACES: [&str; 12] = [
    "Bergen", "Bremen", "Cork", "Delft", "Gdańsk", "Ghent", "Lyon", "Porto", "Riga", "Split",
    "Turin", "Vigo",
];

/// Events at a rate, each with the new value of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticker {
    rate: u64,
    keys: u64,
}

impl Ticker {
    /// `rate` events a second on `keys` keys, both within their limits.
    pub(super) fn new(rate: u64, keys: u64) -> Self {
        Self { rate: rate.clamp(1, MAX_RATE), keys: keys.clamp(1, MAX_KEYS) }
    }

    /// The latest event at a time, in milliseconds since 1970.
    pub(super) fn now(self, ms: u64) -> u64 {
        ms.saturating_mul(self.rate) / 1_000
    }

    /// The first event for a client: the one after `last`, or if that is too long ago or not known, as many back as
    /// there are keys, so that each has a value.
    pub(super) fn first(self, last: Option<u64>, ms: u64) -> u64 {
        let now = self.now(ms);
        match last {
            Some(last) if last <= now && now - last <= MAX_MISSED => last + 1,
            _ => (now + 1).saturating_sub(self.keys),
        }
    }

    /// When an event is due, in milliseconds since 1970.
    pub(super) fn due(self, n: u64) -> u64 {
        n.saturating_mul(1_000).div_ceil(self.rate)
    }

    /// Event `n`.
    pub(super) fn frame(self, n: u64) -> Frame {
        let data = json!({ "key": self.key(n), "value": self.value(n) }).to_string();
        Frame { id: Some(n), event: Some("reading"), data }
    }

    /// The latest value of each key once event `n` has come.
    pub(super) fn latest(self, n: u64) -> BTreeMap<String, f64> {
        let first = (n + 1).saturating_sub(self.keys);
        (first..=n).map(|n| (self.key(n), self.value(n))).collect()
    }

    fn key(self, n: u64) -> String {
        let series = n % self.keys;
        let count = PLACES.len() as u64;
        let place = PLACES.iter().cycle().nth(usize::try_from(series % count).unwrap_or_default());
        format!("{} {}", place.unwrap_or(&""), series / count + 1)
    }

    fn value(self, n: u64) -> f64 {
        noise::value(n % self.keys, self.due(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_events_a_second_are_due_one_each_millisecond() {
        let ticker = Ticker::new(1_000, 48);
        assert_eq!(
            (ticker.now(5_000), ticker.due(5_000), ticker.due(5_001)),
            (5_000, 5_000, 5_001)
        );
        assert_eq!(Ticker::new(9_999, 1), Ticker::new(1_000, 1));
    }

    #[test]
    fn a_client_goes_on_after_its_last_event_unless_it_was_away_for_long() {
        let ticker = Ticker::new(1_000, 48);
        assert_eq!(ticker.first(Some(99_990), 100_000), 99_991);
        assert_eq!(ticker.first(Some(100_000), 100_000), 100_001);
        for unknown in [None, Some(100_001), Some(1)] {
            assert_eq!(ticker.first(unknown, 100_000), 100_001 - 48);
        }
    }

    #[test]
    fn keys_have_names_of_their_own() {
        assert_eq!(Ticker::new(1, 500).latest(10_000).len(), 500);
    }

    proptest! {
        #[test]
        fn an_event_is_due_when_it_is_the_latest(n in 0_u64..1 << 42, rate in 1_u64..=1_000) {
            let ticker = Ticker::new(rate, 48);
            prop_assert_eq!(ticker.now(ticker.due(n)), n);
            prop_assert!(n == 0 || ticker.now(ticker.due(n) - 1) < n);
        }

        #[test]
        fn the_latest_values_are_those_of_the_events(n in 0_u64..1 << 42) {
            let ticker = Ticker::new(100, 7);
            let mut seen = BTreeMap::new();
            for n in n..n + 20 {
                seen.insert(ticker.key(n), ticker.value(n));
            }
            prop_assert_eq!(seen, ticker.latest(n + 19));
        }
    }
}
