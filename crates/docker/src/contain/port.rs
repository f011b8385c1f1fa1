//! Ports of the host that a container is reached by, and that somebody else may have taken.

use std::net::{SocketAddr, TcpListener};

/// Whether somebody listens on a port of the host.
pub(super) fn is_taken(address: &SocketAddr) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

/// The next port behind a taken one that nobody listens on, within a range and around its end.
pub(super) fn free(taken: SocketAddr, (first, last): (u16, u16)) -> Option<SocketAddr> {
    let range = || first..=last;
    let behind = range().filter(|port| *port > taken.port());
    let before = range().filter(|port| *port < taken.port());
    let mut all = behind.chain(before).map(|port| SocketAddr::new(taken.ip(), port));
    all.find(|address| TcpListener::bind(address).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_port_is_one_that_nobody_listens_on() {
        let one = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let taken = TcpListener::bind(one).unwrap();
        assert!(is_taken(&one));
        let around = (one.port(), one.port().saturating_add(40));
        let other = free(one, around).unwrap();
        assert!(other.port() != one.port() && other.ip() == one.ip());
        assert_eq!(free(one, (one.port(), one.port())), None);
        drop(taken);
        assert!(!is_taken(&one));
    }
}
