//! What a close code or an HTTP status asks of us.

use crate::backoff::Hint;
use crate::error::ErrorCode;

/// What to do after a link has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try again.
    Retry(Hint),
    /// The token was refused: ask for a new one, then try again; a fresh one that is refused is the end.
    Refresh,
    /// One side broke the protocol: try again twice, then fail.
    Protocol,
    /// A frame was too large: do not send it again, then try.
    TooLarge,
    /// Only the app can help.
    Fail(ErrorCode),
}

/// Judges a close code (RFC 6455 §7.4, and the habits of servers in the field).
pub fn judge_close(code: u16, reason: &str) -> Verdict {
    match code {
        1002 | 1003 | 1007 | 1010 => judge_protocol(reason),
        1008 if names_a_token(reason) => Verdict::Refresh,
        1008 => Verdict::Protocol,
        1009 => Verdict::TooLarge,
        1012 => Verdict::Retry(hint(reason).unwrap_or(Hint::Restart)),
        1013 | 4429 => Verdict::Retry(hint(reason).unwrap_or(Hint::Overload)),
        3000 | 4401 => Verdict::Refresh,
        3003 | 4403 => Verdict::Fail(ErrorCode::Forbidden),
        4404 | 4410 => Verdict::Fail(ErrorCode::NotFound),
        4408 | 4425 => Verdict::Retry(Hint::None),
        4400..=4499 | 4999 => Verdict::Fail(ErrorCode::Connection),
        _ => Verdict::Retry(hint(reason).unwrap_or(Hint::None)),
    }
}

/// Judges the HTTP status of a refused handshake. A 404 may only mean that the path answers nothing
/// but WebSocket handshakes, so it is told and retried.
pub fn judge_status(status: u16, retry_after: Option<u64>) -> Verdict {
    match status {
        401 => Verdict::Refresh,
        403 => Verdict::Fail(ErrorCode::Forbidden),
        429 | 503 => Verdict::Retry(retry_after.map_or(Hint::Overload, Hint::After)),
        _ => Verdict::Retry(retry_after.map_or(Hint::None, Hint::After)),
    }
}

/// The error an HTTP status stands for, if it is one.
pub fn code_of_status(status: u16) -> Option<ErrorCode> {
    match status {
        401 => Some(ErrorCode::Auth),
        403 => Some(ErrorCode::Forbidden),
        404 | 410 => Some(ErrorCode::NotFound),
        429 | 500..=599 => Some(ErrorCode::Unavailable),
        400..=499 => Some(ErrorCode::Connection),
        _ => None,
    }
}

/// Jupyter closes with 1003 and a JSON reason when its session changed: that passes by itself.
fn judge_protocol(reason: &str) -> Verdict {
    if reason.contains("\"reloadable\"") { Verdict::Refresh } else { Verdict::Protocol }
}

fn names_a_token(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    ["token", "auth", "expired", "unauthorized"].iter().any(|word| reason.contains(word))
}

/// `{"retry_ms": 1500}` as a close reason.
pub(super) fn hint(reason: &str) -> Option<Hint> {
    let value: serde_json::Value = serde_json::from_str(reason).ok()?;
    value.get("retry_ms")?.as_u64().map(Hint::After)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_code_has_its_verdict() {
        let retry = Verdict::Retry(Hint::None);
        for code in
            [1000, 1001, 1005, 1006, 1011, 1014, 1015, 4408, 4425, 4500, 4599, 3500, 4205, 4001]
        {
            assert_eq!(judge_close(code, ""), retry, "{code}");
        }
        for code in [1002, 1003, 1007, 1008, 1010] {
            assert_eq!(judge_close(code, ""), Verdict::Protocol, "{code}");
        }
        assert_eq!(judge_close(1009, ""), Verdict::TooLarge);
        assert_eq!(judge_close(1012, ""), Verdict::Retry(Hint::Restart));
        assert_eq!(judge_close(1013, ""), Verdict::Retry(Hint::Overload));
        assert_eq!(judge_close(4401, ""), Verdict::Refresh);
        assert_eq!(judge_close(1008, "Token expired"), Verdict::Refresh);
        assert_eq!(judge_close(4403, ""), Verdict::Fail(ErrorCode::Forbidden));
        assert_eq!(judge_close(4404, ""), Verdict::Fail(ErrorCode::NotFound));
        for code in [4400, 4402, 4444, 4499, 4999] {
            assert_eq!(judge_close(code, ""), Verdict::Fail(ErrorCode::Connection), "{code}");
        }
    }

    #[test]
    fn a_server_may_ask_for_a_wait_in_its_reason() {
        let asked = Verdict::Retry(Hint::After(1_500));
        assert_eq!(judge_close(1013, r#"{"retry_ms":1500}"#), asked);
        assert_eq!(judge_close(1000, r#"{"retry_ms":1500}"#), asked);
        assert_eq!(judge_close(1000, "{not json"), Verdict::Retry(Hint::None));
    }

    #[test]
    fn refused_handshakes_are_told_apart() {
        assert_eq!(judge_status(401, None), Verdict::Refresh);
        assert_eq!(judge_status(403, None), Verdict::Fail(ErrorCode::Forbidden));
        assert_eq!(judge_status(404, None), Verdict::Retry(Hint::None));
        assert_eq!(judge_status(503, Some(7_000)), Verdict::Retry(Hint::After(7_000)));
        assert_eq!(judge_status(426, None), Verdict::Retry(Hint::None));
    }
}
