//! What the convergence run needs of a replica, and how ours provides it.

use std::collections::BTreeMap;

use rejoin::doc::change::{Change, Segment};
use rejoin::doc::{Content, Direction, Doc, Edit, Limits, Origin, TypeId, UndoLimits};
use serde_json::{Map, Value};

use super::mirror::Mirror;
use super::random::View;
use super::roots;

/// One replica on a bad link.
pub(crate) trait Replica {
    fn new(client: u64) -> Self;
    fn edit(&mut self, edit: Edit) -> Option<Vec<u8>>;
    fn apply(&mut self, update: &[u8]) -> Result<(), String>;
    fn vector(&self) -> Vec<u8>;
    fn diff(&self, vector: &[u8]) -> Vec<u8>;
    fn state(&self) -> Vec<u8>;
    fn view(&self) -> View;
    /// Everything that must be equal in the end, as words.
    fn summary(&self) -> String;
}

/// Our document, with a mirror that is patched by nothing but its changes.
pub(crate) struct Gated {
    pub(crate) doc: Doc,
    pub(crate) mirror: Mirror,
    /// Everything that was reported as news.
    pub(crate) reported: Content,
}

impl Gated {
    /// One that remembers what it did.
    pub(crate) fn undoing(client: u64, limits: UndoLimits) -> Self {
        let plain = Self::new(client);
        Self { doc: plain.doc.with_undo(limits), ..plain }
    }

    /// Undoes or redoes a step; the updates that makes.
    pub(crate) fn travel(&mut self, direction: Direction) -> Vec<Vec<u8>> {
        let before = self.doc.undo_state();
        let news = self.doc.travel(direction).unwrap();
        let changes: Vec<_> = news.iter().flat_map(|news| news.changes.clone()).collect();
        let mut content = Content::default();
        news.iter().for_each(|news| content.merge(&news.content));
        self.follow(&changes, &content);
        assert!(before != self.doc.undo_state() || news.is_empty(), "a step that is still there");
        news.into_iter().map(|integrated| integrated.update).collect()
    }

    fn follow(&mut self, changes: &[Change], content: &Content) {
        self.mirror.patch(changes);
        self.reported.merge(content);
        assert_eq!(
            Value::Object(self.doc.read()),
            self.mirror.0,
            "the changes do not add up to the document"
        );
    }
}

impl Replica for Gated {
    fn new(client: u64) -> Self {
        let doc = Doc::new(client, &roots(), Limits::default());
        let mirror = Mirror(Value::Object(doc.read()));
        Self { doc, mirror, reported: Content::default() }
    }

    fn edit(&mut self, edit: Edit) -> Option<Vec<u8>> {
        let words = format!("{edit:?}");
        let done = self.doc.edit(edit).unwrap_or_else(|error| panic!("{error} from {words}"));
        self.follow(&done.changes, &done.content);
        (!done.content.is_empty()).then_some(done.update)
    }

    fn apply(&mut self, update: &[u8]) -> Result<(), String> {
        let applied = self.doc.apply(update, Origin::Remote).map_err(|error| error.to_string())?;
        if let Some(refused) = applied.refused.first() {
            return Err(format!("a held update was refused: {}", refused.error));
        }
        let changes: Vec<_> =
            applied.integrated.iter().flat_map(|news| news.changes.clone()).collect();
        let mut content = Content::default();
        applied.integrated.iter().for_each(|news| content.merge(&news.content));
        self.follow(&changes, &content);
        Ok(())
    }

    fn vector(&self) -> Vec<u8> {
        self.doc.encode_state_vector()
    }

    fn diff(&self, vector: &[u8]) -> Vec<u8> {
        self.doc.diff(vector).unwrap()
    }

    fn state(&self) -> Vec<u8> {
        self.doc.encode_state()
    }

    fn view(&self) -> View {
        let mut view = View::default();
        let json = self.doc.read();
        for (name, value) in &json {
            look(&self.doc, &TypeId::root(name.clone()), value, &mut view);
        }
        view
    }

    fn summary(&self) -> String {
        assert_eq!(self.reported, self.doc.content(), "the news do not add up to the content");
        let json: Map<String, Value> = self.doc.read();
        let vector: BTreeMap<_, _> =
            self.doc.state_vector().iter().map(|(id, clock)| (id.get(), *clock)).collect();
        format!(
            "{} | {vector:?} | {:?} | {:x}",
            Value::Object(json),
            self.doc.content(),
            self.doc.hash()
        )
    }
}

/// Finds every shared type there is.
fn look(doc: &Doc, ty: &TypeId, value: &Value, view: &mut View) {
    if let Ok(text) = doc.text(ty) {
        view.texts.insert(ty.clone(), text);
        return;
    }
    match value {
        Value::Array(items) => {
            let is_xml = *ty == TypeId::root("xml");
            let lists = if is_xml { &mut view.fragments } else { &mut view.lists };
            lists.insert(ty.clone(), items.len());
            for (at, item) in items.iter().enumerate() {
                look_at(doc, ty, Segment::Index(at as u32), item, view);
            }
        }
        Value::Object(element) if doc.child(ty, &Segment::Index(0)).is_ok() => {
            let TypeId::Nested { client, clock } = *ty else { panic!("a root is no element") };
            view.attributes.push(TypeId::Attributes { client, clock });
            let children = element["children"].as_array().unwrap();
            view.fragments.insert(ty.clone(), children.len());
            for (at, item) in children.iter().enumerate() {
                look_at(doc, ty, Segment::Index(at as u32), item, view);
            }
        }
        Value::Object(entries) => {
            view.maps.push(ty.clone());
            for (key, item) in entries {
                look_at(doc, ty, Segment::Key(key.clone()), item, view);
            }
        }
        _ => {}
    }
}

fn look_at(doc: &Doc, ty: &TypeId, at: Segment, value: &Value, view: &mut View) {
    if let Some(child) = doc.child(ty, &at).unwrap() {
        look(doc, &child, value, view);
    }
}
