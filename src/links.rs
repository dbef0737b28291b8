//! Streams and sockets without documents: routes inputs and commands to each, outputs and events to the driver.

mod event;
mod streams;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use event::{LinkEvent, LinkEventKind};
use fastrand::Rng;

use crate::io::{Input, Output};
use crate::machine::Machine;
use crate::ordered::OrderedMap;
use crate::page::Page;
use crate::stream::Stream;
use crate::time::{Deadline, Instant};

/// One running set of links. Each has a number.
#[derive(Debug)]
pub struct Links {
    rng: Rng,
    /// Last number given to a link, a request or a question.
    last_id: u32,
    page: Page,
    streams: OrderedMap<u32, Stream>,
    outputs: VecDeque<Output<LinkEvent>>,
}

impl Links {
    /// No links yet. `seed` is the source of all randomness.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            last_id: 0,
            page: Page::default(),
            streams: OrderedMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Lets go of a link: nothing more is heard of it.
    pub fn leave(&mut self, now: Instant, link: u32) {
        self.leave_stream(now, link);
        self.outputs.retain(|output| !matches!(output, Output::Event(event) if event.link == link));
    }

    /// Lets go of all links.
    pub fn close(&mut self, now: Instant) {
        let streams: Vec<u32> = self.streams.iter().map(|(link, _)| *link).collect();
        streams.into_iter().for_each(|link| self.leave(now, link));
    }
}

impl Machine for Links {
    type Event = LinkEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Timeout => self.streams_time_out(now),
            Input::Environment(environment) => {
                self.page.note(environment);
                self.streams_hear(now, environment);
            }
            Input::Fetch(id, input) => self.stream_fetch(now, id, input),
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output<LinkEvent>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.streams_deadline()
    }
}
