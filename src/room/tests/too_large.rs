//! Own updates beyond what may be sent, and servers that close over one.

use super::*;
use crate::event::Obstacle;

const LIMIT: usize = 1_000;

fn limited() -> Rig {
    let mut rig = Rig::online();
    rig.room.strikes = Strikes::new(LIMIT);
    rig
}

impl Rig {
    fn standing(&self) -> (SyncStatus, Option<Obstacle>) {
        (self.sync().status, self.sync().obstacle)
    }

    /// Seconds with a server that answers and returns nothing.
    fn live(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.wait(1_000);
            self.receive(encode::sync_step_2(EMPTY_UPDATE));
        }
    }

    fn delete(&mut self, index: u32, length: u32) {
        let ty: TypeId = "r/text".parse().unwrap();
        self.run(|room, cx| room.edit(cx, Edit::TextDelete { ty, index, length })).unwrap();
    }
}

#[test]
fn an_oversized_edit_stays_here_saved_and_is_told_once_as_an_obstacle() {
    let mut rig = limited();
    rig.type_text(&"x".repeat(2_000));
    rig.commit();
    rig.type_text("behind it");
    rig.commit();
    assert_eq!(rig.standing(), (SyncStatus::Rejected, Some(Obstacle::TooLarge)));
    assert_eq!((rig.sync().pending, rig.sync().local), (2_009, Durability::Saved));
    rig.live(60);
    assert_eq!((rig.updates_sent().len(), rig.problems()), (0, vec![ErrorCode::FrameTooLarge]));
    assert_eq!(rig.run(|room, _| room.unsynced()).unwrap().len() / 1_000, 2);
}

#[test]
fn once_the_oversized_text_is_deleted_everything_goes() {
    let mut rig = limited();
    rig.type_text(&"x".repeat(2_000));
    rig.commit();
    rig.delete(0, 2_000);
    rig.type_text("short");
    rig.commit();
    rig.live(30);
    let update = rig.updates_sent().pop().expect("an update");
    rig.receive(encode::update(&update));
    assert_eq!((rig.standing(), rig.sync().pending), ((SyncStatus::Synchronized, None), 0));
    let (mut theirs, _) = other("");
    theirs.apply(&update, Origin::Remote).unwrap();
    assert_eq!(theirs.text(&"r/text".parse().unwrap()).unwrap(), "short");
}

#[test]
fn what_came_to_the_server_in_another_way_is_no_obstacle_any_more() {
    let mut rig = limited();
    rig.type_text(&"x".repeat(2_000));
    rig.commit();
    let brought = rig.run(|room, _| room.unsynced()).unwrap();
    rig.receive(encode::update(&brought));
    assert_eq!(rig.standing(), (SyncStatus::Synchronized, None));
    rig.type_text("next");
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn what_a_server_closed_over_is_not_sent_again_and_is_an_obstacle_from_then_on() {
    let mut rig = Rig::online();
    rig.type_text(&"x".repeat(2_000));
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 1);
    let closed = SocketInput::Closed { code: 1009, reason: String::new(), clean: true };
    let id = rig.socket.unwrap();
    rig.run(|room, cx| room.handle_socket(cx, id, closed));
    for _ in 0..3 {
        rig.sent.clear();
        rig.wait(30_000);
        rig.open();
        rig.receive(encode::sync_step_1(EMPTY_VECTOR));
        assert_eq!(rig.updates_sent().len(), 0, "the link stays");
        assert_eq!(rig.standing(), (SyncStatus::Rejected, Some(Obstacle::TooLarge)));
        let id = rig.socket.unwrap();
        let closed = SocketInput::Closed { code: 1012, reason: String::new(), clean: true };
        rig.run(|room, cx| room.handle_socket(cx, id, closed));
    }
}
