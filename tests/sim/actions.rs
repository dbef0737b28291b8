//! What can happen: people type, links cut, machines sleep and die.

use fastrand::Rng;
use rejoin::doc::TypeId;
use rejoin::doc::edit::{Edit, Prelim};
use rejoin::io::{Environment, StorageError};
use serde_json::Value;

use crate::host::Tab;
use crate::oracle::tokens;

/// Something a user, a network or a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Edit(usize),
    Crash(usize),
    Restart(usize),
    Cut(usize),
    Silence(usize),
    BadRelay(u32),
    ServerCrash,
    ServerRestart,
    /// For long.
    ServerOutage,
    /// The links between two hosts die.
    CutPeers(usize, usize),
    /// Hosts of one bit reach only those of the same.
    Partition(u32),
    Wake(usize, Environment),
    FullDisk(usize),
    EmptyDisk(usize),
    /// A host's database does not answer for so long.
    Hang(usize, u64),
    /// It answers again.
    Answer(usize),
    Reconnect(usize),
    /// Of a message.
    Write(usize),
    /// A machine sleeps for so many milliseconds.
    Sleep(usize, u64),
    /// A machine's clock jumps ahead.
    ClockJump(usize, u64),
    /// A proxy keeps what goes over a host's links for so long, then lets it all go.
    Stall(usize, u64),
    /// The browser clears the site's storage.
    Evict(usize),
    /// A stored record is damaged.
    Rot(usize),
    /// The server takes nobody in for so long.
    ServerRefuses(u64),
    /// The server's disk is slow for so long.
    ServerCrawls(u64),
    /// The server's disk takes nothing for so long.
    ServerDiskFails(u64),
    /// The server dies and comes back with an old backup.
    ServerRollback,
    /// Somebody in the room says something that hurts.
    Hostile,
    /// A host may only read for so long.
    ReadOnly(usize, u64),
    /// That is over.
    Permit(usize),
    /// The server dies and comes back with nothing.
    ServerReset,
    /// What a host has stored shows something else under the same ids.
    Diverge(usize),
    /// The app begins anew with what the server has.
    Reload(usize),
    /// The app has decided to bring what it has to a server that began anew.
    Merge(usize),
}

impl Action {
    pub fn is_fault(self) -> bool {
        !matches!(
            self,
            Self::Edit(_)
                | Self::Write(_)
                | Self::Restart(_)
                | Self::ServerRestart
                | Self::Partition(0)
                | Self::EmptyDisk(_)
                | Self::Answer(_)
                | Self::Permit(_)
                | Self::Merge(_)
                | Self::Reload(_)
        )
    }

    /// Whose it is.
    pub fn host(self) -> Option<usize> {
        match self {
            Self::Edit(host) | Self::Crash(host) | Self::Cut(host) | Self::Silence(host) => {
                Some(host)
            }
            Self::Wake(host, _) | Self::FullDisk(host) | Self::Reconnect(host) => Some(host),
            _ => None,
        }
    }

    /// Draws what happens next in the time of faults.
    pub fn draw(rng: &mut Rng, hosts: usize) -> Self {
        let host = rng.usize(0..hosts);
        match rng.u32(0..100) {
            0..=74 => Self::Edit(host),
            75..=78 => Self::Crash(host),
            79..=82 => Self::Cut(host),
            83..=86 => Self::Silence(host),
            87..=89 => Self::BadRelay(*rng.choice(&[0, 4, 12]).unwrap_or(&0)),
            90..=91 => Self::ServerCrash,
            92..=94 => Self::Wake(host, draw_environment(rng)),
            95..=96 => Self::FullDisk(host),
            _ => Self::Reconnect(host),
        }
    }
}

fn draw_environment(rng: &mut Rng) -> Environment {
    let all = [
        Environment::Online,
        Environment::Offline,
        Environment::Visible,
        Environment::Hidden,
        Environment::Freeze,
        Environment::Resume,
        Environment::ClockJump,
        Environment::PageHide { persisted: true },
        Environment::PageShow { persisted: true },
    ];
    *rng.choice(&all).unwrap_or(&Environment::Online)
}

/// What a disk says when it is full or gone.
pub fn draw_storage_error(rng: &mut Rng) -> StorageError {
    let all = [StorageError::Quota, StorageError::Closed, StorageError::Aborted];
    *rng.choice(&all).unwrap_or(&StorageError::Quota)
}

/// An edit of the tab's document: the token it types and the tokens it deletes.
pub struct Draft {
    pub edit: Edit,
    pub typed: Option<String>,
    pub deleted: Vec<String>,
}

/// Draws an edit that fits the tab's document.
pub fn draw_edit(rng: &mut Rng, tab: &Tab, token: String) -> Option<Draft> {
    let doc = tab.client.doc(tab.room).ok()?;
    let read = doc.read();
    let log: &[Value] = read.get("log")?.as_array()?;
    let text = read.get("text")?.as_str()?;
    let typed = |edit| Some(Draft { edit, typed: Some(token.clone()), deleted: Vec::new() });
    match rng.u32(0..100) {
        0..=34 => {
            let index = boundary(rng, text);
            let insert = token.clone();
            typed(Edit::TextInsert { ty: root("text"), index, text: insert, attributes: None })
        }
        35..=54 => {
            let index = rng.usize(0..=log.len()) as u32;
            let values = vec![Prelim::Value(Value::String(token.clone()))];
            typed(Edit::ListInsert { ty: root("log"), index, values })
        }
        55..=69 => {
            let index = rng.usize(0..=log.len()) as u32;
            let id = ("id".to_owned(), Prelim::Value(Value::String(token.clone())));
            typed(Edit::ListInsert {
                ty: root("log"),
                index,
                values: vec![Prelim::Map([id].into())],
            })
        }
        70..=79 => {
            let key = format!("k{}", rng.u32(0..4));
            let value = Prelim::Value(Value::String(token));
            let edit = Edit::MapSet { ty: root("map"), key, value };
            Some(Draft { edit, typed: None, deleted: Vec::new() })
        }
        80..=89 if !log.is_empty() => {
            let index = rng.usize(0..log.len());
            let item = log.get(index)?;
            let token = item.as_str().or_else(|| item.get("id").and_then(Value::as_str))?;
            let edit = Edit::ListDelete { ty: root("log"), index: index as u32, length: 1 };
            Some(Draft { edit, typed: None, deleted: vec![token.to_owned()] })
        }
        _ if !text.is_empty() => {
            let index =
                text.split_inclusive(';').nth(rng.usize(0..text.split_inclusive(';').count()))?;
            let at = text.find(index)?;
            let edit = Edit::TextDelete {
                ty: root("text"),
                index: units(text.get(..at)?),
                length: units(index),
            };
            Some(Draft { edit, typed: None, deleted: vec![index.to_owned()] })
        }
        _ => None,
    }
    .filter(|_| tokens(doc).len() < 400)
}

/// A place between two tokens, in UTF-16 units, so that tokens stay whole.
fn boundary(rng: &mut Rng, text: &str) -> u32 {
    let mut places = vec![0];
    let mut at = 0;
    for token in text.split_inclusive(';') {
        at += units(token);
        places.push(at);
    }
    *rng.choice(&places).unwrap_or(&0)
}

fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

fn root(name: &str) -> TypeId {
    format!("r/{name}").parse().expect("a type id")
}
