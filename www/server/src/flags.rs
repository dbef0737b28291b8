//! Command line.

use std::net::IpAddr;
use std::path::PathBuf;

use rejoin_server::{Config, Data};

/// What `--help` says.
pub(crate) const HELP: &str = "\
rejoin-server: rooms that speak the y-websocket protocol, durable on local disk

  --port N            port, 0 for any free one (default 1234)
  --host ADDRESS      address to listen on (default 127.0.0.1)
  --data DIR          directory of the rooms (default .data)
  --memory            keep rooms in memory only
  --assets DIR        serve a web page beside the rooms
  --demo              serve the streams of the demo page, and break links on POST /demo/drop, /stall, /restart
  --token SECRET      token every client must show: ?token=… or subprotocol bearer.<base64url>
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
        };
        let mut rest = arguments.into_iter();
        while let Some(flag) = rest.next() {
            flags.take(&flag, &mut rest)?;
        }
        Ok(flags)
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
            "--allow-origin" => self.config.access.origins.push(value("--allow-origin", rest)?),
            "--log" => self.log = parsed("--log", rest)?,
            "--help" => return Err(FlagError::Help),
            unknown => return Err(FlagError::Unknown(unknown.to_owned())),
        }
        Ok(())
    }
}

fn value(flag: &'static str, rest: &mut impl Iterator<Item = String>) -> Result<String, FlagError> {
    rest.next().filter(|value| !value.is_empty()).ok_or(FlagError::NoValue(flag))
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
        let value = "80000".to_owned();
        assert_eq!(error("--port 80000"), Some(FlagError::BadValue { flag: "--port", value }));
    }
}
