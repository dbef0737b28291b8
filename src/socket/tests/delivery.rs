//! What is handed over against what is told, under cuts, congestion and limits.

use super::*;

#[test]
fn through_cuts_congestion_and_limits_each_message_goes_once_in_order_or_is_told() {
    for seed in 0..300 {
        delivery(seed);
    }
}

/// Random sends, cuts and measurements: what the socket was handed, against what the app was told.
fn delivery(seed: u64) {
    let mut chance = Rng::with_seed(seed);
    let rate = chance.bool().then_some(20);
    let mut rig = Rig::new(json!({
        "url": "ws://s", "buffer": chance.bool(), "bufferMessages": 40, "bufferBytes": 4_000,
        "highWater": 2_000, "lowWater": 500, "rateCount": rate, "ratePer": 200
    }));
    rig.rng = Rng::with_seed(seed);
    rig.run(Socket::connect);
    let mut wire: Vec<u32> = Vec::new();
    let (mut waiting, mut refused) = (Vec::new(), Vec::new());
    let mut unsent: u64 = 0;
    for ticket in 0..400 {
        if rig.socket.attempt.is_some() && rig.socket.link().is_none() {
            rig.open();
            take(&rig, &mut wire, &mut waiting, &mut refused, &mut unsent);
        }
        let text = format!("{ticket}:{}", "x".repeat(chance.usize(..300)));
        match rig.send(ticket, &text) {
            Ok(Handed::Over) => {}
            Ok(Handed::Waiting) => waiting.push(ticket),
            Err(_) => refused.push(ticket),
        }
        take(&rig, &mut wire, &mut waiting, &mut refused, &mut unsent);
        if chance.u8(..20) == 0 && rig.socket.attempt.is_some() {
            rig.close(1006);
            take(&rig, &mut wire, &mut waiting, &mut refused, &mut unsent);
            unsent = 0;
        }
        if rig.socket.link().is_some() {
            unsent = unsent.saturating_sub(chance.u64(..400));
            rig.measures(unsent);
            take(&rig, &mut wire, &mut waiting, &mut refused, &mut unsent);
        }
        assert!(rig.socket.waiting_bytes() <= 4_000);
        rig.wait(chance.u64(..60));
        take(&rig, &mut wire, &mut waiting, &mut refused, &mut unsent);
    }
    rig.run(|socket, cx| socket.close(cx, 1000, ""));
    take(&rig, &mut wire, &mut waiting, &mut refused, &mut unsent);
    assert!(waiting.is_empty(), "seed {seed}: neither sent nor told");
    assert!(wire.is_sorted_by(|a, b| a < b), "seed {seed}: {wire:?}");
    let mut all = [wire, refused].concat();
    all.sort_unstable();
    assert_eq!(all, (0..400).collect::<Vec<u32>>(), "seed {seed}");
}

fn take(
    rig: &Rig,
    wire: &mut Vec<u32>,
    waiting: &mut Vec<u32>,
    refused: &mut Vec<u32>,
    unsent: &mut u64,
) {
    for text in rig.sent() {
        *unsent += text.len() as u64;
        wire.push(text.split(':').next().and_then(|number| number.parse().ok()).expect("a number"));
    }
    for event in rig.events() {
        match event {
            SocketEvent::Sent(ticket) => waiting.retain(|other| other != ticket),
            SocketEvent::Unsent(ticket, _) => {
                waiting.retain(|other| other != ticket);
                refused.push(*ticket);
            }
            _ => {}
        }
    }
}
