//! One event of a stream, before it becomes bytes.

use axum::response::sse::Event;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where a client goes on that has had this event.
    pub(super) id: Option<u64>,
    /// Its type; `None`: `message`.
    pub(super) event: Option<&'static str>,
    /// What it carries; no carriage returns.
    pub(super) data: String,
}

impl From<Frame> for Event {
    fn from(Frame { id, event, data }: Frame) -> Self {
        let mut made = Self::default();
        if let Some(id) = id {
            made = made.id(id.to_string());
        }
        if let Some(event) = event {
            made = made.event(event);
        }
        made.data(data)
    }
}
