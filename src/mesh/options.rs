//! What an app says when it joins a mesh.

use serde_json::Value;

use super::y_webrtc::Dialect;
use crate::config::Fields;
use crate::error::Misuse;

/// Longest instance name in bytes.
const MAX_NAME: usize = 128;
/// Most links of one mesh: a browser allows 500 connections for the whole page.
const MAX_PEERS: usize = 64;

/// How a mesh behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshOptions {
    /// Name of the room; part of what is said to a y-webrtc server.
    pub room: String,
    /// This side's instance; made up where it is not given.
    pub instance: Option<String>,
    /// How signaling is spoken.
    pub dialect: Dialect,
    /// Milliseconds since 1970 when the clock stood at zero: stock clients compare when they offered.
    pub epoch: u64,
    /// The room's key: links are proven with it.
    pub key: Option<String>,
    /// Whether the app answers questions for ICE servers.
    pub ice: bool,
    /// Whether only relayed candidates may be used.
    pub relay_only: bool,
    /// Peers up to which everybody has a link with everybody.
    pub full_mesh: usize,
    /// Links that each keeps above that.
    pub degree: usize,
    /// Most links, also those that others begin.
    pub max_peers: usize,
    /// Longest random wait before a link is begun, in milliseconds.
    pub jitter: u64,
    /// How much longer the polite of two waits, in milliseconds: then hardly ever do both begin.
    pub courtesy: u64,
}

impl Default for MeshOptions {
    fn default() -> Self {
        Self {
            room: String::new(),
            instance: None,
            dialect: Dialect::Room,
            epoch: 0,
            key: None,
            ice: false,
            relay_only: false,
            full_mesh: 8,
            degree: 6,
            max_peers: 24,
            jitter: 500,
            courtesy: 3_000,
        }
    }
}

impl MeshOptions {
    /// Reads an object with camelCase members; what is absent has its default.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for what makes no sense.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of("the options of a mesh", json)?;
        let mut options = Self {
            room: fields.text("room")?.unwrap_or_default(),
            instance: fields.text("instance")?,
            key: fields.text("key")?,
            ..Self::default()
        };
        fields.flag("ice", &mut options.ice)?;
        let sealed = |sealed| Dialect::YWebrtc { sealed };
        let dialects = [
            ("room", Dialect::Room),
            ("y-webrtc", sealed(false)),
            ("y-webrtc-sealed", sealed(true)),
        ];
        fields.word("dialect", &dialects, &mut options.dialect)?;
        fields.flag("relayOnly", &mut options.relay_only)?;
        fields.number("fullMesh", &mut options.full_mesh)?;
        fields.number("degree", &mut options.degree)?;
        fields.number("maxPeers", &mut options.max_peers)?;
        fields.number("jitter", &mut options.jitter)?;
        fields.number("courtesy", &mut options.courtesy)?;
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> Result<(), Misuse> {
        if self.room.is_empty() {
            return Err(Misuse::argument("a mesh needs the name of its room"));
        }
        let named = self.instance.as_ref();
        if named.is_some_and(|name| name.is_empty() || name.len() > MAX_NAME) {
            let message = format!("an instance has 1 to {MAX_NAME} bytes");
            return Err(Misuse::argument(message));
        }
        if self.max_peers == 0 || self.max_peers > MAX_PEERS || self.degree < 2 {
            let message = format!("`maxPeers` is 1 to {MAX_PEERS} and `degree` at least 2");
            return Err(Misuse::argument(message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_given_is_read_and_the_rest_has_its_default() {
        let options =
            MeshOptions::from_json(&json!({"room": "r", "key": "k", "degree": 4})).unwrap();
        let expected = MeshOptions {
            room: "r".into(),
            key: Some("k".into()),
            degree: 4,
            ..MeshOptions::default()
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for bad in [
            json!({}),
            json!({"room": ""}),
            json!({"room": "r", "instance": ""}),
            json!({"room": "r", "maxPeers": 0}),
            json!({"room": "r", "maxPeers": 65}),
            json!({"room": "r", "degree": 1}),
            json!({"room": "r", "relayOnly": 1}),
        ] {
            assert!(MeshOptions::from_json(&bad).is_err(), "{bad}");
        }
    }
}
