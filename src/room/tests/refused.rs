//! Updates that are refused or wait, and what the room says of itself afterwards.

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

/// Client 5 writes `b` behind its letter.
const NEXT: &[u8] = &[1, 1, 5, 1, 132, 5, 0, 1, b'b', 0];

#[test]
fn what_waits_for_something_that_the_server_forgot_does_not_wait_beyond_the_link() {
    let mut rig = Rig::online();
    rig.receive(encode::update(NEXT));
    assert_eq!((rig.sync().status, rig.sync().held), (SyncStatus::Synchronizing, 1));
    rig.reconnect();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    assert_eq!((rig.sync().status, rig.sync().held), (SyncStatus::Synchronized, 0));
}

#[test]
fn what_cannot_be_read_is_lacking_until_the_next_link() {
    let mut rig = Rig::online();
    rig.receive(encode::update(&[1, 1, 9, 0, 4, 0, 5]));
    rig.receive(encode::update(LETTER));
    rig.commit();
    assert_eq!(rig.sync().status, SyncStatus::Synchronizing);
}
