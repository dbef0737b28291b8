//! A plain copy of a document, patched by its changes: what the TypeScript mirror does.

use rejoin::doc::change::{Change, ListOp, Segment, TextOp};
use serde_json::Value;

/// The copy.
pub(crate) struct Mirror(pub(crate) Value);

impl Mirror {
    pub(crate) fn patch(&mut self, changes: &[Change]) {
        for change in changes {
            let target = self.find(change.path());
            match change {
                Change::Text { delta, .. } => {
                    *target = Value::String(patch_text(target.as_str().unwrap(), delta))
                }
                Change::List { delta, .. } => patch_list(target.as_array_mut().unwrap(), delta),
                Change::Map { set, removed, .. } => {
                    let entries = target.as_object_mut().unwrap();
                    entries.extend(set.clone());
                    removed.iter().for_each(|key| drop(entries.remove(key)));
                }
            }
        }
    }

    fn find(&mut self, path: &[Segment]) -> &mut Value {
        path.iter().fold(&mut self.0, |value, segment| match segment {
            Segment::Key(key) => {
                value.get_mut(key).unwrap_or_else(|| panic!("no {key} of {path:?}"))
            }
            Segment::Index(at) => {
                value.get_mut(*at as usize).unwrap_or_else(|| panic!("no {at} of {path:?}"))
            }
        })
    }
}

fn patch_text(text: &str, delta: &[TextOp]) -> String {
    let old: Vec<u16> = text.encode_utf16().collect();
    let (mut new, mut at) = (Vec::new(), 0);
    for op in delta {
        match op {
            TextOp::Insert { insert, .. } => new.extend(insert.encode_utf16()),
            TextOp::Embed { .. } => new.push(0xfffc),
            TextOp::Delete { delete } => at += *delete as usize,
            TextOp::Retain { retain, .. } => {
                new.extend_from_slice(&old[at..at + *retain as usize]);
                at += *retain as usize;
            }
        }
    }
    new.extend_from_slice(&old[at..]);
    String::from_utf16(&new).unwrap()
}

fn patch_list(items: &mut Vec<Value>, delta: &[ListOp]) {
    let mut at = 0;
    for op in delta {
        match op {
            ListOp::Insert { insert } => {
                items.splice(at..at, insert.iter().cloned());
                at += insert.len();
            }
            ListOp::Delete { delete } => drop(items.drain(at..at + *delete as usize)),
            ListOp::Retain { retain } => at += *retain as usize,
        }
    }
}
