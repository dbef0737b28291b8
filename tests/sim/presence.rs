//! Who sees whom: nobody who is gone, and everybody who is there as they are.

use std::collections::BTreeMap;

use rejoin::status::Status;

use crate::host::{Host, Tab};
use crate::peer_net::{EndState, PeerNet};

/// A state outlives the last path by this much, and our own link to the server by that much; then the looking takes its time.
const AFTER_PATH: u64 = 1_000;
const AFTER_SERVER: u64 = 5_000;
const SLACK: u64 = 600;
/// A path that is up for so long shows a state that has not changed for so long.
const SETTLED: u64 = 12_000;
const SHOWN: u64 = 6_000;

/// What one host has seen of the others.
#[derive(Debug, Default)]
pub struct View {
    /// States by client id.
    pub states: BTreeMap<u64, String>,
    /// When there was a link to the server last.
    pub online: u64,
    /// Whether the client says that it is connected.
    pub status: Option<Status>,
}

/// The first claim that does not hold.
pub fn check(now: u64, hosts: &[Host], peers: &PeerNet) -> Option<String> {
    hosts.iter().enumerate().find_map(|(at, host)| {
        let tab = host.tab.as_ref().filter(|tab| tab.ready)?;
        let joined = peers.neighbours(at, host.boot);
        find_ghost(now, at, tab, hosts, &joined)
            .or_else(|| find_unseen(now, at, host.boot, tab, hosts, peers))
    })
}

/// Somebody who is shown though there has been no way to them for too long.
fn find_ghost(
    now: u64,
    at: usize,
    tab: &Tab,
    hosts: &[Host],
    joined: &[(usize, u64)],
) -> Option<String> {
    tab.view.states.keys().find_map(|client| {
        let run = joined.iter().find(|run| ids(hosts, **run).contains(client));
        let parted = tab.parted.iter().filter(|(run, _)| ids(hosts, **run).contains(client));
        let parted = parted.map(|(_, at)| *at).max().unwrap_or_default();
        let last = (parted + AFTER_PATH).max(tab.view.online + AFTER_SERVER);
        (run.is_none() && now > last + SLACK).then(|| {
            format!(
                "P3: host {at} still shows {client}, to whom there has been no way since {last}"
            )
        })
    })
}

/// Somebody who is not shown as they are though there is a path.
fn find_unseen(
    now: u64,
    at: usize,
    boot: u64,
    tab: &Tab,
    hosts: &[Host],
    peers: &PeerNet,
) -> Option<String> {
    peers.of(at, boot).into_iter().find_map(|(id, side)| {
        let link = &peers.links[&id];
        let settled = link.ends.iter().all(|end| match end.state {
            EndState::Up(since) => now >= since + SETTLED,
            EndState::Coming | EndState::Down => false,
        });
        let other = &link.ends[1 - side];
        let host = &hosts[other.host];
        let their = host.tab.as_ref().filter(|_| host.boot == other.boot)?;
        if link.dead || !settled || now < their.shown.1 + SHOWN {
            return None;
        }
        let client = their.client.client_id(their.room).ok()?;
        let seen = tab.view.states.get(&client);
        (seen != Some(&their.shown.0)).then(|| {
            format!(
                "P3: host {at} shows host {} as {seen:?} instead of {:?}",
                other.host, their.shown
            )
        })
    })
}

/// The ids under which a run has written.
fn ids(hosts: &[Host], (host, boot): (usize, u64)) -> &[u64] {
    hosts[host].ids.get(&boot).map_or(&[], Vec::as_slice)
}
