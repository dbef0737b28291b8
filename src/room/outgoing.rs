//! Frames that wait for the log, each with the record it waits for and the counterparts it is for.

use std::collections::VecDeque;

use super::persistence::Seq;

/// Whom a frame is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    /// The server.
    pub(super) server: bool,
    /// Peers, by the numbers of their paths.
    pub(super) paths: Vec<u32>,
}

impl Targets {
    pub(super) fn server() -> Self {
        Self { server: true, paths: Vec::new() }
    }

    pub(super) fn path(path: u32) -> Self {
        Self { server: false, paths: vec![path] }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.server && self.paths.is_empty()
    }
}

/// One frame.
#[derive(Debug)]
pub(super) struct Parcel {
    /// The record that must be committed first.
    pub(super) after: Seq,
    pub(super) frame: Vec<u8>,
    pub(super) to: Targets,
}

/// The waiting frames, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    queue: VecDeque<Parcel>,
}

impl Outgoing {
    pub(super) fn push(&mut self, after: Seq, frame: Vec<u8>, to: Targets) {
        self.queue.push_back(Parcel { after, frame, to });
    }

    /// The next frame whose record is committed, if `released` is.
    pub(super) fn pop(&mut self, released: Seq) -> Option<Parcel> {
        self.queue.pop_front_if(|parcel| parcel.after <= released)
    }

    /// Whether nothing waits that the server is to get.
    pub(super) fn is_server_done(&self) -> bool {
        !self.queue.iter().any(|parcel| parcel.to.server)
    }

    /// The link to the server is another one now.
    pub(super) fn forget_server(&mut self) {
        self.queue.iter_mut().for_each(|parcel| parcel.to.server = false);
        self.forget_done();
    }

    /// A path is gone, or carries nothing for a while; `true` if something waited for it.
    pub(super) fn forget_path(&mut self, path: u32) -> bool {
        let waited = self.queue.iter().any(|parcel| parcel.to.paths.contains(&path));
        self.queue.iter_mut().for_each(|parcel| parcel.to.paths.retain(|to| *to != path));
        self.forget_done();
        waited
    }

    fn forget_done(&mut self) {
        self.queue.retain(|parcel| !parcel.to.is_empty());
    }
}
