//! `rejoin-server`: see `--help`.

mod flags;

use std::io::Write;
use std::process::ExitCode;

use rejoin_server::{App, Jwt};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use flags::{FlagError, Flags};

fn main() -> ExitCode {
    let flags = match read_flags() {
        Ok(flags) => flags,
        Err(help @ FlagError::Help) => return say(std::io::stdout(), &help, ExitCode::SUCCESS),
        Err(error) => return say(std::io::stderr(), &error, ExitCode::from(2)),
    };
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(flags.log).init();
    match run(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn read_flags() -> Result<Flags, FlagError> {
    let mut flags = Flags::parse(std::env::args().skip(1))?;
    flags.open_key(std::env::var_os("REJOIN_JWT_KEY"))?;
    Ok(flags)
}

#[tokio::main]
async fn run(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    if flags.config.access.jwt.as_ref().is_some_and(Jwt::is_unbound) {
        tracing::warn!(
            "any token signed with this key is taken, also one for another service: see --jwt-audience and --jwt-issuer"
        );
    }
    let listener = TcpListener::bind((flags.host, flags.port)).await?;
    let address = listener.local_addr()?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let app = App::start(flags.config)?;
    say(std::io::stdout(), &format_args!("listening on http://{address}"), ());
    let stop = async {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("stopping");
    };
    app.serve(listener, stop).await?;
    Ok(())
}

/// Writes a line; a closed pipe is no reason to stop.
fn say<T>(mut to: impl Write, what: &dyn std::fmt::Display, then: T) -> T {
    if writeln!(to, "{what}").and_then(|()| to.flush()).is_err() {
        tracing::debug!("nobody reads");
    }
    then
}
