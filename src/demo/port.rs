//! Where a demonstration's requests come in: a port that no other demonstration takes.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};

use color_eyre::Result;
use color_eyre::eyre::bail;

/// How many ports are tried at most.
const TRIES: usize = 20;

/// A port on both loopback addresses.
///
/// The load balancer listens there only later, and again after it was killed. So that another
/// demonstration does not find the port free meanwhile, it is claimed by a name that the kernel
/// keeps: one process at a time has it, and it goes with that process, see unix(7) on abstract
/// sockets. It counts for this machine as the port does, within one network namespace.
pub(super) struct Port {
    address: SocketAddr,
    _claim: UnixListener,
}

impl Port {
    /// Takes the wanted port where it is free, otherwise any that is.
    pub(super) fn find(wanted: u16) -> Result<Self> {
        let ports = std::iter::once(wanted).chain(std::iter::repeat_n(0, TRIES));
        for port in ports {
            if let Some(taken) = Self::take(port)? {
                return Ok(taken);
            }
        }
        bail!("no port is free on 127.0.0.1 and ::1")
    }

    /// Takes a port, or with 0 one that the system gives; none where somebody has it.
    fn take(port: u16) -> io::Result<Option<Self>> {
        let Ok(four) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) else { return Ok(None) };
        let address = four.local_addr()?;
        let name = format!("pilothouse-demo-{}", address.port());
        let claim = match UnixListener::bind_addr(&UnixAddr::from_abstract_name(name)?) {
            Ok(claim) => claim,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_free = TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).is_ok();
        Ok(is_free.then_some(Self { address, _claim: claim }))
    }

    /// Where requests come in.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_demonstrations_that_start_at_once_have_different_ports() {
        let wanted = Port::find(0).unwrap().address.port();
        let first = Port::find(wanted).unwrap();
        // Nobody listens there yet.
        assert_eq!(first.address.port(), wanted);
        let second = Port::find(wanted).unwrap();
        assert_ne!(second.address, first.address);
        drop(first);
        assert_eq!(Port::find(wanted).unwrap().address.port(), wanted);
    }
}
