//! Records of the log on this device: cut anywhere, damaged, and false behind a true checksum.

use rejoin::io::RecordKey;
use rejoin::room::persistence::record::{Record, RecordKind};

use super::tab::Tab;
use crate::hostile::{history, updates};
use crate::pieces;
use crate::support::random::Rng;
use crate::target::{Outcome, Target, bounded, ensure};

const KINDS: [RecordKind; 8] = [
    RecordKind::Local,
    RecordKind::Remote,
    RecordKind::Acknowledgement,
    RecordKind::Snapshot,
    RecordKind::Message,
    RecordKind::MessagesDone,
    RecordKind::SnapshotWithMessages,
    RecordKind::Epoch,
];

pub(super) fn targets() -> Vec<Target> {
    let log = Target {
        name: "log_record_load",
        seeds: logs,
        generate: Some(cut),
        longest: 64 << 10,
        feed: load,
    };
    vec![
        log,
        Target {
            name: "snapshot_load",
            seeds: payloads,
            generate: None,
            feed: load_payload,
            ..log
        },
    ]
}

/// Logs of tabs that typed, and of updates made to hurt.
fn logs() -> Vec<Vec<u8>> {
    let mut logs = vec![written()];
    let record = |payload: &[u8]| {
        Record { kind: RecordKind::Remote, boot: 3, loaded: 0, payload: payload.to_vec() }.encode()
    };
    logs.extend((0..4).map(|seed| {
        let records: Vec<_> = history(seed, 10).1.iter().map(|update| record(update)).collect();
        pieces::join(&records)
    }));
    logs.extend(updates().iter().map(|(_, update)| pieces::join(&[record(update)])));
    logs
}

/// What a tab wrote into its log.
fn written() -> Vec<u8> {
    let mut tab = Tab::connected();
    for _ in 0..5 {
        tab.types_on().expect("an edit");
    }
    pieces::join(&tab.log.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>())
}

/// A log whose last record ends too soon: at every byte, one after the other.
fn cut(rng: &mut Rng) -> Vec<u8> {
    let mut log = written();
    log.truncate(rng.below(log.len() + 1));
    log
}

fn load(input: &[u8]) -> Outcome {
    let records = pieces::split(input);
    for record in &records {
        bounded("a record", record.len(), || drop(Record::decode(record)))?;
    }
    let keyed =
        records.iter().zip(1..).map(|(bytes, key)| (RecordKey(key), bytes.to_vec())).collect();
    loaded(keyed, input.len())
}

/// A kind, then a payload, behind a checksum that fits.
fn payloads() -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    for (_, bytes) in Tab::connected().log {
        let record = Record::decode(&bytes).expect("its own record");
        payloads.extend((0..7).map(|kind| [vec![kind], record.payload.clone()].concat()));
    }
    let (state, _) = history(2, 20);
    payloads.push([vec![3, 1, 0, 1, 0], state.clone()].concat());
    payloads.push([vec![6, 1, 0, 1, 0, 1, 0], state].concat());
    payloads.push(vec![2, 4, 0xff, 0xff, 0xff, 0x7f, 1, 0]);
    payloads.extend(updates().into_iter().map(|(_, update)| [vec![0], update].concat()));
    payloads
}

fn load_payload(input: &[u8]) -> Outcome {
    let Some((kind, payload)) = input.split_first() else { return Ok(()) };
    let mut log = Tab::connected().log;
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let record = Record { kind, boot: 3, loaded: 0, payload: payload.to_vec() };
    let key = log.last().map_or(1, |(key, _)| key.0 + 1);
    log.push((RecordKey(key), record.encode()));
    loaded(log, input.len())
}

/// Whatever the log holds: the room is ready, works, and has the same units when it is entered again.
fn loaded(log: Vec<(RecordKey, Vec<u8>)>, size: usize) -> Outcome {
    let mut tab = bounded("the log", size + 4_096, || Tab::open(log))?;
    ensure(tab.ready && !tab.gone, || "the room is not ready".into())?;
    tab.types_on()?;
    let deadlines = tab.pass(60_000);
    ensure(deadlines < 2_000, || format!("{deadlines} deadlines in a minute"))?;
    let again = Tab::open(tab.log.clone());
    ensure(again.ready && again.inserts() == tab.inserts(), || {
        "entered again it has other units".into()
    })
}
