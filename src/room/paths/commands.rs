//! What whoever owns the peer links tells the room: paths come and go.

use super::{Dialect, MAX_NAME, MAX_NEIGHBOURS, MAX_PATHS, Path};
use crate::connection::Context;
use crate::doc::{DocHost, Origin};
use crate::error::{ErrorCode, Misuse};
use crate::event::{EventKind, Problem};
use crate::ordered::OrderedMap;
use crate::room::paths::marks::Marks;
use crate::room::paths::pace::Pace;
use crate::room::session::Session;
use crate::room::strikes::Strikes;
use crate::room::{Room, RoomOutput};
use crate::time::Instant;

/// Numbers on the wire have 53 bits.
const EPOCHS: std::ops::RangeTo<u64> = ..1 << 53;

impl<D: DocHost> Room<D> {
    /// A peer link carries this document from now on. One of the same number is another one.
    ///
    /// # Errors
    /// [`ErrorCode::NotReady`] while the local copy is loading, [`ErrorCode::BufferFull`] beyond 32 paths,
    /// [`ErrorCode::InvalidArgument`] for an instance without a name or with one of more than 128 bytes.
    pub fn path_up(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        instance: &str,
        dialect: Dialect,
    ) -> Result<(), Misuse> {
        self.usable()?;
        if instance.is_empty() || instance.len() > MAX_NAME {
            let size = instance.len();
            let message = format!("the instance of a peer has 1 to {MAX_NAME} bytes; got {size}");
            return Err(Misuse::argument(message));
        }
        self.end_path(cx.now, path, false);
        if self.paths.paths.len() >= MAX_PATHS {
            let message = format!("a room takes {MAX_PATHS} paths; let another one down first");
            return Err(Misuse::new(ErrorCode::BufferFull, message));
        }
        let largest = match dialect {
            Dialect::Ours => usize::MAX,
            Dialect::Stock { limit } => limit,
        };
        let epoch = cx.rng.u64(EPOCHS);
        let fresh = Path {
            instance: instance.to_owned(),
            dialect,
            session: Session::Down,
            resting: true,
            epoch,
            hello: None,
            neighbours: Vec::new(),
            strikes: Strikes::new(self.config.max_send_frame.min(largest)),
            marks: Marks::new(epoch >> 1),
            pace: Pace::new(cx.now),
            elected: false,
            fed: false,
            checking: false,
            wanting: false,
            held_since: None,
        };
        self.paths.paths.insert(path, fresh);
        self.paths.stale = true;
        self.introduce(cx.now, path);
        self.settle(cx);
        Ok(())
    }

    /// The instances that a peer has paths to have changed: they need not be sent what it sends.
    ///
    /// # Errors
    /// As [`Room::path_up`].
    pub fn path_neighbours(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        instances: Vec<String>,
    ) -> Result<(), Misuse> {
        self.usable()?;
        if let Some(known) = self.paths.paths.get_mut(&path) {
            let mut neighbours = instances;
            neighbours.retain(|name| name.len() <= MAX_NAME);
            neighbours.truncate(MAX_NEIGHBOURS);
            neighbours.sort_unstable();
            let before = std::mem::replace(&mut known.neighbours, neighbours);
            let lost = before.iter().any(|name| known.neighbours.binary_search(name).is_err());
            self.paths.stale = true;
            // What was not forwarded because that neighbour would have sent it may never have come.
            if lost {
                self.check_path(cx.now, path);
            }
        }
        self.settle(cx);
        Ok(())
    }

    /// A peer link carries this document no more; `bye` if the peer said that it leaves the room.
    ///
    /// # Errors
    /// As [`Room::path_up`].
    pub fn path_down(&mut self, cx: &mut Context<'_>, path: u32, bye: bool) -> Result<(), Misuse> {
        self.usable()?;
        self.end_path(cx.now, path, bye);
        self.settle(cx);
        Ok(())
    }

    /// Lets go of everything that hangs on a path.
    pub(in crate::room) fn end_path(&mut self, now: Instant, path: u32, bye: bool) {
        if self.paths.paths.remove(&path).is_none() {
            return;
        }
        self.paths.stale = true;
        self.outgoing.forget_path(path);
        self.doc.forget_held(Origin::Path(path));
        let change = self.presence.handle_path_down(now, path, bye);
        self.tell_presence(change);
    }

    /// Ends all paths: the room is left.
    pub(in crate::room) fn end_paths(&mut self) {
        for path in self.paths.ids() {
            self.outgoing.forget_path(path);
        }
        self.paths.paths = OrderedMap::new();
    }

    /// A peer broke the protocol, or sent what the document refuses. The third time its path is given up.
    pub(in crate::room) fn strike_path(&mut self, now: Instant, path: u32, problem: Problem) {
        let Some(known) = self.paths.paths.get_mut(&path) else { return };
        let message = format!("peer {}: {}", known.instance, problem.message);
        let problem = Problem { message, ..problem };
        if known.strikes.strike(now) {
            self.drop_path(now, path, problem);
        } else {
            self.tell_problem(problem);
        }
    }

    /// Gives a path up: nothing is taken from it any more, the document is as it was.
    pub(super) fn drop_path(&mut self, now: Instant, path: u32, problem: Problem) {
        self.end_path(now, path, false);
        self.outputs.push_back(RoomOutput::Event(EventKind::Dropped { path, problem }));
    }
}
