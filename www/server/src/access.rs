//! Who may join what: everything that refuses a handshake, with a status a browser can ask for.

use std::sync::Once;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use rejoin::config::check_room_name;
use rejoin::error::ErrorCode;
use serde_json::json;

use crate::config::AccessConfig;
use crate::hub::RoomName;

/// Subprotocol beside which a token may be offered as another.
const BEARER: &str = "bearer.";

/// Why a handshake is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The path names no room.
    NoRoom,
    /// The name cannot be a room's.
    BadName(String),
    /// The page's origin is not allowed.
    Origin,
    /// No token, or a wrong one: why.
    Token(&'static str),
    /// Too many rooms, or members of this one; or the server is about to stop.
    Full,
    /// Too many connections of this user.
    TooMany,
    /// Nothing is wrong, but this is no WebSocket handshake.
    NoUpgrade,
    /// WebSockets are switched off.
    NoWebSocket,
    /// There is no such session of a tunnel, or not any more.
    NoSession,
    /// A request of a tunnel makes no sense.
    BadBody(String),
    /// A request of a tunnel leaves frames out.
    Gap,
    /// A frame or a request is over the limit.
    TooLarge,
}

impl Refusal {
    fn parts(&self) -> (StatusCode, ErrorCode, &str) {
        match self {
            Self::NoRoom => (StatusCode::NOT_FOUND, ErrorCode::NotFound, "the path names no room"),
            Self::BadName(why) => (StatusCode::BAD_REQUEST, ErrorCode::InvalidArgument, why),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                ErrorCode::Forbidden,
                "pages of this origin may not connect",
            ),
            Self::Token(why) => (StatusCode::UNAUTHORIZED, ErrorCode::Auth, why),
            Self::Full => (
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "no space now, come back later",
            ),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::RateLimit,
                "this user has too many connections",
            ),
            Self::NoUpgrade => (
                StatusCode::UPGRADE_REQUIRED,
                ErrorCode::Protocol,
                "a room is joined by a WebSocket",
            ),
            Self::NoWebSocket => {
                (StatusCode::FORBIDDEN, ErrorCode::Forbidden, "no WebSockets here; HTTP is open")
            }
            Self::NoSession => {
                (StatusCode::GONE, ErrorCode::NotFound, "there is no such session any more")
            }
            Self::BadBody(why) => (StatusCode::BAD_REQUEST, ErrorCode::Protocol, why),
            Self::Gap => {
                (StatusCode::CONFLICT, ErrorCode::Protocol, "frames before the first are missing")
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::FrameTooLarge,
                "a frame is over the limit",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        let body = axum::Json(json!({ "code": code.as_str(), "message": message }));
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        match self {
            Self::NoUpgrade => {
                headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
            }
            Self::Full | Self::TooMany => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response
    }
}

/// The room a path names: everything after the first slash, percent-decoded.
pub(crate) fn room_of(uri: &Uri) -> Result<RoomName, Refusal> {
    let encoded = uri.path().strip_prefix('/').unwrap_or_default();
    if encoded.is_empty() {
        return Err(Refusal::NoRoom);
    }
    let name = percent_decode_str(encoded).decode_utf8();
    let name = name.map_err(|_| Refusal::BadName("a room name is UTF-8".to_owned()))?;
    check_room_name(&name).map_err(|misuse| Refusal::BadName(misuse.message))?;
    Ok(RoomName::from(name))
}

/// What a client may do once it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permit {
    /// How long the token lasts; none: for ever.
    pub(crate) lifetime: Option<Duration>,
    /// Whether the document may only be read.
    pub(crate) readonly: bool,
    /// The token comes in the first message.
    pub(crate) pending: bool,
    /// Who it is, where the token says so.
    pub(crate) user: Option<String>,
}

impl Permit {
    const FREE: Self = Self { lifetime: None, readonly: false, pending: false, user: None };
}

/// Whether the page and the token may join.
pub(crate) fn check(
    config: &AccessConfig,
    uri: &Uri,
    headers: &HeaderMap,
    room: &str,
) -> Result<Permit, Refusal> {
    check_origin(config, headers)?;
    if config.token.is_none() && config.jwt.is_none() {
        return Ok(Permit::FREE);
    }
    let mut why = None;
    for token in shown(config, uri, headers) {
        match verify(config, &token, room) {
            Ok(permit) => return Ok(permit),
            Err(reason) => why = Some(reason),
        }
    }
    match why {
        Some(why) => Err(Refusal::Token(why)),
        None if query(uri, "auth").as_deref() == Some("message") => {
            Ok(Permit { pending: true, ..Permit::FREE })
        }
        None => Err(Refusal::Token("there is no token")),
    }
}

/// Whether pages of the request's origin may connect.
pub(crate) fn check_origin(config: &AccessConfig, headers: &HeaderMap) -> Result<(), Refusal> {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let allowed = |origin: &str| config.origins.iter().any(|allowed| allowed == origin);
    if !config.origins.is_empty() && !origin.is_none_or(allowed) {
        return Err(Refusal::Origin);
    }
    Ok(())
}

/// What a token lets its bearer do in a room, or why it lets nobody in.
pub(crate) fn verify(
    config: &AccessConfig,
    token: &str,
    room: &str,
) -> Result<Permit, &'static str> {
    if config.token.as_ref().is_some_and(|known| is_same(token.as_bytes(), known)) {
        return Ok(Permit::FREE);
    }
    match &config.jwt {
        Some(jwt) => jwt.verify(token, room),
        None if config.token.is_none() => Ok(Permit::FREE),
        None => Err("the token is wrong"),
    }
}

/// The value of a parameter of the query.
pub(crate) fn query(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = uri.query()?.split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let value = value.replace('+', " ");
    Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
}

/// The tokens a request shows: subprotocol `bearer.<base64url>`, `Authorization`, a cookie, `?token=`.
fn shown(config: &AccessConfig, uri: &Uri, headers: &HeaderMap) -> Vec<String> {
    let values = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let offered = values(header::SEC_WEBSOCKET_PROTOCOL).flat_map(|list| list.split(','));
    let offered = offered.filter_map(|name| {
        let encoded = name.trim().strip_prefix(BEARER)?.trim_end_matches('=');
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
    });
    let bearer = values(header::AUTHORIZATION).filter_map(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let cookies = values(header::COOKIE).flat_map(|list| list.split(';')).filter_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (Some(name) == config.cookie.as_deref()).then(|| value.to_owned())
    });
    let mut shown: Vec<String> = offered.chain(bearer).chain(cookies).collect();
    if let Some(token) = query(uri, "token") {
        WARNED.call_once(|| {
            tracing::warn!("a token came in a URL, where proxies and logs keep it; prefer a subprotocol or a header");
        });
        shown.push(token);
    }
    shown
}

/// The first token in a URL is told to the operator.
static WARNED: Once = Once::new();

/// Compares in a time that tells nothing about where the first difference is.
fn is_same(shown: &[u8], token: &str) -> bool {
    let token = token.as_bytes();
    let differences = shown.iter().zip(token).fold(0, |all, (a, b)| all | (a ^ b));
    shown.len() == token.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap_or_default()
    }

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, header::HeaderValue::from_static(value))])
    }

    #[test]
    fn a_path_is_percent_decoded_and_may_have_several_parts() {
        assert_eq!(
            room_of(&uri("/team%201/pl%C3%A4ne?token=x")),
            Ok(RoomName::from("team 1/pläne"))
        );
        assert_eq!(room_of(&uri("/")), Err(Refusal::NoRoom));
        for odd in ["/a%0Ab", "/a//b", "/%2e%2e", "/a/", "/%ff"] {
            assert!(matches!(room_of(&uri(odd)), Err(Refusal::BadName(_))), "{odd}");
        }
    }

    #[test]
    fn a_token_is_taken_from_the_query_or_a_subprotocol() {
        let config = AccessConfig { token: Some("s+e cret".to_owned()), ..AccessConfig::default() };
        let none = HeaderMap::new();
        assert_eq!(check(&config, &uri("/r?a=b&token=s%2Be+cret"), &none, "r"), Ok(Permit::FREE));
        let offered = headers(header::SEC_WEBSOCKET_PROTOCOL, "rejoin, bearer.cytlIGNyZXQ");
        assert_eq!(check(&config, &uri("/r"), &offered, "r"), Ok(Permit::FREE));
        for wrong in ["/r", "/r?token=", "/r?token=s%2Be+cre", "/r?token=s%2Be+cretx"] {
            assert!(
                matches!(check(&config, &uri(wrong), &none, "r"), Err(Refusal::Token(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_token_is_also_taken_from_a_header_or_a_cookie_and_its_absence_from_the_first_message() {
        let (token, cookie) = (Some("secret".to_owned()), Some("session".to_owned()));
        let config = AccessConfig { token, cookie, ..AccessConfig::default() };
        let with = |name, value| check(&config, &uri("/r"), &headers(name, value), "r");
        assert_eq!(with(header::AUTHORIZATION, "bearer secret"), Ok(Permit::FREE));
        assert_eq!(with(header::COOKIE, "a=b; session=secret"), Ok(Permit::FREE));
        for (name, value) in
            [(header::AUTHORIZATION, "Basic secret"), (header::COOKIE, "other=secret")]
        {
            assert_eq!(with(name, value), Err(Refusal::Token("there is no token")));
        }
        assert_eq!(
            with(header::AUTHORIZATION, "Bearer no"),
            Err(Refusal::Token("the token is wrong"))
        );
        let later = check(&config, &uri("/r?auth=message"), &HeaderMap::new(), "r");
        assert!(later.is_ok_and(|permit| permit.pending));
        let wrong = headers(header::AUTHORIZATION, "Bearer no");
        assert!(check(&config, &uri("/r?auth=message"), &wrong, "r").is_err());
    }

    #[test]
    fn only_pages_of_an_allowed_origin_may_connect() {
        let origins = vec!["https://a.example".to_owned()];
        let config = AccessConfig { origins, ..AccessConfig::default() };
        let from = |origin| check_origin(&config, &headers(header::ORIGIN, origin));
        assert_eq!(from("https://a.example"), Ok(()));
        assert_eq!(from("https://b.example"), Err(Refusal::Origin));
        assert_eq!(check_origin(&config, &HeaderMap::new()), Ok(()), "no page at all");
    }
}
