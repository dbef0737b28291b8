//! One session that is alive: between the outbox of a member and whoever reads its events.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::registry::Registry;
use super::session::{Cursor, Lost, Session, TakeError};
use crate::access::Permit;
use crate::guard::{Guard, Sentence};
use crate::hub::{RoomName, close};
use crate::line::Traffic;
use crate::outbox::{End, Next, Outbox, is_answer};
use crate::pump::HubHandle;
use crate::routes::Shared;
use crate::unread::LARGE;

/// How often it is checked whether the client is still there.
const CHECK: Duration = Duration::from_secs(1);
/// Requests of one session whose bodies are read, or handed over, at a time: each may hold as much as the largest frame.
const MOST_UPLOADS: usize = 3;
/// Answers of one session that are under way, all but the latest because their clients do not read.
const MOST_READERS: usize = 8;

/// One session.
#[derive(Debug)]
pub(crate) struct Live {
    name: String,
    room: RoomName,
    session: Mutex<Session>,
    /// One request at a time hands its frames over.
    up: tokio::sync::Mutex<()>,
    uploads: Arc<Semaphore>,
    guard: Guard,
    outbox: Arc<Outbox>,
    /// Counts what readers should look at.
    changes: watch::Sender<u64>,
    pings: AtomicU64,
    /// The latest reader; earlier ones end.
    reader: AtomicU64,
    readers: AtomicUsize,
    traffic: Traffic,
    gone: Notify,
    cut: AtomicBool,
    told_end: Notify,
    over: CancellationToken,
}

impl Live {
    /// Joins a room and starts what serves the session to its end.
    pub(crate) fn start(shared: &Shared, room: RoomName, permit: Permit) -> Option<Arc<Self>> {
        let name = Registry::fresh_name()?;
        let outbox = Arc::new(Outbox::new(shared.config.socket.max_waiting));
        let traffic = Traffic::default();
        let live = Arc::new(Self {
            name,
            room: room.clone(),
            session: Mutex::default(),
            up: tokio::sync::Mutex::default(),
            uploads: Arc::new(Semaphore::new(MOST_UPLOADS)),
            guard: Guard::new(shared, room, permit, Arc::clone(&outbox), traffic.clone()),
            outbox,
            changes: watch::Sender::new(0),
            pings: AtomicU64::new(0),
            reader: AtomicU64::new(0),
            readers: AtomicUsize::new(0),
            traffic,
            gone: Notify::new(),
            cut: AtomicBool::new(false),
            told_end: Notify::new(),
            over: CancellationToken::new(),
        });
        shared.tunnels.insert(&live);
        let served = serve(Arc::clone(&live), shared.clone());
        shared.sockets.spawn(served);
        Some(live)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn room(&self) -> &RoomName {
        &self.room
    }

    /// A client is back and has everything up to `received`. `false` if that cannot go on.
    pub(super) fn resume(&self, received: u64) -> bool {
        self.hear();
        let is_known = self.session().confirm(received);
        self.note_confirmed();
        is_known
    }

    /// Takes the body of a request, and hands what is new over, in order.
    pub(super) async fn take(
        &self,
        hub: &HubHandle,
        body: &Bytes,
        max_frame: usize,
    ) -> Result<(), TakeError> {
        self.hear();
        self.outbox.unstalled().await;
        let _order = self.up.lock().await;
        let taken = self.session().take(body, max_frame)?;
        self.note_confirmed();
        if taken.frames.is_empty() {
            self.guard.heard(hub);
        }
        for frame in taken.frames {
            if self.guard.frame(hub, frame).await == Sentence::End {
                break;
            }
        }
        if taken.closed {
            self.gone.notify_one();
        }
        Ok(())
    }

    fn note_confirmed(&self) {
        let session = self.session();
        if !session.kept().any(|frame| is_answer(frame)) {
            self.outbox.answered();
        }
        if !session.kept().any(|frame| frame.len() >= LARGE) {
            self.outbox.released();
        }
    }

    /// Takes what is next out of the outbox. A frame is kept in the same moment: no confirmation comes between the two.
    fn draw(&self, max_waiting: usize) -> Option<Next> {
        let mut session = self.session();
        let next = self.outbox.take();
        if let Some(Next::Frame(frame)) = &next {
            // One frame may be larger than the bound, as in the outbox, and others may wait behind it.
            let is_slow = session.waiting_bytes() > max_waiting;
            session.push(frame.clone());
            if is_slow {
                tracing::info!("a client reads too slowly and is sent away");
                let reason = close::BUSY.to_owned();
                self.outbox.end_now(End::Close { code: close::TRY_LATER, reason });
            }
        }
        next
    }

    /// Begins to take the body of a request; `None` while too many are being taken. A client has one under way, and one
    /// more where it gave up on the first before we heard of that.
    pub(super) fn begin_upload(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.uploads).try_acquire_owned().ok()
    }

    /// Whether one more may read events: earlier readers end, but one whose client takes nothing is not there to notice.
    pub(super) fn may_attach(&self) -> bool {
        self.readers.load(Ordering::Relaxed) < MOST_READERS
    }

    /// Begins to read events; the returned number is the reader's.
    pub(super) fn attach(&self) -> (u64, watch::Receiver<u64>) {
        self.readers.fetch_add(1, Ordering::Relaxed);
        let mine = self.reader.fetch_add(1, Ordering::Relaxed) + 1;
        let changes = self.changes.subscribe();
        self.change();
        (mine, changes)
    }

    pub(super) fn detach(&self) {
        self.readers.fetch_sub(1, Ordering::Relaxed);
        self.hear();
    }

    pub(super) fn is_latest(&self, reader: u64) -> bool {
        self.reader.load(Ordering::Relaxed) == reader
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub(super) fn pings(&self) -> u64 {
        self.pings.load(Ordering::Relaxed)
    }

    pub(super) fn events(&self, cursor: &mut Cursor, most: usize) -> Result<(String, bool), Lost> {
        self.session().events(cursor, most)
    }

    pub(super) fn told_end(&self) {
        self.told_end.notify_one();
    }

    /// Whether the session has ended, and nothing of it is left to read.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Waits until the session has ended.
    pub(super) async fn over(&self) {
        self.over.cancelled().await;
    }

    fn ping(&self) {
        self.pings.fetch_add(1, Ordering::Relaxed);
        self.change();
    }

    fn change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(super) fn hear(&self) {
        self.traffic.hear();
    }

    fn silent_for(&self) -> Duration {
        self.traffic.heard_at().elapsed()
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_lost(&self, ping: Duration, grace: Duration) -> bool {
        let unread = self.readers.load(Ordering::Relaxed) == 0;
        self.silent_for() > if unread { grace } else { ping * 2 }
    }
}

/// Serves a session to its end.
async fn serve(live: Arc<Live>, shared: Shared) {
    let told = tokio::select! {
        told = carry(&live, &shared) => told,
        () = live.guard.keep_term(&shared.hub) => false,
    };
    if told {
        let _ = timeout(shared.config.socket.last_words, live.told_end.notified()).await;
    }
    live.guard.leave(&shared.hub);
    live.over.cancel();
    // A reader whose client takes nothing keeps the rest alive.
    live.session().forget();
    shared.tunnels.remove(live.name());
}

/// Moves what waits for the member to where it is read. `true` when the client is to be told the end.
async fn carry(live: &Live, shared: &Shared) -> bool {
    let (ping, grace) = (shared.config.socket.ping, shared.config.tunnel.grace);
    let mut checks = interval(CHECK.min(grace));
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pings = interval(ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.tick().await;
    loop {
        live.outbox.unstalled().await;
        match live.draw(shared.config.socket.max_waiting) {
            Some(Next::Frame(_)) => live.change(),
            Some(Next::Ping) => live.ping(),
            Some(Next::End(End::Close { code, reason })) => {
                live.session().close(code, &reason);
                live.change();
                return true;
            }
            Some(Next::End(End::Cut)) => {
                live.cut.store(true, Ordering::Relaxed);
                live.change();
                return false;
            }
            None => tokio::select! {
                () = live.outbox.changed() => {}
                _ = pings.tick() => live.ping(),
                _ = checks.tick() => if live.is_lost(ping, grace) { return false },
                () = live.gone.notified() => return false,
            },
        }
    }
}
