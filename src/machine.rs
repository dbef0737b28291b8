//! What every core is to its driver: inputs in, outputs out, one deadline.

use crate::io::{Input, Output};
use crate::json::JsonText;
use crate::time::{Deadline, Instant, WallClock};

/// A sans-IO core. After every input and every command its outputs are drained completely.
pub trait Machine {
    /// What it tells the app.
    type Event: AppEvent;

    /// Takes one input.
    fn handle_input(&mut self, now: Instant, input: Input);

    /// Takes the next output, in order.
    fn poll_output(&mut self) -> Option<Output<Self::Event>>;

    /// When [`Input::Timeout`] is wanted next.
    fn poll_timeout(&self) -> Option<Deadline>;
}

/// Something for the app.
pub trait AppEvent {
    /// Writes it as one JSON object; moments become milliseconds since 1970.
    fn write(&self, json: &mut JsonText, wall: WallClock);

    /// Bytes that go beside the JSON, as the member `attachments`.
    fn attachments(&self) -> &[Vec<u8>] {
        &[]
    }
}
