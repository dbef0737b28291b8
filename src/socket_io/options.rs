//! How a Socket.IO session behaves, read from what the app gave.

use serde_json::Value;

use super::decoder::PacketLimits;
use crate::backoff::BackoffPolicy;
use crate::config::{Fields, LinkConfig, read_link};
use crate::connection::Source;
use crate::error::Misuse;
use crate::json::quoted;
use crate::socket::options::read_limits;
use crate::socket::outgoing::Limits;

/// How a Socket.IO session behaves.
#[derive(Clone, Debug)]
pub struct SocketIoOptions {
    /// Timeouts.
    pub link: LinkConfig,
    /// Wait between attempts.
    pub backoff: BackoffPolicy,
    /// Where the URL comes from.
    pub source: Source,
    /// The namespace to join.
    pub namespace: String,
    /// What may wait, and how large a message may be.
    pub limits: Limits,
    /// Limits of what comes.
    pub packets: PacketLimits,
    /// JSON text of what joins the namespace, where the app is not asked for it.
    pub auth: Option<String>,
}

impl Default for SocketIoOptions {
    fn default() -> Self {
        Self {
            link: LinkConfig::default(),
            backoff: BackoffPolicy::default(),
            source: Source::App,
            namespace: "/".to_owned(),
            limits: Limits { messages: 256, bytes: 1 << 20, keep: true, ..Limits::default() },
            packets: PacketLimits::default(),
            auth: None,
        }
    }
}

impl SocketIoOptions {
    /// Reads the camelCase object the app gave; what it lacks has its default.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for a member that makes no sense.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of("the options of a Socket.IO session", json)?;
        let mut options = Self::default();
        read_link(&fields, &mut options.backoff, &mut options.link)?;
        if let Some(url) = fields.text("url")? {
            options.source = Source::Fixed(url);
        }
        if let Some(namespace) = fields.text("namespace")? {
            check_namespace(&namespace)?;
            options.namespace = namespace;
        }
        read_limits(&fields, &mut options.limits)?;
        fields.number("maxReceive", &mut options.packets.bytes)?;
        fields.number("maxAttachments", &mut options.packets.attachments)?;
        options.auth = fields.text("auth")?;
        Ok(options)
    }
}

pub(super) fn check_namespace(namespace: &str) -> Result<(), Misuse> {
    if namespace.starts_with('/') && !namespace.contains([',', '\n']) {
        return Ok(());
    }
    let words = "a namespace begins with a slash and has no comma; got";
    Err(Misuse::argument(format!("{words} {}", quoted(namespace))))
}
