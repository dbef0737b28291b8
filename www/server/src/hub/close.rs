//! Close codes and reasons the server uses (RFC 6455 §7.4, and the registry for 1012 and 1013).

/// Malformed frames.
pub(crate) const PROTOCOL: u16 = 1002;
/// Updates that were refused, again and again.
pub(crate) const POLICY: u16 = 1008;
/// A frame over the limit.
pub(crate) const TOO_LARGE: u16 = 1009;
/// No token, a wrong one, or one that has ended.
pub(crate) const UNAUTHORIZED: u16 = 4401;
/// The token does not allow this.
pub(crate) const FORBIDDEN: u16 = 4403;
/// This user has too many connections, or sends too much.
pub(crate) const TOO_MUCH: u16 = 4429;
/// The server restarts; it will be back.
pub(crate) const RESTART: u16 = 1012;
/// Busy, full, or the client reads too slowly.
pub(crate) const TRY_LATER: u16 = 1013;

/// Reason beside [`TRY_LATER`]: when to come back.
pub(crate) const BUSY: &str = r#"{"retry_ms":2000}"#;
/// Reason beside [`RESTART`].
pub(crate) const RESTARTING: &str = "the server restarts";
