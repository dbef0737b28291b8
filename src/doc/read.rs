//! Reading a document.

use serde_json::{Map as JsonMap, Value};
use yrs::{Array, Assoc, Map, Out, ReadTxn};

use crate::doc::change::{Segment, TextOp};
use crate::doc::convert::{json_object, text_runs, text_to_string};
use crate::doc::hash::{hash_outline, hash_roots, outline};
use crate::doc::index::TypeInfo;
use crate::doc::record::inserted;
use crate::doc::shared::Shared;
use crate::doc::sticky;
use crate::doc::{Doc, TypeId};
use crate::error::Misuse;

impl Doc {
    /// All declared roots as plain JSON: texts as strings, embedded objects in them as U+FFFC.
    pub fn read(&self) -> JsonMap<String, Value> {
        let Ok(txn) = self.engine.read() else { return JsonMap::new() };
        json_object(self.engine.roots.iter().map(|(name, root)| (name.clone(), root.to_json(&txn))))
    }

    /// A text's characters.
    pub fn text(&self, ty: &TypeId) -> Result<String, Misuse> {
        let txn = self.engine.read()?;
        match self.find(&txn, ty)?.0 {
            Shared::Text(text) => Ok(text_to_string(&txn, &text)),
            other => Err(not_a_text(ty, &other)),
        }
    }

    /// A text as a delta from nothing: its runs of equal formatting, embedded objects apart.
    pub fn delta(&self, ty: &TypeId) -> Result<Vec<TextOp>, Misuse> {
        let txn = self.engine.read()?;
        match self.find(&txn, ty)?.0 {
            Shared::Text(text) => {
                let runs = text_runs(&txn, &text);
                Ok(runs
                    .iter()
                    .map(|run| inserted(&run.insert, run.attributes.as_deref()))
                    .collect())
            }
            other => Err(not_a_text(ty, &other)),
        }
    }

    /// UTF-16 units of a text, items of a list, entries of a map.
    pub fn len(&self, ty: &TypeId) -> Result<u32, Misuse> {
        let txn = self.engine.read()?;
        Ok(self.find(&txn, ty)?.0.len(&txn))
    }

    /// The shared type at a key or an index; `None` where there is a plain value or nothing.
    pub fn child(&self, ty: &TypeId, at: &Segment) -> Result<Option<TypeId>, Misuse> {
        let txn = self.engine.read()?;
        let child: Option<Out> = match (self.find(&txn, ty)?.0, at) {
            (Shared::List(list), Segment::Index(index)) if *index < list.len(&txn) => {
                list.get(&txn, *index)
            }
            (Shared::List(_), Segment::Index(_)) => None,
            (Shared::Map(map), Segment::Key(key)) => map.get(&txn, key),
            (shared, at) => {
                let got = match at {
                    Segment::Key(_) => "a key",
                    Segment::Index(_) => "an index",
                };
                return Err(Misuse::argument(format!(
                    "expected a key of a map or an index of a list, got {got} in a {}",
                    shared.kind()
                )));
            }
        };
        Ok(child.as_ref().and_then(Shared::id_of))
    }

    /// The bytes of a position that moves with its text or list: a Yjs relative position.
    pub fn sticky(&self, ty: &TypeId, index: u32, side: Assoc) -> Result<Vec<u8>, Misuse> {
        let txn = self.engine.read()?;
        let shared = self.find(&txn, ty)?.0;
        let len = shared.len(&txn);
        match shared {
            Shared::Map(_) => Err(Misuse::argument("expected a text or a list, got a map")),
            _ if index > len => {
                Err(Misuse::argument(format!("expected an index between 0 and {len}, got {index}")))
            }
            _ => Ok(sticky::stick(&txn, &shared, index, side)),
        }
    }

    /// Where such a position is now; `None` while its text is unknown or gone.
    pub fn resolve(&self, sticky: &[u8]) -> Result<Option<u32>, Misuse> {
        let txn = self.engine.read()?;
        sticky::resolve(&txn, sticky, &self.limits, |client| self.index.clock(client))
    }

    /// The same for replicas with the same content, whatever came in which order (see `hash.rs` for what is hashed).
    pub fn hash(&self) -> u64 {
        let Ok(txn) = self.engine.read() else { return 0 };
        hash_roots(&txn, self.engine.roots.iter())
    }

    /// The declared roots, so that others can hash the same.
    pub fn outline(&self) -> Vec<u8> {
        outline(self.engine.roots.iter())
    }

    /// The [`hash`](Self::hash) of a replica of the same content that declares what the outline names; `None` if that makes
    /// no sense.
    pub fn hash_by(&self, outline: &[u8]) -> Option<u64> {
        hash_outline(&self.engine.read().ok()?, outline, |name| {
            let no = self.index.find(&TypeId::root(name))?;
            self.index.info(no).map(|info| info.holder)
        })
    }

    /// The shared type of this name and what the index knows of it.
    pub(super) fn find<T: ReadTxn>(
        &self,
        txn: &T,
        ty: &TypeId,
    ) -> Result<(Shared, TypeInfo), Misuse> {
        let info = self.index.find(ty).and_then(|no| self.index.info(no)).copied();
        let shared = match ty {
            TypeId::Root(name) => self.engine.roots.get(name).cloned(),
            TypeId::Nested { client, clock } => {
                info.and_then(|info| Shared::nested(txn, info.holder, *client, *clock))
            }
            TypeId::Attributes { client, clock } => {
                info.and_then(|info| Shared::attributes(txn, info.holder, *client, *clock))
            }
        };
        shared.zip(info).ok_or_else(|| match ty {
            TypeId::Root(name) => {
                Misuse::argument(format!("expected a declared root, got `{name}`"))
            }
            TypeId::Nested { .. } | TypeId::Attributes { .. } => Misuse::argument(format!(
                "expected a type of this document, {ty} is gone or unknown"
            )),
        })
    }
}

fn not_a_text(ty: &TypeId, shared: &Shared) -> Misuse {
    Misuse::argument(format!("expected a text, got {ty}, which is a {}", shared.kind()))
}
