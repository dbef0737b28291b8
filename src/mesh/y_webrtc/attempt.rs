//! One connection with a stock client, and what the two have agreed on.

use super::pipe::Pipe;
use crate::io::{ChannelId, PeerConnectionId};
use crate::mesh::negotiation::{Negotiation, Role};

/// One connection.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) id: PeerConnectionId,
    pub(super) role: Role,
    pub(super) negotiation: Negotiation,
    /// Said with what is offered; a new one after each agreement.
    pub(super) token: Option<f64>,
    /// Offers taken from the other side.
    pub(super) taken: u32,
    /// The other side had offered too.
    pub(super) crossed: bool,
    pub(super) channel: Option<ChannelId>,
    pub(super) pipe: Pipe,
    /// Whether an address of this side was found.
    pub(super) located: bool,
}

impl Attempt {
    pub(super) fn new(id: PeerConnectionId, role: Role) -> Self {
        Self {
            id,
            role,
            negotiation: Negotiation::new(role),
            token: None,
            taken: 0,
            crossed: false,
            channel: None,
            pipe: Pipe::default(),
            located: false,
        }
    }

    /// Whether what this side has offered stands against an offer with that token.
    pub(super) fn outranks(&self, token: Option<f64>) -> bool {
        let pending = self.role == Role::Impolite && self.negotiation.offered().is_some();
        pending && self.token.zip(token).is_some_and(|(own, theirs)| own > theirs)
    }
}
