//! Sockets made of HTTP: requests that are lost, answered into the void, or cut, and the server's side of each session.

use std::collections::BTreeMap;

use bytes::Bytes;
use rejoin::io::{FetchId, FetchInput, FetchOutput, Input, SocketId, SocketInput};
use rejoin_server::hub::{HubInput, MemberId, Permission};
use rejoin_server::tunnel::session::{Cursor, Session};

use super::{Happening, World};
use crate::net::{Health, LinkId};

/// Largest frame of the simulated server.
const MAX_FRAME: usize = 8 << 20;
/// How long a session outlives its last answer.
const GRACE: u64 = 15_000;

/// The server's side of one tunnel.
#[derive(Debug, Default)]
pub struct TunnelEnd {
    host: usize,
    session: Session,
    answers: BTreeMap<FetchId, Answer>,
    heard: u64,
}

/// An answer that is being given.
#[derive(Debug, Default)]
struct Answer {
    cursor: Cursor,
    /// What the client has not asked for.
    waiting: Vec<u8>,
    /// Asked, and there was nothing.
    wanted: bool,
    ended: bool,
}

/// What happens where WebSockets are blocked.
#[derive(Debug)]
pub enum TunnelHappening {
    /// A WebSocket is refused before it opens.
    Blocked { host: usize, boot: u64, socket: SocketId },
    /// Something happens to a request.
    Http { host: usize, boot: u64, fetch: FetchId, happening: HttpHappening },
    /// Nobody has read a session for as long as it waits.
    Abandoned { link: LinkId, heard: u64 },
}

/// What happens to a request.
#[derive(Debug)]
pub enum HttpHappening {
    /// It arrives.
    Arrives { url: String, received: u64, body: Option<Vec<u8>>, answered: bool },
    /// Something of its answer arrives.
    Answer(FetchInput),
}

impl World {
    pub(super) fn on_fetch_output(
        &mut self,
        host: usize,
        boot: u64,
        fetch: FetchId,
        output: FetchOutput,
    ) {
        match output {
            FetchOutput::Send { url, headers, body, .. } => {
                let received = headers.iter().find(|(name, _)| name == "last-event-id");
                let received = received.and_then(|(_, id)| id.parse().ok()).unwrap_or(0);
                let bad = self.net.bad_relay;
                let (lost, unheard) = (self.rng.u32(0..100) < bad, self.rng.u32(0..100) < bad);
                let at = self.now + self.net.delay(&mut self.rng);
                if lost {
                    return self.answer(host, boot, fetch, failed());
                }
                let arrives = HttpHappening::Arrives { url, received, body, answered: !unheard };
                self.later(
                    at,
                    Happening::Tunnel(TunnelHappening::Http {
                        host,
                        boot,
                        fetch,
                        happening: arrives,
                    }),
                );
            }
            FetchOutput::Read => {
                if let Some(answer) = self.answer_of(host, fetch) {
                    answer.wanted = true;
                }
                self.flow(host, boot, fetch);
            }
            FetchOutput::Abort => {
                for end in self.tunnels.values_mut().filter(|end| end.host == host) {
                    end.answers.remove(&fetch);
                }
            }
            FetchOutput::Open { .. } => unreachable!("rooms make no requests of the app"),
        }
    }

    pub(super) fn on_tunnel(&mut self, happening: TunnelHappening) {
        match happening {
            TunnelHappening::Blocked { host, boot, socket } => {
                let code = 1006;
                let input = SocketInput::Closed { code, reason: String::new(), clean: false };
                if self.tab(host, boot).is_some() {
                    self.feed(host, Input::Socket(socket, input));
                }
            }
            TunnelHappening::Http { host, boot, fetch, happening } => {
                self.on_http(host, boot, fetch, happening);
            }
            TunnelHappening::Abandoned { link, heard } => self.on_abandoned(link, heard),
        }
    }

    fn on_http(&mut self, host: usize, boot: u64, fetch: FetchId, happening: HttpHappening) {
        match happening {
            HttpHappening::Answer(input) => {
                if self.tab(host, boot).is_some() {
                    self.feed(host, Input::Fetch(fetch, input));
                }
            }
            HttpHappening::Arrives { url, received, body, answered } => {
                if self.server.hub.is_none() {
                    return self.answer(host, boot, fetch, failed());
                }
                let session = url.split("tunnel=").nth(1).unwrap_or_default();
                let session = session.split('&').next().unwrap_or_default().parse().ok();
                if session.is_some_and(|link| self.is_silent(link)) {
                    return;
                }
                match (session, body) {
                    (Some(link), Some(body)) => {
                        let status = self.take_body(host, link, body.into());
                        let response = FetchInput::Response { status, headers: Vec::new() };
                        let input = if answered { response } else { failed() };
                        self.answer(host, boot, fetch, input);
                    }
                    (link, _) => self.give_events(host, boot, fetch, link, received),
                }
            }
        }
    }

    fn take_body(&mut self, host: usize, link: LinkId, body: Bytes) -> u16 {
        let now = self.now;
        let Some(end) = self.tunnels.get_mut(&link) else { return 410 };
        end.heard = now;
        let Ok(taken) = end.session.take(&body, MAX_FRAME) else { return 409 };
        let member = MemberId(link);
        if taken.frames.is_empty() {
            self.feed_server(HubInput::Heard { member });
        }
        for bytes in taken.frames {
            self.check_wire(host, link, &bytes);
            self.feed_server(HubInput::Frame { member, bytes });
        }
        if taken.closed {
            self.end_tunnel(link);
        }
        204
    }

    fn give_events(
        &mut self,
        host: usize,
        boot: u64,
        fetch: FetchId,
        link: Option<LinkId>,
        received: u64,
    ) {
        let now = self.now;
        let resumed = link.is_some();
        let link = link.unwrap_or_else(|| {
            let link = self.net.open(host, boot, SocketId(0));
            self.tunnels.insert(link, TunnelEnd { host, ..TunnelEnd::default() });
            link
        });
        let confirmed = self.tunnels.get_mut(&link).is_some_and(|end| {
            end.heard = now;
            end.session.confirm(received)
        });
        if !confirmed {
            let response = FetchInput::Response { status: 410, headers: Vec::new() };
            return self.answer(host, boot, fetch, response);
        }
        let kind = ("content-type".to_owned(), "text/event-stream".to_owned());
        let response = FetchInput::Response { status: 200, headers: vec![kind] };
        self.answer(host, boot, fetch, response);
        let open = format!("event:open\ndata:{link}\n\n").into_bytes();
        let waiting = if resumed { Vec::new() } else { open };
        let answer = Answer { cursor: Cursor::behind(received), waiting, ..Answer::default() };
        if let Some(end) = self.tunnels.get_mut(&link) {
            end.answers.insert(fetch, answer);
        }
        if !resumed {
            if let Some(link) = self.net.links.get_mut(&link) {
                link.joined = true;
            }
            let outputs = self.server.join(self.now, link, Permission::Write);
            self.perform_server(outputs);
        }
        self.write_events(link);
    }

    pub(super) fn push_down(&mut self, link: LinkId, frame: Bytes) {
        if let Some(end) = self.tunnels.get_mut(&link) {
            end.session.push(frame);
        }
        self.write_events(link);
    }

    pub(super) fn close_tunnel(&mut self, link: LinkId, code: u16, reason: &str) {
        if let Some(end) = self.tunnels.get_mut(&link) {
            end.session.close(code, reason);
        }
        self.write_events(link);
    }

    /// Gives what is new to every answer; one in ten ends there, as behind a proxy that polls.
    fn write_events(&mut self, link: LinkId) {
        let ends = self.rng.u32(0..10) == 0;
        let Some(end) = self.tunnels.get_mut(&link) else { return };
        for answer in end.answers.values_mut().filter(|answer| !answer.ended) {
            // Whole frames: none is ever lost halfway.
            let Ok((events, closes)) = end.session.events(&mut answer.cursor, usize::MAX) else {
                answer.ended = true;
                continue;
            };
            answer.waiting.extend(events.as_bytes());
            answer.ended = ends || closes;
        }
        let Some((host, boot)) = self.net.links.get(&link).map(|link| (link.host, link.boot))
        else {
            return;
        };
        let fetches: Vec<FetchId> = end.answers.keys().copied().collect();
        for fetch in fetches {
            self.flow(host, boot, fetch);
        }
    }

    /// What was asked for and is there goes down.
    fn flow(&mut self, host: usize, boot: u64, fetch: FetchId) {
        let Some(answer) = self.answer_of(host, fetch).filter(|answer| answer.wanted) else {
            return;
        };
        let input = if !answer.waiting.is_empty() {
            FetchInput::Chunk(std::mem::take(&mut answer.waiting))
        } else if answer.ended {
            FetchInput::End
        } else {
            return;
        };
        answer.wanted = false;
        self.answer(host, boot, fetch, input);
    }

    fn answer(&mut self, host: usize, boot: u64, fetch: FetchId, input: FetchInput) {
        let at = self.now + self.net.delay(&mut self.rng);
        let happening = HttpHappening::Answer(input);
        self.later(at, Happening::Tunnel(TunnelHappening::Http { host, boot, fetch, happening }));
    }

    /// Every answer of a tunnel breaks off; its session waits for the client.
    pub(super) fn cut_tunnel(&mut self, link: LinkId) {
        let Some((host, boot)) = self.net.links.get(&link).map(|link| (link.host, link.boot))
        else {
            return;
        };
        let Some(end) = self.tunnels.get_mut(&link) else { return };
        end.heard = self.now;
        for fetch in std::mem::take(&mut end.answers).into_keys() {
            self.answer(host, boot, fetch, failed());
        }
        self.later(
            self.now + GRACE,
            Happening::Tunnel(TunnelHappening::Abandoned { link, heard: self.now }),
        );
    }

    fn on_abandoned(&mut self, link: LinkId, heard: u64) {
        if self.tunnels.get(&link).is_some_and(|end| end.heard == heard) {
            self.end_tunnel(link);
        }
    }

    pub(super) fn crash_tunnels(&mut self) {
        let links: Vec<LinkId> = self.tunnels.keys().copied().collect();
        for link in links {
            self.cut_tunnel(link);
            self.tunnels.remove(&link);
            self.net.links.remove(&link);
        }
    }

    fn end_tunnel(&mut self, link: LinkId) {
        self.cut_tunnel(link);
        self.tunnels.remove(&link);
        if self.net.links.remove(&link).is_some() {
            self.feed_server(HubInput::Leave { member: MemberId(link) });
        }
    }

    fn is_silent(&self, link: LinkId) -> bool {
        self.net.links.get(&link).is_some_and(|link| link.health == Health::Silent)
    }

    /// Nothing comes down a link that went silent.
    fn answer_of(&mut self, host: usize, fetch: FetchId) -> Option<&mut Answer> {
        let links = &self.net.links;
        let loud = |link: &LinkId| links.get(link).is_some_and(|l| l.health == Health::Good);
        let mut ends = self.tunnels.iter_mut().filter(|(_, end)| end.host == host);
        ends.find_map(|(link, end)| end.answers.get_mut(&fetch).filter(|_| loud(link)))
    }
}

fn failed() -> FetchInput {
    FetchInput::Failed { message: String::new() }
}
