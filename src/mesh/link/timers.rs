//! When a link restarts ICE, makes a new connection, or says that it is blocked.

use super::{Doubt, Link, LinkAction, Phase, Ping, Restart, Settings};
use crate::connection::Context;
use crate::io::{PeerOutput, PeerState};
use crate::mesh::body::Body;
use crate::mesh::control::{Control, Farewell};
use crate::time::{Deadline, Instant};

/// How long a link that is suspect is left alone: most come back by themselves.
const PATIENCE: u64 = 2_000;
/// The same behind a TURN server: if that forgot the link, it does not come back by itself.
const PATIENCE_RELAYED: u64 = 500;
/// How long the first exchange may take.
pub(super) const FIRST_RESTART: u64 = 10_000;
/// Wait after each restart.
const WAITS: [u64; 4] = [4_000, 8_000, 16_000, 30_000];
/// Restarts that must fail before a new connection is made.
const FUTILE: u8 = 3;
/// The same where this side found no address, or the other one did not answer: a new connection would find no more.
const MUTE: u8 = 6;
/// Least time between two connections with one peer.
const REPLACE_EVERY: u64 = 10_000;
/// After such a silence a peer is asked. Browsers notice after five to six seconds that nothing comes, too late for presence.
const QUIET: u64 = 2_000;
/// How long it may take to answer then: what waits in SCTP after an outage comes within three seconds.
const ANSWER: u64 = 2_000;
/// How long it may take to answer when something has changed.
const PONG: u64 = 1_000;
/// How long a link that is down is kept after its peer left signaling.
const LEFT: u64 = 60_000;
/// How long a peer of whom nothing was heard may take to answer, where signaling does not tell who has gone.
const UNHEARD: u64 = 15_000;
/// How long a browser searches for a first address until its search is taken to hang: of a hundred connections of one Chromium one or
/// two do, for good. Asking anew does not help them.
const SEARCH: u64 = 4_000;
/// What is not up by then is kept from it, and the reason is told: not after the first restart, which takes addresses anew.
const BLOCKED: u64 = FIRST_RESTART;
/// First wait before an unanswered offer is said again; it doubles.
const REPEAT: u64 = 3_000;

/// How long a link that has fallen silent is left alone.
pub(super) fn patience(relayed: Option<bool>) -> u64 {
    if relayed == Some(true) { PATIENCE_RELAYED } else { PATIENCE }
}

/// How long the first search may take; the two ends of a link do not give up together.
pub(super) fn search(cx: &mut Context<'_>) -> u64 {
    jittered(cx, SEARCH)
}

/// Wait before an offer is said for the next time.
pub(super) fn repeat_after(repeats: u8) -> u64 {
    REPEAT << repeats.min(3)
}

pub(super) fn deadline(link: &Link) -> Option<Deadline> {
    let left = link.leaves_at.filter(|_| link.phase != Phase::Up);
    let left = left.map(|at| Deadline { at, reason: "left" });
    let retry = link.retry_at().map(|at| Deadline { at, reason: "ask the browser" });
    let Some(attempt) = &link.attempt else { return Deadline::earliest(left, retry) };
    let restart = link.restart().map(|restart| Deadline { at: restart.at, reason: "ice restart" });
    let repeat = attempt.repeat_at.map(|at| Deadline { at, reason: "offer again" });
    let blocked = Deadline { at: attempt.since + BLOCKED, reason: "blocked" };
    let blocked = (link.is_connecting() && attempt.may_be_blocked()).then_some(blocked);
    let found_by = link.found_by.filter(|_| !attempt.located);
    let search = found_by.map(|at| Deadline { at, reason: "search again" });
    let pong = link.ping.map(|ping| Deadline { at: ping.until, reason: "pong" });
    let asks = link.ping.is_none() && link.phase == Phase::Up;
    let quiet = asks.then_some(Deadline { at: attempt.heard + QUIET, reason: "quiet" });
    let more = Deadline { at: Instant::default(), reason: "more to send" };
    let more = attempt.lanes.is_exhausted().then_some(more);
    let all = [restart, repeat, blocked, search, pong, quiet, left, more];
    all.into_iter().fold(None, Deadline::earliest)
}

impl Link {
    /// A deadline may have passed.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        let now = cx.now;
        if self.leaves_at.is_some_and(|at| self.phase != Phase::Up && now >= at) {
            return self.finish(if settings.silence_parts { "silent" } else { "left" });
        }
        if self.retry_at().is_some_and(|at| now >= at) {
            return self.ask_browser(now);
        }
        self.note_blocked(now);
        self.search_anew(now);
        self.watch(cx);
        if self.restart().is_some_and(|restart| now >= restart.at) {
            self.restart_ice(cx, settings);
        }
        self.repeat_offer(now, settings);
        if let Some(attempt) = &mut self.attempt {
            attempt.lanes.renew_budget();
        }
        self.drain(now);
    }

    /// The page or the network came back: what is up is asked, what is not is tried at once.
    pub fn handle_wake(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        match self.phase {
            Phase::Up => self.send_ping(cx.now, Doubt::Change),
            Phase::Suspect(_) | Phase::Restarting(_) | Phase::Parked(_) => {
                self.restart_ice(cx, settings);
            }
            Phase::Waiting | Phase::Connecting(_) | Phase::Refused(_) | Phase::Gone => {}
        }
    }

    /// Signaling works again: what may have been lost is said again.
    pub fn handle_signaling(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        if let Some(attempt) = &mut self.attempt {
            attempt.negotiation.repeat();
        }
        self.negotiate(cx.now);
        if self.restart().is_some() && !self.is_connecting() {
            self.restart_ice(cx, settings);
        }
    }

    /// Signaling is gone: what is to be negotiated goes over the link while that is up.
    pub fn handle_signaling_lost(&mut self) {
        if let Some(attempt) = &mut self.attempt {
            attempt.aside = false;
        }
    }

    /// The peer left signaling. Its link may go on without.
    pub fn handle_left(&mut self, now: Instant, goodbye: bool) {
        let is_new =
            matches!(self.phase, Phase::Waiting | Phase::Connecting(_) | Phase::Refused(_));
        if goodbye || is_new {
            return self.finish("left");
        }
        self.leaves_at = Some(now + LEFT);
        self.send_ping(now, Doubt::Change);
    }

    /// The peer is in signaling again.
    pub fn handle_returned(&mut self, settings: &Settings) {
        self.leaves_at = self.leaves_at.filter(|_| settings.silence_parts);
    }

    /// The peer said something through signaling.
    pub(super) fn note_heard(&mut self, now: Instant, settings: &Settings) {
        self.leaves_at = settings.silence_parts.then(|| now + LEFT);
    }

    /// A connection is made: whoever was there has to answer soon.
    pub(super) fn note_unheard(&mut self, now: Instant, settings: &Settings) {
        if settings.silence_parts {
            self.leaves_at.get_or_insert(now + UNHEARD);
        }
    }

    /// How long the link is kept without its peer counts from when it went down.
    pub(super) fn note_down(&mut self, now: Instant) {
        if self.phase == Phase::Up {
            self.leaves_at = self.leaves_at.map(|_| now + LEFT);
        }
    }

    /// Servers or policy changed; a link through a server gets new leave to use it.
    pub fn configure(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        if self.retry_at().is_some() {
            return self.ask_browser(cx.now);
        }
        let Some(id) = self.connection() else { return };
        if let Some(attempt) = &mut self.attempt {
            attempt.refusal = None;
        }
        let config = settings.config.clone();
        self.actions.push_back(LinkAction::Peer(id, PeerOutput::Configure(config)));
        let lost = self.restart().is_some();
        if lost || self.relayed == Some(true) {
            self.restart_ice(cx, settings);
        }
    }

    /// Puts a new connection in the place of this one.
    pub fn renew(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        self.say_bye(cx.now, Farewell::Replace);
        self.detach(cx.now);
        self.attach(cx, settings);
    }

    /// The peer put a new connection in the place of its old one.
    pub(super) fn replace(&mut self, cx: &mut Context<'_>, settings: &Settings, body: Body) {
        let early = self.replaced.is_some_and(|at| cx.now.since(at) < REPLACE_EVERY);
        if early {
            return;
        }
        self.detach(cx.now);
        self.attach(cx, settings);
        self.handle_body(cx, settings, Body { yours: 0, ..body });
    }

    fn detach(&mut self, now: Instant) {
        self.keep_unsent();
        if let Some(attempt) = self.attempt.take() {
            self.replaced = Some(now);
            self.actions.push_back(LinkAction::Peer(attempt.id, PeerOutput::Close));
        }
    }

    fn restart(&self) -> Option<Restart> {
        match self.phase {
            Phase::Connecting(restart)
            | Phase::Suspect(restart)
            | Phase::Restarting(restart)
            | Phase::Parked(restart) => Some(restart),
            Phase::Waiting | Phase::Up | Phase::Refused(_) | Phase::Gone => None,
        }
    }

    /// Has the browser look for another way, unless nobody could be told of it.
    fn restart_ice(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        let count = self.restart().map_or(0, |restart| restart.count);
        let wait = WAITS.get(usize::from(count)).or(WAITS.last()).copied().unwrap_or_default();
        let at = cx.now + jittered(cx, wait);
        let Some(attempt) = &self.attempt else { return };
        let (id, state) = (attempt.id, attempt.state);
        let futile = if attempt.has_tried() || !attempt.greeted { FUTILE } else { MUTE };
        if !settings.signaling {
            return self.postpone(Restart { at, count });
        }
        // A browser whose gathering hangs does not even fail.
        let hopeless = state == PeerState::Failed || self.is_connecting();
        if count >= futile && hopeless && self.may_replace(cx.now) {
            self.postpone(Restart { at, count });
            self.actions.push_back(LinkAction::Replace);
            return;
        }
        self.actions.push_back(LinkAction::Peer(id, PeerOutput::RestartIce));
        if let Some(attempt) = &mut self.attempt {
            attempt.found = false;
            // Over the link, the answer may take the new way, on which Firefox hears nothing before it has the answer.
            attempt.aside = true;
        }
        let next = Restart { at, count: count.saturating_add(1) };
        match self.phase {
            Phase::Suspect(_) => self.enter(Phase::Restarting(next), Some("disconnected")),
            _ => self.postpone(next),
        }
    }

    fn postpone(&mut self, next: Restart) {
        match &mut self.phase {
            Phase::Connecting(restart)
            | Phase::Suspect(restart)
            | Phase::Restarting(restart)
            | Phase::Parked(restart) => *restart = next,
            Phase::Waiting | Phase::Up | Phase::Refused(_) | Phase::Gone => {}
        }
    }

    fn may_replace(&self, now: Instant) -> bool {
        self.replaced.is_none_or(|at| now.since(at) >= REPLACE_EVERY)
    }

    /// Asks a peer that is quiet, and gives one up for lost that does not answer.
    fn watch(&mut self, cx: &Context<'_>) {
        let Some(attempt) = self.attempt.as_ref().filter(|_| self.phase == Phase::Up) else {
            self.ping = None;
            return;
        };
        let silence = cx.now.since(attempt.heard);
        match self.ping {
            None if silence >= QUIET => self.send_ping(cx.now, Doubt::Quiet),
            // It was this page that slept.
            Some(ping) if cx.now.since(ping.until) > PONG => self.send_ping(cx.now, ping.doubt),
            Some(ping) if cx.now >= ping.until => {
                self.ping = None;
                if ping.doubt == Doubt::Change || silence >= QUIET {
                    self.on_silence(cx, ping.doubt);
                }
            }
            _ => {}
        }
    }

    fn send_ping(&mut self, now: Instant, doubt: Doubt) {
        if self.phase == Phase::Up {
            let within = if doubt == Doubt::Quiet { ANSWER } else { PONG };
            self.pings = self.pings.wrapping_add(1);
            self.ping = Some(Ping { number: self.pings, until: now + within, doubt });
            self.say(now, &Control::Ping(self.pings));
            self.drain(now);
        }
    }

    /// No pong.
    fn on_silence(&mut self, cx: &Context<'_>, doubt: Doubt) {
        let wait = if doubt == Doubt::Quiet { patience(self.relayed) } else { 0 };
        self.note_down(cx.now);
        self.enter(Phase::Suspect(Restart { at: cx.now + wait, count: 0 }), Some("silent"));
    }

    /// Has a connection whose browser finds nothing replaced, the first time.
    fn search_anew(&mut self, now: Instant) {
        let located = self.attempt.as_ref().is_none_or(|attempt| attempt.located);
        if self.found_by.take_if(|at| now >= *at).is_some() && !located && self.is_connecting() {
            self.actions.push_back(LinkAction::Replace);
        }
    }

    fn note_blocked(&mut self, now: Instant) {
        let is_connecting = self.is_connecting();
        let Some(attempt) = &mut self.attempt else { return };
        if is_connecting && attempt.may_be_blocked() && now >= attempt.since + BLOCKED {
            attempt.blocked = true;
            let blockage = attempt.blockage();
            self.actions.push_back(LinkAction::Blocked(blockage));
        }
    }

    fn repeat_offer(&mut self, now: Instant, settings: &Settings) {
        let is_up = self.is_up();
        let Some(attempt) = &mut self.attempt else { return };
        if attempt.repeat_at.is_some_and(|at| now >= at) {
            attempt.repeats = attempt.repeats.saturating_add(1);
            attempt.repeat_at = None;
            if settings.signaling || is_up {
                attempt.negotiation.repeat();
            }
            self.negotiate(now);
        }
    }
}

/// A quarter more or less.
fn jittered(cx: &mut Context<'_>, wait: u64) -> u64 {
    wait - wait / 4 + cx.rng.u64(0..=wait / 2)
}
