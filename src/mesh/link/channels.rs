//! The channels of a link: who is at the other end, and what it says.

use super::timers::FIRST_RESTART;
use super::{Link, LinkAction, Phase, Restart, Settings};
use crate::connection::Context;
use crate::error::ErrorCode;
use crate::io::{ChannelId, PeerInput, PeerOutput};
use crate::mesh::assembly::Violation;
use crate::mesh::body::Body;
use crate::mesh::control::{Control, Farewell};
use crate::mesh::lane::{Channel, Lane};
use crate::mesh::proof::{self, End};
use crate::status::Problem;
use crate::time::Instant;

/// Bytes that may come before the other side has said who it is.
const EARLY: usize = 4 << 20;
/// And messages: an empty one is kept as well.
const EARLY_MESSAGES: usize = 1 << 16;

impl Link {
    pub(super) fn on_channel(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        input: PeerInput,
    ) {
        match input {
            PeerInput::Opened { channel, max_message } => {
                self.on_open(cx.now, settings, channel, max_message);
            }
            PeerInput::Message { channel, bytes } => self.on_frame(cx, settings, channel, &bytes),
            PeerInput::Drained { channel, buffered } => {
                if let Some(lane) = self.lane(channel) {
                    lane.handle_drained(buffered);
                }
            }
            PeerInput::Unsent { too_large: true, .. } => {
                self.on_violation("it takes smaller messages than it had said");
            }
            PeerInput::Unsent { channel, bytes, .. } => {
                if let Some(lane) = self.lane(channel) {
                    lane.handle_unsent(bytes);
                }
            }
            PeerInput::ChannelClosed(_) => self.on_closed(cx.now),
            _ => {}
        }
    }

    /// Hands the browser what may go.
    pub(super) fn drain(&mut self, now: Instant) {
        self.return_credit(now);
        let Some(attempt) = &mut self.attempt else { return };
        while let Some((channel, bytes)) = attempt.lanes.poll_frame(now) {
            self.actions
                .push_back(LinkAction::Peer(attempt.id, PeerOutput::Send { channel, bytes }));
        }
    }

    /// Says something on the control channel.
    pub(super) fn say(&mut self, now: Instant, control: &Control) {
        if let Some(attempt) = &mut self.attempt {
            // It is small, and a queue full of control messages has nobody at its end.
            attempt.lanes.push(now, Channel::Control, control.encode()).ok();
        }
    }

    /// Tells the peer whom this side has links with.
    pub fn tell_neighbours(&mut self, now: Instant, neighbours: &[String]) {
        self.say(now, &Control::Neighbours(neighbours.to_vec()));
        self.drain(now);
    }

    /// Whom the peer has links with counts while there is a link with itself.
    pub(super) fn show_neighbours(&mut self) {
        if self.is_up() {
            self.actions.push_back(LinkAction::Neighbours(self.neighbours.clone()));
        }
    }

    pub(super) fn say_bye(&mut self, now: Instant, farewell: Farewell) {
        self.say(now, &Control::Bye(farewell));
        self.drain(now);
    }

    fn on_open(&mut self, now: Instant, settings: &Settings, channel: ChannelId, max: u32) {
        let Some(channel) = Channel::of(channel) else { return };
        if let Some(attempt) = &mut self.attempt {
            attempt.lanes.handle_open(channel, max);
        }
        if channel == Channel::Control {
            let proof = settings.key.as_ref().and_then(|key| {
                let (own, other) = self.ends(&settings.instance)?;
                Some(proof::prove(key, own, other))
            });
            let (instance, link) = (settings.instance.clone(), self.number);
            self.say(now, &Control::Hello { instance, link, proof });
        }
        self.settle(now, settings);
    }

    fn on_frame(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        channel: ChannelId,
        bytes: &[u8],
    ) {
        let Some(channel) = Channel::of(channel) else { return };
        let Some(attempt) = &mut self.attempt else { return };
        attempt.heard = cx.now;
        if channel != Channel::Control && !attempt.greeted {
            return self.hold(channel, bytes);
        }
        if channel == Channel::File {
            return self.on_piece(bytes);
        }
        // The browser may never have noticed that nothing came for a while.
        let silent = matches!(self.phase, Phase::Suspect(_) | Phase::Restarting(_));
        match attempt.lanes.take(channel, bytes) {
            Ok(None) => {}
            Ok(Some(message)) if channel == Channel::Control => {
                self.on_control(cx, settings, &message);
            }
            Ok(Some(message)) => self.actions.push_back(LinkAction::Message(channel, message)),
            Err(violation) => return self.on_violation(&violation.to_string()),
        }
        if silent {
            self.settle(cx.now, settings);
        }
    }

    fn on_control(&mut self, cx: &mut Context<'_>, settings: &Settings, message: &[u8]) {
        let now = cx.now;
        match Control::decode(message) {
            Err(_) => self.on_violation(&Violation::Control.to_string()),
            Ok(None) => {}
            Ok(Some(Control::Hello { instance, link, proof })) => {
                self.on_hello(cx, settings, (&instance, link), proof.as_deref());
            }
            Ok(Some(Control::Ping(number))) => self.say(now, &Control::Pong(number)),
            Ok(Some(Control::Pong(number))) => {
                self.ping = self.ping.filter(|ping| ping.number != number);
                if let Some(attempt) = &mut self.attempt {
                    attempt.aside = false;
                }
            }
            Ok(Some(Control::Bye(Farewell::Leave))) => self.finish("left"),
            Ok(Some(Control::Bye(Farewell::Replace))) => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.outlived = true;
                }
            }
            Ok(Some(Control::Neighbours(peers))) => {
                self.neighbours = peers;
                self.show_neighbours();
            }
            Ok(Some(Control::File(message))) => {
                if self.attempt.as_ref().is_some_and(|attempt| attempt.greeted) {
                    self.actions.push_back(LinkAction::File(message));
                }
            }
            Ok(Some(Control::Signal(body))) => self.on_signal(now, body),
            Ok(Some(Control::Credit { channel, bytes })) => {
                let Some(attempt) = &mut self.attempt else { return };
                if let Err(violation) = attempt.lanes.handle_credit(now, channel, bytes) {
                    self.on_violation(&violation.to_string());
                }
            }
        }
    }

    /// A step of the negotiation of this very connection.
    fn on_signal(&mut self, now: Instant, body: Body) {
        let Some(attempt) = &mut self.attempt else { return };
        if attempt.greeted && attempt.remote == body.own {
            attempt.aside = false;
            self.take_body(now, body);
        }
    }

    /// Without a key signaling is believed; with one, only who knows it and sees these certificates.
    fn on_hello(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        (instance, link): (&str, u32),
        proof: Option<&str>,
    ) {
        let proven = settings.key.as_ref().is_none_or(|key| {
            let ends = self.ends(&settings.instance);
            ends.zip(proof)
                .is_some_and(|((own, other), proof)| proof::verify(key, other, own, proof))
        });
        if !proven || instance != self.instance {
            let message = "a peer did not prove that it knows the room's key, or is somebody else; it was disconnected";
            let problem = Problem::new(ErrorCode::Forbidden, message);
            self.actions.push_back(LinkAction::Problem(problem));
            self.finish("unproven");
            return;
        }
        self.go_on(link);
        let Some(attempt) = &mut self.attempt else { return };
        attempt.greeted = true;
        for (channel, bytes) in std::mem::take(&mut attempt.early) {
            self.on_frame(cx, settings, channel.id(), &bytes);
        }
        self.settle(cx.now, settings);
    }

    /// Messages that a connection before did not bring over go on this one, unless the other side's link is a new one: then
    /// nobody knows which of them it has.
    fn go_on(&mut self, link: u32) {
        let same = self.other_number.replace(link) == Some(link);
        let Some((attempt, before)) = self.attempt.as_mut().zip(self.unsent.take()) else { return };
        if same {
            attempt.lanes.lane(Channel::Message).inherit(before);
        } else if before.waiting_bytes() > 0 {
            let message = "messages that waited for a peer were dropped: it has begun anew";
            let problem = Problem::new(ErrorCode::NotConnected, message);
            self.actions.push_back(LinkAction::Problem(problem));
        }
    }

    /// Keeps the messages of a connection that comes to its end.
    pub(super) fn keep_unsent(&mut self) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.greeted) else { return };
        attempt.greeted = false;
        self.unsent = Some(std::mem::take(&mut attempt.lanes).into_messages());
    }

    /// Channels are not in order with each other: what came before the other side said who it is waits, within a bound.
    fn hold(&mut self, channel: Channel, bytes: &[u8]) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.early_bytes += bytes.len();
        if attempt.early_bytes > EARLY || attempt.early.len() >= EARLY_MESSAGES {
            self.on_violation("it said much before it said who it is");
        } else {
            attempt.early.push((channel, bytes.to_vec()));
        }
    }

    fn ends<'a>(&'a self, instance: &'a str) -> Option<(End<'a>, End<'a>)> {
        let (own, other) = self.attempt.as_ref()?.negotiation.fingerprints()?;
        let own = End { instance, fingerprint: own };
        Some((own, End { instance: &self.instance, fingerprint: other }))
    }

    fn return_credit(&mut self, now: Instant) {
        if self.phase == Phase::Gone {
            return;
        }
        while let Some((channel, bytes)) =
            self.attempt.as_mut().and_then(|attempt| attempt.lanes.poll_credit())
        {
            self.say(now, &Control::Credit { channel, bytes });
        }
    }

    /// Of a connection that is replaced the other side's next one is waited for; it makes itself known by its number.
    fn on_closed(&mut self, now: Instant) {
        if self.attempt.as_ref().is_some_and(|attempt| attempt.outlived) {
            self.keep_unsent();
            self.note_down(now);
            let next = Restart { at: now + FIRST_RESTART, count: 0 };
            self.enter(Phase::Connecting(next), Some("replaced"));
        } else {
            self.finish("closed");
        }
    }

    fn lane(&mut self, channel: ChannelId) -> Option<&mut Lane> {
        let channel = Channel::of(channel)?;
        self.attempt.as_mut().map(|attempt| attempt.lanes.lane(channel))
    }
}
