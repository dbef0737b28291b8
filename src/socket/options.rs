//! How a socket behaves, read from what the app gave.

use serde_json::Value;

use super::message::Message;
use super::outgoing::Limits;
use super::rate::RateLimit;
use crate::backoff::BackoffPolicy;
use crate::config::{Fields, LinkConfig, read_link};
use crate::connection::Source;
use crate::connection::heartbeat::Life;
use crate::connection::manner::{Manner, TokenPlace};
use crate::connection::preset::PRESETS;
use crate::error::Misuse;

/// How a socket behaves.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// Timeouts.
    pub link: LinkConfig,
    /// Wait between attempts.
    pub backoff: BackoffPolicy,
    /// Where the URL comes from.
    pub source: Source,
    /// Subprotocols, token, close codes.
    pub manner: Manner,
    /// Messages that only say that somebody is there.
    pub keepalive: Keepalive,
    /// What may wait, and how large a message may be.
    pub limits: Limits,
    /// Largest message that is taken, in bytes.
    pub max_receive: usize,
}

/// Messages that only say that somebody is there; the app does not see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// Sent on a quiet link; anything that comes is the answer.
    pub ping: Option<Message>,
    /// The usual answer, which is kept from the app.
    pub pong: Option<Message>,
    /// The server's question, and our answer to it.
    pub reply: Option<(Message, Message)>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            link: LinkConfig::default(),
            backoff: BackoffPolicy::default(),
            source: Source::App,
            manner: Manner { life: Life::Trust, bare: true, ..Manner::default() },
            keepalive: Keepalive::default(),
            limits: Limits::default(),
            max_receive: 64 << 20,
        }
    }
}

const WHAT: &str = "the options of a socket";

impl SocketOptions {
    /// Reads the camelCase object the app gave; what it lacks has its default.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for a member that makes no sense.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of(WHAT, json)?;
        let mut options = Self::default();
        read_link(&fields, &mut options.backoff, &mut options.link)?;
        if let Some(url) = fields.text("url")? {
            options.source = Source::Fixed(url);
        }
        read_manner(&fields, &mut options.manner)?;
        options.keepalive = read_keepalive(&fields, &mut options.manner.life)?;
        read_limits(&fields, &mut options.limits)?;
        fields.number("maxReceive", &mut options.max_receive)?;
        Ok(options)
    }
}

fn read_manner(fields: &Fields<'_>, manner: &mut Manner) -> Result<(), Misuse> {
    manner.protocols = texts(fields, "protocols")?;
    fields.word("preset", &PRESETS, &mut manner.preset)?;
    fields.flag("asksOnClose", &mut manner.ask)?;
    let name = fields.text("tokenName")?;
    let mut encoded = true;
    fields.flag("tokenEncoded", &mut encoded)?;
    let places = [
        ("subprotocol", Place::Subprotocol),
        ("query", Place::Query),
        ("firstMessage", Place::First),
        ("cookie", Place::Cookie),
    ];
    let mut place = Place::Subprotocol;
    fields.word("tokenIn", &places, &mut place)?;
    manner.token = match place {
        Place::Subprotocol => TokenPlace::Subprotocol {
            prefix: name.unwrap_or_else(|| "bearer.".to_owned()),
            encoded,
        },
        Place::Query => TokenPlace::Query { name: name.unwrap_or_else(|| "token".to_owned()) },
        Place::First => TokenPlace::FirstFrame,
        Place::Cookie => TokenPlace::Cookie,
    };
    Ok(())
}

#[derive(Clone, Copy)]
enum Place {
    Subprotocol,
    Query,
    First,
    Cookie,
}

fn read_keepalive(fields: &Fields<'_>, life: &mut Life) -> Result<Keepalive, Misuse> {
    let ping = message(fields, "ping")?;
    let pong = message(fields, "pong")?;
    let reply = message(fields, "replyTo")?.zip(message(fields, "replyWith")?);
    let lives = [("listen", Life::Listen), ("trust", Life::Trust)];
    fields.word("life", &lives, life)?;
    if ping.is_some() {
        *life = Life::Probe;
    }
    Ok(Keepalive { ping, pong, reply })
}

pub(crate) fn read_limits(fields: &Fields<'_>, limits: &mut Limits) -> Result<(), Misuse> {
    fields.flag("buffer", &mut limits.keep)?;
    fields.number("bufferMessages", &mut limits.messages)?;
    fields.number("bufferBytes", &mut limits.bytes)?;
    fields.number("maxFrame", &mut limits.max_frame)?;
    fields.number("highWater", &mut limits.high)?;
    fields.number("lowWater", &mut limits.low)?;
    if let Some(count) = fields.given("rateCount") {
        let mut rate =
            RateLimit { count: fields.whole("rateCount", count)?, per: 1_000, rejects: false };
        fields.number("ratePer", &mut rate.per)?;
        fields.flag("rateRejects", &mut rate.rejects)?;
        limits.rate = Some(rate);
    }
    Ok(())
}

fn texts(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, Misuse> {
    let Some(value) = fields.given(name) else { return Ok(Vec::new()) };
    let wrong = || fields.wrong(name, value);
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
    value.as_array().ok_or_else(wrong)?.iter().map(text).collect()
}

/// A text, or a list of bytes.
fn message(fields: &Fields<'_>, name: &str) -> Result<Option<Message>, Misuse> {
    let Some(value) = fields.given(name) else { return Ok(None) };
    let wrong = || fields.wrong(name, value);
    let byte =
        |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok()).ok_or_else(wrong);
    match value {
        Value::String(text) => Ok(Some(Message::Text(text.clone()))),
        Value::Array(bytes) => {
            let bytes: Result<Vec<u8>, Misuse> = bytes.iter().map(byte).collect();
            Ok(Some(Message::Binary(bytes?)))
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::preset::Preset;
    use serde_json::json;

    #[test]
    fn without_options_nobody_is_pinged_nothing_waits_for_a_link_and_the_app_is_asked_for_the_url()
    {
        let options = SocketOptions::from_json(&json!({})).unwrap();
        assert_eq!(options.source, Source::App);
        assert_eq!((options.manner.life, options.manner.bare), (Life::Trust, true));
        assert_eq!(options.limits, Limits::default());
        assert_eq!(options.keepalive, Keepalive::default());
    }

    #[test]
    fn every_option_has_its_place() {
        let options = SocketOptions::from_json(&json!({
            "url": "wss://a", "protocols": ["x", "y"], "preset": "graphql-ws", "asksOnClose": true,
            "tokenIn": "query", "tokenName": "access", "ping": "ping", "pong": [1, 255],
            "replyTo": "a", "replyWith": "b", "buffer": true, "bufferMessages": 5, "bufferBytes": 6,
            "maxFrame": 7, "highWater": 8, "lowWater": 3, "rateCount": 9, "ratePer": 10, "rateRejects": true,
            "maxReceive": 11, "heartbeat": 12, "maxDelay": 13
        }))
        .unwrap();
        assert_eq!(options.source, Source::Fixed("wss://a".into()));
        let manner = &options.manner;
        assert_eq!(manner.protocols, ["x", "y"]);
        assert_eq!(
            (manner.preset, manner.ask, manner.life),
            (Preset::GraphqlWs, true, Life::Probe)
        );
        assert_eq!(manner.token, TokenPlace::Query { name: "access".into() });
        assert_eq!(options.keepalive.pong, Some(Message::Binary(vec![1, 255])));
        let text = |text: &str| Message::Text(text.into());
        assert_eq!(options.keepalive.reply, Some((text("a"), text("b"))));
        let rate = Some(RateLimit { count: 9, per: 10, rejects: true });
        let limits =
            Limits { messages: 5, bytes: 6, keep: true, max_frame: 7, high: 8, low: 3, rate };
        assert_eq!(options.limits, limits);
        assert_eq!((options.max_receive, options.link.heartbeat), (11, 12));
        assert_eq!(options.backoff.max_delay, 13);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for odd in [
            json!({"protocols": "x"}),
            json!({"protocols": [1]}),
            json!({"ping": 5}),
            json!({"pong": [256]}),
            json!({"preset": "mine"}),
            json!({"tokenIn": "header"}),
            json!({"bufferBytes": -1}),
            json!({"rateCount": "many"}),
        ] {
            let message = SocketOptions::from_json(&odd).unwrap_err().message;
            let name = odd.as_object().and_then(|object| object.keys().next()).unwrap();
            assert!(message.contains(name.as_str()), "{message}");
        }
    }
}
