//! Who forwards to and from the server for peers that cannot reach it: of those that can, the neighbour with the lowest
//! client id. All decide alike from what each was told; where they were told differently, an update travels twice.

use super::Paths;
use crate::config::PathMode;

impl Paths {
    /// Decides anew who is ours to forward for, with `client` as our own id. Returns those that begin to be fed.
    pub(super) fn elect(&mut self, client: u64, server: bool) -> Vec<u32> {
        let mut begun = Vec::new();
        for id in self.ids() {
            let elected = server && !self.has_rival(id, client);
            let Some(path) = self.paths.get_mut(&id) else { continue };
            path.elected = elected;
            let fed = elected && path.lacks_server();
            if fed && !path.fed {
                begun.push(id);
            }
            path.fed = fed;
        }
        begun
    }

    /// Whether an update from that path is ours to forward to the server at once.
    pub(in crate::room) fn forwards_to_server(&self, source: u32) -> bool {
        self.paths.get(&source).is_none_or(|path| {
            path.elected && (path.lacks_server() || self.mode == PathMode::PeersFirst)
        })
    }

    /// Whether what we write goes to the server from here, and not by way of a peer that is chosen for it.
    pub(in crate::room) fn leads(&self, client: u64) -> bool {
        self.mode != PathMode::PeersFirst
            || !self.paths.values().any(|path| {
                path.may_stream()
                    && path.hello.is_some_and(|hello| hello.server && hello.client < client)
            })
    }

    /// Whether the peer itself or a neighbour of it reaches the server and goes before us.
    fn has_rival(&self, id: u32, client: u64) -> bool {
        let Some(path) = self.paths.get(&id) else { return false };
        self.paths.iter().any(|(other, rival)| {
            let near = *other == id || path.neighbours.binary_search(&rival.instance).is_ok();
            near && rival.hello.is_some_and(|hello| hello.server && hello.client < client)
        })
    }
}
