//! Copies of what a list holds, with everything in them.

use yrs::types::text::Diff;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, Out, ReadTxn, Text, TextPrelim,
    TextRef, TransactionMut,
};

use crate::doc::convert::text_runs;

/// A value out of the document, and what it takes to make it again.
#[derive(Debug)]
pub(crate) enum Copied {
    Plain(Any),
    Text(Vec<Diff<()>>),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Copied {
    /// A copy; `None` of what only others know to make, such as XML.
    pub(crate) fn of<T: ReadTxn>(txn: &T, out: &Out) -> Option<Self> {
        match out {
            Out::Any(any) => Some(Self::Plain(any.clone())),
            Out::YText(text) => {
                let runs = text_runs(txn, text);
                let known = runs.iter().all(|run| matches!(run.insert, Out::Any(_)));
                known.then_some(Self::Text(runs))
            }
            Out::YArray(list) => list
                .iter(txn)
                .map(|item| Self::of(txn, &item))
                .collect::<Option<_>>()
                .map(Self::List),
            Out::YMap(map) => {
                let entries = map.iter(txn);
                let copied =
                    entries.map(|(key, value)| Some((key.to_owned(), Self::of(txn, &value)?)));
                let mut entries = copied.collect::<Option<Vec<_>>>()?;
                // The engine's order is that of a hash table.
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                Some(Self::Map(entries))
            }
            _ => None,
        }
    }

    /// Units that a copy takes.
    pub(crate) fn units(&self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::Text(runs) => 1 + runs.iter().map(run_units).sum::<usize>(),
            Self::List(items) => 1 + items.iter().map(Self::units).sum::<usize>(),
            Self::Map(entries) => 1 + entries.iter().map(|(_, value)| value.units()).sum::<usize>(),
        }
    }

    /// Makes it again in a list.
    pub(crate) fn insert(self, txn: &mut TransactionMut<'_>, list: &ArrayRef, index: u32) {
        match self {
            Self::Plain(any) => {
                list.insert(txn, index, any);
            }
            Self::Text(runs) => {
                let text = list.insert(txn, index, TextPrelim::new(""));
                fill_text(txn, &text, runs);
            }
            Self::List(items) => {
                let inner = list.insert(txn, index, ArrayPrelim::default());
                fill_list(txn, &inner, items);
            }
            Self::Map(entries) => {
                let map = list.insert(txn, index, MapPrelim::default());
                fill_map(txn, &map, entries);
            }
        }
    }

    fn set(self, txn: &mut TransactionMut<'_>, map: &MapRef, key: String) {
        match self {
            Self::Plain(any) => {
                map.insert(txn, key, any);
            }
            Self::Text(runs) => {
                let text = map.insert(txn, key, TextPrelim::new(""));
                fill_text(txn, &text, runs);
            }
            Self::List(items) => {
                let list = map.insert(txn, key, ArrayPrelim::default());
                fill_list(txn, &list, items);
            }
            Self::Map(entries) => {
                let inner = map.insert(txn, key, MapPrelim::default());
                fill_map(txn, &inner, entries);
            }
        }
    }
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

fn fill_list(txn: &mut TransactionMut<'_>, list: &ArrayRef, items: Vec<Copied>) {
    for item in items {
        let index = list.len(txn);
        item.insert(txn, list, index);
    }
}

fn fill_map(txn: &mut TransactionMut<'_>, map: &MapRef, entries: Vec<(String, Copied)>) {
    for (key, value) in entries {
        value.set(txn, map, key);
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
