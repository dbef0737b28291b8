//! Rules of documents, messages and links that can be switched off.

use crate::switches::switches;

switches! {
    /// Rules that the mutation proof breaks, one at a time, to show that the simulation notices.
    Broken {
        /// Frames leave before their edits are committed.
        send_before_commit,
        /// A quiet link is never probed.
        no_heartbeat,
        /// Live updates are sent before the handshake was answered.
        stream_before_handshake,
        /// Updates that are not causally ready go straight to yrs.
        no_gate,
        /// `saved` is claimed before the transaction completed.
        saved_before_commit,
        /// An edit counts as acknowledged when it was sent.
        trim_on_send,
        /// A held update never makes us ask again.
        no_resync,
        /// A link on which nothing is known to be missing is never asked whether something is.
        no_audit,
        /// Edits go to a server that lets us only read, or began anew.
        no_footing,
        /// Peers are given and asked for the document although the server lets us only read, or began anew.
        no_path_footing,
        /// What is shown here is never compared with what the server shows.
        no_comparison,
        /// A message that was seen is shown again.
        no_message_dedupe,
        /// What a peer sent goes on to every peer, its source too.
        forward_to_all,
        /// What a peer sent does not go to the server.
        no_forward_to_server,
        /// What a peer returns counts as acknowledged.
        ack_by_peer,
    }
    /// The client id is this one in every run.
    pub reuse_id: Option<u64>,
}

impl Broken {
    pub(crate) const fn reuse_id(&self) -> Option<u64> {
        if cfg!(not(target_family = "wasm")) { self.reuse_id } else { None }
    }
}
