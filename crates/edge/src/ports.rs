//! The addresses that the edge listens on.
//!
//! Responsible for binding what a table asks for, for giving the sockets to the workers, and
//! for trying again what could not be bound.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use pilothouse_core::routing::{ListenerStatus, Table};
use tokio::sync::mpsc;

use crate::sockets;
use crate::worker::Order;

/// How often an address that could not be bound is tried again.
pub(crate) const BIND_AGAIN: Duration = Duration::from_secs(1);

/// The addresses that the edge listens on, as the table writes them.
pub(crate) struct Ports {
    workers: Vec<mpsc::Sender<Order>>,
    bound: HashMap<SocketAddr, SocketAddr>,
    unbound: HashMap<SocketAddr, String>,
}

/// Sockets that are bound and not yet given to the workers.
pub(crate) type Opened = Vec<(SocketAddr, SocketAddr, Vec<TcpListener>)>;

impl Ports {
    pub(crate) fn new(workers: Vec<mpsc::Sender<Order>>) -> Self {
        Self { workers, bound: HashMap::new(), unbound: HashMap::new() }
    }

    /// Binds every address of the table that is not bound yet and can be. The rest is remembered
    /// and tried again: an address that a stranger has must not keep others from being served.
    pub(crate) fn open_possible(&mut self, table: &Table) -> Opened {
        let mut opened = Vec::new();
        for address in addresses(table) {
            if self.bound.contains_key(&address) {
                continue;
            }
            match self.open(address) {
                Ok((bound, sockets)) => opened.push((address, bound, sockets)),
                Err(error) => {
                    if self.unbound.insert(address, error.to_string()).is_none() {
                        tracing::error!(%address, %error, "an address cannot be bound");
                    }
                }
            }
        }
        opened
    }

    fn open(&self, address: SocketAddr) -> std::io::Result<(SocketAddr, Vec<TcpListener>)> {
        sockets::bind(address, self.workers.len())
    }

    pub(crate) fn has_unbound(&self) -> bool {
        !self.unbound.is_empty()
    }

    /// Tries what could not be bound; true when something now is.
    pub(crate) async fn bind_again(&mut self) -> bool {
        let waiting: Vec<SocketAddr> = self.unbound.keys().copied().collect();
        let mut opened = Vec::new();
        for address in waiting {
            if let Ok((bound, sockets)) = self.open(address) {
                opened.push((address, bound, sockets));
            }
        }
        let is_news = !opened.is_empty();
        self.listen(opened).await;
        is_news
    }

    /// Lets the workers accept.
    pub(crate) async fn listen(&mut self, opened: Opened) {
        for (address, bound, sockets) in opened {
            self.unbound.remove(&address);
            self.bound.insert(address, bound);
            for (worker, listener) in self.workers.iter().zip(sockets) {
                // A worker that is gone ends the whole edge, which `serve` notices.
                let _ = worker.send(Order::Listen { address, listener }).await;
            }
        }
    }

    /// Closes every address that is not wanted any more.
    pub(crate) async fn close_others(&mut self, wanted: &[SocketAddr]) {
        self.unbound.retain(|address, _| wanted.contains(address));
        let removed: Vec<SocketAddr> =
            self.bound.keys().filter(|address| !wanted.contains(address)).copied().collect();
        for address in removed {
            self.bound.remove(&address);
            for worker in &self.workers {
                // As above.
                let _ = worker.send(Order::Close(address)).await;
            }
        }
    }

    /// Tells every address of the table and whether it is bound.
    pub(crate) fn status(&self, table: &Table) -> Vec<ListenerStatus> {
        let mut found = Vec::new();
        for listener in &table.listeners {
            for address in &listener.addresses {
                found.push(ListenerStatus {
                    id: listener.id.clone(),
                    address: *address,
                    bound: self.bound.get(address).copied(),
                    problem: self.unbound.get(address).cloned(),
                });
            }
        }
        found
    }
}

/// Every address of the table.
pub(crate) fn addresses(table: &Table) -> Vec<SocketAddr> {
    table.listeners.iter().flat_map(|listener| listener.addresses.clone()).collect()
}
