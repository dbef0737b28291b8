//! Copies of what a list holds, with everything in them.

use yrs::block::ItemPtr;
use yrs::branch::BranchPtr;
use yrs::types::TypeRef;
use yrs::types::text::Diff;
use yrs::{Any, Array, ArrayRef, Map, MapRef, Out, ReadTxn, Text, TextRef, TransactionMut};

use super::perform::Made;
use crate::doc::convert::text_runs;
use crate::doc::shared::{attributes_of, element_parts, fragment_list};
use crate::doc::subdoc::may_be_content;

/// A value out of the document, and what it takes to make it again.
#[derive(Debug)]
pub(crate) enum Copied {
    Plain(Any),
    Shared(Box<Type>),
}

/// A shared type: most have only one kind of content.
#[derive(Debug)]
pub(crate) struct Type {
    kind: TypeRef,
    runs: Vec<Diff<()>>,
    entries: Vec<(String, Copied)>,
    items: Vec<Copied>,
}

impl Copied {
    /// A copy; `None` of what only others know to make.
    pub(crate) fn of<T: ReadTxn>(txn: &T, out: &Out) -> Option<Self> {
        let mut copy =
            Type { kind: TypeRef::Map, runs: Vec::new(), entries: Vec::new(), items: Vec::new() };
        match out {
            Out::Any(any) => return Some(Self::Plain(any.clone())),
            Out::YText(text) => {
                copy.kind = TypeRef::Text;
                copy.runs = runs_of(txn, text)?;
            }
            Out::YArray(list) => {
                copy.kind = TypeRef::Array;
                copy.items = items_of(txn, list)?;
            }
            Out::YMap(map) => copy.entries = entries_of(txn, map)?,
            Out::YXmlText(text) => {
                copy.kind = TypeRef::XmlText;
                copy.entries = entries_of(txn, &attributes_of(text.as_ref()))?;
                copy.runs = runs_of(txn, text.as_ref())?;
            }
            Out::YXmlFragment(fragment) => {
                copy.kind = TypeRef::XmlFragment;
                copy.items = items_of(txn, &fragment_list(fragment))?;
            }
            Out::YXmlElement(element) => {
                let (tag, attributes, children) = element_parts(element);
                copy.kind = TypeRef::XmlElement(tag.into());
                copy.entries = entries_of(txn, &attributes)?;
                copy.items = items_of(txn, &children)?;
            }
            _ => return None,
        }
        Some(Self::Shared(Box::new(copy)))
    }

    /// Units that a copy takes.
    pub(crate) fn units(&self) -> usize {
        let Self::Shared(copy) = self else { return 1 };
        1 + copy.runs.iter().map(run_units).sum::<usize>()
            + copy.entries.iter().map(|(_, value)| value.units()).sum::<usize>()
            + copy.items.iter().map(Self::units).sum::<usize>()
    }

    /// Makes it again in a list.
    pub(crate) fn insert(self, txn: &mut TransactionMut<'_>, list: &ArrayRef, index: u32) {
        match self {
            Self::Plain(Any::Buffer(bytes)) if may_be_content(&bytes) => {
                list.insert(txn, index, Made::bytes(&bytes));
            }
            Self::Plain(any) => {
                list.insert(txn, index, any);
            }
            Self::Shared(copy) => {
                let made = list.insert(txn, index, Made::empty(copy.kind.clone()));
                copy.fill(txn, made);
            }
        }
    }

    fn set(self, txn: &mut TransactionMut<'_>, map: &MapRef, key: String) {
        match self {
            Self::Plain(Any::Buffer(bytes)) if may_be_content(&bytes) => {
                map.insert(txn, key, Made::bytes(&bytes));
            }
            Self::Plain(any) => {
                map.insert(txn, key, any);
            }
            Self::Shared(copy) => {
                let made = map.insert(txn, key, Made::empty(copy.kind.clone()));
                copy.fill(txn, made);
            }
        }
    }
}

impl Type {
    fn fill(self, txn: &mut TransactionMut<'_>, item: ItemPtr) {
        let Ok(made) = BranchPtr::try_from(item) else { return };
        fill_text(txn, &TextRef::from(made), self.runs);
        for (key, value) in self.entries {
            value.set(txn, &MapRef::from(made), key);
        }
        let list = ArrayRef::from(made);
        for (index, item) in (0..).zip(self.items) {
            item.insert(txn, &list, index);
        }
    }
}

fn runs_of<T: ReadTxn>(txn: &T, text: &TextRef) -> Option<Vec<Diff<()>>> {
    let runs = text_runs(txn, text);
    let known = runs.iter().all(|run| matches!(run.insert, Out::Any(_)));
    known.then_some(runs)
}

fn items_of<T: ReadTxn>(txn: &T, list: &ArrayRef) -> Option<Vec<Copied>> {
    list.iter(txn).map(|item| Copied::of(txn, &item)).collect()
}

fn entries_of<T: ReadTxn>(txn: &T, map: &MapRef) -> Option<Vec<(String, Copied)>> {
    let entries = map.iter(txn);
    let copied = entries.map(|(key, value)| Some((key.to_owned(), Copied::of(txn, &value)?)));
    let mut entries = copied.collect::<Option<Vec<_>>>()?;
    // The engine's order is that of a hash table.
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Some(entries)
}

/// Text and its marks, with room for each mark to begin and to end.
fn run_units(run: &Diff<()>) -> usize {
    let marks = run.attributes.as_ref().map_or(0, |attributes| attributes.len());
    let units = match &run.insert {
        Out::Any(Any::String(text)) => text.encode_utf16().count(),
        _ => 1,
    };
    units + 2 * marks
}

fn fill_text(txn: &mut TransactionMut<'_>, text: &TextRef, runs: Vec<Diff<()>>) {
    for run in runs {
        let (index, attributes) = (text.len(txn), run.attributes.unwrap_or_default());
        match run.insert {
            Out::Any(Any::String(piece)) => {
                text.insert_with_attributes(txn, index, &piece, *attributes);
            }
            Out::Any(embed) => {
                text.insert_embed_with_attributes(txn, index, embed, *attributes);
            }
            _ => {}
        }
    }
}

/// Moves an item of a list; both places were checked.
pub(crate) fn move_item(txn: &mut TransactionMut<'_>, list: &ArrayRef, from: u32, to: u32) {
    let Some(copy) = list.get(txn, from).and_then(|item| Copied::of(txn, &item)) else { return };
    // The copy goes in first, behind the item or before it.
    let (place, old) = if to > from { (to + 1, from) } else { (to, from + 1) };
    if from != to {
        copy.insert(txn, list, place);
        list.remove_range(txn, old, 1);
    }
}
