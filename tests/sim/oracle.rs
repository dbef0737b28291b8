//! What must be true, whatever happens. Every edit types a token that exists nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::doc::Doc;
use serde_json::Value;

/// The first promise that was broken.
pub type Broken = String;

/// Remembers what users were told.
#[derive(Debug, Default)]
pub struct Oracle {
    /// Tokens reported `saved`, by the host that typed them.
    saved: BTreeMap<usize, BTreeSet<String>>,
    /// Tokens reported `synced`.
    synced: BTreeSet<String>,
    /// Tokens somebody deleted; whether the deletion survives is not this claim's business.
    deleted: BTreeSet<String>,
    /// Tokens as a machine shows them that came back with other words, and what they are elsewhere.
    altered: BTreeMap<String, String>,
    /// Tokens whose author was told that this device cannot save them.
    unsaved: BTreeSet<String>,
    /// Hosts whose storage was damaged or cleared, and the last run that wrote there before.
    lost: BTreeMap<usize, u64>,
    /// Tokens that the server had once and lost.
    rolled_back: BTreeSet<String>,
    pub broken: Option<Broken>,
}

impl Oracle {
    pub fn deleted(&mut self, token: &str) {
        let elsewhere = self.altered.get(token);
        self.deleted.insert(elsewhere.cloned().unwrap_or_else(|| token.to_owned()));
    }

    /// A letter that stands in no token yet: two that became one could not be told apart.
    pub fn next_mark(&self) -> u8 {
        b'A' + self.altered.len() as u8
    }

    /// A machine shows a token as another.
    pub fn altered(&mut self, token: String, shown: String) {
        self.altered.insert(shown, token);
    }

    pub fn fail(&mut self, claim: String) {
        self.broken.get_or_insert(claim);
    }

    /// Fails with a claim, if there is one.
    pub fn claim(&mut self, claim: Option<String>) {
        if let Some(claim) = claim {
            self.fail(claim);
        }
    }

    /// I1, first half: the host was told that everything it typed is saved.
    pub fn told_saved(&mut self, host: usize, typed: &[String]) {
        self.saved.entry(host).or_default().extend(typed.iter().cloned());
    }

    /// The host was told that what it types is in memory only.
    pub fn told_unavailable(&mut self, typed: &[String]) {
        self.unsaved.extend(typed.iter().cloned());
    }

    /// What a host saved is gone, or may be.
    pub fn device_lost(&mut self, host: usize, boot: u64) {
        self.saved.remove(&host);
        self.lost.insert(host, boot);
    }

    /// What only the server had may be gone. What it said before may still be under way.
    pub fn server_rolled_back(&mut self, lost: impl Iterator<Item = String>) {
        self.rolled_back.extend(lost);
        let kept: BTreeSet<&String> = self.saved.values().flatten().collect();
        self.synced.retain(|token| kept.contains(token));
    }

    /// P1: a host was told that a peer has all of its.
    pub fn told_shared(&mut self, host: usize, peer: usize, typed: &[String], doc: &Doc) {
        let there = tokens(doc);
        let lacks = |token: &&String| !self.deleted.contains(*token) && !there.contains_key(*token);
        let missing: Vec<&String> = typed.iter().filter(lacks).collect();
        if !missing.is_empty() {
            let claim = format!("P1: host {host} was told that host {peer} has {missing:?}");
            self.fail(claim);
        }
    }

    /// Rule 4: nobody has seen an edit that its author lost, unless the author knew that it was not saved.
    pub fn check_orphans(&mut self, host: usize, place: &str, doc: &Doc, durable: &Doc) {
        let (here, there) = (tokens(doc), tokens(durable));
        let author = format!("h{host}b");
        let orphans: Vec<&String> = there
            .keys()
            .filter(|token| token.starts_with(&author) && !here.contains_key(*token))
            .filter(|token| !self.unsaved.contains(*token) && !self.deleted.contains(*token))
            .filter(|token| self.lost.get(&host).is_none_or(|boot| boot_of(token) > *boot))
            .collect();
        if !orphans.is_empty() {
            let claim =
                format!("rule 4: {place} has edits that their author {host} lost: {orphans:?}");
            self.fail(claim);
        }
    }

    /// I1, second half: a host that crashed has read its log again.
    pub fn check_restart(&mut self, host: usize, doc: &Doc, durable: &Doc) {
        self.check_orphans(host, "the server", doc, durable);
        let here = tokens(doc);
        let saved = self.saved.get(&host).into_iter().flatten();
        let lost: Vec<&String> = saved
            .filter(|token| !self.deleted.contains(*token) && !here.contains_key(*token))
            .collect();
        if !lost.is_empty() {
            let claim = format!("I1: host {host} was told these are saved and lost them: {lost:?}");
            self.fail(claim);
        }
    }

    /// I4: `synced` means that the server has it on disk at this moment.
    pub fn told_synced(&mut self, host: usize, typed: &[String], durable: &Doc) {
        let there = tokens(durable);
        let missing: Vec<&String> = typed
            .iter()
            .filter(|token| !self.deleted.contains(*token) && !there.contains_key(*token))
            .filter(|token| !self.rolled_back.contains(*token))
            .collect();
        if !missing.is_empty() {
            let claim =
                format!("I4: host {host} was told synced while the server lacks {missing:?}");
            self.fail(claim);
        }
        let sure = typed.iter().filter(|token| !self.rolled_back.contains(*token));
        self.synced.extend(sure.cloned());
    }

    /// I2, I3 and I5: after healing everything promised is everywhere, nothing is there twice, and everything is equal.
    pub fn find_end(&self, place: &str, doc: &Doc, durable: &Doc) -> Option<Broken> {
        let here = tokens(doc);
        let twice: Vec<&String> =
            here.iter().filter(|(_, count)| **count > 1).map(|(token, _)| token).collect();
        if !twice.is_empty() {
            return Some(format!("I5: {place} shows these twice: {twice:?}"));
        }
        let promised = self.saved.values().flatten().chain(&self.synced);
        let lost: BTreeSet<&String> = promised
            .filter(|token| !self.deleted.contains(*token) && !here.contains_key(*token))
            .collect();
        if !lost.is_empty() {
            return Some(format!("I2: {place} ends without {lost:?}"));
        }
        if doc.held() > 0 {
            return Some(format!("I3: {place} still holds {} updates", doc.held()));
        }
        if doc.read() != durable.read() {
            let (a, b) = (Value::Object(doc.read()), Value::Object(durable.read()));
            return Some(format!("I3: {place} differs from the server:\n{a}\n{b}"));
        }
        if doc.state_vector() != durable.state_vector() {
            return Some(format!("I3: {place} has another state vector than the server"));
        }
        let other = doc.hash() != durable.hash() || doc.content() != durable.content();
        other.then(|| format!("I3: {place} has other content than the server"))
    }
}

/// The run that typed a token.
fn boot_of(token: &str) -> u64 {
    let rest = token.split('b').nth(1).and_then(|rest| rest.split('n').next());
    rest.and_then(|boot| boot.parse().ok()).unwrap_or_default()
}

/// How often each token is in a document.
pub fn tokens(doc: &Doc) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let read = doc.read();
    if let Some(Value::Array(items)) = read.get("log") {
        for item in items {
            let token = item.as_str().or_else(|| item.get("id").and_then(Value::as_str));
            if let Some(token) = token {
                *counts.entry(token.to_owned()).or_insert(0) += 1;
            }
        }
    }
    if let Some(Value::String(text)) = read.get("text") {
        for token in text.split_inclusive(';') {
            *counts.entry(token.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}
