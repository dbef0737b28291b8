//! Tokens on the link: shown first where the app wants it so, and afresh before they end.

use super::Room;
use crate::connection::manner::TokenPlace;
use crate::doc::DocHost;
use crate::protocol::auth::Auth;
use crate::time::Instant;

impl<D: DocHost> Room<D> {
    /// The first frame of a link, where the token goes there.
    pub(super) fn show_token_first(&mut self) {
        if self.config.token == TokenPlace::Message
            && let Some(token) = self.connection.token()
        {
            let frame = Auth::Show(token).encode();
            self.send(frame);
        }
    }

    /// The handshake was answered: asks whether a fresh token may be shown here, if one will be wanted.
    pub(super) fn ask_for_admission(&mut self) {
        // A cookie is shown by the next handshake, and by nothing else.
        let shown = matches!(self.config.token, TokenPlace::Message | TokenPlace::Cookie);
        if self.connection.token_ends() && !shown {
            self.send(Auth::Ask.encode());
        }
    }

    pub(super) fn show_token(&mut self, token: &str) {
        self.send(Auth::Show(token).encode());
    }

    /// A refusal is followed by a close, which says what to do.
    pub(super) fn on_auth(&mut self, now: Instant, body: &[u8]) {
        if let Ok(Some(Auth::Admitted(lifetime))) = Auth::decode(body) {
            self.connection.handle_admission(now, lifetime);
        }
    }
}
