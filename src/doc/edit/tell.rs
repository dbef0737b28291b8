//! The change that a local edit makes, told from the edit itself where that is possible.
//!
//! The engine finds a delta by walking the whole type. A keystroke in a long text must not cost that.

use std::collections::BTreeMap;

use super::Edit;
use crate::doc::change::{Change, ListOp, Segment, TextOp};
use crate::doc::type_id::TypeId;

/// The change of an edit of a root; `None` where only the engine knows the path or the formatting.
pub(crate) fn tell(edit: &Edit, formatted: bool) -> Option<Change> {
    let TypeId::Root(root) = edit.ty() else { return None };
    let (path, target) = (vec![Segment::Key(root.clone())], edit.ty().to_string());
    match edit {
        Edit::TextInsert { index, text, attributes: None, .. } if !formatted => {
            let insert = TextOp::Insert { insert: text.clone(), attributes: None };
            Some(Change::Text { path, target, delta: text_at(*index, insert) })
        }
        Edit::TextDelete { index, length, .. } => {
            let delta = text_at(*index, TextOp::Delete { delete: *length });
            Some(Change::Text { path, target, delta })
        }
        Edit::ListInsert { index, values, .. } => {
            let insert =
                ListOp::Insert { insert: values.iter().map(super::Prelim::to_json).collect() };
            Some(Change::List { path, target, delta: list_at(*index, insert) })
        }
        Edit::ListDelete { index, length, .. } => {
            let delta = list_at(*index, ListOp::Delete { delete: *length });
            Some(Change::List { path, target, delta })
        }
        Edit::MapSet { key, value, .. } => {
            let set = BTreeMap::from([(key.clone(), value.to_json())]);
            Some(Change::Map { path, target, set, removed: Vec::new() })
        }
        Edit::MapDelete { key, .. } => {
            Some(Change::Map { path, target, set: BTreeMap::new(), removed: vec![key.clone()] })
        }
        Edit::TextInsert { .. }
        | Edit::TextFormat { .. }
        | Edit::TextEmbed { .. }
        | Edit::TextDelta { .. }
        | Edit::ListMove { .. } => None,
    }
}

fn text_at(index: u32, op: TextOp) -> Vec<TextOp> {
    let retain = (index > 0).then_some(TextOp::Retain { retain: index, attributes: None });
    retain.into_iter().chain([op]).collect()
}

fn list_at(index: u32, op: ListOp) -> Vec<ListOp> {
    let retain = (index > 0).then_some(ListOp::Retain { retain: index });
    retain.into_iter().chain([op]).collect()
}
