//! A client in a room, its log in memory, and what it does.

use rejoin::client::Client;
use rejoin::config::{Config, RoomOptions};
use rejoin::event::{Event, EventKind};
use rejoin::io::{
    Input, Output, RecordKey, RoomId, SocketId, SocketInput, SocketOutput, StorageReply,
    StorageTask,
};
use rejoin::machine::Machine;
use rejoin::protocol::encode;
use rejoin::time::Instant;

use crate::hostile::typed;
use crate::support::roots;
use crate::target::{Outcome, ensure};

/// One tab.
pub(super) struct Tab {
    pub(super) client: Client,
    pub(super) room: RoomId,
    pub(super) log: Vec<(RecordKey, Vec<u8>)>,
    pub(super) socket: Option<SocketId>,
    /// Sockets it ever opened.
    pub(super) opened: usize,
    /// Bytes and frames it sent.
    pub(super) sent: (usize, usize),
    pub(super) ready: bool,
    pub(super) gone: bool,
    pub(super) errors: usize,
    pub(super) events: usize,
    now: u64,
    last_key: u64,
}

impl Tab {
    /// Enters the room with this log.
    pub(super) fn open(log: Vec<(RecordKey, Vec<u8>)>) -> Self {
        let config = Config { url: Some("ws://server".into()), ..Config::default() };
        let mut client = Client::new(config, 7);
        let presence = Some(r#"{"name":"honest"}"#.into());
        let options =
            RoomOptions { roots: roots(), presence, connect: true, ..RoomOptions::default() };
        let room = client.enter_room(Instant::from_millis(1_000), "room", options).expect("a room");
        let last_key = log.last().map_or(0, |(key, _)| key.0);
        let mut tab = Self {
            client,
            room,
            log,
            socket: None,
            opened: 0,
            sent: (0, 0),
            ready: false,
            gone: false,
            errors: 0,
            events: 0,
            now: 1_000,
            last_key,
        };
        tab.drain();
        tab
    }

    /// One that is connected, in step with an empty server, and has typed.
    pub(super) fn connected() -> Self {
        let mut tab = Self::open(Vec::new());
        tab.hear(encode::sync_step_1(&[0]));
        tab.hear(encode::sync_step_2(&[0, 0]));
        tab.client.edit(tab.at(), tab.room, typed("honest ")).expect("an edit");
        tab.drain();
        tab
    }

    /// A frame from the server.
    pub(super) fn hear(&mut self, frame: Vec<u8>) {
        if let Some(socket) = self.socket {
            self.input(Input::Socket(socket, SocketInput::Frame(frame)));
        }
    }

    /// Lets time pass, and meets every deadline on its way; how many there were.
    pub(super) fn pass(&mut self, millis: u64) -> usize {
        let end = self.now + millis;
        let mut deadlines = 0;
        while let Some(deadline) =
            self.client.poll_timeout().filter(|due| due.at.as_millis() <= end)
        {
            self.now = self.now.max(deadline.at.as_millis());
            self.input(Input::Timeout);
            deadlines += 1;
            if deadlines > 100_000 {
                break;
            }
        }
        self.now = end;
        deadlines
    }

    /// Types, and says whether the document took it and the log has it.
    pub(super) fn types_on(&mut self) -> Outcome {
        let before = self.log.len();
        self.client
            .edit(self.at(), self.room, typed("more "))
            .map_err(|error| format!("{error:?}"))?;
        self.drain();
        let text = self
            .client
            .doc(self.room)
            .ok()
            .and_then(|doc| doc.text(&rejoin::doc::TypeId::root("text")).ok());
        ensure(text.is_some_and(|text| text.starts_with("more ")), || {
            "what was typed is not there".into()
        })?;
        ensure(self.log.len() > before || self.errors > 0, || {
            "what was typed is not in the log".into()
        })
    }

    /// What the document shows.
    pub(super) fn hash(&self) -> Option<u64> {
        self.client.doc(self.room).ok().map(|doc| doc.hash())
    }

    /// The units of the document.
    pub(super) fn inserts(&self) -> Option<yrs::IdSet> {
        self.client.doc(self.room).ok().map(|doc| doc.content().inserts)
    }

    fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub(super) fn input(&mut self, input: Input) {
        self.client.handle_input(self.at(), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            let answer = match output {
                Output::Storage(task, wanted) => Some(Input::Storage(task, Ok(self.store(wanted)))),
                Output::Socket(socket, wanted) => self.on_socket(socket, wanted),
                Output::Event(event) => {
                    self.on_event(&event);
                    None
                }
                _ => None,
            };
            if let Some(answer) = answer {
                self.client.handle_input(self.at(), answer);
            }
        }
    }

    fn on_socket(&mut self, socket: SocketId, wanted: SocketOutput) -> Option<Input> {
        match wanted {
            SocketOutput::Open { .. } => {
                self.socket = Some(socket);
                self.opened += 1;
                return Some(Input::Socket(
                    socket,
                    SocketInput::Opened { protocol: String::new() },
                ));
            }
            SocketOutput::Send(frame) => {
                self.sent = (self.sent.0 + frame.len(), self.sent.1 + 1);
            }
            SocketOutput::Close { .. } | SocketOutput::Abandon => self.socket = None,
            SocketOutput::Preflight { .. } => {
                return Some(Input::Socket(socket, SocketInput::PreflightFailed));
            }
            _ => {}
        }
        None
    }

    fn on_event(&mut self, event: &Event) {
        self.events += 1;
        match &event.kind {
            EventKind::Ready => self.ready = true,
            EventKind::Broken => self.gone = true,
            EventKind::Error(_) => self.errors += 1,
            _ => {}
        }
    }

    fn store(&mut self, task: StorageTask) -> StorageReply {
        match task {
            StorageTask::Load { .. } => StorageReply::Loaded(self.log.clone()),
            StorageTask::Append { records, .. } => StorageReply::Written(
                records.into_iter().map(|record| self.append(record)).collect(),
            ),
            StorageTask::Read { key, .. } => StorageReply::Record(
                self.log.iter().find(|(at, _)| *at == key).map(|(_, bytes)| bytes.clone()),
            ),
            StorageTask::Replace { record, remove, .. } => {
                self.log.retain(|(key, _)| !remove.contains(key));
                StorageReply::Written(vec![self.append(record)])
            }
            _ => StorageReply::Closed,
        }
    }

    fn append(&mut self, record: Vec<u8>) -> RecordKey {
        self.last_key += 1;
        self.log.push((RecordKey(self.last_key), record));
        RecordKey(self.last_key)
    }
}
