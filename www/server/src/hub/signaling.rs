//! Signaling of peers: who is there, and what one has to say to another. Nothing of it is stored.
//!
//! A member may speak for several instances, as a socket that tabs share does. An instance is taken over by another member
//! only with the secret that it came with: its name is known to all, and what is said to it is for it alone.

mod credentials;

use std::collections::BTreeMap;

use rejoin::time::Instant;
use serde_json::{Value, json};

use super::MemberId;
use super::rate::Pace;
pub use credentials::IceConfig;

/// Limits of signaling, and the ICE servers that are handed out.
#[derive(Clone, Debug)]
pub struct SignalingLimits {
    /// Largest text in bytes: a description with all codecs of many tracks.
    pub max_text: usize,
    /// Instances of one member.
    pub max_instances: usize,
    /// Texts of one member a second, averaged; what is over is dropped, and that is told.
    pub per_second: u64,
    /// Longest name in bytes.
    pub max_name: usize,
    /// STUN and TURN servers.
    pub ice: IceConfig,
}

impl Default for SignalingLimits {
    fn default() -> Self {
        Self {
            max_text: 256 << 10,
            max_instances: 16,
            per_second: 200,
            max_name: 128,
            ice: IceConfig::default(),
        }
    }
}

/// What one member is to be told.
pub(super) type Letter = (MemberId, String);

/// The peers of a room.
#[derive(Debug, Default)]
pub(super) struct Signaling {
    instances: BTreeMap<String, Instance>,
    paces: BTreeMap<MemberId, Budget>,
}

#[derive(Debug)]
struct Instance {
    member: MemberId,
    secret: String,
    /// Who it is, by the member's token.
    user: Option<String>,
}

/// Who says something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker<'a> {
    pub(super) member: MemberId,
    /// Its name, where it has proven one.
    pub(super) user: Option<&'a str>,
}

#[derive(Debug)]
struct Budget {
    pace: Pace,
    told: bool,
}

impl Signaling {
    /// A member says something. `wall` is in milliseconds since 1970.
    pub(super) fn on_text(
        &mut self,
        now: Instant,
        wall: u64,
        limits: &SignalingLimits,
        speaker: Speaker<'_>,
        text: &str,
    ) -> Vec<Letter> {
        let member = speaker.member;
        if let Some(refusal) = self.over_budget(now, limits, member) {
            return refusal;
        }
        let message: Value = if text.len() <= limits.max_text {
            serde_json::from_str(text).unwrap_or_default()
        } else {
            Value::Null
        };
        let own = name(&message, "inst").filter(|own| own.len() <= limits.max_name);
        let (Some(kind), Some(own)) = (name(&message, "t"), own) else {
            return vec![(member, refusal(None, "malformed", "that is no signaling"))];
        };
        match kind {
            "hello" => self.on_hello(wall, limits, speaker, own, &message),
            _ if !self.belongs(own, member) => {
                vec![(member, refusal(Some(own), "unknown", "say hello first"))]
            }
            "sig" => self.on_signal(own, &message),
            "ice" => {
                let ice = limits.ice.answer(wall, own);
                vec![(member, json!({"t": "ice", "to": own, "ice": ice}).to_string())]
            }
            "bye" => self.part(own, "bye"),
            _ => Vec::new(),
        }
    }

    /// A member is gone, and all that it spoke for.
    pub(super) fn leave(&mut self, member: MemberId) -> Vec<Letter> {
        self.paces.remove(&member);
        let own = self.instances.iter().filter(|(_, instance)| instance.member == member);
        let own: Vec<String> = own.map(|(name, _)| name.clone()).collect();
        let letters = own.iter().flat_map(|name| self.part(name, "lost"));
        letters.filter(|(to, _)| *to != member).collect()
    }

    fn on_hello(
        &mut self,
        wall: u64,
        limits: &SignalingLimits,
        Speaker { member, user }: Speaker<'_>,
        own: &str,
        message: &Value,
    ) -> Vec<Letter> {
        let secret = name(message, "secret").unwrap_or_default();
        let known = self.instances.get(own);
        if known.is_some_and(|known| known.member != member && known.secret != secret) {
            return vec![(member, refusal(Some(own), "taken", "this instance is somebody else's"))];
        }
        let count = self.instances.values().filter(|instance| instance.member == member).count();
        if known.is_none() && count >= limits.max_instances {
            return vec![(member, refusal(Some(own), "full", "too many instances on one socket"))];
        }
        let is_new = known.is_none();
        let user = user.map(str::to_owned);
        let instance = Instance { member, secret: secret.to_owned(), user };
        self.instances.insert(own.to_owned(), instance);
        let others = self.instances.iter().filter(|(name, _)| *name != own);
        let peers: Vec<Value> = others.map(|(name, instance)| instance.entry(name)).collect();
        let ice = limits.ice.answer(wall, own);
        let welcome = json!({"t": "welcome", "you": own, "peers": peers, "ice": ice});
        let mut letters = vec![(member, welcome.to_string())];
        if is_new {
            let mut join = self.instances.get(own).map_or(Value::Null, |known| known.entry(own));
            if let Some(members) = join.as_object_mut() {
                members.insert("t".to_owned(), "join".into());
            }
            letters.extend(self.to_others(member, &join.to_string()));
        }
        letters
    }

    /// To one peer and nobody else.
    fn on_signal(&self, from: &str, message: &Value) -> Vec<Letter> {
        let to = name(message, "to").unwrap_or_default();
        let Some(instance) = self.instances.get(to) else { return Vec::new() };
        let routed = json!({"t": "sig", "from": from, "to": to, "body": message.get("body")});
        vec![(instance.member, routed.to_string())]
    }

    fn part(&mut self, name: &str, why: &str) -> Vec<Letter> {
        let Some(instance) = self.instances.remove(name) else { return Vec::new() };
        let left = json!({"t": "leave", "inst": name, "why": why}).to_string();
        // Others behind the same socket hear of it too.
        let mut letters = self.to_others(instance.member, &left);
        if self.instances.values().any(|other| other.member == instance.member) {
            letters.push((instance.member, left));
        }
        letters
    }

    fn to_others(&self, except: MemberId, text: &str) -> Vec<Letter> {
        let mut members: Vec<MemberId> =
            self.instances.values().map(|instance| instance.member).collect();
        members.sort_unstable();
        members.dedup();
        let others = members.into_iter().filter(|member| *member != except);
        others.map(|member| (member, text.to_owned())).collect()
    }

    fn belongs(&self, name: &str, member: MemberId) -> bool {
        self.instances.get(name).is_some_and(|instance| instance.member == member)
    }

    /// What to say of a text that is one too many: once until the member is slower again.
    fn over_budget(
        &mut self,
        now: Instant,
        limits: &SignalingLimits,
        member: MemberId,
    ) -> Option<Vec<Letter>> {
        let fresh = || Budget { pace: Pace::per_second(limits.per_second), told: false };
        let budget = self.paces.entry(member).or_insert_with(fresh);
        if budget.pace.take(now) {
            budget.told = false;
            return None;
        }
        let told = std::mem::replace(&mut budget.told, true);
        let why = "too much signaling; what was over is dropped";
        Some(if told { Vec::new() } else { vec![(member, refusal(None, "rate", why))] })
    }
}

impl Instance {
    /// How the others are told of it.
    fn entry(&self, name: &str) -> Value {
        match &self.user {
            Some(user) => json!({"inst": name, "user": user}),
            None => json!({"inst": name}),
        }
    }
}

fn name<'a>(message: &'a Value, member: &str) -> Option<&'a str> {
    message.get(member)?.as_str().filter(|name| !name.is_empty())
}

/// What a client is told that is refused.
pub(crate) fn refusal(to: Option<&str>, code: &str, message: &str) -> String {
    json!({"t": "error", "to": to, "code": code, "message": message}).to_string()
}

#[cfg(test)]
mod tests;
