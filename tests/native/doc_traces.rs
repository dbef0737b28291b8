//! Real editing traces (josephg/editing-traces, CC BY 4.0), replayed edit by edit. They lie beside the project; where
//! they do not, the tests say so.

use std::path::{Path, PathBuf};
use std::process::Command;

use rejoin::doc::{Doc, Edit, Limits, Origin, RootKind, TypeId};
use serde_json::Value;

fn load(name: &str) -> Option<Value> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/traces")
        .join(format!("{name}.json.gz"));
    if !path.exists() {
        println!("{name}: no traces beside the project, nothing replayed");
        return None;
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(&path).output().expect("gzip");
    Some(serde_json::from_slice(&unpacked.stdout).expect("a trace"))
}

/// Code points of the text as it is, to turn a trace's positions into UTF-16 units.
struct Positions(Vec<char>);

impl Positions {
    fn units(&self, from: usize, to: usize) -> u32 {
        self.0[from..to].iter().map(|char| char.len_utf16() as u32).sum()
    }

    fn patch(&mut self, at: usize, deleted: usize, inserted: &str) {
        self.0.splice(at..at + deleted, inserted.chars());
    }
}

/// Replays the first `most` patches; tells how many there were and the text they make.
fn replay(trace: &Value, most: usize, mut each: impl FnMut(Edit)) -> (usize, String) {
    let mut positions = Positions(trace["startContent"].as_str().unwrap().chars().collect());
    let ascii = trace["endContent"].as_str().unwrap().is_ascii();
    let patches =
        trace["txns"].as_array().unwrap().iter().flat_map(|txn| txn["patches"].as_array().unwrap());
    let mut count = 0;
    for patch in patches.take(most) {
        let (at, deleted) =
            (patch[0].as_u64().unwrap() as usize, patch[1].as_u64().unwrap() as usize);
        let inserted = patch[2].as_str().unwrap();
        let index = if ascii { at as u32 } else { positions.units(0, at) };
        let length = positions.units(at, at + deleted);
        if length > 0 {
            each(Edit::TextDelete { ty: TypeId::root("text"), index, length });
        }
        if !inserted.is_empty() {
            each(Edit::TextInsert {
                ty: TypeId::root("text"),
                index,
                text: inserted.to_owned(),
                attributes: None,
            });
        }
        positions.patch(at, deleted, inserted);
        count += 1;
    }
    (count, positions.0.into_iter().collect())
}

fn check(name: &str, most: usize) {
    let Some(trace) = load(name) else { return };
    let roots = [("text".to_owned(), RootKind::Text)].into();
    let (mut author, mut reader) =
        (Doc::new(1, &roots, Limits::default()), Doc::new(2, &roots, Limits::default()));
    let started = std::time::Instant::now();
    let (count, text) = replay(&trace, most, |edit| {
        let news = author.edit(edit).unwrap();
        reader.apply(&news.update, Origin::Remote).unwrap();
    });
    if count < most {
        assert_eq!(text, trace["endContent"].as_str().unwrap());
    }
    assert_eq!(author.text(&TypeId::root("text")).unwrap(), text);
    assert_eq!(reader.text(&TypeId::root("text")).unwrap(), text);
    assert_eq!((author.hash(), author.content()), (reader.hash(), reader.content()));
    println!("{name}: {count} patches at two replicas in {:?}", started.elapsed());
}

#[test]
fn sveltecomponent_ends_as_its_author_left_it() {
    check("sveltecomponent", usize::MAX);
}

#[test]
fn friendsforever_flat_ends_as_its_authors_left_it() {
    check("friendsforever_flat", usize::MAX);
}

/// The engine walks the text at every edit, so all 259,778 patches take a while: `TRACE_PATCHES=all` replays them.
#[test]
fn the_beginning_of_automerge_paper_is_as_its_author_left_it() {
    let all = std::env::var("TRACE_PATCHES").is_ok_and(|value| value == "all");
    check("automerge-paper", if all { usize::MAX } else { 20_000 });
}
