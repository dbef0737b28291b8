//! The paths to peers beside the link to the server: one for each peer link that carries this document.
//!
//! ```text
//!              pathUp                they asked         they answered
//!   (nothing) ───────► Opening ──────────────► Pushed ───────────────► Streaming ──► check, when quiet or in doubt
//!                         │ they answered                                ▲                │ they have other content
//!                         └───────► Answered ──── they asked ────────────┘ ◄──── asked ───┘
//! ```
//!
//! A path has its own handshake, marks and timers; log, gate and document are the room's. Which frame goes to whom is
//! decided in [`spread`](super::spread).

mod commands;
mod election;
mod frames;
mod marks;
mod pace;
mod presence;
mod review;
mod sync;
mod timers;

use super::session::Session;
use super::strikes::Strikes;
use crate::config::PathMode;
use crate::doc::DocHost;
use crate::ordered::OrderedMap;
use crate::protocol::peer::Hello;
use crate::time::Instant;
use marks::Marks;
use pace::Pace;

/// Most paths of a room.
const MAX_PATHS: usize = 32;
/// Most neighbours of a peer that are remembered, and the longest name of one; what is beyond costs bytes only.
const MAX_NEIGHBOURS: usize = 256;
const MAX_NAME: usize = 128;

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A client of our own kind.
    Ours,
    /// One that knows y-sync and awareness only, as y-webrtc does.
    Stock {
        /// Largest frame it takes, in bytes.
        limit: usize,
    },
}

/// One path.
#[derive(Debug)]
struct Path {
    instance: String,
    dialect: Dialect,
    /// Down until one of the two wants the document to go this way.
    session: Session<()>,
    /// The document does not need this way now (see [`PathMode::ServerFirst`]), or may not go it: nothing is sent unasked.
    resting: bool,
    /// Number that tells this end of the path from those before it.
    epoch: u64,
    /// What the peer said of itself last.
    hello: Option<Hello>,
    /// Instances that it has paths to, sorted.
    neighbours: Vec<String>,
    strikes: Strikes,
    marks: Marks,
    pace: Pace,
    /// Of its neighbours with a server we are the one to forward its updates there.
    elected: bool,
    /// The server's updates are forwarded to it.
    fed: bool,
    /// We said what we have, and ask back if we are asked.
    checking: bool,
    /// It said that it has something else, and we asked: nothing is confirmed before the answer.
    wanting: bool,
    /// Since when one of its updates waits for a missing one.
    held_since: Option<Instant>,
}

/// What peers are told of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    client: u64,
    server: bool,
}

/// Which way the document goes beside the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flow {
    /// Either way.
    #[default]
    Both,
    /// We take and do not give: the server lets us only read.
    In,
    /// Neither, before the app has decided about the server's new epoch.
    Neither,
}

/// All paths of a room.
#[derive(Debug)]
pub(super) struct Paths {
    mode: PathMode,
    flow: Flow,
    paths: OrderedMap<u32, Path>,
    /// What peers were told last.
    told: Option<Standing>,
    /// Something changed that decides who forwards what.
    stale: bool,
    /// Whether what we write goes to the server from here.
    leading: bool,
    /// When the own presence is shown to all again.
    share_at: Option<Instant>,
    /// When its clock moved last, for peers that take a clock that stands for absence.
    renewed_at: Option<Instant>,
}

impl Paths {
    pub(super) fn new(mode: PathMode) -> Self {
        Self {
            mode,
            flow: Flow::default(),
            paths: OrderedMap::new(),
            told: None,
            stale: false,
            leading: true,
            share_at: None,
            renewed_at: None,
        }
    }

    pub(super) fn mode(&self) -> PathMode {
        self.mode
    }

    /// Whether the document is taken from others than the server.
    pub(super) fn takes(&self) -> bool {
        self.flow != Flow::Neither
    }

    /// From now on the document goes this way; `false` if it did.
    pub(super) fn turn(&mut self, flow: Flow) -> bool {
        let turned = std::mem::replace(&mut self.flow, flow) != flow;
        self.stale |= turned;
        turned
    }

    /// Peers that updates may be streamed to.
    pub(super) fn streaming(&self) -> Vec<u32> {
        self.select(|_, path| path.may_stream())
    }

    /// Those of them that lack what came over the path `source`: not the source itself, nor who has a path to it.
    pub(super) fn lacking(&self, source: u32) -> Vec<u32> {
        let origin = self.paths.get(&source).map(|path| &path.instance);
        self.select(|id, path| {
            let knows = origin.is_some_and(|origin| path.neighbours.binary_search(origin).is_ok());
            id != source && !knows && path.may_stream()
        })
    }

    /// Those of them that have no server and count on us.
    pub(super) fn fed(&self) -> Vec<u32> {
        self.select(|_, path| path.fed && path.may_stream())
    }

    /// How many peers carry the document, and how many of them have confirmed everything of ours.
    pub(super) fn counts(&self) -> (u32, u32) {
        let of = self.select(|_, path| !path.resting).len();
        let synced = self.select(|_, path| path.is_synced()).len();
        (count(synced), count(of))
    }

    /// Whether a peer has confirmed everything of ours.
    pub(super) fn is_synced(&self, path: u32) -> bool {
        self.paths.get(&path).is_some_and(Path::is_synced)
    }

    /// An update or a diff is on its way to these.
    pub(super) fn note_content(&mut self, now: Instant, to: &[u32]) {
        for id in to {
            if let Some(path) = self.paths.get_mut(id) {
                path.pace.note_traffic(now);
                if path.is_ours() {
                    path.marks.note_content(now);
                }
            }
        }
    }

    /// Whether a frame of this size may go to a peer; else the limit, and that peer lacks something from now on.
    pub(super) fn admit(&mut self, path: u32, size: usize) -> Result<(), usize> {
        let Some(path) = self.paths.get_mut(&path) else { return Ok(()) };
        path.strikes.admit(size).inspect_err(|_| path.strikes.note_withheld())
    }

    /// What was refused of peers may have come in another way.
    pub(super) fn review_refused(&mut self, doc: &impl DocHost) {
        self.paths.values_mut().for_each(|path| path.strikes.review(doc));
    }

    /// Whether at the other end of a path is a client of our own kind.
    pub(super) fn is_ours(&self, path: u32) -> bool {
        self.paths.get(&path).is_none_or(Path::is_ours)
    }

    fn select(&self, wanted: impl Fn(u32, &Path) -> bool) -> Vec<u32> {
        let wanted = self.paths.iter().filter(|(id, path)| wanted(**id, path));
        wanted.map(|(id, _)| *id).collect()
    }

    fn ids(&self) -> Vec<u32> {
        self.paths.keys().copied().collect()
    }
}

impl Path {
    fn is_ours(&self) -> bool {
        self.dialect == Dialect::Ours
    }

    /// Whether live updates may be sent.
    fn may_stream(&self) -> bool {
        self.session.may_stream() && !self.resting
    }

    /// Whether it is known to have no server; stock peers are taken to have none.
    fn lacks_server(&self) -> bool {
        self.hello.is_some_and(|hello| !hello.server) || !self.is_ours()
    }

    fn is_synced(&self) -> bool {
        let confirmed = self.marks.is_done() || !self.is_ours();
        self.session.is_complete() && !self.resting && confirmed && !self.strikes.lacks()
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
