//! What differs between kinds of links: subprotocols, the place of a token, who shows life, what a close means.

use super::close::{Verdict, judge_close};
use super::heartbeat::Life;
use super::preset::Preset;
use crate::backoff::Hint;
use crate::error::Misuse;
use base64ct::{Base64UrlUnpadded, Encoding};

/// One question to the app about a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerdictRequest(pub u32);

/// How one kind of link behaves; the default is a room's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Subprotocols to offer.
    pub protocols: Vec<String>,
    /// Where a token goes.
    pub token: TokenPlace,
    /// Who shows life on a quiet link.
    pub life: Life,
    /// What close codes mean.
    pub preset: Preset,
    /// Whether the app is asked about each close first.
    pub ask: bool,
    /// Whether a handshake says little: refused tokens and broken protocols are forgiven by uptime, not by it.
    pub bare: bool,
}

/// Where a token goes. It is never logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the subprotocols `rejoin` and `bearer.<base64url>`, as `www/server` reads it.
    #[default]
    Bearer,
    /// In one more subprotocol, after the others.
    Subprotocol {
        /// What stands before the token.
        prefix: String,
        /// Whether the token is written in base64url, since a subprotocol allows few characters (RFC 6455 §4.1).
        encoded: bool,
    },
    /// In the URL, where servers and proxies log it.
    Query {
        /// Name of the parameter.
        name: String,
    },
    /// In the first message, which whoever owns the link sends.
    FirstFrame,
    /// In the first message, in our own dialect; the URL says so (see PROTOCOL.md).
    Message,
    /// In a cookie that the app's function has set.
    Cookie,
}

/// What the app says about a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// What the preset says.
    Default,
    /// Try again, after about this many milliseconds if any.
    Retry(Option<u64>),
    /// Ask for a new token, then try again; once.
    Refresh,
    /// Stop.
    Fail,
}

impl Manner {
    /// The subprotocols of one attempt.
    pub(super) fn offer(&self, protocols: Vec<String>, token: Option<&str>) -> Vec<String> {
        let mut offered = protocols;
        match (&self.token, token) {
            (TokenPlace::Bearer, Some(token)) => {
                offered.push("rejoin".to_owned());
                offered
                    .push(format!("bearer.{}", Base64UrlUnpadded::encode_string(token.as_bytes())));
            }
            (TokenPlace::Subprotocol { prefix, encoded }, Some(token)) => {
                let token = if *encoded {
                    Base64UrlUnpadded::encode_string(token.as_bytes())
                } else {
                    token.to_owned()
                };
                offered.push(format!("{prefix}{token}"));
            }
            _ => {}
        }
        offered
    }

    /// Whether a request of our own may carry the token in its `Authorization` header.
    pub(super) fn token_in_header(&self) -> bool {
        matches!(self.token, TokenPlace::Bearer | TokenPlace::Subprotocol { .. })
    }

    /// The URL of one attempt.
    pub(super) fn place(&self, url: String, token: Option<&str>) -> String {
        match (&self.token, token) {
            (TokenPlace::Query { name }, Some(token)) => with_query(&url, name, token),
            (TokenPlace::Message, Some(_)) => with_query(&url, "auth", "message"),
            _ => url,
        }
    }

    pub(super) fn judge(&self, code: u16, reason: &str) -> Verdict {
        self.preset.judge(code, reason).unwrap_or_else(|| judge_close(code, reason))
    }
}

impl Ruling {
    /// What the app says in a word, with a wait in milliseconds.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word.
    pub fn from_word(word: &str, wait: Option<u32>) -> Result<Self, Misuse> {
        match word {
            "default" => Ok(Self::Default),
            "retry" => Ok(Self::Retry(wait.map(u64::from))),
            "refresh" => Ok(Self::Refresh),
            "fail" => Ok(Self::Fail),
            _ => Err(Misuse::argument("expected `default`, `retry`, `refresh` or `fail`")),
        }
    }

    pub(super) fn verdict(self, default: Verdict) -> Option<Verdict> {
        match self {
            Self::Default => Some(default),
            Self::Retry(wait) => Some(Verdict::Retry(wait.map_or(Hint::None, Hint::After))),
            Self::Refresh => Some(Verdict::Refresh),
            Self::Fail => None,
        }
    }
}

/// Adds a parameter to a URL, before its fragment.
fn with_query(url: &str, name: &str, value: &str) -> String {
    let (base, fragment) = url.split_once('#').map_or((url, None), |(b, f)| (b, Some(f)));
    let separator = match base.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut whole = format!("{base}{separator}");
    push_encoded(&mut whole, name);
    whole.push('=');
    push_encoded(&mut whole, value);
    if let Some(fragment) = fragment {
        whole.push('#');
        whole.push_str(fragment);
    }
    whole
}

/// All but unreserved characters as `%XX` (RFC 3986 §2.1).
fn push_encoded(whole: &mut String, text: &str) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
            whole.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_where_the_app_wants_it() {
        let protocols = || vec!["graphql-transport-ws".to_owned()];
        let place = |token| Manner { token, ..Manner::default() };
        let rejoin = place(TokenPlace::Bearer);
        assert_eq!(rejoin.offer(Vec::new(), Some("t")), ["rejoin", "bearer.dA"]);
        assert_eq!(rejoin.offer(Vec::new(), None), [""; 0]);
        let phoenix = place(TokenPlace::Subprotocol {
            prefix: "base64url.bearer.phx.".to_owned(),
            encoded: true,
        });
        let expected = ["graphql-transport-ws", "base64url.bearer.phx.c2UvY3JldA"];
        assert_eq!(phoenix.offer(protocols(), Some("se/cret")), expected);
        let plain = place(TokenPlace::Subprotocol { prefix: String::new(), encoded: false });
        assert_eq!(plain.offer(protocols(), Some("abc")), ["graphql-transport-ws", "abc"]);
        for token in [TokenPlace::Cookie, TokenPlace::FirstFrame] {
            let manner = place(token);
            assert_eq!(manner.offer(protocols(), Some("abc")), ["graphql-transport-ws"]);
            assert_eq!(manner.place("wss://a/b".to_owned(), Some("abc")), "wss://a/b");
        }
    }

    #[test]
    fn a_token_in_the_url_is_encoded_and_added_to_what_is_there() {
        let manner = Manner {
            token: TokenPlace::Query { name: "access token".into() },
            ..Manner::default()
        };
        for (url, whole) in [
            ("wss://a/b", "wss://a/b?access%20token=a%2Fb%26%C3%A9"),
            ("wss://a/b?", "wss://a/b?access%20token=a%2Fb%26%C3%A9"),
            ("wss://a/b?v=1", "wss://a/b?v=1&access%20token=a%2Fb%26%C3%A9"),
            ("wss://a/b?v=1&", "wss://a/b?v=1&access%20token=a%2Fb%26%C3%A9"),
            ("wss://a/b#f", "wss://a/b?access%20token=a%2Fb%26%C3%A9#f"),
        ] {
            assert_eq!(manner.place(url.to_owned(), Some("a/b&é")), whole);
            assert_eq!(manner.place(url.to_owned(), None), url);
        }
    }
}
