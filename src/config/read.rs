//! Reading what the app configured, from JSON. By hand: a derived reader of all this is 40 kB of code.

use serde_json::{Map, Value};

use super::{Config, PersistenceMode, RoomOptions};
use crate::backoff::Jitter;
use crate::doc::RootKind;
use crate::error::Misuse;
use crate::ordered::OrderedMap;

impl Config {
    /// Reads the camelCase object the app gave; what it lacks has its default.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of("the configuration", json)?;
        let mut config = Self::default();
        for (name, time) in times(&mut config) {
            fields.number(name, time)?;
        }
        for (name, size) in sizes(&mut config) {
            fields.number(name, size)?;
        }
        if let Some(attempts) = fields.given("maxAttempts") {
            config.backoff.max_attempts = Some(fields.whole("maxAttempts", attempts)?);
        }
        fields.float("factor", &mut config.backoff.factor)?;
        config.url = fields.text("url")?;
        config.namespace = fields.text("namespace")?.unwrap_or_default();
        let modes =
            [("indexeddb", PersistenceMode::IndexedDb), ("memory", PersistenceMode::Memory)];
        fields.word("persistence", &modes, &mut config.persistence)?;
        let jitters = [("full", Jitter::Full), ("equal", Jitter::Equal), ("none", Jitter::None)];
        fields.word("jitter", &jitters, &mut config.backoff.jitter)?;
        Ok(config)
    }
}

impl RoomOptions {
    /// Reads the camelCase object the app gave; what it lacks has its default.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of("the options of a room", json)?;
        let mut options = Self { presence: fields.text("presence")?, ..Self::default() };
        fields.flag("connect", &mut options.connect)?;
        if let Some(roots) = fields.object.get("roots") {
            options.roots = read_roots(&Fields::of("the roots of a room", roots)?)?;
        }
        Ok(options)
    }
}

fn read_roots(fields: &Fields<'_>) -> Result<OrderedMap<String, RootKind>, Misuse> {
    let kinds = [("text", RootKind::Text), ("list", RootKind::List), ("map", RootKind::Map)];
    let mut roots = OrderedMap::new();
    for name in fields.object.keys() {
        let mut kind = RootKind::Map;
        fields.word(name, &kinds, &mut kind)?;
        roots.insert(name.clone(), kind);
    }
    Ok(roots)
}

fn times(config: &mut Config) -> [(&'static str, &mut u64); 17] {
    let Config { backoff, link, presence, storage, .. } = config;
    [
        ("initialDelay", &mut backoff.initial_delay),
        ("maxDelay", &mut backoff.max_delay),
        ("maxHiddenDelay", &mut backoff.max_hidden_delay),
        ("authTimeout", &mut link.auth_timeout),
        ("connectTimeout", &mut link.connect_timeout),
        ("heartbeat", &mut link.heartbeat),
        ("pongTimeout", &mut link.pong_timeout),
        ("wakePongTimeout", &mut link.wake_pong_timeout),
        ("resetAfter", &mut link.reset_after),
        ("offlineRetry", &mut link.offline_retry),
        ("ackTimeout", &mut link.ack_timeout),
        ("holdTimeout", &mut link.hold_timeout),
        ("pushGrace", &mut link.push_grace),
        ("presenceRenewal", &mut presence.presence_renewal),
        ("presenceExpiry", &mut presence.presence_expiry),
        ("presenceGrace", &mut presence.presence_grace),
        ("storageRetry", &mut storage.storage_retry),
    ]
}

fn sizes(config: &mut Config) -> [(&'static str, &mut usize); 6] {
    let Config { presence, storage, .. } = config;
    [
        ("presenceSize", &mut presence.presence_size),
        ("presenceMembers", &mut presence.presence_members),
        ("compactRecords", &mut storage.compact_records),
        ("compactBytes", &mut storage.compact_bytes),
        ("maxSendFrame", &mut config.max_send_frame),
        ("maxReceiveFrame", &mut config.max_receive_frame),
    ]
}

/// The members of one object. What is absent leaves its target alone.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    what: &'static str,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Takes an object; `what` names it in errors.
    pub fn of(what: &'static str, json: &'a Value) -> Result<Self, Misuse> {
        match json {
            Value::Object(object) => Ok(Self { what, object }),
            _ => Err(Misuse::argument(format!("{what} must be a plain object"))),
        }
    }

    /// Reads one of some words.
    pub fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
        target: &mut T,
    ) -> Result<(), Misuse> {
        let Some(value) = self.object.get(name) else { return Ok(()) };
        let word = value.as_str().unwrap_or_default();
        let known = words.iter().find(|(known, _)| *known == word);
        *target = known.ok_or_else(|| self.wrong(name, value))?.1;
        Ok(())
    }

    fn number<T: TryFrom<u64>>(&self, name: &str, target: &mut T) -> Result<(), Misuse> {
        if let Some(value) = self.object.get(name) {
            *target = self.whole(name, value)?;
        }
        Ok(())
    }

    fn whole<T: TryFrom<u64>>(&self, name: &str, value: &Value) -> Result<T, Misuse> {
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.wrong(name, value))
    }

    fn float(&self, name: &str, target: &mut f64) -> Result<(), Misuse> {
        if let Some(value) = self.object.get(name) {
            *target = value.as_f64().ok_or_else(|| self.wrong(name, value))?;
        }
        Ok(())
    }

    fn flag(&self, name: &str, target: &mut bool) -> Result<(), Misuse> {
        if let Some(value) = self.object.get(name) {
            *target = value.as_bool().ok_or_else(|| self.wrong(name, value))?;
        }
        Ok(())
    }

    /// A text, or nothing where there is none or `null`.
    fn text(&self, name: &str) -> Result<Option<String>, Misuse> {
        match self.given(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong(name, other)),
            None => Ok(None),
        }
    }

    fn given(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, value: &Value) -> Misuse {
        Misuse::argument(format!("{}: `{name}` cannot be {value}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_object_gives_the_defaults_and_camel_case_names_override_them() {
        let config = Config::from_json(&json!({})).unwrap();
        assert_eq!(config.link.heartbeat, 25_000);
        let json = json!({"heartbeat": 5000, "maxDelay": 9000, "factor": 3, "persistence": "memory",
            "maxAttempts": null, "url": "wss://a", "namespace": "n", "jitter": "equal", "odd": 1});
        let config = Config::from_json(&json).unwrap();
        assert_eq!((config.link.heartbeat, config.backoff.max_delay), (5_000, 9_000));
        assert_eq!((config.backoff.max_attempts, config.backoff.jitter), (None, Jitter::Equal));
        assert_eq!(config.persistence, PersistenceMode::Memory);
        assert_eq!((config.url.as_deref(), config.namespace.as_str()), (Some("wss://a"), "n"));
        assert_eq!(config.database("r"), "rejoin/n/r");
    }

    #[test]
    fn every_time_and_size_has_a_name_of_its_own() {
        let mut config = Config::default();
        let mut names: Vec<_> = times(&mut config).into_iter().map(|(name, _)| name).collect();
        names.extend(sizes(&mut config).into_iter().map(|(name, _)| name));
        for (at, name) in names.iter().enumerate() {
            assert!(Config::from_json(&json!({ *name: 77 })).is_ok(), "{name}");
            assert!(Config::from_json(&json!({ *name: -1 })).is_err(), "{name}");
            assert!(!names[..at].contains(name), "{name} twice");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for odd in [
            json!({"heartbeat": "5"}),
            json!({"heartbeat": 1.5}),
            json!({"heartbeat": null}),
            json!({"maxAttempts": 1u64 << 40}),
            json!({"persistence": "disk"}),
            json!({"factor": "2"}),
            json!({"url": 1}),
        ] {
            let message = Config::from_json(&odd).unwrap_err().message;
            let name = odd.as_object().and_then(|object| object.keys().next()).unwrap();
            assert!(message.contains(name.as_str()), "{message}");
        }
        assert!(Config::from_json(&json!([])).is_err());
    }

    #[test]
    fn a_room_is_entered_with_its_roots() {
        let json = json!({"roots": {"t": "text", "l": "list"}, "presence": "{}", "connect": true});
        let options = RoomOptions::from_json(&json).unwrap();
        assert_eq!(
            options.roots,
            OrderedMap::from([("t".into(), RootKind::Text), ("l".into(), RootKind::List)])
        );
        assert_eq!((options.presence.as_deref(), options.connect), (Some("{}"), true));
        let empty = RoomOptions::from_json(&json!({"presence": null})).unwrap();
        assert!(empty.roots.is_empty() && empty.presence.is_none() && !empty.connect);
        assert!(RoomOptions::from_json(&json!({"roots": {"t": "xml"}})).is_err());
        assert!(RoomOptions::from_json(&json!({"connect": 1})).is_err());
    }
}
