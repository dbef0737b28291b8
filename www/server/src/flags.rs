//! Command line.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use rejoin::doc::RootKind;
use rejoin_server::{Config, Data, Jwt};

/// What `--help` says.
pub(crate) const HELP: &str = "\
rejoin-server: rooms that speak the y-websocket protocol, durable on local disk

  --port N            port, 0 for any free one (default 1234)
  --host ADDRESS      address to listen on (default 127.0.0.1)
  --data DIR          directory of the rooms (default .data)
  --memory            keep rooms in memory only
  --assets DIR        serve a web page beside the rooms
  --demo              serve the streams of the demo page, and break links on POST /demo/drop, /stall, /restart
  --token SECRET      let in who shows this token
  --jwt-key SECRET    let in who shows a JWT signed with this secret, HS256 (or REJOIN_JWT_KEY)
  --jwt-public FILE   the same with a public key in PEM, RS256 or ES256
  --jwt-audience AUD  the JWT's aud must be this
  --jwt-issuer ISS    the JWT's iss must be this
  --jwt-require-rooms the JWT must have the claim rooms; without this, one that lacks it opens all rooms
  --auth-cookie NAME  cookie that may hold the token; allow only origins you trust with it
                      A token is shown as subprotocol bearer.<base64url>, as Authorization: Bearer,
                      as cookie, as ?token=…, or with ?auth=message in the first message.
                      Claims: exp (required), nbf, rooms (names, or beginnings with *; none: all rooms), readonly, and
                      sub (the user: its name is told to the others); aud and iss count with the flags above only
  --ice URL           stun:, turn: or turns: URL that peers are told of (repeatable)
  --turn-secret SECRET secret of the TURN servers: credentials are made that lapse
  --turn-ttl SECONDS  for how long they hold (default 3600)
  --no-websocket      refuse WebSockets with 403, as some networks do: clients come over HTTP
  --root NAME=KIND    what documents hold under this name: text, list or map (repeatable; else the first writer decides)
  --max-members N     members of one room; more are refused with 503 (default 256)
  --keep-messages N   messages of a chat that a room keeps, in memory and on disk; older ones are deleted (default 2000)
  --keep-message-bytes N  bytes of them (default 4194304)
  --max-user-connections N  connections of one user, by the sub of its tokens; more are refused with 429 (default 64)
  --max-user-bytes N  bytes one user may send in a minute; more are refused with close 4429 (default 268435456)
  --allow-origin URL  origin whose pages may connect (repeatable; default: all)
  --log LEVEL         error, warn, info, debug or trace (default info)
  --help              this
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    pub(crate) log: tracing::Level,
    pub(crate) config: Config,
    pub(crate) jwt: JwtFlags,
}

/// What the command line says of JWTs.
#[derive(Debug, Default)]
pub(crate) struct JwtFlags {
    secret: Option<String>,
    public: Option<PathBuf>,
    audience: Option<String>,
    issuer: Option<String>,
    requires_rooms: bool,
}

impl JwtFlags {
    /// Takes a flag, if it is one about JWTs.
    fn take(
        &mut self,
        flag: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<bool, FlagError> {
        match flag {
            "--jwt-key" => self.secret = Some(value("--jwt-key", rest)?),
            "--jwt-public" => self.public = Some(value("--jwt-public", rest)?.into()),
            "--jwt-audience" => self.audience = Some(value("--jwt-audience", rest)?),
            "--jwt-issuer" => self.issuer = Some(value("--jwt-issuer", rest)?),
            "--jwt-require-rooms" => self.requires_rooms = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether something was said of tokens that only counts with a key.
    fn has_rules(&self) -> bool {
        self.audience.is_some() || self.issuer.is_some() || self.requires_rooms
    }

    /// Reads the key; `secret` is that of the environment.
    pub(crate) fn open(self, secret: Option<String>) -> Result<Option<Jwt>, FlagError> {
        let has_rules = self.has_rules();
        let jwt = match (self.public, self.secret.or(secret)) {
            (Some(_), Some(_)) => return Err(FlagError::TwoKeys),
            (None, None) if has_rules => return Err(FlagError::NoKey),
            (None, None) => return Ok(None),
            (None, Some(secret)) => Jwt::from_secret(&secret),
            (Some(file), None) => {
                let unreadable = || FlagError::BadKey(file.clone());
                let pem = std::fs::read(&file).map_err(|_| unreadable())?;
                Jwt::from_pem(&pem).map_err(|_| unreadable())?
            }
        };
        let jwt = if self.requires_rooms { jwt.for_named_rooms() } else { jwt };
        let jwt = self.audience.iter().fold(jwt, |jwt, audience| jwt.for_audience(audience));
        Ok(Some(self.issuer.iter().fold(jwt, |jwt, issuer| jwt.from_issuer(issuer))))
    }
}

/// What is wrong with the command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FlagError {
    /// `--help`.
    #[error("{HELP}")]
    Help,
    /// Not one of ours.
    #[error("unknown flag {0}; --help lists them all")]
    Unknown(String),
    /// The flag wants a value.
    #[error("{0} needs a value")]
    NoValue(&'static str),
    /// There is no public key in the file.
    #[error("{0:?} holds no public key in PEM, neither of RSA nor of the curve P-256")]
    BadKey(PathBuf),
    /// The environment names a key that is none.
    #[error("REJOIN_JWT_KEY is set, but empty or no text: unset it, or give it a secret")]
    BadVariable,
    /// Rules for tokens that nobody checks.
    #[error(
        "--jwt-audience, --jwt-issuer and --jwt-require-rooms need --jwt-key (or REJOIN_JWT_KEY) or --jwt-public"
    )]
    NoKey,
    /// A cookie for tokens that nobody checks.
    #[error("--auth-cookie needs --token, --jwt-key (or REJOIN_JWT_KEY) or --jwt-public")]
    NoToken,
    /// A secret and a public key.
    #[error("give either --jwt-key (or REJOIN_JWT_KEY) or --jwt-public, not both")]
    TwoKeys,
    /// The value is none.
    #[error("{flag} does not take {value:?}")]
    BadValue {
        /// The flag.
        flag: &'static str,
        /// What was given.
        value: String,
    },
}

impl Flags {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, FlagError> {
        let mut flags = Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 1234,
            log: tracing::Level::INFO,
            config: Config::default(),
            jwt: JwtFlags::default(),
        };
        let mut rest = arguments.into_iter();
        while let Some(flag) = rest.next() {
            flags.take(&flag, &mut rest)?;
        }
        Ok(flags)
    }

    /// Reads the key of JWTs; `variable` is what the environment says. What is meant to close the server never leaves it open.
    pub(crate) fn open_key(&mut self, variable: Option<OsString>) -> Result<(), FlagError> {
        let secret = variable.map(|secret| match secret.into_string() {
            Ok(secret) if !secret.is_empty() => Ok(secret),
            _ => Err(FlagError::BadVariable),
        });
        let access = &mut self.config.access;
        access.jwt = std::mem::take(&mut self.jwt).open(secret.transpose()?)?;
        if access.cookie.is_some() && access.jwt.is_none() && access.token.is_none() {
            return Err(FlagError::NoToken);
        }
        Ok(())
    }

    fn take(
        &mut self,
        flag: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), FlagError> {
        match flag {
            "--port" => self.port = parsed("--port", rest)?,
            "--host" => self.host = parsed("--host", rest)?,
            "--data" => self.config.data = Data::Directory(PathBuf::from(value("--data", rest)?)),
            "--memory" => self.config.data = Data::Memory,
            "--assets" => self.config.assets = Some(PathBuf::from(value("--assets", rest)?)),
            "--demo" => self.config.demo = true,
            "--token" => self.config.access.token = Some(value("--token", rest)?),
            "--auth-cookie" => self.config.access.cookie = Some(value("--auth-cookie", rest)?),
            "--ice" => self.config.hub.signaling.ice.urls.push(value("--ice", rest)?),
            "--turn-secret" => {
                self.config.hub.signaling.ice.secret = Some(value("--turn-secret", rest)?);
            }
            "--turn-ttl" => self.config.hub.signaling.ice.ttl = parsed("--turn-ttl", rest)?,
            "--no-websocket" => self.config.access.no_websocket = true,
            "--allow-origin" => self.config.access.origins.push(value("--allow-origin", rest)?),
            "--root" => {
                let (name, kind) = root(value("--root", rest)?)?;
                self.config.hub.roots.insert(name, kind);
            }
            "--log" => self.log = parsed("--log", rest)?,
            "--help" => return Err(FlagError::Help),
            _ if self.jwt.take(flag, rest)? || self.take_limit(flag, rest)? => {}
            unknown => return Err(FlagError::Unknown(unknown.to_owned())),
        }
        Ok(())
    }

    /// Takes a flag, if it is a limit.
    fn take_limit(
        &mut self,
        flag: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<bool, FlagError> {
        let Config { hub, users, .. } = &mut self.config;
        match flag {
            "--max-members" => {
                hub.max_members = parsed("--max-members", rest)?;
                hub.presence.max_clients = hub.presence.max_clients.max(hub.max_members);
            }
            "--max-user-connections" => users.connections = parsed("--max-user-connections", rest)?,
            "--max-user-bytes" => users.bytes_per_minute = parsed("--max-user-bytes", rest)?,
            "--keep-messages" => hub.messages.keep = parsed("--keep-messages", rest)?,
            "--keep-message-bytes" => {
                hub.messages.keep_bytes = parsed("--keep-message-bytes", rest)?
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn value(flag: &'static str, rest: &mut impl Iterator<Item = String>) -> Result<String, FlagError> {
    rest.next().filter(|value| !value.is_empty()).ok_or(FlagError::NoValue(flag))
}

/// A declared root: `note=text`.
fn root(value: String) -> Result<(String, RootKind), FlagError> {
    let kind = |word| match word {
        "text" => Some(RootKind::Text),
        "list" => Some(RootKind::List),
        "map" => Some(RootKind::Map),
        _ => None,
    };
    let declared =
        value.split_once('=').and_then(|(name, word)| Some((name.to_owned(), kind(word)?)));
    declared.ok_or(FlagError::BadValue { flag: "--root", value })
}

fn parsed<T: std::str::FromStr>(
    flag: &'static str,
    rest: &mut impl Iterator<Item = String>,
) -> Result<T, FlagError> {
    let value = value(flag, rest)?;
    value.parse().map_err(|_| FlagError::BadValue { flag, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flags, FlagError> {
        Flags::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn only_this_machine_is_served_unless_told_otherwise() {
        let host = parse("").map(|flags| flags.host.is_loopback());
        assert_eq!(host, Ok(true));
        let flags =
            parse("--host 0.0.0.0 --port 0 --memory --demo --allow-origin a --allow-origin b");
        let flags = flags.map(|flags| (flags.port, flags.config.data, flags.config.access.origins));
        assert_eq!(flags, Ok((0, Data::Memory, vec!["a".to_owned(), "b".to_owned()])));
    }

    #[test]
    fn a_flag_that_cannot_be_read_is_told() {
        let error = |line| parse(line).map(|_| ()).err();
        assert_eq!(error("--prot 1"), Some(FlagError::Unknown("--prot".to_owned())));
        assert_eq!(error("--data"), Some(FlagError::NoValue("--data")));
        assert_eq!(error("--root note=text --root map=map"), None);
        let value = "note=poem".to_owned();
        assert_eq!(error("--root note=poem"), Some(FlagError::BadValue { flag: "--root", value }));
        let value = "80000".to_owned();
        assert_eq!(error("--port 80000"), Some(FlagError::BadValue { flag: "--port", value }));
    }

    #[test]
    fn rules_for_tokens_without_a_key_are_no_open_door() {
        let open = |line: &str, variable: Option<&str>| {
            let mut flags = parse(line)?;
            flags.open_key(variable.map(OsString::from)).map(|()| flags.config.access.jwt.is_some())
        };
        for rule in ["--jwt-audience us", "--jwt-issuer us", "--jwt-require-rooms"] {
            assert_eq!(open(rule, None), Err(FlagError::NoKey), "{rule}");
            assert_eq!(open(rule, Some("secret")), Ok(true), "{rule}");
        }
        assert_eq!(open("", Some("")), Err(FlagError::BadVariable));
        assert_eq!(open("--auth-cookie c", None), Err(FlagError::NoToken));
        assert_eq!(open("--auth-cookie c --token t", None), Ok(false));
        assert_eq!(open("", None), Ok(false));
    }

    #[test]
    fn how_much_of_a_chat_is_kept_is_for_the_operator_to_say() {
        let kept = |line: &str| {
            let messages = parse(line).ok()?.config.hub.messages;
            Some((messages.keep, messages.keep_bytes))
        };
        assert_eq!(kept(""), Some((2_000, 4 << 20)));
        assert_eq!(kept("--keep-messages 50000 --keep-message-bytes 1000"), Some((50_000, 1_000)));
    }

    #[test]
    fn a_larger_room_shows_all_of_its_members() {
        let limits = |line: &str| {
            let hub = parse(line).ok()?.config.hub;
            Some((hub.max_members, hub.presence.max_clients))
        };
        assert_eq!(limits("--max-members 1000"), Some((1_000, 1_000)));
        assert_eq!(limits("--max-members 10"), Some((10, 256)));
    }
}
