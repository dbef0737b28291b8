//! Snapshots that replace the log, and disks that refuse them.

use super::*;
use crate::config::StorageConfig;
use crate::room::persistence::record::{Record, RecordKind};

/// A room of an epoch whose log has grown enough: the snapshot is under way.
fn compacting() -> Rig {
    let storage = StorageConfig { compact_records: 4, ..StorageConfig::default() };
    let config = Config { url: Some("ws://s".into()), storage, ..Config::default() };
    let mut rig = Rig::with_config(&config, 3, PathMode::default());
    rig.room.footing.restore(5);
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.room.footing.restore(5);
    rig.write_records(4);
    assert!(matches!(rig.tasks.front(), Some(StorageTask::Replace { .. })));
    rig
}

/// What a disk has stored.
pub(super) type Stored = Vec<(RecordKey, Vec<u8>)>;

impl Rig {
    /// Does what the room wants done with its disk; `true` if that was a compaction.
    pub(super) fn write_down(&mut self, stored: &mut Stored) -> bool {
        match self.tasks.front() {
            Some(StorageTask::Replace { record, remove, .. }) => {
                stored.retain(|(key, _)| !remove.contains(key));
                self.last_key += 1;
                let key = RecordKey(self.last_key);
                stored.push((key, record.clone()));
                self.answer(StorageReply::Written(vec![key]));
                return true;
            }
            Some(StorageTask::Read { key, .. }) => {
                let found = stored.iter().find(|(at, _)| at == key);
                let found = found.map(|(_, record)| record.clone());
                self.answer(StorageReply::Record(found));
            }
            Some(StorageTask::Append { records, .. }) => {
                stored.extend((self.last_key + 1..).map(RecordKey).zip(records.clone()));
                self.commit();
            }
            other => panic!("nothing to store: {other:?}"),
        }
        false
    }
}

impl Rig {
    fn write_records(&mut self, records: u32) {
        for _ in 0..records {
            self.type_text("a");
            self.commit();
        }
    }

    fn refuse(&mut self, error: StorageError) {
        assert!(self.tasks.pop_front().is_some(), "no task to refuse");
        self.run(|room, cx| room.handle_storage(cx, Err(error)));
    }

    fn records(&self) -> Vec<RecordKind> {
        let Some(StorageTask::Append { records, .. }) = self.tasks.front() else {
            return Vec::new();
        };
        records.iter().map(|bytes| Record::decode(bytes).unwrap().kind).collect()
    }
}

#[test]
fn a_snapshot_that_the_disk_refuses_is_tried_again_after_as_many_records() {
    let mut rig = compacting();
    for _ in 0..3 {
        rig.refuse(StorageError::Quota);
        assert!(rig.tasks.is_empty(), "{:?}", rig.tasks);
        rig.write_records(3);
        assert!(rig.tasks.is_empty(), "{:?}", rig.tasks);
        rig.write_records(1);
        assert!(matches!(rig.tasks.front(), Some(StorageTask::Replace { .. })));
    }
}

#[test]
fn the_epoch_is_written_once_behind_each_snapshot_that_was() {
    let mut rig = compacting();
    assert_eq!(rig.records(), []);
    rig.last_key += 1;
    rig.answer(StorageReply::Written(vec![RecordKey(rig.last_key)]));
    assert_eq!(rig.records(), [RecordKind::Epoch]);
    rig.commit();
    assert!(rig.tasks.is_empty(), "{:?}", rig.tasks);
}

#[test]
fn what_hangs_on_something_missing_here_stays_in_the_log() {
    let (_, second) = held::halves();
    let mut stored: Stored = vec![(RecordKey(1), held::local(7, &second))];
    let storage = StorageConfig { compact_records: 4, ..StorageConfig::default() };
    let config = Config { url: Some("ws://s".into()), storage, ..Config::default() };
    let mut rig = Rig::with_config(&config, 3, PathMode::default());
    rig.last_key = 1;
    rig.answer(StorageReply::Loaded(stored.clone()));
    for _ in 0..20 {
        rig.type_text("a");
        assert!(!rig.write_down(&mut stored), "a snapshot would stand for it");
    }
}

#[test]
fn what_the_server_sent_too_early_does_not_stop_compaction() {
    let (_, second) = held::halves();
    let mut rig = Rig::online();
    rig.receive(encode::update(&second));
    assert_eq!(rig.sync().held, 1);
    let mut stored = Stored::new();
    for _ in 0..2_000 {
        rig.type_text("a");
        if rig.write_down(&mut stored) {
            return;
        }
    }
    panic!("no snapshot");
}
