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
