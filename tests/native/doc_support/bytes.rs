//! Updates written by hand, byte by byte.

/// A number as lib0 writes it.
pub(crate) fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn string(text: &str) -> Vec<u8> {
    [number(text.len() as u64), text.as_bytes().to_vec()].concat()
}

fn id((client, clock): (u64, u64)) -> Vec<u8> {
    [number(client), number(clock)].concat()
}

/// What a block hangs on.
pub(crate) enum At<'a> {
    Root(&'a str),
    Child((u64, u64)),
    Behind((u64, u64)),
}

/// A block: its reference number, its place, its content.
pub(crate) fn block(reference: u8, at: At<'_>, content: &[u8]) -> Vec<u8> {
    let (flags, place) = match at {
        At::Root(name) => (0, [vec![1], string(name)].concat()),
        At::Child(parent) => (0, [vec![0], id(parent)].concat()),
        At::Behind(origin) => (0x80, id(origin)),
    };
    [vec![reference | flags], place, content.to_vec()].concat()
}

pub(crate) fn text(at: At<'_>, content: &str) -> Vec<u8> {
    block(4, at, &string(content))
}

/// A nested type: 0 list, 1 map, 2 text.
pub(crate) fn nested(at: At<'_>, kind: u8) -> Vec<u8> {
    block(7, at, &[kind])
}

pub(crate) fn garbage(len: u64) -> Vec<u8> {
    [vec![0], number(len)].concat()
}

pub(crate) fn hole(len: u64) -> Vec<u8> {
    [vec![10], number(len)].concat()
}

type Section<'a> = (u64, u64, &'a [Vec<u8>]);

/// A whole update: sections (client, first clock, blocks) and deletions (client, start, length), those of a client together.
pub(crate) fn update(sections: &[Section<'_>], deletions: &[(u64, u64, u64)]) -> Vec<u8> {
    let mut out = number(sections.len() as u64);
    for (client, clock, blocks) in sections {
        out.extend(
            [number(blocks.len() as u64), number(*client), number(*clock), blocks.concat()]
                .concat(),
        );
    }
    let clients: Vec<_> = deletions.chunk_by(|a, b| a.0 == b.0).collect();
    out.extend(number(clients.len() as u64));
    for ranges in clients {
        out.extend([number(ranges[0].0), number(ranges.len() as u64)].concat());
        for (_, start, length) in ranges {
            out.extend([number(*start), number(*length)].concat());
        }
    }
    out
}
