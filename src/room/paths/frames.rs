//! What comes over a path.

use super::presence::PRESENCE_FRAME;
use crate::connection::Context;
use crate::doc::DocHost;
use crate::error::{ErrorCode, Misuse};
use crate::event::{EventKind, PathChannel, Problem};
use crate::protocol::peer::{Hello, Peer};
use crate::protocol::{FrameError, FrameLimits, Message, decode};
use crate::room::{Room, RoomOutput};
use crate::time::Instant;

impl<D: DocHost> Room<D> {
    /// Takes a frame of a peer. One of a path that is no more is ignored.
    ///
    /// # Errors
    /// As [`Room::path_up`].
    pub fn path_frame(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        channel: PathChannel,
        frame: &[u8],
    ) -> Result<(), Misuse> {
        self.usable()?;
        self.on_path_frame(cx, path, channel, frame);
        self.settle(cx);
        Ok(())
    }

    pub(in crate::room) fn send_path(&mut self, path: u32, channel: PathChannel, frame: Vec<u8>) {
        let event = EventKind::Path { path, channel, frame };
        self.outputs.push_back(RoomOutput::Event(event));
    }

    fn on_path_frame(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        channel: PathChannel,
        frame: &[u8],
    ) {
        if self.paths.paths.get(&path).is_none() {
            return;
        }
        let largest = match channel {
            PathChannel::Sync => self.config.max_receive_frame,
            PathChannel::Presence => PRESENCE_FRAME,
        };
        match decode(frame, &FrameLimits { frame: largest, ..FrameLimits::default() }) {
            Ok(messages) => self.on_path_messages(cx, path, channel, messages),
            Err(error) => self.on_path_malformed(cx, path, &error),
        }
    }

    fn on_path_messages(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        channel: PathChannel,
        messages: Vec<Message<'_>>,
    ) {
        let (mut asked, mut asked_presence) = (None, false);
        for message in messages {
            match message {
                Message::Awareness(entries) => self.on_path_awareness(cx, path, entries),
                Message::QueryAwareness => asked_presence = true,
                _ if channel == PathChannel::Presence => {
                    let what = "something else than presence came over the channel for presence";
                    return self.strike_path(cx.now, path, Problem::new(ErrorCode::Protocol, what));
                }
                // As on a link: many questions in one frame get one answer.
                Message::SyncStep1(vector) => asked = Some(vector),
                // What is not taken is not here: nothing is confirmed before it was asked for and came.
                Message::SyncStep2(_) | Message::Update(_) if !self.paths.takes() => {
                    if let Some(known) = self.paths.paths.get_mut(&path) {
                        known.wanting = true;
                    }
                }
                Message::SyncStep2(update) => self.on_path_step_2(cx, path, update),
                Message::Update(update) => {
                    self.on_path_update(cx, path, update);
                }
                Message::Peer(body) => self.on_peer(cx, path, body),
                Message::Denied(_)
                | Message::Messages(_)
                | Message::Token(_)
                | Message::Signal(_)
                | Message::Standing(_)
                | Message::Unknown(_) => {}
            }
        }
        if let Some(vector) = asked {
            self.on_path_question(cx.now, path, vector);
        }
        if asked_presence && self.paths.paths.get(&path).is_some() {
            self.show_presence(path);
        }
    }

    pub(super) fn on_path_malformed(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        error: &FrameError,
    ) {
        self.strike_path(cx.now, path, Problem::new(error.code(), error.to_string()));
    }

    fn on_peer(&mut self, cx: &mut Context<'_>, path: u32, body: &[u8]) {
        let peer = match Peer::decode(body) {
            Ok(Some(peer)) => peer,
            Ok(None) => return,
            Err(error) => return self.on_path_malformed(cx, path, &error),
        };
        match peer {
            Peer::Hello(hello) => self.on_hello(cx, path, hello),
            Peer::Mark(number) => {
                if let Some(known) = self.paths.paths.get_mut(&path) {
                    known.marks.handle_mark(number);
                }
            }
            Peer::Done(number) => {
                if let Some(known) = self.paths.paths.get_mut(&path) {
                    known.marks.handle_done(number);
                    known.note_answered();
                }
            }
            Peer::Check(digest) => self.on_check(cx.now, path, digest),
        }
    }

    /// A peer says who it is. Nobody is who somebody else is.
    fn on_hello(&mut self, cx: &mut Context<'_>, path: u32, hello: Hello) {
        if hello.client == self.doc.client_id() || self.paths.is_taken(path, hello.client) {
            let what = "it goes by the client id of somebody else";
            return self.strike_path(cx.now, path, Problem::new(ErrorCode::Protocol, what));
        }
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        let before = known.hello.replace(hello);
        self.paths.stale = true;
        if before.is_none_or(|before| before.client != hello.client) {
            let change = self.presence.handle_path_down(cx.now, path, true);
            self.tell_presence(change);
            self.presence.handle_path_up(hello.client);
        }
        if before.is_some_and(|before| before.epoch != hello.epoch) {
            self.restart_path(cx.now, path);
        } else if !hello.heard {
            self.on_unheard(cx.now, path);
        }
    }

    /// The peer was not listening when we spoke, or our word is on its way.
    fn on_unheard(&mut self, now: Instant, path: u32) {
        self.say_hello(path);
        let known = self.paths.paths.get(&path);
        if known.is_some_and(|known| known.session.awaits_answer()) {
            self.ask_path(now, path);
        }
    }
}

impl super::Paths {
    /// Whether another peer goes by this client id. The same instance may come back before its old path is down.
    fn is_taken(&self, path: u32, client: u64) -> bool {
        let instance = self.paths.get(&path).map(|path| &path.instance);
        self.paths.iter().any(|(id, other)| {
            *id != path
                && Some(&other.instance) != instance
                && other.hello.is_some_and(|hello| hello.client == client)
        })
    }
}
