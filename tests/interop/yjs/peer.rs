//! Our document at the end of a pipe: one JSON request a line, one JSON answer a line. Driven by `exchange.test.mjs`.
#![allow(
    clippy::disallowed_methods,
    clippy::drop_non_drop,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "../../native"]
#[allow(dead_code)]
mod native {
    pub(crate) mod doc_support;
}

use std::io::{BufRead, Write};

use native::doc_support;
use native::doc_support::random::{Rng, rich_edit};
use native::doc_support::replica::{Gated, Replica};
use rejoin::codec::{v1_to_v2, v2_to_v1};
use rejoin::doc::change::TextOp;
use rejoin::doc::{Direction, Origin, TypeId, UndoLimits, UpdateError};
use serde_json::{Value, json};

/// A replica and its own dice.
struct Peer {
    replica: Gated,
    rng: Rng,
}

impl Peer {
    fn new(seed: u64) -> Self {
        let limits = UndoLimits { undo_steps: 1 + (seed % 10) as usize, undo_merge: 500 };
        Self { replica: Gated::undoing(1_000_000 + seed % 1000, limits), rng: Rng(seed) }
    }

    /// Random edits; the updates they make.
    fn edit(&mut self, count: u64) -> Value {
        let edits = (0..count).flat_map(|_| self.step());
        Value::Array(edits.map(|update| Value::String(hex(&update))).collect())
    }

    /// Mostly an edit, sometimes an undo or a redo.
    fn step(&mut self) -> Vec<Vec<u8>> {
        match self.rng.below(8) {
            0 => self.replica.travel(Direction::Undo),
            1 if self.rng.percent(50) => self.replica.travel(Direction::Redo),
            _ => {
                let edit = rich_edit(&mut self.rng, &self.replica.view());
                self.replica.edit(edit).into_iter().collect()
            }
        }
    }

    fn apply(&mut self, updates: &[Value]) -> Value {
        for update in updates {
            self.replica.apply(&unhex(update.as_str().unwrap())).unwrap();
        }
        json!(self.replica.doc.held())
    }

    fn summary(&self) -> Value {
        let doc = &self.replica.doc;
        json!({
            "json": doc.read(),
            "vector": hex(&doc.encode_state_vector()),
            "state": hex(&doc.encode_state()),
            "hash": format!("{:x}", doc.hash()),
            "delta": doc.delta(&TypeId::root("text")).unwrap().iter().map(op).collect::<Vec<_>>(),
        })
    }

    fn answer(&mut self, request: &Value) -> Value {
        match request["do"].as_str().unwrap() {
            "edit" => self.edit(request["count"].as_u64().unwrap()),
            "apply" => self.apply(request["updates"].as_array().unwrap()),
            "diff" => json!(hex(&self.replica.diff(&unhex(request["vector"].as_str().unwrap())))),
            "summary" => self.summary(),
            // The hash of a fresh replica that learns everything from this one update.
            "hash" => {
                let mut fresh = doc_support::doc(1 << 40);
                fresh.apply(&unhex(request["state"].as_str().unwrap()), Origin::Storage).unwrap();
                json!(format!("{:x}", fresh.hash()))
            }
            "toV1" => converted(v2_to_v1, request),
            "toV2" => converted(v1_to_v2, request),
            other => panic!("{other}?"),
        }
    }
}

/// An update in its other format, or null if it is none.
fn converted(how: impl Fn(&[u8]) -> Result<Vec<u8>, UpdateError>, request: &Value) -> Value {
    json!(how(&unhex(request["update"].as_str().unwrap())).ok().map(|update| hex(&update)))
}

fn op(op: &TextOp) -> Value {
    let (insert, attributes) = match op {
        TextOp::Insert { insert, attributes } => (json!(insert), attributes),
        TextOp::Embed { embed, attributes } => (embed.clone(), attributes),
        other => panic!("a document has no {other:?}"),
    };
    match attributes {
        Some(attributes) => json!({ "insert": insert, "attributes": attributes }),
        None => json!({ "insert": insert }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn main() {
    let mut peer = Peer::new(0);
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match request["new"].as_u64() {
            Some(seed) => {
                peer = Peer::new(seed);
                Value::Null
            }
            None => peer.answer(&request),
        };
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
}
