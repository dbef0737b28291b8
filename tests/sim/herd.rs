//! Ten thousand clients of one server that restarts.

mod sockets;

use fastrand::Rng;
use rejoin::backoff::{Backoff, BackoffPolicy, Hint};

const CLIENTS: u64 = 10_000;
/// A refused attempt costs a client this many milliseconds.
const REFUSAL: u64 = 20;

/// When each client is back, in milliseconds after the server is.
fn returns(outage: u64) -> Vec<u64> {
    (0..CLIENTS)
        .map(|seed| {
            let mut rng = Rng::with_seed(seed);
            let mut backoff = Backoff::new(BackoffPolicy::default());
            let mut now = 0;
            loop {
                now += backoff.next(&mut rng, Hint::None, false).expect("clients never give up");
                if now >= outage {
                    return now - outage;
                }
                now += REFUSAL;
            }
        })
        .collect()
}

/// Share of clients that come back in the busiest 100 ms.
fn peak(returns: &[u64]) -> f64 {
    let mut slots = std::collections::BTreeMap::new();
    for at in returns {
        *slots.entry(at / 100).or_insert(0_u64) += 1;
    }
    slots.values().copied().max().unwrap_or_default() as f64 / CLIENTS as f64
}

#[test]
fn ten_thousand_clients_do_not_come_back_in_the_same_tenth_of_a_second() {
    for (outage, limit) in [(1_000, 0.10), (30_000, 0.015), (300_000, 0.015)] {
        let returns = returns(outage);
        let peak = peak(&returns);
        let last = returns.iter().max().copied().unwrap_or_default();
        println!(
            "outage {outage} ms: busiest 100 ms {:.2} %, last client after {last} ms",
            peak * 100.0
        );
        assert!(
            peak <= limit,
            "{peak} of the clients within 100 ms after an outage of {outage} ms"
        );
        assert!(last <= 20_000, "a client came back only after {last} ms");
    }
}
