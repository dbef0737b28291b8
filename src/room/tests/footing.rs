//! Servers that let us only read, refuse an update, or began anew.

use super::compaction::Stored;
use super::*;
use crate::event::Obstacle;
use crate::protocol::standing::{Access, Greeting, Print, Question, Statement};

/// Step 1 with a greeting behind it.
pub(super) fn greeting(vector: &[u8], epoch: u64, access: Access) -> Vec<u8> {
    let behind = Statement::Greeting(Greeting { epoch, access }).encode();
    [encode::sync_step_1(vector), behind].concat()
}

pub(super) fn greeting_alone(access: Access) -> Vec<u8> {
    Statement::Greeting(Greeting { epoch: 0, access }).encode()
}

impl Rig {
    /// A room on a disk, with the handshake with a server behind it that has nothing.
    pub(super) fn greeted(epoch: u64, access: Access) -> Self {
        let mut rig = Self::new(PersistenceMode::IndexedDb);
        rig.answer(StorageReply::Loaded(Vec::new()));
        rig.open();
        rig.receive(greeting(EMPTY_VECTOR, epoch, access));
        rig.receive(encode::sync_step_2(EMPTY_UPDATE));
        if epoch != 0 {
            rig.commit();
        }
        assert_eq!(rig.room.connection.status().status, Status::Connected);
        assert_eq!(rig.sync().status, SyncStatus::Synchronized);
        rig.sent.clear();
        rig
    }

    /// Types, and lets the server return it.
    fn type_and_sync(&mut self, text: &str) {
        self.type_text(text);
        self.commit();
        let update = self.updates_sent().pop().expect("an update");
        self.receive(encode::update(&update));
        assert_eq!(self.sync().pending, 0);
    }

    /// The link is lost and another one opens.
    pub(super) fn reconnect(&mut self) {
        let id = self.socket.unwrap();
        let closed = SocketInput::Closed { code: 1012, reason: String::new(), clean: true };
        self.run(|room, cx| room.handle_socket(cx, id, closed));
        self.wait(5_000);
        if !self.tasks.is_empty() {
            self.commit();
        }
        self.open();
        self.sent.clear();
    }

    fn state(&self) -> (SyncStatus, Option<Obstacle>) {
        (self.sync().status, self.sync().obstacle)
    }

    fn standing_sent(&self) -> Vec<Vec<u8>> {
        let is_ours = |frame: &&Vec<u8>| frame.first() == Some(&125);
        self.sent.iter().filter(is_ours).cloned().collect()
    }

    pub(super) fn merge(&mut self) {
        self.run(|room, cx| room.merge(cx)).unwrap();
    }

    /// Seconds with a server that answers what it is asked and returns nothing; how often it was asked.
    pub(super) fn live_asked(&mut self, seconds: u32) -> usize {
        let asks = |frame: &Vec<u8>| frame.starts_with(&[0, 0]);
        let mut asked = 0;
        for _ in 0..seconds {
            self.sent.clear();
            self.wait(1_000);
            if self.sent.iter().any(asks) {
                asked += 1;
                self.receive(encode::sync_step_2(EMPTY_UPDATE));
            }
            assert_eq!(self.room.connection.status().status, Status::Connected);
        }
        asked
    }
}

#[test]
fn a_server_that_says_nothing_of_itself_is_told_nothing_of_it() {
    let mut rig = Rig::online();
    rig.type_and_sync("abc");
    rig.wait(10_000);
    assert_eq!(rig.standing_sent(), Vec::<Vec<u8>>::new());
    assert_eq!(rig.state(), (SyncStatus::Synchronized, None));
}

#[test]
fn where_it_may_only_read_edits_stay_here_and_the_app_is_told_once() {
    let mut rig = Rig::greeted(0, Access::Read);
    assert_eq!(rig.state(), (SyncStatus::Synchronized, Some(Obstacle::ReadOnly)));
    rig.type_text("abc");
    rig.commit();
    rig.type_text("d");
    rig.commit();
    assert_eq!(rig.state(), (SyncStatus::Rejected, Some(Obstacle::ReadOnly)));
    assert_eq!((rig.sync().pending, rig.sync().local), (4, Durability::Saved));
    assert_eq!(rig.problems(), [ErrorCode::Rejected]);
    for _ in 0..20 {
        rig.wait(1_000);
        rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    }
    assert_eq!(rig.updates_sent(), Vec::<Vec<u8>>::new());
    rig.receive(encode::update(&other("theirs").1));
    assert!(rig.text().contains("theirs"), "it goes on reading");
}

#[test]
fn what_the_server_has_not_returned_is_exported_for_any_replica() {
    let mut rig = Rig::greeted(0, Access::Read);
    rig.receive(encode::update(&other("theirs").1));
    rig.type_text("mine ");
    let exported = rig.run(|room, _| room.unsynced()).unwrap();
    let (mut elsewhere, _) = other("theirs");
    elsewhere.apply(&exported, Origin::Remote).unwrap();
    let ty: TypeId = "r/text".parse().unwrap();
    assert_eq!(elsewhere.text(&ty).unwrap(), "mine theirs");
}

#[test]
fn rights_that_come_let_everything_go_that_waited() {
    let mut rig = Rig::greeted(0, Access::Read);
    rig.type_text("abc");
    rig.commit();
    rig.receive(greeting_alone(Access::Write));
    assert_eq!(rig.updates_sent().len(), 1);
    let update = rig.updates_sent().remove(0);
    rig.receive(encode::update(&update));
    assert_eq!(rig.state(), (SyncStatus::Synchronized, None));
}

#[test]
fn rights_that_go_hold_back_what_follows() {
    let mut rig = Rig::greeted(0, Access::Write);
    rig.type_and_sync("a");
    rig.receive(greeting_alone(Access::Read));
    rig.sent.clear();
    rig.type_text("b");
    rig.commit();
    assert_eq!(rig.updates_sent().len(), 0);
    assert_eq!(
        (rig.state(), rig.sync().pending),
        ((SyncStatus::Rejected, Some(Obstacle::ReadOnly)), 1)
    );
}

#[test]
fn a_quiet_link_lives_on_over_an_edit_that_is_not_taken_and_nothing_is_expected_back() {
    for refused in [false, true] {
        let access = if refused { Access::Write } else { Access::Read };
        let mut rig = Rig::greeted(0, access);
        rig.type_text("abc");
        rig.commit();
        if refused {
            rig.receive(Statement::Refused("too odd").encode());
        }
        let asked = rig.live_asked(60);
        assert!(asked <= 3, "asked {asked} times");
        assert_eq!(rig.problems(), [ErrorCode::Rejected]);
    }
}

#[test]
fn each_probe_asks_whether_it_still_may_only_read() {
    let mut rig = Rig::greeted(0, Access::Read);
    rig.wait(10_000);
    assert!(rig.standing_sent().contains(&Question::Greet.encode()));
}

#[test]
fn to_try_again_is_another_link_and_everything_goes_over_it() {
    let mut rig = Rig::greeted(0, Access::Read);
    rig.type_text("abc");
    rig.commit();
    let before = rig.socket;
    rig.merge();
    assert_ne!(rig.socket, before);
    rig.open();
    rig.receive(greeting(EMPTY_VECTOR, 0, Access::Write));
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn a_refused_update_stays_here_until_the_next_link_offers_it_again() {
    let mut rig = Rig::greeted(0, Access::Write);
    rig.type_text("abc");
    rig.commit();
    rig.receive(Statement::Refused("too odd").encode());
    assert_eq!(rig.state(), (SyncStatus::Rejected, Some(Obstacle::Refused)));
    let told = rig.events.iter().any(|event| {
        matches!(event, EventKind::Error(problem) if problem.code == ErrorCode::Rejected && problem.message.contains("too odd"))
    });
    assert!(told, "{:?}", rig.problems());
    rig.sent.clear();
    rig.type_text("d");
    rig.commit();
    rig.wait(9_000);
    assert_eq!(rig.updates_sent().len(), 0);
    rig.reconnect();
    rig.receive(greeting(EMPTY_VECTOR, 0, Access::Write));
    assert_eq!((rig.updates_sent().len(), rig.sync().status), (1, SyncStatus::Synchronizing));
}

#[test]
fn a_refusal_of_what_nobody_here_wrote_is_another_tabs() {
    let mut rig = Rig::greeted(0, Access::Write);
    rig.receive(Statement::Refused("theirs").encode());
    assert_eq!((rig.state(), rig.problems()), ((SyncStatus::Synchronized, None), vec![]));
}

#[test]
fn in_another_epoch_nothing_goes_either_way_before_the_app_decides() {
    let mut rig = Rig::greeted(5, Access::Write);
    rig.type_and_sync("mine");
    rig.reconnect();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    rig.receive(encode::sync_step_2(&other("theirs").1));
    rig.type_text("more ");
    rig.commit();
    assert_eq!(rig.state(), (SyncStatus::Rejected, Some(Obstacle::Epoch)));
    assert_eq!(rig.problems(), [ErrorCode::Epoch]);
    assert_eq!(rig.room.connection.status().status, Status::Connected);
    assert_eq!((rig.updates_sent().len(), rig.text().as_str()), (0, "more mine"));
    assert_eq!(rig.sync().pending, 9, "all that the server lacks");
}

#[test]
fn to_merge_gives_the_new_epoch_everything_and_takes_what_it_has() {
    let mut rig = Rig::greeted(5, Access::Write);
    rig.type_and_sync("mine");
    rig.reconnect();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    rig.merge();
    rig.commit();
    let pushed = rig.updates_sent();
    assert_eq!(pushed.len(), 1);
    rig.receive(encode::sync_step_2(&other("theirs").1));
    rig.commit();
    rig.receive(encode::update(&pushed[0]));
    assert_eq!(rig.state(), (SyncStatus::Synchronized, None));
    assert!(rig.text().contains("mine") && rig.text().contains("theirs"));

    rig.reconnect();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    assert_eq!(rig.state(), (SyncStatus::Synchronizing, None), "it belongs to it now: a rollback");
    assert_eq!(rig.updates_sent().len(), 1);
}

#[test]
fn to_merge_into_a_new_epoch_that_lets_only_read_pushes_nothing_until_it_takes_edits() {
    let mut rig = Rig::greeted(5, Access::Write);
    rig.type_and_sync("mine");
    rig.reconnect();
    rig.receive(greeting(EMPTY_VECTOR, 6, Access::Read));
    rig.merge();
    rig.commit();
    assert_eq!(rig.state(), (SyncStatus::Rejected, Some(Obstacle::ReadOnly)));
    assert_eq!(rig.updates_sent().len(), 0);
    rig.receive(Statement::Greeting(Greeting { epoch: 6, access: Access::Write }).encode());
    assert_eq!((rig.state(), rig.updates_sent().len()), ((SyncStatus::Synchronizing, None), 1));
}

#[test]
fn a_new_epoch_that_has_all_that_is_here_is_entered_unasked() {
    let mut rig = Rig::greeted(5, Access::Write);
    let (theirs, update) = other("theirs");
    rig.receive(encode::update(&update));
    rig.commit();
    rig.reconnect();
    rig.receive(greeting(&theirs.encode_state_vector(), 6, Access::Write));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.commit();
    assert_eq!((rig.state(), rig.problems()), ((SyncStatus::Synchronized, None), vec![]));
}

#[test]
fn the_epoch_is_known_after_a_restart_and_behind_snapshots() {
    let (mut rig, mut stored) = (Rig::new(PersistenceMode::IndexedDb), Stored::new());
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.open();
    rig.receive(greeting(EMPTY_VECTOR, 5, Access::Write));
    let mut compactions = 0;
    while compactions < 3 {
        if rig.tasks.is_empty() {
            rig.type_text("a");
        }
        compactions += usize::from(rig.write_down(&mut stored));
    }
    assert!(!stored.iter().any(|(key, _)| key.0 == 1), "the first one is gone");
    rig.write_down(&mut stored);
    let mut again = Rig::seeded(PersistenceMode::IndexedDb, 9);
    again.answer(StorageReply::Loaded(stored));
    again.open();
    again.receive(greeting(EMPTY_VECTOR, 6, Access::Write));
    assert_eq!(again.state(), (SyncStatus::Rejected, Some(Obstacle::Epoch)));
}

impl Rig {
    /// What a server with the same ids says, whose roots hash to this.
    fn print(&mut self, hash: u64) {
        let (client, digest) = (self.room.client_id(), self.room.doc.content().digest());
        self.receive(Statement::Print(Print { client, digest, hash }).encode());
    }

    fn is_diverged(&self) -> bool {
        self.events.contains(&EventKind::Diverged)
    }
}

#[test]
fn a_quiet_link_is_asked_what_the_server_shows_and_an_equal_answer_is_no_news() {
    let mut rig = Rig::greeted(5, Access::Write);
    rig.type_and_sync("abc");
    rig.sent.clear();
    rig.wait(10_000);
    let question = Question::Check(rig.room.client_id(), b"\x04text\0").encode();
    assert_eq!(rig.standing_sent(), [question]);
    let hash = rig.room.doc.hash() >> 11;
    rig.print(hash);
    assert!(!rig.is_diverged());
}

#[test]
fn the_same_ids_that_show_something_else_have_diverged() {
    let mut rig = Rig::greeted(5, Access::Write);
    rig.type_and_sync("abc");
    rig.print(4_711);
    assert!(rig.is_diverged());
}

#[test]
fn an_answer_proves_nothing_while_something_is_on_its_way_or_for_somebody_else() {
    let mut rig = Rig::greeted(5, Access::Write);
    rig.type_and_sync("abc");
    let digest = rig.room.doc.content().digest();
    for (client, digest) in [(rig.room.client_id() + 1, digest), (rig.room.client_id(), digest + 1)]
    {
        rig.receive(Statement::Print(Print { client, digest, hash: 4_711 }).encode());
    }
    rig.type_text("d");
    rig.print(4_711);
    assert!(!rig.is_diverged());
    rig.sent.clear();
    rig.wait(10_000);
    assert!(!rig.standing_sent().iter().any(|frame| frame.get(2) == Some(&3)), "not asked either");
}
