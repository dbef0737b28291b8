//! The server of rejoin, for its demo, its tests and small production: rooms that speak the y-websocket
//! protocol, durable on local disk.
//!
//! [`hub`] decides and does nothing; the rest does and decides nothing: [`store`] keeps rooms on disk, and a
//! thin shell of axum and tokio carries frames.

mod access;
mod assets;
mod config;
mod demo;
mod guard;
pub mod hub;
mod jwt;
mod line;
mod outbox;
mod pump;
mod routes;
mod socket;
pub mod store;
pub mod tunnel;
mod unread;
mod users;

use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

pub use config::{AccessConfig, Config, Data, SocketConfig, TunnelConfig, UserLimits};
pub use jwt::{BadKey, Jwt};
pub use pump::Health;

use line::{Lines, Traffic};
use pump::HubHandle;
use routes::Shared;
use store::{Store, StoreError};

/// How long sockets may take to end when the server stops.
const GOODBYES: Duration = Duration::from_secs(3);

/// A running hub with its storage, and the routes to it.
#[derive(Clone, Debug)]
pub struct App {
    shared: Shared,
}

impl App {
    /// Opens storage and starts the hub. Within a tokio runtime.
    pub fn start(config: Config) -> Result<Self, StoreError> {
        let store = match &config.data {
            Data::Directory(directory) => Store::open(directory)?,
            Data::Memory => Store::in_memory()?,
        };
        let hub = HubHandle::start(config.hub.clone(), store, config.socket)?;
        Ok(Self { shared: Shared::new(hub, config) })
    }

    /// The routes.
    pub fn router(&self) -> Router {
        routes::router(self.shared.clone())
    }

    /// Serves a listener until `stop` is ready, then says goodbye to every socket and closes storage.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let lines = Lines::new(listener, self.shared.config.socket.ping * 2);
        let service = self.router().into_make_service_with_connect_info::<Traffic>();
        tokio::select! {
            ended = axum::serve(lines, service).into_future() => ended?,
            () = async { stop.await; self.stop().await } => {}
        }
        Ok(())
    }

    /// Closes every socket with 1012 once what was promised is on disk, and storage.
    pub async fn stop(&self) {
        self.shared.hub.stop().await;
        self.shared.sockets.close();
        if tokio::time::timeout(GOODBYES, self.shared.sockets.wait()).await.is_err() {
            tracing::warn!("some sockets did not end in time");
        }
    }

    /// State of the server.
    pub async fn health(&self) -> Option<Health> {
        self.shared.hub.health().await
    }
}
