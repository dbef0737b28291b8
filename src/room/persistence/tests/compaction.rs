use super::*;

/// In the middle of a compaction, or of reading back the snapshot of the one before.
fn compacting(verifying: bool) -> Persistence {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    for payload in 1..=8 {
        write(&mut log, &mut database, payload);
        if verifying && log.wants_compaction() {
            compact(&mut log, &mut database, 100);
        }
    }
    log.verify().unwrap_or_else(|| log.compact((RecordKind::Snapshot, vec![101])));
    log
}

#[test]
fn a_database_lost_during_compaction_is_told_and_everything_is_written_anew() {
    for verifying in [false, true] {
        let mut log = compacting(verifying);
        let mut database = Database::default();
        let told = log.handle_reply(at(0), Err(StorageError::Closed));
        assert_eq!(told, Outcome::Failed(StorageError::Closed), "verifying: {verifying}");
        assert!(!log.is_saved(), "verifying: {verifying}");
        recover(&mut log, &mut database, 99);
        assert!(log.is_saved() && database.payloads() == [[99]]);
    }
}

#[test]
fn a_compaction_that_fails_for_another_reason_loses_nothing_and_is_not_told() {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    for payload in 1..=4 {
        write(&mut log, &mut database, payload);
    }
    log.compact((RecordKind::Snapshot, vec![100]));
    assert_eq!(log.handle_reply(at(0), Err(StorageError::Blocked)), Outcome::Nothing);
    assert!(log.is_saved());
    assert!(!log.wants_compaction(), "again at once");
    for payload in 5..=8 {
        assert!(!log.wants_compaction());
        write(&mut log, &mut database, payload);
    }
    assert!(log.wants_compaction());
    compact(&mut log, &mut database, 101);
    for payload in 9..=12 {
        assert!(!log.wants_compaction());
        write(&mut log, &mut database, payload);
    }
    assert!(log.wants_compaction());
}

#[test]
fn a_compaction_that_can_never_work_is_told_and_nothing_more_is_saved() {
    for verifying in [false, true] {
        let mut log = compacting(verifying);
        let told = log.handle_reply(at(0), Err(StorageError::Unavailable));
        assert_eq!(told, Outcome::Failed(StorageError::Unavailable), "verifying: {verifying}");
        log.append(RecordKind::Local, vec![9]);
        assert_eq!((log.poll_task(), log.is_saved()), (None, false), "verifying: {verifying}");
    }
}
