//! The same herd with whole sockets: connected, cut off at once, refused while the server is down.

use std::collections::BTreeMap;

use fastrand::Rng;
use rejoin::connection::Context;
use rejoin::io::{SocketId, SocketInput, SocketOutput};
use rejoin::socket::Socket;
use rejoin::socket::event::Signal;
use rejoin::socket::options::SocketOptions;
use rejoin::time::Instant;
use serde_json::json;

use super::{CLIENTS, REFUSAL, peak};

/// When the server goes, in milliseconds: by then every link is proven.
const GONE: u64 = 60_000;

struct Client {
    socket: Socket,
    rng: Rng,
    last_id: u32,
    link: Option<SocketId>,
    timer: Option<u64>,
}

enum Happening {
    /// The server.
    Gone,
    Timer(u64),
    Socket(SocketId, SocketInput),
}

struct Herd {
    clients: Vec<Client>,
    queue: BTreeMap<(u64, u64), (usize, Happening)>,
    serial: u64,
    back: u64,
    attempts: u64,
    /// When clients were back, in milliseconds after the server was.
    returns: Vec<u64>,
}

impl Herd {
    fn new(outage: u64) -> Self {
        let options = SocketOptions::from_json(&json!({"url": "ws://server"})).expect("options");
        let clients = (0..CLIENTS).map(|seed| Client {
            socket: Socket::new(options.clone()),
            rng: Rng::with_seed(seed),
            last_id: 0,
            link: None,
            timer: None,
        });
        Self {
            clients: clients.collect(),
            queue: BTreeMap::new(),
            serial: 0,
            back: GONE + outage,
            attempts: 0,
            returns: Vec::new(),
        }
    }

    /// Runs until everybody is back, at most to this time.
    fn run(mut self, most: u64) -> Self {
        for client in 0..self.clients.len() {
            self.step(0, client, &mut |socket, cx| socket.connect(cx));
        }
        self.later(GONE, 0, Happening::Gone);
        while let Some(((at, _), (client, happening))) = self.queue.pop_first() {
            if at > most || self.returns.len() == self.clients.len() {
                break;
            }
            match happening {
                Happening::Gone => self.cut(),
                Happening::Timer(due) if self.clients[client].timer == Some(due) => {
                    self.step(at, client, &mut |socket, cx| socket.handle_timeout(cx));
                }
                Happening::Timer(_) => {}
                Happening::Socket(id, input) => {
                    if at >= self.back && matches!(input, SocketInput::Opened { .. }) {
                        self.returns.push(at - self.back);
                    }
                    let mut input = Some(input);
                    self.step(at, client, &mut |socket, cx| {
                        input
                            .take()
                            .into_iter()
                            .for_each(|input| socket.handle_socket(cx, id, input));
                    });
                }
            }
        }
        self
    }

    /// The server goes, and every socket with it.
    fn cut(&mut self) {
        for client in 0..self.clients.len() {
            if let Some(id) = self.clients[client].link {
                self.later(GONE + 1, client, Happening::Socket(id, closed()));
            }
        }
        self.attempts = 0;
    }

    fn step(&mut self, now: u64, index: usize, act: &mut dyn FnMut(&mut Socket, &mut Context<'_>)) {
        let client = &mut self.clients[index];
        let (rng, last_id) = (&mut client.rng, &mut client.last_id);
        act(&mut client.socket, &mut Context { now: Instant::from_millis(now), rng, last_id });
        let mut opening = None;
        while let Some(signal) = client.socket.poll_signal() {
            match signal {
                Signal::Socket(id, SocketOutput::Open { .. }) => opening = Some(id),
                Signal::Socket(_, SocketOutput::Close { .. } | SocketOutput::Abandon) => {
                    client.link = None;
                }
                _ => {}
            }
        }
        let due = client.socket.poll_timeout().map(|due| due.at.as_millis().max(now + 1));
        client.timer = due;
        if let Some(id) = opening {
            client.link = Some(id);
            self.attempts += 1;
            let there = now < GONE || now >= self.back;
            let input =
                if there { SocketInput::Opened { protocol: String::new() } } else { closed() };
            self.later(now + REFUSAL, index, Happening::Socket(id, input));
        }
        if let Some(due) = due {
            self.later(due, index, Happening::Timer(due));
        }
    }

    fn later(&mut self, at: u64, client: usize, happening: Happening) {
        self.serial += 1;
        self.queue.insert((at, self.serial), (client, happening));
    }
}

fn closed() -> SocketInput {
    SocketInput::Closed { code: 1006, reason: String::new(), clean: false }
}

#[test]
fn ten_thousand_sockets_come_back_spread_out_and_ask_seldom_meanwhile() {
    for (outage, limit, asked) in [(1_000, 0.10, 3), (30_000, 0.015, 9)] {
        let Herd { returns, attempts, .. } = Herd::new(outage).run(GONE + outage + 60_000);
        let last = returns.iter().max().copied().unwrap_or_default();
        println!(
            "outage {outage} ms: busiest 100 ms {:.2} %, last after {last} ms, {attempts} attempts",
            peak(&returns) * 100.0
        );
        assert_eq!(returns.len() as u64, CLIENTS, "everybody is back, once");
        assert!(peak(&returns) <= limit, "too many at once after {outage} ms: {}", peak(&returns));
        assert!(last <= 20_000 + 2 * REFUSAL, "a client came back only after {last} ms");
        assert!(attempts <= CLIENTS * asked, "{attempts} attempts in {outage} ms");
    }
}
