//! How a stream behaves. Times are milliseconds, sizes bytes.

use serde_json::Value;

use super::broken::Broken;
use super::format::Format;
use super::parser::Limits;
use super::response::Wanted;
use crate::backoff::{BackoffPolicy, Jitter};
use crate::config::Fields;
use crate::error::Misuse;

/// When a lost answer is asked for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// Always: the request may be repeated.
    #[default]
    Always,
    /// Once an answer has come: it is known by name.
    OnceOpened,
    /// Once an answer has come with an id to go on from.
    ById,
    /// Never: what was lost is told.
    Never,
}

/// How a stream behaves.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// What the answer is to be.
    pub wanted: Wanted,
    /// When a lost answer is asked for again.
    pub resume: Resume,
    /// Where to begin; empty: at the start.
    pub last_event_id: String,
    /// Whether the app puts the last event id into the URL.
    pub id_in_url: bool,
    /// Bytes of text, or events, that the app has from before a reload.
    pub received: u64,
    /// How much of that came behind `last_event_id`.
    pub behind: u64,
    /// Whether an earlier request was answered, though nothing of the answer may have come.
    pub opened: bool,
    /// Whether a body that just ends has come whole; `None`: as is usual for the format.
    pub eof_is_done: Option<bool>,
    /// Whether a refused token can be replaced.
    pub refreshable: bool,
    /// Wait between attempts.
    pub backoff: BackoffPolicy,
    /// How long the app may take to say where to.
    pub auth_timeout: u64,
    /// From the request to the head of its answer.
    pub connect_timeout: u64,
    /// Silence after which an answer counts as dead. Comments are life.
    pub idle_timeout: u64,
    /// Time a stream must have run before the backoff starts anew.
    pub reset_after: u64,
    /// Retry while the browser says that there is no network.
    pub offline_retry: u64,
    /// Largest line and event.
    pub limits: Limits,
    /// Rules switched off.
    pub broken: Broken,
}

impl StreamConfig {
    /// Events for the app: they come back by themselves.
    pub fn events() -> Self {
        Self {
            wanted: Wanted::Events,
            resume: Resume::Always,
            last_event_id: String::new(),
            id_in_url: false,
            received: 0,
            behind: 0,
            opened: false,
            eof_is_done: None,
            refreshable: false,
            backoff: BackoffPolicy::default(),
            auth_timeout: 10_000,
            connect_timeout: 10_000,
            idle_timeout: 45_000,
            reset_after: 10_000,
            offline_retry: 60_000,
            limits: Limits::default(),
            broken: Broken::default(),
        }
    }

    /// Text that a model writes: it may think for long, and is never asked again by itself.
    pub fn text() -> Self {
        Self {
            wanted: Wanted::Text(None),
            resume: Resume::Never,
            connect_timeout: 60_000,
            idle_timeout: 120_000,
            ..Self::events()
        }
    }

    /// How long an answer may be silent.
    pub(super) fn patience(&self) -> u64 {
        if self.broken.no_idle_timeout() { NEVER } else { self.idle_timeout }
    }

    /// Whether this is text that began before a reload. An id alone is a place to begin where nothing is resumed.
    pub fn continues(&self) -> bool {
        let named = self.resume != Resume::Never && !self.last_event_id.is_empty();
        let opened = self.resume == Resume::OnceOpened && self.opened;
        self.wanted != Wanted::Events && (self.received > 0 || named || opened)
    }

    /// Reads the camelCase object the app gave; what it lacks has its default.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for what makes no sense.
    pub fn from_json(json: &Value) -> Result<Self, Misuse> {
        let fields = Fields::of("the options of a stream", json)?;
        let mut text = false;
        fields.word("mode", &[("events", false), ("text", true)], &mut text)?;
        let mut config = if text { Self::text() } else { Self::events() };
        if text {
            let mut format = None;
            fields.word("format", &FORMATS, &mut format)?;
            config.wanted = Wanted::Text(format);
        }
        fields.word("resume", &RESUMES, &mut config.resume)?;
        config.last_event_id = fields.text("lastEventId")?.unwrap_or_default();
        fields.flag("idInUrl", &mut config.id_in_url)?;
        fields.flag("opened", &mut config.opened)?;
        fields.flag("refreshable", &mut config.refreshable)?;
        if fields.given("eofIsDone").is_some() {
            let mut done = false;
            fields.flag("eofIsDone", &mut done)?;
            config.eof_is_done = Some(done);
        }
        config.read_numbers(&fields)?;
        Ok(config)
    }

    fn read_numbers(&mut self, fields: &Fields<'_>) -> Result<(), Misuse> {
        let backoff = &mut self.backoff;
        for (name, number) in [
            ("initialDelay", &mut backoff.initial_delay),
            ("maxDelay", &mut backoff.max_delay),
            ("maxHiddenDelay", &mut backoff.max_hidden_delay),
            ("authTimeout", &mut self.auth_timeout),
            ("connectTimeout", &mut self.connect_timeout),
            ("idleTimeout", &mut self.idle_timeout),
            ("resetAfter", &mut self.reset_after),
            ("offlineRetry", &mut self.offline_retry),
            ("received", &mut self.received),
            ("behind", &mut self.behind),
        ] {
            fields.number(name, number)?;
        }
        fields.number("maxEventSize", &mut self.limits.event)?;
        self.limits.line = self.limits.event.saturating_add(LINE_OVERHEAD);
        fields.float("factor", &mut backoff.factor)?;
        if let Some(attempts) = fields.given("maxAttempts") {
            backoff.max_attempts = Some(fields.whole("maxAttempts", attempts)?);
        }
        let jitters = [("full", Jitter::Full), ("equal", Jitter::Equal), ("none", Jitter::None)];
        fields.word("jitter", &jitters, &mut backoff.jitter)
    }
}

/// Longer than anything lasts.
const NEVER: u64 = u64::MAX / 4;

/// A line holds the name of its field too.
const LINE_OVERHEAD: usize = 64;

const FORMATS: [(&str, Option<Format>); 7] = [
    ("auto", None),
    ("text", Some(Format::Text)),
    ("sse", Some(Format::Sse)),
    ("openai", Some(Format::OpenAi)),
    ("anthropic", Some(Format::Anthropic)),
    ("ai-sdk", Some(Format::AiSdk)),
    ("raw", Some(Format::Raw)),
];

const RESUMES: [(&str, Resume); 4] = [
    ("always", Resume::Always),
    ("once-opened", Resume::OnceOpened),
    ("by-id", Resume::ById),
    ("never", Resume::Never),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_object_is_a_stream_of_events_with_the_defaults() {
        let config = StreamConfig::from_json(&json!({})).unwrap();
        assert_eq!((config.wanted, config.resume), (Wanted::Events, Resume::Always));
        assert_eq!((config.idle_timeout, config.connect_timeout), (45_000, 10_000));
    }

    #[test]
    fn text_is_not_resumed_unless_asked_for_and_may_take_longer() {
        let config = StreamConfig::from_json(&json!({"mode": "text"})).unwrap();
        assert_eq!((config.wanted, config.resume), (Wanted::Text(None), Resume::Never));
        assert_eq!(config.idle_timeout, 120_000);
        let json = json!({"mode": "text", "format": "openai", "resume": "by-id", "idleTimeout": 7,
            "lastEventId": "3", "received": 9, "behind": 2, "eofIsDone": true, "maxEventSize": 100, "maxDelay": 5});
        let config = StreamConfig::from_json(&json).unwrap();
        assert_eq!(config.wanted, Wanted::Text(Some(Format::OpenAi)));
        assert_eq!((config.resume, config.idle_timeout), (Resume::ById, 7));
        assert_eq!((config.last_event_id.as_str(), config.received, config.behind), ("3", 9, 2));
        assert_eq!((config.eof_is_done, config.limits.event), (Some(true), 100));
        assert!(config.continues() && config.backoff.max_delay == 5);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for odd in [
            json!({"mode": "video"}),
            json!({"mode": "text", "format": "xml"}),
            json!({"resume": true}),
            json!({"idleTimeout": "5"}),
            json!({"eofIsDone": 1}),
            json!({"lastEventId": 5}),
        ] {
            let message = StreamConfig::from_json(&odd).unwrap_err().message;
            let name = odd.as_object().and_then(|object| object.keys().next_back()).unwrap();
            assert!(message.contains(name.as_str()) || message.contains("format"), "{message}");
        }
    }
}
