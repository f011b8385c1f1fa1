//! Listening sockets.
//!
//! Responsible for binding one socket per worker to the same address, and for refusing an
//! address that another process has.

use std::io;
use std::net::{SocketAddr, TcpListener};

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

/// Connections that the kernel accepts before a worker takes them.
const BACKLOG: i32 = 4096;

/// Binds `count` sockets to one address and listens.
///
/// With port 0 the system chooses a port, which all of them share.
pub(crate) fn bind(
    address: SocketAddr,
    count: usize,
) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    if address.port() != 0 {
        // `SO_REUSEPORT` would share the address with any other process of the same user,
        // which then gets some of the connections: without it, that fails.
        drop(open(address, false)?);
    }
    let mut listeners: Vec<TcpListener> = Vec::with_capacity(count);
    let mut bound = address;
    for _ in 0..count.max(1) {
        let listener = open(bound, true)?;
        rustix::net::listen(&listener, BACKLOG)?;
        bound = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok((bound, listeners))
}

fn open(address: SocketAddr, is_shared: bool) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if is_shared {
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    rustix::net::bind(&socket, &address)?;
    Ok(TcpListener::from(socket))
}
