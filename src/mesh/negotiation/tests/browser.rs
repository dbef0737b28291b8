//! As much of `RTCPeerConnection` as negotiation sees (WebRTC 1.0 §4.3, §4.4.1.6).

use std::collections::VecDeque;

use crate::io::{Candidate, Operation};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signaling {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pair {
    local: String,
    remote: String,
}

#[derive(Debug)]
pub(super) struct Browser {
    name: &'static str,
    signaling: Signaling,
    current: Pair,
    pending: Pair,
    /// Parts that were added, and those the other side has been offered.
    wanted: u32,
    agreed: u32,
    offered: u32,
    restarting: bool,
    ufrag: u32,
    pending_ufrag: u32,
    next_ufrag: u32,
    descriptions: u32,
    needed_told: bool,
    added: Vec<Candidate>,
    pub(super) found: VecDeque<Candidate>,
}

impl Browser {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            signaling: Signaling::Stable,
            current: Pair::default(),
            pending: Pair::default(),
            wanted: 0,
            agreed: 0,
            offered: 0,
            restarting: false,
            ufrag: 0,
            pending_ufrag: 0,
            next_ufrag: 0,
            descriptions: 0,
            needed_told: false,
            added: Vec::new(),
            found: VecDeque::new(),
        }
    }

    pub(super) fn want(&mut self) {
        self.wanted += 1;
    }

    pub(super) fn restart(&mut self) {
        self.restarting = self.ufrag > 0;
    }

    pub(super) fn tells_needed(&mut self) -> bool {
        let needed = self.signaling == Signaling::Stable && !self.is_content();
        needed && !std::mem::replace(&mut self.needed_told, true)
    }

    pub(super) fn is_content(&self) -> bool {
        self.signaling == Signaling::Stable && self.wanted == self.agreed && !self.restarting
    }

    pub(super) fn local(&self) -> &str {
        &self.current.local
    }

    pub(super) fn remote(&self) -> &str {
        &self.current.remote
    }

    pub(super) fn knows_addresses_of(&self, other: &Self) -> bool {
        let ufrag = format!("{}{}", other.name, other.ufrag);
        let known = self.added.iter().filter(|added| added.ufrag.as_ref() == Some(&ufrag));
        other.ufrag == 0 || known.count() == 2
    }

    /// What is not allowed in this state is a defect of the machine.
    pub(super) fn perform(&mut self, operation: &Operation) -> Option<String> {
        match operation {
            Operation::Offer => Some(self.offer()),
            Operation::Answer => Some(self.answer()),
            Operation::TakeOffer(sdp) => self.take_offer(sdp),
            Operation::TakeAnswer(sdp) => self.take_answer(sdp),
            Operation::AddCandidate(candidate) => self.add(candidate),
        }
    }

    fn offer(&mut self) -> String {
        assert_eq!(self.signaling, Signaling::Stable, "an offer in the wrong state");
        self.signaling = Signaling::HaveLocalOffer;
        self.offered = self.wanted;
        self.pending_ufrag = self.ufrag;
        if self.restarting || self.ufrag == 0 {
            self.pending_ufrag = self.fresh_ufrag();
        }
        self.pending.local = self.describe(self.pending_ufrag);
        self.pending.local.clone()
    }

    fn answer(&mut self) -> String {
        assert_eq!(self.signaling, Signaling::HaveRemoteOffer, "an answer in the wrong state");
        let restarted = ufrag_of(&self.pending.remote) != ufrag_of(&self.current.remote);
        self.pending_ufrag = self.ufrag;
        if restarted || self.ufrag == 0 {
            self.pending_ufrag = self.fresh_ufrag();
            self.restarting = false;
        }
        self.pending.local = self.describe(self.pending_ufrag);
        self.agree();
        self.current.local.clone()
    }

    fn take_offer(&mut self, sdp: &str) -> Option<String> {
        assert_ne!(self.signaling, Signaling::HaveRemoteOffer, "an offer in the wrong state");
        if self.signaling == Signaling::HaveLocalOffer {
            // Rolled back; what it had found is worth nothing.
            self.needed_told = false;
        }
        self.signaling = Signaling::HaveRemoteOffer;
        self.pending = Pair { local: String::new(), remote: sdp.to_owned() };
        None
    }

    fn take_answer(&mut self, sdp: &str) -> Option<String> {
        assert_eq!(self.signaling, Signaling::HaveLocalOffer, "an answer in the wrong state");
        self.pending.remote = sdp.to_owned();
        self.agreed = self.offered;
        if self.pending_ufrag != self.ufrag {
            self.restarting = false;
        }
        self.agree();
        None
    }

    fn add(&mut self, candidate: &Candidate) -> Option<String> {
        let ufrag = candidate.ufrag.clone();
        let remotes = [&self.pending.remote, &self.current.remote].map(|sdp| ufrag_of(sdp));
        assert!(remotes.contains(&ufrag), "a candidate of another description: {candidate:?}");
        if !self.added.contains(candidate) {
            self.added.push(candidate.clone());
        }
        None
    }

    fn agree(&mut self) {
        self.current = std::mem::take(&mut self.pending);
        self.ufrag = self.pending_ufrag;
        self.signaling = Signaling::Stable;
        self.needed_told = false;
    }

    fn fresh_ufrag(&mut self) -> u32 {
        self.next_ufrag += 1;
        for number in 0..2 {
            self.found.push_back(Candidate {
                candidate: format!("candidate:{number}"),
                mid: None,
                line: None,
                ufrag: Some(format!("{}{}", self.name, self.next_ufrag)),
            });
        }
        self.next_ufrag
    }

    fn describe(&mut self, ufrag: u32) -> String {
        self.descriptions += 1;
        let (name, number) = (self.name, self.descriptions);
        format!("s={name}{number}\na=ice-ufrag:{name}{ufrag}\na=fingerprint:sha-256 {name}\n")
    }
}

fn ufrag_of(sdp: &str) -> Option<String> {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).map(str::to_owned)
}
