//! One answer on its way: bytes that arrive in pieces, and what the page has not read yet.

use std::collections::VecDeque;

use rejoin::io::FetchInput;

/// Something of an answer.
#[derive(Clone, Debug)]
pub enum Piece {
    Head(u16, Vec<(String, String)>),
    Bytes(Vec<u8>),
    End,
    Broken,
}

/// One request and its answer, as the page has it.
#[derive(Debug)]
pub struct Answer {
    /// Whose it is.
    pub stream: usize,
    /// Whether the server still writes.
    pub open: bool,
    /// What is sent arrives not before this.
    pub not_before: u64,
    /// Its head is at the page.
    pub headed: bool,
    /// The page waits for a piece.
    pub wanted: bool,
    under_way: VecDeque<Piece>,
    readable: Vec<u8>,
    end: Option<Piece>,
}

impl Answer {
    pub fn new(stream: usize) -> Self {
        Self {
            stream,
            open: true,
            not_before: 0,
            headed: false,
            wanted: false,
            under_way: VecDeque::new(),
            readable: Vec::new(),
            end: None,
        }
    }

    /// The server sends a piece, which arrives behind those before it.
    pub fn send(&mut self, piece: Piece) {
        self.under_way.push_back(piece);
    }

    /// Nothing more comes but this, if anything: what is under way is lost.
    pub fn cut(&mut self, end: Option<Piece>) {
        self.open = false;
        self.under_way = end.into_iter().collect();
    }

    /// The next piece is at the page.
    pub fn next(&mut self) -> Option<Piece> {
        self.under_way.pop_front()
    }

    /// A piece of the body, or its end, is here.
    pub fn arrive(&mut self, piece: Piece) {
        match piece {
            Piece::Bytes(bytes) => self.readable.extend(bytes),
            other => self.end = Some(other),
        }
    }

    /// What the page is given, if it waits and there is anything; `size` says how much of it.
    pub fn read(&mut self, size: impl FnOnce(usize) -> usize) -> Option<FetchInput> {
        if !self.wanted {
            return None;
        }
        if !self.readable.is_empty() {
            self.wanted = false;
            let size = size(self.readable.len());
            return Some(FetchInput::Chunk(self.readable.drain(..size).collect()));
        }
        Some(match self.end.take()? {
            Piece::End => FetchInput::End,
            _ => FetchInput::Failed { message: "network error".to_owned() },
        })
    }
}
