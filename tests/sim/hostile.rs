//! What somebody who means harm sends: bytes that are no frames, updates that hurt, presence that is not theirs.

use fastrand::Rng;

use crate::bytes::{At, block, garbage, hole, nested, number, text, update};

/// Draws a frame; `victims` are client ids of others in the room, and `has_list` whether there are values in their list.
pub fn draw_frame(rng: &mut Rng, victims: &[u64], has_list: bool) -> Vec<u8> {
    let me = rng.u64(1 << 40..1 << 41);
    let victim = rng.choice(victims).copied().unwrap_or(me);
    match rng.u32(0..13) {
        0 => (0..rng.usize(0..60)).map(|_| rng.u8(..)).collect(),
        // Declares millions of clients.
        1 => sync(2, &[0xc0, 0x84, 0x3d, 1]),
        // A frame that is cut.
        2 => sync(2, &update(&[(me, 0, &[text(At::Root("text"), "cut")])], &[]))[..5].to_vec(),
        // Waits for what will never come.
        3 => sync(2, &update(&[(me, 7, &[text(At::Behind((me, 6)), "late")])], &[])),
        4 => sync(2, &update(&[(me, 0, &[garbage(1 << 30)])], &[])),
        5 => sync(2, &update(&[(me, 0, &[hole(1 << 20)])], &[])),
        6 => sync(2, &poison(me)),
        // Hangs on what is no type, on what does not exist, and on a kind that is not allowed.
        7 => sync(2, &update(&[(me, 0, &[text(At::Child((victim, 0)), "x")])], &[])),
        8 => sync(2, &update(&[(me, 0, &[block(2, At::Root("log"), &[1, 1, b'1'])])], &[])),
        // Text in a list that has values already. Who writes first may make of an undeclared root what they like.
        12 if has_list => sync(2, &update(&[(me, 0, &[text(At::Root("log"), "x")])], &[])),
        // Somebody else's presence: gone, and frozen.
        9 => presence(victim, u64::from(u32::MAX), "null"),
        10 => presence(victim, rng.u64(0..1 << 31), r#"{"name":"not me"}"#),
        // Many questions in one frame.
        _ => [0, 0, 1, 0].repeat(2_000),
    }
}

fn sync(kind: u8, payload: &[u8]) -> Vec<u8> {
    [vec![0, kind], number(payload.len() as u64), payload.to_vec()].concat()
}

/// Lists in lists, deeper than any stack.
fn poison(me: u64) -> Vec<u8> {
    let mut blocks = vec![nested(At::Root("log"), 0)];
    blocks.extend((0..3_000).map(|parent| nested(At::Child((me, parent)), 0)));
    update(&[(me, 0, &blocks)], &[])
}

fn presence(client: u64, clock: u64, state: &str) -> Vec<u8> {
    let entry = [vec![1], number(client), number(clock), number(state.len() as u64), state.into()];
    let entry = entry.concat();
    [vec![1], number(entry.len() as u64), entry].concat()
}
