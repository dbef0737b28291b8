//! What the head of an answer says: a stream, nothing more, or a refusal.

use super::body::Kind;
use super::format::Format;
use crate::backoff::Hint;
use crate::error::ErrorCode;

/// How the answer is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// Its body is the stream.
    Stream(Kind),
    /// The server has nothing (more) to say: HTTP 204.
    Over,
    /// It is no stream. The body may say why.
    Refused(Refusal),
}

/// An answer that is no stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// What it stands for.
    pub code: ErrorCode,
    /// What to do.
    pub verdict: Verdict,
    /// The media type, where that is what is wrong.
    pub media_type: Option<String>,
}

/// What a refusal asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass.
    Retry(Hint),
    /// The token was refused.
    Refresh,
    /// Only the app can help.
    Fail,
}

/// What is wanted: events as they are, text in a format, or text in a format the server names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Events for the app.
    Events,
    /// Text; `None` where the answer tells its format.
    Text(Option<Format>),
}

/// Judges status and headers (names in lower case).
pub fn judge(wanted: Wanted, status: u16, headers: &[(String, String)]) -> Head {
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, v)| v);
    let media_type = header("content-type").map_or("", String::as_str);
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match status {
        200 => {}
        // A POST may answer 201 or 202; of events the rules want 200.
        201..=203 if wanted != Wanted::Events => {}
        204 => return Head::Over,
        _ => return refused(status, retry_after(header("retry-after"))),
    }
    let ai_sdk = headers.iter().any(|(name, _)| name.starts_with("x-vercel-ai-"));
    match kind(wanted, &media_type, ai_sdk) {
        Some(kind) => Head::Stream(kind),
        None => Head::Refused(Refusal {
            status,
            code: ErrorCode::Protocol,
            verdict: Verdict::Fail,
            media_type: Some(media_type),
        }),
    }
}

fn kind(wanted: Wanted, media_type: &str, ai_sdk: bool) -> Option<Kind> {
    let events = media_type == "text/event-stream";
    // A page where text was expected is a login, an error or a single-page app's index.
    let text = media_type != "text/html";
    match wanted {
        Wanted::Events => events.then_some(Kind::Events),
        Wanted::Text(None) if ai_sdk => kind(Wanted::Text(Some(Format::AiSdk)), media_type, ai_sdk),
        Wanted::Text(None) if events => Some(Kind::Tokens(Format::Sse)),
        Wanted::Text(None | Some(Format::Text)) => text.then_some(Kind::Text),
        Wanted::Text(Some(Format::AiSdk)) if !events => {
            (ai_sdk || media_type == "text/plain").then_some(Kind::Lines)
        }
        Wanted::Text(Some(format)) => events.then_some(Kind::Tokens(format)),
    }
}

fn refused(status: u16, wait: Option<u64>) -> Head {
    let asked = wait.map(Hint::After);
    let (code, verdict) = match status {
        401 => (ErrorCode::Auth, Verdict::Refresh),
        403 => (ErrorCode::Forbidden, Verdict::Fail),
        404 | 410 => (ErrorCode::NotFound, Verdict::Fail),
        429 | 503 => (ErrorCode::Unavailable, Verdict::Retry(asked.unwrap_or(Hint::Overload))),
        408 | 425 | 500..=599 => {
            (ErrorCode::Unavailable, Verdict::Retry(asked.unwrap_or(Hint::None)))
        }
        200..=299 => (ErrorCode::Protocol, Verdict::Fail),
        _ => (ErrorCode::Connection, Verdict::Fail),
    };
    Head::Refused(Refusal { status, code, verdict, media_type: None })
}

/// Seconds (RFC 9110 §10.2.3) as milliseconds; the driver has turned dates into seconds.
fn retry_after(value: Option<&String>) -> Option<u64> {
    value?.trim().parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1_000))
}

impl Refusal {
    /// What happened and what to do.
    pub fn message(&self) -> String {
        let status = self.status;
        match (&self.media_type, status) {
            (Some(found), _) if found == "text/html" => {
                "the server answered with a web page instead of a stream: check the url, and whether a login or a dev server's index page stands there".to_owned()
            }
            (Some(found), _) => format!(
                "the server answered with {} instead of a stream; an event stream needs content-type text/event-stream",
                if found.is_empty() { "no content type" } else { found }
            ),
            (None, 401) => {
                "the server refused the stream with HTTP 401: the token is missing or expired".to_owned()
            }
            (None, 403) => {
                "the server refused the stream with HTTP 403: this user may not read it".to_owned()
            }
            (None, 404 | 410) => format!("the server answered HTTP {status}: check the url"),
            (None, 429 | 503) => {
                format!("the server is overloaded or down for a while (HTTP {status})")
            }
            _ => format!("the server refused the stream with HTTP {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(wanted: Wanted, status: u16, headers: &[(&str, &str)]) -> Head {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        judge(wanted, status, &headers)
    }

    fn typed(wanted: Wanted, media_type: &str) -> Head {
        head(wanted, 200, &[("content-type", media_type)])
    }

    fn code(head: Head) -> (ErrorCode, Verdict) {
        match head {
            Head::Refused(refusal) => (refusal.code, refusal.verdict),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn events_need_200_and_their_media_type() {
        for good in ["text/event-stream", "text/event-stream;", "TEXT/Event-Stream ; charset=x"] {
            assert_eq!(typed(Wanted::Events, good), Head::Stream(Kind::Events), "{good}");
        }
        for bad in ["", "text/html", "text/event-stream-x", "text/plain", "application/json"] {
            let refused = code(typed(Wanted::Events, bad));
            assert_eq!(refused, (ErrorCode::Protocol, Verdict::Fail), "{bad}");
        }
        assert_eq!(head(Wanted::Events, 204, &[]), Head::Over);
        for status in [201, 205, 210, 299] {
            let head = head(Wanted::Events, status, &[("content-type", "text/event-stream")]);
            assert_eq!(code(head), (ErrorCode::Protocol, Verdict::Fail), "{status}");
        }
    }

    #[test]
    fn the_answer_tells_the_format_where_the_app_did_not() {
        let any = Wanted::Text(None);
        assert_eq!(typed(any, "text/event-stream"), Head::Stream(Kind::Tokens(Format::Sse)));
        assert_eq!(typed(any, "text/plain; charset=utf-8"), Head::Stream(Kind::Text));
        assert_eq!(typed(any, ""), Head::Stream(Kind::Text));
        let ui = [("content-type", "text/event-stream"), ("x-vercel-ai-ui-message-stream", "v1")];
        assert_eq!(head(any, 200, &ui), Head::Stream(Kind::Tokens(Format::AiSdk)));
        let data = [("content-type", "text/plain"), ("x-vercel-ai-data-stream", "v1")];
        assert_eq!(head(any, 200, &data), Head::Stream(Kind::Lines));
    }

    #[test]
    fn a_page_instead_of_a_stream_says_so() {
        for wanted in [Wanted::Events, Wanted::Text(None), Wanted::Text(Some(Format::Text))] {
            let Head::Refused(refusal) = typed(wanted, "text/html; charset=utf-8") else {
                panic!("taken for a stream");
            };
            assert!(refusal.message().contains("web page"), "{}", refusal.message());
        }
        let openai = Wanted::Text(Some(Format::OpenAi));
        let Head::Refused(refusal) = typed(openai, "application/json") else { panic!() };
        assert!(refusal.message().contains("application/json"));
    }

    #[test]
    fn statuses_are_told_apart_and_a_wish_to_wait_is_heard() {
        let events = |status, headers: &[(&str, &str)]| code(head(Wanted::Events, status, headers));
        assert_eq!(events(401, &[]), (ErrorCode::Auth, Verdict::Refresh));
        assert_eq!(events(403, &[]), (ErrorCode::Forbidden, Verdict::Fail));
        assert_eq!(events(404, &[]), (ErrorCode::NotFound, Verdict::Fail));
        assert_eq!(events(422, &[]), (ErrorCode::Connection, Verdict::Fail));
        let retry = |hint| (ErrorCode::Unavailable, Verdict::Retry(hint));
        assert_eq!(events(500, &[]), retry(Hint::None));
        assert_eq!(events(503, &[]), retry(Hint::Overload));
        assert_eq!(events(429, &[("retry-after", " 7 ")]), retry(Hint::After(7_000)));
        assert_eq!(events(503, &[("retry-after", "soon")]), retry(Hint::Overload));
    }
}
