//! ICE servers with credentials that lapse: what TURN servers take under `use-auth-secret` (the REST API of TURN,
//! draft-uberti-behave-turn-rest-00).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

/// STUN and TURN servers that clients are told of.
#[derive(Clone, Debug)]
pub struct IceConfig {
    /// `stun:`, `turn:` and `turns:` URLs; none: clients are told of none.
    pub urls: Vec<String>,
    /// Secret that the TURN servers know too.
    pub secret: Option<String>,
    /// Seconds for which a credential holds.
    pub ttl: u64,
}

impl Default for IceConfig {
    fn default() -> Self {
        Self { urls: Vec::new(), secret: None, ttl: 3_600 }
    }
}

impl IceConfig {
    /// `{ servers, ttlSeconds }` for `user`, or null; `wall` is in milliseconds since 1970.
    pub(super) fn answer(&self, wall: u64, user: &str) -> Value {
        if self.urls.is_empty() {
            return Value::Null;
        }
        let is_turn = |url: &&String| url.starts_with("turn:") || url.starts_with("turns:");
        let turn: Vec<&String> = self.urls.iter().filter(is_turn).collect();
        let stun: Vec<&String> = self.urls.iter().filter(|url| !is_turn(url)).collect();
        let mut servers = Vec::new();
        if !stun.is_empty() {
            servers.push(json!({"urls": stun}));
        }
        let credential = self.secret.as_deref().and_then(|secret| {
            let username = format!("{}:{user}", wall / 1_000 + self.ttl);
            credential(secret, &username).map(|credential| (username, credential))
        });
        match credential {
            _ if turn.is_empty() => {}
            Some((username, credential)) => servers.push(json!({
                "urls": turn,
                "username": username,
                "credential": credential,
            })),
            None => servers.push(json!({"urls": turn})),
        }
        let lapses = self.secret.is_some() && !turn.is_empty();
        json!({"servers": servers, "ttlSeconds": lapses.then_some(self.ttl)})
    }
}

/// HMAC-SHA1 in base64 (RFC 2104).
fn credential(secret: &str, username: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(username.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_what_a_turn_server_with_the_same_secret_expects() {
        let config = IceConfig {
            urls: vec!["stun:s".into(), "turn:t?transport=udp".into()],
            secret: Some("north".into()),
            ttl: 600,
        };
        let answer = config.answer(1_000_000, "ann");
        // printf 1600:ann | openssl dgst -sha1 -hmac north -binary | base64
        let expected = json!({"servers": [
            {"urls": ["stun:s"]},
            {"urls": ["turn:t?transport=udp"], "username": "1600:ann", "credential": EXPECTED},
        ], "ttlSeconds": 600});
        assert_eq!(answer, expected);
    }

    #[test]
    fn without_servers_there_is_no_answer_and_without_a_secret_nothing_lapses() {
        assert_eq!(IceConfig::default().answer(0, "a"), Value::Null);
        let stun = IceConfig { urls: vec!["stun:s".into()], ..IceConfig::default() };
        let expected = json!({"servers": [{"urls": ["stun:s"]}], "ttlSeconds": null});
        assert_eq!(stun.answer(0, "a"), expected);
    }

    const EXPECTED: &str = "MfVgnMQbUrd5YsvtMAlKwBwDrm8=";
}
