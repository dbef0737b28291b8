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

    /// An entry of two thousand letters, which are one value.
    fn set_large(&mut self) {
        let edit = Edit::TextEmbed {
            ty: "r/text".parse().unwrap(),
            index: 0,
            embed: serde_json::json!({ "x": "x".repeat(2_000) }),
            attributes: None,
        };
        self.run(|room, cx| room.edit(cx, edit)).unwrap();
    }

    fn delete(&mut self, index: u32, length: u32) {
        let ty: TypeId = "r/text".parse().unwrap();
        self.run(|room, cx| room.edit(cx, Edit::TextDelete { ty, index, length })).unwrap();
    }

    /// Another link, and the server on it has nothing; the updates that it is sent.
    fn reopened(&mut self, code: u16) -> Vec<Vec<u8>> {
        let closed = SocketInput::Closed { code, reason: String::new(), clean: true };
        let id = self.socket.unwrap();
        self.run(|room, cx| room.handle_socket(cx, id, closed));
        self.sent.clear();
        self.wait(30_000);
        self.open();
        self.receive(encode::sync_step_1(EMPTY_VECTOR));
        self.updates_sent()
    }
}

#[test]
fn a_value_that_does_not_fit_stays_here_saved_and_is_told_once_as_an_obstacle() {
    let mut rig = limited();
    rig.set_large();
    rig.commit();
    rig.type_text("behind it");
    rig.commit();
    assert_eq!(rig.standing(), (SyncStatus::Rejected, Some(Obstacle::TooLarge)));
    assert_eq!((rig.sync().pending, rig.sync().local), (10, Durability::Saved));
    rig.live(60);
    assert_eq!((rig.updates_sent().len(), rig.problems()), (0, vec![ErrorCode::FrameTooLarge]));
    assert_eq!(rig.run(|room, _| room.unsynced()).unwrap().len() / 1_000, 2);
}

#[test]
fn a_quiet_link_lives_on_over_a_value_that_does_not_fit() {
    let mut rig = limited();
    rig.set_large();
    rig.commit();
    let asked = rig.live_asked(60);
    assert!(asked <= 8, "asked {asked} times");
    assert_eq!(rig.problems(), [ErrorCode::FrameTooLarge]);
}

#[test]
fn once_it_is_deleted_for_good_everything_goes() {
    let mut rig = limited();
    rig.set_large();
    rig.commit();
    rig.delete(0, 1);
    rig.run(|room, cx| room.undo(cx, UndoCommand::Clear)).unwrap();
    rig.type_text("short");
    rig.commit();
    rig.live(30);
    let update = rig.updates_sent().pop().expect("an update");
    rig.receive(encode::update(&update));
    assert_eq!((rig.standing(), rig.sync().pending), ((SyncStatus::Synchronized, None), 0));
    assert_eq!(replayed(&[update]), "short");
}

#[test]
fn what_came_to_the_server_in_another_way_is_no_obstacle_any_more() {
    let mut rig = limited();
    rig.set_large();
    rig.commit();
    let brought = rig.run(|room, _| room.unsynced()).unwrap();
    rig.receive(encode::update(&brought));
    assert_eq!(rig.standing(), (SyncStatus::Synchronized, None));
    rig.type_text("next");
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn a_long_text_goes_in_pieces_that_fit_and_is_acknowledged_by_any_of_its_forms() {
    let mut rig = limited();
    rig.type_text(&"x".repeat(5_000));
    rig.commit();
    let updates = rig.updates_sent();
    assert!(updates.len() > 4 && rig.sent.iter().all(|frame| frame.len() <= LIMIT));
    assert_eq!((rig.problems(), rig.sync().pending), (vec![], 5_000));
    assert_eq!(replayed(&updates), "x".repeat(5_000));
    let all = rig.run(|room, _| room.unsynced()).unwrap();
    rig.receive(encode::update(&all));
    assert_eq!((rig.standing(), rig.sync().pending), ((SyncStatus::Synchronized, None), 0));
}

#[test]
fn what_a_server_closed_over_goes_in_smaller_and_smaller_pieces() {
    let mut rig = Rig::online();
    rig.type_text(&"x".repeat(20_000));
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 1);
    let fewer = rig.reopened(1009);
    let many = rig.reopened(1009);
    assert!(fewer.len() > 3 && many.len() > 3 * fewer.len(), "{} {}", fewer.len(), many.len());
    assert_eq!((replayed(&fewer), replayed(&many)), ("x".repeat(20_000), "x".repeat(20_000)));
    assert_eq!(rig.problems(), [ErrorCode::FrameTooLarge; 2]);
    assert_eq!(rig.reopened(1012).len(), many.len(), "it is known on later links");
}

#[test]
fn a_value_that_a_server_closed_over_is_not_sent_again() {
    let mut rig = Rig::online();
    rig.set_large();
    rig.commit();
    assert_eq!(rig.reopened(1009).len(), 0);
    for _ in 0..3 {
        assert_eq!(rig.standing(), (SyncStatus::Rejected, Some(Obstacle::TooLarge)));
        assert_eq!(rig.reopened(1012).len(), 0, "the link stays");
    }
}

fn replayed(updates: &[Vec<u8>]) -> String {
    let roots = OrderedMap::from([("text".to_owned(), RootKind::Text)]);
    let mut theirs = Doc::new(78, &roots, Limits::default());
    for update in updates {
        assert!(!theirs.apply(update, Origin::Remote).unwrap().held);
    }
    theirs.text(&"r/text".parse().unwrap()).unwrap()
}
