//! Signed tokens (RFC 7519): who may join what, until when.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, get_current_timestamp};
use serde::Deserialize;

use crate::access::Permit;

/// Clocks of others may be off by as much, in seconds.
const LEEWAY: u64 = 5;
/// Longest life of a token, in seconds: moments that are further away cannot be counted everywhere.
const TEN_YEARS: u64 = 10 * 365 * 86_400;
/// Longest `sub` that others are told, in bytes; clients read no longer one.
const MAX_SUBJECT: usize = 256;

/// Whose signatures count, and for whom a token must be.
#[derive(Clone)]
pub struct Jwt {
    key: Arc<DecodingKey>,
    validation: Validation,
    requires_rooms: bool,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no public key in PEM, neither of RSA nor of the curve P-256")]
pub struct BadKey;

/// The claims that count here, besides those the library checks.
#[derive(Debug, Deserialize)]
struct Claims {
    /// Seconds since 1970, of any precision (RFC 7519 §2); the library sees to it that it is there.
    exp: Option<f64>,
    /// Rooms the token is for; one that ends with `*` stands for all that begin so. None: all.
    rooms: Option<Vec<String>>,
    /// Whether the document may only be read.
    #[serde(default)]
    readonly: bool,
    /// Who it is: the others are told.
    sub: Option<String>,
}

impl Jwt {
    /// Tokens signed with a shared secret (HS256).
    pub fn from_secret(secret: &str) -> Self {
        Self::new(DecodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)
    }

    /// Tokens signed with the private half of a public key in PEM (RS256 or ES256).
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadKey> {
        let rsa = DecodingKey::from_rsa_pem(pem).map(|key| Self::new(key, Algorithm::RS256));
        let curve = || DecodingKey::from_ec_pem(pem).map(|key| Self::new(key, Algorithm::ES256));
        rsa.or_else(|_| curve()).map_err(|_| BadKey)
    }

    /// The same for tokens whose `aud` names this audience.
    #[must_use]
    pub fn for_audience(mut self, audience: &str) -> Self {
        self.validation.validate_aud = true;
        self.validation.set_audience(&[audience]);
        self.validation.required_spec_claims.insert("aud".to_owned());
        self
    }

    /// The same for tokens whose `iss` names this issuer.
    #[must_use]
    pub fn from_issuer(mut self, issuer: &str) -> Self {
        self.validation.set_issuer(&[issuer]);
        self.validation.required_spec_claims.insert("iss".to_owned());
        self
    }

    /// The same for tokens that name their rooms: one that does not opens none, instead of all.
    #[must_use]
    pub fn for_named_rooms(mut self) -> Self {
        self.requires_rooms = true;
        self
    }

    /// Whether a token counts whoever issued it, and whomever for.
    pub fn is_unbound(&self) -> bool {
        self.validation.aud.is_none() && self.validation.iss.is_none()
    }

    fn new(key: DecodingKey, algorithm: Algorithm) -> Self {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.validate_aud = false;
        Self { key: Arc::new(key), validation, requires_rooms: false }
    }

    /// What a token lets its bearer do in a room.
    ///
    /// # Errors
    /// Why it lets nobody in, in words for the bearer.
    pub(crate) fn verify(&self, token: &str, room: &str) -> Result<Permit, &'static str> {
        let verified = decode::<Claims>(token, &self.key, &self.validation);
        let claims = verified.map_err(|error| words(error.kind()))?.claims;
        let named = |name: &String| match name.strip_suffix('*') {
            Some(start) => room.starts_with(start),
            None => name == room,
        };
        match claims.rooms {
            Some(rooms) if !rooms.iter().any(named) => return Err("the token is for other rooms"),
            None if self.requires_rooms => return Err("the token names no rooms"),
            _ => {}
        }
        let lifetime = Some(lifetime(claims.exp.unwrap_or_default()));
        let user = claims.sub.filter(|sub| !sub.is_empty() && sub.len() <= MAX_SUBJECT);
        Ok(Permit { lifetime, readonly: claims.readonly, pending: false, user })
    }
}

/// The key is a secret, or large.
impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("validation", &self.validation).finish_non_exhaustive()
    }
}

/// How long a token that ends then still counts.
fn lifetime(end: f64) -> Duration {
    // Beyond the largest number `as` gives that one.
    let end = (end.round() as u64).saturating_add(LEEWAY);
    Duration::from_secs(end.saturating_sub(get_current_timestamp()).min(TEN_YEARS))
}

fn words(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::InvalidIssuer => "the token is from another issuer",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks a claim",
        ErrorKind::Json(_) | ErrorKind::InvalidClaimFormat(_) => {
            "a claim of the token cannot be read"
        }
        _ => "the token is not signed as it should be",
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of the test, long enough";

    fn signed(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        encode(&Header::default(), claims, &key).unwrap_or_default()
    }

    fn in_seconds(seconds: i64) -> i64 {
        i64::try_from(get_current_timestamp()).unwrap_or_default() + seconds
    }

    #[test]
    fn a_token_counts_from_its_beginning_to_its_end() {
        let jwt = Jwt::from_secret(SECRET);
        let check = |claims: Value| jwt.verify(&signed(&claims), "r").map(|permit| permit.readonly);
        assert_eq!(check(json!({ "exp": in_seconds(60) })), Ok(false));
        assert_eq!(check(json!({ "exp": in_seconds(60), "readonly": true })), Ok(true));
        assert_eq!(check(json!({ "exp": in_seconds(-60) })), Err("the token has expired"));
        let early = json!({ "exp": in_seconds(60), "nbf": in_seconds(30) });
        assert_eq!(check(early), Err("the token is not valid yet"));
        assert_eq!(check(json!({ "sub": "me" })), Err("the token lacks a claim"));
        let user = |sub: &str| {
            let claims = json!({ "exp": in_seconds(60), "sub": sub });
            jwt.verify(&signed(&claims), "r").ok()?.user
        };
        assert_eq!(user("ann").as_deref(), Some("ann"));
        assert_eq!([user(""), user(&"x".repeat(257))], [None, None]);
        let other =
            Jwt::from_secret("another").verify(&signed(&json!({ "exp": in_seconds(60) })), "r");
        assert_eq!(other, Err("the token is not signed as it should be"));
        assert!(jwt.verify("no.token.at-all", "r").is_err());
    }

    #[test]
    fn a_token_may_end_at_any_number() {
        let jwt = Jwt::from_secret(SECRET);
        let lifetime = |exp: Value| {
            let permit = jwt.verify(&signed(&json!({ "exp": exp })), "r").ok()?;
            permit.lifetime.map(|lifetime| lifetime.as_secs())
        };
        let fractional = in_seconds(60) as f64 + 0.4;
        assert!(lifetime(json!(fractional)).is_some_and(|left| (60..=66).contains(&left)));
        let years = |years: u64| years * 365 * 86_400;
        for far in [json!(u64::MAX), json!(u64::MAX - 1), json!(1e18)] {
            assert_eq!(lifetime(far.clone()), Some(years(10)), "{far}");
        }
        let check = |claims: Value| jwt.verify(&signed(&claims), "r").map(|_| ());
        let unreadable = json!({ "exp": in_seconds(60), "rooms": "plan" });
        assert_eq!(check(unreadable), Err("a claim of the token cannot be read"));
    }

    #[test]
    fn a_token_without_a_signature_is_none() {
        // {"alg":"none"} and {"exp":9999999999}
        let none = "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.";
        assert!(Jwt::from_secret(SECRET).verify(none, "r").is_err());
    }

    #[test]
    fn a_token_may_be_bound_to_rooms_an_audience_and_an_issuer() {
        let rooms = json!({ "exp": in_seconds(60), "rooms": ["plan", "team/*"] });
        let jwt = Jwt::from_secret(SECRET);
        for (room, joins) in [("plan", true), ("team/a", true), ("plans", false), ("team", false)] {
            assert_eq!(jwt.verify(&signed(&rooms), room).is_ok(), joins, "{room}");
        }
        let named = jwt.clone().for_named_rooms();
        assert!(named.verify(&signed(&rooms), "plan").is_ok());
        let all = signed(&json!({ "exp": in_seconds(60) }));
        assert!(jwt.verify(&all, "plan").is_ok());
        assert_eq!(named.verify(&all, "plan"), Err("the token names no rooms"));
        let bound = jwt.for_audience("rejoin").from_issuer("us");
        let claims = json!({ "exp": in_seconds(60), "aud": "rejoin", "iss": "us" });
        assert!(bound.verify(&signed(&claims), "r").is_ok());
        for (name, wrong) in [("aud", "other"), ("iss", "them")] {
            let mut claims = claims.clone();
            claims[name] = json!(wrong);
            assert!(bound.verify(&signed(&claims), "r").is_err(), "{name}");
            claims.as_object_mut().map(|claims| claims.remove(name));
            assert!(bound.verify(&signed(&claims), "r").is_err(), "no {name}");
        }
    }

    #[test]
    fn public_keys_of_both_kinds_verify_what_their_private_halves_signed() {
        let claims = json!({ "exp": in_seconds(60) });
        let rsa = EncodingKey::from_rsa_pem(include_bytes!("../tests/keys/rsa.pem"));
        let curve = EncodingKey::from_ec_pem(include_bytes!("../tests/keys/p256.pem"));
        let both: [(_, _, &[u8]); 2] = [
            (rsa, Algorithm::RS256, include_bytes!("../tests/keys/rsa.pub.pem")),
            (curve, Algorithm::ES256, include_bytes!("../tests/keys/p256.pub.pem")),
        ];
        for (private, algorithm, public) in both {
            let token = private.and_then(|key| encode(&Header::new(algorithm), &claims, &key));
            let token = token.unwrap_or_default();
            let jwt = Jwt::from_pem(public);
            assert!(jwt.is_ok_and(|jwt| jwt.verify(&token, "r").is_ok()), "{algorithm:?}");
            // The public key is no secret: nobody may sign with it.
            let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(public));
            let jwt = Jwt::from_pem(public);
            assert!(jwt.is_ok_and(|jwt| jwt.verify(&forged.unwrap_or_default(), "r").is_err()));
        }
        assert_eq!(Jwt::from_pem(b"no key").map(|_| ()), Err(BadKey));
    }
}
