//! The engine's HTTP API on Unix sockets: who may come in by which door, and what is behind it.
//!
//! It turns requests into calls of [`View`] and [`Backend`] and their answers into responses. It
//! decides nothing about projects and holds no state of its own. What a door offers is fixed by
//! types: whoever answers for the watchers' door has no way to give a command.

mod actor;
mod answer;
mod backend;
mod bind;
mod command;
mod connection;
mod events;
mod read;
mod request;
mod route;
mod seat;
mod settings;
mod share;
mod snapshot;
mod stall;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use self::actor::{Actor, Door};
pub use self::backend::{Backend, View};
pub use self::bind::{BindError, Bound, SocketSettings, SocketUse};
pub use self::route::{COMMAND_ROUTES, LOOK_ROUTES, READ_ROUTES, Route};
pub use self::settings::ServeLimits;

/// The description of every route, for people and generators.
pub const OPENAPI: &str = include_str!("server/openapi.json");

impl Bound {
    /// Answers on all sockets until told to stop, then lets what is being answered finish within
    /// the limit, and removes the sockets.
    pub async fn serve<B: Backend>(
        self,
        backend: Arc<B>,
        limits: ServeLimits,
        stop: CancellationToken,
    ) {
        connection::serve(self, backend, limits, stop).await;
    }
}
