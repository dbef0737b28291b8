//! Who may join what: everything that refuses a handshake, with a status a browser can ask for.

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
    /// No token, or a wrong one.
    Token,
    /// Too many rooms, or members of this one; or the server is about to stop.
    Full,
    /// Nothing is wrong, but this is no WebSocket handshake.
    NoUpgrade,
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
            Self::Token => {
                (StatusCode::UNAUTHORIZED, ErrorCode::Auth, "the token is missing or wrong")
            }
            Self::Full => (
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "no space now, come back later",
            ),
            Self::NoUpgrade => (
                StatusCode::UPGRADE_REQUIRED,
                ErrorCode::Protocol,
                "a room is joined by a WebSocket",
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
            Self::Full => {
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

/// Whether the page and the token may join.
pub(crate) fn check(config: &AccessConfig, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let allowed = |origin: &str| config.origins.iter().any(|allowed| allowed == origin);
    if !config.origins.is_empty() && !origin.is_none_or(allowed) {
        return Err(Refusal::Origin);
    }
    match &config.token {
        Some(token) if !shows(token, uri, headers) => Err(Refusal::Token),
        _ => Ok(()),
    }
}

/// Whether a request shows the token: as `?token=`, or as a subprotocol `bearer.<base64url>`.
fn shows(token: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let in_query = uri.query().unwrap_or_default().split('&').any(|pair| {
        let value = pair.strip_prefix("token=").map(|value| value.replace('+', " "));
        value.is_some_and(|value| is_same(&percent_decode_str(&value).collect::<Vec<u8>>(), token))
    });
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let offered = offered.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    let in_protocol = offered.filter_map(|name| name.trim().strip_prefix(BEARER)).any(|encoded| {
        let shown = URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('='));
        shown.is_ok_and(|shown| is_same(&shown, token))
    });
    in_query || in_protocol
}

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
        assert_eq!(check(&config, &uri("/r?a=b&token=s%2Be+cret"), &none), Ok(()));
        let offered = headers(header::SEC_WEBSOCKET_PROTOCOL, "rejoin, bearer.cytlIGNyZXQ");
        assert_eq!(check(&config, &uri("/r"), &offered), Ok(()));
        for wrong in ["/r", "/r?token=", "/r?token=s%2Be+cre", "/r?token=s%2Be+cretx"] {
            assert_eq!(check(&config, &uri(wrong), &none), Err(Refusal::Token), "{wrong}");
        }
    }

    #[test]
    fn only_pages_of_an_allowed_origin_may_connect() {
        let origins = vec!["https://a.example".to_owned()];
        let config = AccessConfig { origins, ..AccessConfig::default() };
        let from = |origin| check(&config, &uri("/r"), &headers(header::ORIGIN, origin));
        assert_eq!(from("https://a.example"), Ok(()));
        assert_eq!(from("https://b.example"), Err(Refusal::Origin));
        assert_eq!(check(&config, &uri("/r"), &HeaderMap::new()), Ok(()), "no page at all");
    }
}
