//! Presence over paths: small, lossy, last writer by clock, whole every five seconds.

use crate::connection::Context;
use crate::doc::DocHost;
use crate::event::PathChannel;
use crate::protocol::{AwarenessEntry, encode};
use crate::room::Room;
use crate::time::Instant;

/// Largest frame on the channel for presence, which loses what does not fit a packet.
pub(super) const PRESENCE_FRAME: usize = 1_024;
/// Pace of the whole state.
const SHARE_EVERY: u64 = 5_000;
/// Least time between two moves of its clock that nothing else asks for.
const RENEW_EVERY: u64 = 10_000;

impl<D: DocHost> Room<D> {
    /// Shows the own presence to all peers: a goodbye and what is too large for its channel go the safe way.
    pub(in crate::room) fn share_presence(&mut self, now: Instant) {
        let paths = self.paths.ids();
        self.paths.share_at = (!paths.is_empty()).then(|| now + SHARE_EVERY);
        self.renew_for_stock(now);
        let Some(entry) = self.presence.entry() else { return };
        let lossy = entry.state.is_some();
        let frame = encode::awareness(&[entry]);
        let channel = match lossy && frame.len() <= PRESENCE_FRAME {
            true => PathChannel::Presence,
            false => PathChannel::Sync,
        };
        for path in paths {
            self.send_path(path, channel, frame.clone());
        }
    }

    /// Stock peers forget after 30 s whose clock does not move; without a server nothing else moves it.
    fn renew_for_stock(&mut self, now: Instant) {
        let last = *self.paths.renewed_at.get_or_insert(now);
        let stock = !self.paths.select(|_, path| !path.is_ours()).is_empty();
        if stock && now.since(last) >= RENEW_EVERY {
            self.paths.renewed_at = Some(now);
            self.presence.renew();
        }
    }

    /// A peer is there to see it.
    pub(super) fn share_later(&mut self, now: Instant) {
        self.paths.share_at.get_or_insert(now + SHARE_EVERY);
    }

    /// Shows it to one peer, behind what was said before.
    pub(super) fn show_presence(&mut self, path: u32) {
        if self.presence.is_shown()
            && let Some(entry) = self.presence.entry()
        {
            self.send_path(path, PathChannel::Sync, encode::awareness(&[entry]));
        }
    }

    pub(super) fn on_path_awareness(
        &mut self,
        cx: &mut Context<'_>,
        path: u32,
        entries: Vec<AwarenessEntry>,
    ) {
        let Some(known) = self.paths.paths.get(&path) else { return };
        let owner = known.hello.map(|hello| hello.client);
        if owner.is_none() && known.is_ours() {
            return;
        }
        let change = self.presence.handle_path_entries(cx.now, path, owner, entries);
        self.tell_presence(change);
    }

    pub(super) fn on_share_timeout(&mut self, now: Instant) {
        if self.paths.share_at.take_if(|at| *at <= now).is_some() && self.presence.is_shown() {
            self.share_presence(now);
        }
    }
}
