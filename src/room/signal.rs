//! Signaling of peers, passed through: what it says is no business of the room's.

use super::presence::is_json;
use super::{Room, RoomOutput};
use crate::connection::Context;
use crate::doc::DocHost;
use crate::error::{ErrorCode, Misuse};
use crate::event::{EventKind, Problem};
use crate::protocol::encode;

/// Largest signaling text in bytes: a roster, or a description with all codecs of many tracks.
const MAX_SIGNAL: usize = 256 << 10;

impl<D: DocHost> Room<D> {
    /// Sends signaling, JSON text, over the room's link.
    ///
    /// # Errors
    /// [`ErrorCode::Message`] if it is no JSON or too large, [`ErrorCode::NotConnected`] without a link.
    pub fn signal(&mut self, cx: &mut Context<'_>, text: &str) -> Result<(), Misuse> {
        self.usable()?;
        check(text).map_err(|problem| Misuse::new(ErrorCode::Message, problem))?;
        if self.session.link().is_none() {
            let message = "there is no link to the server to signal on; try again when there is";
            return Err(Misuse::new(ErrorCode::NotConnected, message));
        }
        self.send(encode::signal(text));
        self.settle(cx);
        Ok(())
    }

    pub(super) fn on_signal(&mut self, cx: &mut Context<'_>, text: &str) {
        match check(text) {
            Ok(()) => {
                let text = text.to_owned();
                self.outputs.push_back(RoomOutput::Event(EventKind::Signal { text }));
            }
            Err(problem) => self.on_violation(cx, Problem::new(ErrorCode::Protocol, problem)),
        }
    }
}

fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_SIGNAL {
        return Err(format!("signaling has at most {MAX_SIGNAL} bytes; got {}", text.len()));
    }
    if !is_json(text) {
        return Err("signaling is JSON text".to_owned());
    }
    Ok(())
}
