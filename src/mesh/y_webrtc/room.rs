//! A mesh whose signaling is that of y-webrtc.

use serde_json::Value;

use super::guest::{Guest, GuestAction, Surroundings};
use super::guests::Client;
use super::message::{self, Heard, Said, Say, Signal};
use super::{MAX_KIN, Trouble, YWebrtc};
use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::io::{PeerConnectionId, PeerInput, PeerOutput};
use crate::mesh::body::Body;
use crate::mesh::event::MeshEvent;
use crate::mesh::lane::Channel;
use crate::mesh::link::LinkStatus;
use crate::mesh::signal::{Member, ToServer};
use crate::mesh::{Mesh, MeshAction};
use crate::status::Problem;
use crate::time::{Deadline, Instant};

impl Mesh {
    /// The socket of a signaling server is open, or open again.
    pub fn server_up(&mut self, cx: &mut Context<'_>, server: u32) {
        let Some(dialect) = &mut self.y_webrtc else { return };
        if !dialect.open.contains(&server) {
            dialect.open.push(server);
        }
        let subscribe = message::subscribe(&dialect.room).into_bytes();
        self.tell_event(MeshEvent::Publish {
            server: Some(server),
            sealed: false,
            bytes: subscribe,
        });
        self.publish_to(Some(server), Say::Announce);
        if !std::mem::replace(&mut self.settings.signaling, true) {
            for link in self.roster.links() {
                link.handle_signaling(cx, &self.settings);
            }
        }
        self.advance(cx);
    }

    /// The socket of a signaling server is gone. Links go on.
    pub fn server_down(&mut self, cx: &mut Context<'_>, server: u32) {
        let Some(dialect) = &mut self.y_webrtc else { return };
        dialect.open.retain(|open| *open != server);
        if dialect.open.is_empty() {
            return self.signal_down(cx);
        }
        self.advance(cx);
    }

    /// A signaling server said something. What makes no sense is told, and changes nothing.
    pub fn handle_server(&mut self, cx: &mut Context<'_>, server: u32, text: &str) {
        let Some(dialect) = &self.y_webrtc else { return };
        match (Heard::read(text, &dialect.room), dialect.sealed) {
            (Ok(Heard::Nothing), _) => {}
            (Ok(Heard::Plain(data)), false) => self.on_data(cx, server, &data),
            (Ok(Heard::Sealed(parts)), true) => {
                self.tell_event(MeshEvent::Unseal { server, parts });
            }
            (Ok(Heard::Plain(_)), true) => self.trouble(Trouble::Open),
            (Ok(Heard::Sealed(_)), false) => self.trouble(Trouble::Sealed),
            (Err(_), _) => self.trouble(Trouble::Nonsense),
        }
        self.advance(cx);
    }

    /// What an `unseal` event held, decrypted; nothing if the password does not open it.
    pub fn handle_unsealed(&mut self, cx: &mut Context<'_>, server: u32, plain: Option<&[u8]>) {
        match plain.map(super::any::read) {
            Some(Some(data)) => self.on_data(cx, server, &data),
            Some(None) => self.trouble(Trouble::Nonsense),
            None => self.trouble(Trouble::Unreadable),
        }
        self.advance(cx);
    }

    /// The text to send for what was encrypted.
    pub fn seal(&self, nonce: &[u8], sealed: &[u8]) -> String {
        let room = self.y_webrtc.as_ref().map_or("", |dialect| dialect.room.as_str());
        message::publish_sealed(room, nonce, sealed)
    }

    /// What is to be sent when the page goes, as of a `publish` event: it may be encrypted beforehand.
    pub fn farewell(&self) -> Vec<u8> {
        self.y_webrtc.as_ref().map_or_else(Vec::new, |dialect| self.encode(dialect, Say::Bye))
    }

    /// What is said to the room's server of our own dialect, in the words of this one.
    pub(in crate::mesh) fn say_here(&mut self, message: &ToServer<'_>) {
        match message {
            ToServer::Signal { to, body } => self.say_to_kin(to, body),
            ToServer::Bye => self.publish_to(None, Say::Bye),
            ToServer::Hello { .. } | ToServer::Ice => {}
        }
    }

    /// Something happened to a connection of a stock client.
    pub(in crate::mesh) fn handle_guest(
        &mut self,
        cx: &mut Context<'_>,
        id: PeerConnectionId,
        input: PeerInput,
    ) {
        if let Some(dialect) = &mut self.y_webrtc {
            let wall = dialect.wall(cx.now);
            if let Some(guest) = dialect.guests.owner(id) {
                guest.handle_peer(cx, wall, input);
            }
        }
    }

    /// Sends a frame to a stock client, if that is who the peer is.
    pub(in crate::mesh) fn send_to_guest(
        &mut self,
        peer: u32,
        channel: Channel,
        bytes: Vec<u8>,
    ) -> Option<Result<(), Misuse>> {
        let guest = self.y_webrtc.as_mut()?.guests.of_mut(peer)?;
        Some(match channel {
            Channel::Sync | Channel::Presence => guest.send(bytes, channel == Channel::Presence),
            Channel::Control | Channel::Message | Channel::File => {
                let message =
                    "a client of y-webrtc takes the document and presence, and nothing else";
                Err(Misuse::new(ErrorCode::Unsupported, message))
            }
        })
    }

    pub(in crate::mesh) fn owns_guest(&self, id: PeerConnectionId) -> bool {
        self.y_webrtc.as_ref().is_some_and(|dialect| dialect.guests.owns(id))
    }

    pub(in crate::mesh) fn guest_connection(&self, peer: u32) -> Option<PeerConnectionId> {
        self.y_webrtc.as_ref()?.guests.of(peer)?.connection()
    }

    /// Names of the stock clients with whom there is a link that works.
    pub(in crate::mesh) fn guests_up(&self) -> Vec<String> {
        let dialect = self.y_webrtc.as_ref();
        dialect.map_or_else(Vec::new, |dialect| dialect.guests.names_up().cloned().collect())
    }

    pub(in crate::mesh) fn configure_guests(&mut self) {
        if let Some(dialect) = &mut self.y_webrtc {
            dialect.guests.all().for_each(|guest| guest.configure(&self.settings));
        }
    }

    pub(in crate::mesh) fn poll_guests(&self) -> Option<Deadline> {
        let dialect = self.y_webrtc.as_ref()?;
        let place = dialect.guests.links() + self.roster.taken() < self.options.max_peers;
        let heard = self.settings.signaling;
        let may_connect = place && heard && self.ice.is_settled();
        let begin = if may_connect { dialect.guests.poll_begin() } else { None };
        let begin = begin.map(|begin| self.paced(begin));
        let announce = dialect.announce_at.filter(|_| heard);
        let announce = announce.map(|at| Deadline { at, reason: "announce" });
        let guests = dialect.guests.poll_timeout();
        [begin, announce, guests].into_iter().fold(None, Deadline::earliest)
    }

    /// Lets go of all stock clients.
    pub(in crate::mesh) fn leave_guests(&mut self, reason: &'static str) {
        if let Some(dialect) = &mut self.y_webrtc {
            dialect.guests.all().for_each(|guest| guest.finish(reason));
        }
    }

    /// A deadline may have passed.
    pub(in crate::mesh) fn on_guests_timeout(&mut self, now: Instant) {
        if let Some(dialect) = &mut self.y_webrtc {
            dialect.guests.all().for_each(|guest| guest.handle_timeout(now));
        }
    }

    /// What follows from whatever has changed.
    pub(in crate::mesh) fn advance_guests(&mut self, cx: &mut Context<'_>) {
        self.collect_guests(cx.now);
        while self.settings.signaling && self.ice.is_settled() && self.has_place(cx.now) {
            let Some(dialect) = &mut self.y_webrtc else { return };
            let wall = dialect.wall(cx.now);
            let around = Surroundings { settings: &self.settings, wall, may_connect: true };
            let Some(guest) = dialect.guests.next_due(cx.now) else { break };
            guest.begin(cx, around);
            self.collect_guests(cx.now);
        }
        self.announce_if_due(cx.now);
    }

    /// A link with one of our own clients is over; without a goodbye its other end may still be there.
    pub(in crate::mesh) fn note_over(&mut self, now: Instant, peer: u32, reason: Option<&str>) {
        let Some(dialect) = &mut self.y_webrtc else { return };
        if reason != Some("left") {
            dialect.announce_soon(now);
        }
        if matches!(reason, Some("left" | "silent")) {
            self.roster.forget(peer);
        }
    }

    fn on_data(&mut self, cx: &mut Context<'_>, server: u32, data: &Value) {
        let (from, said) = match message::read(data, &self.settings.instance) {
            Ok(Some(read)) => read,
            Ok(None) => return,
            Err(_) => return self.trouble(Trouble::Nonsense),
        };
        match said {
            Said::Announce { kin: true } => {
                if self.meet(cx, &from) {
                    self.greet(cx.now, &from);
                }
            }
            Said::Announce { kin: false } => self.on_announce(cx, server, &from),
            Said::Here => {
                self.meet(cx, &from);
            }
            Said::Body { number, body } => {
                if self.meet(cx, &from) && self.roster.is_new(&from, number) {
                    self.on_body(cx, &from, body);
                }
            }
            // A link that works says goodbye itself: here anybody may say anything.
            Said::Bye if self.roster.is_up(&from) => {}
            Said::Bye => self.roster.part(cx.now, &from, true),
            Said::Signal { token, signal } => {
                self.on_guest_signal(cx, server, &from, token, signal);
            }
        }
    }

    /// One of our own clients is there. Whether it is taken for that.
    fn meet(&mut self, cx: &mut Context<'_>, name: &str) -> bool {
        if self.y_webrtc.as_ref().is_some_and(|dialect| dialect.guests.knows(name)) {
            return false;
        }
        if self.roster.is_here(name) {
            return true;
        }
        if self.roster.len() >= MAX_KIN {
            self.trouble(Trouble::Crowd);
            return false;
        }
        let member = Member { instance: name.to_owned(), user: None };
        self.roster.join(cx, &self.settings, member);
        true
    }

    /// Tells a newcomer that this side is there, unless it knows.
    fn greet(&mut self, now: Instant, name: &str) {
        let Some(dialect) = &mut self.y_webrtc else { return };
        if !self.roster.is_up(name) {
            match dialect.may_greet(now) {
                true => self.publish_to(None, Say::Here { to: name }),
                false => self.trouble(Trouble::Crowd),
            }
        }
    }

    /// Whoever is in the room begins with who comes.
    fn on_announce(&mut self, cx: &mut Context<'_>, server: u32, name: &str) {
        if !self.admits(name) {
            return;
        }
        if let Some(guest) = self.y_webrtc.as_mut().and_then(|own| own.guests.named(name)) {
            guest.handle_announce();
            self.collect_guests(cx.now);
        }
        let begin_at = cx.now + cx.rng.u64(0..=self.options.jitter);
        self.take_in(name, server, Some(begin_at));
    }

    fn on_guest_signal(
        &mut self,
        cx: &mut Context<'_>,
        server: u32,
        name: &str,
        token: Option<f64>,
        signal: Signal,
    ) {
        if !self.admits(name) {
            return;
        }
        let offers = matches!(signal, Signal::Offer(_));
        let may_connect = self.has_place(cx.now);
        if offers && !may_connect {
            self.trouble(Trouble::Storm);
        }
        if offers && may_connect {
            self.take_in(name, server, None);
        }
        let Some(dialect) = &mut self.y_webrtc else { return };
        let wall = dialect.wall(cx.now);
        let around = Surroundings { settings: &self.settings, wall, may_connect };
        if let Some(guest) = dialect.guests.named(name) {
            if offers {
                guest.server = server;
            }
            guest.handle_signal(cx, around, token, signal);
        }
    }

    /// Whether somebody may be a stock client: none of ours, and nobody in a room with a key.
    fn admits(&mut self, name: &str) -> bool {
        if self.roster.knows(name) {
            return false;
        }
        if self.settings.key.is_some() {
            self.trouble(Trouble::Stranger);
        }
        self.settings.key.is_none()
    }

    fn take_in(&mut self, name: &str, server: u32, begin_at: Option<Instant>) {
        let Self { y_webrtc: Some(dialect), roster, .. } = self else { return };
        if !dialect.guests.take_in(name, || Guest::new(roster.number(), server, begin_at)) {
            self.trouble(Trouble::Crowd);
        }
    }

    /// Whether there may be another link.
    fn has_place(&mut self, now: Instant) -> bool {
        let guests = self.y_webrtc.as_ref().map_or(0, |dialect| dialect.guests.links());
        guests + self.roster.taken() < self.options.max_peers && self.room_for_another(now)
    }

    /// Takes from each guest what it wants done.
    pub(in crate::mesh) fn collect_guests(&mut self, now: Instant) {
        while let Some((name, client, action)) =
            self.y_webrtc.as_mut().and_then(|dialect| dialect.guests.poll_action())
        {
            match action {
                GuestAction::Peer(id, output) => {
                    if matches!(output, PeerOutput::Create { .. }) {
                        self.made.push_back(now);
                    }
                    self.actions.push_back(MeshAction::Peer(id, output));
                }
                GuestAction::Signal(token, signal) => {
                    let say = Say::Signal { to: &name, token, signal: &signal };
                    self.publish_to(Some(client.server), say);
                }
                GuestAction::Status(status) => self.tell_guest(name, client, status),
                GuestAction::Blocked(reason) => {
                    self.tell_event(MeshEvent::Blocked { peer: client.peer, reason });
                }
                GuestAction::Frame(bytes) => {
                    let (peer, channel) = (client.peer, Channel::Sync);
                    self.tell_event(MeshEvent::Frame { peer, channel, bytes });
                }
                GuestAction::Problem(problem) => self.tell_event(MeshEvent::Error(problem)),
            }
        }
        let Some(dialect) = &mut self.y_webrtc else { return };
        if dialect.guests.sweep() {
            dialect.announce_soon(now);
        }
        self.roster.reserve(dialect.guests.links());
    }

    fn tell_guest(&mut self, instance: String, client: Client, status: LinkStatus) {
        let Client { peer, limit, .. } = client;
        self.tell_event(MeshEvent::Peer { peer, instance, user: None, limit: Some(limit), status });
    }

    fn say_to_kin(&mut self, to: &str, body: &Body) {
        if let Some(dialect) = &mut self.y_webrtc {
            dialect.number += 1;
            let number = dialect.number;
            self.publish_to(None, Say::Body { to, number, body });
        }
    }

    /// With as many links as there may be, nobody is asked for more.
    fn announce_if_due(&mut self, now: Instant) {
        let Some(dialect) = &mut self.y_webrtc else { return };
        if !self.settings.signaling || dialect.announce_at.take_if(|at| *at <= now).is_none() {
            return;
        }
        dialect.announced_at = Some(now);
        if self.has_place(now) {
            self.publish_to(None, Say::Announce);
        }
    }

    /// Says something by one server, or by all that are open.
    fn publish_to(&mut self, server: Option<u32>, say: Say<'_>) {
        let Some(dialect) = &self.y_webrtc else { return };
        let sealed = dialect.sealed;
        let bytes = self.encode(dialect, say);
        self.tell_event(MeshEvent::Publish { server, sealed, bytes });
    }

    fn encode(&self, dialect: &YWebrtc, say: Say<'_>) -> Vec<u8> {
        let own = &self.settings.instance;
        match dialect.sealed {
            true => say.encode(own),
            false => message::publish(&dialect.room, |json| say.write(json, own)).into_bytes(),
        }
    }

    fn trouble(&mut self, trouble: Trouble) {
        let told = self.y_webrtc.as_mut().and_then(|dialect| dialect.note(trouble));
        if let Some((code, message)) = told {
            self.tell_event(MeshEvent::Error(Problem::new(code, message)));
        }
    }

    fn tell_event(&mut self, event: MeshEvent) {
        self.actions.push_back(MeshAction::Tell(event));
    }
}
