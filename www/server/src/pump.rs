//! Runs the hub: one task owns it, takes inputs from sockets and storage, and performs its outputs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rejoin::time::Instant;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::SocketConfig;
use crate::hub::{
    Counters, Hub, HubConfig, HubInput, HubOutput, MemberId, Notice, Permission, RoomName, close,
};
use crate::outbox::{End, Outbox, is_answer};
use crate::store::worker::{Task, Worker};
use crate::store::{Records, Storage, Store, StoreError};
use crate::unread::{Full, Patience, Unread};

/// What a frame weighs beside its bytes.
const FRAME: usize = 256;
/// How often the clock is compared with the hub's, and how far it may be off, in milliseconds.
const CLOCK_CHECK: Duration = Duration::from_secs(60);
const MAX_DRIFT: u64 = 2_000;

/// What the hub's task is told.
#[derive(Debug)]
enum Letter {
    Input(HubInput),
    /// What means the same however often it is said.
    Sign(HubInput, Sign),
    /// A frame, with the share of the inbound budget it holds until it was handled.
    Frame(HubInput, OwnedSemaphorePermit),
    Join(MemberId, RoomName, Permission, Arc<Outbox>),
    HasSpace(RoomName, oneshot::Sender<bool>),
    Health(oneshot::Sender<Health>),
    Sockets(RoomName, SocketOrder, oneshot::Sender<usize>),
    Stop(oneshot::Sender<()>),
}

/// Whether such an input waits for the hub already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sign(Arc<AtomicBool>);

/// What the demo does to the sockets of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketOrder {
    /// Cut them without a close frame.
    Cut,
    /// Play dead for a while.
    Stall(Duration),
}

/// State of the server, for `/health`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Milliseconds since the start.
    pub uptime: u64,
    /// Rooms in memory.
    pub rooms: usize,
    /// Members of all rooms.
    pub members: usize,
    /// Those of them that come over HTTP.
    pub tunnels: usize,
    /// Whether the disk takes anything. Where it does not, no room takes edits.
    pub storage: Storage,
    /// What was seen so far.
    pub counters: Counters,
}

/// The way to the hub's task.
#[derive(Clone, Debug)]
pub(crate) struct HubHandle {
    letters: mpsc::UnboundedSender<Letter>,
    inbound: Arc<Semaphore>,
    max_inbound: usize,
    last_member: Arc<AtomicU64>,
}

impl HubHandle {
    /// Starts the hub's task and the storage thread.
    pub(crate) fn start(
        mut config: HubConfig,
        store: Store,
        socket: SocketConfig,
    ) -> Result<Self, StoreError> {
        config.epoch = store.epoch()?;
        let (letters, inbox) = mpsc::unbounded_channel();
        let answers = letters.clone();
        let worker = Worker::start(store, move |answer| {
            let _ = answers.send(Letter::Input(answer));
        })?;
        let start = tokio::time::Instant::now();
        config.wall_origin = wall_clock();
        let patience = Patience { least: socket.unread_patience, pace: socket.unread_pace };
        let unread = Unread::new(socket.max_unread, patience);
        let (hub, sockets) = (Hub::new(config), BTreeMap::new());
        let pump = Pump { hub, worker, sockets, unread, start, clock: wall_clock };
        tokio::spawn(pump.run(inbox));
        Ok(Self::new(letters, socket.max_inbound))
    }

    fn new(letters: mpsc::UnboundedSender<Letter>, max_inbound: usize) -> Self {
        let inbound = Arc::new(Semaphore::new(max_inbound));
        Self { letters, inbound, max_inbound, last_member: Arc::default() }
    }

    /// Lets a new socket join a room.
    pub(crate) fn join(
        &self,
        room: RoomName,
        permission: Permission,
        outbox: Arc<Outbox>,
    ) -> MemberId {
        let member = MemberId(self.last_member.fetch_add(1, Ordering::Relaxed));
        self.send(Letter::Join(member, room, permission, outbox));
        member
    }

    /// Hands a frame over; waits while too much of all clients waits already.
    pub(crate) async fn frame(&self, member: MemberId, bytes: Bytes) {
        let length = bytes.len();
        self.share(length, HubInput::Frame { member, bytes }).await;
    }

    /// Hands a frame over of a client to which a large answer is on its way.
    pub(crate) async fn frame_meanwhile(&self, member: MemberId, bytes: Bytes) {
        let length = bytes.len();
        self.share(length, HubInput::Meanwhile { member, bytes }).await;
    }

    async fn share(&self, length: usize, input: HubInput) {
        let share = (length + FRAME).min(self.max_inbound);
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        if let Ok(permit) = self.inbound.clone().acquire_many_owned(share).await {
            self.send(Letter::Frame(input, permit));
        }
    }

    /// Hands an input over, unless the same waits already.
    pub(crate) fn sign(&self, sign: &Sign, input: HubInput) {
        if !sign.0.swap(true, Ordering::AcqRel) {
            self.send(Letter::Sign(input, sign.clone()));
        }
    }

    /// Hands anything else over.
    pub(crate) fn input(&self, input: HubInput) {
        self.send(Letter::Input(input));
    }

    /// Whether a socket may join a room now.
    pub(crate) async fn has_space(&self, room: RoomName) -> bool {
        self.ask(|reply| Letter::HasSpace(room, reply)).await.unwrap_or(false)
    }

    /// State of the server.
    pub(crate) async fn health(&self) -> Option<Health> {
        self.ask(Letter::Health).await
    }

    /// Does something to all sockets of a room; says to how many.
    pub(crate) async fn order(&self, room: RoomName, order: SocketOrder) -> usize {
        self.ask(|reply| Letter::Sockets(room, order, reply)).await.unwrap_or(0)
    }

    /// Closes every socket and waits until everything is on disk.
    pub(crate) async fn stop(&self) {
        let _ = self.ask(Letter::Stop).await;
    }

    fn send(&self, letter: Letter) {
        if self.letters.send(letter).is_err() {
            tracing::debug!("the hub has stopped");
        }
    }

    async fn ask<T>(&self, letter: impl FnOnce(oneshot::Sender<T>) -> Letter) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.send(letter(reply));
        answer.await.ok()
    }
}

#[derive(Debug)]
struct Pump {
    hub: Hub,
    worker: Worker,
    sockets: BTreeMap<MemberId, (RoomName, Arc<Outbox>)>,
    unread: Unread,
    start: tokio::time::Instant,
    clock: fn() -> u64,
}

impl Pump {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Letter>) {
        let mut stop = None;
        let mut checks = interval(CLOCK_CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !(stop.is_some() && self.hub.is_stopped()) {
            let deadline = self.hub.poll_timeout().map(|deadline| deadline.at);
            tokio::select! {
                letter = inbox.recv() => match letter {
                    Some(Letter::Stop(reply)) => {
                        stop = Some(reply);
                        self.handle(HubInput::Shutdown);
                    }
                    Some(letter) => self.open(letter),
                    None => break,
                },
                () = self.sleep_until(deadline) => self.handle(HubInput::Timeout),
                _ = checks.tick() => self.check_clock(),
            }
        }
        let mut worker = self.worker;
        if tokio::task::spawn_blocking(move || worker.close()).await.is_err() {
            tracing::error!("storage could not be closed");
        }
        if let Some(stopped) = stop {
            let _ = stopped.send(());
        }
    }

    fn open(&mut self, letter: Letter) {
        match letter {
            Letter::Input(input) => {
                if let HubInput::Leave { member } = &input {
                    self.sockets.remove(member);
                }
                self.handle(input);
            }
            Letter::Frame(input, _permit) => self.handle(input),
            Letter::Sign(input, sign) => {
                sign.0.store(false, Ordering::Release);
                self.handle(input);
            }
            Letter::Join(member, room, permission, outbox) => {
                self.check_clock();
                self.sockets.insert(member, (room.clone(), outbox));
                self.handle(HubInput::Join { member, room, permission });
            }
            Letter::HasSpace(room, reply) => drop(reply.send(self.hub.has_space(&room))),
            Letter::Health(reply) => drop(reply.send(self.health())),
            Letter::Sockets(room, order, reply) => drop(reply.send(self.order(&room, order))),
            Letter::Stop(_) => {}
        }
    }

    /// The system's clock goes on while the machine sleeps, and is set by people.
    fn check_clock(&mut self) {
        let wall = (self.clock)();
        if self.hub.wall(self.now()).abs_diff(wall) > MAX_DRIFT {
            self.handle(HubInput::Clock { wall });
        }
    }

    /// One input, and a complete drain.
    fn handle(&mut self, input: HubInput) {
        self.hub.handle_input(self.now(), input);
        while let Some(output) = self.hub.poll_output() {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: HubOutput) {
        match output {
            HubOutput::Send { member, frame } => self.push(member, frame),
            HubOutput::Probe { member } => self.with_socket(member, Outbox::ping),
            HubOutput::Close { member, code, reason } => {
                self.with_socket(member, |outbox| outbox.end(End::Close { code, reason }));
                self.sockets.remove(&member);
            }
            HubOutput::Cut { member } => {
                self.with_socket(member, |outbox| outbox.end_now(End::Cut));
                self.sockets.remove(&member);
            }
            HubOutput::Load { room, ticket } => self.worker.ask(Task::Load(room, ticket)),
            HubOutput::Store { room, ticket, updates, messages, first } => {
                self.worker.ask(Task::Append(room, ticket, Records { updates, messages, first }));
            }
            HubOutput::Compact { room, ticket, snapshot, content } => {
                self.worker.ask(Task::Compact(room, ticket, snapshot, content));
            }
            HubOutput::SetAside { room, key } => self.worker.ask(Task::SetAside(room, key)),
            HubOutput::Notice(notice) => tell(&notice),
        }
    }

    /// Answers are large, and slow clients many: what they have not read is bounded for all of them together. What several are told is in
    /// memory once.
    fn push(&mut self, member: MemberId, frame: Bytes) {
        let Some((_, outbox)) = self.sockets.get(&member) else { return };
        if !is_answer(&frame) && !frame.is_unique() {
            return outbox.push(frame);
        }
        match self.unread.hold(frame.len(), outbox, tokio::time::Instant::now()) {
            Ok(hold) => outbox.push_held(frame, hold),
            Err(Full) => {
                tracing::warn!("too much waits for clients that read slowly: one is sent away");
                let (code, reason) = (close::TRY_LATER, close::BUSY.to_owned());
                outbox.end_now(End::Close { code, reason });
            }
        }
    }

    fn with_socket(&self, member: MemberId, act: impl FnOnce(&Outbox)) {
        if let Some((_, outbox)) = self.sockets.get(&member) {
            act(outbox);
        }
    }

    fn order(&self, room: &RoomName, order: SocketOrder) -> usize {
        let sockets = self.sockets.values().filter(|(at, _)| at == room);
        let done = sockets.map(|(_, outbox)| match order {
            SocketOrder::Cut => outbox.end_now(End::Cut),
            SocketOrder::Stall(time) => outbox.stall(time),
        });
        done.count()
    }

    fn health(&self) -> Health {
        let (rooms, members) = (self.hub.rooms(), self.hub.members());
        let (uptime, counters) = (self.now().as_millis(), self.hub.counters());
        Health { uptime, rooms, members, tunnels: 0, storage: self.worker.storage(), counters }
    }

    fn now(&self) -> Instant {
        Instant::from_millis(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep_until(&self, deadline: Option<Instant>) {
        match deadline {
            Some(at) => tokio::time::sleep(Duration::from_millis(at.since(self.now()))).await,
            None => std::future::pending().await,
        }
    }
}

/// Milliseconds since 1970. The hub counts on from there.
#[expect(clippy::disallowed_methods, reason = "the shell reads the clock for the hub")]
fn wall_clock() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn tell(notice: &Notice) {
    match notice {
        Notice::RecordSetAside { .. } | Notice::RoomFailed { .. } => tracing::error!("{notice}"),
        _ => tracing::warn!("{notice}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::outbox::Next;

    /// What a hub that does nothing was told.
    pub(crate) struct Idle(mpsc::UnboundedReceiver<Letter>);

    impl Idle {
        pub(crate) fn start(max_inbound: usize) -> (HubHandle, Self) {
            let (letters, inbox) = mpsc::unbounded_channel();
            (HubHandle::new(letters, max_inbound), Self(inbox))
        }

        pub(crate) fn waiting(&self) -> usize {
            self.0.len()
        }

        /// The last thing it was told, if that was an input.
        pub(crate) fn last_input(&mut self) -> Option<HubInput> {
            match std::iter::from_fn(|| self.0.try_recv().ok()).last()? {
                Letter::Input(input) | Letter::Sign(input, _) | Letter::Frame(input, _) => {
                    Some(input)
                }
                _ => None,
            }
        }
    }

    const MEMBER: MemberId = MemberId(1);

    #[test]
    fn small_frames_fill_the_inbox_too() {
        let (hub, idle) = Idle::start(10 * (FRAME + 1));
        let one_byte = || hub.frame(MEMBER, Bytes::from_static(b"x")).now_or_never();
        let taken = (0..100).filter(|_| one_byte().is_some()).count();
        assert_eq!((taken, idle.waiting()), (10, 10));
    }

    #[test]
    fn one_frame_above_the_bound_of_the_inbox_is_taken_alone() {
        let (hub, idle) = Idle::start(1_000);
        let large = || hub.frame(MEMBER, Bytes::from_static(&[0; 5_000])).now_or_never();
        assert!(large().is_some() && large().is_none());
        assert_eq!(idle.waiting(), 1);
    }

    #[tokio::test]
    async fn a_sign_of_life_waits_once_and_again_when_it_was_handled() {
        let (hub, mut idle) = Idle::start(1_000);
        let sign = Sign::default();
        let text = || hub.sign(&sign, HubInput::Text { member: MEMBER });
        (0..1_000).for_each(|_| text());
        assert_eq!(idle.waiting(), 1);
        let mut pump = pump(|| 0);
        pump.open(idle.0.recv().await.expect("a letter"));
        text();
        assert_eq!(idle.waiting(), 1);
    }

    #[tokio::test]
    async fn the_hub_follows_a_clock_that_was_set_and_one_that_went_on_while_the_machine_slept() {
        for clock in [|| 1_700_003_600_000, || 1_699_996_400_000] {
            let mut pump = pump(clock);
            pump.check_clock();
            assert!(pump.hub.wall(pump.now()).abs_diff(clock()) < MAX_DRIFT);
        }
        let mut pump = pump(|| 1_700_000_001_500);
        let before = pump.hub.wall(Instant::default());
        pump.check_clock();
        assert_eq!(
            pump.hub.wall(Instant::default()),
            before,
            "as clocks are corrected all the time"
        );
    }

    #[tokio::test]
    async fn what_one_alone_is_told_counts_as_unread_and_what_several_are_told_does_not() {
        let mut pump = pump(|| 0);
        let outboxes = [1, 2].map(|id| {
            let outbox = Arc::new(Outbox::new(1_000_000));
            pump.sockets.insert(MemberId(id), ("r".into(), Arc::clone(&outbox)));
            outbox
        });
        let large = || Bytes::from(vec![7; 100_000]);
        let shared = large();
        for id in [1, 2] {
            pump.push(MemberId(id), shared.clone());
            pump.push(MemberId(id), large());
        }
        let next =
            |outbox: &Outbox| std::iter::from_fn(|| outbox.take()).take(3).collect::<Vec<_>>();
        let [first, second] = outboxes.each_ref().map(|outbox| next(outbox));
        assert_eq!(first, [Next::Frame(shared.clone()), Next::Frame(shared)]);
        assert!(matches!(second.first(), Some(Next::End(End::Close { code: 1013, .. }))));
    }

    fn pump(clock: fn() -> u64) -> Pump {
        let config = HubConfig { wall_origin: 1_700_000_000_000, ..HubConfig::default() };
        let worker = Worker::start(Store::in_memory().expect("memory"), |_| ()).expect("a thread");
        let (hub, sockets) = (Hub::new(config), BTreeMap::new());
        let patience = Patience { least: Duration::ZERO, pace: 1 };
        let (unread, start) = (Unread::new(1_000, patience), tokio::time::Instant::now());
        Pump { hub, worker, sockets, unread, start, clock }
    }
}
