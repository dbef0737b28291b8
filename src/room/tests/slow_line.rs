//! Edits that take long to go up.

use super::*;

impl Rig {
    fn embed(&mut self, letters: usize) {
        let edit = Edit::TextEmbed {
            ty: "r/text".parse().unwrap(),
            index: 0,
            embed: serde_json::json!({ "x": "x".repeat(letters) }),
            attributes: None,
        };
        self.run(|room, cx| room.edit(cx, edit)).unwrap();
        self.commit();
    }

    /// Tells what the browser has not sent yet; whether it was asked.
    fn tell_buffered(&mut self, bytes: u64) -> bool {
        let asked = !std::mem::take(&mut self.measured).is_empty();
        if asked {
            let id = self.socket.unwrap();
            self.run(|room, cx| room.handle_socket(cx, id, SocketInput::Buffered(bytes)));
        }
        asked
    }

    fn bytes_sent(&self) -> u64 {
        self.sent.iter().map(|frame| frame.len() as u64).sum()
    }

    /// A line that takes so many bytes a second, until this moment.
    fn upload(&mut self, rate: u64, until: u64) {
        while self.now < until {
            self.wait(100);
            let taken = rate * self.now / 1_000;
            self.tell_buffered(self.bytes_sent().saturating_sub(taken));
        }
    }

    fn status(&self) -> Status {
        self.room.connection.status().status
    }
}

#[test]
fn one_large_value_may_take_its_time() {
    let mut rig = Rig::online();
    rig.embed(1_000_000);
    rig.wait(1_000);
    assert!(rig.tell_buffered(900_000));
    rig.wait(8_000);
    assert!(rig.tell_buffered(500_000));
    assert_eq!((rig.status(), rig.updates_sent().len()), (Status::Connected, 1));
}

#[test]
fn what_is_still_going_up_is_not_sent_again() {
    for embeds in [true, false] {
        let mut rig = Rig::online();
        if embeds {
            rig.embed(100_000);
        } else {
            rig.type_text(&"x".repeat(100_000));
            rig.commit();
        }
        rig.upload(2_500, 39_000);
        assert_eq!((rig.status(), rig.updates_sent().len()), (Status::Connected, 1), "{embeds}");
        let update = rig.updates_sent().remove(0);
        rig.receive(encode::update(&update));
        assert_eq!(rig.sync().status, SyncStatus::Synchronized);
    }
}

#[test]
fn what_has_gone_up_and_was_dropped_is_sent_again() {
    let mut rig = Rig::online();
    rig.embed(100_000);
    rig.upload(50_000, 3_000);
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.upload(50_000, 9_000);
    assert_eq!(rig.updates_sent().len(), 2);
}

#[test]
fn what_is_sent_meanwhile_does_not_make_a_slow_line_a_dead_one() {
    let mut rig = Rig::online();
    rig.embed(120_000);
    rig.upload(6_000, 5_000);
    rig.embed(120_000);
    rig.upload(6_000, 38_000);
    assert_eq!((rig.status(), rig.updates_sent().len()), (Status::Connected, 2));
}

#[test]
fn a_line_that_takes_nothing_more_is_given_up() {
    let mut rig = Rig::online();
    rig.embed(1_000_000);
    rig.wait(1_000);
    let left = rig.bytes_sent() - 100_000;
    for (wait, more) in [(1_000, 100), (8_000, 200), (0, 500)] {
        rig.tell_buffered(left + more);
        rig.wait(wait);
    }
    assert_eq!(rig.status(), Status::Reconnecting);
}

#[test]
fn what_came_back_is_not_on_its_way() {
    let mut rig = Rig::online();
    rig.embed(100_000);
    let update = rig.updates_sent().remove(0);
    rig.receive(encode::update(&update));
    rig.embed(1);
    for wait in [1_000, 8_000, 0] {
        rig.tell_buffered(0);
        rig.wait(wait);
    }
    assert_eq!(rig.status(), Status::Reconnecting);
}

#[test]
fn what_left_the_browser_and_is_held_up_behind_it_is_neither_doubted_nor_sent_again() {
    let mut rig = Rig::online();
    rig.embed(1_000_000);
    rig.upload(u64::MAX / 1_000_000, 24_000);
    assert_eq!((rig.status(), rig.updates_sent().len()), (Status::Connected, 1));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.upload(u64::MAX / 1_000_000, 60_000);
    assert!(rig.updates_sent().len() > 1, "it was dropped");
}

#[test]
fn the_question_does_not_count_as_what_waits_behind_an_edit() {
    let mut rig = Rig::online();
    rig.type_text("a");
    rig.commit();
    rig.wait(1_000);
    assert_eq!((rig.measured.as_slice(), rig.sent.len()), ([1].as_slice(), 2));
}

#[test]
fn a_document_that_takes_long_to_come_down_is_asked_for_less_and_less_often() {
    let mut rig = Rig::new(PersistenceMode::IndexedDb);
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.open();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    while rig.now < 24_900 {
        rig.wait(100);
    }
    let question = encode::sync_step_1(EMPTY_VECTOR);
    let asked = rig.sent.iter().filter(|frame| frame.starts_with(&question)).count();
    assert!((2..=5).contains(&asked), "{asked}, one of them by the audit");
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    assert_eq!(rig.status(), Status::Connected);
}
