//! Updates that are refused, and what the room says of itself afterwards.

use super::*;

/// Client 5 writes `a` into the text.
const LETTER: &[u8] = &[1, 1, 5, 0, 4, 1, 4, b't', b'e', b'x', b't', 1, b'a', 0];
/// Client 9 hangs `x` on that letter, which is no type.
const HANGING: &[u8] = &[1, 1, 9, 0, 4, 0, 5, 0, 1, b'x', 0];
/// The same where the letter is deleted: a gap of client 9, and the deletion.
const GAP: &[u8] = &[1, 1, 9, 0, 0, 1, 1, 5, 1, 0, 1];

#[test]
fn what_was_refused_is_lacking_until_it_comes_in_another_way() {
    let mut rig = Rig::online();
    rig.receive(encode::update(LETTER));
    rig.commit();
    assert_eq!(rig.sync().status, SyncStatus::Synchronized);
    rig.receive(encode::update(HANGING));
    assert_eq!(rig.problems(), [ErrorCode::Update]);
    assert_eq!(rig.sync().status, SyncStatus::Synchronizing);
    rig.receive(encode::update(GAP));
    rig.commit();
    assert_eq!(rig.sync().status, SyncStatus::Synchronized);
}

#[test]
fn what_cannot_be_read_is_lacking_until_the_next_link() {
    let mut rig = Rig::online();
    rig.receive(encode::update(&[1, 1, 9, 0, 4, 0, 5]));
    rig.receive(encode::update(LETTER));
    rig.commit();
    assert_eq!(rig.sync().status, SyncStatus::Synchronizing);
}
