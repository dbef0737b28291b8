//! Updates of single edits of a text (Yjs V1), written from the ids at their place.

use yrs::{ClientID, ID, IdSet};

use crate::doc::content::ranges;
use crate::doc::type_id::TypeId;
use crate::lib0::write_number;

/// Content of characters.
const STRING: u8 = 4;
const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;

/// Where a text is inserted, and the id that its first unit gets.
#[derive(Debug)]
pub(super) struct Insertion<'a> {
    pub(super) ty: &'a TypeId,
    pub(super) id: ID,
    pub(super) left: Option<ID>,
    pub(super) right: Option<ID>,
    pub(super) text: &'a str,
}

impl Insertion<'_> {
    pub(super) fn update(&self) -> Vec<u8> {
        let has = |neighbour: Option<ID>, flag| neighbour.map_or(0, |_| flag);
        let mut out = vec![1, 1];
        write_id(&mut out, self.id);
        out.push(STRING | has(self.left, HAS_LEFT) | has(self.right, HAS_RIGHT));
        for id in self.left.iter().chain(&self.right) {
            write_id(&mut out, *id);
        }
        if self.left.is_none() && self.right.is_none() {
            write_parent(&mut out, self.ty);
        }
        write_text(&mut out, self.text);
        out.push(0);
        out
    }
}

/// An update that deletes these units and brings none.
pub(super) fn deletion(units: Vec<(ID, u32)>) -> Vec<u8> {
    let mut deleted = IdSet::new();
    for (id, len) in units {
        deleted.insert(id, len);
    }
    let mut out = vec![0];
    write_number(&mut out, deleted.iter().count() as u64);
    let mut last = None;
    for (client, start, end) in ranges(&deleted) {
        if last.replace(client) != Some(client) {
            write_number(&mut out, client.get());
            let count = deleted.get(&client).map_or(0, |ranges| ranges.as_slice().len());
            write_number(&mut out, count as u64);
        }
        write_number(&mut out, u64::from(start));
        write_number(&mut out, u64::from(end - start));
    }
    out
}

fn write_id(out: &mut Vec<u8>, id: ID) {
    write_number(out, id.client.get());
    write_number(out, u64::from(id.clock));
}

fn write_parent(out: &mut Vec<u8>, ty: &TypeId) {
    match ty {
        TypeId::Root(name) => {
            out.push(1);
            write_text(out, name);
        }
        TypeId::Nested { client, clock } | TypeId::Attributes { client, clock } => {
            out.push(0);
            write_id(out, ID::new(ClientID::new(*client), *clock));
        }
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}
