//! Commands and inputs of streams.

use super::{LinkEvent, LinkEventKind, Links};
use crate::connection::{Context, EndpointFailure};
use crate::error::{ErrorCode, Misuse};
use crate::io::{EndpointRequest, Environment, FetchId, FetchInput, Output};
use crate::stream::{Stream, StreamAction, StreamConfig};
use crate::time::{Deadline, Instant};

impl Links {
    /// Opens a stream that waits for [`start_stream`](Self::start_stream), and returns its number.
    pub fn open_stream(&mut self, now: Instant, config: StreamConfig) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        let link = self.last_id;
        self.streams.insert(link, Stream::new(link, config));
        for environment in self.page.holding().to_vec() {
            self.on_stream(now, link, |stream, cx| stream.handle_environment(cx, environment));
        }
        link
    }

    /// Starts a stream, goes on after a pause or a failure, or tries again now; what has ended begins anew.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    pub fn start_stream(&mut self, now: Instant, link: u32) -> Result<(), Misuse> {
        self.change(now, link, Stream::start)
    }

    /// Goes on after [`disconnect_stream`](Self::disconnect_stream), though no sooner than the server wants to be asked again.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    pub fn resume_stream(&mut self, now: Instant, link: u32) -> Result<(), Misuse> {
        self.change(now, link, Stream::resume)
    }

    /// Ends a stream for good.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    pub fn stop_stream(&mut self, now: Instant, link: u32) -> Result<(), Misuse> {
        self.change(now, link, |stream, _| stream.stop())
    }

    /// Lets go of a stream's answer without ending it.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    pub fn disconnect_stream(&mut self, now: Instant, link: u32) -> Result<(), Misuse> {
        self.change(now, link, |stream, _| stream.disconnect())
    }

    /// The app has room for more.
    pub fn read_stream(&mut self, now: Instant, link: u32) {
        self.on_stream(now, link, |stream, cx| stream.read_more(cx));
    }

    /// The app found the end of a stream in what it read, or with a message an error.
    pub fn end_stream(&mut self, now: Instant, link: u32, error: Option<&str>) {
        self.on_stream(now, link, |stream, _| match error {
            Some(message) => stream.reject(message),
            None => stream.complete(),
        });
    }

    /// The app's answer to a `request` event.
    pub fn provide_stream(&mut self, now: Instant, link: u32, request: EndpointRequest, url: &str) {
        self.on_stream(now, link, |stream, cx| stream.provide(cx, request, url));
    }

    /// The app could not answer a `request` event.
    pub fn refuse_stream(
        &mut self,
        now: Instant,
        link: u32,
        request: EndpointRequest,
        failure: EndpointFailure,
        message: &str,
    ) {
        self.on_stream(now, link, |stream, cx| stream.refuse(cx, request, failure, message));
    }

    /// Lets go of a stream, if `link` is one.
    pub(super) fn leave_stream(&mut self, now: Instant, link: u32) {
        self.on_stream(now, link, |stream, _| stream.disconnect());
        self.streams.remove(&link);
    }

    pub(super) fn streams_hear(&mut self, now: Instant, environment: Environment) {
        self.all_streams(now, |stream, cx| stream.handle_environment(cx, environment));
    }

    pub(super) fn streams_time_out(&mut self, now: Instant) {
        self.all_streams(now, Stream::handle_timeout);
    }

    pub(super) fn stream_fetch(&mut self, now: Instant, id: FetchId, input: FetchInput) {
        let owner = self.streams.iter().find(|(_, stream)| stream.fetch() == Some(id));
        if let Some(link) = owner.map(|(link, _)| *link) {
            self.on_stream(now, link, |stream, cx| stream.handle_fetch(cx, id, input));
        }
    }

    pub(super) fn streams_deadline(&self) -> Option<Deadline> {
        let deadlines = self.streams.values().map(Stream::poll_timeout);
        deadlines.fold(None, Deadline::earliest)
    }

    fn change(
        &mut self,
        now: Instant,
        link: u32,
        change: impl FnOnce(&mut Stream, &mut Context<'_>),
    ) -> Result<(), Misuse> {
        let gone = || Misuse::new(ErrorCode::Disposed, "the stream has been closed");
        self.on_stream(now, link, change).ok_or_else(gone)
    }

    fn all_streams(&mut self, now: Instant, act: impl Fn(&mut Stream, &mut Context<'_>)) {
        let links: Vec<u32> = self.streams.iter().map(|(link, _)| *link).collect();
        for link in links {
            self.on_stream(now, link, &act);
        }
    }

    /// Changes a stream and drains it.
    fn on_stream(
        &mut self,
        now: Instant,
        link: u32,
        act: impl FnOnce(&mut Stream, &mut Context<'_>),
    ) -> Option<()> {
        let stream = self.streams.get_mut(&link)?;
        act(stream, &mut Context { now, rng: &mut self.rng, last_id: &mut self.last_id });
        while let Some(action) = stream.poll_action() {
            self.outputs.push_back(match action {
                StreamAction::Fetch(id, output) => Output::Fetch(id, output),
                StreamAction::Tell(event) => {
                    Output::Event(LinkEvent { link, kind: LinkEventKind::Stream(event) })
                }
            });
        }
        Some(())
    }
}
