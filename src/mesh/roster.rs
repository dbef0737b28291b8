//! Who is in the room, and the link with each.

use super::link::{Link, LinkAction, Settings};
use super::options::MeshOptions;
use super::policy::Policy;
use super::signal::Member;
use super::y_webrtc::Window;
use crate::connection::Context;
use crate::io::PeerConnectionId;
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// First wait before a link that was lost is made again, in milliseconds; it doubles.
const RETRY: u64 = 1_000;
/// How often it is counted: up to 16 s.
const DOUBLINGS: u8 = 5;
/// Most others that are known.
const MAX_MEMBERS: usize = 4_096;

#[derive(Debug)]
struct Entry {
    peer: u32,
    user: Option<String>,
    link: Option<Link>,
    /// When this side begins, if it wants to.
    begin_at: Option<Instant>,
    failures: u8,
    /// Whether signaling says that it is there.
    here: bool,
    /// Which of its messages have come, where they may come more than once.
    heard: Window,
}

/// Everybody else in the room, by instance.
#[derive(Debug)]
pub(super) struct Roster {
    policy: Policy,
    max_links: usize,
    jitter: u64,
    courtesy: u64,
    /// Seed of the choices by chance.
    draw: u64,
    last_peer: u32,
    /// Links that others have taken of those there may be.
    reserved: usize,
    entries: OrderedMap<String, Entry>,
    /// Peers that have been forgotten.
    departed: Vec<u32>,
}

impl Roster {
    pub(super) fn new(options: &MeshOptions, draw: u64) -> Self {
        let policy = Policy { full: options.full_mesh, degree: options.degree };
        Self {
            policy,
            max_links: options.max_peers,
            jitter: options.jitter,
            courtesy: options.courtesy,
            draw,
            last_peer: 0,
            reserved: 0,
            entries: OrderedMap::new(),
            departed: Vec::new(),
        }
    }

    /// The whole roster, as the server has it now.
    pub(super) fn replace(
        &mut self,
        cx: &mut Context<'_>,
        settings: &Settings,
        members: Vec<Member>,
    ) {
        let here = |name: &str| members.iter().any(|member| member.instance == name);
        let gone: Vec<String> = self.entries.keys().filter(|name| !here(name)).cloned().collect();
        for name in gone {
            self.part(cx.now, &name, false);
        }
        for member in members {
            self.enter(settings, member);
        }
        self.plan(cx, settings);
    }

    /// Somebody came, or came back.
    pub(super) fn join(&mut self, cx: &mut Context<'_>, settings: &Settings, member: Member) {
        self.enter(settings, member);
        self.plan(cx, settings);
    }

    /// Somebody went.
    pub(super) fn part(&mut self, now: Instant, instance: &str, goodbye: bool) {
        let Some(entry) = self.entries.get_mut(instance) else { return };
        entry.here = false;
        entry.begin_at = None;
        if let Some(link) = &mut entry.link {
            link.handle_left(now, goodbye);
        }
    }

    /// Somebody went, whose link is over.
    pub(super) fn forget(&mut self, peer: u32) {
        if let Some(entry) = self.entries.values_mut().find(|entry| entry.peer == peer) {
            entry.here = false;
            entry.begin_at = None;
        }
    }

    /// A number that no peer has had.
    pub(super) fn number(&mut self) -> u32 {
        self.last_peer += 1;
        self.last_peer
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Links there are.
    pub(super) fn taken(&self) -> usize {
        self.entries.values().filter(|entry| entry.link.is_some()).count()
    }

    /// So many links are others'.
    pub(super) fn reserve(&mut self, links: usize) {
        self.reserved = links;
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.entries.get(name).is_some()
    }

    pub(super) fn is_here(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.here)
    }

    pub(super) fn is_up(&self, name: &str) -> bool {
        let link = self.entries.get(name).and_then(|entry| entry.link.as_ref());
        link.is_some_and(Link::is_up)
    }

    /// Whether a numbered message of somebody comes for the first time.
    pub(super) fn is_new(&mut self, from: &str, number: u64) -> bool {
        self.entries.get_mut(from).is_some_and(|entry| entry.heard.is_new(number))
    }

    /// The link that what `from` says is for. If there is none, one who `opens` gets it while there is room.
    pub(super) fn addressee(
        &mut self,
        settings: &Settings,
        from: &str,
        opens: bool,
    ) -> Option<&mut Link> {
        let refused = !opens || self.is_full();
        let entry = self.entries.get_mut(from)?;
        if entry.link.is_none() && refused {
            return None;
        }
        Some(entry.link.get_or_insert_with(|| Link::new(&settings.instance, from)))
    }

    /// The link that is to be begun next.
    pub(super) fn next_due(&mut self, now: Instant, settings: &Settings) -> Option<&mut Link> {
        let full = self.is_full();
        let due = |entry: &Entry| !full && entry.begin_at.is_some_and(|at| now >= at);
        let (instance, entry) = self.entries.iter_mut().find(|(_, entry)| due(entry))?;
        entry.begin_at = None;
        Some(entry.link.get_or_insert_with(|| Link::new(&settings.instance, instance)))
    }

    pub(super) fn owns(&self, id: PeerConnectionId) -> bool {
        let mut links = self.entries.values().filter_map(|entry| entry.link.as_ref());
        links.any(|link| link.connection() == Some(id))
    }

    pub(super) fn owner(&mut self, id: PeerConnectionId) -> Option<&mut Link> {
        self.links().find(|link| link.connection() == Some(id))
    }

    pub(super) fn link(&mut self, peer: u32) -> Option<&mut Link> {
        self.entries.values_mut().find(|entry| entry.peer == peer)?.link.as_mut()
    }

    pub(super) fn links(&mut self) -> impl Iterator<Item = &mut Link> {
        self.entries.values_mut().filter_map(|entry| entry.link.as_mut())
    }

    pub(super) fn connection(&self, peer: u32) -> Option<PeerConnectionId> {
        let mut entries = self.entries.values().filter(|entry| entry.peer == peer);
        entries.next()?.link.as_ref()?.connection()
    }

    /// Instance and user of a peer.
    pub(super) fn name(&self, peer: u32) -> Option<(&str, Option<&str>)> {
        let (instance, entry) = self.entries.iter().find(|(_, entry)| entry.peer == peer)?;
        Some((instance, entry.user.as_deref()))
    }

    /// Instances with which there is a link that is up.
    pub(super) fn neighbours(&self) -> Vec<String> {
        let up = |entry: &Entry| entry.link.as_ref().is_some_and(Link::is_up);
        let entries = self.entries.iter().filter(|(_, entry)| up(entry));
        entries.map(|(instance, _)| instance.clone()).collect()
    }

    /// Links in their first try.
    pub(super) fn beginning(&self) -> usize {
        let links = self.entries.values().filter_map(|entry| entry.link.as_ref());
        links.filter(|link| link.is_beginning()).count()
    }

    /// Peers that have been forgotten since the last call.
    pub(super) fn take_departed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.departed)
    }

    /// Bytes of files that wait for a peer, while there is a link with it.
    pub(super) fn file_backlog(&self, peer: u32) -> Option<usize> {
        let mut entries = self.entries.values().filter(|entry| entry.peer == peer);
        entries.next()?.link.as_ref()?.file_backlog()
    }

    /// What a link wants done.
    pub(super) fn poll_action(&mut self) -> Option<(u32, LinkAction)> {
        self.entries.values_mut().find_map(|entry| {
            let action = entry.link.as_mut()?.poll_action()?;
            Some((entry.peer, action))
        })
    }

    /// The link came up: the next loss is the first.
    pub(super) fn note_success(&mut self, peer: u32) {
        if let Some(entry) = self.entries.values_mut().find(|entry| entry.peer == peer) {
            entry.failures = 0;
        }
    }

    /// Who breaks the rules is tried again late.
    pub(super) fn note_offence(&mut self, peer: u32) {
        if let Some(entry) = self.entries.values_mut().find(|entry| entry.peer == peer) {
            entry.failures = DOUBLINGS;
        }
    }

    /// Lets go of links that are over. Those that are wanted still are made again after a while.
    pub(super) fn sweep(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        let mut lost = false;
        for entry in self.entries.values_mut() {
            if entry.link.as_ref().is_some_and(Link::is_gone) {
                entry.link = None;
                entry.failures = entry.failures.saturating_add(1).min(DOUBLINGS);
                lost = true;
            }
        }
        let departed = &mut self.departed;
        self.entries.retain(|_, entry| {
            let stays = entry.here || entry.link.is_some();
            if !stays {
                departed.push(entry.peer);
            }
            stays
        });
        if lost {
            self.plan(cx, settings);
        }
    }

    /// When this side begins the next link.
    pub(super) fn poll_begin(&self) -> Option<Deadline> {
        if self.is_full() {
            return None;
        }
        let moments = self.entries.values().filter_map(|entry| entry.begin_at);
        moments.min().map(|at| Deadline { at, reason: "begin" })
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        let links = self.entries.values().filter_map(|entry| entry.link.as_ref());
        links.map(Link::poll_timeout).fold(None, Deadline::earliest)
    }

    fn is_full(&self) -> bool {
        self.taken() + self.reserved >= self.max_links
    }

    fn enter(&mut self, settings: &Settings, member: Member) {
        if member.instance == settings.instance {
            return;
        }
        if let Some(entry) = self.entries.get_mut(&member.instance) {
            entry.here = true;
            entry.user = member.user;
            if let Some(link) = &mut entry.link {
                link.handle_returned(settings);
            }
        } else if self.entries.len() < MAX_MEMBERS {
            let peer = self.number();
            let user = member.user;
            let entry = Entry {
                peer,
                user,
                link: None,
                begin_at: None,
                failures: 0,
                here: true,
                heard: Window::default(),
            };
            self.entries.insert(member.instance, entry);
        }
    }

    /// Sets when this side begins a link, with those it wants one with and has none.
    fn plan(&mut self, cx: &mut Context<'_>, settings: &Settings) {
        let here: Vec<&str> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.here)
            .map(|(instance, _)| instance.as_str())
            .collect();
        let wanted = self.policy.wanted(&settings.instance, &here, self.draw);
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        for (instance, entry) in self.entries.iter_mut() {
            if entry.link.is_some() || !wanted.contains(instance) {
                entry.begin_at = None;
            } else if entry.begin_at.is_none() {
                let courtesy = if settings.instance < *instance { self.courtesy } else { 0 };
                let again = if entry.failures == 0 { 0 } else { RETRY << (entry.failures - 1) };
                let jitter = cx.rng.u64(0..=self.jitter);
                entry.begin_at = Some(cx.now + (courtesy + again + jitter));
            }
        }
    }
}
