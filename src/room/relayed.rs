//! What another tab says over a socket that both share.
//!
//! It is content like any other, but it acknowledges nothing: what a tab relays may not have reached the server yet.

use super::Room;
use crate::connection::Context;
use crate::doc::{DocHost, Origin};
use crate::protocol::{FrameLimits, Message, decode};

impl<D: DocHost> Room<D> {
    /// Takes a frame that another tab sent to the server.
    pub(super) fn on_relayed(&mut self, cx: &mut Context<'_>, frame: &[u8]) {
        let limits = FrameLimits { frame: self.config.max_receive_frame, ..FrameLimits::default() };
        // The tab is one of ours: what cannot be read here is the server's to judge.
        let Ok(messages) = decode(frame, &limits) else { return };
        for message in messages {
            match message {
                Message::SyncStep2(update) | Message::Update(update) => {
                    self.on_relayed_update(cx, update);
                }
                Message::Awareness(entries) => self.on_awareness(cx, entries),
                _ => {}
            }
        }
    }

    fn on_relayed_update(&mut self, cx: &mut Context<'_>, update: &[u8]) {
        if !self.paths.takes() {
            return;
        }
        self.timers.handle_traffic(cx.now);
        match self.apply_or_rotate(cx, update, Origin::Remote) {
            Ok(applied) => self.absorb(cx, &applied),
            Err(error) => self.on_refused(cx, Some(update), &error),
        }
    }
}
