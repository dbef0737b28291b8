//! What stands between a client's frames and the hub: whether it may join, write, and still be there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rejoin::protocol::auth::Auth;
use rejoin::protocol::{FrameLimits, Message, Reader, decode, encode, tag};
use rejoin::time::Instant as Moment;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::access::{self, Permit};
use crate::config::Config;
use crate::hub::signaling::refusal;
use crate::hub::{HubInput, MemberId, Pace, Permission, RoomName, close};
use crate::line::Traffic;
use crate::outbox::{End, Outbox};
use crate::pump::{HubHandle, Sign};
use crate::routes::Shared;
use crate::users::{Link, Seat, Users};

/// How long a client that shows its token in its first message may take.
const FIRST_MESSAGE: Duration = Duration::from_secs(10);

/// Whether a client may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sentence {
    /// It may.
    Go,
    /// It was sent away.
    End,
}

/// Frames about tokens that a client may send in a second; more wait.
const TOKENS: u64 = 8;

/// Where a client is.
#[derive(Debug)]
enum Place {
    /// Here, with its share of what its user may have.
    Here(Option<Seat>),
    /// Gone for the hub, whatever still comes of it.
    Gone,
}

/// Guards one client.
#[derive(Debug)]
pub(crate) struct Guard {
    config: Arc<Config>,
    users: Users,
    room: RoomName,
    outbox: Arc<Outbox>,
    traffic: Traffic,
    /// The member it is, once it has joined.
    member: OnceLock<MemberId>,
    readonly: AtomicBool,
    place: Mutex<Place>,
    alive: Sign,
    texts: Sign,
    asked: Sign,
    tokens: Mutex<Pace>,
    start: Instant,
    /// When it must show a token, at the latest.
    until: watch::Sender<Option<Instant>>,
}

impl Guard {
    /// Lets a client join, or wait for its first message.
    pub(crate) fn new(
        shared: &Shared,
        room: RoomName,
        permit: Permit,
        outbox: Arc<Outbox>,
        traffic: Traffic,
    ) -> Self {
        let guard = Self {
            config: Arc::clone(&shared.config),
            users: shared.users.clone(),
            room,
            outbox,
            traffic,
            member: OnceLock::new(),
            readonly: AtomicBool::new(false),
            place: Mutex::new(Place::Here(None)),
            alive: Sign::default(),
            texts: Sign::default(),
            asked: Sign::default(),
            tokens: Mutex::new(Pace::per_second(TOKENS)),
            start: Instant::now(),
            until: watch::Sender::new(None),
        };
        if permit.pending {
            guard.until.send_replace(Some(Instant::now() + FIRST_MESSAGE));
        } else {
            // Who is refused learns it from the outbox, as the link ends.
            guard.admit(&shared.hub, permit);
        }
        guard
    }

    /// Takes a frame of the client.
    pub(crate) async fn frame(&self, hub: &HubHandle, bytes: Bytes) -> Sentence {
        if self.has_left() {
            return Sentence::End;
        }
        if let Err(wait) = self.spend(bytes.len()) {
            return self.expel(hub, close::TOO_MUCH, &come_back(wait));
        }
        if let Some(auth) = auth_of(&bytes) {
            self.pace_tokens().await;
            return self.on_auth(hub, auth).await;
        }
        let Some(member) = self.member.get() else {
            return self.expel(hub, close::UNAUTHORIZED, "the first message must show a token");
        };
        // Peers would take its edits; the hub does not.
        if self.readonly.load(Ordering::Relaxed) && signals(&bytes) {
            let why = "this token may only read, so it has no peers";
            self.outbox.push(encode::signal(&refusal(None, "forbidden", why)).into());
            return Sentence::Go;
        }
        // Who asks while a large answer is on its way has not got it yet; a second one would come behind it, in full.
        if self.outbox.is_answering() {
            if is_question(&bytes) {
                hub.sign(&self.asked, HubInput::Asked { member: *member });
            } else {
                hub.frame_meanwhile(*member, bytes).await;
            }
            return Sentence::Go;
        }
        hub.frame(*member, bytes).await;
        Sentence::Go
    }

    /// The client is alive.
    pub(crate) fn heard(&self, hub: &HubHandle) {
        if let Some(member) = self.member.get() {
            hub.sign(&self.alive, HubInput::Heard { member: *member });
        }
    }

    /// The client sent text: the protocol has none.
    pub(crate) fn text(&self, hub: &HubHandle, bytes: usize) -> Sentence {
        if let Err(wait) = self.spend(bytes) {
            return self.expel(hub, close::TOO_MUCH, &come_back(wait));
        }
        if let Some(member) = self.member.get() {
            hub.sign(&self.texts, HubInput::Text { member: *member });
        }
        Sentence::Go
    }

    /// The client is gone.
    pub(crate) fn leave(&self, hub: &HubHandle) {
        let mut place = self.place();
        if matches!(std::mem::replace(&mut *place, Place::Gone), Place::Here(_))
            && let Some(member) = self.member.get()
        {
            hub.input(HubInput::Leave { member: *member });
        }
    }

    /// Sends the client away when its token ends; never returns.
    pub(crate) async fn keep_term(&self, hub: &HubHandle) {
        let mut until = self.until.subscribe();
        loop {
            let end = *until.borrow_and_update();
            tokio::select! {
                changed = until.changed() => if changed.is_err() { return std::future::pending().await },
                () = end_of(end) => {
                    let joined = self.member.get().is_some();
                    let why = if joined { "the token has expired" } else { "no token came in time" };
                    self.expel(hub, close::UNAUTHORIZED, why);
                    return std::future::pending().await;
                }
            }
        }
    }

    async fn on_auth(&self, hub: &HubHandle, auth: Auth<'_>) -> Sentence {
        let token = match auth {
            Auth::Ask => {
                self.tell_term();
                return Sentence::Go;
            }
            Auth::Show(token) => token,
            Auth::Admitted(_) | Auth::Refused(_) => {
                return self.expel(hub, close::PROTOCOL, "only a server says so of tokens");
            }
        };
        match access::verify(&self.config.access, token, &self.room) {
            Ok(permit) => {
                if let Some(user) = permit.user.as_deref()
                    && !self.is_seated(user)
                {
                    // What is said of it in vain shows when it takes its seat.
                    self.users.has_room(user).await;
                }
                let sentence = self.admit(hub, permit);
                if sentence == Sentence::Go {
                    self.tell_term();
                }
                sentence
            }
            Err(why) => {
                self.outbox.push(Auth::Refused(why).encode().into());
                self.expel(hub, close::UNAUTHORIZED, why)
            }
        }
    }

    /// Joins, or goes on under a fresh token; not behind [`Self::leave`].
    fn admit(&self, hub: &HubHandle, permit: Permit) -> Sentence {
        let mut place = self.place();
        let Place::Here(seat) = &mut *place else { return Sentence::End };
        if !self.sit(seat, permit.user.as_deref()) {
            drop(place);
            return self.expel(hub, close::TOO_MUCH, close::BUSY);
        }
        self.readonly.store(permit.readonly, Ordering::Relaxed);
        self.until.send_replace(permit.lifetime.map(|lifetime| Instant::now() + lifetime));
        let permission = if permit.readonly { Permission::Read } else { Permission::Write };
        let join = || hub.join(self.room.clone(), permission, Arc::clone(&self.outbox));
        let member = self.member.get_or_init(join);
        hub.input(HubInput::Permit { member: *member, permission, user: permit.user });
        Sentence::Go
    }

    /// Takes a connection of its user's, or keeps the one it has.
    fn sit(&self, seat: &mut Option<Seat>, user: Option<&str>) -> bool {
        if seat.as_ref().map(Seat::user) == user {
            return true;
        }
        *seat = user.and_then(|user| self.users.take_seat(user, self.link(), Instant::now()));
        seat.is_some() || user.is_none()
    }

    fn is_seated(&self, user: &str) -> bool {
        matches!(&*self.place(), Place::Here(Some(seat)) if seat.user() == user)
    }

    fn has_left(&self) -> bool {
        matches!(*self.place(), Place::Gone)
    }

    fn link(&self) -> Link {
        Link { outbox: Arc::clone(&self.outbox), traffic: self.traffic.clone() }
    }

    fn spend(&self, bytes: usize) -> Result<(), Duration> {
        match &*self.place() {
            Place::Here(Some(seat)) => seat.spend(bytes, Instant::now()),
            Place::Here(None) | Place::Gone => Ok(()),
        }
    }

    /// Each of them costs a signature and a letter to the hub.
    async fn pace_tokens(&self) {
        loop {
            let passed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            let ready = {
                let mut pace = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                if pace.take(Moment::from_millis(passed)) {
                    return;
                }
                pace.ready_at()
            };
            sleep_until(self.start + Duration::from_millis(ready.as_millis())).await;
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_term(&self) {
        let left = self.until.borrow().map(|end| end.saturating_duration_since(Instant::now()));
        let left = left.map_or(0, |left| u64::try_from(left.as_millis()).unwrap_or(0).max(1));
        self.outbox.push(Auth::Admitted(left).encode().into());
    }

    fn expel(&self, hub: &HubHandle, code: u16, reason: &str) -> Sentence {
        tracing::info!(room = %self.room, code, reason, "a client is sent away");
        self.outbox.end(End::Close { code, reason: reason.to_owned() });
        self.leave(hub);
        Sentence::End
    }
}

/// Close reason that says when to try again.
fn come_back(wait: Duration) -> String {
    format!(r#"{{"retry_ms":{}}}"#, wait.as_millis())
}

async fn end_of(end: Option<Instant>) {
    match end {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A frame of the dialect for tokens; clients send them alone.
fn auth_of(frame: &[u8]) -> Option<Auth<'_>> {
    let mut reader = Reader::new(frame);
    if reader.var_uint().ok()? != tag::TOKEN {
        return None;
    }
    // What cannot be read is no token.
    Some(reader.buffer().and_then(Auth::decode).ok().flatten().unwrap_or(Auth::Show("")))
}

/// Whether a frame connects to peers. The hub judges what cannot be read.
fn signals(frame: &[u8]) -> bool {
    let messages = decode(frame, &FrameLimits::default()).unwrap_or_default();
    messages.iter().any(|message| matches!(message, Message::Signal(_)))
}

/// Whether a frame asks for the document, and does nothing else.
fn is_question(frame: &[u8]) -> bool {
    let messages = decode(frame, &FrameLimits::default());
    matches!(messages.as_deref(), Ok([Message::SyncStep1(_)]))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::config::AccessConfig;
    use crate::pump::tests::Idle;

    #[test]
    fn a_readers_signaling_is_found_also_behind_something_else() {
        let mut frame = encode::sync_step_1(&[0]);
        assert!(!signals(&frame));
        frame.extend(encode::signal("{}"));
        frame.extend(encode::update(&[1]));
        assert!(signals(&frame));
        assert!(!signals(b"\xff\xff"));
    }

    #[test]
    fn a_frame_about_tokens_never_reaches_the_hub() {
        assert_eq!(auth_of(&Auth::Show("t").encode()), Some(Auth::Show("t")));
        assert_eq!(auth_of(&[121, 9, 9]), Some(Auth::Show("")), "cut: refused like a wrong token");
        assert_eq!(auth_of(&encode::sync_step_1(&[0])), None);
    }

    /// A guard whose client has not shown its token yet, and what it tells the hub.
    fn pending() -> (Guard, HubHandle, Idle) {
        let (hub, idle) = Idle::start(1_000);
        let access = AccessConfig { token: Some("secret".to_owned()), ..AccessConfig::default() };
        let config = Config { access, ..Config::default() };
        let shared = Shared::new(hub.clone(), config);
        let permit = Permit { lifetime: None, readonly: false, pending: true, user: None };
        let (outbox, traffic) = (Arc::new(Outbox::new(1_000_000)), Traffic::default());
        let guard = Guard::new(&shared, "r".into(), permit, outbox, traffic);
        (guard, hub, idle)
    }

    #[tokio::test]
    async fn who_has_left_joins_no_more() {
        let token = || Bytes::from(Auth::Show("secret").encode());
        let (guard, hub, idle) = pending();
        assert_eq!(guard.frame(&hub, token()).await, Sentence::Go);
        assert_eq!(idle.waiting(), 2, "it joins, and may write");
        let (guard, hub, idle) = pending();
        guard.leave(&hub);
        assert_eq!(guard.frame(&hub, token()).await, Sentence::End);
        assert_eq!(idle.waiting(), 0);
        let ask = || Bytes::from(Auth::Ask.encode());
        for _ in 0..100 {
            let sentence = guard.frame(&hub, ask()).now_or_never();
            assert_eq!(sentence, Some(Sentence::End), "nothing of it is paced");
        }
    }

    #[tokio::test]
    async fn a_question_while_a_large_answer_is_on_its_way_is_told_to_the_hub_and_not_asked() {
        let question = || Bytes::from(encode::sync_step_1(&[0]));
        let (guard, hub, mut idle) = pending();
        guard.frame(&hub, Bytes::from(Auth::Show("secret").encode())).await;
        guard.outbox.push(Bytes::from(encode::sync_step_2(&[0, 0])));
        let before = idle.waiting();
        for _ in 0..3 {
            assert_eq!(guard.frame(&hub, question()).await, Sentence::Go);
        }
        assert_eq!(idle.waiting(), before + 1);
        assert!(matches!(idle.last_input(), Some(HubInput::Asked { .. })));
        let both = [encode::sync_step_1(&[0]), vec![3]].concat();
        guard.frame(&hub, both.clone().into()).await;
        let Some(HubInput::Meanwhile { bytes, .. }) = idle.last_input() else { panic!("no frame") };
        assert_eq!(bytes, both, "it asks for more than the document");
    }

    #[tokio::test]
    async fn of_tokens_and_texts_few_wait_for_the_hub() {
        let token = || Bytes::from(Auth::Show("secret").encode());
        let (guard, hub, idle) = pending();
        let taken = (0..100).filter(|_| guard.frame(&hub, token()).now_or_never().is_some());
        assert!((1..=9).contains(&taken.count()));
        assert!(idle.waiting() <= 10);
        let before = idle.waiting();
        for _ in 0..1_000 {
            guard.text(&hub, 1);
            guard.heard(&hub);
        }
        assert_eq!(idle.waiting(), before + 2);
    }
}
