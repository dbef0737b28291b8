//! Which tracks a page shows its peers. The tracks themselves never come here: the browser's side keeps them by slot.

use super::{Mesh, MeshAction};
use crate::connection::Context;
use crate::io::{PeerOutput, Slot};

/// The slots that have been used once: from then on each link has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media {
    used: [bool; Slot::ALL.len()],
}

impl Media {
    /// Slots that have been used.
    pub fn used(self) -> impl Iterator<Item = Slot> {
        Slot::ALL.into_iter().zip(self.used).filter(|(_, used)| *used).map(|(slot, _)| slot)
    }

    fn mark(&mut self, slot: Slot) {
        let known = Slot::ALL.into_iter().zip(&mut self.used);
        known.filter(|(known, _)| *known == slot).for_each(|(_, used)| *used = true);
    }
}

impl Mesh {
    /// The app put another track, or none, into a slot: every link sends it from now on.
    pub fn publish(&mut self, cx: &mut Context<'_>, slot: Slot) {
        self.settings.media.mark(slot);
        let source = self.settings.source;
        let connections: Vec<_> =
            self.roster.links().filter_map(|link| link.carries_media()).collect();
        for id in connections {
            self.actions.push_back(MeshAction::Peer(id, PeerOutput::Publish { source, slot }));
        }
        self.advance(cx);
    }
}
