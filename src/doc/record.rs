//! Recording what changed while the engine commits. Observers only record; the record is drained afterwards.

use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use yrs::branch::Branch;
use yrs::types::{Change as ListChange, Delta, EntryChange, Event, Events, PathSegment};
use yrs::{Any, DeepObservable, Out, TransactionMut};

use crate::doc::change::{Attributes, Change, ListOp, Segment, TextOp};
use crate::doc::convert::{any_to_json, out_to_json, run_to_string};
use crate::doc::shared::Shared;
use crate::doc::type_id::TypeId;

/// A change and the type it happened in.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) target: TypeId,
    pub(crate) change: Change,
}

/// Collects the changes of one transaction. Shared with observers by `Arc`, so that a document may change threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    changes: Arc<Mutex<Vec<Recorded>>>,
    /// Set while the caller knows the changes itself: deltas cost a walk over the whole type.
    muted: Arc<AtomicBool>,
}

impl Recorder {
    /// Listens to a root and everything in it.
    pub(crate) fn observe(&self, name: &str, root: &Shared) {
        let (name, recorder) = (name.to_owned(), self.clone());
        let listen = move |txn: &TransactionMut<'_>, events: &Events<'_>| {
            recorder.on_events(&name, txn, events)
        };
        match root {
            Shared::Text(text) => text.observe_deep("record", listen),
            Shared::List(list) => list.observe_deep("record", listen),
            Shared::Map(map) => map.observe_deep("record", listen),
        }
    }

    pub(crate) fn mute(&self, muted: bool) {
        self.muted.store(muted, Ordering::Relaxed);
    }

    /// Records a change that the caller knows.
    pub(crate) fn tell(&self, recorded: Recorded) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
    }

    /// What was recorded, parents before their children, in one order whatever the engine's.
    pub(crate) fn drain(&self) -> Vec<Recorded> {
        let changes =
            std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner));
        if changes.len() < 2 {
            return changes;
        }
        let places = changes.iter().enumerate();
        let places = places.map(|(at, recorded)| (order(&recorded.change), at));
        let places = places.collect::<BinaryHeap<_>>().into_sorted_vec();
        let mut changes: Vec<_> = changes.into_iter().map(Some).collect();
        let taken = places.into_iter().filter_map(|(_, at)| changes.get_mut(at)?.take());
        taken.collect()
    }

    fn on_events(&self, root: &str, txn: &TransactionMut<'_>, events: &Events<'_>) {
        if self.muted.load(Ordering::Relaxed) {
            return;
        }
        let recorded = events.iter().flat_map(|event| record(root, txn, event));
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).extend(recorded);
    }
}

/// Roots by name, then by depth, then by place.
fn order(change: &Change) -> (Option<String>, usize, Vec<(u32, String)>) {
    let place = |segment: &Segment| match segment {
        Segment::Key(key) => (0, key.clone()),
        Segment::Index(index) => (*index, String::new()),
    };
    let path: Vec<_> = change.path().iter().map(place).collect();
    (path.first().map(|(_, root)| root.clone()), path.len(), path)
}

/// What an event tells: of XML, content and attributes apart.
fn record(root: &str, txn: &TransactionMut<'_>, event: &Event) -> Vec<Recorded> {
    let list = |delta: &[ListChange]| delta.iter().map(|change| list_op(txn, change)).collect();
    let text = |delta: &[Delta]| delta.iter().map(text_op).collect();
    let (branch, path, parts) = match event {
        Event::Text(event) => {
            (event.target().as_ref(), event.path(), [Part::Text(text(event.delta(txn))), NOTHING])
        }
        Event::Array(event) => {
            (event.target().as_ref(), event.path(), [Part::List(list(event.delta(txn))), NOTHING])
        }
        Event::Map(event) => {
            (event.target().as_ref(), event.path(), [entries(txn, event.keys(txn)), NOTHING])
        }
        Event::XmlFragment(event) => {
            let parts = [Part::List(list(event.delta(txn))), entries(txn, event.keys(txn))];
            (event.target().as_ref(), event.path(), parts)
        }
        Event::XmlText(event) => {
            let parts = [Part::Text(text(event.delta(txn))), entries(txn, event.keys(txn))];
            (event.target().as_ref(), event.path(), parts)
        }
    };
    let branch: &Branch = branch;
    let target = TypeId::from_branch(&branch.id());
    let is_xml = matches!(event, Event::XmlFragment(_) | Event::XmlText(_));
    let segments = path.iter().map(segment);
    let path: Vec<_> = std::iter::once(Segment::Key(root.to_owned())).chain(segments).collect();
    let recorded = parts.into_iter().filter_map(|part| {
        let target = if is_xml { part.target(&target) } else { target.clone() };
        let change = part.finish(path.clone(), target.to_string())?;
        Some(Recorded { target, change })
    });
    recorded.collect()
}

fn entries(txn: &TransactionMut<'_>, changes: &Entries) -> Part {
    let (mut set, mut removed) = (Attributes::new(), Attributes::new());
    for (key, change) in changes {
        match change {
            EntryChange::Inserted(value) | EntryChange::Updated(_, value) => {
                set.insert(key.to_string(), out_to_json(txn, value));
            }
            EntryChange::Removed(_) => {
                removed.insert(key.to_string(), Value::Null);
            }
        }
    }
    Part::Map(set, removed)
}

/// Entries of maps, by the engine's table.
type Entries = std::collections::HashMap<Arc<str>, EntryChange>;
const NOTHING: Part = Part::List(Vec::new());

enum Part {
    Text(Vec<TextOp>),
    List(Vec<ListOp>),
    Map(Attributes, Attributes),
}

impl Part {
    /// Whose part of an XML type it is.
    fn target(&self, id: &TypeId) -> TypeId {
        match (self, id) {
            (Self::Map(..), TypeId::Nested { client, clock }) => {
                TypeId::Attributes { client: *client, clock: *clock }
            }
            _ => id.clone(),
        }
    }

    fn finish(self, path: Vec<Segment>, target: String) -> Option<Change> {
        match self {
            Self::Text(delta) => {
                (!delta.is_empty()).then_some(Change::Text { path, target, delta })
            }
            Self::List(delta) => {
                (!delta.is_empty()).then_some(Change::List { path, target, delta })
            }
            Self::Map(set, removed) => {
                let removed: Vec<_> = removed.into_keys().collect();
                let nothing = set.is_empty() && removed.is_empty();
                (!nothing).then_some(Change::Map { path, target, set, removed })
            }
        }
    }
}

fn segment(segment: &PathSegment) -> Segment {
    match segment {
        PathSegment::Key(key) => Segment::Key(key.to_string()),
        PathSegment::Index(index) => Segment::Index(*index),
    }
}

fn text_op(delta: &Delta) -> TextOp {
    match delta {
        Delta::Inserted(run, attributes) => inserted(run, attributes.as_deref()),
        Delta::Deleted(delete) => TextOp::Delete { delete: *delete },
        Delta::Retain(retain, attributes) => TextOp::Retain {
            retain: *retain,
            attributes: attributes.as_deref().map(attributes_to_json),
        },
    }
}

/// A piece of a text, as it is inserted.
pub(crate) fn inserted(run: &Out, attributes: Option<&yrs::types::Attrs>) -> TextOp {
    let attributes = attributes.map(attributes_to_json);
    match run {
        Out::Any(any) if !matches!(any, Any::String(_)) => {
            TextOp::Embed { embed: any_to_json(any), attributes }
        }
        run => TextOp::Insert { insert: run_to_string(run), attributes },
    }
}

/// Formatting as sorted JSON.
#[expect(clippy::disallowed_methods, reason = "the entries go into a sorted map")]
pub(crate) fn attributes_to_json(attributes: &yrs::types::Attrs) -> Attributes {
    let mut json = Attributes::new();
    for (key, value) in attributes.iter() {
        json.insert(key.to_string(), any_to_json(value));
    }
    json
}

fn list_op(txn: &TransactionMut<'_>, change: &ListChange) -> ListOp {
    match change {
        ListChange::Added(values) => {
            ListOp::Insert { insert: values.iter().map(|value| out_to_json(txn, value)).collect() }
        }
        ListChange::Removed(delete) => ListOp::Delete { delete: *delete },
        ListChange::Retain(retain) => ListOp::Retain { retain: *retain },
    }
}
