mod compaction;

use super::*;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn log() -> Persistence {
    log_of(7)
}

fn log_of(boot: u64) -> Persistence {
    let config = StorageConfig { compact_records: 4, ..StorageConfig::default() };
    Persistence::new(config, Some("db".into()), boot)
}

/// A database that does what it is told.
#[derive(Default)]
struct Database {
    rows: OrderedMap<RecordKey, Vec<u8>>,
    last: u64,
}

impl Database {
    fn put(&mut self, bytes: Vec<u8>) -> RecordKey {
        self.last += 1;
        self.rows.insert(RecordKey(self.last), bytes);
        RecordKey(self.last)
    }

    fn run(&mut self, task: StorageTask) -> StorageReply {
        match task {
            StorageTask::Load { .. } => {
                StorageReply::Loaded(self.rows.clone().into_iter().collect())
            }
            StorageTask::Append { records, .. } => {
                StorageReply::Written(records.into_iter().map(|record| self.put(record)).collect())
            }
            StorageTask::Read { key, .. } => StorageReply::Record(self.rows.get(&key).cloned()),
            StorageTask::Replace { record, remove, .. } => {
                let key = self.put(record);
                for key in remove {
                    self.rows.remove(&key);
                }
                StorageReply::Written(vec![key])
            }
            StorageTask::Close { .. } => StorageReply::Closed,
        }
    }

    fn payloads(&self) -> Vec<Vec<u8>> {
        self.rows
            .values()
            .filter_map(|bytes| Record::decode(bytes).ok())
            .map(|r| r.payload)
            .collect()
    }
}

fn load(log: &mut Persistence, database: &mut Database) -> Loaded {
    let task = log.load().expect("a load");
    let Outcome::Loaded(loaded) = log.handle_reply(at(0), Ok(database.run(task))) else {
        panic!("not loaded")
    };
    loaded
}

fn write(log: &mut Persistence, database: &mut Database, payload: u8) {
    log.append(RecordKind::Local, vec![payload]);
    let task = log.poll_task().expect("an append");
    assert_eq!(log.handle_reply(at(0), Ok(database.run(task))), Outcome::Progress);
}

/// Compacts; a snapshot that was never read back is verified first.
fn compact(log: &mut Persistence, database: &mut Database, snapshot: u8) {
    while let Some(task) = log.verify() {
        match log.handle_reply(at(0), Ok(database.run(task))) {
            Outcome::Verify(record) => log.handle_verified(record.is_some()),
            outcome => assert_eq!(outcome, Outcome::Nothing, "what is there was read"),
        }
    }
    let task = log.compact((RecordKind::Snapshot, vec![snapshot]));
    log.handle_reply(at(0), Ok(database.run(task)));
}

#[test]
fn opening_writes_nothing() {
    let mut log = log();
    assert_eq!(log.poll_task(), None);
    assert!(matches!(log.load(), Some(StorageTask::Load { .. })));
    assert_eq!((log.load(), log.poll_task()), (None, None));
}

#[test]
fn one_transaction_runs_at_a_time_and_the_next_takes_all_that_waited() {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    log.append(RecordKind::Local, vec![1]);
    let first = log.poll_task().expect("an append");
    let (second, third) =
        (log.append(RecordKind::Local, vec![2]), log.append(RecordKind::Remote, vec![3]));
    assert_eq!(log.poll_task(), None);
    assert_eq!((log.released(), log.is_saved()), (0, false));
    log.handle_reply(at(0), Ok(database.run(first)));
    assert_eq!(log.released(), 1);
    let rest = log.poll_task().expect("an append");
    assert!(matches!(&rest, StorageTask::Append { records, .. } if records.len() == 2));
    log.handle_reply(at(0), Ok(database.run(rest)));
    assert_eq!((log.released(), third - second, log.is_saved()), (third, 1, true));
    assert_eq!(database.payloads(), [[1], [2], [3]]);
}

#[test]
fn a_snapshot_replaces_what_it_contains_only_after_it_was_read_back() {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    for payload in 1..=4 {
        write(&mut log, &mut database, payload);
    }
    assert!(log.wants_compaction());
    compact(&mut log, &mut database, 100);
    assert_eq!(database.payloads(), [[1], [2], [3], [4], [100]]);
    assert!(!log.wants_compaction());
    for payload in 5..=8 {
        write(&mut log, &mut database, payload);
    }
    compact(&mut log, &mut database, 101);
    assert_eq!(database.payloads(), [[100], [5], [6], [7], [8], [101]]);
}

#[test]
fn a_snapshot_that_cannot_be_read_back_deletes_nothing() {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    for payload in 1..=4 {
        write(&mut log, &mut database, payload);
    }
    compact(&mut log, &mut database, 100);
    database.rows.remove(&RecordKey(5));
    for payload in 5..=8 {
        write(&mut log, &mut database, payload);
    }
    compact(&mut log, &mut database, 101);
    assert_eq!(database.payloads(), [[1], [2], [3], [4], [5], [6], [7], [8], [101]]);
}

#[test]
fn a_bad_snapshot_that_this_run_wrote_goes_with_the_next_one_and_another_runs_stays() {
    let (mut log, mut database) = (log(), Database::default());
    let theirs = Record { kind: RecordKind::Snapshot, boot: 3, loaded: 0, payload: vec![99] };
    database.put(theirs.encode());
    load(&mut log, &mut database);
    for round in 0..5 {
        for _ in 0..4 {
            write(&mut log, &mut database, round);
        }
        if let Some(task) = log.verify() {
            log.handle_reply(at(0), Ok(database.run(task)));
            log.handle_verified(false);
        }
        let task = log.compact((RecordKind::Snapshot, vec![100 + round]));
        log.handle_reply(at(0), Ok(database.run(task)));
    }
    let snapshots = database.payloads().concat();
    let snapshots: Vec<_> = snapshots.into_iter().filter(|payload| *payload > 50).collect();
    assert_eq!(snapshots, [99, 104]);
    assert_eq!(database.rows.len(), 2 + 20, "no record is gone");
}

#[test]
fn what_another_tab_appended_is_never_deleted_by_a_snapshot_that_lacks_it() {
    let (mut mine, mut database) = (log(), Database::default());
    load(&mut mine, &mut database);
    let mut theirs = Persistence::new(StorageConfig::default(), Some("db".into()), 8);
    load(&mut theirs, &mut database);
    write(&mut mine, &mut database, 1);
    write(&mut theirs, &mut database, 50);
    for payload in 2..=4 {
        write(&mut mine, &mut database, payload);
    }
    compact(&mut mine, &mut database, 100);
    for payload in 5..=8 {
        write(&mut mine, &mut database, payload);
    }
    compact(&mut mine, &mut database, 101);
    assert!(database.payloads().contains(&vec![50]));
    // A third tab that loads all of it must not take the snapshot's word for their record either.
    let config = StorageConfig { compact_records: 1, ..StorageConfig::default() };
    let mut third = Persistence::new(config, Some("db".into()), 9);
    load(&mut third, &mut database);
    write(&mut third, &mut database, 9);
    compact(&mut third, &mut database, 102);
    assert!(database.payloads().contains(&vec![50]));
}

#[test]
fn of_two_tabs_the_snapshot_that_the_newer_one_never_saw_stays_until_its_successor_was_read_back() {
    let mut database = Database::default();
    for boot in [8, 7] {
        let payload = vec![boot];
        let record = Record { kind: RecordKind::Snapshot, boot: boot.into(), loaded: 0, payload };
        database.put(record.encode());
    }
    let mut log = log_of(9);
    load(&mut log, &mut database);
    compact(&mut log, &mut database, 100);
    assert_eq!(database.payloads(), [[8], [7], [100]], "what 8 alone has is nowhere else yet");
    compact(&mut log, &mut database, 101);
    assert_eq!(database.payloads(), [[100], [101]]);
}

#[test]
fn damaged_records_are_counted_and_left_where_they_are() {
    let (mut log, mut database) = (log(), Database::default());
    database.put(vec![1, 2, 3]);
    database.put(Record { kind: RecordKind::Local, boot: 1, loaded: 0, payload: vec![5] }.encode());
    let loaded = load(&mut log, &mut database);
    assert_eq!((loaded.records.len(), loaded.damaged), (1, 1));
    for payload in 1..=9 {
        write(&mut log, &mut database, payload);
        if log.wants_compaction() {
            compact(&mut log, &mut database, 100 + payload);
        }
    }
    assert_eq!(database.rows.get(&RecordKey(1)), Some(&vec![1, 2, 3]));
}

#[test]
fn a_full_disk_is_told_edits_go_on_and_the_whole_document_is_written_later() {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    let seq = log.append(RecordKind::Local, vec![1]);
    log.poll_task();
    let outcome = log.handle_reply(at(0), Err(StorageError::Quota));
    assert_eq!(outcome, Outcome::Failed(StorageError::Quota));
    assert!(!log.is_saved() && !log.is_working());
    assert_eq!(log.released(), seq, "the server is the only safe place now");
    log.append(RecordKind::Local, vec![2]);
    assert!(!log.wants_recovery(at(999)) && log.wants_recovery(at(1_000)));
    let task = log.recover(vec![(RecordKind::Snapshot, vec![99])]).expect("a task");
    log.append(RecordKind::Local, vec![3]);
    log.handle_reply(at(1_000), Ok(database.run(task)));
    let task = log.poll_task().expect("the edit made meanwhile");
    log.handle_reply(at(1_001), Ok(database.run(task)));
    assert!(log.is_saved());
    assert_eq!(database.payloads(), [[99], [3]]);
}

#[test]
fn a_log_that_could_not_be_read_is_read_later_and_never_overwritten() {
    let (mut log, mut database) = (log(), Database::default());
    database.put(Record { kind: RecordKind::Local, boot: 1, loaded: 0, payload: vec![5] }.encode());
    log.load();
    log.handle_reply(at(0), Err(StorageError::Blocked));
    log.append(RecordKind::Local, vec![1]);
    let task = log.recover(vec![(RecordKind::Snapshot, vec![99])]).expect("a task");
    assert!(matches!(task, StorageTask::Load { .. }));
    let Outcome::Loaded(loaded) = log.handle_reply(at(1), Ok(database.run(task))) else {
        panic!("not loaded")
    };
    assert_eq!((loaded.records.len(), database.rows.len()), (1, 1));
}

#[test]
fn closing_writes_what_is_queued_first() {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    log.append(RecordKind::Local, vec![1]);
    log.close();
    let task = log.poll_task().expect("an append");
    log.handle_reply(at(0), Ok(database.run(task)));
    let task = log.poll_task().expect("a close");
    assert_eq!(log.handle_reply(at(0), Ok(database.run(task))), Outcome::Closed);
    assert!(log.is_closed());
    assert_eq!(database.payloads(), [[1]]);
}

#[test]
fn without_a_database_nothing_is_ever_claimed_to_be_saved() {
    let mut log = Persistence::new(StorageConfig::default(), None, 1);
    let seq = log.append(RecordKind::Local, vec![1]);
    assert_eq!((log.poll_task(), log.is_saved(), log.released()), (None, false, seq));
}

/// Deleted under everybody who has it open; a new one hands out the same keys again.
fn lose(logs: &mut [&mut Persistence], database: &mut Database) {
    *database = Database::default();
    for log in logs {
        assert_eq!(log.handle_lost(at(0), "db"), Outcome::Failed(StorageError::Closed));
    }
}

fn recover(log: &mut Persistence, database: &mut Database, snapshot: u8) {
    let task = log.recover(vec![(RecordKind::Snapshot, vec![snapshot])]).expect("a task");
    assert_eq!(log.handle_reply(at(1_000), Ok(database.run(task))), Outcome::Progress);
}

#[test]
fn behind_a_lost_database_nothing_of_another_tab_is_deleted_or_taken_as_known() {
    let (mut mine, mut database) = (log(), Database::default());
    load(&mut mine, &mut database);
    for payload in 1..=8 {
        write(&mut mine, &mut database, payload);
        if mine.wants_compaction() {
            compact(&mut mine, &mut database, 100);
        }
    }
    // This tab has read keys up to 9, and has a list of those to delete.
    let mut mine = log_of(9);
    load(&mut mine, &mut database);
    let mut theirs = log_of(8);
    load(&mut theirs, &mut database);
    lose(&mut [&mut mine, &mut theirs], &mut database);
    recover(&mut theirs, &mut database, 50);
    recover(&mut mine, &mut database, 99);
    for payload in 51..=54 {
        write(&mut theirs, &mut database, payload);
    }
    for payload in 11..=18 {
        write(&mut mine, &mut database, payload);
        if mine.wants_compaction() {
            compact(&mut mine, &mut database, 100 + payload);
        }
    }
    for payload in 50..=54 {
        assert!(database.payloads().contains(&vec![payload]), "{payload} was deleted");
    }
    for bytes in database.rows.values() {
        let record = Record::decode(bytes).expect("a record");
        assert!(
            record.boot != 9 || !record.knew(1, 8),
            "{:?} is said to know key 1",
            record.payload
        );
    }
}

/// Twenty times the connection is lost, and the database is still there.
fn lose_connections(compact_bytes: usize) -> (Persistence, Database) {
    let config = StorageConfig { compact_records: 4, compact_bytes, ..StorageConfig::default() };
    let (mut log, mut database) =
        (Persistence::new(config, Some("db".into()), 7), Database::default());
    let record = Record { kind: RecordKind::Local, boot: 8, loaded: 0, payload: vec![50] };
    load(&mut log, &mut database);
    for round in 1..=20 {
        assert_eq!(log.handle_lost(at(0), "db"), Outcome::Failed(StorageError::Closed));
        recover(&mut log, &mut database, 100 + round);
        if round == 10 {
            database.put(record.encode());
        }
        while log.wants_compaction() {
            compact(&mut log, &mut database, 100 + round);
        }
    }
    (log, database)
}

#[test]
fn what_a_lost_connection_leaves_behind_goes_with_the_next_compactions_and_nothing_of_another_tab()
{
    let (mut log, mut database) = lose_connections(1 << 20);
    assert_eq!(database.rows.len(), 21);
    for payload in 1..=8 {
        write(&mut log, &mut database, payload);
        if log.wants_compaction() {
            compact(&mut log, &mut database, 121);
        }
    }
    assert_eq!(database.payloads(), [[50], [121], [5], [6], [7], [8], [121]]);
}

#[test]
fn what_lost_connections_leave_behind_is_no_more_than_a_few_documents() {
    let (_, database) = lose_connections(64);
    assert!(database.rows.len() < 10, "{:?}", database.payloads());
    assert!(database.payloads().contains(&vec![50]));
}

#[test]
fn what_is_there_behind_a_lost_connection_is_not_read_again_and_again_where_that_fails() {
    let (mut log, mut database) = lose_connections(1 << 20);
    for payload in 1..=4 {
        write(&mut log, &mut database, payload);
    }
    assert!(matches!(log.verify(), Some(StorageTask::Load { .. })));
    assert_eq!(log.handle_reply(at(0), Err(StorageError::Aborted)), Outcome::Nothing);
    assert!(log.is_saved() && !log.wants_compaction());
}

#[test]
fn a_database_lost_while_it_fails_is_another_one_too() {
    let (mut mine, mut database) = (log(), Database::default());
    database.put(Record { kind: RecordKind::Local, boot: 1, loaded: 0, payload: vec![5] }.encode());
    load(&mut mine, &mut database);
    mine.append(RecordKind::Local, vec![1]);
    mine.poll_task();
    mine.handle_reply(at(0), Err(StorageError::Quota));
    assert_eq!(mine.handle_lost(at(1), "db"), Outcome::Nothing);
    database = Database::default();
    recover(&mut mine, &mut database, 99);
    let record = database
        .rows
        .get(&RecordKey(1))
        .and_then(|bytes| Record::decode(bytes).ok())
        .expect("a record");
    assert!(!record.knew(1, 8));
}

/// A log whose append of one record is never answered.
fn hanging() -> Persistence {
    let (mut log, mut database) = (log(), Database::default());
    load(&mut log, &mut database);
    log.append(RecordKind::Local, vec![1]);
    assert!(log.poll_task().is_some());
    log.handle_begun(at(0));
    log
}

#[test]
fn a_task_that_is_not_answered_is_given_up_and_the_whole_document_written() {
    let mut log = hanging();
    assert_eq!(log.poll_timeout().map(|deadline| deadline.at), Some(at(30_000)));
    assert_eq!(log.handle_timeout(at(29_999), false), Outcome::Nothing);
    assert_eq!(log.handle_timeout(at(30_000), false), Outcome::Failed(StorageError::TimedOut));
    assert_eq!((log.is_working(), log.released()), (false, 1));
    assert!(log.wants_recovery(at(31_000)));
    recover(&mut log, &mut Database::default(), 99);
    assert!(log.is_saved());
}

#[test]
fn a_machine_that_slept_gives_its_database_the_whole_time_again() {
    let mut log = hanging();
    assert_eq!(log.handle_timeout(at(90_000), true), Outcome::Nothing);
    assert_eq!(log.poll_timeout().map(|deadline| deadline.at), Some(at(120_000)));
}

#[test]
fn a_database_that_takes_long_has_twice_the_time_until_it_answers() {
    let mut log = hanging();
    let mut now = 0;
    for patience in [30_000, 60_000, 120_000, 240_000, 300_000, 300_000] {
        log.handle_begun(at(now));
        now += patience;
        assert_eq!(log.handle_timeout(at(now - 1), false), Outcome::Nothing);
        assert_ne!(log.handle_timeout(at(now), false), Outcome::Nothing);
        now += 60_000;
        log.recover(vec![(RecordKind::Snapshot, vec![99])]);
    }
    log.handle_reply(at(now), Ok(StorageReply::Written(vec![RecordKey(1)])));
    log.handle_begun(at(now));
    assert_eq!(log.poll_timeout().map(|deadline| deadline.at), Some(at(now + 30_000)));
}
