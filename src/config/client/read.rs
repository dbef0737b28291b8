//! Reading what the app configured for rooms.

use serde_json::Value;

use super::{Config, PathMode, PersistenceMode, RoomOptions};
use crate::config::{Fields, Ways, read_link};
use crate::connection::manner::TokenPlace;
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
        read_link(&fields, &mut config.backoff, &mut config.link)?;
        read_ways(&fields, &mut config.link.ways)?;
        let places = [
            ("subprotocol", 0),
            // A WebSocket takes no headers: only a tunnel can carry it.
            ("header", 0),
            ("first-message", 1),
            ("query", 2),
            ("cookie", 3),
        ];
        let mut place = 0;
        fields.word("tokenIn", &places, &mut place)?;
        config.token = match place {
            0 => TokenPlace::Bearer,
            1 => TokenPlace::Message,
            2 => TokenPlace::Query { name: "token".to_owned() },
            _ => TokenPlace::Cookie,
        };
        fields.flag("asksOnClose", &mut config.asks_on_close)?;
        config.url = fields.text("url")?;
        config.namespace = fields.text("namespace")?.unwrap_or_default();
        let modes =
            [("indexeddb", PersistenceMode::IndexedDb), ("memory", PersistenceMode::Memory)];
        fields.word("persistence", &modes, &mut config.persistence)?;
        Ok(config)
    }
}

impl RoomOptions {
    /// Reads the camelCase object the app gave; what it lacks has its default.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of("the options of a room", json)?;
        let mut options = Self { presence: fields.text("presence")?, ..Self::default() };
        fields.flag("connect", &mut options.connect)?;
        let modes = [
            ("both", PathMode::Both),
            ("server-first", PathMode::ServerFirst),
            ("p2p-first", PathMode::PeersFirst),
            ("p2p-only", PathMode::PeersOnly),
        ];
        fields.word("mode", &modes, &mut options.mode)?;
        if let Some(roots) = fields.object.get("roots") {
            options.roots = read_roots(&Fields::of("the roots of a room", roots)?)?;
        }
        Ok(options)
    }
}

fn read_ways(fields: &Fields<'_>, ways: &mut Ways) -> Result<(), Misuse> {
    fields.flag("websocket", &mut ways.websocket)?;
    fields.flag("http", &mut ways.http)?;
    fields.number("fallbackPatience", &mut ways.patience)?;
    fields.number("fallbackMemory", &mut ways.memory)?;
    fields.number("fallbackRemembered", &mut ways.remembered)?;
    if !ways.websocket && !ways.http {
        return Err(Misuse::argument("`transports` must name at least one"));
    }
    Ok(())
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

fn times(config: &mut Config) -> [(&'static str, &mut u64); 6] {
    let Config { presence, storage, undo, .. } = config;
    [
        ("presenceRenewal", &mut presence.presence_renewal),
        ("presenceExpiry", &mut presence.presence_expiry),
        ("presenceGrace", &mut presence.presence_grace),
        ("storageRetry", &mut storage.storage_retry),
        ("storageTimeout", &mut storage.storage_timeout),
        ("undoMerge", &mut undo.undo_merge),
    ]
}

fn sizes(config: &mut Config) -> [(&'static str, &mut usize); 9] {
    let Config { presence, storage, messages, undo, .. } = config;
    [
        ("messageSize", &mut messages.message_size),
        ("messageHistory", &mut messages.message_history),
        ("presenceSize", &mut presence.presence_size),
        ("presenceMembers", &mut presence.presence_members),
        ("undoSteps", &mut undo.undo_steps),
        ("compactRecords", &mut storage.compact_records),
        ("compactBytes", &mut storage.compact_bytes),
        ("maxSendFrame", &mut config.max_send_frame),
        ("maxReceiveFrame", &mut config.max_receive_frame),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::{BackoffPolicy, Jitter};
    use crate::config::LinkConfig;
    use crate::config::read::times as link_times;
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
        let (mut backoff, mut link) = (BackoffPolicy::default(), LinkConfig::default());
        let of_links = link_times(&mut backoff, &mut link).into_iter().map(|(name, _)| name);
        let mut names: Vec<_> = of_links.collect();
        names.extend(times(&mut config).into_iter().map(|(name, _)| name));
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
            json!({"asksOnClose": "yes"}),
        ] {
            let message = Config::from_json(&odd).unwrap_err().message;
            let name = odd.as_object().and_then(|object| object.keys().next()).unwrap();
            assert!(message.contains(name.as_str()), "{message}");
        }
        assert!(Config::from_json(&json!([])).is_err());
    }

    #[test]
    fn a_room_is_entered_with_its_roots() {
        let json = json!({"roots": {"t": "text", "l": "list"}, "presence": "{}", "connect": true, "mode": "p2p-first"});
        let options = RoomOptions::from_json(&json).unwrap();
        assert_eq!(
            options.roots,
            OrderedMap::from([("t".into(), RootKind::Text), ("l".into(), RootKind::List)])
        );
        assert_eq!((options.presence.as_deref(), options.connect), (Some("{}"), true));
        assert_eq!(options.mode, PathMode::PeersFirst);
        let empty = RoomOptions::from_json(&json!({"presence": null})).unwrap();
        assert!(empty.roots.is_empty() && empty.presence.is_none() && !empty.connect);
        assert!(RoomOptions::from_json(&json!({"roots": {"t": "xml"}})).is_err());
        assert!(RoomOptions::from_json(&json!({"connect": 1})).is_err());
        assert!(RoomOptions::from_json(&json!({"mode": "p2p"})).is_err());
    }
}
