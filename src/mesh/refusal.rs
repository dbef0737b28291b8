//! What the app is told where its browser makes no connection.

use super::Mesh;
use crate::error::ErrorCode;
use crate::io::{PeerInput, Refusal};

impl Mesh {
    /// Tells the app what its browser refuses, and in which words: once, until there are other servers.
    pub(super) fn note_refusal(&mut self, input: &PeerInput) {
        let (refusal, words) = match input {
            PeerInput::Refused { refusal, words } => (*refusal, words),
            PeerInput::Unconfigured(words) => (Refusal::Configuration, words),
            _ => return,
        };
        if !std::mem::replace(&mut self.refusal_told, true) {
            let (code, what) = describe(refusal);
            self.warn(code, &format!("{what} ({words})"));
        }
    }
}

fn describe(refusal: Refusal) -> (ErrorCode, &'static str) {
    match refusal {
        Refusal::TooMany => {
            (ErrorCode::Unavailable, "the browser has too many peer connections; it is asked again")
        }
        Refusal::Configuration => {
            (ErrorCode::InvalidArgument, "the browser refuses the ICE servers; give others")
        }
        Refusal::Unavailable => (ErrorCode::Unsupported, "the browser makes no peer connections"),
    }
}
