//! Streams and sockets without documents: routes inputs and commands to each, outputs and events to the driver.

mod event;

use std::collections::VecDeque;

pub use event::{LinkEvent, LinkEventKind};

use crate::io::{Input, Output};
use crate::machine::Machine;
use crate::page::Page;
use crate::time::{Deadline, Instant};

/// One running set of links. Each has a number.
#[derive(Debug, Default)]
pub struct Links {
    page: Page,
    outputs: VecDeque<Output<LinkEvent>>,
}

impl Links {
    /// No links yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets go of a link: nothing more is heard of it.
    pub fn leave(&mut self, _now: Instant, link: u32) {
        self.outputs.retain(|output| !matches!(output, Output::Event(event) if event.link == link));
    }

    /// Lets go of all links.
    pub fn close(&mut self, _now: Instant) {
        self.outputs.clear();
    }
}

impl Machine for Links {
    type Event = LinkEvent;

    fn handle_input(&mut self, _now: Instant, input: Input) {
        if let Input::Environment(environment) = input {
            self.page.note(environment);
        }
    }

    fn poll_output(&mut self) -> Option<Output<LinkEvent>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}
