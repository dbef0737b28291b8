//! What stands between a client's frames and the hub: whether it may join, write, and still be there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rejoin::protocol::auth::Auth;
use rejoin::protocol::{FrameLimits, Message, Reader, decode, encode, tag};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::access::{self, Permit};
use crate::config::Config;
use crate::hub::signaling::refusal;
use crate::hub::{HubInput, MemberId, Permission, RoomName, close};
use crate::outbox::{End, Outbox};
use crate::pump::HubHandle;
use crate::routes::Shared;
use crate::users::{Seat, Users};

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

/// Guards one client.
#[derive(Debug)]
pub(crate) struct Guard {
    config: Arc<Config>,
    users: Users,
    room: RoomName,
    outbox: Arc<Outbox>,
    /// The member it is, once it has joined.
    member: OnceLock<MemberId>,
    readonly: AtomicBool,
    /// Its share of what its user may have.
    seat: Mutex<Option<Seat>>,
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
    ) -> Self {
        let guard = Self {
            config: Arc::clone(&shared.config),
            users: shared.users.clone(),
            room,
            outbox,
            member: OnceLock::new(),
            readonly: AtomicBool::new(false),
            seat: Mutex::default(),
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
        if let Some(auth) = auth_of(&bytes) {
            return self.on_auth(hub, auth);
        }
        let Some(member) = self.member.get() else {
            return self.expel(hub, close::UNAUTHORIZED, "the first message must show a token");
        };
        if let Err(wait) = self.spend(bytes.len()) {
            return self.expel(hub, close::TOO_MUCH, &come_back(wait));
        }
        // Peers would take its edits; the hub does not.
        if self.readonly.load(Ordering::Relaxed) && signals(&bytes) {
            let why = "this token may only read, so it has no peers";
            self.outbox.push(encode::signal(&refusal(None, "forbidden", why)).into());
            return Sentence::Go;
        }
        hub.frame(*member, bytes).await;
        Sentence::Go
    }

    /// The client is alive.
    pub(crate) fn heard(&self, hub: &HubHandle) {
        if let Some(member) = self.member.get() {
            hub.input(HubInput::Heard { member: *member });
        }
    }

    /// The client sent text: the protocol has none.
    pub(crate) fn text(&self, hub: &HubHandle) {
        if let Some(member) = self.member.get() {
            hub.input(HubInput::Text { member: *member });
        }
    }

    /// The client is gone.
    pub(crate) fn leave(&self, hub: &HubHandle) {
        self.seat().take();
        if let Some(member) = self.member.get() {
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

    fn on_auth(&self, hub: &HubHandle, auth: Auth<'_>) -> Sentence {
        let token = match auth {
            Auth::Ask => {
                self.tell_term();
                return Sentence::Go;
            }
            Auth::Show(token) => token,
            Auth::Admitted(_) | Auth::Refused(_) => return Sentence::Go,
        };
        match access::verify(&self.config.access, token, &self.room) {
            Ok(permit) => {
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

    /// Joins, or goes on under a fresh token.
    fn admit(&self, hub: &HubHandle, permit: Permit) -> Sentence {
        if !self.sit(permit.user.as_deref()) {
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
    fn sit(&self, user: Option<&str>) -> bool {
        let mut seat = self.seat();
        if seat.as_ref().map(Seat::user) == user {
            return true;
        }
        *seat = user.and_then(|user| self.users.take_seat(user, Instant::now()));
        seat.is_some() || user.is_none()
    }

    fn spend(&self, bytes: usize) -> Result<(), Duration> {
        self.seat().as_ref().map_or(Ok(()), |seat| seat.spend(bytes, Instant::now()))
    }

    fn seat(&self) -> MutexGuard<'_, Option<Seat>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
